/* What store.h promises, held against every back end: memory, Redis over TCP, a unix socket, and TLS as an ACL user. */
#include "observe/metrics.h"
#include "store_kit.h"

#include "base/log.h"

static struct redis_server *server;

static void conf_memory(struct store_conf *c)
{
    *c = (struct store_conf){.kind = STORE_MEMORY};
}

static void conf_tcp(struct store_conf *c)
{
    *c = redis_conf(server->port);
    c->database = 3;
}

static void conf_unix(struct store_conf *c)
{
    *c = redis_conf(0);
    c->target = (struct stream_target){.unix_path = slice_of(server->unix_path), .connect_ms = 1000};
}

static void conf_tls(struct store_conf *c)
{
    struct arena *a = arena_open(64 * 1024);
    *c = redis_conf(server->tls_port);
    c->target.host = LIT("localhost");
    c->username = LIT("vestibule");
    c->password = secret_copy(LIT("open-sesame"));
    const struct err *e =
        tls_client(a, &(struct tls_client_conf){.host = LIT("localhost"), .ca_file = server->ca_file}, &c->target.tls);
    assert_null(e);
    arena_close(a);
}

/* Two workers' links to one store, on one loop. */
struct fixture {
    struct loop *loop;
    struct store_conf conf;
    struct store *store;
    struct store_link *a, *b;
};

static int open_fixture(void **state)
{
    void (*configure)(struct store_conf *) = *(void (**)(struct store_conf *)) * state;
    struct fixture *x = must_alloc(sizeof *x);
    configure(&x->conf);
    if (x->conf.kind == STORE_REDIS) free(redis_cli(server, "flushall"));
    x->loop = loop_open();
    x->store = open_store(&x->conf);
    x->a = link_ready(x->loop, x->store, x->conf.kind);
    x->b = link_ready(x->loop, x->store, x->conf.kind);
    assert_true(store_up(x->store));
    *state = x;
    return 0;
}

static int close_fixture(void **state)
{
    struct fixture *x = *state;
    store_unlink(x->a);
    store_unlink(x->b);
    turn_for(x->loop, 5);
    store_close(x->store);
    loop_close(x->loop);
    secret_close(&x->conf.password);
    if (x->conf.target.tls != NULL) tls_drop(x->conf.target.tls);
    free(x);
    return 0;
}

static void what_is_put_is_got_by_every_link(void **state)
{
    struct fixture *x = *state;
    assert_true(kit_put(x->loop, x->a, "t:one", "first", 10000, STORE_ALWAYS));
    kit_expect(x->loop, x->a, "t:one", "first");
    kit_expect(x->loop, x->b, "t:one", "first");
    assert_true(kit_put(x->loop, x->b, "t:one", "second", 10000, STORE_ALWAYS));
    kit_expect(x->loop, x->a, "t:one", "second");
    kit_delete(x->loop, x->a, "t:one");
}

static void what_was_never_put_is_not_there(void **state)
{
    struct fixture *x = *state;
    kit_expect(x->loop, x->a, "t:never", NULL);
    assert_false(kit_delete(x->loop, x->a, "t:never"));
    assert_null(kit_read(x->loop, x->a, CALL_TAKE, "t:never"));
}

static void an_empty_record_is_a_record(void **state)
{
    struct fixture *x = *state;
    assert_true(kit_put(x->loop, x->a, "t:empty", "", 10000, STORE_ALWAYS));
    kit_expect(x->loop, x->b, "t:empty", "");
    assert_true(kit_delete(x->loop, x->a, "t:empty"));
}

static void any_bytes_come_back_as_they_were(void **state)
{
    struct fixture *x = *state;
    struct slice odd = LIT("a\0b\r\n$5\r\n%s\xff\xfe");
    struct call put = kit_run(
        x->loop,
        (struct call){.what = CALL_PUT, .link = x->a, .key = LIT("t:{x}\r\n%n"), .value = odd, .ttl_ms = 10000});
    assert_null(put.why);
    assert_true(put.yes);
    arena_close(put.arena);
    struct call get = kit_run(x->loop, (struct call){.what = CALL_GET, .link = x->b, .key = LIT("t:{x}\r\n%n")});
    assert_null(get.why);
    assert_true(slice_is(get.value, odd));
    arena_close(get.arena);
    assert_true(kit_delete(x->loop, x->a, "t:{x}\r\n%n"));
}

static void the_largest_record_fits_and_one_byte_more_is_refused(void **state)
{
    struct fixture *x = *state;
    static char big[STORE_MAX_VALUE + 1];
    memset(big, 'v', sizeof big);
    struct call c = {
        .what = CALL_PUT, .link = x->a, .key = LIT("t:big"), .value = {big, STORE_MAX_VALUE},
                   .ttl_ms = 10000
    };
    struct call put = kit_run(x->loop, c);
    assert_null(put.why);
    arena_close(put.arena);
    struct call get = kit_run(x->loop, (struct call){.what = CALL_GET, .link = x->b, .key = LIT("t:big")});
    assert_null(get.why);
    assert_int_equal(get.value.len, STORE_MAX_VALUE);
    arena_close(get.arena);
    c.value.len++;
    put = kit_run(x->loop, c);
    assert_int_equal(put.why->problem, PROBLEM_INTERNAL);
    arena_close(put.arena);
    assert_true(kit_delete(x->loop, x->a, "t:big"));
}

static void a_record_without_a_life_is_refused(void **state)
{
    struct fixture *x = *state;
    for (int64_t ttl = -1; ttl <= 0; ttl++) {
        struct call put = kit_run(
            x->loop,
            (struct call){.what = CALL_PUT, .link = x->a, .key = LIT("t:dead"), .value = LIT("x"), .ttl_ms = ttl});
        assert_non_null(put.why);
        arena_close(put.arena);
    }
    kit_expect(x->loop, x->a, "t:dead", NULL);
}

static void put_if_new_leaves_what_is_there(void **state)
{
    struct fixture *x = *state;
    assert_true(kit_put(x->loop, x->a, "t:nx", "first", 10000, STORE_IF_NEW));
    assert_false(kit_put(x->loop, x->b, "t:nx", "second", 10000, STORE_IF_NEW));
    kit_expect(x->loop, x->a, "t:nx", "first");
    kit_delete(x->loop, x->a, "t:nx");
}

static void put_if_there_makes_nothing_new(void **state)
{
    struct fixture *x = *state;
    assert_false(kit_put(x->loop, x->a, "t:xx", "first", 10000, STORE_IF_THERE));
    kit_expect(x->loop, x->a, "t:xx", NULL);
    kit_put(x->loop, x->a, "t:xx", "first", 10000, STORE_ALWAYS);
    assert_true(kit_put(x->loop, x->b, "t:xx", "second", 10000, STORE_IF_THERE));
    kit_expect(x->loop, x->a, "t:xx", "second");
    kit_delete(x->loop, x->a, "t:xx");
}

static void a_record_is_taken_once(void **state)
{
    struct fixture *x = *state;
    kit_put(x->loop, x->a, "t:take", "only", 10000, STORE_ALWAYS);
    char *text = kit_read(x->loop, x->b, CALL_TAKE, "t:take");
    assert_string_equal(text, "only");
    free(text);
    assert_null(kit_read(x->loop, x->a, CALL_TAKE, "t:take"));
    kit_expect(x->loop, x->a, "t:take", NULL);
}

static void one_of_fifty_takers_over_two_links_gets_the_record(void **state)
{
    struct fixture *x = *state;
    enum {
        TAKERS = 50
    };
    static struct call takers[TAKERS];
    kit_put(x->loop, x->a, "t:race", "prize", 10000, STORE_ALWAYS);
    for (int i = 0; i < TAKERS; i++) {
        takers[i] = (struct call){.what = CALL_TAKE, .link = i % 2 != 0 ? x->a : x->b, .key = LIT("t:race")};
        call_start(&takers[i]);
    }
    int winners = 0;
    for (int i = 0; i < TAKERS; i++) {
        call_wait(x->loop, &takers[i]);
        assert_null(takers[i].why);
        if (takers[i].value.at != NULL) {
            winners++;
            assert_true(slice_is(takers[i].value, LIT("prize")));
        }
        call_close(&takers[i]);
    }
    assert_int_equal(winners, 1);
}

static void a_record_dies_when_its_time_is_over(void **state)
{
    struct fixture *x = *state;
    kit_put(x->loop, x->a, "t:short", "x", 200, STORE_ALWAYS);
    kit_put(x->loop, x->a, "t:long", "y", 10000, STORE_ALWAYS);
    kit_expect(x->loop, x->a, "t:short", "x");
    turn_for(x->loop, 230);
    kit_expect(x->loop, x->a, "t:short", NULL);
    assert_false(kit_put(x->loop, x->a, "t:short", "x", 1000, STORE_IF_THERE));
    assert_false(kit_delete(x->loop, x->a, "t:short"));
    kit_expect(x->loop, x->a, "t:long", "y");
    kit_delete(x->loop, x->a, "t:long");
}

static void a_touch_moves_the_end_both_ways(void **state)
{
    struct fixture *x = *state;
    kit_put(x->loop, x->a, "t:touch", "x", 200, STORE_ALWAYS);
    store_touch(x->a, LIT("t:touch"), 10000);
    turn_for(x->loop, 230);
    kit_expect(x->loop, x->a, "t:touch", "x");
    store_touch(x->b, LIT("t:touch"), 30);
    turn_for(x->loop, 60);
    kit_expect(x->loop, x->a, "t:touch", NULL);
    store_touch(x->a, LIT("t:touch"), 10000); /* does not raise the dead */
    kit_expect(x->loop, x->a, "t:touch", NULL);
}

static void the_time_left_is_told(void **state)
{
    struct fixture *x = *state;
    kit_put(x->loop, x->a, "t:ttl", "x", 10000, STORE_ALWAYS);
    struct call c = kit_run(x->loop, (struct call){.what = CALL_GET_TTL, .link = x->b, .key = LIT("t:ttl")});
    assert_null(c.why);
    assert_true(slice_is(c.value, LIT("x")));
    assert_in_range(c.ttl_ms, 9000, 10000);
    arena_close(c.arena);
    kit_delete(x->loop, x->a, "t:ttl");
    c = kit_run(x->loop, (struct call){.what = CALL_GET_TTL, .link = x->b, .key = LIT("t:ttl"), .ttl_ms = 77});
    assert_null(c.value.at);
    assert_int_equal(c.ttl_ms, 77);
    arena_close(c.arena);
}

static void a_change_by_another_link_is_told_within_a_tenth_of_a_second(void **state)
{
    struct fixture *x = *state;
    struct told told = {.count = 0};
    kit_put(x->loop, x->a, "t:news", "x", 10000, STORE_ALWAYS);
    kit_expect(x->loop, x->b, "t:news", "x"); /* b has read it */
    store_on_change(x->b, told_of, &told);
    int64_t start = now_us();
    assert_true(kit_delete(x->loop, x->a, "t:news"));
    assert_true(turn_until_count(x->loop, &told.count, 1));
    assert_int_equal(told.count, 1);
    assert_int_equal(told.everything, 0);
    assert_string_equal(told.last, "t:news");
    print_message("told after %lld us\n", (long long)(told.at_us - start));
    assert_true(told.at_us - start < 100000);
}

static void what_a_link_changes_itself_is_not_told_to_it(void **state)
{
    struct fixture *x = *state;
    struct told told = {.count = 0};
    store_on_change(x->a, told_of, &told);
    kit_put(x->loop, x->a, "t:own", "x", 10000, STORE_ALWAYS);
    kit_expect(x->loop, x->a, "t:own", "x");
    kit_put(x->loop, x->a, "t:own", "y", 10000, STORE_ALWAYS);
    kit_delete(x->loop, x->a, "t:own");
    turn_for(x->loop, 30);
    assert_int_equal(told.count, 0);
}

static void a_link_that_touched_a_record_still_hears_of_its_end(void **state)
{
    struct fixture *x = *state;
    struct told told = {.count = 0};
    kit_put(x->loop, x->a, "t:after", "x", 10000, STORE_ALWAYS);
    kit_expect(x->loop, x->b, "t:after", "x");
    store_touch(x->b, LIT("t:after"), 20000);
    kit_expect(x->loop, x->b, "t:other", NULL); /* the touch has been answered by now */
    store_on_change(x->b, told_of, &told);
    kit_delete(x->loop, x->a, "t:after");
    assert_true(turn_until_count(x->loop, &told.count, 1));
    assert_int_equal(told.count, 1);
    assert_string_equal(told.last, "t:after");
}

static void an_operation_that_was_called_off_disturbs_nobody(void **state)
{
    struct fixture *x = *state;
    static struct call off, on;
    kit_put(x->loop, x->a, "t:off", "theirs", 10000, STORE_ALWAYS);
    kit_put(x->loop, x->a, "t:on", "mine", 10000, STORE_ALWAYS);
    off = (struct call){.what = CALL_GET, .link = x->a, .key = LIT("t:off")};
    on = (struct call){.what = CALL_GET, .link = x->a, .key = LIT("t:on")};
    call_start(&off);
    call_start(&on);
    call_close(&off);
    call_wait(x->loop, &on);
    assert_true(slice_is(on.value, LIT("mine")));
    call_close(&on);
    kit_delete(x->loop, x->a, "t:off");
    kit_delete(x->loop, x->a, "t:on");
}

static void what_the_store_does_is_counted(void **state)
{
    struct fixture *x = *state;
    kit_expect(x->loop, x->a, "t:counted", NULL);
    struct buf b = buf_open(1024 * 1024);
    metrics_write(&b);
    struct slice text = buf_slice(&b);
    assert_true(slice_find(text, LIT("vestibule_store_up 1")) != SLICE_NONE);
    assert_true(slice_find(text, LIT("vestibule_store_operations_total{operation=\"get\",outcome=\"ok\"}")) !=
                SLICE_NONE);
    assert_true(slice_find(text, LIT("vestibule_store_operation_duration_seconds_count{operation=\"get\"}")) !=
                SLICE_NONE);
    buf_close(&b);
}

static int start_server(void **state)
{
    (void)state;
    server = redis_new(true);
    return 0;
}

/* ---- lists */

static enum flow_next enlist(struct flow *f, struct call *c)
{
    return store_enlist(f, c->link, c->with, &c->yes);
}

static bool kit_enlist(struct fixture *x, struct store_link *k, const char *name, int64_t order, int64_t list_ttl_ms)
{
    const struct slice lists[] = {LIT("l:one"), LIT("l:two")};
    char key[32];
    snprintf(key, sizeof key, "r:%s", name);
    struct store_enlisting what = {.key = slice_of(key),
                                   .value = slice_of(name),
                                   .ttl_ms = 10000,
                                   .member = slice_of(name),
                                   .order = order,
                                   .lists = lists,
                                   .list_count = 2,
                                   .list_ttl_ms = list_ttl_ms};
    struct call c = kit_run(x->loop, (struct call){.what = CALL_OTHER, .other = enlist, .link = k, .with = &what});
    assert_null(c.why);
    arena_close(c.arena);
    return c.yes;
}

struct names {
    struct slice list;
    char text[4096]; /* "a b c" */
    size_t count;
};

static enum flow_next read_members(struct flow *f, struct call *c)
{
    struct names *n = c->with;
    struct store_members *all = arena_new(f->arena, struct store_members);
    c->value = (struct slice){(const char *)all, sizeof *all};
    return store_members(f, c->link, n->list, all);
}

static void expect_members(struct fixture *x, struct store_link *k, const char *list, const char *names)
{
    struct names n = {.list = slice_of(list)};
    struct call c = kit_run(x->loop, (struct call){.what = CALL_OTHER, .other = read_members, .link = k, .with = &n});
    assert_null(c.why);
    const struct store_members *all = (const void *)c.value.at;
    struct buf text = buf_open(4096);
    for (size_t i = 0; i < all->count; i++) {
        buf_print(&text, "%s%.*s:%lld", i != 0 ? " " : "", SLICE_ARG(all->at[i].name), (long long)all->at[i].order);
    }
    buf_byte(&text, '\0');
    assert_string_equal(text.at, names);
    buf_close(&text);
    arena_close(c.arena);
}

static enum flow_next strike(struct flow *f, struct call *c)
{
    size_t *count = arena_new(f->arena, size_t);
    c->value = (struct slice){(const char *)count, sizeof *count};
    return store_strike(f, c->link, c->with, count);
}

static size_t kit_strike(struct fixture *x, struct store_link *k, const struct store_striking *what)
{
    struct call c = kit_run(
        x->loop, (struct call){.what = CALL_OTHER, .other = strike, .link = k, .with = (void *)(uintptr_t)what});
    assert_null(c.why);
    size_t count = *(const size_t *)(const void *)c.value.at;
    arena_close(c.arena);
    return count;
}

static void what_is_enlisted_stands_in_its_lists_in_the_order_of_its_numbers(void **state)
{
    struct fixture *x = *state;
    expect_members(x, x->a, "l:one", "");
    assert_true(kit_enlist(x, x->a, "late", 1732300000003, 10000));
    assert_true(kit_enlist(x, x->b, "early", 1732300000001, 10000));
    assert_true(kit_enlist(x, x->a, "middle", 1732300000002, 10000));
    kit_expect(x->loop, x->b, "r:middle", "middle");
    expect_members(x, x->b, "l:one", "early:1732300000001 middle:1732300000002 late:1732300000003");
    expect_members(x, x->a, "l:two", "early:1732300000001 middle:1732300000002 late:1732300000003");
}

static void a_key_that_is_taken_is_not_enlisted_again(void **state)
{
    struct fixture *x = *state;
    assert_true(kit_put(x->loop, x->a, "r:mine", "first", 10000, STORE_ALWAYS));
    assert_false(kit_enlist(x, x->b, "mine", 1, 10000));
    kit_expect(x->loop, x->a, "r:mine", "first");
}

static void striking_takes_records_and_members_in_one_step_and_tells_the_others(void **state)
{
    struct fixture *x = *state;
    struct told told = {.count = 0};
    for (int i = 0; i < 3; i++) {
        const char *names[] = {"ada", "bob", "cyn"};
        assert_true(kit_enlist(x, x->a, names[i], i + 1, 10000));
    }
    kit_expect(x->loop, x->b, "r:bob", "bob");
    store_on_change(x->b, told_of, &told);
    const struct slice keys[] = {LIT("r:ada"), LIT("r:nobody"), LIT("r:bob")}, lists[] = {LIT("l:one"), LIT("l:none")},
                       members[] = {LIT("ada"), LIT("bob"), LIT("nobody")};
    assert_int_equal(kit_strike(x, x->a, &(struct store_striking){keys, 3, lists, 2, members, 3}), 2);
    kit_expect(x->loop, x->a, "r:ada", NULL);
    kit_expect(x->loop, x->a, "r:cyn", "cyn");
    expect_members(x, x->b, "l:one", "cyn:3");
    expect_members(x, x->b, "l:two", "ada:1 bob:2 cyn:3"); /* nobody said so */
    turn_for(x->loop, 100);
    assert_true(told.count >= 1);
    assert_string_equal(told.last, "r:bob");
    store_on_change(x->b, NULL, NULL);
    assert_int_equal(kit_strike(x, x->a, &(struct store_striking){keys, 3, NULL, 0, NULL, 0}), 0);
}

static void a_list_dies_when_nobody_adds_to_it(void **state)
{
    struct fixture *x = *state;
    assert_true(kit_enlist(x, x->a, "short", 1, 60));
    turn_for(x->loop, 100);
    expect_members(x, x->a, "l:one", "");
    kit_expect(x->loop, x->a, "r:short", "short");
}

static enum flow_next look(struct flow *f, struct call *c)
{
    static const struct slice keys[] = {LIT_INIT("r:here"), LIT_INIT("r:there"), LIT_INIT("r:here")};
    return store_present(f, c->link, keys, 3, c->with);
}

static void several_keys_are_looked_for_at_once(void **state)
{
    struct fixture *x = *state;
    bool there[3] = {false, true, false};
    assert_true(kit_put(x->loop, x->a, "r:here", "", 10000, STORE_ALWAYS));
    struct call c = kit_run(x->loop, (struct call){.what = CALL_OTHER, .other = look, .link = x->b, .with = there});
    assert_null(c.why);
    arena_close(c.arena);
    assert_true(there[0] && !there[1] && there[2]);
}

struct walk {
    struct store_scan scan;
    int seen[1500], strangers, rounds;
};

static enum flow_next walk_on(struct flow *f, struct call *c)
{
    struct walk *w = c->with;
    return store_scan(f, c->link, LIT("w:"), &w->scan);
}

static void a_walk_over_the_keys_finds_each_that_begins_so(void **state)
{
    struct fixture *x = *state;
    struct walk w = {.scan = {.cursor = LIT("0")}};
    char key[32], cursor[32] = "0";
    for (int i = 0; i < 1500; i++) {
        snprintf(key, sizeof key, "%c:%d", i % 3 == 0 ? 'v' : 'w', i);
        assert_true(kit_put(x->loop, x->a, key, "", 20000, STORE_ALWAYS));
    }
    do {
        struct call c = kit_run(x->loop, (struct call){.what = CALL_OTHER, .other = walk_on, .link = x->b, .with = &w});
        assert_null(c.why);
        for (size_t i = 0; i < w.scan.count; i++) {
            uint64_t n = 0;
            bool ours = slice_starts(w.scan.keys[i], LIT("w:")) && slice_number(slice_from(w.scan.keys[i], 2), &n);
            if (ours && n < 1500)
                w.seen[n]++;
            else
                w.strangers++;
        }
        snprintf(cursor, sizeof cursor, "%.*s", SLICE_ARG(w.scan.cursor));
        w.scan.cursor = slice_of(cursor);
        arena_close(c.arena);
    } while (strcmp(cursor, "0") != 0 && ++w.rounds < 100);
    for (int i = 0; i < 1500; i++) {
        assert_int_equal(w.seen[i] > 0, i % 3 != 0);
    }
    assert_int_equal(w.strangers, 0);
}

static enum flow_next count_up(struct flow *f, struct call *c)
{
    return store_count(f, c->link, c->key, c->ttl_ms, 300, c->with);
}

static int64_t counted(struct fixture *x, struct store_link *k, int64_t n)
{
    int64_t sum = -1;
    struct call c = kit_run(
        x->loop,
        (struct call){.what = CALL_OTHER, .other = count_up, .link = k, .key = LIT("l:x"), .ttl_ms = n, .with = &sum});
    assert_null(c.why);
    arena_close(c.arena);
    return sum;
}

static void what_several_links_add_is_one_sum_that_dies_when_nobody_adds(void **state)
{
    struct fixture *x = *state;
    assert_int_equal(counted(x, x->a, 1), 1);
    assert_int_equal(counted(x, x->b, 5), 6);
    assert_int_equal(counted(x, x->a, 1), 7);
    turn_for(x->loop, 450);
    assert_int_equal(counted(x, x->a, 2), 2);
}

static int stop_server(void **state)
{
    (void)state;
    redis_free(server);
    return 0;
}

int main(void)
{
    static const struct {
        const char *name;
        void (*configure)(struct store_conf *);
    } stores[] = {
        {"memory",        conf_memory},
        {"redis tcp",     conf_tcp   },
        {"redis unix",    conf_unix  },
        {"redis tls acl", conf_tls   }
    };
    static const struct {
        const char *name;
        CMUnitTestFunction run;
    } promises[] = {
#define PROMISE(test) {#test, test}
        PROMISE(what_is_put_is_got_by_every_link),
        PROMISE(what_was_never_put_is_not_there),
        PROMISE(an_empty_record_is_a_record),
        PROMISE(any_bytes_come_back_as_they_were),
        PROMISE(the_largest_record_fits_and_one_byte_more_is_refused),
        PROMISE(a_record_without_a_life_is_refused),
        PROMISE(put_if_new_leaves_what_is_there),
        PROMISE(put_if_there_makes_nothing_new),
        PROMISE(a_record_is_taken_once),
        PROMISE(one_of_fifty_takers_over_two_links_gets_the_record),
        PROMISE(a_record_dies_when_its_time_is_over),
        PROMISE(a_touch_moves_the_end_both_ways),
        PROMISE(the_time_left_is_told),
        PROMISE(a_change_by_another_link_is_told_within_a_tenth_of_a_second),
        PROMISE(what_a_link_changes_itself_is_not_told_to_it),
        PROMISE(a_link_that_touched_a_record_still_hears_of_its_end),
        PROMISE(an_operation_that_was_called_off_disturbs_nobody),
        PROMISE(what_the_store_does_is_counted),
        PROMISE(what_is_enlisted_stands_in_its_lists_in_the_order_of_its_numbers),
        PROMISE(a_key_that_is_taken_is_not_enlisted_again),
        PROMISE(striking_takes_records_and_members_in_one_step_and_tells_the_others),
        PROMISE(a_list_dies_when_nobody_adds_to_it),
        PROMISE(several_keys_are_looked_for_at_once),
        PROMISE(a_walk_over_the_keys_finds_each_that_begins_so),
        PROMISE(what_several_links_add_is_one_sum_that_dies_when_nobody_adds),
    };
    enum {
        STORES = sizeof stores / sizeof *stores,
        PROMISES = sizeof promises / sizeof *promises
    };
    static struct CMUnitTest tests[STORES * PROMISES];
    static char names[STORES * PROMISES][128];
    static void (*configure[STORES])(struct store_conf *);
    for (size_t s = 0, at = 0; s < STORES; s++) {
        configure[s] = stores[s].configure;
        for (size_t p = 0; p < PROMISES; p++, at++) {
            snprintf(names[at], sizeof names[at], "%s: %s", stores[s].name, promises[p].name);
            tests[at] = (struct CMUnitTest){names[at], promises[p].run, open_fixture, close_fixture, &configure[s]};
        }
    }
    log_threshold(LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
