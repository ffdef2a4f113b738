/* bearer_visit.c -- see bearer_visit.h; the token itself is judged in provider/bearer.c. */
#include "gate/bearer_visit.h"

static const struct slice scheme = LIT_INIT("bearer");

/* RFC 6750 section 2.1: b64token */
static bool is_token(struct slice s)
{
    size_t len = s.len;
    while (len > 0 && s.at[len - 1] == '=') {
        len--;
    }
    for (size_t i = 0; i < len; i++) {
        char c = s.at[i];
        bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    slice_index(LIT("-._~+/"), c) != SLICE_NONE;
        if (!fine) return false;
    }
    return len != 0;
}

static bool shows_session(const struct visitor *w)
{
    struct slice value;
    return cookie_find(w->v.session_cookies, w->site->session.cookie_name, &value);
}

static const struct err *odd(const struct visitor *w, const char *why)
{
    return err_new(w->v.x->arena, PROBLEM_BAD_REQUEST, "%s", why);
}

const struct err *bearer_visit_looks(struct visitor *w, bool *ret_by_token)
{
    const struct exchange *x = w->v.x;
    struct slice found = {NULL, 0};
    bool two = false;
    *ret_by_token = false;
    if (w->rule == NULL || w->rule->bearer.count == 0) return NULL;
    for (size_t i = 0; i < x->header_count; i++) {
        if (!slice_is(x->headers[i].name, LIT("authorization"))) continue;
        if (found.at != NULL) two = true;
        found = x->headers[i].value;
    }
    size_t space = slice_index(found, ' ');
    if (!slice_is_nocase(slice_upto(found, space), scheme)) return NULL; /* another scheme is the backend's business */
    struct slice token = slice_trim(slice_from(found, scheme.len));
    w->by_token = *ret_by_token = true;
    if (two) return odd(w, "two Authorization headers");
    if (!is_token(token)) return odd(w, "no access token behind Bearer");
    if (shows_session(w)) return odd(w, "an access token and a session cookie: who is it?");
    w->shown_token = token;
    return NULL;
}

static enum flow_next find(struct flow *f, struct visitor *w, struct snapshot *s, const struct session **ret_session)
{
    const struct bearer_ask ask = {.token = w->shown_token,
                                   .issuers = s->bearer_issuers,
                                   .issuer_count = s->bearer_issuer_count,
                                   .taken = w->rule->bearer.at,
                                   .taken_count = w->rule->bearer.count,
                                   .owner = s,
                                   .keep = snapshot_keep_owner,
                                   .drop = snapshot_drop_owner};
    return bearer_find(f, w->gate->bearers, &ask, ret_session);
}

enum flow_next bearer_visit_look(struct flow *f, struct visitor *w, const struct session **ret_session)
{
    arena_at_close(f->arena, snapshot_drop_owner, snapshot_keep(w->gate->snapshot));
    return find(f, w, w->gate->snapshot, ret_session);
}

int64_t bearer_visit_believed_ms(const struct visitor *w)
{
    const struct snapshot *s = w->gate->snapshot;
    for (size_t i = 0; i < s->bearer_issuer_count; i++) {
        const struct bearer_issuer *by = &s->bearer_issuers[i];
        if (slice_is(by->provider->id, w->v.session->identity.provider)) return 1000 * by->cache_s;
    }
    return 0;
}

enum flow_next bearer_visit_find(struct flow *f, struct visitor *w)
{
    const struct limits_conf *limits = &w->snapshot->rate_limits;
    bool known = bearer_is_known(w->gate->bearers, w->shown_token);
    if (!known) w->wait_s = visit_failures_wait_s(&w->v, limits);
    if (w->wait_s != 0)
        return flow_fail(f, err_new(f->arena, PROBLEM_RATE_LIMITED, "this address has shown too many bad tokens"));
    return find(f, w, w->snapshot, &w->v.session);
}

static const char *error_of(enum problem problem)
{
    switch (problem) {
    case PROBLEM_BAD_REQUEST: return ", error=\"invalid_request\"";
    case PROBLEM_TOKEN_REFUSED: return ", error=\"invalid_token\"";
    case PROBLEM_NO_ACCESS: return ", error=\"insufficient_scope\"";
    default: return "";
    }
}

void bearer_visit_challenge(struct visitor *w, enum problem problem, const struct err *why)
{
    struct exchange *x = w->v.x;
    int status = problem_status(problem);
    if (w->rule == NULL || w->rule->bearer.count == 0) return;
    if (w->by_token && w->v.answer.wants != WANTS_BARE)
        w->v.answer.wants = WANTS_JSON; /* no program is led to a page */
    if (problem == PROBLEM_TOKEN_REFUSED) {
        visit_failed(&w->v, &w->snapshot->rate_limits);
        struct audit_record r = visit_audit(&w->v, "token.refused");
        w->v.decision = LIT("refuse");
        r.target = w->v.rule;
        r.why = why;
        records_audit(&r);
    }
    bool tells = status == 401 || (w->by_token && (status == 403 || status == 400));
    if (!tells) return;
    exchange_add(x, LIT("www-authenticate"),
                 arena_print(x->arena, "Bearer realm=\"%.*s\"%s", SLICE_ARG(w->site->public_host),
                             w->by_token ? error_of(problem) : ""));
    w->v.answer.challenged = true;
}
