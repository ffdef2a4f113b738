#include "provider/refresh.h"

#include "provider/counted.h"
#include "provider/id_token.h"
#include "provider/oidc_discovery.h"
#include "provider/oidc_keys.h"
#include "text/encode.h"
#include "text/form.h"

#include "base/now.h"

enum {
    MARGIN_MOST_S = 300, /* before its end: long enough for a slow provider and a few attempts */
    ANSWER_MAX_BYTES = 128 * 1024,
    REQUEST_MAX_BYTES = 256 * 1024
};

int64_t provider_refresh_due_s(const struct provider *p, const struct tokens *t)
{
    static const struct descriptor_refresh plain = {.kind = REFRESH_TOKEN};
    const struct descriptor_refresh *how = p->descriptor != NULL ? &p->descriptor->refresh : &plain;
    int64_t life_s = t->expires_s - t->obtained_s;
    if (how->kind == REFRESH_NONE || t->expires_s == 0 || life_s <= 0) return INT64_MAX;
    if (how->kind == REFRESH_EXCHANGE) {
        /* one that has ended cannot be exchanged any more: half of its life is left for the person to come by */
        int64_t age_s = life_s / 2 > how->min_age_s ? life_s / 2 : how->min_age_s;
        return age_s < life_s ? t->obtained_s + age_s : INT64_MAX;
    }
    if (t->refresh_token.len == 0) return INT64_MAX;
    int64_t margin_s = life_s / 10 < MARGIN_MOST_S ? life_s / 10 : MARGIN_MOST_S;
    int64_t due_s = t->expires_s - margin_s, least_s = t->obtained_s + how->min_age_s;
    return due_s > least_s ? due_s : least_s;
}

/* ---- asking ---- */

struct refresh {
    struct flow flow;
    const struct provider *p;
    const struct provider_env *env;
    const struct refresh_ask *ask;
    struct refreshed *ret;
    struct metadata *metadata;
    struct fetch_answer reply;
    int64_t asked_s;
    struct jwks *keys, *newer;
    struct jws token;
    const struct err *unverified;
};

static enum flow_next learn_metadata(struct flow *f)
{
    struct refresh *r = f->self;
    return oidc_discovery_need(f, r->p, r->env, &r->metadata);
}

static enum flow_next ask(struct flow *f)
{
    struct refresh *r = f->self;
    const struct provider *p = r->p;
    struct buf body = buf_open(REQUEST_MAX_BYTES);
    struct slice basic = {0};
    form_add(&body, LIT("grant_type"), LIT("refresh_token"));
    form_add(&body, LIT("refresh_token"), r->ask->tokens->refresh_token);
    struct slice secret = secret_reveal(p->client_secret);
    if (p->client_auth == CLIENT_AUTH_BASIC) {
        struct slice pair = arena_print(f->arena, "%.*s:%.*s", SLICE_ARG(form_encode(f->arena, p->client_id)),
                                        SLICE_ARG(form_encode(f->arena, secret)));
        basic = arena_print(f->arena, "Authorization: Basic %.*s", SLICE_ARG(base64_encode(f->arena, pair)));
    } else {
        form_add(&body, LIT("client_id"), p->client_id);
        if (p->client_auth == CLIENT_AUTH_POST) form_add(&body, LIT("client_secret"), secret);
    }
    struct fetch_ask question = {
        .method = LIT("POST"),
        .url = r->metadata->token_url,
        .headers = {LIT("Content-Type: application/x-www-form-urlencoded"), LIT("Accept: application/json"), basic},
        .body = buf_slice(&body),
        .accept_errors = true,
        .max_bytes = ANSWER_MAX_BYTES,
        .timeout_ms = p->timeout_ms,
        .ca_file = p->ca_file,
        .allow_private = p->allow_private,
        .allow_http = p->allow_http
    };
    r->asked_s = now_s();
    r->reply.retry_after_s = -1;
    enum flow_next next = counted_ask(f, r->env, p->id, "refresh", &question, &r->reply);
    explicit_bzero(body.at, body.len);
    buf_close(&body);
    return next;
}

static enum flow_next judge(struct flow *f)
{
    struct refresh *r = f->self;
    struct doc *root;
    const struct err *bad = doc_json(f->arena, PROBLEM_PROVIDER_BROKEN, r->reply.body, &root);
    if (bad != NULL || root->type != DOC_MAP)
        return flow_fail(f, err_new(f->arena, PROBLEM_PROVIDER_BROKEN, "the refresh was answered with no JSON object"));
    struct slice error = doc_string(root, LIT("error"));
    bool over = slice_is(error, LIT("invalid_grant")) || slice_is(error, LIT("access_denied")) ||
                slice_is(error, LIT("login_required")) || slice_is(error, LIT("interaction_required")) ||
                slice_is(error, LIT("consent_required"));
    if (over)
        return flow_fail(f, err_new(f->arena, PROBLEM_PROVIDER_REFUSED, "the provider does not renew these tokens"));
    if (r->reply.status != 200)
        return flow_fail(f, err_new(f->arena, PROBLEM_PROVIDER_BROKEN, "the refresh was answered %d", r->reply.status));
    struct tokens *t = &r->ret->tokens;
    *t = *r->ask->tokens;
    t->access_token = doc_string(root, LIT("access_token"));
    struct slice refresh = doc_string(root, LIT("refresh_token")), id_token = doc_string(root, LIT("id_token"));
    if (refresh.len != 0) t->refresh_token = refresh;
    if (id_token.len != 0) t->id_token = id_token;
    r->ret->has_id_token = id_token.len != 0;
    const struct doc *life = doc_member(root, LIT("expires_in"));
    t->obtained_s = r->asked_s;
    t->expires_s = life != NULL && life->type == DOC_INT ? r->asked_s + life->integer : 0;
    return FLOW_NEXT;
}

static const struct flow_step steps[] = {
    {"refresh/learn_metadata", learn_metadata},
    {"refresh/ask",            ask           },
    {"refresh/judge",          judge         },
};

enum flow_next provider_refresh(struct flow *f, const struct provider *p, const struct provider_env *env,
                                const struct refresh_ask *ask, struct refreshed *ret)
{
    struct refresh *r = arena_new(f->arena, struct refresh);
    *r = (struct refresh){.p = p, .env = env, .ask = ask, .ret = ret};
    *ret = (struct refreshed){.retry_after_s = -1};
    return flow_call(f, &r->flow, steps, sizeof steps / sizeof steps[0], r);
}

/* ---- verifying ---- */

static enum flow_next learn_keys(struct flow *f)
{
    struct refresh *r = f->self;
    return oidc_keys_need(f, r->p, r->env, r->metadata->jwks_url, &r->keys);
}

static void verify_with(struct refresh *r, struct arena *a, const struct jwks *keys)
{
    const struct err *why = NULL;
    enum jose_verdict verdict = jws_verify(a, r->ret->tokens.id_token, keys, r->p->algorithms, &r->token, &why);
    r->unverified = verdict == JOSE_GOOD ? NULL : why;
}

static enum flow_next verify(struct flow *f)
{
    struct refresh *r = f->self;
    verify_with(r, f->arena, r->keys);
    r->newer = r->keys;
    if (r->unverified == NULL) return FLOW_NEXT;
    return oidc_keys_newer(f, r->p, r->env, r->metadata->jwks_url, r->keys, &r->newer);
}

static enum flow_next judge_claims(struct flow *f)
{
    struct refresh *r = f->self;
    if (r->unverified != NULL && r->newer != r->keys) verify_with(r, f->arena, r->newer);
    if (r->unverified != NULL)
        return flow_fail(f, err_as(f->arena, PROBLEM_PROVIDER_BROKEN, r->unverified, "id_token: not verified"));
    const struct doc *claims = r->token.claims;
    r->ret->is_stranger = !slice_is(doc_string(claims, LIT("iss")), r->ask->issuer) ||
                          !slice_is(doc_string(claims, LIT("sub")), r->ask->subject);
    if (r->ret->is_stranger)
        return flow_fail(f, err_new(f->arena, PROBLEM_PROVIDER_BROKEN,
                                    "the id_token that came with a refresh is about another iss or sub"));
    struct id_token_rules rules = {.issuer = r->p->issuer,
                                   .client_id = r->p->client_id,
                                   .audiences = r->p->audiences,
                                   .audience_count = r->p->audience_count,
                                   .access_token = r->ret->tokens.access_token,
                                   .now_s = now_s(),
                                   .skew_s = r->p->clock_skew_s};
    const struct err *bad = id_token_judge(f->arena, &rules, &r->token);
    return bad != NULL ? flow_fail(f, bad) : FLOW_NEXT;
}

static const struct flow_step verify_steps[] = {
    {"refresh_verify/learn_metadata", learn_metadata},
    {"refresh_verify/learn_keys",     learn_keys    },
    {"refresh_verify/verify",         verify        },
    {"refresh_verify/judge_claims",   judge_claims  },
};

enum flow_next provider_refresh_verify(struct flow *f, const struct provider *p, const struct provider_env *env,
                                       const struct refresh_ask *ask, struct refreshed *got)
{
    struct refresh *r = arena_new(f->arena, struct refresh);
    *r = (struct refresh){.p = p, .env = env, .ask = ask, .ret = got};
    return flow_call(f, &r->flow, verify_steps, sizeof verify_steps / sizeof verify_steps[0], r);
}
