/* redis_operation.c -- one question to Redis: its words, and what each answer means. Every answer's kind is checked; one of another
 * kind breaks the wire, since it means that questions and answers no longer match. */
#include "store/redis_operation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/now.h"

enum {
    REPLICA_AGAIN_MS =
        30 * 1000 /* an address that leads to a replica for good must not cost a connection with every write */
};

/* ---- one operation */

static void operation_cancel(void *pending)
{
    struct redis_operation *op = pending;
    op->flow = NULL; /* its reply still comes, and is consumed */
}

void redis_operation_finish(struct redis_operation *op, enum tally_outcome how, const struct err *why)
{
    struct flow *f = op->flow;
    tally_done(op->ask.what, how, op->started_us);
    free(op);
    if (f != NULL) flow_wake(f, why);
}

void redis_operation_lost(struct line_question *q, const char *why)
{
    struct redis_operation *op = (struct redis_operation *)q;
    const struct err *e = NULL;
    if (op->flow != NULL) e = err_new(op->flow->arena, PROBLEM_STORE_AWAY, "the store went away: %s", why);
    redis_operation_finish(op, TALLY_AWAY, e);
}

/* After a failover the address leads elsewhere, but a connection that is open does not. */
static const char *leave_replica(struct redis_link *k)
{
    int64_t now = now_ms();
    if (k->left_ms != 0 && now - k->left_ms < REPLICA_AGAIN_MS) return NULL;
    k->left_ms = now;
    return "it has become a read-only replica";
}

const char *redis_operation_refused(struct redis_operation *op, const struct resp_reply *reply)
{
    const struct err *e = NULL;
    struct redis_link *k = op->link;
    bool readonly = slice_starts(reply->text, LIT("READONLY"));
    if (op->flow != NULL) {
        e = err_new(op->flow->arena, PROBLEM_STORE_AWAY, "the store refused: %.*s", SLICE_ARG(resp_error_text(reply)));
    }
    redis_operation_finish(op, TALLY_REFUSED, e);
    return readonly ? leave_replica(k) : NULL;
}

void redis_operation_note(struct redis_operation *op, const struct resp_reply *error)
{
    if (op->refused) return;
    op->refused = true;
    snprintf(op->refusal, sizeof op->refusal, "%.*s", SLICE_ARG(resp_error_text(error)));
}

const char *redis_operation_refused_as_noted(struct redis_operation *op)
{
    struct resp_reply first = {.type = RESP_ERROR, .text = slice_of(op->refusal)};
    return redis_operation_refused(op, &first);
}

/* Puts what the reply says where the caller wants it; false: no such reply can answer this. */
static bool understand(struct redis_operation *op, const struct resp_reply *r)
{
    bool wanted = op->flow != NULL;
    switch (op->ask.what) {
    case TALLY_GET:
    case TALLY_TAKE:
        if (r->type != RESP_BULK && r->type != RESP_NIL) return false;
        if (r->text.len > STORE_MAX_VALUE) return false;
        if (!wanted) return true;
        *op->ask.ret_value = (struct slice){NULL, 0};
        if (r->type == RESP_NIL) return true;
        *op->ask.ret_value = arena_copy(op->flow->arena, r->text);
        if (op->ask.ret_ttl_ms != NULL) *op->ask.ret_ttl_ms = op->ttl_ms > 0 ? op->ttl_ms : 0;
        return true;
    case TALLY_PUT:
        if (r->type != RESP_NIL && !resp_says(r, RESP_STATUS, LIT("OK"))) return false;
        if (r->type == RESP_NIL && op->ask.when == STORE_ALWAYS) return false;
        if (wanted) *op->ask.ret_yes = r->type != RESP_NIL;
        return true;
    case TALLY_DELETE:
        if (r->type != RESP_INTEGER || r->integer < 0 || r->integer > 1) return false;
        if (wanted) *op->ask.ret_yes = r->integer == 1;
        return true;
    case TALLY_PING: return resp_says(r, RESP_STATUS, LIT("PONG"));
    case TALLY_COUNT: /* the PEXPIRE; the sum came before it */
        if (r->type != RESP_INTEGER) return false;
        if (wanted) *op->ask.ret_number = op->number;
        return true;
    default: return false; /* a touch, and what redis_list.c asks */
    }
}

static const char *operation_answer(struct line_question *q, const struct resp_reply *reply, int left)
{
    struct redis_operation *op = (struct redis_operation *)q;
    if (left > 0 && op->ask.what == TALLY_COUNT) { /* the INCRBY */
        if (reply->type != RESP_INTEGER && reply->type != RESP_ERROR) return redis_link_odd_answer;
        op->refused = reply->type == RESP_ERROR;
        op->number = reply->integer;
        return NULL;
    }
    if (left > 0) {                                 /* the PTTL before a GET */
        if (reply->type == RESP_ERROR) return NULL; /* the GET will say the same, or do without */
        if (reply->type != RESP_INTEGER) return redis_link_odd_answer;
        op->ttl_ms = reply->integer;
        return NULL;
    }
    if (reply->type == RESP_ERROR) {
        return redis_operation_refused(op, reply);
    }
    if (op->refused) {
        redis_operation_lost(q, "it does not count");
        return NULL;
    }
    if (!understand(op, reply)) {
        redis_operation_lost(q, redis_link_odd_answer);
        return redis_link_odd_answer;
    }
    redis_operation_finish(op, TALLY_OK, NULL);
    return NULL;
}

/* Nobody waits for a touch, so nobody else would say it. */
static void tell_touch_refused(struct redis_link *k, const struct redis_operation *op)
{
    if (k->told_touch) return;
    k->told_touch = true;
    LOG(LOG_LEVEL_WARN, "store_touch_refused",
        "The store does not let sessions live on: they end after session.idle although they are used.", NULL,
        {"store", k->redis->conf.told}, {"reply", slice_of(op->refusal)});
}

/* PEXPIRE, then EXISTS. */
static const char *touch_answer(struct line_question *q, const struct resp_reply *reply, int left)
{
    struct redis_operation *op = (struct redis_operation *)q;
    bool sane = reply->type == RESP_INTEGER || reply->type == RESP_ERROR;
    if (reply->type == RESP_ERROR) redis_operation_note(op, reply);
    if (left > 0) return sane ? NULL : redis_link_odd_answer;
    if (!sane) {
        redis_operation_lost(q, redis_link_odd_answer);
        return redis_link_odd_answer;
    }
    if (reply->type == RESP_INTEGER && reply->integer == 0) {
        store_changed(&op->link->super, (struct slice){op->key, op->key_len});
    }
    if (op->refused) {
        tell_touch_refused(op->link, op);
        return redis_operation_refused_as_noted(op);
    }
    redis_operation_finish(op, TALLY_OK, NULL);
    return NULL;
}

/* ---- asking */

struct slice redis_operation_key(const struct redis_link *k, struct slice key, char room[REDIS_OPERATION_KEY])
{
    struct slice prefix = k->redis->conf.key_prefix;
    if (prefix.len != 0) memcpy(room, prefix.at, prefix.len);
    if (key.len != 0) memcpy(room + prefix.len, key.at, key.len);
    return (struct slice){room, prefix.len + key.len};
}

static size_t put_words(const struct backing_ask *ask, struct slice key, struct slice ttl, struct slice words[6])
{
    words[0] = LIT("SET");
    words[1] = key;
    words[2] = ask->value;
    words[3] = LIT("PX");
    words[4] = ttl;
    if (ask->when == STORE_ALWAYS) return 5;
    words[5] = ask->when == STORE_IF_NEW ? LIT("NX") : LIT("XX");
    return 6;
}

static bool send_operation(struct redis_link *k, struct redis_operation *op, const struct backing_ask *ask)
{
    char key_room[REDIS_OPERATION_KEY], number_room[REDIS_LINK_NUMBER];
    struct slice key = redis_operation_key(k, ask->key, key_room), words[6] = {LIT("PING"), key};
    size_t count = 2;
    switch (ask->what) {
    case TALLY_GET: words[0] = LIT("GET"); break;
    case TALLY_TAKE: words[0] = LIT("GETDEL"); break;
    case TALLY_DELETE: words[0] = LIT("DEL"); break;
    case TALLY_PUT: count = put_words(ask, key, redis_link_number(ask->ttl_ms, number_room), words); break;
    default: count = 1; break; /* PING */
    }
    struct line_command commands[2] = {
        {(struct slice[]){LIT("PTTL"), key}, 2    },
        {words,                              count}
    };
    char sum_room[REDIS_LINK_NUMBER];
    if (ask->what == TALLY_COUNT) {
        const struct line_command both[] = {
            {(struct slice[]){LIT("INCRBY"), key, redis_link_number(ask->number, sum_room)},     3},
            {(struct slice[]){LIT("PEXPIRE"), key, redis_link_number(ask->ttl_ms, number_room)}, 3},
        };
        return wire_ask(&k->data, &op->super, both, 2);
    }
    bool with_ttl = ask->ret_ttl_ms != NULL;
    return wire_ask(&k->data, &op->super, with_ttl ? commands : commands + 1, with_ttl ? 2 : 1);
}

enum flow_next redis_operation_ask(struct flow *f, struct store_link *link, const struct backing_ask *ask)
{
    struct redis_link *k = (struct redis_link *)link;
    if (k->data.state != WIRE_READY) {
        tally_done(ask->what, TALLY_AWAY, 0);
        return flow_fail(
            f, err_new(f->arena, PROBLEM_STORE_AWAY, "the store is away%s%s", k->away[0] != '\0' ? ": " : "", k->away));
    }
    struct redis_operation *op = must_alloc(sizeof *op);
    op->super = (struct line_question){.answer = operation_answer, .lost = redis_operation_lost};
    op->link = k;
    op->ask = *ask;
    op->flow = f;
    op->started_us = now_us();
    bool sent = ask->what >= TALLY_ENLIST ? redis_list_send(k, op) : send_operation(k, op, ask);
    if (sent) return flow_wait(f, op, operation_cancel);
    free(op);
    tally_done(ask->what, TALLY_REFUSED, 0);
    return flow_fail(f, err_new(f->arena, PROBLEM_STORE_AWAY, "too many questions wait for the store"));
}

void redis_operation_touch(struct store_link *link, struct slice key, int64_t ttl_ms)
{
    struct redis_link *k = (struct redis_link *)link;
    struct redis_operation *op = must_alloc(sizeof *op);
    op->super = (struct line_question){.answer = touch_answer, .lost = redis_operation_lost};
    op->link = k;
    op->ask.what = TALLY_TOUCH;
    op->started_us = now_us();
    op->key_len = key.len;
    memcpy(op->key, key.at, key.len);
    char key_room[REDIS_OPERATION_KEY], number_room[REDIS_LINK_NUMBER];
    struct slice full = redis_operation_key(k, key, key_room);
    const struct line_command commands[] = {
        {(struct slice[]){LIT("PEXPIRE"), full, redis_link_number(ttl_ms, number_room)}, 3},
        {(struct slice[]){LIT("EXISTS"), full},                                          2},
    };
    if (wire_ask(&k->data, &op->super, commands, 2)) return;
    free(op);
    tally_done(TALLY_TOUCH, TALLY_AWAY, 0);
}
