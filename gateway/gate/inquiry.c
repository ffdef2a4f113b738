#include "gate/inquiry.h"

#include "proxy/forwarding.h"
#include "text/form.h"

#include "base/now.h"

enum {
    NARROW_MAX = 4, /* rule, groups, emails, email_domains */
    LIST_MAX = 64   /* words of one list */
};

const struct inquiry inquiry_nginx = {.how = ASKED_NGINX, .yes = 200, .no = NO_BARE};
const struct inquiry inquiry_forward = {.how = ASKED_FORWARD, .yes = 200, .no = NO_WHOLE};
const struct inquiry inquiry_envoy = {.how = ASKED_ENVOY, .yes = 200, .no = NO_WHOLE};

/* ---- who asks about what ---- */

/* "a,b" of the query. What cannot be a list lets nobody pass: an empty list in a rule that allows some. */
static struct slices words_of(struct arena *a, struct slice list)
{
    struct slice *words = arena_array(a, struct slice, LIST_MAX), word;
    size_t count = 0;
    while (slice_cut(&list, ',', &word)) {
        word = slice_trim(word);
        if (word.len == 0) continue;
        if (count == LIST_MAX) return (struct slices){NULL, 0};
        words[count++] = word;
    }
    return (struct slices){words, count};
}

static struct rule *one_more(struct visitor *w)
{
    if (w->narrow == NULL) w->narrow = arena_array(w->v.x->arena, struct rule, NARROW_MAX);
    struct rule *r = &w->narrow[w->narrow_count++];
    must(w->narrow_count <= NARROW_MAX);
    *r = (struct rule){.id = LIT("query"), .allow = ALLOW_SOME};
    return r;
}

static enum form_found by_either_name(const struct form *q, struct slice name, struct slice allowed_name,
                                      struct slice *ret_value)
{
    enum form_found found = form_single(q, name, ret_value);
    struct slice other = {0};
    enum form_found also = form_single(q, allowed_name, &other);
    if (found != FORM_ABSENT && also != FORM_ABSENT) return FORM_TWICE;
    if (also != FORM_ABSENT) *ret_value = other;
    return found != FORM_ABSENT ? found : also;
}

static void narrow_by_rule(struct visitor *w, const struct form *q)
{
    struct slice id = {0};
    const struct snapshot *s = w->snapshot;
    enum form_found found = form_single(q, LIT("rule"), &id);
    if (found == FORM_ABSENT) return;
    struct rule *r = one_more(w);
    for (size_t i = 0; found == FORM_ONCE && i < s->rule_count; i++) {
        if (!slice_is(s->rules[i].id, id)) continue;
        *r = s->rules[i];
        return;
    }
    LOG(LOG_LEVEL_INFO, "auth.rule_unknown", "A front proxy names a rule that is not there; nobody passes.", NULL,
        {"rule", slice_upto(id, 64)}, {"request_id", w->v.request_id});
}

static void narrow(struct visitor *w)
{
    static const struct {
        struct slice name, allowed_name;
    } lists[] = {
        {LIT_INIT("groups"),        LIT_INIT("allowed_groups")       },
        {LIT_INIT("emails"),        LIT_INIT("allowed_emails")       },
        {LIT_INIT("email_domains"), LIT_INIT("allowed_email_domains")},
    };
    struct exchange *x = w->v.x;
    struct form q;
    if (form_read(x->arena, x->query, &q) != NULL) {
        one_more(w); /* unreadable: nobody */
        return;
    }
    narrow_by_rule(w, &q);
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        struct slice value = {0};
        enum form_found found = by_either_name(&q, lists[i].name, lists[i].allowed_name, &value);
        if (found == FORM_ABSENT) continue;
        struct people *people = &one_more(w)->people;
        struct slices *to[] = {&people->groups, &people->emails, &people->email_domains};
        if (found == FORM_ONCE) *to[i] = words_of(x->arena, value);
    }
}

/* May people be sent there, or is it a backend's: else it is no host of ours, whatever the front proxy serves beside us. */
static enum flow_next find_rule(struct flow *f, struct visitor *w)
{
    const struct snapshot *s = w->snapshot;
    bool known;
    site_choose(w, &known);
    size_t i = routes_backend(s->routes, w->asked.host, w->asked.path);
    if (!known && !(i != SIZE_MAX && s->backends[i].host.len != 0)) {
        return flow_fail(f, err_new(f->arena, PROBLEM_UNKNOWN_HOST,
                                    "a front proxy asks about a host that is neither public_url's, nor in "
                                    "sign_in.redirects, nor a backend's"));
    }
    const struct route_ask ask = {w->asked.host, w->asked.path, w->asked.method, &w->client.address, i};
    w->rule = routes_rule(s->routes, &ask);
    if (w->rule != NULL) w->v.rule = w->rule->id;
    return FLOW_NEXT;
}

/* Of several sites one must be meant. Host is what the front proxy says; X-Forwarded-Host may be a client's, and then must not differ. */
static enum flow_next who_alone(struct flow *f, struct visitor *w)
{
    const struct snapshot *s = w->snapshot;
    bool known, home;
    w->asked.how = ASKED_UNTOLD;
    site_choose(w, &known);
    if (s->site_count == 1) return FLOW_NEXT;
    const struct site *told = snapshot_site(s, w->v.x->authority, &home, &known);
    if (known && told == w->site) return FLOW_NEXT;
    return flow_fail(f, err_new(f->arena, PROBLEM_UNKNOWN_HOST, "a front proxy does not say for which site it asks"));
}

enum flow_next inquiry_hear(struct flow *f, struct visitor *w)
{
    struct exchange *x = w->v.x;
    const struct inquiry *q = w->endpoint->inquiry;
    if (!w->client.peer_trusted) {
        return flow_fail(f, err_new(f->arena, PROBLEM_UNTRUSTED_PEER,
                                    "only a proxy in trusted_proxies may ask whether a request may pass"));
    }
    /* A front proxy keeps clients away from this address as it is spelled; in another spelling nobody asks but they. */
    if (q->how != ASKED_ENVOY && !slice_is(x->path, w->asked.path)) {
        return flow_fail(
            f, err_new(f->arena, PROBLEM_AMBIGUOUS_PATH, "our own address is not spelled as it is configured"));
    }
    if (q->how != ASKED_ENVOY && x->query.len != 0) narrow(w);
    if (q->how == ASKED_UNTOLD) return who_alone(f, w);
    struct asked asked;
    struct slice own = w->asked.path; /* ours, then a slash and what is asked about */
    struct slice address = q->how == ASKED_ENVOY ? slice_upto(own, own.len - w->endpoint_tail.len - 1) : LIT("");
    const struct err *e = asked_read(x, q->how, address, w->site->public_https, &asked);
    if (e != NULL) return flow_fail(f, e);
    w->asked = asked;
    return find_rule(f, w);
}

/* ---- what the rules say ---- */

static bool is_worse(enum verdict v, enum verdict than)
{
    static const int rank[] = {
        [VERDICT_ALLOW] = 0, [VERDICT_STEP_UP] = 1, [VERDICT_SIGN_IN] = 2, [VERDICT_REFUSE] = 3, [VERDICT_HIDE] = 4};
    return rank[v] > rank[than];
}

/* Signing in again cannot help here: the way back leads to an address whose own rule does not ask for it, and so back here. */
static void worst_of(struct visitor *w, const struct rule *rules, size_t count, bool public_ones,
                     const struct person *person, int64_t now_s, enum verdict *verdict)
{
    for (size_t i = 0; i < count; i++) {
        if (!public_ones && rules[i].allow == ALLOW_EVERYONE) continue;
        enum verdict v = route_judge(&rules[i], person, now_s);
        if (v == VERDICT_STEP_UP) v = VERDICT_REFUSE;
        if (!is_worse(v, *verdict)) continue;
        *verdict = v;
        w->rule = &rules[i];
        w->v.rule = rules[i].id;
    }
}

enum verdict inquiry_judge(struct visitor *w, const struct person *person, int64_t now_s)
{
    enum verdict verdict = VERDICT_ALLOW;
    if (w->asked.how != ASKED_UNTOLD) {
        verdict = route_judge(w->rule, person, now_s);
    } else if (person == NULL) {
        verdict = VERDICT_SIGN_IN;
    } else {
        worst_of(w, w->snapshot->rules, w->snapshot->rule_count, false, person, now_s, &verdict);
    }
    /* Lists of the query narrow who may pass, not by what means. */
    for (size_t i = 0; w->rule != NULL && i < w->narrow_count; i++) {
        if (slice_is(w->narrow[i].id, LIT("query"))) w->narrow[i].bearer = w->rule->bearer;
    }
    worst_of(w, w->narrow, w->narrow_count, true, person, now_s, &verdict);
    return verdict;
}

/* ---- answers ---- */

static enum header_preset preset_for(const struct visitor *w)
{
    const struct inquiry *q = w->endpoint->inquiry;
    if (q->own_preset) return q->preset;
    enum header_preset preset = w->snapshot->preset;
    return preset == PRESET_OAUTH2_PROXY ? PRESET_AUTH_REQUEST : preset; /* its names on such answers are others */
}

/* Of the assertion: the origin that is asked about, as a backend of ours would have its own. */
static struct slice audience_for(const struct visitor *w)
{
    const struct asked *asked = &w->asked;
    if (w->snapshot->token_audience.len != 0) return w->snapshot->token_audience;
    if (asked->how == ASKED_UNTOLD) return w->site->public_origin;
    bool https = asked->https || w->site->public_https;
    const struct slice parts[] = {https ? LIT("https://") : LIT("http://"), asked->authority};
    return arena_join(w->v.x->arena, parts, 2);
}

enum flow_next inquiry_yes(struct flow *f, struct visitor *w)
{
    struct exchange *x = w->v.x;
    const struct snapshot *s = w->snapshot;
    const struct inquiry *q = w->endpoint->inquiry;
    const struct forwarding ask = {.x = x,
                                   .session = w->v.session,
                                   .preset = preset_for(w),
                                   .subject_alone = s->provider_count == 1 && !w->by_token,
                                   .audience = audience_for(w),
                                   .issuer = s->token_issuer,
                                   .keys = s->signing_keys,
                                   .assertion_s = s->token_lifetime_s,
                                   .generation = s->generation,
                                   .now_s = now_s()};
    struct header told[PRESET_HEADERS_MAX];
    size_t count = forwarding_identity(&ask, told);
    (void)f;
    for (size_t i = 0; i < count; i++) {
        exchange_add(x, told[i].name, told[i].value);
    }
    /* nginx heeds whichever comes first */
    if (q->no == NO_BARE && s->verdict_cache_s > 0) {
        exchange_add(x, LIT("x-accel-expires"), arena_print(x->arena, "%d", s->verdict_cache_s));
    }
    exchange_add(x, LIT("cache-control"), LIT("no-store"));
    exchange_reply(x, q->yes, LIT(""));
    return FLOW_DONE;
}

static bool wants_rd(const struct exchange *x)
{
    struct form q;
    struct slice rd;
    return x->query.len != 0 && form_read(x->arena, x->query, &q) == NULL &&
           form_single(&q, LIT("rd"), &rd) == FORM_ONCE;
}

/* What such a proxy can carry of a problem: whoever would be helped by signing in is nobody yet, everything else is denied. */
bool inquiry_no(struct visitor *w, enum problem problem, bool may_redirect)
{
    const struct inquiry *q = w->endpoint->inquiry;
    struct exchange *x = w->v.x;
    const struct responder *by = &w->v.answer;
    if (q->no == NO_WHOLE || (q->whole_with_rd && wants_rd(x))) return false;
    bool nobody = problem_status(problem) == 401;
    exchange_add(x, LIT("cache-control"), LIT("no-store"));
    exchange_add(x, LIT("x-auth-reason"), problem_word(problem));
    bool helps = (q->no == NO_BARE && by->wants == WANTS_NAVIGATION) || q->no == NO_BARE_FOR_ALL;
    if (nobody && may_redirect && helps) {
        exchange_add(x, LIT("location"), by->sign_in);
        exchange_add(x, LIT("x-auth-location"), by->sign_in);
    } else if (nobody && !by->challenged) {
        exchange_add(x, LIT("www-authenticate"), LIT("Bearer"));
    }
    struct slice words = nobody ? LIT("Unauthorized") : LIT("Forbidden");
    if (q->no == NO_TEXT) exchange_add(x, LIT("content-type"), LIT("text/plain; charset=utf-8"));
    exchange_reply(x, nobody ? 401 : 403, q->no == NO_TEXT ? words : LIT(""));
    return true;
}
