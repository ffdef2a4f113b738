/* trial.c -- each step is tried whatever became of the one before, as long as it can be: operators want all of it at once. */
#include "provider/trial.h"

#include "provider/declared.h"
#include "provider/oidc_discovery.h"
#include "provider/oidc_keys.h"
#include "provider/token_ask.h"

#include "base/now.h"

struct trying {
    struct flow flow, inner;
    const struct provider *p;
    const struct provider_env *env;
    struct slice redirect_uri;
    struct trial *ret_trial;
    const struct err *why; /* of the step at hand */
    struct metadata *metadata;
    struct jwks *keys;
    struct authorized to;
    struct template_values values;
    struct token_told told;
};

static const struct slice made_up = LIT_INIT("vestibule-providers-test-no-code");
static const struct slice verifier = LIT_INIT("vestibule-providers-test-no-verifier-000000000");

static void note(struct trying *t, const char *name, enum trial_state state, struct slice text)
{
    must(t->ret_trial->count < TRIAL_STEPS);
    t->ret_trial->steps[t->ret_trial->count++] = (struct trial_step){name, state, text};
}

static enum trial_state state_of(const struct err *why)
{
    if (why == NULL) return TRIAL_FINE;
    return why->problem == PROBLEM_PROVIDER_AWAY ? TRIAL_AWAY : TRIAL_WRONG;
}

/* ---- discovery ---- */

static enum flow_next ask_metadata(struct flow *f)
{
    struct trying *t = f->self;
    return oidc_discovery_now(f, t->p, t->env, &t->metadata);
}

static const struct flow_step metadata_steps[] = {
    {"trial/ask_metadata", ask_metadata}
};

static enum flow_next discover(struct flow *f)
{
    struct trying *t = f->self;
    return flow_try(f, &t->inner, metadata_steps, 1, t, &t->why);
}

static enum flow_next note_discovery(struct flow *f)
{
    struct trying *t = f->self;
    bool is_given = t->p->descriptor->protocol != PROTOCOL_OIDC || !t->p->descriptor->discover;
    struct slice fine =
        is_given ? LIT("nothing to discover: the addresses are given") : LIT("the document is in order");
    note(t, "discovery", state_of(t->why), t->why != NULL ? err_story(f->arena, t->why) : fine);
    return FLOW_NEXT;
}

/* ---- keys ---- */

static enum flow_next ask_keys(struct flow *f)
{
    struct trying *t = f->self;
    return oidc_keys_now(f, t->p, t->env, t->metadata->jwks_url, &t->keys);
}

static const struct flow_step keys_steps[] = {
    {"trial/ask_keys", ask_keys}
};

static enum flow_next fetch_keys(struct flow *f)
{
    struct trying *t = f->self;
    t->why = NULL;
    if (t->metadata == NULL || t->metadata->jwks_url.len == 0 || !t->p->descriptor->id_token.verified) return FLOW_NEXT;
    return flow_try(f, &t->inner, keys_steps, 1, t, &t->why);
}

static enum flow_next note_keys(struct flow *f)
{
    struct trying *t = f->self;
    /* where identity tokens may come and need not, people can sign in all the same */
    enum trial_state state = t->p->descriptor->id_token.required ? state_of(t->why) : TRIAL_UNSURE;
    if (t->why != NULL) note(t, "keys", state, err_story(f->arena, t->why));
    if (t->keys != NULL)
        note(t, "keys", TRIAL_FINE, arena_print(f->arena, "%zu that can be used", jwks_count(t->keys)));
    return FLOW_NEXT;
}

/* ---- the browser's address ---- */

static enum flow_next ask_address(struct flow *f)
{
    struct trying *t = f->self;
    const struct authorize_ask ask = {.redirect_uri = t->redirect_uri,
                                      .state = LIT("vestibule-providers-test"),
                                      .nonce = LIT("vestibule-providers-test"),
                                      .verifier = verifier};
    return provider_authorize(f, t->p, t->env, &ask, &t->to);
}

static const struct flow_step address_steps[] = {
    {"trial/ask_address", ask_address}
};

static enum flow_next make_address(struct flow *f)
{
    struct trying *t = f->self;
    t->why = NULL;
    if (t->metadata == NULL) return FLOW_NEXT;
    return flow_try(f, &t->inner, address_steps, 1, t, &t->why);
}

static enum flow_next note_address(struct flow *f)
{
    struct trying *t = f->self;
    if (t->metadata != NULL)
        note(t, "authorize", state_of(t->why), t->why != NULL ? err_story(f->arena, t->why) : t->to.url);
    return FLOW_NEXT;
}

/* ---- does it know us ---- */

static bool is_oauth1(const struct trying *t)
{
    return t->p->descriptor->protocol == PROTOCOL_OAUTH1;
}

/* What the callback would have brought along, in made-up words. */
static const struct doc *made_up_params(struct arena *a, const struct descriptor_callback *c)
{
    struct doc *map = arena_new(a, struct doc), **end = &map->first;
    map->type = DOC_MAP;
    for (size_t i = 0; i < c->param_count; i++) {
        *end = arena_new(a, struct doc);
        **end = (struct doc){.type = DOC_STRING, .key = c->params[i].name, .text = made_up};
        end = &(*end)->next;
        map->count++;
    }
    return map;
}

static enum flow_next send_code(struct flow *f)
{
    struct trying *t = f->self;
    const struct descriptor *d = t->p->descriptor;
    if (t->metadata == NULL || is_oauth1(t)) return FLOW_NEXT;
    t->values = provider_values(f->arena, t->p, t->metadata);
    t->values.at[TEMPLATE_REDIRECT_URI] = t->redirect_uri;
    t->values.at[TEMPLATE_STATE] = LIT("vestibule-providers-test");
    t->values.at[TEMPLATE_CODE] = made_up;
    t->values.callback = made_up_params(f->arena, &d->callback);
    t->values.at[TEMPLATE_CODE_VERIFIER] = verifier;
    struct token_ask ask = {.provider = t->p,
                            .env = t->env,
                            .url = t->metadata->token_url,
                            .more = &d->token.params,
                            .values = &t->values,
                            .wants_access_token = true};
    ask.params[0] = (struct template_pair){LIT("grant_type"), LIT("authorization_code")};
    ask.params[1] = (struct template_pair){LIT("code"), made_up};
    if (d->token.send_redirect_uri) ask.params[2] = (struct template_pair){LIT("redirect_uri"), t->redirect_uri};
    if (d->pkce != PKCE_NONE) ask.params[3] = (struct template_pair){LIT("code_verifier"), verifier};
    return token_ask(f, &ask, &t->told);
}

enum trial_state trial_judge(const struct meaning *m)
{
    static const struct slice about_the_code[] = {LIT_INIT("invalid_grant"), LIT_INIT("bad_verification_code"),
                                                  LIT_INIT("invalid_code"), LIT_INIT("code_expired")};
    switch (m->kind) {
    case MEANING_MISCONFIGURED: return TRIAL_WRONG;
    case MEANING_RETRYABLE:
    case MEANING_RATE_LIMITED: return TRIAL_AWAY;
    case MEANING_GOOD:
    case MEANING_DENIED:
    case MEANING_BROKEN:
    case MEANINGS: break;
    }
    for (size_t i = 0; i < sizeof about_the_code / sizeof about_the_code[0]; i++)
        if (slice_is(m->code, about_the_code[i])) return TRIAL_FINE;
    bool speaks_of_code = slice_find(m->message, LIT(" code")) != SLICE_NONE;
    return m->code.len != 0 && speaks_of_code ? TRIAL_FINE : TRIAL_UNSURE;
}

static enum flow_next note_client(struct flow *f)
{
    struct trying *t = f->self;
    if (t->metadata == NULL) return FLOW_NEXT;
    if (is_oauth1(t)) {
        if (t->why == NULL) note(t, "client", TRIAL_FINE, LIT("it gave us a request token"));
        return FLOW_NEXT;
    }
    enum trial_state state = trial_judge(&t->told.meaning);
    struct slice story =
        t->told.why != NULL ? err_story(f->arena, t->told.why) : LIT("it gave tokens for a code nobody has");
    struct slice fine = arena_print(f->arena, "it refused a made-up code and has nothing against the client (%.*s)",
                                    SLICE_ARG(t->told.meaning.shown));
    struct slice unsure = arena_print(f->arena, "it did not say whether it knows the client: %.*s", SLICE_ARG(story));
    note(t, "client", state, state == TRIAL_FINE ? fine : state == TRIAL_UNSURE ? unsure : story);
    return FLOW_NEXT;
}

static enum flow_next note_clock(struct flow *f)
{
    struct trying *t = f->self;
    if (t->told.meaning.date_s == 0) return FLOW_NEXT;
    int64_t off_s = now_s() - t->told.meaning.date_s;
    bool fine = off_s <= TRIAL_CLOCK_S && off_s >= -TRIAL_CLOCK_S;
    const char *which = off_s > 0 ? "before" : "behind";
    note(t, "clock", fine ? TRIAL_FINE : TRIAL_WRONG,
         fine ? LIT("ours and theirs agree")
              : arena_print(f->arena, "ours is %lld s %s theirs: set it (NTP), or good identity tokens are refused",
                            (long long)(off_s > 0 ? off_s : -off_s), which));
    return FLOW_NEXT;
}

static const struct flow_step steps[] = {
    {"trial/discover",       discover      },
    {"trial/note_discovery", note_discovery},
    {"trial/fetch_keys",     fetch_keys    },
    {"trial/note_keys",      note_keys     },
    {"trial/make_address",   make_address  },
    {"trial/note_address",   note_address  },
    {"trial/send_code",      send_code     },
    {"trial/note_client",    note_client   },
    {"trial/note_clock",     note_clock    },
};

enum flow_next trial_run(struct flow *f, const struct provider *p, const struct provider_env *env,
                         struct slice redirect_uri, struct trial *ret_trial)
{
    struct trying *t = arena_new(f->arena, struct trying);
    t->p = p;
    t->env = env;
    t->redirect_uri = redirect_uri;
    t->ret_trial = ret_trial;
    *ret_trial = (struct trial){.count = 0};
    return flow_call(f, &t->flow, steps, sizeof steps / sizeof steps[0], t);
}
