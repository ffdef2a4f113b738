/* descriptor_read.c -- one document from its first key to its last: names first, then the sections that use them. */
#include "provider/descriptor_read.h"

#include "provider/descriptor_reading.h"

enum {
    STATE_BYTES = 43, /* what our state has */
    SCOPES_MAX = 64,
    AUTHORIZE_KNOWS = 1 << TEMPLATE_CLIENT_ID | 1 << TEMPLATE_REDIRECT_URI | 1 << TEMPLATE_STATE |
                      1 << TEMPLATE_RANDOM | 1 << TEMPLATE_PRODUCT,
    TOKEN_KNOWS = AUTHORIZE_KNOWS | 1 << TEMPLATE_CLIENT_SECRET | 1 << TEMPLATE_CODE | 1 << TEMPLATE_CODE_VERIFIER |
                  KNOWS_CALLBACK,
    LOGOUT_KNOWS =
        1 << TEMPLATE_CLIENT_ID | 1 << TEMPLATE_ID_TOKEN | 1 << TEMPLATE_POST_LOGOUT_REDIRECT_URI | 1 << TEMPLATE_STATE
};

/* A section that may be absent; NULL after a complaint, too. */
static const struct doc *section(struct reading *r, const char *name, const char *words)
{
    const struct doc *s = reading_member(r->root, name);
    if (s == NULL) return NULL;
    reading_section(r, s, name, words);
    return s->type == DOC_MAP ? s : NULL;
}

/* ---- names that templates refer to ---- */

static void names_of(struct reading *r, const struct doc *map, struct reading_names *to)
{
    for (const struct doc *d = map != NULL && map->type == DOC_MAP ? map->first : NULL; d != NULL; d = d->next)
        if (d->type != DOC_NULL && reading_name(r, d) && reading_find(to, d->key) < 0) reading_add(r, to, d, d->key);
}

static const struct doc *inside(const struct reading *r, const char *outer, const char *inner)
{
    const struct doc *s = reading_member(r->root, outer);
    return s != NULL && s->type == DOC_MAP ? reading_member(s, inner) : NULL;
}

static void names(struct reading *r)
{
    struct descriptor_profile *p = &r->d->profile;
    names_of(r, inside(r, "callback", "params"), &r->callback);
    names_of(r, inside(r, "token", "stored"), &r->stored);
    names_of(r, inside(r, "profile", "map"), &r->me);
    names_of(r, inside(r, "profile", "extra"), &r->me);
    reading_documents(r);
    const struct doc *source = inside(r, "profile", "source");
    bool has_request = r->d->document_count > DOCUMENT_FIRST_REQUEST;
    p->source = r->d->protocol == PROTOCOL_OIDC || !has_request ? DOCUMENT_CLAIMS : DOCUMENT_FIRST_REQUEST;
    if (source == NULL) return;
    p->source = source->type == DOC_STRING ? reading_document(r, source->text) : -1;
    if (p->source >= 0) return;
    READING_ERROR(r, source,
                  "source is the name of a document: id_token, claims, token, callback or the `as` of a request");
    p->source = DOCUMENT_CLAIMS;
}

/* ---- the head ---- */

static void head(struct reading *r)
{
    static const char *const states[] = {"current", "legacy"};
    struct descriptor *d = r->d;
    reading_section(r, r->root, "a provider file",
                    "id name protocol extends status variables issuer discover endpoints authorize callback token "
                    "id_token profile require refresh revoke logout lifecycle api brand");
    d->name = reading_text(r, r->root, "name");
    if (d->name.len == 0) READING_ERROR(r, r->root, "a provider file needs a name: what people read on the button");
    if (reading_member(r->root, "protocol") == NULL)
        READING_ERROR(r, r->root, "a provider file needs protocol: oidc, oauth2 or oauth1");
    d->protocol = (enum protocol)reading_word(r, r->root, "protocol", "oidc oauth2 oauth1", PROTOCOL_OIDC);
    d->status = slice_of(states[reading_word(r, r->root, "status", "current legacy", 0)]);
    names(r);
    reading_variables(r);
    const struct doc *issuer = reading_member(r->root, "issuer");
    if (issuer != NULL) {
        struct template t = reading_template_at(r, issuer, KNOWS_IS_URL);
        d->issuer = template_text(&t);
        if (slice_index(d->issuer, '?') != SLICE_NONE) READING_ERROR(r, issuer, "an issuer has no query");
    }
    d->discover = reading_switch(r, r->root, "discover", d->protocol == PROTOCOL_OIDC);
    reading_endpoints(r);
}

/* ---- authorize ---- */

static bool is_ours(struct slice name)
{
    static const struct slice ours[] = {
        LIT_INIT("client_id"), LIT_INIT("redirect_uri"), LIT_INIT("response_type"), LIT_INIT("response_mode"),
        LIT_INIT("scope"),     LIT_INIT("state"),        LIT_INIT("nonce"),         LIT_INIT("code_challenge"),
        LIT_INIT("request"),   LIT_INIT("request_uri"),  LIT_INIT("client_secret"), LIT_INIT("code_challenge_method")};
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
        if (slice_is(name, ours[i])) return true;
    return false;
}

static struct declared_params extras(struct reading *r, const struct doc *s, const char *name)
{
    struct declared_params p = reading_params(r, s, name, AUTHORIZE_KNOWS, false);
    const struct doc *map = reading_member(s, name);
    for (const struct doc *d = map != NULL && map->type == DOC_MAP ? map->first : NULL; d != NULL; d = d->next)
        if (is_ours(d->key) || slice_is(d->key, r->d->token.client_id_param))
            reading_error(r, d, COMPLAINT_KEY, LIT(""), "further parameters cannot set \"%.*s\": the gateway does",
                          SLICE_ARG(d->key));
    return p;
}

struct scopes {
    struct slice at[SCOPES_MAX];
    size_t count;
};

static void add_scopes(struct reading *r, struct scopes *to, const struct text_list *more, const struct doc *place)
{
    for (size_t i = 0; i < more->count; i++) {
        struct slice scope = more->at[i];
        bool known = false;
        for (size_t k = 0; k < to->count; k++)
            known = known || slice_is(to->at[k], scope);
        if (slice_index(scope, ' ') != SLICE_NONE || slice_find(scope, r->d->scope_separator) != SLICE_NONE)
            READING_ERROR(r, place, "a scope has no space and no separator in it: write them as a list");
        else if (!known && to->count < SCOPES_MAX)
            to->at[to->count++] = scope;
        else if (!known)
            READING_ERROR(r, place, "more than %d scopes", (int)SCOPES_MAX);
    }
}

static bool has_scope(const struct descriptor *d, struct slice scope)
{
    for (size_t i = 0; i < d->scopes.count; i++)
        if (slice_is(d->scopes.at[i], scope)) return true;
    return false;
}

static void judge_scopes(struct reading *r, const struct doc *place)
{
    struct descriptor *d = r->d;
    const struct doc *theirs = reading_member(r->ask->overlay, "authorize");
    bool operators = reading_member(theirs, "scopes") != NULL;
    const struct doc *usual = reading_member(reading_member(r->file, "authorize"), "scopes");
    bool usual_has = false;
    for (const struct doc *one = usual != NULL ? usual->first : NULL; one != NULL; one = one->next)
        usual_has = usual_has || slice_is(one->text, LIT("openid"));
    if (operators && usual_has && !has_scope(d, LIT("openid")))
        READING_ERROR(r, place, "scopes must hold openid: without it there is no identity token");
    if (operators && d->email_scope.len != 0 && !has_scope(d, d->email_scope))
        complaint_at(r->c, COMPLAINT_WARNING, place, COMPLAINT_VALUE, LIT(""),
                     "without the scope \"%.*s\" the provider tells no address", SLICE_ARG(d->email_scope));
}

static void scopes(struct reading *r, const struct doc *s)
{
    struct descriptor *d = r->d;
    struct scopes all = {.count = 0};
    struct text_list given = reading_texts(r, s, "scopes");
    struct slice offline = reading_text(r, s, "offline_scope");
    const struct doc *place = reading_member(s, "scopes");
    add_scopes(r, &all, &given, place);
    add_scopes(r, &all, &r->ask->extra_scopes, NULL);
    for (size_t i = 0; i < d->require_count; i++)
        add_scopes(r, &all, &d->require[i].scopes, place);
    if (r->ask->tokens_kept && offline.len != 0) add_scopes(r, &all, &(struct text_list){&offline, 1}, place);
    struct slice *at = arena_array(r->a, struct slice, all.count + 1);
    for (size_t i = 0; i < all.count; i++) {
        at[i] = all.at[i];
        const struct slice parts[] = {d->scope, i != 0 ? d->scope_separator : LIT(""), at[i]};
        d->scope = arena_join(r->a, parts, 3);
    }
    d->scopes = (struct text_list){at, all.count};
    d->email_scope = reading_text(r, s, "email_scope");
    judge_scopes(r, place);
}

static void authorize(struct reading *r)
{
    struct descriptor *d = r->d;
    bool oidc = d->protocol == PROTOCOL_OIDC, oauth1 = d->protocol == PROTOCOL_OAUTH1;
    const struct doc *s = section(r, "authorize",
                                  "scopes email_scope offline_scope offline_params scope_separator params "
                                  "request_token_params response_mode fragment pkce nonce state_max_length");
    d->scope_separator =
        reading_member(s, "scope_separator") != NULL ? reading_text(r, s, "scope_separator") : LIT(" ");
    if (d->scope_separator.len == 0 || d->scope_separator.len > 4)
        READING_ERROR(r, reading_member(s, "scope_separator"), "scope_separator is one to four characters");
    scopes(r, s);
    d->authorize_params = extras(r, s, "params");
    struct declared_params offline = extras(r, s, "offline_params");
    for (size_t i = 0; i < offline.count && r->ask->tokens_kept; i++)
        reading_params_add(r, &d->authorize_params, offline.at[i].name, offline.at[i].value);
    d->request_token_params = extras(r, s, "request_token_params");
    d->response_mode = (enum response_mode)reading_word(r, s, "response_mode", "query form_post", RESPONSE_QUERY);
    d->fragment = reading_text(r, s, "fragment");
    d->pkce = (enum pkce)reading_word(r, s, "pkce", "S256 none S256_hex", oauth1 ? PKCE_NONE : PKCE_S256);
    d->nonce = (enum nonce)reading_word(r, s, "nonce", "demanded sent none", oidc ? NONCE_DEMANDED : NONCE_NONE);
    reading_number(r, s, "state_max_length", STATE_BYTES, 1 << 20, STATE_BYTES);
    if (d->request_token_params.count != 0 && !oauth1)
        READING_ERROR(r, reading_member(s, "request_token_params"), "only oauth1 has request tokens");
}

/* ---- callback ---- */

static void callback(struct reading *r)
{
    static const struct slice error = LIT_INIT("error"), description = LIT_INIT("error_description");
    struct descriptor_callback *to = &r->d->callback;
    const struct doc *s =
        section(r, "callback", "params error error_description denied denied_param issuer issuer_required");
    const struct doc *params = reading_member(s, "params");
    struct descriptor_callback_param *at = arena_array(r->a, struct descriptor_callback_param, r->callback.count + 1);
    if (params != NULL && params->type != DOC_MAP)
        READING_ERROR(r, params, "params must be names, each with text or json");
    for (size_t i = 0; i < r->callback.count; i++) {
        at[i].name = r->callback.at[i];
        at[i].json = reading_word_at(r, r->callback.node[i], "text json", 0) == 1;
        if (slice_is(at[i].name, LIT("code")) || slice_is(at[i].name, LIT("state")))
            READING_ERROR(r, r->callback.node[i], "code and state are read for every provider");
    }
    to->params = at;
    to->param_count = r->callback.count;
    to->error = reading_texts(r, s, "error");
    to->error_description = reading_texts(r, s, "error_description");
    if (to->error.count == 0) to->error = (struct text_list){&error, 1};
    if (to->error_description.count == 0) to->error_description = (struct text_list){&description, 1};
    to->denied = reading_texts(r, s, "denied");
    to->denied_param = reading_text(r, s, "denied_param");
    struct template issuer = reading_template(r, s, "issuer", KNOWS_IS_URL, NULL);
    to->issuer = template_text(&issuer);
    to->issuer_required = reading_switch(r, s, "issuer_required", false);
    if (to->issuer_required && to->issuer.len == 0 && r->d->issuer.len == 0 && r->ask->place != NULL)
        READING_ERROR(r, s, "issuer_required needs an issuer to compare with");
}

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

static void token(struct reading *r)
{
    struct descriptor *d = r->d;
    struct descriptor_token *to = &d->token;
    bool oauth1 = d->protocol == PROTOCOL_OAUTH1;
    const struct doc *s = section(r, "token",
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

static void id_token(struct reading *r)
{
    struct descriptor_id_token *to = &r->d->id_token;
    bool oidc = r->d->protocol == PROTOCOL_OIDC;
    const struct doc *s = section(r, "id_token", "issuers discovered_issuer algorithms hs256_key required guards");
    to->verified = oidc || s != NULL;
    if (!to->verified) return;
    to->required = reading_switch(r, s, "required", oidc);
    struct template own = reading_template(r, s, "discovered_issuer", 0, NULL);
    to->discovered_issuer = template_text(&own);
    issuers(r, s);
    algorithms(r, s);
    guards(r, s);
}

/* ---- profile ---- */

static bool is_of_browser(const struct map_value *m)
{
    bool is = (m->kind == MAP_POINTER || m->kind == MAP_EACH) && m->document == DOCUMENT_CALLBACK;
    for (size_t i = 0; i < m->template.count; i++) {
        const struct template_part *p = &m->template.parts[i];
        is = is || p->kind == PART_CALLBACK || (p->kind == PART_DOCUMENT && p->number == DOCUMENT_CALLBACK);
    }
    for (size_t i = 0; i < m->of_count; i++)
        is = is || is_of_browser(&m->of[i]);
    return is;
}

/* The callback came through the browser of the person it speaks of: good for a name, never for who they are. */
static void judge_trust(struct reading *r, const struct doc *map)
{
    const struct descriptor_profile *p = &r->d->profile;
    const struct {
        const char *name;
        const struct map_value *value;
    } trusted[] = {
        {"subject",        &p->subject       },
        {"email",          &p->email         },
        {"email_verified", &p->email_verified},
        {"groups",         &p->groups        }
    };
    for (size_t i = 0; i < sizeof trusted / sizeof trusted[0]; i++)
        if (is_of_browser(trusted[i].value))
            READING_ERROR(r, reading_member(map, trusted[i].name),
                          "%s cannot come from the callback: the person's own browser brought it", trusted[i].name);
}

static void attributes(struct reading *r, const struct doc *s)
{
    struct descriptor_profile *p = &r->d->profile;
    const struct doc *map = reading_member(s, "map");
    if (map == NULL) READING_ERROR(r, s, "a provider file needs profile.map with a subject");
    if (map == NULL || !reading_section(r, map, "profile.map",
                                        "subject email email_verified name given_name family_name username picture "
                                        "locale profile_url groups"))
        return;
    p->subject = reading_value(r, map, "subject");
    p->email = reading_value(r, map, "email");
    p->email_verified = reading_value(r, map, "email_verified");
    p->name = reading_value(r, map, "name");
    p->given_name = reading_value(r, map, "given_name");
    p->family_name = reading_value(r, map, "family_name");
    p->username = reading_value(r, map, "username");
    p->picture = reading_value(r, map, "picture");
    p->locale = reading_value(r, map, "locale");
    p->profile_url = reading_value(r, map, "profile_url");
    p->groups = reading_value(r, map, "groups");
    judge_trust(r, map);
    const struct doc *subject = reading_member(map, "subject");
    if (subject == NULL || subject->type != DOC_STRING)
        READING_ERROR(r, subject != NULL ? subject : map,
                      "subject must be one pointer: a list or a constant would make one person of two");
}

static void profile(struct reading *r)
{
    struct descriptor_profile *p = &r->d->profile;
    const struct doc *s = section(r, "profile", "source requests map extra require_verified_email"), *extra;
    p->require_verified_email = reading_switch(r, s, "require_verified_email", false);
    attributes(r, s);
    reading_profile_requests(r);
    extra = reading_member(s, "extra");
    if (extra == NULL) return;
    if (extra->type != DOC_MAP) {
        READING_ERROR(r, extra, "extra must be names with values");
        return;
    }
    struct named_value *at = arena_array(r->a, struct named_value, extra->count + 1);
    for (const struct doc *d = extra->first; d != NULL; d = d->next)
        if (d->type != DOC_NULL) at[p->extra_count++] = (struct named_value){d->key, reading_value_at(r, d)};
    p->extra = at;
}

/* ---- logout, brand ---- */

static void logout(struct reading *r)
{
    struct descriptor_logout *to = &r->d->logout;
    const struct doc *s = section(r, "logout", "url params");
    bool usual =
        r->d->protocol == PROTOCOL_OIDC && (r->d->discover || r->d->endpoints[ENDPOINT_END_SESSION].count != 0);
    if (s == NULL && !usual) return;
    to->url = reading_template(r, s != NULL ? s : r->root, "url", KNOWS_IS_URL, "{end_session}");
    to->params = reading_params(r, s, "params", LOGOUT_KNOWS, false);
    if (reading_member(s, "params") != NULL) return;
    static const char *const pairs[][2] = {
        {"id_token_hint",            "{id_token}"                },
        {"client_id",                "{client_id}"               },
        {"post_logout_redirect_uri", "{post_logout_redirect_uri}"},
        {"state",                    "{state}"                   }
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct doc value = {.type = DOC_STRING, .text = slice_of(pairs[i][1])};
        reading_params_add(r, &to->params, slice_of(pairs[i][0]), reading_template_at(r, &value, LOGOUT_KNOWS));
    }
}

static struct slice color(struct reading *r, const struct doc *s, const char *name)
{
    struct slice text = reading_text(r, s, name);
    bool fine = text.len == 0 || (text.len == 7 && text.at[0] == '#');
    for (size_t i = 1; i < text.len && fine; i++)
        fine = strchr("0123456789abcdefABCDEF", text.at[i]) != NULL;
    if (!fine) READING_ERROR(r, reading_member(s, name), "%s is written as \"#RRGGBB\"", name);
    return fine ? text : (struct slice){NULL, 0};
}

static void brand(struct reading *r)
{
    const struct doc *s = section(r, "brand", "label mark color text_color guidelines");
    r->d->brand = (struct descriptor_brand){.label = reading_text(r, s, "label"),
                                            .mark = reading_text(r, s, "mark"),
                                            .color = color(r, s, "color"),
                                            .text_color = color(r, s, "text_color"),
                                            .guidelines = reading_text(r, s, "guidelines")};
}

/* ---- all of it ---- */

/* What only the whole can miss; a file by itself may leave it to the operator. */
static void judge_whole(struct reading *r)
{
    const struct descriptor *d = r->d;
    static const enum endpoint_name needed[] = {ENDPOINT_AUTHORIZATION, ENDPOINT_TOKEN, ENDPOINT_REQUEST_TOKEN};
    size_t count = d->protocol == PROTOCOL_OAUTH1 ? 3 : 2;
    bool nameless = d->id_token.verified && d->id_token.issuer_count == 0 && d->issuer.len == 0;
    bool can_discover = d->discover && (d->issuer.len != 0 || d->endpoints[ENDPOINT_DISCOVERY].count != 0);
    if (r->errors == 0 && r->ask->place != NULL && nameless)
        READING_ERROR(r, NULL, "provider \"%.*s\" has no issuer: write it letter for letter as the provider spells it",
                      SLICE_ARG(r->ask->provider));
    for (size_t i = 0; i < count && r->errors == 0 && r->ask->place != NULL && !can_discover; i++)
        if (d->endpoints[needed[i]].count == 0)
            READING_ERROR(r, NULL, "provider \"%.*s\" has no address for %s", SLICE_ARG(r->ask->provider),
                          endpoint_word(needed[i]));
    if (d->token.auth == CLIENT_AUTH_NONE && d->pkce == PKCE_NONE)
        READING_ERROR(r, reading_member(reading_member(r->root, "authorize"), "pkce"),
                      "a client without a secret needs pkce: anybody could redeem a stolen code");
}

const struct descriptor *descriptor_read(const struct descriptor_ask *ask, const struct doc **ret_document)
{
    struct arena *a = ask->complaints->arena;
    const struct doc *file = descriptor_library_find(ask->library, ask->id, ask->place);
    if (file == NULL) return NULL;
    struct reading *r = arena_new(a, struct reading);
    r->ask = ask;
    r->c = ask->complaints;
    r->a = a;
    r->d = arena_new(a, struct descriptor);
    r->file = file;
    r->root = descriptor_merge(a, file, ask->overlay);
    r->d->id = ask->id;
    r->d->origin = descriptor_library_origin(ask->library, ask->id);
    r->d->token.client_id_param = LIT("client_id");
    if (ret_document != NULL) *ret_document = r->root;
    head(r);
    token(r);
    reading_require(r);
    authorize(r);
    callback(r);
    id_token(r);
    profile(r);
    reading_refresh(r);
    reading_revoke(r);
    logout(r);
    reading_lifecycle(r);
    reading_api(r);
    brand(r);
    judge_whole(r);
    return r->errors == 0 ? r->d : NULL;
}

/* ---- small readers of a descriptor ---- */

const struct doc *pointers_find(const struct pointers *p, const struct doc *root)
{
    for (size_t i = 0; i < p->count && root != NULL; i++) {
        const struct doc *d = doc_at(root, p->at[i]);
        if (d != NULL && d->type != DOC_NULL) return d;
    }
    return NULL;
}

const char *protocol_word(enum protocol p)
{
    static const char *const words[] = {"oidc", "oauth2", "oauth1"};
    return words[p];
}
