/* logout_token.c -- one small judge per claim, in the order of the specification's list. */
#include "provider/logout_token.h"

#include "provider/id_token.h"

static const struct err *refused(struct arena *a, const char *why)
{
    return err_new(a, PROBLEM_BAD_REQUEST, "logout_token: %s", why);
}

static const struct err *judge_type(struct arena *a, const struct jws *t)
{
    struct slice typ = t->typ;
    if (t->claims == NULL || t->claims->type != DOC_MAP) return refused(a, "its payload is not a JSON object");
    if (typ.len == 0 || slice_is_nocase(typ, LIT("logout+jwt")) ||
        slice_is_nocase(typ, LIT("application/logout+jwt")) ||
        slice_is_nocase(typ, LIT("JWT"))) /* section 2.4 only recommends the first */
        return NULL;
    return refused(a, "its typ is that of another kind of token");
}

static const struct err *judge_issuer(struct arena *a, const struct logout_token_rules *r, const struct doc *claims)
{
    struct slice iss = doc_string(claims, LIT("iss"));
    return iss.len != 0 && slice_is(iss, r->issuer) ? NULL : refused(a, "its iss is not the configured issuer");
}

static bool is_trusted(const struct logout_token_rules *r, struct slice audience)
{
    for (size_t i = 0; i < r->audience_count; i++) {
        if (slice_is(r->audiences[i], audience)) return true;
    }
    return slice_is(audience, r->client_id);
}

static const struct err *judge_audience(struct arena *a, const struct logout_token_rules *r, const struct doc *claims)
{
    const struct doc *aud = doc_member(claims, LIT("aud"));
    bool list = aud != NULL && aud->type == DOC_LIST, ours = false;
    if (aud == NULL || (list && aud->count > ID_TOKEN_AUDIENCES_MAX)) return refused(a, "it has no usable aud");
    for (const struct doc *one = list ? aud->first : aud; one != NULL; one = list ? one->next : NULL) {
        if (!doc_is_string(one)) return refused(a, "its aud is not a string or a list of strings");
        if (!is_trusted(r, one->text)) return refused(a, "its aud has an audience that is neither ours nor trusted");
        ours = ours || slice_is(one->text, r->client_id);
    }
    return ours ? NULL : refused(a, "its aud does not name our client_id");
}

static const struct err *judge_times(struct arena *a, const struct logout_token_rules *r, const struct doc *claims,
                                     struct logout_claims *c)
{
    const int64_t most = 253402300799; /* the end of the year 9999: no sum below overflows */
    const struct doc *exp = doc_member(claims, LIT("exp"));
    int64_t issued, ends;
    if (!doc_whole(doc_member(claims, LIT("iat")), &issued) || issued < 0 || issued > most) {
        return refused(a, "it has no usable iat");
    }
    if (issued > r->now_s + r->skew_s) {
        return refused(a, "it was issued in the future (iat); do the clocks agree?");
    }
    c->until_s = issued + LOGOUT_TOKEN_AGE_S + r->skew_s;
    if (c->until_s <= r->now_s) return refused(a, "it was issued too long ago (iat); do the clocks agree?");
    if (exp == NULL) return NULL;
    if (!doc_whole(exp, &ends) || ends < 0 || ends > most) return refused(a, "its exp is no time");
    if (r->now_s >= ends + r->skew_s) return refused(a, "it has expired (exp); do the clocks agree?");
    return NULL;
}

static const struct err *judge_event(struct arena *a, const struct doc *claims)
{
    const struct doc *events = doc_member(claims, LIT("events"));
    const struct doc *ours = doc_member(events, LIT("http://schemas.openid.net/event/backchannel-logout"));
    if (events == NULL || events->type != DOC_MAP || ours == NULL || ours->type != DOC_MAP) {
        return refused(a, "its events do not tell of a logout");
    }
    /* what makes an id_token one: section 2.4 forbids it, so that neither can be used as the other */
    return doc_member(claims, LIT("nonce")) == NULL ? NULL : refused(a, "it has a nonce, which only an id_token has");
}

/* false: it is there and cannot be used. */
static bool text_of(const struct doc *claims, struct slice name, size_t most, struct slice *ret)
{
    const struct doc *d = doc_member(claims, name);
    *ret = (struct slice){NULL, 0};
    if (d == NULL) return true;
    if (!doc_is_string(d) || d->text.len == 0 || d->text.len > most) return false;
    *ret = d->text;
    return true;
}

static const struct err *judge_who(struct arena *a, const struct doc *claims, struct logout_claims *c)
{
    if (!text_of(claims, LIT("sub"), ID_TOKEN_SUBJECT_MAX, &c->sub)) return refused(a, "its sub cannot be used");
    if (!text_of(claims, LIT("sid"), LOGOUT_TOKEN_TEXT_MAX, &c->sid)) return refused(a, "its sid cannot be used");
    if (c->sub.len == 0 && c->sid.len == 0) return refused(a, "it has neither sub nor sid");
    if (!text_of(claims, LIT("jti"), LOGOUT_TOKEN_TEXT_MAX, &c->jti) || c->jti.len == 0) {
        return refused(a, "it has no usable jti");
    }
    return NULL;
}

const struct err *logout_token_judge(struct arena *a, const struct logout_token_rules *r, const struct jws *token,
                                     struct logout_claims *ret_claims)
{
    struct logout_claims c = {.until_s = 0};
    const struct err *bad = judge_type(a, token);
    if (bad == NULL) bad = judge_issuer(a, r, token->claims);
    if (bad == NULL) bad = judge_audience(a, r, token->claims);
    if (bad == NULL) bad = judge_times(a, r, token->claims, &c);
    if (bad == NULL) bad = judge_event(a, token->claims);
    if (bad == NULL) bad = judge_who(a, token->claims, &c);
    if (bad == NULL) *ret_claims = c;
    return bad;
}
