/* redis_news.c -- hearing of what others change: CLIENT TRACKING in its RESP2 form.
 *
 * The news wire learns its id and subscribes; then the data wire asks Redis to report there each key it has read. Tracking that is
 * refused (an older server, a user without the right) leaves the store usable: owners' own time limits on what they cache hold. */
#include <stdlib.h>

#include "store/redis_link.h"

#include "base/log.h"
#include "base/now.h"

static const struct slice news_channel = LIT_INIT("__redis__:invalidate");

#define LINK_OF_NEWS(wire) ((struct redis_link *)(void *)((char *)(wire)-offsetof(struct redis_link, news)))

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
        if (key.type != RESP_BULK || key.text.len == prefix.len || !slice_starts(key.text, prefix)) continue;
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
    if (!resp_says(&channel, RESP_BULK, news_channel)) return true; /* not ours to judge; no harm done */
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

static struct line_question *news_question(struct redis_link *k,
                                           const char *(*answer)(struct line_question *q,
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

static const char *tracking_answer(struct line_question *q, const struct resp_reply *reply, int left)
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
    if (!resp_says(reply, RESP_STATUS, LIT("OK"))) return redis_link_odd_answer;
    k->armed = k->news.state == WIRE_READY;
    changed_everything(k); /* what was read so far is not tracked */
    return NULL;
}

void redis_news_arm(struct redis_link *k)
{
    if (k->data.state != WIRE_READY || k->news.state != WIRE_READY || k->news_id == 0) return;
    char id[REDIS_LINK_NUMBER];
    struct slice words[] = {
        LIT("CLIENT"), LIT("TRACKING"), LIT("ON"), LIT("REDIRECT"), redis_link_number(k->news_id, id), LIT("NOLOOP")};
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
            return redis_link_odd_answer;
        else
            k->news_id = reply->integer;
        return NULL;
    }
    struct redis_link *k = news_question_end(q);
    if (reply->type == RESP_ERROR) {
        tracking_refused(k, reply);
        return NULL;
    }
    if (reply->type != RESP_ARRAY || reply->count != 3) return redis_link_odd_answer;
    redis_news_arm(k);
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

/* Changes go untold from now on; what was not tracked was never told. A server that hung up had said all it had to say; one that fell
 * silent may have had more to say since the last news. */
static void fall_silent(struct redis_link *k, const struct wire *broken)
{
    if (!k->armed) return;
    k->armed = false;
    store_silent(&k->super, broken->hung_up ? now_ms() : k->news.heard_ms);
}

static void news_gone(struct wire *w, const char *why)
{
    struct redis_link *k = LINK_OF_NEWS(w);
    (void)why; /* when the store is away the data wire says so; alone it mends itself */
    k->news_id = 0;
    fall_silent(k, w);
}

void redis_news_open(struct redis_link *k)
{
    k->news = (struct wire){.loop = k->super.loop,
                            .conf = &k->redis->conf,
                            .ready = news_ready,
                            .gone = news_gone,
                            .unasked = news_arrived};
    wire_open(&k->news);
}

void redis_news_disarm(struct redis_link *k)
{
    fall_silent(k, &k->data);
    wire_drop(&k->news, "the data connection broke");
}
