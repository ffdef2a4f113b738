/* build_server.c -- listeners with their TLS, limits, workers, and the listener of metrics. */
#include <sched.h>
#include <unistd.h>

#include "config/config_int.h"
#include "config/environment.h"
#include "config/value.h"
#include "crypto/tls.h"
#include "text/address.h"

#include "base/now.h"

enum {
    WORKERS_MAX = 256,
    HEADER_COUNT = 100,     /* no browser or proxy sends half of it */
    FIRST_INHERITED_FD = 3, /* systemd's SD_LISTEN_FDS_START */
    UNIX_PATH_MAX_BYTES = 107,
    DAY_S = 86400
};

/* ---------------------------------------------------------------------------------------------- addresses */

/* Our descriptor of that name, by systemd's LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES; -1 if there is none. */
static int inherited_fd(const struct build *b, struct slice name)
{
    struct slice names = environment_get(b->environment, LIT("LISTEN_FDNAMES")), one;
    uint64_t pid = 0, count = 0;
    bool ours = slice_number(environment_get(b->environment, LIT("LISTEN_PID")), &pid) && pid == (uint64_t)getpid();
    if (!ours || !slice_number(environment_get(b->environment, LIT("LISTEN_FDS")), &count)) return -1;
    for (int i = 0; (uint64_t)i < count && slice_cut(&names, ':', &one); i++) {
        if (slice_is(one, name)) return FIRST_INHERITED_FD + i;
    }
    return -1;
}

static bool tcp_address(struct build *b, struct slice text, struct listener *l)
{
    struct slice host = text;
    int port = 0;
    if (slice_starts(text, LIT(":")) || slice_starts(text, LIT("*:"))) {
        text = arena_print(b->a, "0.0.0.0:%.*s", SLICE_ARG(slice_from(text, slice_index(text, ':') + 1)));
    }
    if (slice_index(text, ':') == SLICE_NONE || !build_host_port(b, text, -1, &host, &port) || port < 0) return false;
    if (slice_is(host, LIT("localhost"))) host = LIT("127.0.0.1");
    if (!address_read(host, &l->address)) return false;
    l->kind = LISTENER_TCP;
    l->address.port = (uint16_t)port;
    return true;
}

static bool listen_address(struct build *b, const struct doc *at, struct slice text, struct listener *l)
{
    l->name = text;
    l->fd = -1;
    if (slice_starts(text, LIT("unix:"))) {
        l->kind = LISTENER_UNIX;
        l->unix_path = arena_copy(b->a, slice_from(text, 5));
        if (l->unix_path.len > 1 && l->unix_path.at[0] == '/' && l->unix_path.len <= UNIX_PATH_MAX_BYTES) return true;
        complaint_at(b->c, COMPLAINT_ERROR, at, COMPLAINT_VALUE, LIT(""),
                     "unix: wants an absolute path of at most %d bytes", UNIX_PATH_MAX_BYTES);
        return false;
    }
    if (slice_starts(text, LIT("fd:"))) {
        l->kind = LISTENER_FD;
        l->fd = inherited_fd(b, slice_from(text, 3));
        if (l->fd >= 0 || b->use->purpose == CONFIG_CHECK) return true;
        complaint_at(b->c, COMPLAINT_ERROR, at, COMPLAINT_VALUE, LIT(""),
                     "no socket named \"%.*s\" was handed over (FileDescriptorName= in the socket unit)",
                     SLICE_ARG(slice_from(text, 3)));
        return false;
    }
    if (tcp_address(b, text, l)) return true;
    complaint_at(b->c, COMPLAINT_ERROR, at, COMPLAINT_VALUE, LIT(""),
                 "cannot listen on \"%.*s\": write 0.0.0.0:8080, [::]:8080, unix:/path or fd:name", SLICE_ARG(text));
    return false;
}

/* ---------------------------------------------------------------------------------------------- TLS */

static bool certificate_pair(struct build *b, const struct setting *at, struct tls_certificate_conf *ret_pair)
{
    const char *certificate = setting_path(at, "certificate"), *key = setting_path(at, "key");
    const char *twin = setting_path(at, "key_file");
    bool bad = setting_at(at, "certificate")->bad || setting_at(at, "key")->bad || setting_at(at, "key_file")->bad;
    if (key != NULL && twin != NULL) BUILD_ERROR(b, at, "key_file", "key and key_file are the same: give one of them");
    if (key == NULL) key = twin;
    if (bad) return false;
    if (certificate == NULL || key == NULL) {
        BUILD_ERROR(b, at, certificate == NULL ? "key" : "certificate", "tls needs both a certificate and its key");
        return false;
    }
    *ret_pair = (struct tls_certificate_conf){certificate, key};
    return true;
}

/* A day is no warning in time, but for whoever looks because something is wrong. */
static void warn_of_end(struct build *b, const struct setting *at, const tls_context *context)
{
    const char *key = setting_given(at, "certificate") ? "certificate" : "certificates";
    int64_t left_s = tls_not_after_s(context) - now_s();
    if (left_s < 0)
        BUILD_WARNING(b, at, key, "a certificate here has ended: browsers refuse it");
    else if (left_s < DAY_S)
        BUILD_WARNING(b, at, key, "a certificate here ends within a day");
}

/* Behind a proxy that is trusted, browsers see that one's certificate. */
static void warn_of_names(struct build *b, const struct setting *list)
{
    const struct snapshot *s = b->s;
    struct slice host = slice_upto(s->public_host, slice_index(s->public_host, ':'));
    struct address literal;
    size_t shown = 0;
    if (!s->public_https || s->trusted_count > 0 || (address_read(host, &literal) && literal.is_ip)) return;
    for (size_t i = 0; i < s->listener_count; i++) {
        if (s->listeners[i].tls == NULL) continue;
        if (tls_names(s->listeners[i].tls, host)) return;
        shown++;
    }
    if (shown > 0)
        complaint_at(b->c, COMPLAINT_WARNING, list->node, COMPLAINT_KEY, LIT(""),
                     "no certificate names %.*s, the host of public_url: browsers will refuse it", SLICE_ARG(host));
}

static tls_context *listener_tls(struct build *b, const struct setting *at)
{
    const struct setting *more = setting_at(at, "certificates");
    struct tls_certificate_conf *pairs = arena_array(b->a, struct tls_certificate_conf, more->count + 1);
    struct tls_server_conf conf = {.certificates = pairs};
    bool one = setting_given(at, "certificate") || more->count == 0, fine = !one || certificate_pair(b, at, &pairs[0]);
    conf.certificate_count = one ? 1 : 0;
    for (const struct setting *m = more->first; m != NULL; m = m->next) {
        fine = certificate_pair(b, m, &pairs[conf.certificate_count++]) && fine;
    }
    conf.min_version = setting_number(at, "min_version") == 1 ? 13 : 12;
    conf.ciphers = setting_path(at, "ciphers");
    conf.groups = setting_path(at, "groups");
    conf.client_ca_file = setting_path(at, "client_ca");
    int64_t auth = setting_number(at, "client_auth");
    conf.client_required = auth == 2;
    if (auth > 0 && conf.client_ca_file == NULL) {
        BUILD_ERROR(b, at, "client_auth", "client_auth needs client_ca: whose certificates count?");
        fine = false;
    }
    if (auth == 0 && conf.client_ca_file != NULL) {
        BUILD_WARNING(b, at, "client_ca", "client_ca does nothing while client_auth is none");
        conf.client_ca_file = NULL;
    }
    tls_context *context = NULL;
    const struct err *why = fine ? tls_server(b->a, &conf, &context) : NULL;
    if (why != NULL) build_complain(b, setting_place(at, "certificate"), "", why);
    if (context != NULL) warn_of_end(b, at, context);
    return context;
}

static void public_listener(struct build *b, const struct setting *at)
{
    struct listener *l = &b->s->listeners[b->s->listener_count];
    const struct setting *address = setting_at(at, "address");
    *l = (struct listener){.fd = -1, .handle = b->use->handle};
    if (address->bad || !listen_address(b, address->node != NULL ? address->node : at->node, address->text, l)) return;
    l->http2 = setting_given(at, "http2") ? setting_on(at, "http2") : setting_on(b->root, "server.http2");
    l->proxy_protocol = setting_on(at, "proxy_protocol");
    if (setting_given(at, "tls") && !setting_at(at, "tls")->bad) l->tls = listener_tls(b, setting_at(at, "tls"));
    if (l->proxy_protocol && b->s->trusted_count == 0 && l->kind == LISTENER_TCP) {
        BUILD_ERROR(b, at, "proxy_protocol", "proxy_protocol needs trusted_proxies: nobody may send the line now");
    }
    for (size_t i = 0; i < b->s->listener_count; i++) {
        if (!slice_is(b->s->listeners[i].name, l->name)) continue;
        BUILD_ERROR(b, at, "address", "%.*s is listened on twice", SLICE_ARG(l->name));
    }
    b->s->listener_count++;
}

static void metrics_listener(struct build *b)
{
    const struct setting *at = setting_at(b->root, "metrics.listen");
    struct listener *l = &b->s->listeners[b->s->listener_count];
    *l = (struct listener){.fd = -1, .handle = b->use->handle_metrics, .first_worker_only = true, .reserved = true};
    if (at->bad || slice_is(at->text, LIT("none"))) return;
    if (!listen_address(b, at->node, at->text, l)) return;
    for (size_t i = 0; i < b->s->listener_count; i++) {
        if (!slice_is(b->s->listeners[i].name, l->name)) continue;
        BUILD_ERROR(b, b->root, "metrics.listen", "%.*s is a public listener already", SLICE_ARG(l->name));
    }
    b->s->has_metrics_listener = true;
    b->s->listener_count++;
}

/* ---------------------------------------------------------------------------------------------- workers and limits */

/* What the control group grants, rounded up; at most the processors we may run on. */
static int cores(void)
{
    cpu_set_t set;
    long long quota = 0, period = 0;
    int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    FILE *f = fopen("/sys/fs/cgroup/cpu.max", "re");
    if (f == NULL) return count;
    if (fscanf(f, "%lld %lld", &quota, &period) == 2 && quota > 0 && period > 0) {
        long long granted = (quota + period - 1) / period;
        if (granted < count) count = (int)granted;
    }
    fclose(f);
    return count;
}

static int workers(struct build *b)
{
    struct slice text = setting_text(b->root, "server.workers");
    int64_t count = 0;
    if (slice_is(text, LIT("auto"))) return cores();
    if (value_integer(text, &count) && count >= 1 && count <= WORKERS_MAX) return (int)count;
    BUILD_ERROR(b, b->root, "server.workers", "server.workers must be auto or between 1 and %d", WORKERS_MAX);
    return 1;
}

static void limits(struct build *b)
{
    const struct setting *at = setting_at(b->root, "server");
    struct http_limits *l = &b->s->limits;
    l->head_bytes = (size_t)setting_number(at, "header_limit");
    l->uri_bytes = (size_t)setting_number(at, "uri_limit");
    l->body_bytes = (size_t)setting_number(at, "body_limit");
    l->body_total_bytes = (size_t)setting_number(at, "body_total");
    l->header_count = HEADER_COUNT;
    l->max_connections = (int)setting_number(at, "max_connections");
    l->max_connections_per_address = (int)setting_number(at, "max_connections_per_address");
    l->handshake_ms = (int)setting_number(at, "timeouts.handshake");
    l->header_ms = (int)setting_number(at, "timeouts.header");
    l->body_idle_ms = (int)setting_number(at, "timeouts.body");
    l->idle_ms = (int)setting_number(at, "timeouts.idle");
    l->request_ms = (int)setting_number(at, "timeouts.request");
    l->write_ms = (int)setting_number(at, "timeouts.write");
    l->h2_streams = (int)setting_number(at, "http2_streams");
    l->h2_resets = (int)setting_number(at, "http2_resets");
    if (l->uri_bytes > l->head_bytes) BUILD_ERROR(b, at, "uri_limit", "uri_limit is larger than header_limit");
    if (l->body_bytes > l->body_total_bytes) BUILD_ERROR(b, at, "body_limit", "body_limit is larger than body_total");
}

static bool tcp_of_both_kinds(const struct snapshot *s)
{
    bool plain = false, tls = false;
    for (size_t i = 0; i < s->listener_count; i++) {
        tls = tls || s->listeners[i].tls != NULL;
        plain = plain || (s->listeners[i].tls == NULL && s->listeners[i].kind != LISTENER_UNIX);
    }
    return plain && tls;
}

void build_server(struct build *b)
{
    const struct setting *list = setting_at(b->root, "listen");
    struct snapshot *s = b->s;
    s->listeners = arena_array(b->a, struct listener, list->count + 1);
    for (const struct setting *one = list->first; one != NULL; one = one->next) {
        public_listener(b, one);
    }
    if (list->count == 0) BUILD_ERROR(b, b->root, "listen", "listen is empty: nobody could reach us");
    bool redirect = s->public_https && tcp_of_both_kinds(s);
    bool given = setting_given(b->root, "server.https_redirect");
    s->https_redirect = given ? setting_on(b->root, "server.https_redirect") : redirect;
    if (s->https_redirect && !s->public_https && s->public_origin.len != 0) {
        BUILD_ERROR(b, b->root, "server.https_redirect", "https_redirect with an http public_url would lead nowhere");
    }
    warn_of_names(b, list);
    metrics_listener(b);
    limits(b);
    s->workers = workers(b);
    s->drain_ms = setting_number(b->root, "server.drain");
    s->hsts_s = setting_number(b->root, "server.hsts") / 1000;
    if (s->hsts_s > 0 && !s->public_https && s->public_origin.len != 0) {
        BUILD_WARNING(b, b->root, "server.hsts", "hsts does nothing while public_url is http");
    }
    const struct setting *log = setting_at(b->root, "log");
    if (setting_number(log, "to") == 1 && setting_path(log, "file") == NULL) {
        BUILD_ERROR(b, log, "to", "log.to is file, but log.file is not given");
    }
}
