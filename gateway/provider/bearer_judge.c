/* bearer_judge.c -- what a verified access token, or an issuer's answer about one, must say. Pure. */
#include <math.h>

#include "provider/bearer.h"
#include "provider/profile.h"
#include "text/json.h"

enum {
    CLAIMS_MAX = 512,
    AUDIENCES_MAX = 64
};
static const int64_t time_most = 253402300799; /* the end of the year 9999: no sum below overflows */

static const struct err *refused(struct arena *a, const char *why)
{
    return err_new(a, PROBLEM_TOKEN_REFUSED, "access token: %s", why);
}

/* A NumericDate: any JSON number (RFC 7519 section 2), cut to whole seconds. */
static bool time_of(const struct doc *claims, struct slice name, int64_t *ret_s)
{
    const struct doc *d = doc_member(claims, name);
    if (d == NULL) return false;
    if (d->type == DOC_INT && d->integer >= 0 && d->integer <= time_most) {
        *ret_s = d->integer;
        return true;
    }
    if (d->type != DOC_REAL || !isfinite(d->real) || d->real < 0 || d->real > (double)time_most) return false;
    *ret_s = (int64_t)d->real;
    return true;
}

static bool is_ours(const struct provider *p, struct slice audience)
{
    for (size_t i = 0; i < p->audience_count; i++) {
        if (slice_is(p->audiences[i], audience)) return true;
    }
    return false;
}

/* One of its audiences is ours. Others may stand beside it (RFC 7519 section 4.1.3). */
static const struct err *judge_audience(struct arena *a, const struct provider *p, const struct doc *claims)
{
    const struct doc *aud = doc_member(claims, LIT("aud"));
    if (aud == NULL) return refused(a, "it has no aud");
    bool list = aud->type == DOC_LIST, ours = false;
    if (list && (aud->count == 0 || aud->count > AUDIENCES_MAX))
        return refused(a, "its aud is an empty or a very long list");
    for (const struct doc *one = list ? aud->first : aud; one != NULL; one = list ? one->next : NULL) {
        if (!doc_is_string(one)) return refused(a, "its aud is not a string or a list of strings");
        ours = ours || is_ours(p, one->text);
    }
    return ours ? NULL : refused(a, "it is for another audience (aud)");
}

static const struct err *judge_times(struct arena *a, const struct provider *p, const struct doc *claims, int64_t now_s,
                                     struct bearer_told *to)
{
    int64_t nbf;
    if (to->expires_s + p->clock_skew_s <= now_s) return refused(a, "it has expired (exp)");
    if (to->issued_s > now_s + p->clock_skew_s)
        return refused(a, "it was issued in the future (iat); do the clocks agree?");
    if (doc_member(claims, LIT("nbf")) == NULL) return NULL;
    if (!time_of(claims, LIT("nbf"), &nbf)) return refused(a, "its nbf is no time");
    return nbf > now_s + p->clock_skew_s ? refused(a, "it is not valid yet (nbf)") : NULL;
}

/* RFC 7800: bound to a key of the sender, who would have to prove it. Taken as a plain bearer token it would be worth more than it says. */
static const struct err *judge_binding(struct arena *a, const struct doc *claims)
{
    return doc_member(claims, LIT("cnf")) == NULL ? NULL : refused(a, "it is bound to a key (cnf): not a bearer token");
}

/* "read write" as the list that it is, so that rules can ask for one of them. */
static void split_scopes(struct arena *a, struct identity *who)
{
    for (size_t i = 0; i < who->kept_count; i++) {
        struct identity_claim *c = &who->kept[i];
        bool scope = slice_is(c->name, LIT("scope")) || slice_is(c->name, LIT("scp"));
        if (!scope || slice_starts(c->value, LIT("["))) continue;
        struct slice rest = c->value, word;
        AUTO(buf_close) struct buf to = buf_open(8 * IDENTITY_VALUE_MAX);
        struct json j = json_into(&to);
        json_open_list(&j, NULL);
        while (slice_cut(&rest, ' ', &word)) {
            if (word.len != 0) json_string(&j, NULL, word);
        }
        json_close_list(&j);
        c->value = to.full ? LIT("[]") : arena_copy(a, buf_slice(&to));
    }
}

static const struct err *make_identity(struct arena *a, const struct provider *p, const struct doc *claims,
                                       struct bearer_told *to)
{
    struct profile_ask ask = {.provider = p};
    ask.docs.at[DOCUMENT_ID_TOKEN] = ask.docs.at[DOCUMENT_CLAIMS] = claims;
    ask.values.claims = claims;
    const struct err *bad = profile_make(a, &ask, &to->identity);
    if (bad != NULL) return err_as(a, PROBLEM_TOKEN_REFUSED, bad, "access token: nobody can be made of it");
    split_scopes(a, &to->identity);
    return NULL;
}

/* ---- a JWT ---- */

static const struct err *judge_type(struct arena *a, const struct bearer_issuer *by, const struct jws *t)
{
    static const struct slice others[] = {LIT_INIT("nonce"), LIT_INIT("at_hash"), LIT_INIT("c_hash"),
                                          LIT_INIT("events"), LIT_INIT("s_hash")};
    if (t->claims == NULL || t->claims->type != DOC_MAP || t->claims->count > CLAIMS_MAX)
        return refused(a, "its payload is not a JSON object of at most 512 claims");
    bool access = slice_is_nocase(t->typ, LIT("at+jwt")) || slice_is_nocase(t->typ, LIT("application/at+jwt"));
    bool plain =
        t->typ.len == 0 || slice_is_nocase(t->typ, LIT("JWT")) || slice_is_nocase(t->typ, LIT("application/jwt"));
    if (!access && !(by->plain_jwt && plain))
        return refused(a, "its typ is not at+jwt (see type: jwt, for issuers that say JWT)");
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (doc_member(t->claims, others[i]) != NULL)
            return refused(a, "it is an id_token, a logout token or an event");
    }
    return NULL;
}

const struct err *bearer_judge_jwt(struct arena *a, const struct bearer_issuer *by, const struct jws *token,
                                   int64_t now_s, struct bearer_told *ret_told)
{
    const struct provider *p = by->provider;
    struct bearer_told told = {.issued_s = 0};
    const struct err *bad = judge_type(a, by, token);
    if (bad != NULL) return bad;
    if (!slice_is(doc_string(token->claims, LIT("iss")), p->issuer)) return refused(a, "its iss is another");
    if (!time_of(token->claims, LIT("exp"), &told.expires_s)) return refused(a, "it has no usable exp");
    if (!time_of(token->claims, LIT("iat"), &told.issued_s)) return refused(a, "it has no usable iat");
    if (bad == NULL) bad = judge_audience(a, p, token->claims);
    if (bad == NULL) bad = judge_times(a, p, token->claims, now_s, &told);
    if (bad == NULL) bad = judge_binding(a, token->claims);
    if (bad == NULL) bad = make_identity(a, p, token->claims, &told);
    if (bad == NULL) *ret_told = told;
    return bad;
}

/* ---- what the issuer says of it ---- */

const struct err *bearer_judge_introspection(struct arena *a, const struct bearer_issuer *by, struct slice json,
                                             int64_t now_s, struct bearer_told *ret_told)
{
    const struct provider *p = by->provider;
    struct bearer_told told = {.issued_s = now_s, .expires_s = now_s + BEARER_UNTOLD_S};
    struct doc *root;
    const struct err *bad = doc_json(a, PROBLEM_PROVIDER_BROKEN, json, &root);
    if (bad != NULL) return err_over(a, bad, "the introspection answer is not JSON");
    if (root->type != DOC_MAP || root->count > CLAIMS_MAX)
        return err_new(a, PROBLEM_PROVIDER_BROKEN,
                       "the introspection answer is not a JSON object of at most 512 members");
    const struct doc *active = doc_member(root, LIT("active"));
    if (active == NULL || active->type != DOC_BOOL)
        return err_new(a, PROBLEM_PROVIDER_BROKEN, "the introspection answer does not say whether it is active");
    if (!active->boolean) return refused(a, "its issuer says it is not active");
    const struct doc *type = doc_member(root, LIT("token_type")), *iss = doc_member(root, LIT("iss"));
    bool bearer = type == NULL || (doc_is_string(type) && (slice_is_nocase(type->text, LIT("Bearer")) ||
                                                           slice_is_nocase(type->text, LIT("access_token"))));
    if (!bearer) return refused(a, "its issuer says it is of another type");
    if (iss != NULL && !slice_is(doc_string(root, LIT("iss")), p->issuer)) return refused(a, "its iss is another");
    if (doc_member(root, LIT("exp")) != NULL && !time_of(root, LIT("exp"), &told.expires_s))
        return refused(a, "its exp is no time");
    if (doc_member(root, LIT("iat")) != NULL && !time_of(root, LIT("iat"), &told.issued_s))
        return refused(a, "its iat is no time");
    if (p->audience_count != 0) bad = judge_audience(a, p, root);
    if (bad == NULL) bad = judge_times(a, p, root, now_s, &told);
    if (bad == NULL) bad = judge_binding(a, root);
    if (bad == NULL) bad = make_identity(a, p, root, &told);
    if (bad == NULL) *ret_told = told;
    return bad;
}
