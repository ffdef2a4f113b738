/* redis_list.c -- lists in Redis: sorted sets, added to together with their records between MULTI and EXEC.
 *
 * Every command of a transaction is answered QUEUED, and EXEC with what each gave. A command that is refused (no right, no memory)
 * makes EXEC refuse all. Striking is no transaction: Redis queues nothing when its memory is full, though what is queued would free some, and
 * then nobody could be signed out. The other questions are EXISTS once per key, ZRANGE, and SCAN with the configured prefix, escaped, as
 * its pattern.
 */
#include <string.h>

#include "store/redis_operation.h"

enum {
    SCAN_PIECE = 500, /* keys Redis looks at in one go: well below a millisecond */
    WORDS = 6,
    COMMANDS = STORE_AT_ONCE + STORE_LISTS * STORE_AT_ONCE
};

/* ---- what the words of a question are made in: lives until it is sent */

struct script {
    const struct redis_link *link;
    struct arena *arena;
    struct line_command commands[COMMANDS];
    size_t count;
};

static void add(struct script *s, const struct slice *words, size_t count)
{
    must(s->count < COMMANDS && count <= WORDS);
    struct slice *kept = arena_array(s->arena, struct slice, count);
    memcpy(kept, words, count * sizeof *kept);
    s->commands[s->count++] = (struct line_command){kept, count};
}

#define ADD(script, ...)                               \
    add((script), (const struct slice[]){__VA_ARGS__}, \
        sizeof((const struct slice[]){__VA_ARGS__}) / sizeof(struct slice))

static struct slice full(struct script *s, struct slice key)
{
    char room[REDIS_OPERATION_KEY];
    return arena_copy(s->arena, redis_operation_key(s->link, key, room));
}

static struct slice number(struct script *s, int64_t n)
{
    return arena_print(s->arena, "%lld", (long long)n);
}

/* ---- transactions */

static const char *odd(struct line_question *q)
{
    redis_operation_lost(q, redis_link_odd_answer);
    return redis_link_odd_answer;
}

/* A reply before EXEC's, which alone would only say that something was refused. Where MULTI was, the others were carried out one by one and
 * say what they like. */
static const char *queued(struct redis_operation *op, const struct resp_reply *reply)
{
    struct slice right = op->heard++ == 0 ? LIT("OK") : LIT("QUEUED");
    if (reply->type == RESP_ERROR) redis_operation_note(op, reply);
    return op->refused || resp_says(reply, RESP_STATUS, right) ? NULL : redis_link_odd_answer;
}

/* true: EXEC carried all of it out; else the question has ended as *ret_why says. */
static bool was_done(struct redis_operation *op, const struct resp_reply *reply, const char **ret_why)
{
    for (size_t i = 0; reply->type == RESP_ARRAY && i < reply->count; i++) {
        struct resp_reply one = resp_item(reply, i);
        if (one.type == RESP_ERROR) redis_operation_note(op, &one);
    }
    if (reply->type == RESP_ERROR) redis_operation_note(op, reply);
    if (op->refused) {
        *ret_why = redis_operation_refused_as_noted(op);
        return false;
    }
    if (reply->type == RESP_ARRAY) return true;
    *ret_why = odd(&op->super);
    return false;
}

static const char *enlist_answer(struct line_question *q, const struct resp_reply *reply, int left)
{
    struct redis_operation *op = (struct redis_operation *)q;
    const char *why;
    if (left > 0) return queued(op, reply);
    if (!was_done(op, reply, &why)) return why;
    struct resp_reply set = {.type = RESP_ERROR};
    if (reply->count != 0) set = resp_item(reply, 0);
    if (set.type != RESP_NIL && !resp_says(&set, RESP_STATUS, LIT("OK"))) return odd(q);
    if (op->flow != NULL) *op->ask.ret_yes = set.type != RESP_NIL;
    redis_operation_finish(op, TALLY_OK, NULL);
    return NULL;
}

static void enlist_words(struct script *s, const struct store_enlisting *e)
{
    struct slice key = full(s, e->key), list_ttl = number(s, e->list_ttl_ms);
    ADD(s, LIT("MULTI"));
    ADD(s, LIT("SET"), key, e->value, LIT("PX"), number(s, e->ttl_ms), LIT("NX"));
    for (size_t i = 0; i < e->list_count; i++) {
        struct slice list = full(s, e->lists[i]);
        ADD(s, LIT("ZADD"), list, number(s, e->order), e->member);
        ADD(s, LIT("PEXPIRE"), list, list_ttl);
    }
    ADD(s, LIT("EXEC"));
}

/* A number for each key, then for each member of each list. */
static const char *strike_answer(struct line_question *q, const struct resp_reply *reply, int left)
{
    struct redis_operation *op = (struct redis_operation *)q;
    const char *why = NULL;
    if (reply->type == RESP_ERROR)
        redis_operation_note(op, reply);
    else if (reply->type != RESP_INTEGER)
        why = redis_link_odd_answer;
    else if (op->heard < op->ask.key_count && reply->integer == 1)
        op->number++;
    op->heard++;
    if (left > 0) return why;
    if (why != NULL) return odd(q);
    if (op->refused) return redis_operation_refused_as_noted(op);
    if (op->flow != NULL) *op->ask.ret_count = (size_t)op->number;
    redis_operation_finish(op, TALLY_OK, NULL);
    return NULL;
}

/* Records first: what breaks off leaves a name in a list, never a record that no list names. */
static void strike_words(struct script *s, const struct store_striking *x)
{
    for (size_t i = 0; i < x->key_count; i++) {
        ADD(s, LIT("DEL"), full(s, x->keys[i]));
    }
    for (size_t i = 0; i < x->list_count; i++) {
        struct slice list = full(s, x->lists[i]);
        for (size_t k = 0; k < x->member_count; k++) {
            ADD(s, LIT("ZREM"), list, x->members[k]);
        }
    }
}

/* ---- questions */

static const char *present_answer(struct line_question *q, const struct resp_reply *reply, int left)
{
    struct redis_operation *op = (struct redis_operation *)q;
    const char *why = NULL;
    if (reply->type == RESP_ERROR)
        redis_operation_note(op, reply);
    else if (reply->type != RESP_INTEGER)
        why = redis_link_odd_answer;
    else if (op->flow != NULL)
        op->ask.ret_there[op->heard] = reply->integer != 0;
    op->heard++;
    if (left > 0) return why;
    if (why != NULL) return odd(q);
    if (op->refused) return redis_operation_refused_as_noted(op);
    redis_operation_finish(op, TALLY_OK, NULL);
    return NULL;
}

static bool read_members(struct arena *a, const struct resp_reply *reply, struct store_members *ret_members)
{
    struct store_members all = {arena_array(a, struct store_member, reply->count / 2), reply->count / 2};
    for (size_t i = 0; i < all.count; i++) {
        struct resp_reply name = resp_item(reply, 2 * i), order = resp_item(reply, 2 * i + 1);
        uint64_t n;
        if (name.type != RESP_BULK || order.type != RESP_BULK || !slice_number(order.text, &n) || n > INT64_MAX) {
            return false;
        }
        all.at[i] = (struct store_member){arena_copy(a, name.text), (int64_t)n};
    }
    *ret_members = all;
    return true;
}

static const char *members_answer(struct line_question *q, const struct resp_reply *reply, int left)
{
    struct redis_operation *op = (struct redis_operation *)q;
    (void)left;
    if (reply->type == RESP_ERROR) return redis_operation_refused(op, reply);
    if (reply->type != RESP_ARRAY || reply->count % 2 != 0) return odd(q);
    if (op->flow != NULL && !read_members(op->flow->arena, reply, op->ask.ret_members)) return odd(q);
    redis_operation_finish(op, TALLY_OK, NULL);
    return NULL;
}

/* Keys without our prefix; the cursor is digits. */
static bool read_scan(const struct redis_operation *op, const struct resp_reply *cursor, const struct resp_reply *keys)
{
    struct arena *a = op->flow->arena;
    struct store_scan *s = op->ask.ret_scan;
    size_t prefix = op->link->redis->conf.key_prefix.len;
    uint64_t n;
    if (cursor->type != RESP_BULK || !slice_number(cursor->text, &n) || keys->type != RESP_ARRAY) return false;
    s->cursor = arena_copy(a, cursor->text);
    s->keys = arena_array(a, struct slice, keys->count);
    s->count = 0;
    for (size_t i = 0; i < keys->count; i++) {
        struct resp_reply key = resp_item(keys, i);
        if (key.type != RESP_BULK || key.text.len < prefix) return false;
        if (key.text.len - prefix <= STORE_MAX_KEY) s->keys[s->count++] = arena_copy(a, slice_from(key.text, prefix));
    }
    return true;
}

static const char *scan_answer(struct line_question *q, const struct resp_reply *reply, int left)
{
    struct redis_operation *op = (struct redis_operation *)q;
    (void)left;
    if (reply->type == RESP_ERROR) return redis_operation_refused(op, reply);
    if (reply->type != RESP_ARRAY || reply->count != 2) return odd(q);
    struct resp_reply cursor = resp_item(reply, 0), keys = resp_item(reply, 1);
    if (op->flow != NULL && !read_scan(op, &cursor, &keys)) return odd(q);
    redis_operation_finish(op, TALLY_OK, NULL);
    return NULL;
}

/* What stands for itself in a pattern of SCAN. */
static struct slice pattern(struct script *s, struct slice starts)
{
    struct slice text = full(s, starts);
    AUTO(buf_close) struct buf to = buf_open(2 * REDIS_OPERATION_KEY + 1);
    for (size_t i = 0; i < text.len; i++) {
        if (strchr("*?[]^-\\", text.at[i]) != NULL) buf_byte(&to, '\\');
        buf_byte(&to, text.at[i]);
    }
    buf_byte(&to, '*');
    return arena_copy(s->arena, buf_slice(&to));
}

static void question_words(struct script *s, const struct backing_ask *ask)
{
    switch (ask->what) {
    case TALLY_PRESENT:
        for (size_t i = 0; i < ask->key_count; i++) {
            ADD(s, LIT("EXISTS"), full(s, ask->keys[i]));
        }
        break;
    case TALLY_MEMBERS:
        ADD(s, LIT("ZRANGE"), full(s, ask->key), LIT("0"), number(s, STORE_MEMBERS - 1), LIT("WITHSCORES"));
        break;
    default:
        ADD(s, LIT("SCAN"), ask->ret_scan->cursor, LIT("MATCH"), pattern(s, ask->key), LIT("COUNT"),
            number(s, SCAN_PIECE));
    }
}

/* ---- sending */

static const char *(*const answers[TALLY_OPERATIONS])(struct line_question *, const struct resp_reply *, int) = {
    [TALLY_ENLIST] = enlist_answer,   [TALLY_STRIKE] = strike_answer, [TALLY_MEMBERS] = members_answer,
    [TALLY_PRESENT] = present_answer, [TALLY_SCAN] = scan_answer,
};

bool redis_list_send(struct redis_link *k, struct redis_operation *op)
{
    enum {
        SCRIPT_BUDGET = 2 * 1024 * 1024 /* its commands and their words; a record's value is lent */
    };
    AUTO(arena_closep) struct arena *a = arena_open(SCRIPT_BUDGET);
    struct script *s = arena_new(a, struct script);
    s->link = k;
    s->arena = a;
    if (op->ask.what == TALLY_ENLIST)
        enlist_words(s, op->ask.enlisting);
    else if (op->ask.what == TALLY_STRIKE) {
        strike_words(s, op->ask.striking);
        op->ask.key_count = op->ask.striking->key_count;
    } else
        question_words(s, &op->ask);
    op->super.answer = answers[op->ask.what];
    return wire_ask(&k->data, &op->super, s->commands, s->count);
}
