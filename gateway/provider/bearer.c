/* bearer.c -- two short flows: keys ─ verify ─(newer keys ─ verify)─ judge, or ask the issuer ─ judge. Parsed in an arena of their own that
 * closes with the caller's. */
#include "provider/bearer.h"

#include "provider/counted.h"
#include "provider/oidc_discovery.h"
#include "provider/oidc_keys.h"
#include "text/encode.h"
#include "text/form.h"

#include "base/now.h"

enum {
    WORK_ARENA_BYTES = 32 * 1024 * 1024,
    ANSWER_MAX_BYTES = 64 * 1024,
    REQUEST_MAX_BYTES = 4 * BEARER_TOKEN_MAX
};

struct verify {
    struct flow flow;
    struct arena *work;
    const struct bearer_issuer *by;
    const struct provider_env *env;
    struct slice token;
    struct bearer_told *ret_told;
    struct metadata *metadata;
    struct slice jwks_url;
    struct jwks *keys, *newer;
    struct jws jws;
    const struct err *unverified; /* NULL: the signature is good */
    struct fetch_answer answer;
};

/* ---- whose it says it is ---- */

static struct slice unverified_issuer(struct arena *a, struct slice token)
{
    struct slice rest = token, header, payload, signature, json;
    struct doc *claims;
    if (!slice_cut(&rest, '.', &header) || !slice_cut(&rest, '.', &payload) || !slice_cut(&rest, '.', &signature) ||
        rest.at != NULL || signature.len == 0 || !base64url_decode(a, payload, &json) ||
        doc_json(a, PROBLEM_TOKEN_REFUSED, json, &claims) != NULL || claims->type != DOC_MAP)
        return (struct slice){NULL, 0};
    return doc_string(claims, LIT("iss"));
}

const struct bearer_issuer *bearer_issuer_of(struct slice token, const struct bearer_issuer *all, size_t count)
{
    if (token.len > BEARER_TOKEN_MAX) return NULL;
    AUTO(arena_closep) struct arena *a = arena_open(WORK_ARENA_BYTES);
    struct slice issuer = unverified_issuer(a, token);
    for (size_t i = 0; issuer.len != 0 && i < count; i++) {
        if (all[i].introspection_url.len == 0 && slice_is(all[i].provider->issuer, issuer)) return &all[i];
    }
    return NULL;
}

bool bearer_is_symmetric(struct slice token)
{
    AUTO(arena_closep) struct arena *a = arena_open(WORK_ARENA_BYTES);
    size_t dot = slice_index(token, '.');
    struct slice json;
    struct doc *header;
    if (dot == SLICE_NONE || token.len > BEARER_TOKEN_MAX || !base64url_decode(a, slice_upto(token, dot), &json) ||
        doc_json(a, PROBLEM_TOKEN_REFUSED, json, &header) != NULL)
        return false;
    return slice_starts(doc_string(header, LIT("alg")), LIT("HS"));
}

/* ---- by its signature ---- */

/* Of the entry; empty: discovery tells. */
static struct slice given_keys(const struct provider *p)
{
    return template_text(&p->descriptor->endpoints[ENDPOINT_JWKS]);
}

static enum flow_next find_keys(struct flow *f)
{
    struct verify *v = f->self;
    const struct provider *p = v->by->provider;
    f->arena = v->work;
    return given_keys(p).len != 0 ? FLOW_NEXT : oidc_discovery_need(f, p, v->env, &v->metadata);
}

static enum flow_next need_keys(struct flow *f)
{
    struct verify *v = f->self;
    const struct provider *p = v->by->provider;
    v->jwks_url = given_keys(p).len != 0 ? given_keys(p) : v->metadata->jwks_url;
    return oidc_keys_need(f, p, v->env, v->jwks_url, &v->keys);
}

static enum jose_verdict try_keys(struct verify *v, struct arena *a, const struct jwks *keys)
{
    return jws_verify(a, v->token, keys, v->by->provider->algorithms, &v->jws, &v->unverified);
}

/* A key that is not known yet may be new; a signature that is bad is bad. */
static enum flow_next verify(struct flow *f)
{
    struct verify *v = f->self;
    v->newer = v->keys;
    if (try_keys(v, f->arena, v->keys) != JOSE_UNKNOWN_KEY) return FLOW_NEXT;
    return oidc_keys_newer(f, v->by->provider, v->env, v->jwks_url, v->keys, &v->newer);
}

static enum flow_next judge_jwt(struct flow *f)
{
    struct verify *v = f->self;
    if (v->newer != v->keys) (void)try_keys(v, f->arena, v->newer);
    const struct err *bad = v->unverified;
    if (bad != NULL) return flow_fail(f, err_as(f->arena, PROBLEM_TOKEN_REFUSED, bad, "access token"));
    bad = bearer_judge_jwt(f->arena, v->by, &v->jws, now_s(), v->ret_told);
    return bad != NULL ? flow_fail(f, bad) : FLOW_NEXT;
}

static const struct flow_step jwt_steps[] = {
    {"bearer/find_keys", find_keys}, /* may wait */
    {"bearer/need_keys", need_keys}, /* may wait */
    {"bearer/verify",    verify   }, /* may wait */
    {"bearer/judge_jwt", judge_jwt}, /* */
};

/* ---- by asking ---- */

static void wipe(struct slice s)
{
    if (s.len != 0) explicit_bzero((void *)(uintptr_t)s.at, s.len);
}

/* RFC 6749 section 2.3.1 */
static void authorize(struct arena *a, const struct provider *p, struct buf *to)
{
    struct slice secret = form_encode(a, secret_reveal(p->client_secret));
    const struct slice pair[] = {form_encode(a, p->client_id), LIT(":"), secret};
    struct slice plain = arena_join(a, pair, 3), coded = base64_encode(a, plain);
    buf_add(to, LIT("Authorization: Basic "));
    buf_add(to, coded);
    wipe(secret);
    wipe(plain);
    wipe(coded);
}

static enum flow_next introspect(struct flow *f)
{
    struct verify *v = f->self;
    const struct provider *p = v->by->provider;
    f->arena = v->work;
    AUTO(buf_close) struct buf body = buf_open(REQUEST_MAX_BYTES), authorization = buf_open(REQUEST_MAX_BYTES);
    form_add(&body, LIT("token"), v->token);
    form_add(&body, LIT("token_type_hint"), LIT("access_token"));
    if (p->client_auth == CLIENT_AUTH_BASIC) authorize(f->arena, p, &authorization);
    if (p->client_auth == CLIENT_AUTH_POST) {
        form_add(&body, LIT("client_id"), p->client_id);
        form_add(&body, LIT("client_secret"), secret_reveal(p->client_secret));
    }
    must(!body.full && !authorization.full);
    struct fetch_ask ask = {
        .method = LIT("POST"),
        .url = v->by->introspection_url,
        .headers = {LIT("Content-Type: application/x-www-form-urlencoded"), buf_slice(&authorization)},
        .body = buf_slice(&body),
        .accept_type = LIT("application/json"),
        .max_bytes = ANSWER_MAX_BYTES,
        .timeout_ms = p->timeout_ms,
        .ca_file = p->ca_file,
        .allow_private = p->allow_private,
        .allow_http = p->allow_http
    };
    enum flow_next next = counted_ask(f, v->env, p->id, "introspection", &ask, &v->answer);
    wipe(buf_slice(&body));
    wipe(buf_slice(&authorization));
    return next;
}

static enum flow_next judge_answer(struct flow *f)
{
    struct verify *v = f->self;
    const struct err *bad = bearer_judge_introspection(f->arena, v->by, v->answer.body, now_s(), v->ret_told);
    return bad != NULL ? flow_fail(f, bad) : FLOW_NEXT;
}

static const struct flow_step introspection_steps[] = {
    {"bearer/introspect",   introspect  }, /* waits */
    {"bearer/judge_answer", judge_answer}, /* */
};

static void close_work(void *verify)
{
    struct verify *v = verify;
    flow_drop(&v->flow);
    arena_close(v->work);
}

enum flow_next bearer_verify(struct flow *f, const struct bearer_issuer *by, const struct provider_env *env,
                             struct slice token, struct bearer_told *ret_told)
{
    if (token.len > BEARER_TOKEN_MAX)
        return flow_fail(f, err_new(f->arena, PROBLEM_TOKEN_REFUSED, "access token: longer than 16 KiB"));
    struct verify *v = arena_new(f->arena, struct verify);
    *v = (struct verify){.by = by, .env = env, .token = token, .ret_told = ret_told};
    v->work = arena_open(WORK_ARENA_BYTES);
    arena_at_close(f->arena, close_work, v);
    if (by->introspection_url.len != 0)
        return flow_call(f, &v->flow, introspection_steps, sizeof introspection_steps / sizeof introspection_steps[0],
                         v);
    return flow_call(f, &v->flow, jwt_steps, sizeof jwt_steps / sizeof jwt_steps[0], v);
}
