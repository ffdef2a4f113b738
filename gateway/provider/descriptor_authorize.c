/* descriptor_authorize.c -- the way of the browser: authorize, callback, logout. */
#include "provider/descriptor_reading.h"

enum {
    STATE_BYTES = 43, /* what our state has */
    SCOPES_MAX = 64,
    LOGOUT_KNOWS =
        1 << TEMPLATE_CLIENT_ID | 1 << TEMPLATE_ID_TOKEN | 1 << TEMPLATE_POST_LOGOUT_REDIRECT_URI | 1 << TEMPLATE_STATE
};

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
    struct declared_params p = reading_params(r, s, name, READING_AUTHORIZE_KNOWS, false);
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

void reading_authorize(struct reading *r)
{
    struct descriptor *d = r->d;
    bool oidc = d->protocol == PROTOCOL_OIDC, oauth1 = d->protocol == PROTOCOL_OAUTH1;
    const struct doc *s = reading_part(r, "authorize",
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

void reading_callback(struct reading *r)
{
    static const struct slice error = LIT_INIT("error"), description = LIT_INIT("error_description");
    struct descriptor_callback *to = &r->d->callback;
    const struct doc *s =
        reading_part(r, "callback", "params error error_description denied denied_param issuer issuer_required");
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

/* ---- logout ---- */

void reading_logout(struct reading *r)
{
    struct descriptor_logout *to = &r->d->logout;
    const struct doc *s = reading_part(r, "logout", "url params");
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
