/* A worker's thread from its first to its last step. Everything it owns is made and freed in the thread itself: libh2o's pools, loops and
 * buffers belong to the thread that made them. */
#include <signal.h>

#include "http/connection_int.h"
#include "http/server_int.h"

#include "base/now.h"

enum {
    WORKER_STACK = 4 << 20, /* libh2o puts attacker-sized arrays on the stack: 2 MiB is the least it needs */
    WORKER_SWEEP_MS = 1000,
    WORKER_SWEEP_LEAST_MS = 20, /* when limits are short, as in tests */
    WORKER_LAST_MS = 3000       /* for sockets that are closing when the thread ends */
};

static int shorter(int a, int b)
{
    return b > 0 && b < a ? b : a;
}

static int sweep_every(const struct http_limits *l)
{
    int least = shorter(shorter(l->handshake_ms, l->header_ms), shorter(l->body_idle_ms, l->idle_ms));
    least = shorter(least, l->request_ms) / 4;
    if (least < WORKER_SWEEP_LEAST_MS) return WORKER_SWEEP_LEAST_MS;
    return least < WORKER_SWEEP_MS ? least : WORKER_SWEEP_MS;
}

static void on_sweep(struct loop_timer *t)
{
    struct worker *w = (struct worker *)(void *)((char *)t - offsetof(struct worker, sweep));
    connection_sweep(w);
    loop_timer_set(w->loop, t, sweep_every(&w->limits), on_sweep);
}

static void begin(struct worker *w)
{
    const struct http_app *app = &w->server->conf.app;
    w->loop = loop_open();
    http2_setup(w);
    w->pools = pools_open(w);
    if (app->open != NULL) w->app = app->open(app->shared, w->loop, w->index);
    accept_open(w);
    loop_timer_set(w->loop, &w->sweep, sweep_every(&w->limits), on_sweep);
}

static void finish(struct worker *w)
{
    const struct http_app *app = &w->server->conf.app;
    accept_close(w);
    connection_stop(w, true);
    int64_t until = now_ms() + WORKER_LAST_MS;
    while (w->connections != NULL && now_ms() < until)
        loop_turn(w->loop, 10);
    if (app->close != NULL) app->close(w->app);
    pools_close(w->pools);
    loop_timer_stop(w->loop, &w->sweep);
    for (size_t i = 0; i < w->listening_count; i++)
        tls_drop(w->listening[i].tls);
    free(w->listening);
    loop_turn(w->loop, 0);
    /* a socket that will not die keeps libh2o's structures busy: they end with the process */
    if (w->connections == NULL) {
        http2_close(w);
        loop_close(w->loop);
    }
    arena_drain();
}

static void *run(void *self)
{
    struct worker *w = self;
    begin(w);
    atomic_fetch_add(&w->server->started, 1);
    loop_run(w->loop, &w->ended);
    finish(w);
    return NULL;
}

void worker_start(struct worker *w)
{
    pthread_attr_t attr;
    sigset_t all, before;
    sigfillset(&all); /* signals are the main thread's */
    must(pthread_attr_init(&attr) == 0 && pthread_attr_setstacksize(&attr, WORKER_STACK) == 0);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&w->thread, &attr, run, w);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    must(rc == 0);
}

/* ---- a word to every worker ---- */

struct round {
    pthread_mutex_t lock;
    pthread_cond_t all;
    int left;
    void (*fn)(struct worker *w, void *arg);
    void *arg;
};

struct errand {
    struct loop_post post; /* first */
    struct worker *worker;
    struct round *round;
};

static void on_errand(struct loop_post *p)
{
    struct errand *e = (struct errand *)(void *)p;
    struct round *r = e->round;
    r->fn(e->worker, r->arg);
    pthread_mutex_lock(&r->lock);
    if (--r->left == 0) pthread_cond_signal(&r->all);
    pthread_mutex_unlock(&r->lock);
}

void worker_each(struct server *s, void (*fn)(struct worker *w, void *arg), void *arg)
{
    struct round r = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, s->worker_count, fn, arg};
    struct errand *errands = must_alloc((size_t)s->worker_count * sizeof *errands);
    for (int i = 0; i < s->worker_count; i++) {
        errands[i] = (struct errand){
            {NULL, on_errand},
            &s->workers[i], &r
        };
        loop_post(s->workers[i].loop, &errands[i].post);
    }
    pthread_mutex_lock(&r.lock);
    while (r.left != 0)
        pthread_cond_wait(&r.all, &r.lock);
    pthread_mutex_unlock(&r.lock);
    pthread_mutex_destroy(&r.lock);
    pthread_cond_destroy(&r.all);
    free(errands);
}
