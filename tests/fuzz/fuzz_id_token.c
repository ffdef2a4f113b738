/* fuzz_id_token.c -- any JSON object as the claims of a token whose signature was good: what is believed is about this sign-in. */
#include "fuzz.h"
#include "provider/id_token.h"

enum {
    NOW = 1700000000,
    SKEW = 60
};

static bool names(const struct doc *d, struct slice value)
{
    if (doc_is_string(d)) return slice_is(d->text, value);
    for (const struct doc *c = d != NULL && d->type == DOC_LIST ? d->first : NULL; c != NULL; c = c->next)
        if (doc_is_string(c) && slice_is(c->text, value)) return true;
    return false;
}

/* Seconds, which may have a fraction (RFC 7519 section 2). */
static double seconds(const struct doc *d)
{
    must(d != NULL && (d->type == DOC_INT || d->type == DOC_REAL));
    return d->type == DOC_INT ? (double)d->integer : d->real;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct slice others[] = {LIT_INIT("other")};
    const struct id_token_rules rules = {.issuer = LIT("https://op.example"),
                                         .client_id = LIT("client"),
                                         .audiences = others,
                                         .audience_count = 1,
                                         .nonce = LIT("n-1"),
                                         .access_token = LIT("at"),
                                         .code = LIT("code"),
                                         .now_s = NOW,
                                         .skew_s = SKEW};
    if (size > JOSE_MAX_TOKEN) return 0;
    AUTO(arena_closep) struct arena *a = arena_open(32 << 20);
    struct doc *claims = NULL;
    struct slice json = fuzz_slice(data, size);
    if (doc_json(a, PROBLEM_PROVIDER_BROKEN, json, &claims) != NULL || claims->type != DOC_MAP) return 0;
    const struct jws token = {.alg = JOSE_ES256, .payload = json, .claims = claims};
    const struct err *e = id_token_judge(a, &rules, &token);
    if (e != NULL) {
        must(e->problem == PROBLEM_PROVIDER_BROKEN);
        return 0;
    }
    struct slice subject = doc_string(claims, LIT("sub"));
    must(slice_is(doc_string(claims, LIT("iss")), rules.issuer));
    must(slice_is(doc_string(claims, LIT("nonce")), rules.nonce));
    must(names(doc_member(claims, LIT("aud")), rules.client_id));
    must(subject.len != 0 && subject.len <= ID_TOKEN_SUBJECT_MAX);
    must(seconds(doc_member(claims, LIT("exp"))) > NOW - SKEW - 1);
    must(seconds(doc_member(claims, LIT("iat"))) < NOW + SKEW + 1);
    return 0;
}
