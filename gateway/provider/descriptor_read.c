/* descriptor_read.c -- one document from its first key to its last: names first, then the sections that use them. */
#include "provider/descriptor_read.h"

#include "provider/descriptor_reading.h"

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
    reading_token(r);
    reading_require(r);
    reading_authorize(r);
    reading_callback(r);
    reading_id_token(r);
    reading_profile(r);
    reading_refresh(r);
    reading_revoke(r);
    reading_logout(r);
    reading_lifecycle(r);
    reading_api(r);
    reading_brand(r);
    judge_whole(r);
    return r->errors == 0 ? r->d : NULL;
}
