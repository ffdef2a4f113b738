/* redis.c -- the store in Redis (6.2 or later; Valkey too): operations on one wire, news of changes on a second.
 *
 * Data: GET, GETDEL, SET ... PX, DEL, PEXPIRE, and sorted sets for lists; every answer's kind is checked, and an answer of another kind breaks the wire, since
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
 * A user of Redis' ACL needs: +ping +get +getdel +set +del +incrby +pexpire +pttl +exists +multi +exec +zadd +zrem +zrange +select +client|id
 * +client|tracking +subscribe &__redis__:invalidate and ~<prefix>*; for `vestibule sessions` also +scan.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/redis_link.h"

#include "base/log.h"

const char redis_link_odd_answer[] = "an answer of another kind than its question's";

#define LINK_OF_DATA(wire) ((struct redis_link *)(void *)((char *)(wire)-offsetof(struct redis_link, data)))

struct slice redis_link_number(int64_t n, char room[REDIS_LINK_NUMBER])
{
    int len = snprintf(room, REDIS_LINK_NUMBER, "%lld", (long long)n);
    return (struct slice){room, (size_t)len};
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
    struct redis *r = k->redis;
    k->up = k->super.tried = true;
    k->told_refused = k->told_touch = false;
    count_up(r, 1);
    bool all = atomic_load(&r->links_up) >= atomic_load(&r->links);
    if (all && atomic_exchange(&r->told, REDIS_TOLD_UP) != REDIS_TOLD_UP)
        LOG(LOG_LEVEL_INFO, "store_up", "The store answers.", NULL, {"store", r->conf.told});
    redis_news_arm(k);
}

/* Once when it goes, and once more when it is found to refuse us: that is not mended by waiting. */
static void tell_away(struct redis *r, bool refused, const char *why)
{
    int now = refused ? REDIS_TOLD_REFUSED : REDIS_TOLD_AWAY, before = atomic_load(&r->told);
    do {
        if (before == REDIS_TOLD_REFUSED || before == now) return;
    } while (!atomic_compare_exchange_weak(&r->told, &before, now));
    LOG(LOG_LEVEL_WARN, "store_away", "The store is away; it is tried again until it answers.", NULL,
        {"store", r->conf.told}, {"why", slice_of(why)});
}

static void data_gone(struct wire *w, const char *why)
{
    struct redis_link *k = LINK_OF_DATA(w);
    k->super.tried = true;
    snprintf(k->away, sizeof k->away, "%s", why);
    tell_away(k->redis, w->refusal[0] != '\0', why);
    if (!k->up) return;
    k->up = false;
    count_up(k->redis, -1);
    redis_news_disarm(k);
}

/* ---- opening and closing */

static struct store_link *redis_link(struct store *s, struct loop *l)
{
    struct redis *r = (struct redis *)s;
    struct redis_link *k = must_alloc(sizeof *k);
    k->super = (struct store_link){.backing = s->backing, .loop = l};
    k->redis = r;
    k->data = (struct wire){.loop = l, .conf = &r->conf, .select = true, .ready = data_ready, .gone = data_gone};
    atomic_fetch_add(&r->links, 1);
    wire_open(&k->data);
    redis_news_open(k);
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
    int links = atomic_load(&r->links);
    return links > 0 && atomic_load(&r->links_up) >= links;
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
    .ask = redis_operation_ask,
    .touch = redis_operation_touch,
};

const struct err *redis_open(struct arena *a, const struct store_conf *conf, struct store **ret_store)
{
    enum {
        CONF_BUDGET = 64 * 1024
    };
    if (conf->timeout_ms <= 0) return err_new(a, PROBLEM_CONFIG, "the store needs a timeout above 0 ms");
    if (conf->key_prefix.len > STORE_MAX_PREFIX) {
        return err_new(a, PROBLEM_CONFIG, "the store's key prefix is longer than %d bytes", STORE_MAX_PREFIX);
    }
    struct redis *r = must_alloc(sizeof *r);
    r->super.backing = &redis_backing;
    r->arena = arena_open(CONF_BUDGET);
    r->conf = *conf;
    struct store_conf *c = &r->conf;
    struct slice *texts[] = {&c->target.host, &c->target.unix_path, &c->username, &c->key_prefix, &c->told};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        *texts[i] = arena_copy(r->arena, *texts[i]);
    }
    if (!secret_is_empty(conf->password)) c->password = secret_in(r->arena, secret_reveal(conf->password));
    if (c->target.tls != NULL) tls_keep(c->target.tls);
    atomic_init(&r->links, 0);
    atomic_init(&r->links_up, 0);
    atomic_init(&r->told, REDIS_TOLD_NOTHING);
    tally_up(false);
    *ret_store = &r->super;
    return NULL;
}
