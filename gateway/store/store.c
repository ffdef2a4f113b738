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

enum flow_next store_count(struct flow *f, struct store_link *k, struct slice key, int64_t n, int64_t ttl_ms,
                           int64_t *ret_sum)
{
    judge_key(key);
    must(n > 0 && ttl_ms > 0);
    return k->backing->ask(
        f, k,
        &(struct backing_ask){.what = TALLY_COUNT, .key = key, .number = n, .ttl_ms = ttl_ms, .ret_number = ret_sum});
}

enum flow_next store_ping(struct flow *f, struct store_link *k)
{
    return k->backing->ask(f, k, &(struct backing_ask){.what = TALLY_PING});
}

/* ---- lists */

static void judge_keys(const struct slice *keys, size_t count, size_t most)
{
    must(count <= most);
    for (size_t i = 0; i < count; i++) {
        judge_key(keys[i]);
    }
}

enum flow_next store_enlist(struct flow *f, struct store_link *k, const struct store_enlisting *what, bool *ret_done)
{
    judge_key(what->key);
    judge_keys(what->lists, what->list_count, STORE_LISTS);
    must(what->member.len > 0 && what->member.len <= STORE_MAX_MEMBER);
    if (what->value.len > STORE_MAX_VALUE) {
        return flow_fail(
            f, err_new(f->arena, PROBLEM_INTERNAL, "a record of %zu bytes is too large to be stored", what->value.len));
    }
    if (what->ttl_ms <= 0 || what->list_ttl_ms <= 0) {
        return flow_fail(f,
                         err_new(f->arena, PROBLEM_INTERNAL, "a record whose time has already run out is not stored"));
    }
    return k->backing->ask(
        f, k, &(struct backing_ask){.what = TALLY_ENLIST, .key = what->key, .enlisting = what, .ret_yes = ret_done});
}

enum flow_next store_strike(struct flow *f, struct store_link *k, const struct store_striking *what, size_t *ret_count)
{
    judge_keys(what->keys, what->key_count, STORE_AT_ONCE);
    judge_keys(what->lists, what->list_count, STORE_LISTS);
    must(what->member_count <= STORE_AT_ONCE);
    *ret_count = 0;
    if (what->key_count == 0 && (what->list_count == 0 || what->member_count == 0)) return FLOW_NEXT;
    return k->backing->ask(f, k, &(struct backing_ask){.what = TALLY_STRIKE, .striking = what, .ret_count = ret_count});
}

enum flow_next store_members(struct flow *f, struct store_link *k, struct slice list, struct store_members *ret_members)
{
    judge_key(list);
    return k->backing->ask(f, k, &(struct backing_ask){.what = TALLY_MEMBERS, .key = list, .ret_members = ret_members});
}

enum flow_next store_present(struct flow *f, struct store_link *k, const struct slice *keys, size_t count,
                             bool *ret_there)
{
    judge_keys(keys, count, STORE_AT_ONCE);
    if (count == 0) return FLOW_NEXT;
    return k->backing->ask(
        f, k, &(struct backing_ask){.what = TALLY_PRESENT, .keys = keys, .key_count = count, .ret_there = ret_there});
}

enum flow_next store_scan(struct flow *f, struct store_link *k, struct slice key_starts, struct store_scan *scan)
{
    judge_key(key_starts);
    must(scan->cursor.len != 0);
    return k->backing->ask(f, k, &(struct backing_ask){.what = TALLY_SCAN, .key = key_starts, .ret_scan = scan});
}
