/* build_endpoints.c -- a provider's addresses: those of the entry judged where they stand, those of the file by what they came out as. */
#include "config/build_provider.h"
#include "text/address.h"
#include "text/url.h"

/* An address of the provider: https, or http on this machine. */
static void endpoint(struct build *b, const struct setting *at, const char *name, const struct provider *p)
{
    const struct setting *s = setting_at(at, name);
    struct url u;
    if (s->bad || s->text.len == 0 || url_read(b->a, s->text, &u) != NULL) return;
    if (!u.https && !address_host_is_loopback(u.host)) {
        BUILD_ERROR(b, at, name, "%s must be https: secrets and tokens travel there. http is for this machine", name);
    }
    if (slice_is(slice_of(name), LIT("issuer")) && slice_find(u.path, LIT("/.well-known/")) != SLICE_NONE) {
        BUILD_ERROR(b, at, name,
                    "issuer is what stands before /.well-known/ in this address; the rest is found from it");
    }
    bool hidden = slice_is(slice_of(name), LIT("authorize_url")) || slice_is(slice_of(name), LIT("end_session_url"));
    if (!hidden && build_is_private(u.host) && !p->allow_private) {
        BUILD_ERROR(b, at, name, "%s is on a private address: allow_private: true permits that for this provider",
                    name);
    }
}

bool build_addresses(struct build *b, const struct setting *at, const struct provider *p)
{
    static const char *const keys[] = {"issuer",   "authorize_url",   "token_url", "userinfo_url",
                                       "jwks_url", "end_session_url", "revoke_url"};
    int before = b->c->errors;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        endpoint(b, at, keys[i], p);
    }
    return b->c->errors == before;
}

/* What the file and its variables make of it, where no key of the entry is to blame. */
static bool is_private_endpoint(struct build *b, const struct setting *at, const struct provider *p,
                                struct slice address)
{
    struct url u;
    if (p->allow_private || address.len == 0 || url_read(b->a, address, &u) != NULL || !build_is_private(u.host))
        return false;
    complaint_at(b->c, COMPLAINT_ERROR, at->node, COMPLAINT_KEY, LIT(""),
                 "%.*s is a private address: allow_private: true permits that for this provider", SLICE_ARG(u.host));
    return true;
}

static struct slice fixed(const struct descriptor *d, enum endpoint_name e)
{
    return template_is_fixed(&d->endpoints[e]) ? template_text(&d->endpoints[e]) : (struct slice){NULL, 0};
}

/* What a provider without an issuer is known by: sessions are held to it. */
static struct slice origin_of(struct build *b, struct slice address)
{
    struct url u;
    return url_read(b->a, address, &u) == NULL ? url_origin(b->a, &u) : (struct slice){NULL, 0};
}

void build_endpoints(struct build *b, const struct setting *at, struct provider *p)
{
    static const enum endpoint_name asked[] = {ENDPOINT_TOKEN,     ENDPOINT_USERINFO,   ENDPOINT_JWKS,
                                               ENDPOINT_DISCOVERY, ENDPOINT_REVOCATION, ENDPOINT_REQUEST_TOKEN};
    const struct descriptor *d = p->descriptor;
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        if (is_private_endpoint(b, at, p, fixed(d, asked[i]))) break;
    }
    p->allow_http = d->uses_http;
    p->issuer = d->issuer.len != 0 ? d->issuer : d->callback.issuer;
    if (p->issuer.len == 0) p->issuer = origin_of(b, fixed(d, ENDPOINT_TOKEN));
}
