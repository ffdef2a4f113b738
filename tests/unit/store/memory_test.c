/* The memory store where it is itself: several threads at once, its bounds, messages that outlive their link. */
#include <pthread.h>
#include <stdatomic.h>

#include "store_kit.h"

enum {
    THREADS = 2,
    ROUNDS = 3000
};

struct runner {
    pthread_t thread;
    struct store *store;
    struct loop *loop;
    struct store_link *link;
    int taken;
    struct told told;
    _Atomic bool *go;
};

static void *run_thread(void *self)
{
    struct runner *r = self;
    r->loop = loop_open();
    r->link = store_link(r->store, r->loop);
    store_on_change(r->link, told_of, &r->told);
    while (!atomic_load(r->go)) {
        usleep(100);
    }
    for (int i = 0; i < ROUNDS; i++) {
        struct arena *a = arena_open(64 * 1024);
        struct flow f = {.arena = a};
        struct slice key = arena_print(a, "t:%d", i % 97), value = LIT("value"), got;
        bool yes;
        if (store_put(&f, r->link, key, value, 60000, STORE_IF_NEW, &yes) != FLOW_NEXT) abort();
        if (store_get(&f, r->link, key, &got) != FLOW_NEXT) abort();
        store_touch(r->link, key, 50000 + i);
        if (store_take(&f, r->link, key, &got) != FLOW_NEXT) abort();
        if (got.at != NULL) {
            if (!slice_is(got, value)) abort();
            r->taken++;
        }
        if (i % 16 == 0) loop_turn(r->loop, 0);
        arena_close(a);
    }
    for (int i = 0; i < 20; i++) {
        loop_turn(r->loop, 1);
    }
    store_unlink(r->link);
    loop_turn(r->loop, 0);
    loop_close(r->loop);
    arena_drain();
    return NULL;
}

static void threads_share_one_table(void **state)
{
    (void)state;
    struct store *s = open_store(&(struct store_conf){.kind = STORE_MEMORY});
    _Atomic bool go = false;
    struct runner r[THREADS];
    for (int i = 0; i < THREADS; i++) {
        r[i] = (struct runner){.store = s, .go = &go};
        assert_int_equal(pthread_create(&r[i].thread, NULL, run_thread, &r[i]), 0);
    }
    usleep(20000);
    atomic_store(&go, true);
    int taken = 0;
    for (int i = 0; i < THREADS; i++) {
        pthread_join(r[i].thread, NULL);
        taken += r[i].taken;
        assert_int_equal(r[i].told.everything, 0);
    }
    assert_true(taken >= ROUNDS); /* whoever finds it free puts it, and everything put is taken once */
    assert_true(taken <= THREADS * ROUNDS);
    assert_true(store_up(s));
    store_close(s);
}

static void a_full_table_refuses_new_records_and_keeps_the_old(void **state)
{
    (void)state;
    enum {
        FULL = 100 * 1000
    };
    struct store *s = open_store(&(struct store_conf){.kind = STORE_MEMORY});
    struct loop *l = loop_open();
    struct store_link *k = store_link(s, l);
    char key[32];
    bool yes = false;
    for (int i = 0; i < FULL; i++) {
        struct arena *a = arena_open(8192);
        struct flow f = {.arena = a};
        snprintf(key, sizeof key, "t:%d", i);
        assert_int_equal(store_put(&f, k, slice_of(key), LIT("v"), 1000000 + i, STORE_ALWAYS, &yes), FLOW_NEXT);
        arena_close(a);
    }
    struct call c =
        kit_run(l, (struct call){.what = CALL_PUT, .link = k, .key = LIT("t:more"), .value = LIT("v"), .ttl_ms = 1000});
    assert_int_equal(c.why->problem, PROBLEM_STORE_AWAY);
    arena_close(c.arena);
    kit_expect(l, k, "t:0", "v");
    assert_true(kit_put(l, k, "t:7", "changed", 1000, STORE_ALWAYS)); /* what is there may change */
    assert_true(kit_delete(l, k, "t:50000"));
    assert_true(kit_put(l, k, "t:more", "v", 60000, STORE_ALWAYS));
    now_shift(1000 + 50); /* half of them are dead now */
    assert_true(kit_put(l, k, "t:again", "v", 60000, STORE_ALWAYS));
    kit_expect(l, k, "t:0", NULL);
    kit_expect(l, k, "t:99999", "v");
    now_shift(0);
    store_unlink(k);
    store_close(s);
    loop_close(l);
}

static void news_for_a_link_that_has_gone_is_dropped(void **state)
{
    (void)state;
    struct store *s = open_store(&(struct store_conf){.kind = STORE_MEMORY});
    struct loop *l = loop_open();
    struct store_link *a = store_link(s, l), *b = store_link(s, l);
    struct told told = {.count = 0};
    store_on_change(b, told_of, &told);
    kit_put(l, a, "t:x", "v", 1000, STORE_ALWAYS);
    kit_delete(l, a, "t:x"); /* posted, not yet read */
    store_unlink(b);
    turn_for(l, 10);
    assert_int_equal(told.count, 0);
    store_unlink(a);
    store_close(s);
    loop_close(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_share_one_table),
        cmocka_unit_test(a_full_table_refuses_new_records_and_keeps_the_old),
        cmocka_unit_test(news_for_a_link_that_has_gone_is_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
