/* egress.c -- the lines of waiting questions, one lock around them, and the thread that empties them.
 *
 *   asked ──> waiting in its host's line ──> running in libcurl ──> posted to the worker's loop
 *                └───────────── dropped by the worker ─────────────> forgotten
 *
 * The lock is held for moments only, never while libcurl works.
 */
#include "fetch/egress.h"

#include <pthread.h>
#include <signal.h>

#include "base/now.h"

enum {
    IDLE_WAIT_MS = 10000,
    QUEUE_WAIT_MS = 50 /* how late a waiting question may be told of its deadline */
};

struct host {
    struct host *next;
    char *origin;
    struct question *first, **last; /* waiting */
    int running, asked;             /* asked: running and waiting */
};

struct egress {
    pthread_t thread;
    struct transfers *transfers;
    pthread_mutex_t lock;
    pthread_cond_t work; /* something was asked, or it shall stop: before libcurl is there to be woken */
    struct host *hosts;  /* those with questions; the next to be served first */
    int asked;
    bool stop;
    /* the thread's own */
    struct question *running[FETCH_RUNNING];
    int runs;
};

/* ---- lines (under the lock) ---- */

static struct host *host_of(struct egress *e, struct slice origin)
{
    struct host **end = &e->hosts;
    for (; *end != NULL; end = &(*end)->next)
        if (slice_is(slice_of((*end)->origin), origin)) return *end;
    struct host *h = must_alloc(sizeof *h);
    h->origin = must_alloc(origin.len + 1);
    memcpy(h->origin, origin.at, origin.len);
    h->last = &h->first;
    *end = h;
    return h;
}

static void host_leave(struct egress *e, struct host *h)
{
    e->asked--;
    if (--h->asked != 0) return;
    struct host **at = &e->hosts;
    while (*at != h)
        at = &(*at)->next;
    *at = h->next;
    free(h->origin);
    free(h);
}

static void line_push(struct host *h, struct question *q)
{
    q->host = h;
    q->next = NULL;
    *h->last = q;
    h->last = &q->next;
}

static struct question *line_pop(struct host *h)
{
    struct question *q = h->first;
    h->first = q->next;
    if (h->first == NULL) h->last = &h->first;
    q->next = NULL;
    return q;
}

/* Takes those out of the line for which there is nothing left to do but end them. */
static struct question *line_sift(struct host *h, int64_t at_ms, struct question *ended)
{
    struct question *q = h->first;
    h->first = NULL;
    h->last = &h->first;
    while (q != NULL) {
        struct question *next = q->next;
        if (q->dropped || q->deadline_ms <= at_ms) {
            q->next = ended;
            ended = q;
        } else {
            line_push(h, q);
        }
        q = next;
    }
    return ended;
}

static void turn_lines(struct egress *e)
{
    struct host *first = e->hosts;
    if (first == NULL || first->next == NULL) return;
    struct host **end = &e->hosts;
    e->hosts = first->next;
    while (*end != NULL)
        end = &(*end)->next;
    *end = first;
    first->next = NULL;
}

/* ---- the workers' side ---- */

bool egress_ask(struct egress *e, struct question *q, struct slice origin)
{
    pthread_mutex_lock(&e->lock);
    bool room = e->asked < FETCH_ASKED;
    struct host *h = room ? host_of(e, origin) : NULL;
    room = room && h->asked < FETCH_HOST_ASKED;
    if (room) {
        e->asked++;
        h->asked++;
        line_push(h, q);
        pthread_cond_signal(&e->work);
    }
    pthread_mutex_unlock(&e->lock);
    if (room) transfers_wake(e->transfers);
    return room;
}

void egress_wake(struct egress *e)
{
    transfers_wake(e->transfers);
}

/* ---- the thread ---- */

static void hand_back(struct egress *e, struct question *q)
{
    pthread_mutex_lock(&e->lock);
    host_leave(e, q->host);
    q->host = NULL;
    pthread_mutex_unlock(&e->lock);
    question_send_home(q);
}

static void ended(void *self, struct question *q)
{
    struct egress *e = self;
    int i = 0;
    while (e->running[i] != q)
        i++;
    e->running[i] = e->running[--e->runs];
    pthread_mutex_lock(&e->lock);
    q->host->running--;
    pthread_mutex_unlock(&e->lock);
    hand_back(e, q);
}

static struct question *sift_waiting(struct egress *e, bool *ret_waiting)
{
    struct question *out = NULL;
    int64_t at_ms = now_ms();
    *ret_waiting = false;
    pthread_mutex_lock(&e->lock);
    for (struct host *h = e->hosts; h != NULL; h = h->next) {
        out = line_sift(h, at_ms, out);
        if (h->first != NULL) *ret_waiting = true;
    }
    pthread_mutex_unlock(&e->lock);
    return out;
}

static bool end_waiting(struct egress *e)
{
    bool waiting;
    struct question *q = sift_waiting(e, &waiting);
    while (q != NULL) {
        struct question *next = q->next;
        question_refuse(q, PROBLEM_PROVIDER_AWAY, "%s: no turn came in time, so many questions to it are waiting",
                        q->place);
        hand_back(e, q);
        q = next;
    }
    return waiting;
}

static void stop_dropped(struct egress *e, bool all)
{
    struct question *out[FETCH_RUNNING];
    int count = 0;
    pthread_mutex_lock(&e->lock);
    for (int i = 0; i < e->runs; i++)
        if (all || e->running[i]->dropped) out[count++] = e->running[i];
    pthread_mutex_unlock(&e->lock);
    for (int i = 0; i < count; i++) {
        transfer_stop(e->transfers, out[i]);
        ended(e, out[i]);
    }
}

static struct question *next_in_turn(struct egress *e)
{
    struct question *q = NULL;
    if (e->runs == FETCH_RUNNING) return NULL;
    pthread_mutex_lock(&e->lock);
    for (struct host *h = e->hosts; h != NULL && q == NULL; h = h->next) {
        if (h->first == NULL || h->running == FETCH_HOST_RUNNING) continue;
        q = line_pop(h);
        h->running++;
    }
    turn_lines(e);
    pthread_mutex_unlock(&e->lock);
    return q;
}

static bool must_stop(struct egress *e)
{
    pthread_mutex_lock(&e->lock);
    bool stop = e->stop;
    pthread_mutex_unlock(&e->lock);
    return stop;
}

/* A gateway that asks nobody anything needs no libcurl: not the time, nor three and a half megabytes. */
static void wait_for_work(struct egress *e)
{
    pthread_mutex_lock(&e->lock);
    while (!e->stop && e->asked == 0)
        must(pthread_cond_wait(&e->work, &e->lock) == 0);
    pthread_mutex_unlock(&e->lock);
}

static void *thread_run(void *self)
{
    struct egress *e = self;
    struct question *q;
    wait_for_work(e);
    if (must_stop(e)) return NULL;
    transfers_start(e->transfers); /* who asks meanwhile waits in a line, which is looked at next */
    while (!must_stop(e)) {
        stop_dropped(e, false);
        bool waiting = end_waiting(e);
        while ((q = next_in_turn(e)) != NULL) {
            e->running[e->runs++] = q;
            transfer_begin(e->transfers, q);
        }
        transfers_move(e->transfers, ended, e);
        transfers_wait(e->transfers, waiting ? QUEUE_WAIT_MS : IDLE_WAIT_MS);
    }
    return NULL;
}

/* ---- opening and closing ---- */

static bool thread_begin(struct egress *e)
{
    sigset_t all, before;
    sigfillset(&all); /* signals are the main thread's */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool began = pthread_create(&e->thread, NULL, thread_run, e) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (began) (void)pthread_setname_np(e->thread, "egress");
    return began;
}

struct egress *egress_open(const struct transfer_conf *conf)
{
    struct egress *e = must_alloc(sizeof *e);
    e->transfers = transfers_open(conf);
    must(pthread_mutex_init(&e->lock, NULL) == 0 && pthread_cond_init(&e->work, NULL) == 0);
    if (thread_begin(e)) return e;
    pthread_cond_destroy(&e->work);
    pthread_mutex_destroy(&e->lock);
    transfers_close(e->transfers);
    free(e);
    return NULL;
}

static void forget_all(struct egress *e)
{
    pthread_mutex_lock(&e->lock);
    for (struct host *h = e->hosts; h != NULL; h = h->next)
        for (struct question *q = h->first; q != NULL; q = q->next)
            question_forget(q);
    for (int i = 0; i < e->runs; i++)
        question_forget(e->running[i]);
    pthread_mutex_unlock(&e->lock);
    stop_dropped(e, true);
    (void)end_waiting(e);
}

void egress_close(struct egress *e)
{
    pthread_mutex_lock(&e->lock);
    e->stop = true;
    pthread_cond_signal(&e->work);
    pthread_mutex_unlock(&e->lock);
    transfers_wake(e->transfers);
    pthread_join(e->thread, NULL);
    forget_all(e);
    transfers_close(e->transfers);
    pthread_cond_destroy(&e->work);
    pthread_mutex_destroy(&e->lock);
    free(e);
}
