/* fuzz_logout_token.c -- any JSON object as the claims of a token whose signature was good: what is believed is a logout, for us, of somebody. */
#include "fuzz.h"
#include "provider/logout_token.h"

enum {
    NOW = 1700000000,
    SKEW = 60
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct logout_token_rules rules = {
        .issuer = LIT("https://op.example"), .client_id = LIT("client"), .now_s = NOW, .skew_s = SKEW};
    if (size > JOSE_MAX_TOKEN) return 0;
    AUTO(arena_closep) struct arena *a = arena_open(32 << 20);
    struct doc *claims = NULL;
    struct slice json = fuzz_slice(data, size);
    if (doc_json(a, PROBLEM_BAD_REQUEST, json, &claims) != NULL || claims->type != DOC_MAP) return 0;
    const struct jws token = {.alg = JOSE_ES256, .payload = json, .claims = claims};
    struct logout_claims c;
    const struct err *e = logout_token_judge(a, &rules, &token, &c);
    if (e != NULL) {
        must(e->problem == PROBLEM_BAD_REQUEST);
        return 0;
    }
    must(slice_is(doc_string(claims, LIT("iss")), rules.issuer));
    must(doc_member(claims, LIT("nonce")) == NULL);
    must(doc_member(doc_member(claims, LIT("events")), LIT("http://schemas.openid.net/event/backchannel-logout")) !=
         NULL);
    must(c.jti.len != 0 && c.jti.len <= LOGOUT_TOKEN_TEXT_MAX);
    must((c.sub.len != 0 || c.sid.len != 0) && c.sid.len <= LOGOUT_TOKEN_TEXT_MAX);
    must(c.until_s > NOW && c.until_s <= NOW + LOGOUT_TOKEN_AGE_S + 2 * SKEW);
    return 0;
}
