/* id_token.c -- one small judge per claim, called in the order of the specification's list. */
#include "provider/id_token.h"

#include <math.h>

#include "crypto/digest.h"

enum {
    CLAIMS_MAX = 512 /* joining them with userinfo's is quadratic */
};
static const int64_t time_most = 253402300799; /* the end of the year 9999: no sum below overflows */

static const struct err *broken(struct arena *a, const char *why)
{
    return err_new(a, PROBLEM_PROVIDER_BROKEN, "id_token: %s", why);
}

/* ---- what kind of token ---- */

static const struct err *judge_type(struct arena *a, const struct jws *t)
{
    struct slice typ = t->typ;
    if (t->claims == NULL || t->claims->type != DOC_MAP) return broken(a, "its payload is not a JSON object");
    if (t->claims->count > CLAIMS_MAX) return broken(a, "it has more than 512 claims");
    if (typ.len != 0 && !slice_is_nocase(typ, LIT("JWT")) && !slice_is_nocase(typ, LIT("application/jwt")) &&
        !slice_is_nocase(typ, LIT("id_token+jwt")))
        return broken(a, "its typ is that of another kind of token");
    /* a logout token or security event has these, an id_token never (Back-Channel Logout 1.0 section 2.4) */
    if (doc_member(t->claims, LIT("events")) != NULL) return broken(a, "it is a logout token or security event");
    return NULL;
}

/* ---- for whom, by whom ---- */

static const struct err *judge_issuer(struct arena *a, const struct id_token_rules *r, const struct doc *claims)
{
    struct slice iss = doc_string(claims, LIT("iss"));
    if (iss.len != 0 && slice_is(iss, r->issuer)) return NULL;
    for (size_t i = 0; i < r->issuer_count && iss.len != 0; i++)
        if (slice_is(iss, r->issuers[i])) return NULL;
    return err_new(a, PROBLEM_PROVIDER_BROKEN, "id_token: its iss is \"%.*s\", not the configured \"%.*s\"",
                   SLICE_ARG(slice_upto(iss, 200)), SLICE_ARG(r->issuer));
}

static bool is_trusted(const struct id_token_rules *r, struct slice audience)
{
    for (size_t i = 0; i < r->audience_count; i++)
        if (slice_is(r->audiences[i], audience)) return true;
    return slice_is(audience, r->client_id);
}

static const struct err *judge_audience(struct arena *a, const struct id_token_rules *r, const struct doc *claims,
                                        size_t *ret_count)
{
    const struct doc *aud = doc_member(claims, LIT("aud"));
    const struct doc *first = aud;
    size_t count = 1;
    bool ours = false;
    if (aud == NULL) return broken(a, "it has no aud");
    if (aud->type == DOC_LIST) {
        first = aud->first;
        count = aud->count;
    }
    if (count == 0 || count > ID_TOKEN_AUDIENCES_MAX) return broken(a, "its aud is an empty or a very long list");
    for (const struct doc *one = first; one != NULL; one = aud->type == DOC_LIST ? one->next : NULL) {
        if (!doc_is_string(one)) return broken(a, "its aud is not a string or a list of strings");
        if (!is_trusted(r, one->text)) return broken(a, "its aud has an audience that is neither ours nor trusted");
        ours = ours || slice_is(one->text, r->client_id);
    }
    if (!ours) return broken(a, "its aud does not name our client_id");
    *ret_count = count;
    return NULL;
}

static const struct err *judge_party(struct arena *a, const struct id_token_rules *r, const struct doc *claims,
                                     size_t audiences)
{
    const struct doc *azp = doc_member(claims, LIT("azp"));
    if (azp == NULL) return audiences == 1 ? NULL : broken(a, "it has several audiences and no azp");
    if (doc_is_string(azp) && slice_is(azp->text, r->client_id)) return NULL;
    return broken(a, "its azp is not our client_id");
}

static const struct err *judge_subject(struct arena *a, const struct doc *claims)
{
    const struct doc *sub = doc_member(claims, LIT("sub"));
    if (!doc_is_string(sub) || sub->text.len == 0) return broken(a, "it has no sub");
    if (sub->text.len > ID_TOKEN_SUBJECT_MAX) return broken(a, "its sub is longer than 255 bytes");
    for (size_t i = 0; i < sub->text.len; i++) {
        unsigned char c = (unsigned char)sub->text.at[i];
        if (c < 0x20 || c == 0x7f) return broken(a, "its sub has a control character");
    }
    return NULL;
}

/* ---- when ---- */

/* A NumericDate: any JSON number (RFC 7519 section 2), cut to whole seconds. */
static bool time_of(const struct doc *d, int64_t *ret_s)
{
    if (d == NULL) return false;
    if (d->type == DOC_INT && d->integer >= 0 && d->integer <= time_most) {
        *ret_s = d->integer;
        return true;
    }
    if (d->type != DOC_REAL || !isfinite(d->real) || d->real < 0 || d->real > (double)time_most) return false;
    *ret_s = (int64_t)d->real;
    return true;
}

static const struct err *judge_times(struct arena *a, const struct id_token_rules *r, const struct doc *claims)
{
    int64_t exp, iat, nbf;
    if (!time_of(doc_member(claims, LIT("exp")), &exp)) return broken(a, "it has no usable exp");
    if (!time_of(doc_member(claims, LIT("iat")), &iat)) return broken(a, "it has no usable iat");
    if (r->now_s >= exp + r->skew_s) return broken(a, "it has expired (exp); do the clocks agree?");
    if (iat > r->now_s + r->skew_s) return broken(a, "it was issued in the future (iat); do the clocks agree?");
    if (exp <= iat) return broken(a, "it ends before it begins (exp, iat)");
    const struct doc *d = doc_member(claims, LIT("nbf"));
    if (d == NULL) return NULL;
    if (!time_of(d, &nbf)) return broken(a, "its nbf is no time");
    if (nbf > r->now_s + r->skew_s) return broken(a, "it is not valid yet (nbf); do the clocks agree?");
    return NULL;
}

static const struct err *judge_auth_time(struct arena *a, const struct id_token_rules *r, const struct doc *claims)
{
    int64_t at;
    const struct doc *d = doc_member(claims, LIT("auth_time"));
    if (d == NULL || d->type == DOC_NULL)
        return r->auth_since_s == 0 ? NULL : broken(a, "max_age was asked for, and it has no auth_time");
    if (!time_of(d, &at)) return broken(a, "its auth_time is no time");
    if (at + r->skew_s < r->auth_since_s)
        return broken(a, "its auth_time is longer ago than the max_age that was asked for");
    return NULL;
}

/* ---- bound to what ---- */

static bool same(struct slice x, struct slice y)
{
    return x.len == y.len && x.len != 0 && digest_same(x.at, y.at, x.len);
}

static const struct err *judge_nonce(struct arena *a, const struct id_token_rules *r, const struct doc *claims)
{
    if (r->nonce.at == NULL) return NULL;
    if (r->nonce_may_lack && doc_member(claims, LIT("nonce")) == NULL) return NULL;
    return same(doc_string(claims, LIT("nonce")), r->nonce) ? NULL : broken(a, "its nonce is not the one we sent");
}

static const struct err *judge_hash(struct arena *a, const struct jws *t, const char *claim, struct slice value)
{
    const struct doc *d = doc_member(t->claims, slice_of(claim));
    if (d == NULL || value.len == 0) return NULL;
    if (doc_is_string(d) && same(d->text, jose_half_hash(a, t->alg, value))) return NULL;
    return err_new(a, PROBLEM_PROVIDER_BROKEN, "id_token: its %s does not fit what came with it", claim);
}

const struct err *id_token_judge(struct arena *a, const struct id_token_rules *r, const struct jws *token)
{
    size_t audiences = 0;
    const struct err *bad = judge_type(a, token);
    if (bad == NULL) bad = judge_issuer(a, r, token->claims);
    if (bad == NULL) bad = judge_audience(a, r, token->claims, &audiences);
    if (bad == NULL) bad = judge_party(a, r, token->claims, audiences);
    if (bad == NULL) bad = judge_times(a, r, token->claims);
    if (bad == NULL) bad = judge_nonce(a, r, token->claims);
    if (bad == NULL) bad = judge_subject(a, token->claims);
    if (bad == NULL) bad = judge_auth_time(a, r, token->claims);
    if (bad == NULL) bad = judge_hash(a, token, "at_hash", r->access_token);
    if (bad == NULL) bad = judge_hash(a, token, "c_hash", r->code);
    return bad;
}
