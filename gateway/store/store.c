/* store.c -- the front of store.h: judges what is asked, then hands it to the back end. */
#include "store/store.h"

#include "store/backing.h"

const struct err *store_open(struct arena *a, const struct store_conf *conf, struct store **ret_store)
{
    tally_open();
    return conf->kind == STORE_MEMORY ? memory_open(a, conf, ret_store) : redis_open(a, conf, ret_store);
}

void store_close(struct store *s)
{
    if (s != NULL) s->backing->close(s);
}

struct store_link *store_link(struct store *s, struct loop *l)
{
    struct store_link *k = s->backing->link(s, l);
    must(k->backing == s->backing && k->loop == l);
    return k;
}

void store_unlink(struct store_link *k)
{
    if (k != NULL) k->backing->unlink(k);
}

bool store_tried(const struct store_link *k)
{
    return k->tried;
}

bool store_up(const struct store *s)
{
    return s->backing->up(s);
}

void store_on_change(struct store_link *k, void (*fn)(void *self, struct slice key), void *self)
{
    k->changed = fn;
    k->changed_self = self;
    k->silent = NULL;
}

void store_on_silence(struct store_link *k, void (*fn)(void *self, int64_t sure_ms))
{
    must(k->changed != NULL);
    k->silent = fn;
}

void store_changed(struct store_link *k, struct slice key)
{
    if (k->changed != NULL) k->changed(k->changed_self, key);
}

void store_silent(struct store_link *k, int64_t sure_ms)
{
    if (k->silent != NULL)
        k->silent(k->changed_self, sure_ms);
    else
        store_changed(k, (struct slice){NULL, 0});
}

static void judge_key(struct slice key)
{
    must(key.len > 0 && key.len <= STORE_MAX_KEY);
}

enum flow_next store_get(struct flow *f, struct store_link *k, struct slice key, struct slice *ret_value)
{
    judge_key(key);
    return k->backing->ask(f, k, &(struct backing_ask){.what = TALLY_GET, .key = key, .ret_value = ret_value});
}

enum flow_next store_get_ttl(struct flow *f, struct store_link *k, struct slice key, struct slice *ret_value,
                             int64_t *ret_ttl_ms)
{
    judge_key(key);
    return k->backing->ask(
        f, k, &(struct backing_ask){.what = TALLY_GET, .key = key, .ret_value = ret_value, .ret_ttl_ms = ret_ttl_ms});
}

enum flow_next store_take(struct flow *f, struct store_link *k, struct slice key, struct slice *ret_value)
{
    judge_key(key);
    return k->backing->ask(f, k, &(struct backing_ask){.what = TALLY_TAKE, .key = key, .ret_value = ret_value});
}

enum flow_next store_put(struct flow *f, struct store_link *k, struct slice key, struct slice value, int64_t ttl_ms,
                         enum store_put_when when, bool *ret_done)
{
    judge_key(key);
    if (value.len > STORE_MAX_VALUE) {
        return flow_fail(
            f, err_new(f->arena, PROBLEM_INTERNAL, "a record of %zu bytes is too large to be stored", value.len));
    }
    if (ttl_ms <= 0) {
        return flow_fail(f,
                         err_new(f->arena, PROBLEM_INTERNAL, "a record whose time has already run out is not stored"));
    }
    return k->backing->ask(
        f, k,
        &(struct backing_ask){
            .what = TALLY_PUT, .key = key, .value = value, .ttl_ms = ttl_ms, .when = when, .ret_yes = ret_done});
}

enum flow_next store_delete(struct flow *f, struct store_link *k, struct slice key, bool *ret_was_there)
{
    judge_key(key);
    return k->backing->ask(f, k, &(struct backing_ask){.what = TALLY_DELETE, .key = key, .ret_yes = ret_was_there});
}

void store_touch(struct store_link *k, struct slice key, int64_t ttl_ms)
{
    judge_key(key);
    if (ttl_ms > 0) k->backing->touch(k, key, ttl_ms);
}

enum flow_next store_ping(struct flow *f, struct store_link *k)
{
    return k->backing->ask(f, k, &(struct backing_ask){.what = TALLY_PING});
}
