/* The loop of a worker (and of any thread that waits for sockets): libh2o's epoll loop, with our own clock on top.
 *
 * A turn: libh2o sleeps until a socket, a message or the next of our timers wants something and serves the sockets; then our timers
 * that are due fire, then what was put off to the end of the turn runs (writes that gathered). Timers stand in a binary heap
 * ordered by monotonic time; a timer knows its slot, so stopping one is O(log n) without searching. libh2o's own timeouts are
 * used by its HTTP/2 only: they follow the wall clock, which jumps.
 *
 * Messages from other threads wait in a list under a lock; an eventfd wakes the sleeper when the list was empty. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "http/loop_int.h"

#include "base/now.h"

#if defined(__has_feature) /* clang's word for it; gcc defines a macro */
#    if __has_feature(address_sanitizer)
#        define LOOP_LEAKS_ARE_LOOKED_FOR
#    endif
#elif defined(__SANITIZE_ADDRESS__)
#    define LOOP_LEAKS_ARE_LOOKED_FOR
#endif
#ifdef LOOP_LEAKS_ARE_LOOKED_FOR
/* libh2o keeps freed blocks per thread and its queues per context, and never gives them back. Named as narrowly as they can be: a leak
 * of ours always has a frame of libh2o's loop below it. */
const char *__lsan_default_suppressions(void) __attribute__((visibility("default")));
const char *__lsan_default_suppressions(void)
{
    return "leak:h2o_mem_alloc_recycle\nleak:h2o_multithread_create_queue\n";
}
#endif

enum {
    LOOP_LONGEST_SLEEP_MS = 60000, /* nothing hangs on it: whoever has work wakes the loop */
    LOOP_LATER_ROUNDS = 16         /* work put off by work put off: enough for any honest chain, then sockets again */
};

struct loop {
    h2o_evloop_t *h2o;
    int64_t now_ms;
    struct loop_timer **heap;
    size_t timers, room;
    struct loop_later *later_first, **later_last;
    pthread_mutex_t lock;
    struct loop_post *post_first, **post_last;
    int wake_fd;
    struct loop_watch *wake;
    struct lookup_cache *names;
};

struct loop_watch {
    h2o_socket_t *socket;
    void (*ready)(void *self);
    void *self;
};

h2o_loop_t *loop_h2o(struct loop *l)
{
    return l->h2o;
}

struct lookup_cache **loop_names(struct loop *l)
{
    return &l->names;
}

/* Not the time of the last turn's end: sockets are served right after libh2o's sleep, which may have been long, and a deadline that
 * is reckoned from before it would come early. A tick early is nothing to a deadline; and each request asks eight times. */
int64_t loop_now_ms(const struct loop *l)
{
    (void)l;
    return now_tick_ms();
}

/* ---- timers ---- */

static void place(struct loop *l, size_t slot, struct loop_timer *t)
{
    l->heap[slot] = t;
    t->slot_ = slot + 1;
}

static void rise(struct loop *l, size_t slot, struct loop_timer *t)
{
    while (slot > 0 && l->heap[(slot - 1) / 2]->at_ms > t->at_ms) {
        place(l, slot, l->heap[(slot - 1) / 2]);
        slot = (slot - 1) / 2;
    }
    place(l, slot, t);
}

static void sink(struct loop *l, size_t slot, struct loop_timer *t)
{
    for (;;) {
        size_t child = 2 * slot + 1;
        if (child >= l->timers) break;
        if (child + 1 < l->timers && l->heap[child + 1]->at_ms < l->heap[child]->at_ms) child++;
        if (l->heap[child]->at_ms >= t->at_ms) break;
        place(l, slot, l->heap[child]);
        slot = child;
    }
    place(l, slot, t);
}

void loop_timer_set(struct loop *l, struct loop_timer *t, int64_t in_ms, void (*fire)(struct loop_timer *t))
{
    loop_timer_stop(l, t);
    if (l->timers == l->room) {
        l->room = l->room != 0 ? 2 * l->room : 64;
        l->heap = must_realloc(l->heap, l->room * sizeof(struct loop_timer *));
    }
    /* by the exact clock, which is ahead of the ticks: never early */
    t->at_ms = in_ms > 0 ? now_ms() + in_ms : l->now_ms;
    t->fire = fire;
    rise(l, l->timers++, t);
}

void loop_timer_stop(struct loop *l, struct loop_timer *t)
{
    if (t->slot_ == 0) return;
    size_t slot = t->slot_ - 1;
    must(slot < l->timers && l->heap[slot] == t);
    t->slot_ = 0;
    struct loop_timer *last = l->heap[--l->timers];
    if (last == t) return;
    if (slot > 0 && l->heap[(slot - 1) / 2]->at_ms > last->at_ms)
        rise(l, slot, last);
    else
        sink(l, slot, last);
}

bool loop_timer_is_set(const struct loop_timer *t)
{
    return t->slot_ != 0;
}

/* Those due when we began, not those they set for now: a timer that sets itself to 0 must not starve the sockets. */
static void fire_due(struct loop *l)
{
    for (size_t most = l->timers; most > 0 && l->timers > 0; most--) {
        struct loop_timer *t = l->heap[0];
        if (t->at_ms > l->now_ms) return;
        loop_timer_stop(l, t);
        t->fire(t);
    }
}

/* ---- work at the end of the turn ---- */

void loop_later(struct loop *l, struct loop_later *w)
{
    if (w->queued_) return;
    w->queued_ = true;
    w->next_ = NULL;
    *l->later_last = w;
    l->later_last = &w->next_;
}

void loop_later_cancel(struct loop *l, struct loop_later *w)
{
    if (!w->queued_) return;
    struct loop_later **at = &l->later_first;
    while (*at != w)
        at = &(*at)->next_;
    *at = w->next_;
    if (l->later_last == &w->next_) l->later_last = at;
    w->queued_ = false;
}

static void run_later(struct loop *l)
{
    for (int round = 0; round < LOOP_LATER_ROUNDS * 1024 && l->later_first != NULL; round++) {
        struct loop_later *w = l->later_first;
        l->later_first = w->next_;
        if (l->later_first == NULL) l->later_last = &l->later_first;
        w->queued_ = false;
        w->run(w);
    }
}

/* ---- messages from other threads ---- */

void loop_post(struct loop *l, struct loop_post *p)
{
    p->next_ = NULL;
    pthread_mutex_lock(&l->lock);
    bool sleeper = l->post_first == NULL;
    *l->post_last = p;
    l->post_last = &p->next_;
    /* written under the lock: when the loop is closed right after its last message ran, nobody is left writing here */
    if (sleeper) {
        uint64_t one = 1;
        ssize_t wrote = write(l->wake_fd, &one, sizeof one);
        must(wrote == sizeof one || errno == EAGAIN);
    }
    pthread_mutex_unlock(&l->lock);
}

static void run_posts(void *self)
{
    struct loop *l = self;
    uint64_t count;
    ssize_t got = read(l->wake_fd, &count, sizeof count);
    must(got == sizeof count || errno == EAGAIN);
    pthread_mutex_lock(&l->lock);
    struct loop_post *p = l->post_first;
    l->post_first = NULL;
    l->post_last = &l->post_first;
    pthread_mutex_unlock(&l->lock);
    while (p != NULL) {
        struct loop_post *next = p->next_; /* run may free p */
        p->run(p);
        p = next;
    }
}

/* ---- foreign descriptors ---- */

static void on_readable(h2o_socket_t *s, const char *err)
{
    struct loop_watch *w = s->data;
    (void)err; /* the owner meets the error when it reads */
    w->ready(w->self);
}

struct loop_watch *loop_watch(struct loop *l, int fd, void (*ready)(void *self), void *self)
{
    /* a copy: libh2o closes what it is given, and when the owner closed a registered descriptor first, every later turn failed */
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    must(copy >= 0);
    struct loop_watch *w = must_alloc(sizeof *w);
    w->ready = ready;
    w->self = self;
    w->socket = h2o_evloop_socket_create(l->h2o, copy, H2O_SOCKET_FLAG_DONT_READ);
    w->socket->data = w;
    h2o_socket_read_start(w->socket, on_readable);
    return w;
}

void loop_unwatch(struct loop_watch *w)
{
    h2o_socket_close(w->socket);
    free(w);
}

/* ---- turning ---- */

struct loop *loop_open(void)
{
    struct loop *l = must_alloc(sizeof *l);
    l->h2o = h2o_evloop_create();
    l->now_ms = now_ms();
    l->later_last = &l->later_first;
    l->post_last = &l->post_first;
    must(pthread_mutex_init(&l->lock, NULL) == 0);
    l->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    must(l->wake_fd >= 0);
    l->wake = loop_watch(l, l->wake_fd, run_posts, l);
    return l;
}

static int sleep_ms(const struct loop *l, int wait_ms)
{
    if (l->later_first != NULL) return 0;
    if (l->timers == 0) return wait_ms;
    int64_t until = l->heap[0]->at_ms - now_tick_ms();
    if (until < 0) until = 0;
    return until < wait_ms ? (int)until : wait_ms;
}

void loop_turn(struct loop *l, int wait_ms)
{
    /* -1 is EINTR or an epoll_ctl that failed; neither ends anything, the next turn goes on */
    (void)h2o_evloop_run(l->h2o, sleep_ms(l, wait_ms));
    l->now_ms = now_tick_ms();
    fire_due(l);
    run_later(l);
}

void loop_run(struct loop *l, const _Atomic bool *stop)
{
    while (!*stop)
        loop_turn(l, LOOP_LONGEST_SLEEP_MS);
}

void loop_close(struct loop *l)
{
    lookup_close(l);
    loop_unwatch(l->wake);
    close(l->wake_fd);
    for (size_t i = 0; i < l->timers; i++)
        l->heap[i]->slot_ = 0;
    free(l->heap);
    pthread_mutex_destroy(&l->lock);
    /* closed sockets are freed in a turn of the loop */
    (void)h2o_evloop_run(l->h2o, 0);
    h2o_evloop_destroy(l->h2o);
    free(l);
}
