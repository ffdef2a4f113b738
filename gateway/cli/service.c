#include "cli/service.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/notify.h"
#include "cli/successor.h"
#include "crypto/crypto.h"
#include "fetch/fetch.h"
#include "gate/gate.h"
#include "login/lockout.h"
#include "login/password_desk.h"
#include "observe/metrics.h"

#include "base/now.h"

enum {
    TURN_MS = 250,    /* how often main looks up while it waits for signals */
    LINGER_MS = 5000, /* accepting goes on so long after TERM, until load balancers have seen /ready say no */
    BOOT_ARENA = 8 << 20,
    LARGE = 256 << 10 /* such blocks are bodies: gone, they go back to the system, not into heaps that only grow */
};

struct service {
    const struct service_ask *ask;
    struct arena *arena;
    const char *exe;
    struct config *config;        /* lends the log file's name for as long as we run */
    struct snapshot *first, *now; /* the first one's listeners are the server's */
    struct store *store;
    struct fetch *fetch;
    struct server *server;
    struct limits *limits;
    struct local_desk local;
    struct gate_shared shared;
    struct successor successor;
    int64_t beat_at_ms;
};

static struct metric reloads = {.name = "vestibule_config_reloads_total",
                                .help = "Configuration reloads by outcome.",
                                .kind = METRIC_COUNTER,
                                .labels = {"outcome"}};
static struct metric reload_good = {.name = "vestibule_config_last_reload_successful",
                                    .help = "1 when the last reload was taken over.",
                                    .kind = METRIC_GAUGE};
static struct metric connections = {
    .name = "vestibule_http_connections", .help = "Client connections that are open.", .kind = METRIC_GAUGE};
static struct metric in_flight = {
    .name = "vestibule_http_requests_in_flight", .help = "Requests that are being answered.", .kind = METRIC_GAUGE};

/* Set when the server is there; a scrape may come while it is being opened. */
static struct server *_Atomic counted_server;

static void refresh_counts(void *self)
{
    struct server *server = atomic_load(&counted_server);
    (void)self;
    if (server == NULL) return;
    struct server_counts c = server_counts(server);
    metric_set(metric_series(&connections, NULL), c.connections);
    metric_set(metric_series(&in_flight, NULL), c.requests_in_flight);
}

static sigset_t our_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGUSR2);
    return set;
}

/* As the program was started, for starting it anew. */
static char *const *own_argv;

void service_prepare(char *const *argv)
{
    own_argv = argv;
    sigset_t set = our_signals();
    struct rlimit none = {0, 0}, files;
    signal(SIGPIPE, SIG_IGN);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    setrlimit(RLIMIT_CORE, &none); /* keys and tokens are in memory: no core file, no ptrace by others */
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    mallopt(M_MMAP_THRESHOLD, LARGE);
    crypto_start();
    doc_init();
    fetch_prepare();
}

static bool coloured(void)
{
    const char *no = getenv("NO_COLOR");
    return isatty(STDERR_FILENO) && (no == NULL || no[0] == '\0');
}

static void tell_complaints(struct config *c, const char *ending)
{
    struct buf text = buf_open(1 << 20);
    complaint_write_text(config_complaints(c), &text, coloured(), slice_of(ending));
    if (text.len != 0) fwrite(text.at, 1, text.len, stderr);
    buf_close(&text);
}

static struct snapshot *build(const struct service *p, struct config *c, const struct snapshot *old)
{
    const struct config_use use = {
        .purpose = p->ask->purpose, .old = old, .handle = gate_handle, .handle_metrics = gate_health_handle};
    return config_build(c, &use);
}

static int complain(const struct err *e, struct arena *a)
{
    struct slice story = err_story(a, e);
    fprintf(stderr, "vestibule: %.*s\n", SLICE_ARG(story));
    if (e->problem == PROBLEM_CONFIG) return EXIT_CONFIG;
    return slice_find(story, LIT("ermission")) != SLICE_NONE ? EXIT_PERMISSION : EXIT_FAILED;
}

static const struct err *open_server(struct service *p)
{
    const struct snapshot *s = p->now;
    const struct server_conf conf = {
        .listeners = s->listeners,
        .listener_count = s->listener_count,
        .workers = s->workers,
        .limits = s->limits,
        .trusted = s->trusted,
        .trusted_count = s->trusted_count,
        .app = {.open = gate_open,
                .close = gate_close,
                .done = gate_done,
                .refused = gate_refused,
                .refusal_body = gate_refusal_body,
                .shared = &p->shared},
    };
    return server_open(p->arena, &conf, &p->server);
}

static const struct err *open_parts(struct service *p)
{
    struct records_conf records = config_records(p->config, p->now);
    if (config_log_format_is_auto(p->config)) {
        records.format = isatty(STDERR_FILENO) ? RECORDS_TEXT : RECORDS_JSON;
    }
    const struct err *e = records_open(p->arena, &records);
    if (e != NULL) return e;
    e = store_open(p->arena, &p->now->store, &p->store);
    if (e != NULL) return e;
    const struct fetch_conf fetch = {.proxy = p->now->provider_proxy};
    e = fetch_open(p->arena, &fetch, &p->fetch);
    if (e != NULL) return e;
    p->limits = limits_open();
    p->local = (struct local_desk){password_desk_open(), lockout_open()};
    p->shared = (struct gate_shared){p->store, p->fetch, p->limits, p->local, p->now};
    return open_server(p);
}

static void close_parts(struct service *p)
{
    if (p->server != NULL) server_close(p->server);
    if (p->fetch != NULL) fetch_close(p->fetch);
    if (p->limits != NULL) limits_close(p->limits);
    if (p->local.desk != NULL) password_desk_close(p->local.desk);
    if (p->local.lockout != NULL) lockout_close(p->local.lockout);
    if (p->store != NULL) store_close(p->store);
    records_close();
    snapshot_drop(p->now);
    snapshot_drop(p->first);
    if (p->config != NULL) config_close(p->config);
    arena_close(p->arena);
}

/* ---- reload ---- */

static void take_over(struct service *p, struct snapshot *next)
{
    AUTO(arena_closep) struct arena *a = arena_open(1 << 20);
    struct slice later = config_needs_restart(a, p->now, next);
    if (later.len != 0) {
        LOG(LOG_LEVEL_WARN, "config.needs_restart",
            "Some changes wait for a restart (signal USR2); the rest is in force.", NULL, {"keys", later});
    }
    server_each(p->server, gate_swap, next);
    size_t count = p->first->listener_count;
    tls_context **tls = arena_array(a, tls_context *, count);
    for (size_t i = 0; i < count && i < next->listener_count; i++) {
        bool same = slice_is(next->listeners[i].name, p->first->listeners[i].name);
        tls[i] = same ? next->listeners[i].tls : NULL;
    }
    server_swap_tls(p->server, tls, count);
    server_set_limits(p->server, &next->limits);
    snapshot_drop(p->now);
    p->now = next;
}

static void reload(struct service *p)
{
    AUTO(arena_closep) struct arena *a = arena_open(4 << 20);
    notify_manager("RELOADING=1");
    struct config *c = config_read(&p->ask->config);
    struct snapshot *next = build(p, c, p->now);
    if (next != NULL) take_over(p, next); /* before it is told: who reads the record may rely on it */
    struct buf text = buf_open(64 * 1024);
    complaint_write_text(config_complaints(c), &text, false, LIT("the old configuration stays in force"));
    struct audit_record r = {.event = next != NULL ? "config.reloaded" : "config.reload_failed",
                             .actor = LIT("system")};
    if (next == NULL) r.why = err_new(a, PROBLEM_CONFIG, "%.*s", SLICE_ARG(buf_slice(&text)));
    records_audit(&r);
    if (text.len != 0) {
        LOG(next != NULL ? LOG_LEVEL_WARN : LOG_LEVEL_ERROR, r.event,
            next != NULL ? "The configuration was read anew, with warnings."
                         : "The configuration was read anew and is wrong; nothing was changed.",
            NULL, {"complaints", buf_slice(&text)});
    }
    buf_close(&text);
    const struct slice outcome = next != NULL ? LIT("success") : LIT("failure");
    metric_add(metric_series(&reloads, &outcome), 1);
    metric_set(metric_series(&reload_good, NULL), next != NULL);
    config_close(c);
    notify_manager("READY=1");
}

static void start_successor(struct service *p)
{
    AUTO(arena_closep) struct arena *a = arena_open(1 << 20);
    if (p->successor.pid != 0) return;
    const struct err *e = successor_start(a, p->server, p->exe, own_argv, &p->successor);
    if (e != NULL) LOG_PLAIN(LOG_LEVEL_ERROR, "restart.failed", "The new process could not be started.", e);
}

/* ---- serving ---- */

static void beat(struct service *p)
{
    int64_t every_ms = notify_watchdog_ms();
    if (every_ms == 0 || now_ms() < p->beat_at_ms) return;
    p->beat_at_ms = now_ms() + every_ms;
    notify_manager("WATCHDOG=1");
}

static bool successor_serves(struct service *p)
{
    switch (successor_look(&p->successor, p->server)) {
    case SUCCESSOR_NONE:
    case SUCCESSOR_STARTING: return false;
    case SUCCESSOR_SERVING:
        LOG_PLAIN(LOG_LEVEL_INFO, "restart.handed_over", "The new process serves; this one drains.", NULL);
        return true;
    case SUCCESSOR_FAILED: break;
    }
    LOG_PLAIN(LOG_LEVEL_ERROR, "restart.failed",
              "The new process ended, or was ended after half a minute, before it served; this one goes on.", NULL);
    return false;
}

/* Until it is time to drain; true: because a successor serves. */
static bool serve(struct service *p)
{
    sigset_t set = our_signals();
    const struct timespec turn = {0, TURN_MS * 1000000L};
    for (;;) {
        switch (sigtimedwait(&set, NULL, &turn)) {
        case SIGHUP: reload(p); break;
        case SIGUSR1: records_reopen(); break;
        case SIGUSR2: start_successor(p); break;
        case SIGTERM:
        case SIGINT: return false;
        default: break;
        }
        if (successor_serves(p)) return true;
        if (p->ask->waiting != NULL && p->ask->waiting(p->ask->self)) return false;
        beat(p);
    }
}

/* A second TERM or INT while draining exits at once. */
static void exit_at_once(int signal_number)
{
    (void)signal_number;
    _exit(EXIT_FAILED);
}

static void let_second_signal_kill(void)
{
    struct sigaction now = {.sa_handler = exit_at_once};
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaction(SIGTERM, &now, NULL);
    sigaction(SIGINT, &now, NULL);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

/* Told to stop while a new process starts: it has our sockets, and serves them or is ended, so that no door is left with nobody behind. */
static void see_successor_through(struct service *p)
{
    const struct timespec turn = {0, TURN_MS * 1000000L};
    while (successor_look(&p->successor, p->server) == SUCCESSOR_STARTING)
        (void)nanosleep(&turn, NULL);
}

static void drain(struct service *p, bool handed_over)
{
    AUTO(arena_closep) struct arena *a = arena_open(64 * 1024);
    notify_manager("STOPPING=1");
    gate_set_draining(true);
    let_second_signal_kill();
    /* Lingering serves load balancers that probe /ready; a person at a terminal and a handed-over socket need none. */
    bool linger =
        !handed_over && p->now->has_metrics_listener && !isatty(STDERR_FILENO) && p->now->drain_ms >= 2 * LINGER_MS;
    LOG_PLAIN(LOG_LEVEL_INFO, "process.draining",
              linger ? "/ready says no; in 5 s no new connections, then requests under way are finished."
                     : "No new connections; requests under way are finished.",
              NULL);
    int cut = server_stop(p->server, linger ? LINGER_MS : 0, (int)p->now->drain_ms);
    see_successor_through(p);
    LOG(LOG_LEVEL_INFO, "process.stopped", "Drained.", NULL, {"cut", arena_print(a, "%d", cut)});
}

static struct slice addresses(const struct service *p)
{
    struct slice all = {NULL, 0};
    for (size_t i = 0; i < p->now->listener_count; i++) {
        struct slice one = p->now->listeners[i].name;
        all = all.len == 0 ? one : arena_print(p->arena, "%.*s %.*s", SLICE_ARG(all), SLICE_ARG(one));
    }
    return all;
}

static const char *own_path(struct arena *a)
{
    char path[4096];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path);
    if (n <= 0 || (size_t)n >= sizeof path) return "/proc/self/exe";
    return arena_text(a, (struct slice){path, (size_t)n});
}

int service_run(const struct service_ask *ask)
{
    struct service p = {.ask = ask, .arena = arena_open(BOOT_ARENA), .successor = {.ready_fd = -1}};
    p.exe = own_path(p.arena);
    p.config = config_read(&ask->config);
    struct snapshot *s = build(&p, p.config, NULL);
    if (ask->purpose != CONFIG_DEMO || s == NULL) tell_complaints(p.config, "not started");
    if (s == NULL) {
        config_close(p.config);
        arena_close(p.arena);
        return EXIT_CONFIG;
    }
    p.first = s;
    p.now = snapshot_keep(s);
    metric_refresh(refresh_counts, NULL);
    metrics_build(LIT(BUILT_FROM), LIT(BUILT_WITH_OPENSSL), LIT(BUILT_WITH_H2O));
    const struct err *e = open_parts(&p);
    if (e != NULL) {
        int status = complain(e, p.arena);
        close_parts(&p);
        return status;
    }
    atomic_store(&counted_server, p.server);
    metric_set(metric_series(&reload_good, NULL), 1);
    notify_manager("READY=1");
    successor_announce();
    LOG(LOG_LEVEL_INFO, "process.serving", "Serving.", NULL, {"version", LIT(VESTIBULE_VERSION)},
        {"listen", addresses(&p)}, {"public_url", p.now->public_url}, {"store", p.now->store.told});
    if (ask->serving != NULL) ask->serving(ask->self);
    drain(&p, serve(&p));
    atomic_store(&counted_server, NULL);
    close_parts(&p);
    return EXIT_FINE;
}
