/* outgoing.c -- lists of parameters become a query and a body, each name and value encoded once, spaces as %20 wherever they stand. */
#include "provider/outgoing.h"

#include "crypto/oauth1.h"
#include "crypto/random.h"
#include "provider/client_assertion.h"
#include "text/encode.h"
#include "text/json.h"
#include "text/url.h"

#include "base/now.h"

static const struct slice methods[] = {LIT_INIT("GET"), LIT_INIT("POST"), LIT_INIT("DELETE"), LIT_INIT("PUT")};

static void wipe(struct slice s)
{
    if (s.len != 0) explicit_bzero((void *)(uintptr_t)s.at, s.len);
}

struct outgoing outgoing_open(struct arena *a, const struct provider *p, enum request_method method, struct slice url)
{
    return (struct outgoing){.arena = a,
                             .provider = p,
                             .method = method,
                             .url = url,
                             .query_text = buf_open(OUTGOING_QUERY_MAX),
                             .body_text = buf_open(OUTGOING_BODY_MAX)};
}

static void wipe_params(struct outgoing_params *q)
{
    for (size_t i = 0; i < q->count; i++)
        if (q->list[i].own) wipe(q->list[i].value);
}

void outgoing_wipe(struct outgoing *o)
{
    wipe_params(&o->query);
    wipe_params(&o->body);
    wipe_params(&o->headers);
    wipe(o->authorization);
    wipe(o->whole_url);
    wipe(buf_slice(&o->query_text));
    wipe(buf_slice(&o->body_text));
    buf_close(&o->query_text);
    buf_close(&o->body_text);
}

/* ---- lists ---- */

static struct outgoing_param *find(struct outgoing_params *q, struct slice name, bool is_header)
{
    for (size_t i = 0; i < q->count; i++)
        if (is_header ? slice_is_nocase(q->list[i].name, name) : slice_is(q->list[i].name, name)) return &q->list[i];
    return NULL;
}

static void put(struct outgoing *o, struct outgoing_params *to, struct outgoing_param param)
{
    if (param.value.len == 0 || find(to, param.name, false) != NULL) return;
    o->full = o->full || to->count == OUTGOING_PARAMS_MAX;
    if (!o->full) to->list[to->count++] = param;
}

void outgoing_param(struct outgoing *o, struct slice name, struct slice value)
{
    put(o, o->method == METHOD_GET ? &o->query : &o->body, (struct outgoing_param){name, value, false});
}

static void put_header(struct outgoing *o, struct outgoing_param header)
{
    struct outgoing_param *same = find(&o->headers, header.name, true);
    if (header.value.len == 0) return;
    if (same != NULL)
        *same = header;
    else
        put(o, &o->headers, header);
}

void outgoing_header(struct outgoing *o, struct slice name, struct slice value)
{
    put_header(o, (struct outgoing_param){name, value, false});
}

void outgoing_declared(struct outgoing *o, struct outgoing_params *to, const struct declared_params *from,
                       const struct template_values *v)
{
    for (size_t i = 0; from != NULL && i < from->count; i++) {
        const struct declared_param *d = &from->at[i];
        struct slice missing, value = template_expand(o->arena, &d->value, v, &missing);
        struct outgoing_param param = {d->name, value, !template_is_fixed(&d->value)};
        if (missing.len != 0) continue; /* half a value is none */
        if (to == &o->headers)
            put_header(o, param);
        else
            put(o, to, param);
    }
}

/* ---- credentials ---- */

/* Form-encoded first, then base64 (RFC 6749 section 2.3.1): a colon in either part stays unambiguous. */
void outgoing_basic(struct outgoing *o)
{
    struct arena *a = o->arena;
    struct slice secret = form_encode(a, secret_reveal(o->provider->client_secret));
    struct slice pair =
        arena_print(a, "%.*s:%.*s", SLICE_ARG(form_encode(a, o->provider->client_id)), SLICE_ARG(secret));
    struct slice coded = base64_encode(a, pair);
    o->authorization = arena_print(a, "Authorization: Basic %.*s", SLICE_ARG(coded));
    wipe(secret);
    wipe(pair);
    wipe(coded);
}

void outgoing_bearer(struct outgoing *o, struct slice token)
{
    o->authorization = arena_print(o->arena, "Authorization: Bearer %.*s", SLICE_ARG(token));
}

static void put_assertion(struct outgoing *o, struct slice jwt)
{
    outgoing_param(o, LIT("client_assertion_type"), LIT("urn:ietf:params:oauth:client-assertion-type:jwt-bearer"));
    put(o, o->method == METHOD_GET ? &o->query : &o->body, (struct outgoing_param){LIT("client_assertion"), jwt, true});
}

const struct err *outgoing_client(struct outgoing *o, const struct template_values *v)
{
    const struct descriptor_token *t = &o->provider->descriptor->token;
    struct slice jwt = {0};
    const struct err *bad = NULL;
    switch (t->auth) {
    case CLIENT_AUTH_BASIC: outgoing_basic(o); return NULL;
    case CLIENT_AUTH_OAUTH1: return NULL;
    case CLIENT_AUTH_NONE: break;
    case CLIENT_AUTH_POST:
        outgoing_param(o, t->client_id_param, o->provider->client_id);
        outgoing_param(o, t->client_secret_param, secret_reveal(o->provider->client_secret));
        return NULL;
    case CLIENT_AUTH_SECRET_JWT:
        outgoing_param(o, t->client_id_param, o->provider->client_id);
        outgoing_param(o, t->client_secret_param, v->at[TEMPLATE_CLIENT_SECRET]);
        if (v->at[TEMPLATE_CLIENT_SECRET].len != 0) return NULL;
        return client_assertion_make(o->arena, o->provider, v, now_s(), &jwt); /* says why there is none */
    case CLIENT_AUTH_PRIVATE_KEY:
        bad = client_assertion_make(o->arena, o->provider, v, now_s(), &jwt);
        if (bad == NULL) put_assertion(o, jwt);
        break;
    }
    outgoing_param(o, t->client_id_param, o->provider->client_id);
    return bad;
}

/* ---- over the wire ---- */

static void add_encoded(struct arena *a, struct buf *to, const struct outgoing_params *q)
{
    for (size_t i = 0; i < q->count; i++) {
        struct slice value = percent_encode(a, q->list[i].value);
        if (to->len != 0) buf_byte(to, '&');
        buf_add(to, percent_encode(a, q->list[i].name));
        buf_byte(to, '=');
        buf_add(to, value);
        wipe(value);
    }
}

static void add_json(struct arena *a, struct buf *to, const struct outgoing_params *q)
{
    struct json j = json_into(to);
    json_open_object(&j, NULL);
    for (size_t i = 0; i < q->count; i++)
        json_string(&j, arena_text(a, q->list[i].name), q->list[i].value);
    json_close_object(&j);
}

static void write_body(struct outgoing *o)
{
    if (o->body.count == 0 && (o->method == METHOD_GET || o->method == METHOD_DELETE)) return;
    bool is_json = o->format == BODY_JSON;
    if (is_json)
        add_json(o->arena, &o->body_text, &o->body);
    else
        add_encoded(o->arena, &o->body_text, &o->body);
    if (find(&o->headers, LIT("Content-Type"), true) == NULL)
        outgoing_header(o, LIT("Content-Type"),
                        is_json ? LIT("application/json") : LIT("application/x-www-form-urlencoded"));
}

static const struct err *sign_request(struct outgoing *o, const struct outgoing_signature *sign,
                                      const struct fetch_ask *ask)
{
    const struct oauth1_ask signing = {.method = ask->method,
                                       .url = ask->url,
                                       .form = o->format == BODY_FORM ? ask->body : (struct slice){0},
                                       .consumer_key = o->provider->client_id,
                                       .consumer_secret = secret_reveal(o->provider->client_secret),
                                       .token = sign->token,
                                       .token_secret = sign->secret,
                                       .callback = sign->callback,
                                       .verifier = sign->verifier,
                                       .nonce = hex_encode(o->arena, random_text(o->arena, 12)),
                                       .timestamp_s = now_s()};
    return oauth1_authorization(o->arena, &signing, &o->authorization);
}

static const struct err *write_headers(struct outgoing *o, struct fetch_ask *ask)
{
    size_t count = 0;
    if (find(&o->headers, LIT("Accept"), true) == NULL) outgoing_header(o, LIT("Accept"), LIT("application/json"));
    if (o->authorization.len != 0) ask->headers[count++] = o->authorization;
    for (size_t i = 0; i < o->headers.count; i++) {
        const struct outgoing_param *h = &o->headers.list[i];
        if (!slice_is_one_line(h->value))
            return err_new(o->arena, PROBLEM_PROVIDER_BROKEN, "the header %.*s would not be one line",
                           SLICE_ARG(h->name));
        if (count == FETCH_HEADERS)
            return err_new(o->arena, PROBLEM_PROVIDER_MISCONFIGURED, "more than %d headers for one request",
                           (int)FETCH_HEADERS);
        ask->headers[count++] = arena_print(o->arena, "%.*s: %.*s", SLICE_ARG(h->name), SLICE_ARG(h->value));
    }
    return NULL;
}

const struct err *outgoing_finish(struct outgoing *o, const struct outgoing_signature *sign, struct fetch_ask *ask)
{
    add_encoded(o->arena, &o->query_text, &o->query);
    write_body(o);
    if (o->full || o->query_text.full || o->body_text.full)
        return err_new(o->arena, PROBLEM_PROVIDER_BROKEN, "the request would have more than %d parameters or %d bytes",
                       (int)OUTGOING_PARAMS_MAX, (int)OUTGOING_BODY_MAX);
    ask->method = methods[o->method];
    if (o->query_text.len != 0) o->whole_url = url_with_query(o->arena, o->url, buf_slice(&o->query_text));
    ask->url = o->query_text.len != 0 ? o->whole_url : o->url;
    ask->body = buf_slice(&o->body_text);
    const struct err *bad = sign != NULL ? sign_request(o, sign, ask) : NULL;
    return bad != NULL ? bad : write_headers(o, ask);
}
