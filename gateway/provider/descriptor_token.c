/* descriptor_token.c -- the token endpoint, and what an identity token must be. */
#include "provider/descriptor_reading.h"

enum {
    TOKEN_KNOWS = READING_AUTHORIZE_KNOWS | 1 << TEMPLATE_CLIENT_SECRET | 1 << TEMPLATE_CODE |
                  1 << TEMPLATE_CODE_VERIFIER | KNOWS_CALLBACK
};

/* ---- token ---- */

static void answer(struct reading *r, const struct doc *token)
{
    struct descriptor_token *to = &r->d->token;
    const struct doc *s = reading_member(token, "response"), *map;
    bool fine = reading_section(r, s, "token.response", "map expires_default_s");
    map = fine ? reading_member(s, "map") : NULL;
    if (!reading_section(r, map, "token.response.map",
                         "access_token refresh_token id_token expires_in refresh_expires_in scope token_secret"))
        map = NULL;
    to->access_token = reading_pointers(r, map, "access_token", "/access_token");
    to->refresh_token = reading_pointers(r, map, "refresh_token", "/refresh_token");
    to->id_token = reading_pointers(r, map, "id_token", "/id_token");
    to->expires_in = reading_pointers(r, map, "expires_in", "/expires_in");
    to->refresh_expires_in = reading_pointers(r, map, "refresh_expires_in", "/refresh_expires_in");
    to->scope = reading_pointers(r, map, "scope", "/scope");
    to->token_secret = reading_pointers(r, map, "token_secret", "/oauth_token_secret");
    to->expires_default_s = fine ? reading_number(r, s, "expires_default_s", 0, 366 * 86400, 0) : 0;
}

static void refusal(struct reading *r, const struct doc *token)
{
    struct descriptor_error *to = &r->d->token.error;
    const struct doc *s = reading_member(token, "error");
    if (!reading_section(r, s, "token.error", "code message http200 success error_when")) s = NULL;
    to->code = reading_pointers(r, s, "code", "/error");
    to->message = reading_pointers(r, s, "message", "/error_description");
    to->http200 = reading_switch(r, s, "http200", false);
    to->success = reading_predicate(r, s, "success");
    to->error_when = reading_predicate(r, s, "error_when");
}

static void assertion(struct reading *r, const struct doc *token)
{
    struct descriptor_assertion *to = &r->d->token.assertion;
    const struct doc *s = reading_member(token, "assertion");
    bool jwt = r->d->token.auth == CLIENT_AUTH_PRIVATE_KEY || r->d->token.auth == CLIENT_AUTH_SECRET_JWT;
    if (!reading_section(r, s, "token.assertion", "issuer subject audience key_id lifetime_s")) return;
    to->lifetime_s = (int)reading_number(r, s, "lifetime_s", 30, 15777000, 300);
    if (!jwt) return;
    const unsigned knows = TEMPLATE_BIT(TEMPLATE_CLIENT_ID);
    to->issuer = reading_template(r, s, "issuer", knows, "{client_id}");
    to->subject = reading_template(r, s, "subject", knows, "{client_id}");
    to->audience = reading_template(r, s, "audience", knows, "{token}");
    to->key_id = reading_template(r, s, "key_id", knows, NULL);
}

void reading_token(struct reading *r)
{
    struct descriptor *d = r->d;
    struct descriptor_token *to = &d->token;
    bool oauth1 = d->protocol == PROTOCOL_OAUTH1;
    const struct doc *s =
        reading_part(r, "token",
                     "method auth client_id_param client_secret_param send_redirect_uri headers params "
                     "assertion response error stored");
    to->method = (enum request_method)reading_word(r, s, "method", "GET POST", METHOD_POST);
    to->auth = (enum client_auth)reading_word(r, s, "auth",
                                              "client_secret_basic client_secret_post none private_key_jwt "
                                              "client_secret_jwt_es256 oauth1_hmac_sha1",
                                              oauth1 ? CLIENT_AUTH_OAUTH1 : CLIENT_AUTH_BASIC);
    if ((to->auth == CLIENT_AUTH_OAUTH1) != oauth1)
        READING_ERROR(r, reading_member(s, "auth"), "oauth1_hmac_sha1 goes with protocol: oauth1, and only with it");
    to->client_id_param = reading_text(r, s, "client_id_param");
    to->client_secret_param = reading_text(r, s, "client_secret_param");
    if (to->client_id_param.len == 0) to->client_id_param = LIT("client_id");
    if (to->client_secret_param.len == 0) to->client_secret_param = LIT("client_secret");
    to->send_redirect_uri = reading_switch(r, s, "send_redirect_uri", true);
    to->headers = reading_params(r, s, "headers", TOKEN_KNOWS, true);
    to->params = reading_params(r, s, "params", TOKEN_KNOWS, false);
    to->stored = reading_params(r, s, "stored", KNOWS_CALLBACK | KNOWS_TOKEN | KNOWS_CLAIM, false);
    assertion(r, s);
    answer(r, s);
    refusal(r, s);
}

/* ---- id_token ---- */

static bool guard_applies(struct reading *r, const struct doc *guard)
{
    const struct doc *when = reading_member(guard, "when");
    if (when == NULL || !reading_section(r, when, "when", "variable equals")) return when == NULL;
    struct slice name = reading_text(r, when, "variable");
    int variable = reading_find(&r->variables, name);
    if (variable < 0) {
        READING_ERROR(r, when, "there is no variable \"%.*s\"", SLICE_ARG(name));
        return false;
    }
    struct text_list values = reading_texts(r, when, "equals");
    for (size_t i = 0; i < values.count; i++)
        if (slice_is(values.at[i], r->variables.text[variable])) return true;
    return false;
}

static void guards(struct reading *r, const struct doc *s)
{
    const struct doc *list = reading_member(s, "guards");
    if (list == NULL) return;
    if (list->type != DOC_LIST) {
        READING_ERROR(r, list, "guards must be a list");
        return;
    }
    struct descriptor_guard *at = arena_array(r->a, struct descriptor_guard, list->count + 1);
    for (const struct doc *g = list->first; g != NULL; g = g->next) {
        if (!reading_section(r, g, "a guard", "claim equals not when")) continue;
        bool negated = reading_member(g, "not") != NULL;
        struct descriptor_guard guard = {.claim = reading_text(r, g, "claim"), .negated = negated};
        guard.values = reading_texts(r, g, negated ? "not" : "equals");
        if (guard.claim.len == 0 || guard.values.count == 0 || (negated && reading_member(g, "equals") != NULL))
            READING_ERROR(r, g, "a guard has a claim, and either equals or not");
        else if (guard_applies(r, g))
            at[r->d->id_token.guard_count++] = guard;
    }
    r->d->id_token.guards = at;
}

static void issuers(struct reading *r, const struct doc *s)
{
    struct descriptor_id_token *to = &r->d->id_token;
    const struct doc *list = reading_member(s, "issuers");
    size_t count = list != NULL && list->type == DOC_LIST ? list->count : 1;
    struct template *at = arena_array(r->a, struct template, count + 1);
    struct doc issuer = {.type = DOC_STRING, .key = LIT("issuer"), .text = LIT("{issuer}")};
    if (list != NULL && list->type != DOC_LIST && !reading_is_scalar(list))
        READING_ERROR(r, list, "issuers must be a list");
    else if (list != NULL && list->type != DOC_LIST)
        at[to->issuer_count++] = reading_template_at(r, list, KNOWS_CLAIM);
    else if (list == NULL && r->d->issuer.len != 0)
        at[to->issuer_count++] = reading_template_at(r, &issuer, KNOWS_CLAIM);
    for (const struct doc *d = list != NULL && list->type == DOC_LIST ? list->first : NULL; d != NULL; d = d->next)
        at[to->issuer_count++] = reading_template_at(r, d, KNOWS_CLAIM);
    to->issuers = at;
}

static void algorithms(struct reading *r, const struct doc *s)
{
    struct descriptor_id_token *to = &r->d->id_token;
    struct text_list names = reading_texts(r, s, "algorithms");
    bool hs256 = false;
    to->hs256_client_secret = reading_member(s, "hs256_key") != NULL;
    reading_word(r, s, "hs256_key", "client_secret", 0);
    if (names.count == 0) to->algorithms = (unsigned)JOSE_RS256;
    for (size_t i = 0; i < names.count; i++) {
        enum jose_alg alg;
        if (slice_is(names.at[i], LIT("HS256")))
            hs256 = true;
        else if (jose_alg_of(names.at[i], &alg))
            to->algorithms |= (unsigned)alg;
        else
            READING_ERROR(r, reading_member(s, "algorithms"), "\"%.*s\" is no signature we verify",
                          SLICE_ARG(slice_upto(names.at[i], 20)));
    }
    if (hs256 != to->hs256_client_secret)
        READING_ERROR(r, s, "HS256 among the algorithms and hs256_key: client_secret go together");
    if (hs256) to->algorithms |= (unsigned)JOSE_HS256;
}

void reading_id_token(struct reading *r)
{
    struct descriptor_id_token *to = &r->d->id_token;
    bool oidc = r->d->protocol == PROTOCOL_OIDC;
    const struct doc *s = reading_part(r, "id_token", "issuers discovered_issuer algorithms hs256_key required guards");
    to->verified = oidc || s != NULL;
    if (!to->verified) return;
    to->required = reading_switch(r, s, "required", oidc);
    struct template own = reading_template(r, s, "discovered_issuer", 0, NULL);
    to->discovered_issuer = template_text(&own);
    issuers(r, s);
    algorithms(r, s);
    guards(r, s);
}
