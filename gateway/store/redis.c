/* redis.c -- the store in Redis (6.2 or later; Valkey too): operations on one wire, news of changes on a second.
 *
 * Data: GET, GETDEL, SET ... PX, DEL, PEXPIRE; every answer's kind is checked, and an answer of another kind breaks the wire, since
 * it means that questions and answers no longer match.
 *
 * News: CLIENT TRACKING in its RESP2 form. The second wire learns its id and subscribes to __redis__:invalidate; then the data wire says
 * TRACKING ON REDIRECT <id> NOLOOP. From then on each key read on the data wire is reported once when somebody else changes it; reading
 * it again arms it again. Three things follow from how Redis does this:
 *   - what was read before TRACKING was on is never reported, so owners drop everything when it comes on, not only when it goes;
 *   - our own change of a key forgets that we read it, without telling us. A touch therefore reads the key again (EXISTS) behind its
 *     PEXPIRE; finding it gone there counts as a change;
 *   - when the data wire breaks, its id and all it read is forgotten; the news wire starts anew as well, because the next data wire
 *     may lead to another server, where the old id is somebody else's.
 * A user of Redis' ACL needs: +ping +get +getdel +set +del +pexpire +pttl +exists +select +client|id +client|tracking +subscribe
 * &__redis__:invalidate and ~<prefix>*.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/backing.h"
#include "store/wire.h"

#include "base/log.h"
#include "base/now.h"

static const struct slice news_channel = LIT_INIT("__redis__:invalidate");

struct redis {
    struct store super;
    struct store_conf conf; /* a copy with its own bytes */
    struct arena *arena;
    atomic_int links, links_up;
};

struct redis_link {
    struct store_link super;
    struct redis *redis;
    struct wire data, news;
    int64_t news_id;   /* CLIENT ID of the news wire; 0: not subscribed */
    bool armed;        /* tracking is on */
    bool up;           /* the data wire is ready */
    bool told_away;    /* the last line logged said so */
    bool told_refused; /* tracking was refused and this was logged */
};

#define LINK_OF_DATA(wire) \
    ((struct redis_link *)(void *)((char *)(wire)-offsetof(struct redis_link, data)))
#define LINK_OF_NEWS(wire) \
    ((struct redis_link *)(void *)((char *)(wire)-offsetof(struct redis_link, news)))

/* ---- one operation */

struct operation {
    struct line_question super;
    struct redis_link *link;
    struct flow *flow;      /* NULL: nobody waits (any more) */
    struct backing_ask ask; /* outputs only; key and value are not ours to keep */
    int64_t started_us, ttl_ms;
    size_t key_len;
    char key[STORE_MAX_KEY]; /* of a touch */
};

static void operation_cancel(void *pending)
{
    struct operation *op = pending;
    op->flow = NULL; /* its reply still comes, and is consumed */
}

static void finish(struct operation *op, enum tally_outcome how, const struct err *why)
{
    struct flow *f = op->flow;
    tally_done(op->ask.what, how, op->started_us);
    free(op);
    if (f != NULL) flow_wake(f, why);
}

static void operation_lost(struct line_question *q, const char *why)
{
    struct operation *op = (struct operation *)q;
    const struct err *e = NULL;
    if (op->flow != NULL)
        e = err_new(op->flow->arena, PROBLEM_STORE_AWAY, "the store went away: %s", why);
    finish(op, TALLY_AWAY, e);
}

static void operation_refused(struct operation *op, const struct resp_reply *reply)
{
    const struct err *e = NULL;
    if (op->flow != NULL) {
        e = err_new(op->flow->arena, PROBLEM_STORE_AWAY, "the store refused: %.*s",
                    SLICE_ARG(resp_error_text(reply)));
    }
    finish(op, TALLY_REFUSED, e);
}

/* Puts what the reply says where the caller wants it; false: no such reply can answer this. */
static bool understand(struct operation *op, const struct resp_reply *r)
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
    case TALLY_TOUCH:
    case TALLY_OPERATIONS: break;
    }
    return false;
}

static const char odd_answer[] = "an answer of another kind than its question's";

static const char *operation_answer(struct line_question *q, const struct resp_reply *reply,
                                    int left)
{
    struct operation *op = (struct operation *)q;
    if (left > 0) {                                 /* the PTTL before a GET */
        if (reply->type == RESP_ERROR) return NULL; /* the GET will say the same, or do without */
        if (reply->type != RESP_INTEGER) return odd_answer;
        op->ttl_ms = reply->integer;
        return NULL;
    }
    if (reply->type == RESP_ERROR) {
        bool readonly = slice_starts(reply->text, LIT("READONLY"));
        operation_refused(op, reply);
        return readonly ? "it has become a read-only replica" : NULL;
    }
    if (!understand(op, reply)) {
        operation_lost(q, odd_answer);
        return odd_answer;
    }
    finish(op, TALLY_OK, NULL);
    return NULL;
}

/* PEXPIRE, then EXISTS. */
static const char *touch_answer(struct line_question *q, const struct resp_reply *reply, int left)
{
    struct operation *op = (struct operation *)q;
    bool sane = reply->type == RESP_INTEGER || reply->type == RESP_ERROR;
    if (left > 0) return sane ? NULL : odd_answer;
    if (!sane) {
        operation_lost(q, odd_answer);
        return odd_answer;
    }
    if (reply->type == RESP_ERROR) {
        operation_refused(op, reply);
        return NULL;
    }
    if (reply->integer == 0) {
        store_changed(&op->link->super, (struct slice){op->key, op->key_len});
    }
    finish(op, TALLY_OK, NULL);
    return NULL;
}

/* ---- asking */

enum {
    KEY_ROOM = STORE_MAX_PREFIX + STORE_MAX_KEY,
    NUMBER_ROOM = 24
};

static struct slice full_key(const struct redis_link *k, struct slice key, char room[KEY_ROOM])
{
    struct slice prefix = k->redis->conf.key_prefix;
    if (prefix.len != 0) memcpy(room, prefix.at, prefix.len);
    if (key.len != 0) memcpy(room + prefix.len, key.at, key.len);
    return (struct slice){room, prefix.len + key.len};
}

static struct slice number_text(int64_t n, char room[NUMBER_ROOM])
{
    int len = snprintf(room, NUMBER_ROOM, "%lld", (long long)n);
    return (struct slice){room, (size_t)len};
}

static size_t put_words(const struct backing_ask *ask, struct slice key, struct slice ttl,
                        struct slice words[6])
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

static bool send_operation(struct redis_link *k, struct operation *op,
                           const struct backing_ask *ask)
{
    char key_room[KEY_ROOM], number_room[NUMBER_ROOM];
    struct slice key = full_key(k, ask->key, key_room), words[6] = {LIT("PING"), key};
    size_t count = 2;
    switch (ask->what) {
    case TALLY_GET: words[0] = LIT("GET"); break;
    case TALLY_TAKE: words[0] = LIT("GETDEL"); break;
    case TALLY_DELETE: words[0] = LIT("DEL"); break;
    case TALLY_PUT:
        count = put_words(ask, key, number_text(ask->ttl_ms, number_room), words);
        break;
    case TALLY_PING:
    case TALLY_TOUCH:
    case TALLY_OPERATIONS: count = 1; break;
    }
    struct line_command commands[2] = {
        {(struct slice[]){LIT("PTTL"), key}, 2    },
        {words,                              count}
    };
    bool with_ttl = ask->ret_ttl_ms != NULL;
    return wire_ask(&k->data, &op->super, with_ttl ? commands : commands + 1, with_ttl ? 2 : 1);
}

static enum flow_next redis_ask(struct flow *f, struct store_link *link,
                                const struct backing_ask *ask)
{
    struct redis_link *k = (struct redis_link *)link;
    if (k->data.state != WIRE_READY) {
        tally_done(ask->what, TALLY_AWAY, 0);
        return flow_fail(f, err_new(f->arena, PROBLEM_STORE_AWAY, "the store is away"));
    }
    struct operation *op = must_alloc(sizeof *op);
    op->super = (struct line_question){.answer = operation_answer, .lost = operation_lost};
    op->link = k;
    op->ask = *ask;
    op->flow = f;
    op->started_us = now_us();
    if (send_operation(k, op, ask)) return flow_wait(f, op, operation_cancel);
    free(op);
    tally_done(ask->what, TALLY_REFUSED, 0);
    return flow_fail(
        f, err_new(f->arena, PROBLEM_STORE_AWAY, "too many questions wait for the store"));
}

static void redis_touch(struct store_link *link, struct slice key, int64_t ttl_ms)
{
    struct redis_link *k = (struct redis_link *)link;
    struct operation *op = must_alloc(sizeof *op);
    op->super = (struct line_question){.answer = touch_answer, .lost = operation_lost};
    op->link = k;
    op->ask.what = TALLY_TOUCH;
    op->started_us = now_us();
    op->key_len = key.len;
    memcpy(op->key, key.at, key.len);
    char key_room[KEY_ROOM], number_room[NUMBER_ROOM];
    struct slice full = full_key(k, key, key_room);
    const struct line_command commands[] = {
        {(struct slice[]){LIT("PEXPIRE"), full, number_text(ttl_ms, number_room)}, 3},
        {(struct slice[]){LIT("EXISTS"), full},                                    2},
    };
    if (wire_ask(&k->data, &op->super, commands, 2)) return;
    free(op);
    tally_done(TALLY_TOUCH, TALLY_AWAY, 0);
}

/* ---- news */

static void changed_everything(struct redis_link *k)
{
    store_changed(&k->super, (struct slice){NULL, 0});
}

static void tell_news(struct redis_link *k, const struct resp_reply *keys)
{
    struct slice prefix = k->redis->conf.key_prefix;
    for (size_t i = 0; i < keys->count; i++) {
        struct resp_reply key = resp_item(keys, i);
        if (key.type != RESP_BULK || key.text.len == prefix.len || !slice_starts(key.text, prefix))
            continue;
        store_changed(&k->super, slice_from(key.text, prefix.len));
    }
}

/* ["message", channel, keys]; keys nil: everything was dropped (FLUSHALL). */
static bool news_arrived(void *wire, const struct resp_reply *r)
{
    struct redis_link *k = LINK_OF_NEWS(wire);
    if (r->type != RESP_ARRAY || r->count != 3) return false;
    struct resp_reply kind = resp_item(r, 0), channel = resp_item(r, 1), keys = resp_item(r, 2);
    if (!resp_says(&kind, RESP_BULK, LIT("message"))) return false;
    if (!resp_says(&channel, RESP_BULK, news_channel))
        return true; /* not ours to judge; no harm done */
    if (keys.type == RESP_ARRAY) {
        tell_news(k, &keys);
    } else {
        changed_everything(k);
    }
    return true;
}

static void news_question_lost(struct line_question *q, const char *why)
{
    (void)why;
    free(q);
}

struct news_question {
    struct line_question super;
    struct redis_link *link;
};

static struct line_question *
news_question(struct redis_link *k, const char *(*answer)(struct line_question *q,
                                                          const struct resp_reply *reply, int left))
{
    struct news_question *n = must_alloc(sizeof *n);
    n->super = (struct line_question){.answer = answer, .lost = news_question_lost};
    n->link = k;
    return &n->super;
}

static struct redis_link *news_question_end(struct line_question *q)
{
    struct redis_link *k = ((struct news_question *)q)->link;
    free(q);
    return k;
}

static void tracking_refused(struct redis_link *k, const struct resp_reply *reply)
{
    if (k->told_refused) return;
    k->told_refused = true;
    LOG(LOG_LEVEL_WARN, "store_tracking_refused",
        "The store does not tell of changes: a session ended elsewhere lives on here until its cache time is over.",
        NULL, {"store", k->redis->conf.told}, {"reply", resp_error_text(reply)});
}

static const char *tracking_answer(struct line_question *q, const struct resp_reply *reply,
                                   int left)
{
    (void)left;
    struct redis_link *k = news_question_end(q);
    if (reply->type == RESP_ERROR) {
        bool stale = slice_find(reply->text, LIT("redirect")) != SLICE_NONE;
        if (stale)
            wire_drop(&k->news, "its id has gone");
        else
            tracking_refused(k, reply);
        return NULL;
    }
    if (!resp_says(reply, RESP_STATUS, LIT("OK"))) return odd_answer;
    k->armed = k->news.state == WIRE_READY;
    changed_everything(k); /* what was read so far is not tracked */
    return NULL;
}

static void arm(struct redis_link *k)
{
    if (k->data.state != WIRE_READY || k->news.state != WIRE_READY || k->news_id == 0) return;
    char id[NUMBER_ROOM];
    struct slice words[] = {
        LIT("CLIENT"), LIT("TRACKING"), LIT("ON"), LIT("REDIRECT"), number_text(k->news_id, id),
        LIT("NOLOOP")};
    struct line_question *q = news_question(k, tracking_answer);
    if (!wire_ask(&k->data, q, &(struct line_command){words, 6}, 1)) free(q);
}

static const char *subscribed(struct line_question *q, const struct resp_reply *reply, int left)
{
    if (left > 0) {
        struct redis_link *k = ((struct news_question *)q)->link;
        if (reply->type == RESP_ERROR)
            tracking_refused(k, reply);
        else if (reply->type != RESP_INTEGER || reply->integer <= 0)
            return odd_answer;
        else
            k->news_id = reply->integer;
        return NULL;
    }
    struct redis_link *k = news_question_end(q);
    if (reply->type == RESP_ERROR) {
        tracking_refused(k, reply);
        return NULL;
    }
    if (reply->type != RESP_ARRAY || reply->count != 3) return odd_answer;
    arm(k);
    return NULL;
}

static void news_ready(struct wire *w)
{
    struct redis_link *k = LINK_OF_NEWS(w);
    k->news_id = 0;
    const struct line_command commands[] = {
        {(struct slice[]){LIT("CLIENT"), LIT("ID")},       2},
        {(struct slice[]){LIT("SUBSCRIBE"), news_channel}, 2},
    };
    struct line_question *q = news_question(k, subscribed);
    must(wire_ask(w, q, commands, 2)); /* the wire has just been greeted: its queue is empty */
}

static void news_gone(struct wire *w, const char *why)
{
    struct redis_link *k = LINK_OF_NEWS(w);
    (void)why; /* when the store is away the data wire says so; alone it mends itself */
    k->news_id = 0;
    if (!k->armed) return;
    k->armed = false;
    changed_everything(k);
}

/* ---- up and down */

static void count_up(struct redis *r, int change)
{
    int before = atomic_fetch_add(&r->links_up, change);
    if (before == 0 || before + change == 0) tally_up(before + change > 0);
}

static void data_ready(struct wire *w)
{
    struct redis_link *k = LINK_OF_DATA(w);
    k->up = true;
    k->told_away = false;
    k->told_refused = false;
    count_up(k->redis, 1);
    LOG(LOG_LEVEL_INFO, "store_up", "The store answers.", NULL, {"store", k->redis->conf.told});
    arm(k);
}

static void data_gone(struct wire *w, const char *why)
{
    struct redis_link *k = LINK_OF_DATA(w);
    if (!k->told_away) {
        LOG(LOG_LEVEL_WARN, "store_away", "The store is away; it is tried again until it answers.",
            NULL, {"store", k->redis->conf.told}, {"why", slice_of(why)});
    }
    k->told_away = true;
    if (!k->up) return;
    k->up = false;
    k->armed = false;
    count_up(k->redis, -1);
    wire_drop(&k->news, "the data connection broke");
    changed_everything(k);
}

/* ---- opening and closing */

static struct store_link *redis_link(struct store *s, struct loop *l)
{
    struct redis *r = (struct redis *)s;
    struct redis_link *k = must_alloc(sizeof *k);
    k->super = (struct store_link){.backing = s->backing, .loop = l};
    k->redis = r;
    k->data = (struct wire){
        .loop = l, .conf = &r->conf, .select = true, .ready = data_ready, .gone = data_gone};
    k->news = (struct wire){.loop = l,
                            .conf = &r->conf,
                            .ready = news_ready,
                            .gone = news_gone,
                            .unasked = news_arrived};
    atomic_fetch_add(&r->links, 1);
    wire_open(&k->data);
    wire_open(&k->news);
    return &k->super;
}

static void redis_unlink(struct store_link *link)
{
    struct redis_link *k = (struct redis_link *)link;
    k->super.changed = NULL;
    wire_close(&k->data);
    wire_close(&k->news);
    if (k->up) count_up(k->redis, -1);
    atomic_fetch_sub(&k->redis->links, 1);
    free(k);
}

static bool redis_up(const struct store *s)
{
    const struct redis *r = (const struct redis *)s;
    return atomic_load_explicit(&r->links_up, memory_order_relaxed) > 0;
}

static void redis_close(struct store *s)
{
    struct redis *r = (struct redis *)s;
    must(atomic_load(&r->links) == 0);
    if (r->conf.target.tls != NULL) tls_drop(r->conf.target.tls);
    arena_close(r->arena);
    free(r);
}

static const struct backing redis_backing = {
    .close = redis_close,
    .link = redis_link,
    .unlink = redis_unlink,
    .up = redis_up,
    .ask = redis_ask,
    .touch = redis_touch,
};

const struct err *redis_open(struct arena *a, const struct store_conf *conf,
                             struct store **ret_store)
{
    enum {
        CONF_BUDGET = 64 * 1024
    };
    if (conf->timeout_ms <= 0)
        return err_new(a, PROBLEM_CONFIG, "the store needs a timeout above 0 ms");
    if (conf->key_prefix.len > STORE_MAX_PREFIX) {
        return err_new(a, PROBLEM_CONFIG, "the store's key prefix is longer than %d bytes",
                       STORE_MAX_PREFIX);
    }
    struct redis *r = must_alloc(sizeof *r);
    r->super.backing = &redis_backing;
    r->arena = arena_open(CONF_BUDGET);
    r->conf = *conf;
    struct store_conf *c = &r->conf;
    struct slice *texts[] = {&c->target.host, &c->target.unix_path, &c->username, &c->key_prefix,
                             &c->told};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        *texts[i] = arena_copy(r->arena, *texts[i]);
    }
    if (!secret_is_empty(conf->password))
        c->password = secret_in(r->arena, secret_reveal(conf->password));
    if (c->target.tls != NULL) tls_keep(c->target.tls);
    atomic_init(&r->links, 0);
    atomic_init(&r->links_up, 0);
    tally_up(false);
    *ret_store = &r->super;
    return NULL;
}
