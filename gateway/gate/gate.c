/* gate.c -- the way of a request, from screened bytes to an answer.
 *
 *     introduce      who is at the other end, and what this request is called
 *     screen         one reading of path and host, or 400/421
 *     find_way       one of our own addresses, or a rule and a backend            (pure)
 *                    or a front proxy's question: another request takes this one's place from here on (inquiry.h)
 *     know_visitor   cookie -> verified session                                    worker cache; else one store read, waits
 *     judge          allow, sign in, refuse, hide                                  (pure; the default is refuse)
 *     lend_token     the provider's access token, for a backend that is to have it   remembered; else store or provider, waits
 *     answer         our own endpoint, or on to the backend
 *
 * Every branch that is not "allowed" ends in a refusal; the store being away is 503 and never "nobody".
 */
#include "gate/gate.h"

#include "gate/bearer_visit.h"
#include "gate/inquiry.h"
#include "gate/lend.h"
#include "gate/visitor.h"
#include "login/login.h"
#include "proxy/forwarding.h"
#include "route/path.h"

#include "base/now.h"

static struct visitor *visitor_of(struct flow *f)
{
    return f->self;
}

static enum flow_next introduce(struct flow *f)
{
    struct visitor *w = visitor_of(f);
    struct exchange *x = w->v.x;
    const struct snapshot *s = w->snapshot;
    const struct client_rules rules = {s->trusted, s->trusted_count, s->client_ip_header};
    client_find(x, &rules, &w->client);
    struct slice id = {0}, parent = {0};
    if (w->client.peer_trusted) {
        id = exchange_header(x, s->request_id_header);
        parent = exchange_header(x, LIT("traceparent"));
        if (trace_is_parent(parent)) w->tracestate = exchange_header(x, LIT("tracestate"));
    }
    w->v.request_id = trace_is_request_id(id) ? id : trace_request_id(&w->gate->trace, f->arena);
    w->traceparent = trace_parent(&w->gate->trace, f->arena, parent);
    w->v.client_ip = w->client.ip;
    w->v.client = &w->client.address;
    w->v.cookies = exchange_header(x, LIT("cookie"));
    bool known;
    w->asked = (struct asked){.https = w->client.https,
                              .method = x->method,
                              .authority = w->client.authority,
                              .host = asked_host(w->client.authority),
                              .target = x->target,
                              .raw_path = x->path};
    site_choose(w, &known);
    return FLOW_NEXT;
}

/* One of ours, below the prefix or (compatible ones) elsewhere: which one, when there is such a one. */
static bool own_address(struct visitor *w)
{
    const struct snapshot *s = w->snapshot;
    struct slice path = w->asked.path;
    bool below = slice_starts(path, s->prefix) && (path.len == s->prefix.len || path.at[s->prefix.len] == '/');
    if (below) w->endpoint = endpoint_find(s, slice_from(path, s->prefix.len), &w->endpoint_tail);
    if (w->endpoint == NULL && (s->compat != 0 || s->own_callbacks || s->mode == MODE_AUTH)) {
        w->endpoint = endpoint_elsewhere(s, path, &w->endpoint_tail);
    }
    return below || w->endpoint != NULL;
}

static enum flow_next screen(struct flow *f)
{
    struct visitor *w = visitor_of(f);
    const struct exchange *x = w->v.x;
    const struct err *e = path_canonical(f->arena, x->path, &w->asked.path);
    if (e != NULL) return flow_fail(f, e);
    w->own_address = own_address(w);
    /* What a front proxy asks may be asked in plain text: it speaks for another request. */
    if (w->snapshot->https_redirect && !w->client.https && !is_inquiry(w)) {
        prepare_answer(w);
        respond_redirect(&w->v.answer, 308, prepare_secure_again(w));
        return FLOW_DONE;
    }
    return FLOW_NEXT;
}

static enum flow_next find_own(struct flow *f, struct visitor *w)
{
    bool any_host = w->endpoint != NULL && (w->endpoint->flags & ENDPOINT_ANY_HOST) != 0;
    if (!w->at_home && !is_inquiry(w) && !any_host) {
        return flow_fail(f, err_new(f->arena, PROBLEM_UNKNOWN_HOST, "not the host of public_url"));
    }
    if (w->endpoint == NULL) {
        return flow_fail(f, err_new(f->arena, PROBLEM_NOT_FOUND, "no such address below the prefix"));
    }
    w->v.handler = w->endpoint->handler;
    return is_inquiry(w) ? inquiry_hear(f, w) : FLOW_NEXT;
}

static enum flow_next find_way(struct flow *f)
{
    struct visitor *w = visitor_of(f);
    const struct snapshot *s = w->snapshot;
    const struct asked *a = &w->asked;
    if (w->own_address) return find_own(f, w);
    w->v.handler = LIT("proxy");
    if (s->mode == MODE_AUTH) {
        return flow_fail(f, err_new(f->arena, PROBLEM_NOT_FOUND, "mode: auth, nothing is passed on"));
    }
    size_t i = routes_backend(s->routes, a->host, a->path);
    bool for_host = i != SIZE_MAX && s->backends[i].host.len != 0;
    if (!for_host && !w->at_home) {
        return flow_fail(f, err_new(f->arena, PROBLEM_UNKNOWN_HOST, "no backend is configured for this host"));
    }
    const struct route_ask ask = {a->host, a->path, a->method, &w->client.address, i};
    w->rule = routes_rule(s->routes, &ask);
    if (w->rule != NULL) w->v.rule = w->rule->id;
    if (i != SIZE_MAX) w->backend = &s->backends[i];
    return FLOW_NEXT;
}

static bool needs_visitor(const struct visitor *w)
{
    return w->endpoint == NULL || w->endpoint->wants_session;
}

static enum flow_next know_visitor(struct flow *f)
{
    struct visitor *w = visitor_of(f);
    if (!needs_visitor(w)) return FLOW_NEXT;
    bool by_token = false;
    const struct err *odd = bearer_visit_looks(w, &by_token);
    if (odd != NULL) return flow_fail(f, odd);
    if (by_token) return bearer_visit_find(f, w);
    return session_find(f, w->v.sessions, w->v.session_cookies, &w->v.session, &w->v.session_why);
}

/* By a provider of this site, or by our own list of people. */
static bool is_vouched_for(const struct visitor *w)
{
    const struct session *s = w->v.session;
    if (!slice_is(s->site, w->site->id)) return false;
    return w->provider != NULL || local_users_vouch(w->snapshot->local_users, &s->identity);
}

static enum flow_next judge(struct flow *f)
{
    struct visitor *w = visitor_of(f);
    if (w->v.session != NULL && !w->by_token)
        w->provider = snapshot_voucher(w->site->providers, w->site->provider_count, &w->v.session->identity);
    if (w->v.session != NULL && !w->by_token && !is_vouched_for(w)) {
        w->v.session = NULL;
        w->v.session_why = PROBLEM_SESSION_ENDED;
    }
    if (w->endpoint != NULL && !is_inquiry(w)) return FLOW_NEXT;
    struct person person;
    const struct session *s = w->v.session;
    if (s != NULL) person = visit_person(&s->identity, s->created_s);
    if (s != NULL && w->by_token) person.issuer = s->identity.provider;
    const struct person *who = s != NULL ? &person : NULL;
    switch (is_inquiry(w) ? inquiry_judge(w, who, now_s()) : route_judge(w->rule, who, now_s())) {
    case VERDICT_ALLOW: w->v.decision = LIT("allow"); return FLOW_NEXT;
    case VERDICT_SIGN_IN:
        w->v.decision = LIT("sign_in");
        return flow_fail(f, err_new(f->arena,
                                    w->v.session_why != PROBLEM_NONE ? w->v.session_why : PROBLEM_SIGN_IN_REQUIRED,
                                    "nobody is signed in"));
    case VERDICT_STEP_UP:
        w->v.decision = LIT("step_up");
        return flow_fail(f, err_new(f->arena, PROBLEM_STEP_UP, "a rule asks for another sign-in: %.*s",
                                    SLICE_ARG(route_step_up(w->rule, &person, now_s()))));
    case VERDICT_HIDE:
        w->v.decision = LIT("refuse");
        return flow_fail(f, err_new(f->arena, PROBLEM_NOT_FOUND, "hidden by a rule"));
    case VERDICT_REFUSE: break;
    }
    w->v.decision = LIT("refuse");
    return flow_fail(f,
                     err_new(f->arena, s != NULL ? PROBLEM_NO_ACCESS : PROBLEM_SIGN_IN_REQUIRED, "refused by a rule"));
}

/* ---- to the backend ---- */

static void backend_failed(struct exchange *x, const struct err *why)
{
    struct visitor *w = x->note;
    w->v.reason = problem_word(why->problem);
    LOG(LOG_LEVEL_WARN, "backend.failed", "A backend did not answer as it should.", why, {"backend", w->v.backend},
        {"request_id", w->v.request_id});
    prepare_answer(w);
    w->v.answer.hsts_s = 0; /* pass_on has said it */
    respond_problem(&w->v.answer, why->problem, 0);
}

static struct slice backend_target(const struct visitor *w)
{
    const struct exchange *x = w->v.x;
    const struct snapshot_backend *b = w->backend;
    struct slice path = w->asked.path;
    struct slice below = slice_from(path, b->strip_prefix.len);
    bool strip = b->strip_prefix.len != 0 && slice_starts(path, b->strip_prefix) &&
                 (below.len == 0 || below.at[0] == '/'); /* "/app" is no part of "/apps" */
    if (strip) path = below;
    if (!strip && path.at == x->path.at) return x->target; /* canonical as it came */
    const struct slice parts[] = {slice_starts(path, LIT("/")) ? LIT("") : LIT("/"), path,
                                  x->query.at != NULL ? LIT("?") : LIT(""), x->query};
    return arena_join(x->arena, parts, 4);
}

/* RFC 6455 section 10.2: a page of another site must not open a socket with this person's cookie. */
static bool socket_origin_is_fine(const struct visitor *w)
{
    struct slice origin = exchange_header(w->v.x, LIT("origin"));
    if (origin.at == NULL) return true; /* no browser */
    if (slice_is(origin, w->site->public_origin)) return true;
    const struct slice parts[] = {w->client.https ? LIT("https://") : LIT("http://"), w->client.authority};
    return slice_is(origin, arena_join(w->v.x->arena, parts, 2));
}

static enum flow_next pass_on(struct flow *f, struct visitor *w)
{
    struct exchange *x = w->v.x;
    const struct snapshot *s = w->snapshot;
    if (w->backend == NULL) {
        return flow_fail(f, err_new(f->arena, PROBLEM_NOT_FOUND, "no backend for this path"));
    }
    if (x->wants_upgrade && !socket_origin_is_fine(w)) {
        return flow_fail(f, err_new(f->arena, PROBLEM_CROSS_SITE, "a websocket from another site"));
    }
    const struct snapshot_backend *b = w->backend;
    w->v.backend = b->backend.id;
    const struct forwarding ask = {.x = x,
                                   .client = &w->client,
                                   .sessions = w->v.sessions,
                                   .session = w->v.session,
                                   .token_form = b->token_form,
                                   .access_token = w->access_token,
                                   .preset = b->preset,
                                   .subject_alone = s->provider_count == 1 && !w->by_token,
                                   .drop_authorization = w->by_token && !w->rule->pass_bearer,
                                   .audience = b->audience,
                                   .issuer = s->token_issuer,
                                   .keys = s->signing_keys,
                                   .assertion_s = s->token_lifetime_s,
                                   .generation = s->generation,
                                   .now_s = now_s(),
                                   .request_id = w->v.request_id,
                                   .request_id_header = s->request_id_header,
                                   .traceparent = w->traceparent,
                                   .tracestate = w->tracestate,
                                   .strip = s->strip_headers,
                                   .strip_count = s->strip_count};
    struct forward forward = {
        .backend = &b->backend,
        .method = x->method,
        .target = backend_target(w),
        /* The name the rule was chosen by, which a trusted proxy may have told: never another one. */
        .host = b->keep_host ? w->client.authority : b->backend.authority,
        .body = x->body,
        .upgrade = x->wants_upgrade && b->backend.websockets,
        .keep_header = forwarding_keeps,
        .personal = w->v.session != NULL,
        .failed = backend_failed,
        .self = w->v.sessions};
    forwarding_headers(&ask, &forward);
    if (s->hsts_s > 0 && w->client.https) {
        exchange_add(x, LIT("strict-transport-security"), arena_print(f->arena, "max-age=%lld", (long long)s->hsts_s));
    }
    if (w->v.session != NULL) live_enter(&w->gate->live, &w->watch);
    exchange_forward(x, &forward);
    return FLOW_DONE;
}

static enum flow_next answer(struct flow *f)
{
    struct visitor *w = visitor_of(f);
    if (w->endpoint == NULL) return pass_on(f, w);
    if (is_inquiry(w)) return inquiry_yes(f, w);
    prepare_answer(w);
    if (!endpoint_takes(w->endpoint, w->v.x->method)) {
        exchange_add(w->v.x, LIT("allow"), w->endpoint->methods);
        return flow_fail(f, err_new(f->arena, PROBLEM_METHOD, "the address takes another method"));
    }
    return w->endpoint->run(f, w);
}

static const struct flow_step steps[] = {
    {"gate/introduce",    introduce   }, /* */
    {"gate/screen",       screen      }, /* */
    {"gate/find_way",     find_way    }, /* */
    {"gate/know_visitor", know_visitor}, /* may wait */
    {"gate/judge",        judge       }, /* */
    {"gate/lend_token",   lend_token  }, /* may wait */
    {"gate/answer",       answer      }, /* may wait long */
};

/* ---- how it ends when it does not end well ---- */

static void send_to_sign_in(struct visitor *w, enum problem problem)
{
    struct visit *v = &w->v;
    bool may_redirect =
        (w->rule == NULL || w->rule->otherwise == OTHERWISE_SIGN_IN) && (w->endpoint == NULL || is_inquiry(w));
    if (is_inquiry(w) && inquiry_no(w, problem, may_redirect)) return;
    if (v->answer.wants == WANTS_NAVIGATION && may_redirect) {
        respond_redirect(&v->answer, 302, v->answer.sign_in);
        return;
    }
    if (v->answer.wants == WANTS_FRAME) problem = PROBLEM_FRAMED;
    respond_problem(&v->answer, problem, 0);
}

static void gate_end(struct flow *f, const struct err *why)
{
    struct visitor *w = visitor_of(f);
    if (exchange_answered(w->v.x)) {
        if (why != NULL) w->v.reason = problem_word(why->problem);
        return;
    }
    /* Every endpoint answers; should one have forgotten to, the visitor is not left waiting. */
    if (why == NULL) why = err_new(f->arena, PROBLEM_INTERNAL, "nobody answered");
    w->v.reason = problem_word(why->problem);
    if (w->v.failed != NULL) {
        w->v.failed(&w->v, why);
        return;
    }
    if (w->v.answer.x == NULL) prepare_answer(w);
    bearer_visit_challenge(w, why->problem, why);
    if (why->problem == PROBLEM_STEP_UP && w->v.session != NULL) {
        const struct slices *taken = &w->rule->providers;
        struct slice by = w->v.session->identity.provider;
        bool taken_there = route_takes_provider(w->rule, by);
        if (!taken_there && taken->count == 1) by = taken->at[0];
        /* Between several the person chooses, on the page. */
        if (taken_there || taken->count == 1) w->v.answer.sign_in = login_start_url(&w->v, by, prepare_same_again(w));
        send_to_sign_in(w, why->problem);
        return;
    }
    if (why->problem == PROBLEM_SIGN_IN_REQUIRED || why->problem == PROBLEM_SESSION_ENDED) {
        if (w->v.decision.len != 0) w->v.decision = LIT("sign_in"); /* also one that ended on the way */
        send_to_sign_in(w, why->problem);
        return;
    }
    if (why->problem == PROBLEM_NO_ACCESS) {
        struct audit_record r = visit_audit(&w->v, "access.refused");
        r.actor = w->v.answer.who;
        r.target = w->v.rule;
        records_audit(&r);
    }
    /* that the store is away is told once (store/redis.c), not for each of the many who ask meanwhile */
    if (problem_status(why->problem) >= 500 && why->problem != PROBLEM_STORE_AWAY) {
        LOG(LOG_LEVEL_WARN, "request.failed", "A request could not be served.", why, {"request_id", w->v.request_id});
    }
    if (is_inquiry(w) && inquiry_no(w, why->problem, false)) return;
    respond_problem(&w->v.answer, why->problem, why->problem == PROBLEM_STORE_AWAY ? 5 : w->wait_s);
}

static void visitor_left(void *flow)
{
    flow_drop(flow);
}

static void let_go(void *snapshot)
{
    snapshot_drop(snapshot);
}

void gate_handle(struct exchange *x)
{
    struct gate *g = x->app;
    struct visitor *w = arena_new(x->arena, struct visitor);
    w->gate = g;
    w->snapshot = snapshot_keep(g->snapshot);
    arena_at_close(x->arena, let_go, w->snapshot);
    arena_at_close(x->arena, visitor_left, &w->v.flow);
    w->v.x = x;
    w->v.sessions = g->sessions;
    w->v.store = g->link;
    w->v.limits = g->limits;
    w->v.local = &g->shared->local;
    w->v.env = &g->env;
    x->note = w;
    flow_start(&w->v.flow, x->arena, steps, sizeof steps / sizeof steps[0], gate_end, w);
}
