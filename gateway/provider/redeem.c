/* redeem.c -- one order for all platforms; what a descriptor does not declare is passed over:
 *
 *   metadata ─ token request (once) ─ id_token verified ─ profile requests ─ identity ─ checks the operator asked for
 *   ─ exchange for a long-lived token ─ grant
 *
 * Everything outside sent is parsed in an arena of this flow's own, as large as the largest answers need; it closes with the caller's, to
 * whom the grant lends from it. The flow is dropped before its arena goes.
 */
#include "provider/redeem.h"

#include "provider/id_token_check.h"
#include "provider/oidc_discovery.h"
#include "provider/profile.h"
#include "provider/require.h"
#include "provider/token_answer.h"

#include "base/now.h"

enum {
    WORK_ARENA_BYTES = 160 * 1024 * 1024 /* a tree for each answer, each some hundred times its text at worst */
};

struct redeem {
    struct flow flow;
    struct arena *work;
    const struct provider *p;
    const struct provider_env *env;
    struct redeem_ask ask;
    struct grant *ret_grant;
    struct metadata *metadata;
    struct token_told told;
    struct jws id_token;
    struct template_values values;
    struct gather gather;
    struct profile_ask profile;
    struct identity identity;
    struct declared_answer exchanged;
    struct token_told long_lived;
};

static bool is_oauth1(const struct redeem *r)
{
    return r->p->descriptor->protocol == PROTOCOL_OAUTH1;
}

static enum flow_next learn_metadata(struct flow *f)
{
    struct redeem *r = f->self;
    f->arena = r->work;
    return oidc_discovery_need(f, r->p, r->env, &r->metadata);
}

/* ---- the code ---- */

static void fill_values(struct redeem *r)
{
    r->values = provider_values(r->work, r->p, r->metadata);
    r->values.at[TEMPLATE_REDIRECT_URI] = r->ask.redirect_uri;
    r->values.at[TEMPLATE_STATE] = r->ask.state;
    r->values.at[TEMPLATE_CODE] = r->ask.code;
    r->values.at[TEMPLATE_CODE_VERIFIER] = r->ask.verifier;
    r->values.callback = r->ask.params;
}

static void fill_grant_params(const struct redeem *r, struct token_ask *ask)
{
    const struct descriptor *d = r->p->descriptor;
    ask->params[0] = (struct template_pair){LIT("grant_type"), LIT("authorization_code")};
    ask->params[1] = (struct template_pair){LIT("code"), r->ask.code};
    if (d->token.send_redirect_uri) ask->params[2] = (struct template_pair){LIT("redirect_uri"), r->ask.redirect_uri};
    if (d->pkce != PKCE_NONE) ask->params[3] = (struct template_pair){LIT("code_verifier"), r->ask.verifier};
}

static enum flow_next ask_tokens(struct flow *f)
{
    struct redeem *r = f->self;
    const struct descriptor *d = r->p->descriptor;
    fill_values(r);
    struct token_ask ask = {
        .provider = r->p,
        .env = r->env,
        .url = r->metadata->token_url,
        .more = &d->token.params,
        .values = &r->values,
        .wants_id_token = d->id_token.required,
        .wants_access_token = true,
        .secrets = {r->ask.code, r->ask.verifier, r->ask.token, r->ask.token_secret}
    };
    if (is_oauth1(r)) {
        ask.oauth1_token = r->ask.token;
        ask.oauth1_secret = r->ask.token_secret;
        ask.params[0] = (struct template_pair){LIT("oauth_verifier"), r->ask.code};
    } else {
        fill_grant_params(r, &ask);
    }
    return token_ask(f, &ask, &r->told);
}

static enum flow_next take_tokens(struct flow *f)
{
    struct redeem *r = f->self;
    if (r->told.why != NULL) return flow_fail(f, r->told.why);
    r->values.token = r->told.root;
    r->values.at[TEMPLATE_ACCESS_TOKEN] = r->told.access_token;
    r->values.at[TEMPLATE_REFRESH_TOKEN] = r->told.refresh_token;
    r->values.at[TEMPLATE_ID_TOKEN] = r->told.id_token;
    r->profile.docs.at[DOCUMENT_TOKEN] = r->told.root;
    r->profile.docs.at[DOCUMENT_CALLBACK] = r->ask.params;
    return FLOW_NEXT;
}

/* ---- the identity token ---- */

/* Who configures max_age is promised a person who proved lately who they are, and a provider may have overlooked it. The age is judged
 * as of when it was asked for: reading a consent form takes time, too. */
static int64_t auth_since(const struct redeem *r)
{
    int64_t asked_s = r->ask.began_s != 0 ? r->ask.began_s : now_s();
    const struct declared_params *params = &r->p->descriptor->authorize_params;
    for (size_t i = 0; i < params->count; i++) {
        uint64_t age_s;
        const struct declared_param *x = &params->at[i];
        if (!slice_is(x->name, LIT("max_age")) || !template_is_fixed(&x->value)) continue;
        if (slice_number(template_text(&x->value), &age_s))
            return age_s < (uint64_t)asked_s ? asked_s - (int64_t)age_s : 1;
    }
    return 0;
}

static enum flow_next check_id_token(struct flow *f)
{
    struct redeem *r = f->self;
    if (r->told.id_token.len == 0) return FLOW_NEXT;
    const struct id_token_check check = {
        .provider = r->p,
        .env = r->env,
        .metadata = r->metadata,
        .token = r->told.id_token,
        .nonce = r->p->descriptor->nonce != NONCE_NONE ? r->ask.nonce : (struct slice){NULL, 0},
        .access_token = r->told.access_token,
        .code = r->ask.code,
        .auth_since_s = auth_since(r)
    };
    return id_token_check(f, &check, &r->id_token);
}

static enum flow_next take_claims(struct flow *f)
{
    struct redeem *r = f->self;
    (void)f;
    r->values.claims = r->id_token.claims;
    r->profile.docs.at[DOCUMENT_ID_TOKEN] = r->profile.docs.at[DOCUMENT_CLAIMS] = r->id_token.claims;
    return FLOW_NEXT;
}

/* ---- who it is ---- */

static enum flow_next ask_profile(struct flow *f)
{
    struct redeem *r = f->self;
    const struct descriptor_profile *profile = &r->p->descriptor->profile;
    r->gather = (struct gather){.provider = r->p,
                                .env = r->env,
                                .values = &r->values,
                                .access_secret = r->told.token_secret,
                                .docs = &r->profile.docs,
                                .subject = doc_string(r->id_token.claims, LIT("sub"))};
    return gather_requests(f, &r->gather, profile->requests, profile->request_count);
}

static enum flow_next make_identity(struct flow *f)
{
    struct redeem *r = f->self;
    r->profile.provider = r->p;
    r->profile.userinfo = r->gather.userinfo;
    r->profile.values = r->values;
    const struct err *bad = profile_make(f->arena, &r->profile, &r->identity);
    if (bad != NULL) return flow_fail(f, bad);
    r->values.me = r->profile.values.me;
    r->values.me_count = r->profile.values.me_count;
    return FLOW_NEXT;
}

static enum flow_next check_required(struct flow *f)
{
    struct redeem *r = f->self;
    return require_all(f, &r->gather, &r->values);
}

/* ---- tokens to keep ---- */

static enum flow_next exchange(struct flow *f)
{
    struct redeem *r = f->self;
    const struct declared_request *first = &r->p->descriptor->refresh.first;
    if (!first->given || r->p->tokens != TOKENS_SESSION) return FLOW_NEXT;
    const struct declared_ask ask = {.provider = r->p,
                                     .env = r->env,
                                     .request = first,
                                     .values = &r->values,
                                     .access_secret = r->told.token_secret,
                                     .once = true};
    return declared_run(f, &ask, &r->exchanged);
}

/* The short-lived token is still good when there is no long-lived one to be had. */
static enum flow_next take_exchanged(struct flow *f)
{
    struct redeem *r = f->self;
    const struct declared_request *first = &r->p->descriptor->refresh.first;
    struct token_told told = {.asked_s = r->exchanged.asked_s};
    if (r->exchanged.root == NULL && r->exchanged.why == NULL) return FLOW_NEXT;
    const struct err *bad = r->exchanged.why;
    if (bad == NULL) bad = token_answer_read(f->arena, r->p->descriptor, r->exchanged.root, &told);
    if (bad == NULL && told.access_token.len == 0)
        bad = err_new(f->arena, PROBLEM_PROVIDER_BROKEN, "the exchange gave no access_token");
    if (bad != NULL) return first->required ? flow_fail(f, bad) : FLOW_NEXT;
    r->told.access_token = told.access_token;
    r->told.expires_in_s = told.expires_in_s;
    r->told.asked_s = told.asked_s;
    if (told.refresh_token.len != 0) r->told.refresh_token = told.refresh_token;
    return FLOW_NEXT;
}

static void keep_values(struct redeem *r, struct tokens *to)
{
    const struct declared_params *stored = &r->p->descriptor->token.stored;
    struct tokens_value *values = arena_array(r->work, struct tokens_value, TOKENS_VALUES_MAX);
    to->values = values;
    for (size_t i = 0; i < stored->count && to->value_count < TOKENS_VALUES_MAX; i++) {
        struct slice missing, value = template_expand(r->work, &stored->at[i].value, &r->values, &missing);
        if (missing.len == 0) values[to->value_count++] = (struct tokens_value){stored->at[i].name, value};
    }
}

static enum flow_next make_grant(struct flow *f)
{
    struct redeem *r = f->self;
    (void)f;
    struct grant g = {
        .identity = r->identity,
        .tokens = {.access_token = r->told.access_token,
                   .refresh_token = r->told.refresh_token,
                   .id_token = r->told.id_token,
                   .access_secret = r->told.token_secret,
                   .obtained_s = r->told.asked_s},
        .sid = doc_string(r->id_token.claims, LIT("sid"))
    };
    if (g.sid.len > IDENTITY_VALUE_MAX) g.sid = (struct slice){0};
    if (r->told.expires_in_s != 0) g.tokens.expires_s = r->told.asked_s + r->told.expires_in_s;
    keep_values(r, &g.tokens);
    *r->ret_grant = g;
    return FLOW_NEXT;
}

static const struct flow_step steps[] = {
    {"redeem/learn_metadata", learn_metadata},
    {"redeem/ask_tokens",     ask_tokens    },
    {"redeem/take_tokens",    take_tokens   },
    {"redeem/check_id_token", check_id_token},
    {"redeem/take_claims",    take_claims   },
    {"redeem/ask_profile",    ask_profile   },
    {"redeem/make_identity",  make_identity },
    {"redeem/check_required", check_required},
    {"redeem/exchange",       exchange      },
    {"redeem/take_exchanged", take_exchanged},
    {"redeem/make_grant",     make_grant    },
};

static void close_work(void *self)
{
    struct redeem *r = self;
    flow_drop(&r->flow);
    arena_close(r->work);
}

static bool is_whole(const struct provider *p, const struct redeem_ask *ask)
{
    const struct descriptor *d = p->descriptor;
    if (ask->code.len == 0) return false;
    if (d->protocol == PROTOCOL_OAUTH1) return ask->token.len != 0;
    return (d->nonce == NONCE_NONE || ask->nonce.len != 0) && (d->pkce == PKCE_NONE || ask->verifier.len != 0);
}

enum flow_next redeem(struct flow *f, const struct provider *p, const struct provider_env *env,
                      const struct redeem_ask *ask, struct grant *ret_grant)
{
    if (!is_whole(p, ask))
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
