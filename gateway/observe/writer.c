/* writer.c -- rings of threads and one queue, gathered by one thread.
 *
 * Each round: gather rings and queue into the sink's buffer, write, wait. Between rounds the thread first dozes a few
 * milliseconds, in which access lines come together without anybody waking it; after an empty round it sleeps until woken. Gathering
 * stops while the sink cannot take what it has: then rings fill and their owners count what they drop.
 */
#include "observe/writer.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "observe/record_line.h"
#include "observe/sink.h"

#include "base/log.h"

enum {
    RING_BYTES = 256 * 1024,        /* about 600 access lines: 10 ms of a busy worker */
    QUEUE_BYTES = 32 * 1024 * 1024, /* audit and server lines of a long full disk */
    SINK_BYTES = 64 * 1024 * 1024,  /* all rings and the queue once */
    DOZE_MS = 20,
    RETRY_MS = 250,
    CLOSE_MS = 2000
};

struct thread {
    struct thread *older;
    _Atomic bool used;
    struct buf scratch;
    char *_Atomic ring;
    _Atomic size_t put, got; /* free-running; put is the owner's, got the writer's */
};

static struct {
    struct thread *_Atomic threads; /* grows only; entries of ended threads are used again */
    pthread_key_t key;
    pthread_t writer;
    pthread_mutex_t lock; /* over queue */
    struct buf queue;
    struct sink sink;
    int wake;
    _Atomic bool open, asleep, stop, reopen;
    _Atomic uint64_t lost;
} w = {.lock = PTHREAD_MUTEX_INITIALIZER, .wake = -1};

static pthread_once_t key_once = PTHREAD_ONCE_INIT;

/* ---- threads that write lines */

static void leave(void *self)
{
    struct thread *t = self;
    atomic_store_explicit(&t->used, false, memory_order_release);
}

static void make_key(void)
{
    must(pthread_key_create(&w.key, leave) == 0);
}

static struct thread *take_used(void)
{
    struct thread *t = atomic_load_explicit(&w.threads, memory_order_acquire);
    for (; t != NULL; t = t->older) {
        bool used = false;
        if (atomic_compare_exchange_strong(&t->used, &used, true)) return t;
    }
    return NULL;
}

static struct thread *join(void)
{
    struct thread *t = take_used();
    if (t == NULL) {
        t = must_alloc(sizeof *t);
        t->scratch = buf_open(LINE_MAX_BYTES);
        atomic_store(&t->used, true);
        t->older = atomic_load(&w.threads);
        while (!atomic_compare_exchange_weak(&w.threads, &t->older, t)) {
        }
    }
    must(pthread_setspecific(w.key, t) == 0);
    return t;
}

static struct thread *me(void)
{
    must(pthread_once(&key_once, make_key) == 0);
    struct thread *t = pthread_getspecific(w.key);
    return t != NULL ? t : join();
}

struct buf *writer_scratch(void)
{
    return &me()->scratch;
}

/* ---- waking */

static void wake(void)
{
    const uint64_t one = 1;
    int keep = errno;
    if (write(w.wake, &one, sizeof one) < 0) {
        /* the counter is at its end: it is awake */
    }
    errno = keep;
}

static void wake_if_asleep(void)
{
    if (atomic_load(&w.asleep) && atomic_exchange(&w.asleep, false)) wake();
}

/* ---- handing in */

static void copy_in(struct thread *t, char *ring, size_t put, struct slice line)
{
    size_t at = put % RING_BYTES, first = RING_BYTES - at;
    if (first > line.len) first = line.len;
    memcpy(ring + at, line.at, first);
    memcpy(ring, line.at + first, line.len - first);
    atomic_store(&t->put, put + line.len); /* sequentially consistent: before the look at w.asleep */
}

bool writer_ring(struct slice line)
{
    if (!atomic_load(&w.open)) return false;
    struct thread *t = me();
    char *ring = atomic_load_explicit(&t->ring, memory_order_relaxed);
    if (ring == NULL) {
        ring = must_alloc(RING_BYTES);
        atomic_store_explicit(&t->ring, ring, memory_order_release);
    }
    size_t put = atomic_load_explicit(&t->put, memory_order_relaxed);
    size_t held = put - atomic_load_explicit(&t->got, memory_order_acquire);
    if (line.len > RING_BYTES - held) return false;
    copy_in(t, ring, put, line);
    if (held <= RING_BYTES / 2 && held + line.len > RING_BYTES / 2) wake();
    wake_if_asleep();
    return true;
}

bool writer_queue(struct slice line)
{
    if (!atomic_load(&w.open)) return false;
    must(pthread_mutex_lock(&w.lock) == 0);
    bool fits = w.queue.len + line.len <= QUEUE_BYTES;
    if (fits) buf_add(&w.queue, line);
    must(pthread_mutex_unlock(&w.lock) == 0);
    if (fits) wake();
    return fits;
}

/* ---- the writer */

static bool gather_ring(struct thread *t)
{
    size_t got = atomic_load_explicit(&t->got, memory_order_relaxed);
    size_t len = atomic_load(&t->put) - got;                           /* whole lines only are ever put */
    char *ring = atomic_load_explicit(&t->ring, memory_order_acquire); /* behind put: then it is there */
    if (len == 0) return false;
    size_t at = got % RING_BYTES, first = RING_BYTES - at < len ? RING_BYTES - at : len;
    char *to = buf_room(&w.sink.waiting, len);
    if (to == NULL) return false;
    memcpy(to, ring + at, first);
    memcpy(to + first, ring, len - first);
    w.sink.waiting.len += len;
    atomic_store_explicit(&t->got, got + len, memory_order_release);
    return true;
}

static bool gather(void)
{
    bool found = false;
    struct thread *t = atomic_load(&w.threads);
    for (; t != NULL; t = t->older) {
        found = gather_ring(t) || found;
    }
    w.sink.waiting.full = false; /* a ring that did not fit waits */
    must(pthread_mutex_lock(&w.lock) == 0);
    if (w.queue.len != 0 && buf_room(&w.sink.waiting, w.queue.len) != NULL) {
        buf_add(&w.sink.waiting, buf_slice(&w.queue));
        buf_clear(&w.queue);
        found = true;
    }
    must(pthread_mutex_unlock(&w.lock) == 0);
    w.sink.waiting.full = false;
    return found;
}

/* Until woken, or for at most ms. */
static void wait_for_work(int ms)
{
    struct pollfd p = {.fd = w.wake, .events = POLLIN};
    uint64_t count;
    if (poll(&p, 1, ms) == 1 && read(w.wake, &count, sizeof count) < 0) {
        /* somebody else cannot have read it; nothing depends on it */
    }
}

static void rest(bool found)
{
    if (found) {
        wait_for_work(DOZE_MS);
        return;
    }
    atomic_store(&w.asleep, true);
    bool nothing = !gather(); /* what came in before anybody could see that we sleep */
    if (nothing && !atomic_load(&w.stop) && !atomic_load(&w.reopen)) wait_for_work(-1);
    atomic_store(&w.asleep, false);
}

static enum sink_state flush(int ms)
{
    enum sink_state state = sink_write(&w.sink, ms);
    if (w.sink.lost != 0) atomic_fetch_add(&w.lost, w.sink.lost);
    w.sink.lost = 0;
    return state;
}

static void reopen(void)
{
    if (sink_reopen(&w.sink)) return;
    LOG_PLAIN(LOG_LEVEL_ERROR, "log.reopen_failed", "The log file could not be opened anew; the old one is kept.",
              NULL);
}

static void *run(void *self)
{
    (void)self;
    while (!atomic_load(&w.stop)) {
        if (atomic_exchange(&w.reopen, false)) reopen();
        bool waiting = w.sink.waiting.len != 0, found = !waiting && gather();
        enum sink_state state = flush(RETRY_MS);
        if (state == SINK_LATER) wait_for_work(RETRY_MS);
        if (state == SINK_EMPTY || state == SINK_GONE) rest(found || waiting);
    }
    flush(CLOSE_MS / 4);
    gather();
    flush(CLOSE_MS / 2);
    return NULL;
}

/* ---- opening and closing */

const struct err *writer_open(struct arena *a, const char *file)
{
    sigset_t all, before;
    must(!atomic_load(&w.open));
    const struct err *e = sink_open(a, &w.sink, file, SINK_BYTES);
    if (e != NULL) return e;
    w.queue = buf_open(QUEUE_BYTES);
    w.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    must(w.wake >= 0);
    atomic_store(&w.stop, false);
    atomic_store(&w.open, true);
    sigfillset(&all); /* signals are for main; and a pipe that nobody reads gives EPIPE */
    must(pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
    must(pthread_create(&w.writer, NULL, run, NULL) == 0);
    must(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    return NULL;
}

void writer_reopen(void)
{
    atomic_store(&w.reopen, true);
    if (w.wake >= 0) wake();
}

void writer_close(void)
{
    struct timespec until;
    if (!atomic_exchange(&w.open, false)) return;
    atomic_store(&w.stop, true);
    wake();
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += CLOSE_MS / 1000;
    if (pthread_timedjoin_np(w.writer, NULL, &until) != 0) return; /* it hangs in the kernel; the process ends now */
    sink_close(&w.sink);
    buf_close(&w.queue);
    close(w.wake);
    w.wake = -1;
}

uint64_t writer_lost(void)
{
    return atomic_exchange(&w.lost, 0);
}
