/* The store when Redis goes away, hangs, comes back, refuses, or talks nonsense. */
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>

#include "store_kit.h"

#include "base/log.h"

static char logged[16 * 1024];

static void log_here(enum log_level level, const char *event, const char *sentence, const struct err *why,
                     const struct log_field *fields, size_t count)
{
    (void)level, (void)why;
    size_t at = strlen(logged);
    snprintf(logged + at, sizeof logged - at, "%s: %s", event, sentence);
    for (size_t i = 0; i < count; i++) {
        at = strlen(logged);
        snprintf(logged + at, sizeof logged - at, " %s=%.*s", fields[i].name, SLICE_ARG(fields[i].value));
    }
    at = strlen(logged);
    snprintf(logged + at, sizeof logged - at, "\n");
}

static int times_logged(const char *event)
{
    int n = 0;
    for (const char *at = logged; (at = strstr(at, event)) != NULL; at++) {
        n++;
    }
    return n;
}

struct fixture {
    struct loop *loop;
    struct redis_server *server;
    struct store *store;
    struct store_link *link;
    struct told told;
};

static void open_link(struct fixture *x, const struct store_conf *conf)
{
    x->loop = loop_open();
    x->store = open_store(conf);
    x->link = store_link(x->store, x->loop);
    store_on_change(x->link, told_of, &x->told);
}

static void close_link(struct fixture *x)
{
    store_unlink(x->link);
    turn_for(x->loop, 5);
    store_close(x->store);
    loop_close(x->loop);
}

static int open_fixture(void **state)
{
    struct fixture *x = must_alloc(sizeof *x);
    logged[0] = '\0';
    x->server = redis_new(false);
    struct store_conf conf = redis_conf(x->server->port);
    open_link(x, &conf);
    assert_true(link_up(x->loop, x->link, 3000));
    assert_true(turn_until_count(x->loop, &x->told.everything, 1)); /* hears of changes */
    x->told = (struct told){.count = 0};
    *state = x;
    return 0;
}

static int close_fixture(void **state)
{
    struct fixture *x = *state;
    close_link(x);
    redis_free(x->server);
    free(x);
    return 0;
}

static void expect_away(struct loop *l, struct store_link *k, int within_ms)
{
    int64_t start = now_ms();
    struct call c =
        kit_run(l, (struct call){.what = CALL_GET, .link = k, .key = LIT("t:x"), .value = LIT("untouched")});
    assert_non_null(c.why);
    assert_int_equal(c.why->problem, PROBLEM_STORE_AWAY);
    assert_true(slice_is(c.value, LIT("untouched")));
    assert_true(now_ms() - start <= within_ms);
    arena_close(c.arena);
}

/* ---- a real server that fails */

static void a_killed_server_fails_what_waits_and_what_comes_and_its_return_is_noticed(void **state)
{
    struct fixture *x = *state;
    static struct call waiting;
    kit_put(x->loop, x->link, "t:x", "before", 10000, STORE_ALWAYS);
    kill(x->server->pid, SIGSTOP);
    waiting = (struct call){.what = CALL_GET, .link = x->link, .key = LIT("t:x")};
    call_start(&waiting);
    turn_for(x->loop, 10);
    assert_false(waiting.ended);
    redis_kill(x->server);
    call_wait(x->loop, &waiting);
    assert_int_equal(waiting.why->problem, PROBLEM_STORE_AWAY);
    call_close(&waiting);
    assert_false(store_up(x->store));
    assert_true(x->told.everything >= 1);
    expect_away(x->loop, x->link, 20);
    redis_start(x->server);
    assert_true(link_up(x->loop, x->link, 4000));
    assert_true(store_up(x->store));
    kit_expect(x->loop, x->link, "t:x", NULL); /* it kept nothing: that is an answer, not a failure */
    assert_int_equal(times_logged("store_away"), 1);
    assert_int_equal(times_logged("store_up"), 2);
}

static void a_hanging_server_is_given_up_after_the_timeout_and_its_late_answer_meets_nobody(void **state)
{
    struct fixture *x = *state;
    static struct call late;
    kit_put(x->loop, x->link, "t:x", "theirs", 10000, STORE_ALWAYS);
    kit_put(x->loop, x->link, "t:y", "mine", 10000, STORE_ALWAYS);
    kill(x->server->pid, SIGSTOP);
    int64_t start = now_ms();
    late = (struct call){.what = CALL_GET, .link = x->link, .key = LIT("t:x")};
    call_start(&late);
    call_wait(x->loop, &late);
    assert_in_range(now_ms() - start, 490, 800);
    assert_int_equal(late.why->problem, PROBLEM_STORE_AWAY);
    assert_null(late.value.at);
    call_close(&late);
    expect_away(x->loop, x->link, 20);
    kill(x->server->pid, SIGCONT);
    assert_true(link_up(x->loop, x->link, 4000));
    kit_expect(x->loop, x->link, "t:y", "mine");
}

static void a_server_that_hangs_while_nobody_asks_is_noticed(void **state)
{
    struct fixture *x = *state;
    kill(x->server->pid, SIGSTOP);
    for (int i = 0; i < 400 && store_up(x->store); i++) {
        turn_for(x->loop, 10);
    }
    assert_false(store_up(x->store));
    kill(x->server->pid, SIGCONT);
}

static void a_closed_news_connection_drops_everything_and_is_armed_again(void **state)
{
    struct fixture *x = *state;
    kit_put(x->loop, x->link, "t:x", "1", 10000, STORE_ALWAYS);
    kit_expect(x->loop, x->link, "t:x", "1");
    x->told = (struct told){.count = 0};
    free(redis_cli(x->server, "client kill type pubsub"));
    assert_true(turn_until_count(x->loop, &x->told.everything, 2)); /* when it broke, and when it was back */
    kit_expect(x->loop, x->link, "t:x", "1");
    x->told = (struct told){.count = 0};
    free(redis_cli(x->server, "del vestibule:t:x"));
    assert_true(turn_until_count(x->loop, &x->told.count, 1));
    assert_int_equal(x->told.everything, 0);
    assert_string_equal(x->told.last, "t:x");
    assert_true(store_up(x->store));
    assert_int_equal(times_logged("store_away"), 0);
}

static void a_flush_drops_everything(void **state)
{
    struct fixture *x = *state;
    kit_put(x->loop, x->link, "t:x", "1", 10000, STORE_ALWAYS);
    kit_expect(x->loop, x->link, "t:x", "1");
    x->told = (struct told){.count = 0};
    free(redis_cli(x->server, "flushall"));
    assert_true(turn_until_count(x->loop, &x->told.everything, 1));
}

static void changes_of_other_programs_keys_are_not_told(void **state)
{
    struct fixture *x = *state;
    free(redis_cli(x->server, "set other:t:x 1"));
    free(redis_cli(x->server, "set vestibule 1"));
    turn_for(x->loop, 30);
    assert_int_equal(x->told.count, 0);
}

static void a_touch_of_a_vanished_record_is_told_as_a_change(void **state)
{
    struct fixture *x = *state;
    store_touch(x->link, LIT("t:gone"), 1000);
    assert_true(turn_until_count(x->loop, &x->told.count, 1));
    assert_string_equal(x->told.last, "t:gone");
}

static void every_key_has_the_prefix_and_a_time_to_live(void **state)
{
    struct fixture *x = *state;
    kit_put(x->loop, x->link, "t:x", "1", 10000, STORE_ALWAYS);
    char *keys = redis_cli(x->server, "keys '*'"), *ttl = redis_cli(x->server, "pttl vestibule:t:x");
    assert_string_equal(keys, "vestibule:t:x");
    assert_true(strtol(ttl, NULL, 10) > 0);
    free(keys);
    free(ttl);
}

static void a_key_of_another_type_is_refused_and_the_connection_goes_on(void **state)
{
    struct fixture *x = *state;
    free(redis_cli(x->server, "rpush vestibule:t:list 1"));
    struct call c = kit_run(x->loop, (struct call){.what = CALL_GET, .link = x->link, .key = LIT("t:list")});
    assert_int_equal(c.why->problem, PROBLEM_STORE_AWAY);
    arena_close(c.arena);
    assert_true(store_up(x->store));
    assert_int_equal(times_logged("store_away"), 0);
}

static void a_wrong_password_keeps_the_store_away_and_out_of_the_log(void **state)
{
    struct fixture *x = *state;
    struct fixture wrong = {.server = x->server};
    struct store_conf conf = redis_conf(x->server->port);
    conf.username = LIT("vestibule");
    conf.password = secret_copy(LIT("canary-7391"));
    open_link(&wrong, &conf);
    assert_false(link_up(wrong.loop, wrong.link, 400));
    assert_false(store_up(wrong.store));
    expect_away(wrong.loop, wrong.link, 20);
    close_link(&wrong);
    secret_close(&conf.password);
    assert_int_equal(times_logged("store_away"), 1);
    assert_non_null(strstr(logged, "WRONGPASS"));
    assert_null(strstr(logged, "canary"));
}

static void a_server_without_tracking_is_used_and_said_once(void **state)
{
    struct fixture *x = *state;
    struct fixture poor = {.server = x->server};
    free(redis_cli(x->server, "acl setuser poor on '>word' '~*' -@all +ping +get +set"));
    struct store_conf conf = redis_conf(x->server->port);
    conf.username = LIT("poor");
    conf.password = secret_copy(LIT("word"));
    open_link(&poor, &conf);
    assert_true(link_up(poor.loop, poor.link, 2000));
    for (int i = 0; i < 200 && times_logged("store_tracking_refused") == 0; i++) {
        turn_for(poor.loop, 10);
    }
    assert_true(kit_put(poor.loop, poor.link, "t:x", "1", 10000, STORE_ALWAYS));
    kit_expect(poor.loop, poor.link, "t:x", "1");
    close_link(&poor);
    secret_close(&conf.password);
    assert_int_equal(times_logged("store_tracking_refused"), 1);
}

/* ---- a server that refuses */

static enum flow_next strike(struct flow *f, struct call *c)
{
    size_t *count = arena_new(c->arena, size_t);
    c->value.at = (const char *)count;
    return store_strike(f, c->link, c->with, count);
}

static void a_full_server_takes_nothing_new_and_lets_everything_go(void **state)
{
    struct fixture *x = *state;
    kit_put(x->loop, x->link, "s:one", "1", 10000, STORE_ALWAYS);
    kit_put(x->loop, x->link, "t:one", "1", 10000, STORE_ALWAYS);
    free(redis_cli(x->server, "zadd vestibule:u:list 1 one 2 two"));
    free(redis_cli(x->server, "config set maxmemory 1"));
    struct call c = kit_run(x->loop, (struct call){.what = CALL_PUT,
                                                   .link = x->link,
                                                   .key = LIT("s:two"),
                                                   .value = LIT("2"),
                                                   .ttl_ms = 1000,
                                                   .when = STORE_ALWAYS});
    assert_int_equal(c.why->problem, PROBLEM_STORE_AWAY);
    arena_close(c.arena);
    const struct slice keys[] = {LIT("s:one"), LIT("t:one"), LIT("t:none")}, list = LIT("u:list"), member = LIT("one");
    struct store_striking what = {keys, 3, &list, 1, &member, 1};
    c = kit_run(x->loop, (struct call){.what = CALL_OTHER, .other = strike, .link = x->link, .with = &what});
    assert_null(c.why);
    assert_int_equal(*(const size_t *)(const void *)c.value.at, 2);
    arena_close(c.arena);
    kit_expect(x->loop, x->link, "s:one", NULL);
    char *left = redis_cli(x->server, "zrange vestibule:u:list 0 -1");
    assert_string_equal(left, "two");
    free(left);
}

static void a_touch_that_is_refused_is_told_once(void **state)
{
    struct fixture *x = *state;
    struct fixture poor = {.server = x->server};
    free(redis_cli(x->server, "acl setuser poor on '>word' '~*' '&*' +@all -pexpire"));
    struct store_conf conf = redis_conf(x->server->port);
    conf.username = LIT("poor");
    conf.password = secret_copy(LIT("word"));
    open_link(&poor, &conf);
    assert_true(link_up(poor.loop, poor.link, 2000));
    kit_put(poor.loop, poor.link, "s:one", "1", 10000, STORE_ALWAYS);
    for (int i = 0; i < 3; i++) {
        store_touch(poor.link, LIT("s:one"), 90000);
        kit_expect(poor.loop, poor.link, "s:one", "1");
    }
    assert_int_equal(times_logged("store_touch_refused"), 1);
    assert_non_null(strstr(logged, "NOPERM"));
    assert_true(store_up(poor.store));
    close_link(&poor);
    secret_close(&conf.password);
}

static void a_server_that_became_a_replica_is_left_for_whoever_answers_there_now_but_not_again_and_again(void **state)
{
    struct fixture *x = *state;
    kit_put(x->loop, x->link, "s:one", "1", 10000, STORE_ALWAYS);
    free(redis_cli(x->server, "replicaof 127.0.0.1 %d", free_port()));
    store_touch(x->link, LIT("s:one"), 90000);
    for (int i = 0; i < 200 && times_logged("store_away") == 0; i++) {
        turn_for(x->loop, 10);
    }
    assert_int_equal(times_logged("store_away"), 1);
    assert_non_null(strstr(logged, "read-only replica"));
    assert_true(link_up(x->loop, x->link, 2000));
    store_touch(x->link, LIT("s:one"), 90000);
    kit_expect(x->loop, x->link, "s:one", "1"); /* it is the same server still: who is in stays in */
    assert_int_equal(times_logged("store_away"), 1);
}

static void a_store_that_was_never_there_refuses_at_once(void **state)
{
    (void)state;
    struct fixture x = {.server = NULL};
    struct store_conf conf = redis_conf(free_port());
    open_link(&x, &conf);
    expect_away(x.loop, x.link, 20);
    turn_for(x.loop, 300);
    expect_away(x.loop, x.link, 20);
    close_link(&x);
}

/* ---- a server that talks nonsense: it greets as Redis does, then answers each GET with the script */

struct fake {
    pthread_t thread;
    int fd, port;
    const char *script; /* answer to GET */
    size_t script_len;
    int delay_ms; /* before the first answer to a GET */
    bool unasked; /* the script is sent right after the greeting's PONG */
    atomic_int connections, stop;
};

enum {
    FAKE_CONNECTIONS = 16,
    FAKE_ROOM = 4096
};

static void fake_say(int fd, const char *text, size_t len)
{
    ssize_t n = send(fd, text, len, MSG_NOSIGNAL);
    (void)n;
}

static void fake_sing(struct fake *k, int fd)
{
    fake_say(fd, k->script, k->script_len);
    if (strncmp(k->script, "$1099511627776", 14) != 0) return;
    static const char noise[64 * 1024];
    for (int i = 0; i < 64; i++) {
        fake_say(fd, noise, sizeof noise);
    }
}

/* Looks only at which words came; commands come whole in these tests. */
static void fake_hear(struct fake *k, int fd, const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        if (strncmp(at, "\r\nPING\r\n", 8) == 0) {
            fake_say(fd, "+PONG\r\n", 7);
            if (k->unasked) fake_sing(k, fd);
        }
        if (strncmp(at, "\r\nCLIENT\r\n$2\r\nID", 16) == 0) fake_say(fd, ":7\r\n", 4);
        if (strncmp(at, "\r\nSUBSCRIBE\r\n", 13) == 0) fake_say(fd, "*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n", 31);
        if (strncmp(at, "\r\nTRACKING\r\n", 12) == 0) fake_say(fd, "+OK\r\n", 5);
        if (strncmp(at, "\r\nGET\r\n", 7) == 0) {
            if (k->delay_ms != 0) usleep((useconds_t)k->delay_ms * 1000);
            k->delay_ms = 0;
            fake_sing(k, fd);
        }
    }
}

static void *fake_run(void *self)
{
    struct fake *k = self;
    struct pollfd fds[FAKE_CONNECTIONS + 1] = {
        {.fd = k->fd, .events = POLLIN}
    };
    nfds_t count = 1;
    while (!atomic_load(&k->stop)) {
        poll(fds, count, 10);
        if ((fds[0].revents & POLLIN) != 0 && count <= FAKE_CONNECTIONS) {
            fds[count++] = (struct pollfd){.fd = accept(k->fd, NULL, NULL), .events = POLLIN};
            atomic_fetch_add(&k->connections, 1);
        }
        for (nfds_t i = 1; i < count; i++) {
            if (fds[i].fd < 0 || fds[i].revents == 0) continue;
            char text[FAKE_ROOM + 1];
            ssize_t n = recv(fds[i].fd, text, FAKE_ROOM, MSG_DONTWAIT);
            if (n <= 0) {
                close(fds[i].fd);
                fds[i].fd = -1;
                continue;
            }
            text[n] = '\0';
            fake_hear(k, fds[i].fd, text);
        }
    }
    for (nfds_t i = 0; i < count; i++) {
        if (fds[i].fd >= 0) close(fds[i].fd);
    }
    return NULL;
}

static void fake_open(struct fake *k)
{
    k->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof at;
    assert_int_equal(bind(k->fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(k->fd, 64), 0);
    assert_int_equal(getsockname(k->fd, (struct sockaddr *)&at, &len), 0);
    k->port = ntohs(at.sin_port);
    assert_int_equal(pthread_create(&k->thread, NULL, fake_run, k), 0);
}

static void fake_close(struct fake *k)
{
    atomic_store(&k->stop, 1);
    pthread_join(k->thread, NULL);
}

static void wrong_replies_fail_the_question_and_drop_the_connection(void **state)
{
    (void)state;
    static const struct {
        const char *what, *reply;
    } cases[] = {
        {"an integer for a bulk",         ":1\r\n"                                                                 },
        {"a status for a bulk",           "+OK\r\n"                                                                },
        {"a nil array for a nil",         "*-1\r\n"                                                                },
        {"an array for a bulk",           "*1\r\n$1\r\na\r\n"                                                      },
        {"nested nine deep",              "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n$1\r\na\r\n"      },
        {"more items than memory",        "*2147483647\r\n"                                                        },
        {"one tebibyte",                  "$1099511627776\r\n"                                                     },
        {"no Redis at all",               "HTTP/1.1 200 OK\r\n\r\n"                                                },
        {"truncated",                     "$5\r\nab"                                                               },
        {"a negative length",             "$-5\r\n"                                                                },
        {"a RESP3 push",                  ">2\r\n$1\r\na\r\n$1\r\nb\r\n"                                           },
        {"invalidation on the data wire", "*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n*1\r\n$1\r\na\r\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fake fake = {.script = cases[i].reply, .script_len = strlen(cases[i].reply)};
        struct fixture x = {.server = NULL};
        fake_open(&fake);
        struct store_conf conf = redis_conf(fake.port);
        conf.timeout_ms = 150;
        open_link(&x, &conf);
        assert_true(link_up(x.loop, x.link, 2000));
        turn_for(x.loop, 20);
        logged[0] = '\0';
        static struct call first, second;
        first = (struct call){.what = CALL_GET, .link = x.link, .key = LIT("t:x"), .value = LIT("untouched")};
        second = first;
        call_start(&first);
        call_start(&second);
        call_wait(x.loop, &first);
        call_wait(x.loop, &second);
        if (first.why == NULL || second.why == NULL) fail_msg("taken: %s", cases[i].what);
        assert_int_equal(first.why->problem, PROBLEM_STORE_AWAY);
        assert_int_equal(second.why->problem, PROBLEM_STORE_AWAY);
        assert_true(slice_is(first.value, LIT("untouched")));
        call_close(&first);
        call_close(&second);
        if (times_logged("store_away") != 1) fail_msg("not dropped: %s\n%s", cases[i].what, logged);
        assert_true(link_up(x.loop, x.link, 2000)); /* and tried again */
        close_link(&x);
        fake_close(&fake);
    }
}

static void an_error_reply_fails_its_question_alone(void **state)
{
    (void)state;
    struct fake fake = {.script = "-ERR sorry\r\n", .script_len = 12};
    struct fixture x = {.server = NULL};
    fake_open(&fake);
    struct store_conf conf = redis_conf(fake.port);
    open_link(&x, &conf);
    assert_true(link_up(x.loop, x.link, 2000));
    turn_for(x.loop, 20);
    int connections = atomic_load(&fake.connections);
    expect_away(x.loop, x.link, 100);
    expect_away(x.loop, x.link, 100);
    assert_true(store_up(x.store));
    assert_int_equal(atomic_load(&fake.connections), connections);
    close_link(&x);
    fake_close(&fake);
}

static void an_unasked_reply_drops_the_connection(void **state)
{
    (void)state;
    struct fake fake = {.script = "$6\r\nsecret\r\n", .script_len = 12, .unasked = true};
    struct fixture x = {.server = NULL};
    fake_open(&fake);
    struct store_conf conf = redis_conf(fake.port);
    logged[0] = '\0';
    open_link(&x, &conf);
    for (int i = 0; i < 200 && times_logged("store_away") == 0; i++) {
        turn_for(x.loop, 10);
    }
    assert_non_null(strstr(logged, "a reply nobody asked for"));
    close_link(&x);
    fake_close(&fake);
}

static void an_answer_that_comes_after_the_timeout_meets_no_other_question(void **state)
{
    (void)state;
    struct fake fake = {.script = "$6\r\nsecret\r\n", .script_len = 12, .delay_ms = 250};
    struct fixture x = {.server = NULL};
    fake_open(&fake);
    struct store_conf conf = redis_conf(fake.port);
    conf.timeout_ms = 100;
    open_link(&x, &conf);
    assert_true(link_up(x.loop, x.link, 2000));
    turn_for(x.loop, 20);
    expect_away(x.loop, x.link, 200); /* the answer is on its way, 150 ms late */
    for (int64_t end = now_ms() + 400; now_ms() < end;) {
        struct call c = kit_run(x.loop, (struct call){.what = CALL_DELETE, .link = x.link, .key = LIT("t:x")});
        assert_non_null(c.why); /* the fake answers no DEL: whatever it got was not its own */
        arena_close(c.arena);
        turn_for(x.loop, 10);
    }
    close_link(&x);
    fake_close(&fake);
}

static int start_logging(void **state)
{
    (void)state;
    log_to(log_here);
    return 0;
}

int main(void)
{
#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, open_fixture, close_fixture)
    const struct CMUnitTest tests[] = {
        WITH_SERVER(a_killed_server_fails_what_waits_and_what_comes_and_its_return_is_noticed),
        WITH_SERVER(a_hanging_server_is_given_up_after_the_timeout_and_its_late_answer_meets_nobody),
        WITH_SERVER(a_server_that_hangs_while_nobody_asks_is_noticed),
        WITH_SERVER(a_closed_news_connection_drops_everything_and_is_armed_again),
        WITH_SERVER(a_flush_drops_everything),
        WITH_SERVER(changes_of_other_programs_keys_are_not_told),
        WITH_SERVER(a_touch_of_a_vanished_record_is_told_as_a_change),
        WITH_SERVER(every_key_has_the_prefix_and_a_time_to_live),
        WITH_SERVER(a_key_of_another_type_is_refused_and_the_connection_goes_on),
        WITH_SERVER(a_wrong_password_keeps_the_store_away_and_out_of_the_log),
        WITH_SERVER(a_server_without_tracking_is_used_and_said_once),
        WITH_SERVER(a_full_server_takes_nothing_new_and_lets_everything_go),
        WITH_SERVER(a_touch_that_is_refused_is_told_once),
        WITH_SERVER(a_server_that_became_a_replica_is_left_for_whoever_answers_there_now_but_not_again_and_again),
        cmocka_unit_test(a_store_that_was_never_there_refuses_at_once),
        cmocka_unit_test(wrong_replies_fail_the_question_and_drop_the_connection),
        cmocka_unit_test(an_error_reply_fails_its_question_alone),
        cmocka_unit_test(an_unasked_reply_drops_the_connection),
        cmocka_unit_test(an_answer_that_comes_after_the_timeout_meets_no_other_question),
    };
    return cmocka_run_group_tests(tests, start_logging, NULL);
}
