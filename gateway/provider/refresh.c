/* refresh.c -- metadata ─ the question the descriptor wants, once ─ its answer joined with what is kept;
 * then, for the id_token that came along: whose it is, by the one we have ─ the same checks as at a sign-in.
 */
#include "provider/refresh.h"

#include "provider/declared.h"
#include "provider/id_token_check.h"
#include "provider/oidc_discovery.h"
#include "provider/token_answer.h"
#include "text/encode.h"
#include "text/json.h"

enum {
    MARGIN_MOST_S = 300 /* before its end: long enough for a slow provider and a few attempts */
};

int64_t provider_refresh_due_s(const struct provider *p, const struct tokens *t)
{
    const struct descriptor_refresh *how = &p->descriptor->refresh;
    int64_t life_s = t->expires_s - t->obtained_s;
    if (how->kind == REFRESH_NONE || t->expires_s == 0 || life_s <= 0) return INT64_MAX;
    if (how->kind == REFRESH_EXCHANGE) {
        /* one that has ended cannot be exchanged any more: half of its life is left for the person to come by */
        int64_t age_s = life_s / 2 > how->min_age_s ? life_s / 2 : how->min_age_s;
        return how->request.given && age_s < life_s ? t->obtained_s + age_s : INT64_MAX;
    }
    if (t->refresh_token.len == 0) return INT64_MAX;
    int64_t margin_s = life_s / 10 < MARGIN_MOST_S ? life_s / 10 : MARGIN_MOST_S;
    int64_t due_s = t->expires_s - margin_s, least_s = t->obtained_s + how->min_age_s;
    return due_s > least_s ? due_s : least_s;
}

struct refresh {
    struct flow flow, tried;
    const struct provider *p;
    const struct provider_env *env;
    const struct tokens *old;
    struct refreshed *ret;
    struct metadata *metadata;
    struct template_values values;
    struct template_pair me, stored[TOKENS_VALUES_MAX];
    struct declared_answer answer;
    struct token_told told;
    struct id_token_check check;
    struct jws token;
};

/* One that did not answer sign-ins lately is not asked for every session that is due, too. */
static enum flow_next look_at_breaker(struct flow *f)
{
    struct refresh *r = f->self;
    int64_t wait_s = -1;
    if (!provider_is_away(r->p, &wait_s)) return FLOW_NEXT;
    r->ret->retry_after_s = wait_s;
    return flow_fail(f,
                     err_new(f->arena, PROBLEM_PROVIDER_AWAY, "the provider is not asked just now: it did not answer"));
}

static enum flow_next learn_metadata(struct flow *f)
{
    struct refresh *r = f->self;
    return oidc_discovery_need(f, r->p, r->env, &r->metadata);
}

/* ---- asking ---- */

static void fill_values(struct refresh *r, struct arena *a)
{
    const struct tokens *t = r->old;
    r->values = provider_values(a, r->p, r->metadata);
    r->values.at[TEMPLATE_ACCESS_TOKEN] = t->access_token;
    r->values.at[TEMPLATE_REFRESH_TOKEN] = t->refresh_token;
    r->values.at[TEMPLATE_ID_TOKEN] = t->id_token;
    for (size_t i = 0; i < t->value_count && i < TOKENS_VALUES_MAX; i++)
        r->stored[i] = (struct template_pair){t->values[i].name, t->values[i].value};
    r->values.me = &r->me;
    r->values.me_count = 1;
    r->values.stored = r->stored;
    r->values.stored_count = t->value_count;
}

static enum flow_next ask(struct flow *f)
{
    struct refresh *r = f->self;
    const struct descriptor_refresh *how = &r->p->descriptor->refresh;
    fill_values(r, f->arena);
    if (how->request.given) {
        const struct declared_ask question = {.provider = r->p,
                                              .env = r->env,
                                              .request = &how->request,
                                              .values = &r->values,
                                              .access_secret = r->old->access_secret,
                                              .once = true};
        return declared_run(f, &question, &r->answer);
    }
    const struct token_ask question = {
        .provider = r->p,
        .env = r->env,
        .url = r->metadata->token_url,
        .params = {{LIT("grant_type"), LIT("refresh_token")}, {LIT("refresh_token"), r->old->refresh_token}},
        .more = &how->params,
        .values = &r->values,
        .wants_access_token = true,
        .secrets = {r->old->refresh_token,                     r->old->access_token                         }
    };
    return token_ask(f, &question, &r->told);
}

/* invalid_grant is the word for a refresh token that is no good any more (RFC 6749 section 5.2); what else a person has to mend at the
 * platform is told as a denial. */
static const struct err *refusal(struct arena *a, const struct err *why, const struct meaning *m)
{
    bool over = m->kind == MEANING_DENIED || slice_is(m->code, LIT("invalid_grant"));
    return over ? err_as(a, PROBLEM_PROVIDER_REFUSED, why, "the provider does not renew these tokens") : why;
}

static enum flow_next read_answer(struct flow *f)
{
    struct refresh *r = f->self;
    bool declared = r->p->descriptor->refresh.request.given;
    const struct meaning *m = declared ? &r->answer.meaning : &r->told.meaning;
    const struct err *why = declared ? r->answer.why : r->told.why;
    r->ret->retry_after_s = m->wait_s;
    if (why != NULL) return flow_fail(f, refusal(f->arena, why, m));
    if (!declared) return FLOW_NEXT;
    if (r->answer.skipped || r->answer.root == NULL)
        return flow_fail(f, err_new(f->arena, PROBLEM_PROVIDER_BROKEN, "the refresh was answered with nothing"));
    r->told.asked_s = r->answer.asked_s;
    why = token_answer_read(f->arena, r->p->descriptor, r->answer.root, &r->told);
    if (why == NULL && r->told.access_token.len == 0)
        why = err_new(f->arena, PROBLEM_PROVIDER_BROKEN, "the refresh gave no access_token");
    return why != NULL ? flow_fail(f, why) : FLOW_NEXT;
}

static enum flow_next join(struct flow *f)
{
    struct refresh *r = f->self;
    const struct token_told *told = &r->told;
    struct tokens *t = &r->ret->tokens;
    (void)f;
    *t = *r->old;
    t->access_token = told->access_token;
    t->obtained_s = told->asked_s;
    t->expires_s = told->expires_in_s != 0 ? told->asked_s + told->expires_in_s : 0;
    if (told->refresh_token.len != 0) t->refresh_token = told->refresh_token;
    if (told->token_secret.len != 0) t->access_secret = told->token_secret;
    r->ret->has_id_token = told->id_token.len != 0 && r->p->descriptor->id_token.verified;
    if (r->ret->has_id_token) t->id_token = told->id_token;
    return FLOW_NEXT;
}

static const struct flow_step steps[] = {
    {"refresh/look_at_breaker", look_at_breaker},
    {"refresh/learn_metadata",  learn_metadata },
    {"refresh/ask",             ask            },
    {"refresh/read_answer",     read_answer    },
    {"refresh/join",            join           },
};

enum flow_next provider_refresh(struct flow *f, const struct provider *p, const struct provider_env *env,
                                const struct tokens *old, struct slice subject, struct refreshed *ret)
{
    struct refresh *r = arena_new(f->arena, struct refresh);
    *r = (struct refresh){.p = p, .env = env, .old = old, .ret = ret};
    r->me = (struct template_pair){LIT("subject"), subject};
    *ret = (struct refreshed){.retry_after_s = -1};
    return flow_call(f, &r->flow, steps, sizeof steps / sizeof steps[0], r);
}

/* ---- the id_token ---- */

/* What the one we have says: it was verified when it came, and has been sealed since. NULL: there is none. */
static const struct doc *former_claims(struct arena *a, struct slice token)
{
    struct slice rest = token, head, payload, json;
    struct doc *claims;
    if (!slice_cut(&rest, '.', &head) || !slice_cut(&rest, '.', &payload)) return NULL;
    if (!base64url_decode(a, payload, &json)) return NULL;
    return doc_json(a, PROBLEM_INTERNAL, json, &claims) == NULL ? claims : NULL;
}

static enum flow_next check_id_token(struct flow *f)
{
    struct refresh *r = f->self;
    r->check = (struct id_token_check){.provider = r->p,
                                       .env = r->env,
                                       .metadata = r->metadata,
                                       .token = r->ret->tokens.id_token,
                                       .access_token = r->ret->tokens.access_token,
                                       .former = former_claims(f->arena, r->old->id_token),
                                       .ret_is_stranger = &r->ret->is_stranger};
    return id_token_check(f, &r->check, &r->token);
}

static const struct flow_step verify_steps[] = {
    {"refresh_verify/learn_metadata", learn_metadata},
    {"refresh_verify/check_id_token", check_id_token},
};

enum flow_next provider_refresh_verify(struct flow *f, const struct provider *p, const struct provider_env *env,
                                       const struct tokens *old, struct refreshed *got)
{
    struct refresh *r = arena_new(f->arena, struct refresh);
    *r = (struct refresh){.p = p, .env = env, .old = old, .ret = got};
    return flow_call(f, &r->flow, verify_steps, sizeof verify_steps / sizeof verify_steps[0], r);
}
