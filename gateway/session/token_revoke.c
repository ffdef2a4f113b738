/* token_revoke.c -- tokens that nobody needs any more are given back to their provider: in nobody's name, a few at a time, once each.
 *
 * Whoever ended the session has been answered by then. A provider that is away is not asked again: the tokens are forgotten here, and end
 * there by themselves.
 */
#include <stdlib.h>
#include <string.h>

#include "observe/metrics.h"
#include "observe/records.h"
#include "provider/revoke.h"
#include "session/session_tokens.h"
#include "session/sessions.h"

#include "base/now.h"

enum {
    REVOCATION_BUDGET = 64 * 1024 * 1024 /* an answer as a tree */
};

static struct metric revocations = {
    .name = "vestibule_provider_token_revocations_total",
    .help = "Sessions' tokens given back to their provider.",
    .kind = METRIC_COUNTER,
    .labels = {"provider", "outcome"}
};

struct token_revocation {
    struct token_revocation *next;
    struct sessions *sessions;
    struct arena *words; /* what is asked and told of */
    struct arena *work;  /* made when its turn comes */
    struct token_source from;
    struct provider_env env;
    struct tokens tokens;
    struct audit_record who;
    size_t asked;
    struct flow flow;
};

static void count(const struct token_source *from, const char *outcome)
{
    const struct slice values[] = {from->provider->id, slice_of(outcome)};
    metric_add(metric_series(&revocations, values), 1);
}

/* ---- what is kept of it until its turn */

struct wiped {
    char *at;
    size_t len;
};

static void wipe(void *self)
{
    const struct wiped *w = self;
    explicit_bzero(w->at, w->len);
}

static struct slice secret_copy_in(struct arena *a, struct slice s)
{
    if (s.len == 0) return s;
    struct wiped *w = arena_new(a, struct wiped);
    struct slice copy = arena_copy(a, s);
    *w = (struct wiped){(char *)(uintptr_t)copy.at, copy.len};
    arena_at_close(a, wipe, w);
    return copy;
}

static struct tokens copy_tokens(struct arena *a, const struct tokens *t)
{
    struct tokens_value *values = arena_array(a, struct tokens_value, t->value_count);
    for (size_t i = 0; i < t->value_count; i++) {
        values[i] = (struct tokens_value){arena_copy(a, t->values[i].name), secret_copy_in(a, t->values[i].value)};
    }
    return (struct tokens){.access_token = secret_copy_in(a, t->access_token),
                           .refresh_token = secret_copy_in(a, t->refresh_token),
                           .access_secret = secret_copy_in(a, t->access_secret),
                           .obtained_s = t->obtained_s,
                           .expires_s = t->expires_s,
                           .values = values,
                           .value_count = t->value_count};
}

static struct audit_record copy_who(struct arena *a, const struct audit_record *who)
{
    struct audit_record r = *who;
    struct slice *texts[] = {&r.request_id, &r.actor,      &r.subject, &r.email,
                             &r.client_ip,  &r.user_agent, &r.session, &r.target};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        *texts[i] = arena_copy(a, *texts[i]);
    }
    r.event = "token.revoked";
    r.reason = (struct slice){NULL, 0};
    r.why = NULL;
    return r;
}

static void close_revocation(struct token_revocation *v)
{
    arena_close(v->work);
    arena_close(v->words);
    v->from.drop(v->from.owner);
    free(v);
}

/* ---- asking */

static enum flow_next revoke(struct flow *f)
{
    struct token_revocation *v = f->self;
    return provider_revoke(f, v->from.provider, v->from.env, &v->tokens, v->who.subject, &v->asked);
}

static const struct flow_step steps[] = {
    {"token_revoke/revoke", revoke}
};

static void next_turn(struct sessions *s);

static void leave_list(struct token_revocation **list, struct token_revocation *v)
{
    while (*list != v) {
        list = &(*list)->next;
    }
    *list = v->next;
}

static void ended(struct flow *f, const struct err *why)
{
    struct token_revocation *v = f->self;
    struct sessions *s = v->sessions;
    v->who.why = why;
    if (why != NULL) {
        v->who.event = "token.revoke_failed";
        v->who.reason = problem_word(why->problem);
    }
    bool offered = why != NULL || v->asked != 0;
    if (offered) records_audit(&v->who);
    count(&v->from, !offered ? "not_offered" : why == NULL ? "revoked" : "failed");
    leave_list(&s->revocations.running, v);
    s->revocations.running_count--;
    close_revocation(v);
    next_turn(s);
}

static void next_turn(struct sessions *s)
{
    struct session_revocations *all = &s->revocations;
    if (all->turning) return; /* one that ended at once: the loop below goes on */
    all->turning = true;
    while (all->waiting != NULL && all->running_count < SESSION_REVOCATIONS) {
        struct token_revocation *v = all->waiting;
        all->waiting = v->next;
        all->waiting_count--;
        v->next = all->running;
        all->running = v;
        all->running_count++;
        v->work = arena_open(REVOCATION_BUDGET);
        flow_start(&v->flow, v->work, steps, 1, ended, v);
    }
    all->turning = false;
}

void session_tokens_revoke(struct sessions *s, const struct session_left *left, const struct token_source *from,
                           const struct audit_record *who)
{
    struct session_revocations *all = &s->revocations;
    if (left->tokens == NULL || !from->provider->revokes || !provider_can_revoke(from->provider)) return;
    if (!slice_is(left->provider, from->provider->id)) return;
    if (all->waiting_count >= SESSION_REVOCATIONS_WAIT) {
        count(from, "dropped");
        return;
    }
    enum {
        WORDS_BUDGET = 512 * 1024 /* the tokens of a record and what the audit says */
    };
    struct token_revocation *v = must_alloc(sizeof *v);
    v->sessions = s;
    v->words = arena_open(WORDS_BUDGET);
    v->from = *from;
    v->env = *from->env;
    v->from.env = &v->env;
    v->from.keep(v->from.owner);
    v->tokens = copy_tokens(v->words, left->tokens);
    v->who = copy_who(v->words, who);
    v->who.provider = v->from.provider->id;
    struct token_revocation **last = &all->waiting;
    while (*last != NULL) {
        last = &(*last)->next;
    }
    *last = v;
    all->waiting_count++;
    next_turn(s);
}

void token_revoke_close_all(struct sessions *s)
{
    struct session_revocations *all = &s->revocations;
    struct token_revocation **lists[] = {&all->running, &all->waiting};
    for (size_t i = 0; i < 2; i++) {
        while (*lists[i] != NULL) {
            struct token_revocation *v = *lists[i];
            *lists[i] = v->next;
            count(&v->from, "dropped");
            flow_drop(&v->flow);
            close_revocation(v);
        }
    }
    all->running_count = all->waiting_count = 0;
}
