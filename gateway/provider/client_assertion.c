/* client_assertion.c -- claims by templates, signed with the client's key. */
#include "provider/client_assertion.h"

#include "crypto/random.h"
#include "text/json.h"

enum {
    CLAIMS_MAX = 8192,
    LIFETIME_USUAL_S = 300
};

struct claims {
    struct slice issuer, subject, audience, key_id, missing;
};

static struct slice expanded(struct arena *a, const struct template *t, const struct template_values *v,
                             struct slice usual, struct slice *missing)
{
    struct slice name = {0};
    if (t->count == 0) return usual;
    struct slice text = template_expand(a, t, v, &name);
    if (missing->len == 0) *missing = name;
    return text;
}

static struct claims claims_of(struct arena *a, const struct provider *p, const struct template_values *v)
{
    const struct descriptor_assertion *t = &p->descriptor->token.assertion;
    struct claims c = {.missing = {0}};
    struct slice token = v->endpoints[ENDPOINT_TOKEN];
    const struct template *endpoint = &p->descriptor->endpoints[ENDPOINT_TOKEN];
    if (token.len == 0 && template_is_fixed(endpoint)) token = template_text(endpoint);
    c.issuer = expanded(a, &t->issuer, v, p->client_id, &c.missing);
    c.subject = expanded(a, &t->subject, v, p->client_id, &c.missing);
    c.audience = expanded(a, &t->audience, v, token, &c.missing);
    struct slice ignored = LIT("key_id"); /* may be empty */
    c.key_id = expanded(a, &t->key_id, v, LIT(""), &ignored);
    return c;
}

static struct slice payload_of(struct arena *a, const struct provider *p, const struct claims *c, int64_t now_s)
{
    int lifetime_s = p->descriptor->token.assertion.lifetime_s;
    AUTO(buf_close) struct buf text = buf_open(CLAIMS_MAX);
    struct json j = json_into(&text);
    json_open_object(&j, NULL);
    json_string(&j, "iss", c->issuer);
    json_string(&j, "sub", c->subject);
    json_string(&j, "aud", c->audience);
    json_number(&j, "iat", now_s);
    json_number(&j, "exp", now_s + (lifetime_s > 0 ? lifetime_s : LIFETIME_USUAL_S));
    if (p->descriptor->token.auth == CLIENT_AUTH_PRIVATE_KEY) json_string(&j, "jti", random_text(a, 16));
    json_close_object(&j);
    return text.full ? (struct slice){0} : arena_copy(a, buf_slice(&text));
}

const struct err *client_assertion_make(struct arena *a, const struct provider *p, const struct template_values *v,
                                        int64_t now_s, struct slice *ret_jwt)
{
    if (p->client_key == NULL)
        return err_new(a, PROBLEM_PROVIDER_MISCONFIGURED,
                       "there is no client_key_file to sign the client's proof with");
    bool es256 = (client_key_algs(p->client_key) & JOSE_ES256) != 0;
    if (p->descriptor->token.auth == CLIENT_AUTH_SECRET_JWT && !es256)
        return err_new(a, PROBLEM_PROVIDER_MISCONFIGURED, "client_key_file must hold a P-256 key for this provider");
    struct claims c = claims_of(a, p, v);
    struct slice payload = payload_of(a, p, &c, now_s);
    if (c.missing.len != 0 || payload.len == 0)
        return err_new(a, PROBLEM_PROVIDER_MISCONFIGURED, "the client's proof cannot be made: %s%.*s",
                       c.missing.len != 0 ? "nobody says " : "its claims are too long", SLICE_ARG(c.missing));
    *ret_jwt = client_key_sign(a, p->client_key, es256 ? JOSE_ES256 : JOSE_RS256, c.key_id, payload);
    return NULL;
}
