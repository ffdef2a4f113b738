/* build_overlay.c -- what an operator's provider entry says, in the words of provider files: a document to lay upon the file. Every node keeps the
 * place where the operator wrote it, so that a complaint points there.
 */
#include "config/build_provider.h"

/* ---- small trees ---- */

static struct doc *section(struct build *b, struct doc *map, const char *name)
{
    struct doc **end = &map->first;
    for (; *end != NULL; end = &(*end)->next)
        if (slice_is((*end)->key, slice_of(name))) return *end;
    struct doc *made = arena_new(b->a, struct doc);
    *made = (struct doc){
        .type = DOC_MAP, .key = slice_of(name), .file = map->file, .line = map->line, .column = map->column};
    *end = made;
    map->count++;
    return made;
}

/* "authorize.scopes": takes node. Its key becomes the last word, its place stays. */
static void put(struct build *b, struct doc *root, const char *path, struct doc *node)
{
    struct slice rest = slice_of(path), name;
    struct doc *map = root;
    while (slice_cut(&rest, '.', &name) && rest.at != NULL)
        map = section(b, map, arena_text(b->a, name));
    struct doc **end = &map->first;
    while (*end != NULL)
        end = &(*end)->next;
    node->key = arena_copy(b->a, name);
    node->next = NULL;
    *end = node;
    map->count++;
}

/* A text of the operator's where the file would have a value; braces are doubled where that value is a template. */
static struct doc *text_node(struct build *b, const struct doc *place, struct slice text, bool template)
{
    struct doc *node = arena_new(b->a, struct doc);
    if (place != NULL) *node = *place;
    if (template) {
        struct buf doubled = buf_open(2 * text.len + 1);
        for (size_t i = 0; i < text.len; i++) {
            if (text.at[i] == '{' || text.at[i] == '}') buf_byte(&doubled, text.at[i]);
            buf_byte(&doubled, text.at[i]);
        }
        text = arena_copy(b->a, buf_slice(&doubled));
        buf_close(&doubled);
    }
    node->type = DOC_STRING;
    node->text = text;
    node->next = NULL;
    return node;
}

/* Takes the file's own value away. */
static struct doc *nothing(struct build *b)
{
    return arena_new(b->a, struct doc); /* DOC_NULL */
}

/* ---- the keys ---- */

static void put_text(struct build *b, const struct setting *at, struct doc *root, const char *key, const char *path)
{
    const struct setting *s = setting_at(at, key);
    if (s->node != NULL && !s->bad && s->text.len != 0) put(b, root, path, text_node(b, s->node, s->text, true));
}

static void put_list(struct build *b, const struct setting *at, struct doc *root, const char *key, const char *path)
{
    const struct setting *list = setting_at(at, key);
    if (list->node == NULL || list->bad) return;
    struct doc *node = arena_new(b->a, struct doc), **end = &node->first;
    *node = *list->node;
    node->type = DOC_LIST;
    node->first = NULL;
    node->count = 0;
    for (const struct setting *s = list->first; s != NULL; s = s->next) {
        *end = text_node(b, s->node, s->text, false);
        end = &(*end)->next;
        node->count++;
    }
    put(b, root, path, node);
}

static void put_word(struct build *b, const struct setting *at, struct doc *root, const char *key, const char *path,
                     const char *const *words)
{
    const struct setting *s = setting_at(at, key);
    if (s->node == NULL || s->bad || s->number < 0) return;
    put(b, root, path, text_node(b, s->node, slice_of(words[s->number]), false));
}

static void put_params(struct build *b, const struct setting *at, struct doc *root)
{
    const struct setting *list = setting_at(at, "authorize_params");
    for (const struct setting *s = list->first; s != NULL; s = s->next) {
        struct doc *params = section(b, section(b, root, "authorize"), "params"), **end = &params->first;
        while (*end != NULL)
            end = &(*end)->next;
        *end = text_node(b, s->node, s->text, true);
        (*end)->key = s->name;
        params->count++;
    }
}

/* The operator's key, the file's. */
static const char *const addresses[][2] = {
    {"authorize_url", "endpoints.authorization"}, {"token_url", "endpoints.token"},
    {"userinfo_url", "endpoints.userinfo"},       {"jwks_url", "endpoints.jwks"},
    {"end_session_url", "endpoints.end_session"}, {"revoke_url", "endpoints.revocation"}};

/* Another issuer than the file's: what the file says of addresses is not about it. */
static void put_issuer(struct build *b, const struct setting *at, struct doc *root, const struct doc *file)
{
    const struct setting *s = setting_at(at, "issuer");
    if (s->node == NULL || s->bad || s->text.len == 0) return;
    put(b, root, "issuer", text_node(b, s->node, s->text, true));
    if (doc_member(file, LIT("issuer")) == NULL) return;
    put(b, root, "endpoints.discovery", nothing(b));
    put(b, root, "id_token.issuers", nothing(b));
    put(b, root, "id_token.discovered_issuer", nothing(b));
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++)
        if (!setting_given(at, addresses[i][0])) put(b, root, addresses[i][1], nothing(b));
}

/* userinfo: false: the file's requests without the one that joins the claims. */
static void put_requests(struct build *b, const struct setting *at, struct doc *root, const struct doc *file)
{
    const struct setting *userinfo = setting_at(at, "userinfo");
    const struct doc *list = doc_at(file, LIT("/profile/requests"));
    if (userinfo->node == NULL || userinfo->number != 0 || list == NULL || list->type != DOC_LIST) return;
    struct doc *kept = arena_new(b->a, struct doc), **end = &kept->first;
    *kept = *list;
    kept->first = NULL;
    kept->count = 0;
    for (const struct doc *d = list->first; d != NULL; d = d->next) {
        const struct doc *joins = doc_member(d, LIT("joins_claims"));
        if (joins != NULL && joins->boolean) continue;
        *end = arena_new(b->a, struct doc);
        **end = *d;
        (*end)->next = NULL;
        end = &(*end)->next;
        kept->count++;
    }
    put(b, root, "profile.requests", kept);
}

/* "groups", "realm_access.roles" or "/realm_access/roles" as a JSON pointer; a name that is an address is taken whole, a pointer into a document
 * ("emails:/email") is one already. */
struct slice build_pointer(struct arena *a, struct slice path)
{
    bool whole = slice_find(path, LIT("://")) != SLICE_NONE;
    if (path.len == 0 || path.at[0] == '/' || (!whole && slice_find(path, LIT(":/")) != SLICE_NONE)) return path;
    struct buf out = buf_open(8192);
    buf_byte(&out, '/');
    for (size_t i = 0; i < path.len; i++) {
        char c = path.at[i];
        if (c == '.' && !whole)
            buf_byte(&out, '/');
        else if (c == '~')
            buf_add(&out, LIT("~0"));
        else if (c == '/')
            buf_add(&out, LIT("~1"));
        else
            buf_byte(&out, c);
    }
    struct slice told = arena_copy(a, buf_slice(&out));
    buf_close(&out);
    return told;
}

static void put_claims(struct build *b, const struct setting *at, struct doc *root)
{
    static const char *const names[] = {"subject", "email",      "email_verified", "name",   "username",   "groups",
                                        "picture", "given_name", "family_name",    "locale", "profile_url"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct setting *s = setting_at(at, arena_print(b->a, "claims.%s", names[i]).at);
        if (s->node == NULL || s->bad || s->text.len == 0) continue;
        put(b, root, arena_print(b->a, "profile.map.%s", names[i]).at,
            text_node(b, s->node, build_pointer(b->a, s->text), false));
    }
}

/* Shown as what is in force; what is wrong with them is told where the file's variables are read. */
static void put_variables(struct build *b, const struct setting *at, struct doc *root, const struct doc *file)
{
    for (const struct setting *s = setting_at(at, "variables")->first; s != NULL; s = s->next) {
        const struct doc *declared = doc_member(doc_member(file, LIT("variables")), s->name);
        if (declared == NULL || declared->type != DOC_MAP) continue;
        put(b, root, arena_print(b->a, "variables.%.*s.default", SLICE_ARG(s->name)).at,
            text_node(b, s->node, s->text, false));
    }
}

const struct doc *build_overlay(struct build *b, const struct setting *at, const struct doc *file)
{
    static const char *const auths[] = {"client_secret_basic", "client_secret_post", "none", "private_key_jwt",
                                        "client_secret_jwt_es256"};
    static const char *const modes[] = {"query", "form_post"}, *const pkce[] = {"S256", "none"};
    struct doc *root = arena_new(b->a, struct doc);
    if (at->node != NULL) *root = *at->node;
    root->type = DOC_MAP;
    root->first = NULL;
    root->count = 0;
    put_variables(b, at, root, file);
    put_issuer(b, at, root, file);
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++)
        put_text(b, at, root, addresses[i][0], addresses[i][1]);
    put_word(b, at, root, "client_auth", "token.auth", auths);
    put_list(b, at, root, "scopes", "authorize.scopes");
    put_params(b, at, root);
    put_word(b, at, root, "response_mode", "authorize.response_mode", modes);
    put_word(b, at, root, "pkce", "authorize.pkce", pkce);
    put_list(b, at, root, "algorithms", "id_token.algorithms");
    put_requests(b, at, root, file);
    put_claims(b, at, root);
    return root;
}
