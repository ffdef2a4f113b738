/* command_providers_test.c -- one provider tried out: what works, what does not, and what to change. */
#include "cli/commands.h"
#include "provider/trial.h"
#include "text/json.h"

enum {
    PATIENCE_MS = 30000, /* four questions, and the largest timeout a provider may have for each */
    TURN_MS = 50,
    ARENA_BYTES = 64 * 1024 * 1024,
    TEXT_MAX = 64 * 1024
};

struct trial_use {
    struct flow flow;
    struct provider_env env;
    const struct provider *provider;
    struct slice redirect_uri;
    struct trial trial;
    bool ended;
};

static enum flow_next try_it(struct flow *f)
{
    struct trial_use *s = f->self;
    return trial_run(f, s->provider, &s->env, s->redirect_uri, &s->trial);
}

static const struct flow_step steps[] = {{"providers_test/try_it", try_it}};

static void end(struct flow *f, const struct err *why)
{
    struct trial_use *s = f->self;
    (void)why;
    s->ended = true;
}

static const char *const words[] = {
    [TRIAL_FINE] = "ok", [TRIAL_UNSURE] = "unsure", [TRIAL_AWAY] = "away", [TRIAL_WRONG] = "wrong"};

/* The worst of the steps decides: what must be changed comes before who did not answer. */
static int status_of(const struct trial *t)
{
    int status = EXIT_FINE;
    for (size_t i = 0; i < t->count; i++) {
        if (t->steps[i].state == TRIAL_WRONG) return EXIT_CONFIG;
        if (t->steps[i].state == TRIAL_AWAY) status = EXIT_UNAVAILABLE;
    }
    return status;
}

static void tell(const struct command_line *line, const struct trial *t, struct slice id)
{
    struct buf out = buf_open(TEXT_MAX);
    struct json j = json_into(&out);
    bool as_json = command_json(line);
    if (as_json) {
        json_open_object(&j, NULL);
        json_string(&j, "provider", id);
        json_open_list(&j, "steps");
    }
    for (size_t i = 0; i < t->count; i++) {
        const struct trial_step *s = &t->steps[i];
        if (!as_json) {
            buf_print(&out, "%-7s  %-9s  %.*s\n", words[s->state], s->name, SLICE_ARG(s->text));
            continue;
        }
        json_open_object(&j, NULL);
        json_string(&j, "step", slice_of(s->name));
        json_string(&j, "state", slice_of(words[s->state]));
        json_string(&j, "text", s->text);
        json_close_object(&j);
    }
    if (as_json) {
        json_close_list(&j);
        json_close_object(&j);
        buf_byte(&out, '\n');
    }
    command_out(&out);
    buf_close(&out);
}

static int run(const struct command_line *line, struct snapshot *s, const struct provider *p)
{
    AUTO(arena_closep) struct arena *a = arena_open(ARENA_BYTES);
    const struct fetch_conf conf = {.proxy = s->provider_proxy};
    struct trial_use *t = arena_new(a, struct trial_use);
    const struct err *bad = fetch_open(a, &conf, &t->env.fetch);
    if (bad != NULL) return command_failed(a, bad);
    t->env.loop = loop_open();
    t->provider = p;
    t->redirect_uri = arena_print(a, "%.*s%.*s", SLICE_ARG(s->sites[0].public_url), SLICE_ARG(p->callback));
    flow_start(&t->flow, a, steps, 1, end, t);
    for (int waited = 0; !t->ended && waited < PATIENCE_MS; waited += TURN_MS)
        loop_turn(t->env.loop, TURN_MS);
    if (!t->ended) command_say("no answer within %d seconds; what was found until then:", PATIENCE_MS / 1000);
    tell(line, &t->trial, p->id);
    int status = t->ended ? status_of(&t->trial) : EXIT_UNAVAILABLE;
    flow_drop(&t->flow);
    provider_state_leave(p->state, t->env.loop);
    fetch_close(t->env.fetch);
    loop_turn(t->env.loop, 0);
    loop_close(t->env.loop);
    return status;
}

static const struct provider *find(const struct snapshot *s, struct slice id)
{
    for (size_t i = 0; i < s->provider_count; i++)
        if (slice_is(s->providers[i]->id, id)) return s->providers[i];
    return NULL;
}

int command_providers_test(const struct command_line *line)
{
    struct config *config = command_config(line, NULL);
    struct snapshot *s = config_build(config, &(struct config_use){.purpose = CONFIG_CHECK});
    int status = EXIT_CONFIG;
    if (s == NULL) {
        command_complain(line, config, LIT("mend the configuration first"));
    } else {
        const struct provider *p = find(s, slice_of(line->words[0]));
        if (p == NULL)
            command_say("no provider \"%s\" is configured; vestibule providers list shows them", line->words[0]);
        status = p != NULL ? run(line, s, p) : EXIT_USAGE;
    }
    config_close(config);
    snapshot_drop(s);
    return status;
}
