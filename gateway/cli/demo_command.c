/* demo_command.c -- `vestibule demo`: a gateway, a provider of its own on another origin, and an application, in one process.
 *
 *     http://localhost:P        the gateway in front of the demo application     (what one opens)
 *     http://127.0.0.1:P+1      the demo OpenID provider: another site, so that SameSite, state and redirects are exercised for real
 *     127.0.0.1:P+2             the demo application
 *     127.0.0.1:9464            metrics (or P+3 when that port is taken)
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/self_test.h"
#include "cli/service.h"
#include "crypto/random.h"
#include "demo/demo.h"

enum {
    METRICS_PORT = 9464,
    PORT_DEFAULT = 8080
};

struct demonstration {
    struct arena *arena;
    int port, metrics_port;
    struct slice secret;
    struct demo *demo;
    struct server *props;
    bool self_test, quiet, served;
    struct self_test *test;
};

static void *props_open(void *shared, struct loop *l, int worker)
{
    (void)l;
    (void)worker;
    return shared;
}

static void props_close(void *app)
{
    (void)app;
}

static void props_done(struct exchange *x, const struct exchange_end *end)
{
    (void)x;
    (void)end;
}

static void props_refused(void *app, const struct listener *l, const struct address *peer, enum problem problem,
                          int status, const char *why)
{
    (void)app;
    (void)l;
    (void)peer;
    (void)problem;
    (void)status;
    (void)why;
}

static struct slice props_refusal(enum problem problem)
{
    (void)problem;
    return LIT("The demonstration could not read that request.\n");
}

static bool is_free(int port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    const int yes = 1;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return false;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    bool fine = bind(fd, (struct sockaddr *)&at, sizeof at) == 0;
    close(fd);
    return fine;
}

static const struct err *open_props(struct demonstration *d)
{
    struct arena *a = d->arena;
    const struct demo_conf conf = {
        .issuer = arena_print(a, "http://127.0.0.1:%d", d->port + 1),
        .client_id = LIT("vestibule-demo"),
        .client_secret = d->secret,
        .redirect_uri = arena_print(a, "http://localhost:%d/_vestibule/callback/demo", d->port),
        .app_origin = arena_print(a, "http://localhost:%d", d->port),
        .prefix = LIT("/_vestibule"),
    };
    const struct err *e = demo_open(a, &conf, &d->demo);
    if (e != NULL) return e;
    demo_serve(d->demo);
    struct listener *l = arena_array(a, struct listener, 2);
    for (int i = 0; i < 2; i++) {
        l[i] = (struct listener){.name = arena_print(a, "127.0.0.1:%d", d->port + 1 + i),
                                 .kind = LISTENER_TCP,
                                 .first_worker_only = true,
                                 .handle = i == 0 ? demo_provider_handle : demo_app_handle};
        must(address_read(l[i].name, &l[i].address));
    }
    const struct server_conf server = {
        .listeners = l,
        .listener_count = 2,
        .workers = 1,
        .limits = {.head_bytes = 32 * 1024,
                   .uri_bytes = 8192,
                   .body_bytes = 1 << 20,
                   .header_count = 100,
                   .body_total_bytes = 64 << 20,
                   .max_connections = 1024,
                   .handshake_ms = 10000,
                   .header_ms = 10000,
                   .body_idle_ms = 10000,
                   .idle_ms = 75000,
                   .write_ms = 30000,
                   .h2_streams = 32,
                   .h2_resets = 100},
        .app = {.open = props_open,
                .close = props_close,
                .done = props_done,
                .refused = props_refused,
                .refusal_body = props_refusal,
                .shared = d},
    };
    return server_open(a, &server, &d->props);
}

/* The configuration that a person would write for this, shown nowhere but short enough to be. */
static struct slice demo_configuration(struct demonstration *d)
{
    return arena_print(
        d->arena,
        "public_url: http://localhost:%d\n"
        "listen: 127.0.0.1:%d\n"
        "server: { workers: 1, drain: 1s }\n"
        "metrics: { listen: \"127.0.0.1:%d\" }\n"
        "providers:\n"
        "  - use: oidc\n"
        "    id: demo\n"
        "    name: Demo provider\n"
        "    issuer: http://127.0.0.1:%d\n"
        "    client_id: vestibule-demo\n"
        "    client_secret: %.*s\n"
        "    allow_private: true\n"
        "session: { store: \"memory://\" }\n"
        "access:\n"
        "  - { id: admin, path: /admin/**, allow: { groups: [ops] } }\n"
        "  - { id: people, path: /**, allow: { groups: [ops, staff] } }\n"
        "backends:\n"
        "  - { id: app, url: \"http://127.0.0.1:%d\" }\n"
        "sign_in: { name: Demo, skip_if_single: false }\n"
        "rate_limit: { sign_in: none, callback: none, auth_failures: none }\n" /* one person tries everything */
        "log: { format: text, level: %s, access: %s }\n",
        d->port, d->port, d->metrics_port, d->port + 1, SLICE_ARG(d->secret), d->port + 2,
        d->self_test ? "error" : "warn", d->self_test || d->quiet ? "none" : "all");
}

static void tell_addresses(const struct demonstration *d)
{
    printf("\n"
           "  Open    http://localhost:%d        the demo application, protected by vestibule\n"
           "  People  ada    (ops, verified e-mail)     grace (staff)\n"
           "          linus  (e-mail not verified)      eve   (access is refused)\n"
           "  Also    http://localhost:%d/_vestibule/account   where you are signed in\n"
           "          http://localhost:%d/_vestibule/me        who you are, for front ends\n"
           "          http://127.0.0.1:%d/metrics             what Prometheus would read\n"
           "\n"
           "  This is a demonstration: sessions live in memory, the identity provider is a stage prop.\n",
           d->port, d->port, d->port, d->metrics_port);
    if (getenv("SSH_CONNECTION") != NULL) {
        printf("  From your own machine:  ssh -L %d:localhost:%d -L %d:127.0.0.1:%d ...\n", d->port, d->port,
               d->port + 1, d->port + 1);
    }
    printf("  Stop with Ctrl-C.\n\n");
    fflush(stdout);
}

static void serving(void *self)
{
    struct demonstration *d = self;
    d->served = true;
    if (d->self_test) {
        d->test = self_test_start(d->port, d->port + 1);
        return;
    }
    tell_addresses(d);
}

static bool waiting(void *self)
{
    struct demonstration *d = self;
    return d->test != NULL && self_test_over(d->test);
}

static bool choose_ports(struct demonstration *d, const char *asked)
{
    uint64_t port = PORT_DEFAULT;
    if (asked != NULL && (!slice_number(slice_of(asked), &port) || port < 1 || port > 65000)) {
        command_say("--port is a number from 1 to 65000");
        return false;
    }
    d->port = (int)port;
    /* A self-test takes what is free: it must not fail because somebody else listens. */
    while (d->self_test && asked == NULL && d->port < 65000 &&
           !(is_free(d->port) && is_free(d->port + 1) && is_free(d->port + 2) && is_free(d->port + 3))) {
        d->port += 10;
    }
    d->metrics_port = !d->self_test && is_free(METRICS_PORT) ? METRICS_PORT : d->port + 3;
    return true;
}

int command_demo(const struct command_line *line)
{
    struct demonstration d = {
        .arena = arena_open(8 << 20), .self_test = command_has(line, "self-test"), .quiet = command_has(line, "quiet")};
    int status = EXIT_USAGE;
    if (choose_ports(&d, command_value(line, "port"))) {
        d.secret = random_text(d.arena, 32);
        const struct config_text text = {"the demonstration", demo_configuration(&d)};
        const struct err *e = open_props(&d);
        const struct service_ask ask = {
            .config = {.text = &text}, .purpose = CONFIG_DEMO, .serving = serving, .waiting = waiting, .self = &d};
        status = e != NULL ? command_failed(d.arena, e) : service_run(&ask);
        if (status != EXIT_FINE && !d.served)
            command_say("other ports: vestibule demo --port %d", d.port < 9000 ? 9000 : 7000);
        if (d.test != NULL && !self_test_close(d.test)) status = EXIT_FAILED;
        if (d.props != NULL) {
            server_stop(d.props, 0, 1000);
            server_close(d.props);
        }
        demo_serve(NULL);
        demo_close(d.demo);
    }
    arena_close(d.arena);
    return status;
}
