#include "session/token_refresh.h"

#include "crypto/random.h"
#include "observe/metrics.h"
#include "observe/records.h"
#include "session/patient_put.h"
#include "session/sessions.h"

#include "base/log.h"
#include "base/now.h"

static struct metric refreshes = {
    .name = "vestibule_provider_token_refreshes_total",
    .help = "Attempts to renew a session's tokens at its provider.",
    .kind = METRIC_COUNTER,
    .labels = {"provider", "outcome"}
};

/* ---- looking */

static enum flow_next look(struct flow *f)
{
    struct token_refresh *t = f->self;
    return store_get(f, t->sessions->link, t->key, &t->value);
}

/* A session that keeps tokens has their record as long as it lives. */
static enum flow_next gone(struct token_refresh *t)
{
    token_memo_drop(t->held);
    t->end = TOKEN_END_GONE;
    return FLOW_DONE;
}

/* Remembered too, until the store tells of a change: nobody asks again for what cannot be read. */
static enum flow_next unreadable(struct token_refresh *t, const struct err *why)
{
    const struct token_record none = {.turn = 0};
    LOG(LOG_LEVEL_WARN, "tokens_unreadable", "A session's tokens cannot be read and count as none.", why,
        {"session", t->held->session.reference});
    token_memo_put(t->held, &none, INT64_MAX);
    t->end = TOKEN_END_KNOWN;
    return FLOW_DONE;
}

/* FLOW_NEXT: the record is open and due. FLOW_DONE: there is nothing to do. */
static enum flow_next judge_record(struct flow *f, struct token_refresh *t)
{
    if (t->value.at == NULL) return gone(t);
    struct token_record *r = &t->record;
    const struct err *e = token_record_open(f->arena, t->sessions->keys, t->key, t->value, r);
    if (e == NULL && !slice_is(r->provider, t->from->provider->id))
        e = err_new(f->arena, PROBLEM_INTERNAL, "the tokens are another provider's");
    if (e != NULL) return unreadable(t, e);
    token_memo_put(t->held, r, r->over ? INT64_MAX : provider_refresh_due_s(t->from->provider, &r->tokens));
    t->end = TOKEN_END_KNOWN;
    return token_memo_is_due(t->held->token_memo) ? FLOW_NEXT : FLOW_DONE;
}

static enum flow_next decide(struct flow *f)
{
    struct token_refresh *t = f->self;
    enum flow_next next = judge_record(f, t);
    if (next == FLOW_NEXT) t->known(t);
    return next;
}

/* ---- the turn */

static enum flow_next take_turn(struct flow *f)
{
    struct token_refresh *t = f->self;
    int64_t lock_ms = t->from->provider->timeout_ms + TOKEN_LOCK_SLACK_MS;
    t->lock_until_ms = now_ms() + lock_ms; /* it begins there no earlier than it was asked for here */
    t->lock_key = token_record_lock_key(f->arena, t->session_key, t->record.turn);
    return store_put(f, t->sessions->link, t->lock_key, LIT("1"), lock_ms, STORE_IF_NEW, &t->locked);
}

static enum flow_next look_again(struct flow *f)
{
    struct token_refresh *t = f->self;
    if (!t->locked) {
        t->end = TOKEN_END_LOST;
        return FLOW_DONE;
    }
    return store_get(f, t->sessions->link, t->key, &t->value);
}

/* Another turn's number: somebody was faster, and our lock is of a turn that is over. */
static enum flow_next decide_again(struct flow *f)
{
    struct token_refresh *t = f->self;
    int64_t turn = t->record.turn;
    enum flow_next next = judge_record(f, t);
    if (next == FLOW_FAIL) return next;
    t->done = next == FLOW_DONE || t->record.turn != turn;
    if (t->done || now_ms() <= t->lock_until_ms - t->from->provider->timeout_ms) return FLOW_NEXT;
    t->end = TOKEN_END_LOST; /* we were held up: the lock might end before the provider has answered */
    return FLOW_DONE;
}

static enum flow_next ask_step(struct flow *f)
{
    struct token_refresh *t = f->self;
    return provider_refresh(f, t->from->provider, t->from->env, &t->record.tokens, t->held->session.identity.subject,
                            &t->got);
}

static const struct flow_step ask_steps[] = {
    {"token_refresh/ask", ask_step}
};

static enum flow_next ask(struct flow *f)
{
    struct token_refresh *t = f->self;
    if (t->done) return FLOW_NEXT;
    t->got.retry_after_s = -1;
    t->asked = t->kept = true;
    return flow_try(f, &t->tried, ask_steps, 1, t, &t->why);
}

/* ---- keeping what came */

static bool same_turn(void *self, struct arena *a, struct slice value)
{
    const struct token_refresh *t = self;
    struct token_record r;
    return token_record_open(a, t->sessions->keys, t->key, value, &r) == NULL && r.turn == t->record.turn;
}

static int64_t ttl_of(const struct token_refresh *t)
{
    int64_t idle = sessions_idle_ms(t->sessions), left = t->held->session.expires_s * 1000 - now_wall_ms();
    return idle < left ? idle : left;
}

static enum flow_next put(struct flow *f, struct token_refresh *t, const struct token_record *r)
{
    const struct err *e = token_record_seal(f->arena, t->sessions->keys, t->key, r, &t->sealed);
    if (e != NULL) return flow_fail(f, e);
    int64_t ttl_ms = ttl_of(t);
    if (ttl_ms <= 0) {
        t->kept = false; /* the session is over, and so is its record */
        return FLOW_NEXT;
    }
    const struct patient_put patient = {.link = t->sessions->link,
                                        .loop = t->sessions->loop,
                                        .key = t->key,
                                        .value = t->sealed,
                                        .ttl_ms = ttl_ms,
                                        .patience_ms = TOKEN_PATIENCE_MS,
                                        .still = same_turn,
                                        .self = t};
    return patient_put(f, &patient, &t->kept);
}

static enum flow_next keep_rotated(struct flow *f)
{
    struct token_refresh *t = f->self;
    const struct tokens *old = &t->record.tokens, *new = &t->got.tokens;
    if (t->done || t->why != NULL || !t->got.has_id_token) return FLOW_NEXT;
    if (slice_is(new->refresh_token, old->refresh_token)) return FLOW_NEXT;
    struct token_record r = t->record; /* of the same turn: it is not over */
    r.tokens.refresh_token = new->refresh_token;
    return put(f, t, &r);
}

static enum flow_next verify_step(struct flow *f)
{
    struct token_refresh *t = f->self;
    return provider_refresh_verify(f, t->from->provider, t->from->env, &t->record.tokens, &t->got);
}

static const struct flow_step verify_steps[] = {
    {"token_refresh/verify", verify_step}
};

static enum flow_next verify(struct flow *f)
{
    struct token_refresh *t = f->self;
    if (t->done || t->why != NULL || !t->got.has_id_token || !t->kept) return FLOW_NEXT;
    return flow_try(f, &t->tried, verify_steps, 1, t, &t->why);
}

/* ---- how it went */

static void count(const struct token_refresh *t, const char *outcome)
{
    const struct slice values[] = {t->from->provider->id, slice_of(outcome)};
    metric_add(metric_series(&refreshes, values), 1);
}

static void tell(const struct token_refresh *t, const char *event)
{
    const struct session *s = &t->held->session;
    const struct audit_record r = {.event = event,
                                   .actor = LIT("system"),
                                   .subject = s->identity.subject,
                                   .email = s->identity.email,
                                   .provider = s->identity.provider,
                                   .reason = problem_word(t->why->problem),
                                   .session = s->reference,
                                   .why = t->why};
    records_audit(&r);
}

/* 2, 4, 8 .. 60 s, each up to a quarter longer or shorter, so that replicas do not come back together; or what the provider asked for. */
static int64_t retry_in_ms(const struct token_refresh *t)
{
    int64_t shift = t->record.failures < 5 ? t->record.failures : 5;
    int64_t wait_ms = (int64_t)TOKEN_RETRY_LEAST_MS << shift, told_s = t->got.retry_after_s;
    unsigned char dice;
    random_bytes(&dice, 1);
    if (wait_ms > TOKEN_RETRY_MOST_MS) wait_ms = TOKEN_RETRY_MOST_MS;
    wait_ms += wait_ms * (dice - 128) / 512;
    if (told_s > TOKEN_RETRY_AFTER_MOST_S) told_s = TOKEN_RETRY_AFTER_MOST_S;
    return told_s * 1000 > wait_ms ? told_s * 1000 : wait_ms;
}

/* The provider's no is about the tokens we hold: nobody else can have renewed them, for the turn is ours. */
static enum flow_next settle_failure(struct flow *f, struct token_refresh *t)
{
    struct token_record r = t->record;
    bool refused = t->why->problem == PROBLEM_PROVIDER_REFUSED || t->got.is_stranger;
    count(t, t->got.is_stranger ? "stranger" : refused ? "refused" : "failed");
    if (refused || r.failures == 0) tell(t, "token.refresh_failed");
    if (t->got.is_stranger || (refused && t->from->provider->refusal_ends_session)) {
        t->end = TOKEN_END_OVER;
        return sessions_erase(f, t->sessions, t->session_key, arena_new(f->arena, struct session_left));
    }
    r.turn++;
    r.over = refused;
    r.failures = refused ? 0 : r.failures + 1;
    r.retry_ms = refused ? 0 : now_wall_ms() + retry_in_ms(t);
    if (t->got.tokens.refresh_token.len != 0) r.tokens.refresh_token = t->got.tokens.refresh_token;
    t->settled = r;
    return put(f, t, &r);
}

static enum flow_next settle(struct flow *f)
{
    struct token_refresh *t = f->self;
    if (t->done || !t->kept) return FLOW_NEXT;
    if (t->why != NULL) return settle_failure(f, t);
    count(t, "renewed");
    t->settled =
        (struct token_record){.provider = t->record.provider, .tokens = t->got.tokens, .turn = t->record.turn + 1};
    return put(f, t, &t->settled);
}

/* The session ended while we asked: what we got belongs to nobody, and is given back. */
static void give_back(const struct token_refresh *t)
{
    const struct session *s = &t->held->session;
    const struct session_left left = {t->record.provider, &t->got.tokens};
    const struct audit_record who = {
        .actor = LIT("system"), .subject = s->identity.subject, .email = s->identity.email, .session = s->reference};
    session_tokens_revoke(t->sessions, &left, t->from, &who);
}

static enum flow_next remember(struct flow *f)
{
    struct token_refresh *t = f->self;
    if (t->done) return FLOW_NEXT;
    t->asked = false;
    if (t->end == TOKEN_END_OVER) tell(t, "session.revoked");
    if (t->end == TOKEN_END_KNOWN && t->kept) {
        const struct token_record *r = &t->settled;
        token_memo_put(t->held, r, r->over ? INT64_MAX : provider_refresh_due_s(t->from->provider, &r->tokens));
        return FLOW_NEXT;
    }
    if (t->end == TOKEN_END_OVER) {
        token_memo_drop(t->held);
        return FLOW_NEXT;
    }
    if (t->why == NULL) give_back(t);
    gone(t);
    return FLOW_NEXT;
}

static enum flow_next unlock_step(struct flow *f)
{
    struct token_refresh *t = f->self;
    return store_delete(f, t->sessions->link, t->lock_key, &t->locked);
}

static const struct flow_step unlock_steps[] = {
    {"token_refresh/unlock", unlock_step}
};

/* The turn is over, so its lock is worth nothing to anybody. If it stays, it ends by itself. */
static enum flow_next leave_turn(struct flow *f)
{
    struct token_refresh *t = f->self;
    return flow_try(f, &t->tried, unlock_steps, 1, t, &t->why);
}

static const struct flow_step steps[] = {
    {"token_refresh/look",         look        }, /* waits */
    {"token_refresh/decide",       decide      }, /* */
    {"token_refresh/take_turn",    take_turn   }, /* waits */
    {"token_refresh/look_again",   look_again  }, /* waits */
    {"token_refresh/decide_again", decide_again}, /* */
    {"token_refresh/ask",          ask         }, /* waits long */
    {"token_refresh/keep_rotated", keep_rotated}, /* waits */
    {"token_refresh/verify",       verify      }, /* may wait long */
    {"token_refresh/settle",       settle      }, /* waits */
    {"token_refresh/remember",     remember    }, /* */
    {"token_refresh/leave_turn",   leave_turn  }, /* waits */
};

enum flow_next token_refresh(struct flow *f, struct flow *child, struct token_refresh *t)
{
    t->session_key = (struct slice){t->held->key, sizeof t->held->key};
    t->key = token_record_key(f->arena, t->session_key);
    return flow_call(f, child, steps, sizeof steps / sizeof *steps, t);
}
