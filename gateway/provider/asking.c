/* asking.c -- finish, send, judge. */
#include "provider/asking.h"

#include "observe/metrics.h"
#include "provider/answer_tree.h"
#include "provider/counted.h"
#include "provider/provider_state.h"
#include "text/encode.h"

#include "base/now.h"

static struct metric answers = {
    .name = "vestibule_provider_answers_total",
    .help = "Answers of providers, by what they mean.",
    .kind = METRIC_COUNTER,
    .labels = {"provider", "endpoint", "meaning"}
};

struct run {
    struct asking *x;
    const struct err *silence; /* no answer, or none that can be looked at */
    struct flow flow, sending;
};

static enum flow_next send_it(struct flow *f)
{
    struct asking *x = f->self;
    const struct provider *p = x->provider;
    struct fetch_ask ask = {.accept_statuses = true,
                            .once = x->once,
                            .max_bytes = x->max_bytes,
                            .timeout_ms = p->timeout_ms,
                            .ca_file = p->ca_file,
                            .allow_private = p->allow_private,
                            .allow_http = p->allow_http};
    meaning_kept(p->descriptor, ask.kept);
    const struct err *bad = outgoing_finish(&x->out, x->signs ? &x->signature : NULL, &ask);
    x->asked_s = now_s();
    enum flow_next next =
        bad != NULL ? flow_fail(f, bad) : counted_ask(f, x->env, p->id, x->endpoint, &ask, &x->answer);
    outgoing_wipe(&x->out);
    return next;
}

static const struct flow_step sending[] = {
    {"provider/ask", send_it}
};

static enum flow_next send_and_wait(struct flow *f)
{
    struct run *r = f->self;
    return flow_try(f, &r->sending, sending, 1, r->x, &r->silence);
}

static void judge_answer(struct asking *x, struct arena *a)
{
    bool readable = !x->json_type_only || fetch_type_is(x->answer.content_type, LIT("application/json"));
    if (readable) x->root = answer_tree(a, x->answer.body);
    const struct meaning_ask ask = {.descriptor = x->provider->descriptor,
                                    .is_token_answer = x->is_token_answer,
                                    .request = x->request,
                                    .answer = &x->answer,
                                    .root = x->root,
                                    .secrets = x->secrets,
                                    .now_s = now_s()};
    x->meaning = meaning_of(a, &ask);
    x->why = meaning_err(a, &x->meaning, x->what, x->answer.status);
}

static enum flow_next judge(struct flow *f)
{
    struct run *r = f->self;
    struct asking *x = r->x;
    if (r->silence == NULL) {
        judge_answer(x, f->arena);
    } else {
        x->why = r->silence;
        x->meaning = (struct meaning){.kind = meaning_of_silence(r->silence), .wait_s = x->answer.retry_after_s};
    }
    metric_add(metric_series(&answers,
                             (struct slice[]){x->provider->id, slice_of(x->endpoint), meaning_word(x->meaning.kind)}),
               1);
    provider_state_heard(x->provider->state, x->meaning.kind, x->meaning.wait_s);
    return FLOW_NEXT;
}

static const struct flow_step steps[] = {
    {"provider/send_and_wait", send_and_wait},
    {"provider/judge",         judge        }
};

enum flow_next asking_run(struct flow *f, struct asking *x)
{
    struct run *r = arena_new(f->arena, struct run);
    r->x = x;
    x->answer = (struct fetch_answer){.retry_after_s = -1, .max_age_s = -1};
    return flow_call(f, &r->flow, steps, 2, r);
}

void asking_client_secrets(struct arena *a, const struct provider *p, struct slice secrets[MEANING_SECRETS],
                           size_t from)
{
    struct slice secret = secret_reveal(p->client_secret);
    if (secret.len == 0 || from + 3 > MEANING_SECRETS) return;
    struct slice encoded = form_encode(a, secret);
    struct slice pair = arena_print(a, "%.*s:%.*s", SLICE_ARG(form_encode(a, p->client_id)), SLICE_ARG(encoded));
    secrets[from] = secret;
    secrets[from + 1] = encoded;
    secrets[from + 2] = base64_encode(a, pair);
}
