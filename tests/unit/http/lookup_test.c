/* lookup_test.c -- a name server that is slow, away, or says no, and backends whose addresses it gave before. getaddrinfo is ours here. */
#define H2O_USE_LIBUV 0
#define H2O_USE_EPOLL 1
#include "http/lookup.c" /* to let an answer grow old without waiting */

#include "front.h"

static struct loop *loop;
static struct addrinfo *(*server)(void); /* NULL: EAI_NONAME */
static _Atomic int questions, slow_ms;
static struct sockaddr_in known = {.sin_family = AF_INET};
static struct addrinfo found = {.ai_family = AF_INET, .ai_addrlen = sizeof known};

static struct addrinfo *gives(void)
{
    found.ai_addr = (struct sockaddr *)(void *)&known;
    return &found;
}

static struct addrinfo *is_away(void)
{
    return NULL;
}

int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **list)
{
    (void)host;
    (void)service;
    (void)hints;
    atomic_fetch_add(&questions, 1);
    usleep((unsigned)atomic_load(&slow_ms) * 1000);
    if (server == NULL) return EAI_NONAME;
    *list = server();
    return *list != NULL ? 0 : EAI_AGAIN;
}

void freeaddrinfo(struct addrinfo *list)
{
    (void)list;
}

static int set_up(void **state)
{
    (void)state;
    loop = loop_open();
    server = gives;
    atomic_store(&questions, 0);
    atomic_store(&slow_ms, 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    loop_close(loop);
    return 0;
}

static bool told;
static size_t addresses;

static void on_told(void *self, const struct lookup_answer *answer)
{
    (void)self;
    told = true;
    addresses = answer->count;
}

/* How many addresses there are; how long it took. */
static size_t ask_for(const char *name, int64_t *ret_ms)
{
    int64_t began = now_ms();
    told = false;
    (void)lookup_start(loop, slice_of(name), 80, on_told, NULL);
    for (int64_t end = now_ms() + FRONT_PATIENCE_MS; !told && now_ms() < end;)
        loop_turn(loop, 20);
    assert_true(told);
    *ret_ms = now_ms() - began;
    return addresses;
}

static void grows_old(int64_t old_until_ms)
{
    struct name *n = (*loop_names(loop))->names;
    n->until_ms = now_ms() - 100; /* the coarse clock is a tick behind */
    n->old_until_ms = old_until_ms;
}

static void addresses_outlive_a_name_server_that_is_away_but_not_for_ever(void **state)
{
    (void)state;
    int64_t ms;
    assert_int_equal(ask_for("app.internal", &ms), 1);
    assert_int_equal(ask_for("app.internal", &ms), 1);
    assert_int_equal(atomic_load(&questions), 1); /* kept */
    server = is_away;
    grows_old(now_ms() + 60000);
    assert_int_equal(ask_for("app.internal", &ms), 1);
    assert_int_equal(atomic_load(&questions), 2);
    assert_int_equal(ask_for("app.internal", &ms), 1);
    assert_int_equal(atomic_load(&questions), 2); /* not asked again at once */
    grows_old(now_ms() - 100);
    assert_int_equal(ask_for("app.internal", &ms), 0);
    server = gives;
    grows_old(now_ms() - 100);
    assert_int_equal(ask_for("app.internal", &ms), 1);
    assert_true((*loop_names(loop))->names->old_until_ms > now_ms() + LOOKUP_OLD_MS - 10000);
}

static void a_name_that_is_gone_is_gone_at_once(void **state)
{
    (void)state;
    int64_t ms;
    assert_int_equal(ask_for("app.internal", &ms), 1);
    server = NULL;
    grows_old(now_ms() + 60000);
    assert_int_equal(ask_for("app.internal", &ms), 0);
    assert_int_equal(ask_for("app.internal", &ms), 0);
}

static void a_slow_name_server_is_waited_for_only_while_there_is_nothing_to_go_by(void **state)
{
    (void)state;
    int64_t ms;
    atomic_store(&slow_ms, 1000);
    assert_int_equal(ask_for("app.internal", &ms), 1);
    assert_true(ms >= 900);
    grows_old(now_ms() + 60000);
    assert_int_equal(ask_for("app.internal", &ms), 1);
    assert_in_range(ms, LOOKUP_PATIENCE_MS - 50, 900);
    struct lookup *gone = lookup_start(loop, LIT("app.internal"), 80, on_told, NULL);
    told = false;
    lookup_cancel(gone);
    (void)lookup_start(loop, LIT("app.internal"), 80, on_told, NULL); /* the loop closes while it waits */
    loop_turn(loop, 1);
    assert_false(told);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(addresses_outlive_a_name_server_that_is_away_but_not_for_ever, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_name_that_is_gone_is_gone_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_slow_name_server_is_waited_for_only_while_there_is_nothing_to_go_by, set_up,
                                        tear_down),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    usleep(1200 * 1000); /* a helper may still be asking */
    return failed;
}
