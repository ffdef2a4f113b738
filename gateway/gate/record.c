/* record.c -- what is left of a request when it is over: one access record, a few counts. */
#include "gate/gate.h"
#include "gate/visitor.h"
#include "observe/metrics.h"
#include "page/page_headers.h"

static struct metric requests = {
    .name = "vestibule_http_requests_total",
    .help = "Requests by listener, handler, method and status.",
    .kind = METRIC_COUNTER,
    .labels = {"listener", "handler", "method", "code"}
};
static struct metric seconds = {.name = "vestibule_http_request_duration_seconds",
                                .help = "From the request's first byte to the answer's last.",
                                .kind = METRIC_HISTOGRAM,
                                .labels = {"handler"}};
static struct metric overhead = {.name = "vestibule_gateway_overhead_seconds",
                                 .help = "Time that was not spent waiting for the backend.",
                                 .kind = METRIC_HISTOGRAM,
                                 .labels = {"handler"}};
static struct metric decisions = {
    .name = "vestibule_auth_decisions_total",
    .help = "Decisions by reason and way.",
    .kind = METRIC_COUNTER,
    .labels = {"decision", "reason", "via"}
};
static struct metric backend_seconds = {.name = "vestibule_backend_request_duration_seconds",
                                        .help = "Waiting for a backend's answer to begin.",
                                        .kind = METRIC_HISTOGRAM,
                                        .labels = {"backend"}};
static struct metric backend_requests = {
    .name = "vestibule_backend_requests_total",
    .help = "Requests passed on, by backend and its status.",
    .kind = METRIC_COUNTER,
    .labels = {"backend", "code"}
};
static struct metric refused = {
    .name = "vestibule_http_refused_total",
    .help = "Requests and connections refused before they were understood.",
    .kind = METRIC_COUNTER,
    .labels = {"listener", "reason"}
};

static struct slice code_text(struct arena *a, int status)
{
    return arena_print(a, "%d", status);
}

/* Label values come from closed sets; a method that nobody registered is _OTHER (OpenTelemetry's word). */
static struct slice method_label(struct slice method)
{
    static const struct slice known[] = {LIT_INIT("GET"),   LIT_INIT("HEAD"),   LIT_INIT("POST"),   LIT_INIT("PUT"),
                                         LIT_INIT("PATCH"), LIT_INIT("DELETE"), LIT_INIT("OPTIONS")};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (slice_is(method, known[i])) return known[i];
    }
    return LIT("_OTHER");
}

/* The commonest series of a worker is the one it counted last: looked up once per change. */
struct last_series {
    struct slice handler, method;
    const struct listener *listener;
    int status;
    struct series *requests, *seconds, *overhead;
};
static _Thread_local struct last_series last;

static const struct last_series *series_of(const struct exchange *x, struct slice handler, int status)
{
    struct slice method = method_label(x->method);
    if (last.requests != NULL && last.status == status && last.listener == x->listener &&
        last.handler.at == handler.at && last.method.at == method.at) {
        return &last;
    }
    const struct slice values[] = {x->listener->name, handler, method, code_text(x->arena, status)};
    last = (struct last_series){.handler = handler,
                                .method = method,
                                .listener = x->listener,
                                .status = status,
                                .requests = metric_series(&requests, values),
                                .seconds = metric_series(&seconds, &handler),
                                .overhead = metric_series(&overhead, &handler)};
    return &last;
}

static void count(const struct exchange *x, const struct visitor *w, const struct exchange_end *end)
{
    const struct last_series *s = series_of(x, w->v.handler, end->status);
    metric_add(s->requests, 1);
    metric_observe_us(s->seconds, end->duration_us);
    metric_observe_us(s->overhead, end->duration_us - end->backend_us);
    if (w->v.decision.len != 0 && !slice_is(w->v.decision, LIT("allow"))) {
        const struct slice values[] = {w->v.decision, w->v.reason, is_inquiry(w) ? w->v.handler : LIT("proxy")};
        metric_add(metric_series(&decisions, values), 1);
    }
    if (end->backend_status == 0) return;
    static _Thread_local struct series *waited, *passed;
    static _Thread_local const char *of; /* only compared, and only within one configuration */
    static _Thread_local int64_t generation;
    static _Thread_local int with;
    if (of != w->v.backend.at || generation != w->snapshot->generation || with != end->backend_status) {
        const struct slice values[] = {w->v.backend, code_text(x->arena, end->backend_status)};
        waited = metric_series(&backend_seconds, values);
        passed = metric_series(&backend_requests, values);
        of = w->v.backend.at;
        generation = w->snapshot->generation;
        with = end->backend_status;
    }
    metric_observe_us(waited, end->backend_us);
    metric_add(passed, 1);
}

void gate_done(struct exchange *x, const struct exchange_end *end)
{
    struct visitor *w = x->note;
    if (w == NULL) return; /* the metrics listener's, or a demo's */
    live_leave(&w->watch);
    count(x, w, end);
    if (!records_want_access()) return;
    const struct session *s = w->v.session;
    const struct access_record r = {
        .request_id = w->v.request_id,
        .trace_id = slice_upto(slice_from(w->traceparent, 3), 32),
        .client_ip = w->v.client_ip,
        .method = w->asked.method,
        .scheme = w->asked.https ? LIT("https") : LIT("http"),
        .authority = w->asked.authority,
        .path = w->asked.raw_path,
        .handler = w->v.handler,
        .decision = w->v.decision,
        .reason = w->v.reason,
        .rule = w->v.rule,
        .user = s != NULL ? s->identity.subject : LIT(""),
        .provider = s != NULL ? s->identity.provider : w->v.provider,
        .session = s != NULL ? s->reference : LIT(""),
        .backend = w->v.backend,
        .user_agent = exchange_header(x, LIT("user-agent")),
        .version = x->version,
        .status = end->status,
        .backend_status = end->backend_status,
        .bytes_in = end->bytes_in,
        .bytes_out = end->bytes_out,
        .duration_us = end->duration_us,
        .backend_us = end->backend_us,
        .aborted = end->aborted,
    };
    records_access(&r);
}

void gate_refused(void *gate, const struct listener *l, const struct address *peer, enum problem problem, int status,
                  const char *why)
{
    const struct slice values[] = {l->name, problem_word(problem)};
    (void)gate;
    metric_add(metric_series(&refused, values), 1);
    struct arena *a = arena_open(64 * 1024);
    LOG(LOG_LEVEL_INFO, "request.refused", "A request was refused before it was understood.", NULL,
        {"listener", l->name}, {"client_ip", address_text(a, peer)}, {"reason", problem_word(problem)},
        {"status", code_text(a, status)}, {"why", slice_of(why)});
    arena_close(a);
}

/* Nothing of the request could be read, so nothing of a page can be chosen: a short text. */
struct slice gate_refusal_body(enum problem problem)
{
    switch (problem_status(problem)) {
    case 408: return LIT("The request took too long to arrive.\n");
    case 413: return LIT("The request's body is larger than this gateway accepts.\n");
    case 414: return LIT("The request's address is too long.\n");
    case 421: return LIT("This gateway does not serve that host.\n");
    case 431: return LIT("The request's header fields are too large.\n");
    case 503: return LIT("The gateway is busy. Please try again in a moment.\n");
    default: return LIT("The request could not be understood.\n");
    }
}
