/* The server as main sees it: open, tell all workers something, hand over, stop. See server.h. */
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "http/connection_int.h"
#include "http/server_int.h"

#include "base/buf.h"
#include "base/log.h"
#include "base/now.h"

enum {
    SERVER_POLL_MS = 5,
    SERVER_CUT_MS = 3000,          /* for cut connections to close */
    SERVER_HANDOVER_BYTES = 65536, /* of an environment variable */
    SERVER_HANDOVER_FD = 100,      /* copies start here, away from what the successor opens first */
    SERVER_OWN_FDS = 128           /* listeners, loops, the store, logs, probes */
};

static void nap(int ms)
{
    struct timespec t = {ms / 1000, (long)(ms % 1000) * 1000000};
    (void)nanosleep(&t, NULL);
}

static void add_listening(struct worker *w, size_t index, int fd)
{
    const struct listener *l = &w->server->conf.listeners[index];
    w->listening[w->listening_count++] = (struct listening){
        .worker = w, .listener = l, .index = index, .fd = fd, .tls = l->tls != NULL ? tls_keep(l->tls) : NULL};
}

static void prepare(struct server *s, int i)
{
    struct worker *w = &s->workers[i];
    size_t count = s->conf.listener_count;
    w->server = s;
    w->index = i;
    w->limits = s->conf.limits;
    w->listening = must_alloc((count + s->spare_count) * sizeof *w->listening);
    for (size_t l = 0; l < count; l++)
        if (s->fds[(size_t)i * count + l] >= 0) add_listening(w, l, s->fds[(size_t)i * count + l]);
    for (size_t k = 0; i == 0 && k < s->spare_count; k++)
        add_listening(w, s->spare_listener[k], s->spare[k]);
}

static const struct err *prepare_tls(struct arena *a, const struct server_conf *conf)
{
    const struct err *e = NULL;
    for (size_t i = 0; i < conf->listener_count && e == NULL; i++)
        if (conf->listeners[i].tls != NULL) e = accept_tls(a, conf->listeners[i].tls, conf->listeners[i].http2);
    return e;
}

/* What we may open, without what is ours alone: the store and the providers are reached, logs opened and probes answered whatever a crowd
 * does. Three of five of the rest are for clients, many of whom only keep a connection; two of five for applications. */
static int64_t descriptors(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur > INT32_MAX) return INT32_MAX;
    rlim_t own = files.rlim_cur / 4 < SERVER_OWN_FDS ? files.rlim_cur / 4 : SERVER_OWN_FDS;
    return (int64_t)(files.rlim_cur - own);
}

static int most_connections(int wanted)
{
    int64_t all = descriptors(), most = all / 5 * 3;
    if (wanted <= most) return wanted;
    char taken[24], of[24];
    snprintf(taken, sizeof taken, "%lld", (long long)most);
    snprintf(of, sizeof of, "%lld", (long long)all);
    LOG(LOG_LEVEL_INFO, "connections_limited",
        "Fewer connections are taken than server.max_connections says: three fifths of the descriptors that we may open (ulimit "
        "-n, LimitNOFILE), without our own.",
        NULL, {"connections", slice_of(taken)}, {"descriptors", slice_of(of)});
    return (int)most;
}

const struct err *server_open(struct arena *a, const struct server_conf *conf, struct server **ret_server)
{
    const struct err *e = prepare_tls(a, conf);
    if (e != NULL) return e;
    struct server *s = must_alloc(sizeof *s);
    s->conf = *conf;
    s->worker_count = conf->workers > 0 ? conf->workers : 1;
    atomic_store(&s->max_connections, most_connections(conf->limits.max_connections));
    s->max_upstreams = descriptors() / 5 * 2;
    e = listen_open(a, s);
    if (e != NULL) {
        free(s);
        return e;
    }
    /* a peer that went away is an error of the write, not the end of the process */
    (void)signal(SIGPIPE, SIG_IGN);
    noise_capture();
    s->addresses = addresses_open();
    s->workers = must_alloc((size_t)s->worker_count * sizeof *s->workers);
    s->running = true;
    for (int i = 0; i < s->worker_count; i++) {
        prepare(s, i);
        worker_start(&s->workers[i]);
    }
    while (atomic_load(&s->started) < s->worker_count)
        nap(1);
    *ret_server = s;
    return NULL;
}

/* ---- to every worker ---- */

struct app_errand {
    void (*fn)(void *app, void *arg);
    void *arg;
};

static void run_app(struct worker *w, void *arg)
{
    const struct app_errand *errand = arg;
    errand->fn(w->app, errand->arg);
}

void server_each(struct server *s, void (*fn)(void *app, void *arg), void *arg)
{
    struct app_errand errand = {fn, arg};
    worker_each(s, run_app, &errand);
}

struct tls_errand {
    tls_context *const *contexts;
    size_t count;
};

static void swap_tls(struct worker *w, void *arg)
{
    const struct tls_errand *errand = arg;
    for (size_t i = 0; i < w->listening_count; i++) {
        struct listening *l = &w->listening[i];
        /* plain stays plain and TLS stays TLS: clients of a port do not change with its certificate */
        if (l->index >= errand->count || errand->contexts[l->index] == NULL || l->tls == NULL) continue;
        tls_drop(l->tls);
        l->tls = tls_keep(errand->contexts[l->index]);
    }
}

void server_swap_tls(struct server *s, tls_context *const *contexts, size_t count)
{
    struct arena *a = arena_open(65536);
    for (size_t i = 0; i < count && i < s->conf.listener_count; i++)
        if (contexts[i] != NULL) (void)accept_tls(a, contexts[i], s->conf.listeners[i].http2); /* fails for NULL only */
    arena_close(a);
    struct tls_errand errand = {contexts, count};
    worker_each(s, swap_tls, &errand);
}

static void set_limits(struct worker *w, void *arg)
{
    w->limits = *(const struct http_limits *)arg;
    http2_limits(w);
}

void server_set_limits(struct server *s, const struct http_limits *limits)
{
    struct http_limits copy = *limits;
    atomic_store(&s->max_connections, most_connections(limits->max_connections));
    worker_each(s, set_limits, &copy);
}

int server_port(const struct server *s, size_t i)
{
    return i < s->conf.listener_count ? s->ports[i] : 0;
}

struct server_counts server_counts(const struct server *s)
{
    return (struct server_counts){
        .connections = atomic_load(&s->connections),
        .connections_total = atomic_load(&s->connections_total),
        .requests_in_flight = atomic_load(&s->requests),
        .refused_total = atomic_load(&s->refused),
        .body_bytes = atomic_load(&s->body_bytes),
    };
}

/* ---- handing the sockets on ---- */

/* Copies, so that they outlive our own stop when the successor takes this very process. */
static void hand(struct server *s, struct buf *out, const struct listener *l, int fd)
{
    int copy = fcntl(fd, F_DUPFD, SERVER_HANDOVER_FD);
    if (copy < 0) return;
    buf_print(out, "%s%.*s=%d", out->len != 0 ? "," : "", SLICE_ARG(l->name), copy);
    s->copies = must_realloc(s->copies, (s->copy_count + 1) * sizeof *s->copies);
    s->copies[s->copy_count++] = copy;
}

const char *server_handover(struct server *s, struct arena *a)
{
    struct buf out = buf_open(SERVER_HANDOVER_BYTES);
    size_t count = s->conf.listener_count;
    for (size_t i = 0; !s->stopping && i < count * (size_t)s->worker_count; i++) {
        const struct listener *l = &s->conf.listeners[i % count];
        if (s->fds[i] >= 0 && (l->kind == LISTENER_TCP || i < count)) /* shared ones: once */
            hand(s, &out, l, s->fds[i]);
    }
    for (size_t i = 0; !s->stopping && i < s->spare_count; i++)
        hand(s, &out, &s->conf.listeners[s->spare_listener[i]], s->spare[i]);
    s->handed_over = s->handed_over || out.len != 0;
    const char *text = arena_text(a, buf_slice(&out));
    buf_close(&out);
    return text;
}

void server_handover_made(struct server *s)
{
    for (size_t i = 0; i < s->copy_count; i++)
        close(s->copies[i]);
    s->copy_count = 0;
}

void server_handover_failed(struct server *s)
{
    server_handover_made(s);
    s->handed_over = false;
}

/* ---- the end ---- */

static void stop_worker(struct worker *w, void *unused)
{
    (void)unused;
    w->stopping = true;
    accept_close(w);
    http2_stop(w);
    connection_stop(w, false);
}

struct cutting {
    _Atomic int count;
};

static void cut_worker(struct worker *w, void *arg)
{
    struct cutting *cutting = arg;
    atomic_fetch_add(&cutting->count, connection_stop(w, true));
}

static void end_worker(struct worker *w, void *unused)
{
    (void)unused;
    w->ended = true; /* its loop ends after this turn */
}

static bool drained(const struct server *s)
{
    return atomic_load(&s->connections) == 0;
}

static void wait_drained(const struct server *s, int ms)
{
    int64_t until = now_ms() + ms;
    while (!drained(s) && now_ms() < until)
        nap(SERVER_POLL_MS);
}

int server_stop(struct server *s, int linger_ms, int drain_ms)
{
    struct cutting cutting = {0};
    if (s->stopping) return 0;
    nap(linger_ms);
    s->stopping = true;
    worker_each(s, stop_worker, NULL);
    wait_drained(s, drain_ms);
    if (!drained(s)) {
        worker_each(s, cut_worker, &cutting);
        wait_drained(s, SERVER_CUT_MS);
    }
    worker_each(s, end_worker, NULL);
    return atomic_load(&cutting.count);
}

void server_close(struct server *s)
{
    (void)server_stop(s, 0, 0);
    for (int i = 0; i < s->worker_count; i++)
        (void)pthread_join(s->workers[i].thread, NULL);
    listen_close(s);
    free(s->copies); /* not the descriptors: whoever asked for them without a word of the outcome still needs them */
    addresses_close(s->addresses);
    free(s->workers);
    free(s);
}
