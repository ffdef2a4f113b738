/* demo_token.c -- the demo provider's token endpoint and userinfo (RFC 6749 section 5, RFC 7636 section 4.6, OpenID Connect Core 3.1.3, 5.3). */
#include "crypto/digest.h"
#include "crypto/random.h"
#include "demo/demo_state.h"
#include "text/encode.h"
#include "text/json.h"

#include "base/now.h"

enum {
    CLAIMS_MAX = 8 * 1024
};

static struct slice field(const struct form *f, const char *name)
{
    struct slice value = {0};
    return form_single(f, slice_of(name), &value) == FORM_ONCE ? value : (struct slice){0};
}

static void refuse(struct demo_answer *to, const struct demo_ask *ask, int status, const char *error, const char *why)
{
    demo_json(to, status, arena_print(ask->arena, "{\"error\":\"%s\",\"error_description\":\"%s\"}", error, why));
    if (status == 401) demo_add(to, LIT("www-authenticate"), LIT("Basic realm=\"demo\""));
}

static bool same_secret(struct slice a, struct slice b)
{
    return a.len == b.len && a.len != 0 && digest_same(a.at, b.at, a.len);
}

/* Names and secrets are form-encoded inside Basic (RFC 6749 section 2.3.1). */
static bool form_decoded(struct arena *a, struct slice text, struct slice *ret_text)
{
    struct form f = {0};
    const struct slice parts[] = {LIT("v="), text};
    if (slice_index(text, '&') != SLICE_NONE || form_read(a, arena_join(a, parts, 2), &f) != NULL) return false;
    return form_single(&f, LIT("v"), ret_text) == FORM_ONCE;
}

static bool basic_fits(const struct demo *d, struct arena *a, struct slice authorization)
{
    struct slice plain = {0}, id = {0}, secret = {0};
    if (!slice_is_nocase(slice_upto(authorization, 6), LIT("Basic "))) return false;
    if (!base64_decode(a, slice_trim(slice_from(authorization, 6)), &plain)) return false;
    size_t colon = slice_index(plain, ':');
    if (colon == SLICE_NONE) return false;
    if (!form_decoded(a, slice_upto(plain, colon), &id)) return false;
    if (!form_decoded(a, slice_from(plain, colon + 1), &secret)) return false;
    return slice_is(id, d->conf.client_id) && same_secret(secret, d->conf.client_secret);
}

static bool client_fits(const struct demo *d, const struct demo_ask *ask, const struct form *f)
{
    struct slice authorization = demo_header(ask, LIT("authorization")), secret = field(f, "client_secret");
    struct slice id = field(f, "client_id");
    if (authorization.len != 0 && secret.len != 0) return false; /* one way only */
    if (id.len != 0 && !slice_is(id, d->conf.client_id)) return false;
    if (authorization.len != 0) return basic_fits(d, ask->arena, authorization);
    return slice_is(id, d->conf.client_id) && same_secret(secret, d->conf.client_secret);
}

static struct demo_grant *grant_of_code(struct demo *d, struct slice code)
{
    for (size_t i = 0; i < DEMO_GRANTS; i++) {
        struct demo_grant *g = &d->grants[i];
        if (g->has_code && same_secret(code, (struct slice){g->code, sizeof g->code})) return g;
    }
    return NULL;
}

static bool verifier_fits(struct arena *a, const struct demo_grant *g, struct slice verifier)
{
    unsigned char digest[DIGEST_SHA256_BYTES];
    if (verifier.len < 43 || verifier.len > 128) return false;
    digest_sha256(verifier, digest);
    struct slice challenge = base64url_encode(a, (struct slice){(const char *)digest, sizeof digest});
    return same_secret(challenge, (struct slice){g->challenge, sizeof g->challenge});
}

static void add_profile(struct json *j, const struct demo_person *p)
{
    json_string(j, "sub", p->subject);
    json_string(j, "name", p->name);
    json_string(j, "preferred_username", p->id);
    json_string(j, "email", p->email);
    json_bool(j, "email_verified", p->email_verified);
    json_open_list(j, "groups");
    for (size_t i = 0; i < p->group_count; i++)
        json_string(j, NULL, p->groups[i]);
    json_close_list(j);
}

static struct slice id_token(const struct demo *d, struct arena *a, const struct demo_grant *g,
                             struct slice access_token)
{
    AUTO(buf_close) struct buf to = buf_open(CLAIMS_MAX);
    struct json j = json_into(&to);
    json_open_object(&j, NULL);
    json_string(&j, "iss", d->conf.issuer);
    json_string(&j, "aud", d->conf.client_id);
    json_number(&j, "iat", now_s());
    json_number(&j, "exp", now_s() + DEMO_TOKEN_LIFE_S);
    json_number(&j, "auth_time", g->made_s);
    if (g->nonce_len != 0) json_string(&j, "nonce", (struct slice){g->nonce, g->nonce_len});
    json_string(&j, "at_hash", jose_half_hash(a, JOSE_ES256, access_token));
    add_profile(&j, g->person);
    json_close_object(&j);
    return jws_sign(a, d->key, LIT("JWT"), arena_copy(a, buf_slice(&to)));
}

static void redeem(const struct demo *d, struct arena *a, struct demo_grant *g, struct demo_answer *to)
{
    struct slice token = random_text(a, 32);
    must(token.len == sizeof g->token);
    memcpy(g->token, token.at, sizeof g->token);
    g->has_token = true;
    AUTO(buf_close) struct buf body = buf_open(2 * CLAIMS_MAX);
    struct json j = json_into(&body);
    json_open_object(&j, NULL);
    json_string(&j, "access_token", token);
    json_string(&j, "token_type", LIT("Bearer"));
    json_number(&j, "expires_in", DEMO_TOKEN_LIFE_S);
    json_string(&j, "scope", LIT("openid profile email groups"));
    json_string(&j, "id_token", id_token(d, a, g, token));
    json_close_object(&j);
    demo_json(to, 200, arena_copy(a, buf_slice(&body)));
}

void demo_token_answer(struct demo *d, const struct demo_ask *ask, struct demo_answer *to)
{
    struct form f = {0};
    struct slice type = demo_header(ask, LIT("content-type"));
    if (!slice_starts(type, LIT("application/x-www-form-urlencoded")) || form_read(ask->arena, ask->body, &f) != NULL) {
        refuse(to, ask, 400, "invalid_request", "the body must be a form");
        return;
    }
    if (!client_fits(d, ask, &f)) {
        refuse(to, ask, 401, "invalid_client", "client_id or client_secret is wrong, or both ways were used");
        return;
    }
    if (!slice_is(field(&f, "grant_type"), LIT("authorization_code"))) {
        refuse(to, ask, 400, "unsupported_grant_type", "only authorization_code");
        return;
    }
    struct demo_grant *g = grant_of_code(d, field(&f, "code"));
    if (g == NULL) {
        refuse(to, ask, 400, "invalid_grant", "the code is unknown or was used");
        return;
    }
    g->has_code = false; /* used once, whatever comes of it */
    bool fresh = now_s() - g->made_s <= DEMO_CODE_LIFE_S;
    bool fits = slice_is(field(&f, "redirect_uri"), d->conf.redirect_uri) &&
                verifier_fits(ask->arena, g, field(&f, "code_verifier"));
    if (fresh && fits)
        redeem(d, ask->arena, g, to);
    else
        refuse(to, ask, 400, "invalid_grant", fresh ? "redirect_uri or code_verifier is wrong" : "the code is too old");
}

static const struct demo_grant *grant_of_token(const struct demo *d, struct slice authorization)
{
    if (!slice_is_nocase(slice_upto(authorization, 7), LIT("Bearer "))) return NULL;
    struct slice token = slice_from(authorization, 7);
    for (size_t i = 0; i < DEMO_GRANTS; i++) {
        const struct demo_grant *g = &d->grants[i];
        bool lives = g->has_token && now_s() - g->made_s <= DEMO_CODE_LIFE_S + DEMO_TOKEN_LIFE_S;
        if (lives && same_secret(token, (struct slice){g->token, sizeof g->token})) return g;
    }
    return NULL;
}

void demo_userinfo_answer(struct demo *d, const struct demo_ask *ask, struct demo_answer *to)
{
    const struct demo_grant *g = grant_of_token(d, demo_header(ask, LIT("authorization")));
    if (g == NULL) {
        demo_json(to, 401, LIT("{\"error\":\"invalid_token\"}"));
        demo_add(to, LIT("www-authenticate"), LIT("Bearer error=\"invalid_token\""));
        return;
    }
    AUTO(buf_close) struct buf body = buf_open(CLAIMS_MAX);
    struct json j = json_into(&body);
    json_open_object(&j, NULL);
    add_profile(&j, g->person);
    json_close_object(&j);
    demo_json(to, 200, arena_copy(ask->arena, buf_slice(&body)));
}
