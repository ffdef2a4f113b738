/* oidc_redeem.c -- the flow in the order of the specification:
 *
 *   metadata ─ token request (once) ─ judge the answer ─ keys ─ verify ─(a key we do not know: newer keys ─ verify)─ judge the claims
 *   ─ userinfo ─ identity
 *
 * Everything outside sent is parsed in an arena of this flow's own, as large as the largest answers need; it closes with the caller's, to
 * whom the grant lends from it. The flow is dropped before its arena goes.
 */
#include "provider/oidc_redeem.h"

#include "provider/counted.h"
#include "provider/id_token.h"
#include "provider/oidc_discovery.h"
#include "provider/oidc_keys.h"
#include "provider/profile.h"
#include "provider/token_answer.h"
#include "provider/userinfo.h"
#include "text/encode.h"

#include "base/now.h"

enum {
    WORK_ARENA_BYTES = 64 * 1024 * 1024, /* three documents as trees, each some hundred times its text at worst */
    REQUEST_MAX_BYTES = 32 * 1024        /* code 4 KiB, verifier, URLs, a long secret; encoded */
};

struct redeem {
    struct flow flow;
    struct arena *work;
    const struct provider *p;
    const struct provider_env *env;
    struct redeem_ask ask;
    struct grant *ret_grant;
    struct metadata *metadata;
    struct fetch_answer token_reply, userinfo_reply;
    struct token_answer tokens;
    struct jwks *keys, *newer;
    struct jws token;
    const struct err *unverified; /* NULL: the signature is good */
    int64_t asked_s;
};

/* ---- the request ---- */

static void wipe(struct slice s)
{
    if (s.len != 0) explicit_bzero((void *)(uintptr_t)s.at, s.len);
}

/* Form-encoded first, then base64 (RFC 6749 section 2.3.1): a colon in either part stays unambiguous. */
static struct slice basic_credentials(struct arena *a, const struct provider *p)
{
    struct slice secret = form_encode(a, secret_reveal(p->client_secret));
    struct slice pair = arena_print(a, "%.*s:%.*s", SLICE_ARG(form_encode(a, p->client_id)), SLICE_ARG(secret));
    struct slice coded = base64_encode(a, pair);
    wipe(secret);
    wipe(pair);
    return coded;
}

static void add_basic(struct arena *a, const struct provider *p, struct buf *to)
{
    struct slice coded = basic_credentials(a, p);
    buf_add(to, LIT("Authorization: Basic "));
    buf_add(to, coded);
    wipe(coded);
}

struct oidc_redeem_request oidc_redeem_request(struct arena *a, const struct provider *p, const struct redeem_ask *ask)
{
    struct oidc_redeem_request r = {buf_open(REQUEST_MAX_BYTES), buf_open(REQUEST_MAX_BYTES)};
    form_add(&r.body, LIT("grant_type"), LIT("authorization_code"));
    form_add(&r.body, LIT("code"), ask->code);
    form_add(&r.body, LIT("redirect_uri"), ask->redirect_uri);
    if (p->pkce) form_add(&r.body, LIT("code_verifier"), ask->verifier);
    if (p->client_auth == CLIENT_AUTH_BASIC) {
        add_basic(a, p, &r.authorization);
        return r;
    }
    form_add(&r.body, LIT("client_id"), p->client_id);
    if (p->client_auth == CLIENT_AUTH_POST) form_add(&r.body, LIT("client_secret"), secret_reveal(p->client_secret));
    return r;
}

void oidc_redeem_wipe(struct oidc_redeem_request *r)
{
    wipe(buf_slice(&r->authorization));
    wipe(buf_slice(&r->body));
    buf_close(&r->authorization);
    buf_close(&r->body);
}

/* ---- steps ---- */

static enum flow_next learn_metadata(struct flow *f)
{
    struct redeem *r = f->self;
    f->arena = r->work;
    return oidc_discovery_need(f, r->p, r->env, &r->metadata);
}

static enum flow_next ask_tokens(struct flow *f)
{
    struct redeem *r = f->self;
    struct oidc_redeem_request request = oidc_redeem_request(f->arena, r->p, &r->ask);
    if (request.body.full || request.authorization.full) {
        oidc_redeem_wipe(&request);
        return flow_fail(f, err_new(f->arena, PROBLEM_PROVIDER_BROKEN,
                                    "the token request would be longer than %d bytes", (int)REQUEST_MAX_BYTES));
    }
    struct fetch_ask ask = {
        .method = LIT("POST"),
        .url = r->metadata->token_url,
        .headers = {LIT("Content-Type: application/x-www-form-urlencoded"), LIT("Accept: application/json"),
                    buf_slice(&request.authorization)},
        .body = buf_slice(&request.body),
        .accept_errors = true,
        .max_bytes = TOKEN_ANSWER_MAX_BYTES,
        .timeout_ms = r->p->timeout_ms,
        .ca_file = r->p->ca_file,
        .allow_private = r->p->allow_private,
        .allow_http = r->p->allow_http
    };
    r->asked_s = now_s();
    enum flow_next next = counted_ask(f, r->env, r->p->id, "token", &ask, &r->token_reply);
    oidc_redeem_wipe(&request);
    return next;
}

static enum flow_next judge_tokens(struct flow *f)
{
    struct redeem *r = f->self;
    struct slice secret = secret_reveal(r->p->client_secret);
    const struct slice secrets[TOKEN_ANSWER_SECRETS] = {
        r->ask.code, form_encode(f->arena, r->ask.code), r->ask.verifier,
        secret,      form_encode(f->arena, secret),      secret.len != 0 ? basic_credentials(f->arena, r->p) : LIT("")};
    const struct err *bad = token_answer_read(f->arena, &r->token_reply, secrets, &r->tokens);
    wipe(secrets[4]);
    wipe(secrets[5]);
    return bad != NULL ? flow_fail(f, bad) : FLOW_NEXT;
}

static enum flow_next learn_keys(struct flow *f)
{
    struct redeem *r = f->self;
    return oidc_keys_need(f, r->p, r->env, r->metadata->jwks_url, &r->keys);
}

static void verify_with(struct redeem *r, struct arena *a, const struct jwks *keys)
{
    const struct err *why = NULL;
    enum jose_verdict verdict = jws_verify(a, r->tokens.id_token, keys, r->p->algorithms, &r->token, &why);
    r->unverified = verdict == JOSE_GOOD ? NULL : why;
    must(verdict == JOSE_GOOD || why != NULL);
}

/* A signature that fails is looked at again with the newest keys, whatever the reason: a provider may have changed a key and kept its kid. */
static enum flow_next verify(struct flow *f)
{
    struct redeem *r = f->self;
    verify_with(r, f->arena, r->keys);
    r->newer = r->keys;
    if (r->unverified == NULL) return FLOW_NEXT;
    return oidc_keys_newer(f, r->p, r->env, r->metadata->jwks_url, r->keys, &r->newer);
}

static enum flow_next verify_again(struct flow *f)
{
    struct redeem *r = f->self;
    if (r->unverified != NULL && r->newer != r->keys) verify_with(r, f->arena, r->newer);
    if (r->unverified == NULL) return FLOW_NEXT;
    return flow_fail(f, err_as(f->arena, PROBLEM_PROVIDER_BROKEN, r->unverified, "id_token: not verified"));
}

/* Who configures max_age is promised a person who proved lately who they are, and a provider may have overlooked it. The age is judged
 * as of when it was asked for: reading a consent form takes time, too. */
static int64_t auth_since(const struct redeem *r)
{
    int64_t asked_s = r->ask.began_s != 0 ? r->ask.began_s : now_s();
    for (size_t i = 0; i < r->p->authorize_param_count; i++) {
        uint64_t age_s;
        const struct provider_param *x = &r->p->authorize_params[i];
        if (slice_is(x->name, LIT("max_age")) && slice_number(x->value, &age_s))
            return age_s < (uint64_t)asked_s ? asked_s - (int64_t)age_s : 1;
    }
    return 0;
}

static enum flow_next judge_claims(struct flow *f)
{
    struct redeem *r = f->self;
    struct id_token_rules rules = {.issuer = r->p->issuer,
                                   .client_id = r->p->client_id,
                                   .audiences = r->p->audiences,
                                   .audience_count = r->p->audience_count,
                                   .nonce = r->ask.nonce,
                                   .access_token = r->tokens.access_token,
                                   .code = r->ask.code,
                                   .auth_since_s = auth_since(r),
                                   .now_s = now_s(),
                                   .skew_s = r->p->clock_skew_s};
    const struct err *bad = id_token_judge(f->arena, &rules, &r->token);
    return bad != NULL ? flow_fail(f, bad) : FLOW_NEXT;
}

static bool asks_userinfo(const struct redeem *r)
{
    return r->p->userinfo && r->metadata->userinfo_url.len != 0;
}

static enum flow_next ask_userinfo(struct flow *f)
{
    struct redeem *r = f->self;
    if (!asks_userinfo(r)) return FLOW_NEXT;
    struct slice bearer = arena_print(f->arena, "Authorization: Bearer %.*s", SLICE_ARG(r->tokens.access_token));
    struct fetch_ask ask = {.method = LIT("GET"),
                            .url = r->metadata->userinfo_url,
                            .headers = {bearer},
                            .accept_type = LIT("application/json"),
                            .max_bytes = USERINFO_MAX_BYTES,
                            .timeout_ms = r->p->timeout_ms,
                            .ca_file = r->p->ca_file,
                            .allow_private = r->p->allow_private,
                            .allow_http = r->p->allow_http};
    return counted_ask(f, r->env, r->p->id, "userinfo", &ask, &r->userinfo_reply);
}

static enum flow_next make_grant(struct flow *f)
{
    struct redeem *r = f->self;
    struct doc *userinfo = NULL;
    const struct err *bad = NULL;
    struct grant g = {.id_token = r->tokens.id_token,
                      .access_token = r->tokens.access_token,
                      .refresh_token = r->tokens.refresh_token,
                      .sid = doc_string(r->token.claims, LIT("sid"))};
    if (asks_userinfo(r))
        bad = userinfo_read(f->arena, r->userinfo_reply.body, doc_string(r->token.claims, LIT("sub")), &userinfo);
    if (bad == NULL) bad = profile_make(f->arena, r->p, r->token.claims, userinfo, &g.identity);
    if (bad != NULL) return flow_fail(f, bad);
    if (g.sid.len > IDENTITY_VALUE_MAX) g.sid = (struct slice){0};
    if (r->tokens.expires_in_s != 0) g.access_expires_s = r->asked_s + r->tokens.expires_in_s;
    *r->ret_grant = g;
    return FLOW_NEXT;
}

static const struct flow_step steps[] = {
    {"redeem/learn_metadata", learn_metadata},
    {"redeem/ask_tokens",     ask_tokens    },
    {"redeem/judge_tokens",   judge_tokens  },
    {"redeem/learn_keys",     learn_keys    },
    {"redeem/verify",         verify        },
    {"redeem/verify_again",   verify_again  },
    {"redeem/judge_claims",   judge_claims  },
    {"redeem/ask_userinfo",   ask_userinfo  },
    {"redeem/make_grant",     make_grant    },
};

static void close_work(void *self)
{
    struct redeem *r = self;
    flow_drop(&r->flow);
    arena_close(r->work);
}

enum flow_next oidc_redeem(struct flow *f, const struct provider *p, const struct provider_env *env,
                           const struct redeem_ask *ask, struct grant *ret_grant)
{
    if (ask->code.len == 0 || ask->nonce.len == 0 || (p->pkce && ask->verifier.len == 0))
        return flow_fail(f, err_new(f->arena, PROBLEM_BAD_REQUEST, "there is no code, nonce or verifier to redeem"));
    struct redeem *r = arena_new(f->arena, struct redeem);
    r->work = arena_open(WORK_ARENA_BYTES);
    r->p = p;
    r->env = env;
    r->ask = *ask;
    r->ret_grant = ret_grant;
    arena_at_close(f->arena, close_work, r);
    return flow_call(f, &r->flow, steps, sizeof steps / sizeof steps[0], r);
}
