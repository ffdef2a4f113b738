/* build_bearer.c -- bearer_issuers[]: whose access tokens programs may show. Before access[], which names them. */
#include "config/build_provider.h"
#include "text/address.h"
#include "text/url.h"

enum {
    ISSUERS_MAX = 64
};

static struct slice address(struct build *b, const struct setting *at, const char *name, struct provider *p)
{
    const struct setting *s = setting_at(at, name);
    struct url u;
    if (s->bad || s->text.len == 0 || url_read(b->a, s->text, &u) != NULL) return (struct slice){NULL, 0};
    if (!u.https && !address_host_is_loopback(u.host))
        BUILD_ERROR(b, at, name, "%s must be https: whoever speaks in its name speaks for everybody", name);
    if (!u.https) p->allow_http = true;
    if (build_is_private(u.host) && !p->allow_private)
        BUILD_ERROR(b, at, name, "%s is on a private address: allow_private: true permits that for this issuer", name);
    return s->text;
}

static struct map_value standard(const char *pointer)
{
    return (struct map_value){.kind = MAP_POINTER, .document = DOCUMENT_CLAIMS, .text = slice_of(pointer)};
}

/* A claim of the token: where the operator says, or the standard one. */
static struct map_value claim(struct build *b, const struct setting *at, const char *name, const char *usual)
{
    struct map_value m = standard(usual);
    struct slice pointer = build_pointer(b->a, setting_text(at, name));
    if (pointer.len != 0) m.text = pointer;
    return m;
}

static void claims(struct build *b, const struct setting *at, struct provider *p, struct descriptor *to)
{
    struct descriptor_profile *map = &to->profile;
    map->source = DOCUMENT_CLAIMS;
    map->subject = claim(b, at, "claims.subject", "/sub");
    map->email = claim(b, at, "claims.email", "/email");
    map->email_verified = claim(b, at, "claims.email_verified", "/email_verified");
    map->name = claim(b, at, "claims.name", "/name");
    map->given_name = standard("/given_name");
    map->family_name = standard("/family_name");
    map->username = claim(b, at, "claims.username", "/preferred_username");
    map->picture = claim(b, at, "claims.picture", "/picture");
    map->locale = standard("/locale");
    map->profile_url = standard("/profile");
    map->groups = claim(b, at, "claims.groups", "/groups");
    p->keep = setting_texts(b->a, at, "claims.keep", &p->keep_count);
    if (p->keep_count <= IDENTITY_KEEP_MAX) return;
    BUILD_ERROR(b, at, "claims.keep", "at most %d claims can be kept", IDENTITY_KEEP_MAX);
    p->keep_count = IDENTITY_KEEP_MAX;
}

/* What the program wants to know of an issuer that nobody is sent to. */
static struct descriptor *described(struct build *b, const struct provider *p, struct slice jwks_url)
{
    struct descriptor *d = arena_new(b->a, struct descriptor);
    d->id = p->id;
    d->name = p->name;
    d->protocol = PROTOCOL_OIDC;
    d->issuer = p->issuer;
    d->discover = true;
    if (jwks_url.len == 0) return d;
    struct template_part *text = arena_new(b->a, struct template_part);
    *text = (struct template_part){.kind = PART_TEXT, .text = jwks_url};
    d->endpoints[ENDPOINT_JWKS] = (struct template){.parts = text, .count = 1, .is_url = true, .source = jwks_url};
    return d;
}

static void algorithms(struct build *b, const struct setting *at, struct provider *p)
{
    const struct setting *list = setting_at(at, "algorithms");
    p->algorithms = list->count == 0 ? (unsigned)JOSE_ASYMMETRIC : 0;
    for (const struct setting *s = list->first; s != NULL; s = s->next) {
        enum jose_alg alg;
        if (!s->bad && jose_alg_of(s->text, &alg)) p->algorithms |= (unsigned)alg;
    }
    if (list->count == 0 && list->node != NULL && !list->bad)
        BUILD_ERROR(b, at, "algorithms", "algorithms is empty: no token could be accepted");
}

static void introspection(struct build *b, const struct setting *at, struct bearer_issuer *to)
{
    static const enum client_auth auths[] = {CLIENT_AUTH_BASIC, CLIENT_AUTH_POST};
    static const char *const moot[] = {"jwks_url", "algorithms", "type"};
    struct provider *p = to->provider;
    p->client_id = setting_text(at, "client_id");
    p->client_secret = setting_at(at, "client_secret")->secret;
    p->client_auth = auths[setting_number(at, "client_auth")];
    bool proves = p->client_id.len != 0 && setting_given(at, "client_secret");
    if (to->introspection_url.len == 0) {
        if (setting_given(at, "client_id") || setting_given(at, "client_secret"))
            BUILD_ERROR(b, at, setting_given(at, "client_id") ? "client_id" : "client_secret",
                        "client_id and client_secret are for introspection_url: tokens that are JWTs are read here");
        return;
    }
    if (!proves && !setting_at(at, "client_secret")->bad)
        BUILD_ERROR(b, at, "introspection_url",
                    "whoever asks about tokens says who it is: client_id and client_secret are missing");
    for (size_t i = 0; i < sizeof moot / sizeof moot[0]; i++) {
        if (setting_given(at, moot[i]))
            BUILD_ERROR(b, at, moot[i],
                        "%s is for tokens that are read here; with introspection_url they are asked about", moot[i]);
    }
    if (p->audience_count == 0)
        BUILD_WARNING(b, at, "introspection_url",
                      "without audiences any token of this issuer is taken, whoever it was made for");
}

static void audiences(struct build *b, const struct setting *at, struct bearer_issuer *to)
{
    struct provider *p = to->provider;
    p->audiences = setting_texts(b->a, at, "audiences", &p->audience_count);
    if (to->introspection_url.len == 0 && p->audience_count == 0 && !setting_at(at, "audiences")->bad &&
        at->node != NULL)
        complaint_at(b->c, COMPLAINT_ERROR, setting_place(at, "audiences"), COMPLAINT_VALUE, LIT(""),
                     "bearer issuer \"%.*s\" has no audiences: a token made for somebody else would pass",
                     SLICE_ARG(p->id));
    for (size_t i = 0; to->plain_jwt && i < b->s->provider_count; i++) {
        const struct provider *other = b->s->providers[i];
        for (size_t k = 0; k < p->audience_count; k++) {
            if (slice_is(p->audiences[k], other->client_id) && slice_is(p->issuer, other->issuer))
                BUILD_ERROR(b, at, "audiences",
                            "\"%.*s\" is the client_id at provider \"%.*s\": with type: jwt its identity tokens "
                            "would pass as access tokens",
                            SLICE_ARG(p->audiences[k]), SLICE_ARG(other->id));
        }
    }
}

/* "corp/4711" must be one person. */
static void one_meaning(struct build *b, const struct setting *at, const struct provider *p)
{
    for (size_t i = 0; i < b->s->bearer_issuer_count; i++) {
        if (slice_is(b->s->bearer_issuers[i].provider->id, p->id))
            BUILD_ERROR(b, at, "id", "there are two bearer issuers \"%.*s\"", SLICE_ARG(p->id));
    }
    for (size_t i = 0; i < b->s->provider_count; i++) {
        const struct provider *other = b->s->providers[i];
        if (slice_is(other->id, p->id) && !slice_is(other->issuer, p->issuer))
            BUILD_ERROR(b, at, "id",
                        "\"%.*s\" is the id of a provider with another issuer: %.*s/4711 would be two people",
                        SLICE_ARG(p->id), SLICE_ARG(p->id));
    }
}

static void issuer(struct build *b, const struct setting *at, struct bearer_issuer *to)
{
    struct provider *p = to->provider = arena_new(b->a, struct provider);
    p->id = setting_text(at, "id");
    p->name = p->id;
    p->allow_private = setting_on(at, "allow_private");
    p->clock_skew_s = (int)(setting_number(at, "clock_skew") / 1000);
    p->timeout_ms = (int)setting_number(at, "timeout");
    p->ca_file = setting_path(at, "ca_file");
    p->issuer = address(b, at, "issuer", p);
    struct slice jwks_url = address(b, at, "jwks_url", p);
    to->introspection_url = address(b, at, "introspection_url", p);
    to->plain_jwt = setting_number(at, "type") == 1;
    to->cache_s = setting_number(at, "cache") / 1000;
    audiences(b, at, to);
    introspection(b, at, to);
    algorithms(b, at, p);
    struct descriptor *d = described(b, p, jwks_url);
    claims(b, at, p, d);
    p->descriptor = d;
    one_meaning(b, at, p);
}

void build_bearer(struct build *b)
{
    const struct setting *list = setting_at(b->root, "bearer_issuers");
    struct snapshot *s = b->s;
    s->bearer_issuers = arena_array(b->a, struct bearer_issuer, list->count + 1);
    if (list->count > ISSUERS_MAX) BUILD_ERROR(b, b->root, "bearer_issuers", "more than %d issuers", ISSUERS_MAX);
    for (const struct setting *at = list->first; at != NULL; at = at->next) {
        issuer(b, at, &s->bearer_issuers[s->bearer_issuer_count]);
        s->bearer_issuer_count++;
    }
}

/* A token that is no JWT does not say whose it is: one at most can be asked. */
void build_rule_bearer(struct build *b, const struct setting *at, struct rule *r)
{
    size_t asked = 0;
    r->bearer.at = setting_texts(b->a, at, "bearer", &r->bearer.count);
    r->pass_bearer = setting_on(at, "pass_bearer");
    if (setting_given(at, "pass_bearer") && r->bearer.count == 0)
        BUILD_ERROR(b, at, "pass_bearer", "pass_bearer is about tokens that this rule takes: write bearer with it");
    for (const struct setting *one = setting_at(at, "bearer")->first; one != NULL; one = one->next) {
        const struct bearer_issuer *found = NULL;
        for (size_t i = 0; i < b->s->bearer_issuer_count; i++) {
            if (slice_is(b->s->bearer_issuers[i].provider->id, one->text)) found = &b->s->bearer_issuers[i];
        }
        if (found == NULL)
            complaint_at(b->c, COMPLAINT_ERROR, one->node, COMPLAINT_VALUE, LIT(""),
                         "there is no bearer issuer \"%.*s\"", SLICE_ARG(one->text));
        asked += found != NULL && found->introspection_url.len != 0;
    }
    if (asked > 1)
        BUILD_ERROR(b, at, "bearer", "two of these have an introspection_url: which of them is to be shown a token?");
}
