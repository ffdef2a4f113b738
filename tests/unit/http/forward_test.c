/* Connections to backends: reuse, death, second attempts, deadlines, limits; what the application is told. */
#include "rig.h"

#define OK "HTTP/1.1 200 OK\r\n"

static void serve_ok(int fd, int nth)
{
    (void)nth;
    for (;;) {
        struct rig_message m = rig_read(fd, false);
        bool got = m.complete;
        rig_free(&m);
        if (!got || !rig_say(fd, OK "Content-Length: 2\r\n\r\nok")) return;
    }
}

/* ---- connections that die ---- */

/* Answers one request, then closes without a word when the next one comes. */
static _Atomic int requests_seen;

static void serve_one_then_die(int fd, int nth)
{
    struct rig_message m = rig_read(fd, false);
    if (m.complete) atomic_fetch_add(&requests_seen, 1);
    rig_free(&m);
    rig_say(fd, OK "Content-Length: 2\r\n\r\nok");
    m = rig_read(fd, false);
    if (m.complete) atomic_fetch_add(&requests_seen, 1);
    rig_free(&m);
    (void)nth;
}

static int status_on(int fd, const char *request)
{
    assert_true(rig_say(fd, request));
    struct rig_message m = rig_read(fd, false);
    int status = m.status;
    rig_free(&m);
    return status;
}

#define RIG_POST "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"

static void a_get_on_a_connection_that_died_unused_is_sent_once_more(void **state)
{
    (void)state;
    rig.serve = serve_one_then_die;
    requests_seen = 0;
    int fd = rig_connect(rig.port);
    assert_int_equal(status_on(fd, RIG_GET), 200);
    assert_int_equal(status_on(fd, RIG_GET), 200);
    assert_int_equal(requests_seen, 3);
    assert_int_equal(rig_counts().retries, 1);
    close(fd);
}

static void a_post_is_never_sent_twice_sec_162(void **state)
{
    (void)state;
    rig.serve = serve_one_then_die;
    requests_seen = 0;
    int fd = rig_connect(rig.port);
    assert_int_equal(status_on(fd, RIG_POST), 200);
    assert_int_equal(status_on(fd, RIG_POST), 502);
    assert_int_equal(requests_seen, 2);
    assert_int_equal(rig.last_problem, PROBLEM_BACKEND_BROKEN);
    close(fd);
}

static void a_post_does_not_go_over_a_connection_that_waited_long(void **state)
{
    (void)state;
    rig.serve = serve_ok;
    int fd = rig_connect(rig.port);
    assert_int_equal(status_on(fd, RIG_GET), 200);
    assert_int_equal(status_on(fd, RIG_POST), 200);
    assert_int_equal(rig.connections, 1);
    rig_sleep(1100);
    assert_int_equal(status_on(fd, RIG_GET), 200);
    assert_int_equal(rig.connections, 1);
    rig_sleep(1100);
    assert_int_equal(status_on(fd, RIG_POST), 200);
    assert_int_equal(rig.connections, 2);
    close(fd);
}

static void serve_die(int fd, int nth)
{
    (void)nth;
    struct rig_message m = rig_read(fd, false);
    if (m.complete) atomic_fetch_add(&requests_seen, 1);
    rig_free(&m);
}

static void a_new_connection_that_dies_is_not_tried_again(void **state)
{
    (void)state;
    rig.serve = serve_die;
    requests_seen = 0;
    int fd = rig_connect(rig.port);
    assert_int_equal(status_on(fd, RIG_GET), 502);
    assert_int_equal(requests_seen, 1);
    close(fd);
}

static void serve_one_then_close(int fd, int nth)
{
    (void)nth;
    struct rig_message m = rig_read(fd, false);
    rig_free(&m);
    rig_say(fd, OK "Content-Length: 2\r\n\r\nok");
}

static void a_connection_that_closes_while_idle_is_noticed_before_the_next_request(void **state)
{
    (void)state;
    rig.serve = serve_one_then_close;
    int fd = rig_connect(rig.port);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(status_on(fd, RIG_POST), 200);
        rig_until(rig_counts().idle == 0 && rig_counts().connections == 0);
    }
    assert_int_equal(rig.connections, 3);
    assert_int_equal(rig_counts().retries, 0);
    close(fd);
}

static void serve_late_extra(int fd, int nth)
{
    (void)nth;
    struct rig_message m = rig_read(fd, false);
    rig_free(&m);
    rig_say(fd, OK "Content-Length: 2\r\n\r\nok");
    rig_sleep(50);
    rig_say(fd, OK "Content-Length: 6\r\n\r\npoison");
    rig_closes(fd);
}

static void an_answer_that_nobody_asked_for_closes_the_idle_connection_sec_158(void **state)
{
    (void)state;
    rig.serve = serve_late_extra;
    int fd = rig_connect(rig.port);
    for (int i = 0; i < 3; i++) {
        rig_say(fd, RIG_GET);
        struct rig_message m = rig_read(fd, false);
        assert_string_equal(m.body, "ok");
        rig_free(&m);
        rig_until(rig_counts().connections == 0);
    }
    close(fd);
}

static void serve_short_promise(int fd, int nth)
{
    (void)nth;
    struct rig_message m = rig_read(fd, false);
    rig_free(&m);
    rig_say(fd, OK "Keep-Alive: timeout=2\r\nContent-Length: 2\r\n\r\nok");
    rig_closes(fd);
}

static void an_idle_connection_goes_before_the_backend_s_promise_ends(void **state)
{
    (void)state;
    rig.serve = serve_short_promise;
    int64_t began = now_ms();
    struct rig_message m = rig_ask(RIG_GET);
    rig_free(&m);
    assert_int_equal(rig_counts().idle, 1);
    rig_until(rig_counts().connections == 0);
    assert_in_range(now_ms() - began, 900, 1900);
}

/* ---- deadlines and limits ---- */

static void serve_silence(int fd, int nth)
{
    (void)nth;
    struct rig_message m = rig_read(fd, false);
    rig_free(&m);
    rig_closes(fd);
}

static void a_backend_that_does_not_answer_in_time_is_a_timeout_sec_161(void **state)
{
    (void)state;
    rig.serve = serve_silence;
    rig.backend.response_ms = 200;
    int64_t began = now_ms();
    struct rig_message m = rig_ask(RIG_GET);
    assert_int_equal(m.status, 504);
    assert_int_equal(rig.last_problem, PROBLEM_BACKEND_TIMEOUT);
    assert_in_range(now_ms() - began, 190, 1500);
    assert_int_equal(rig_counts().timeouts, 1);
    rig_until(rig_counts().connections == 0);
    rig_free(&m);
}

static void serve_drip(int fd, int nth)
{
    (void)nth;
    struct rig_message m = rig_read(fd, false);
    rig_free(&m);
    rig_say(fd, OK "X: ");
    for (int i = 0; i < 100 && rig_say(fd, "y"); i++)
        rig_sleep(50);
}

static void a_head_that_drips_for_ever_is_a_timeout_too(void **state)
{
    (void)state;
    rig.serve = serve_drip;
    rig.backend.response_ms = 300;
    struct rig_message m = rig_ask(RIG_GET);
    assert_int_equal(m.status, 504);
    rig_free(&m);
}

static void serve_stall(int fd, int nth)
{
    (void)nth;
    struct rig_message m = rig_read(fd, false);
    rig_free(&m);
    rig_say(fd, OK "Content-Length: 10\r\n\r\nhello");
    rig_closes(fd);
}

static void a_body_that_stalls_is_cut_sec_161(void **state)
{
    (void)state;
    rig.serve = serve_stall;
    rig.backend.idle_ms = 200;
    int64_t began = now_ms();
    struct rig_message m = rig_ask(RIG_GET);
    assert_true(!m.complete && m.closed);
    assert_in_range(now_ms() - began, 190, 1500);
    rig_until(rig_counts().cut == 1);
    rig_free(&m);
}

static void serve_slowly(int fd, int nth)
{
    (void)nth;
    struct rig_message m = rig_read(fd, false);
    rig_free(&m);
    rig_say(fd, OK "Content-Length: 10\r\n\r\n");
    for (int i = 0; i < 10; i++) {
        rig_sleep(60);
        rig_say(fd, "x");
    }
    rig_closes(fd);
}

static void a_body_that_comes_slowly_but_steadily_is_not_cut(void **state)
{
    (void)state;
    rig.serve = serve_slowly;
    rig.backend.idle_ms = rig.backend.response_ms = 300;
    struct rig_message m = rig_ask(RIG_GET);
    assert_true(m.complete);
    assert_int_equal(m.body_len, 10);
    rig_free(&m);
}

static void a_refused_port_is_unreachable(void **state)
{
    (void)state;
    int fd = socket(AF_INET, SOCK_STREAM, 0); /* bound, not listening: refuses */
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof at;
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    rig.backend.port = ntohs(at.sin_port);
    struct rig_message m = rig_ask(RIG_GET);
    assert_int_equal(m.status, 502);
    assert_int_equal(rig.last_problem, PROBLEM_BACKEND_UNREACHABLE);
    assert_string_equal(m.body, "backend app: Connection refused");
    rig_free(&m);
    close(fd);
}

static void an_unknown_name_is_unreachable(void **state)
{
    (void)state;
    rig.backend.host = LIT("no-such-host.invalid");
    struct rig_message m = rig_ask(RIG_GET);
    assert_int_equal(m.status, 502);
    assert_int_equal(rig.last_problem, PROBLEM_BACKEND_UNREACHABLE);
    rig_free(&m);
}

static void a_host_that_does_not_answer_is_unreachable_after_connect_ms_sec_161(void **state)
{
    (void)state;
    /* a listener whose queue is full answers no SYN */
    int fd = socket(AF_INET, SOCK_STREAM, 0), full[4];
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof at;
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 0), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    for (int i = 0; i < 4; i++) {
        full[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        connect(full[i], (struct sockaddr *)&at, sizeof at);
    }
    rig.backend.port = ntohs(at.sin_port);
    rig.backend.connect_ms = 200;
    struct rig_message m = rig_ask(RIG_GET);
    assert_int_equal(m.status, 502);
    assert_int_equal(rig.last_problem, PROBLEM_BACKEND_UNREACHABLE);
    assert_string_equal(m.body, "backend app: not connected in time");
    rig_free(&m);
    for (int i = 0; i < 4; i++)
        close(full[i]);
    close(fd);
}

static void more_connections_than_allowed_are_busy_and_come_free_again(void **state)
{
    (void)state;
    rig.serve = serve_silence;
    rig.backend.max_connections = 2;
    int fds[3];
    for (int i = 0; i < 2; i++) {
        fds[i] = rig_connect(rig.port);
        rig_say(fds[i], RIG_GET);
    }
    rig_until(rig_counts().connections == 2);
    fds[2] = rig_connect(rig.port);
    assert_int_equal(status_on(fds[2], RIG_GET), 503);
    assert_int_equal(rig.last_problem, PROBLEM_BACKEND_BUSY);
    close(fds[0]);
    close(fds[1]);
    rig_until(rig_counts().connections == 0);
    rig.serve = serve_ok;
    assert_int_equal(status_on(fds[2], RIG_GET), 200);
    close(fds[2]);
}

static void no_more_idle_connections_are_kept_than_told(void **state)
{
    (void)state;
    rig.serve = serve_ok;
    rig.backend.keep_alive = 1;
    int fds[4];
    for (int i = 0; i < 4; i++) {
        fds[i] = rig_connect(rig.port);
        rig_say(fds[i], RIG_GET);
    }
    for (int i = 0; i < 4; i++) {
        struct rig_message m = rig_read(fds[i], false);
        assert_int_equal(m.status, 200);
        rig_free(&m);
        close(fds[i]);
    }
    rig_until(rig_counts().connections == 1 && rig_counts().idle == 1);
}

static void keep_alive_zero_keeps_none(void **state)
{
    (void)state;
    rig.serve = serve_ok;
    rig.backend.keep_alive = 0;
    struct rig_message m = rig_ask(RIG_GET);
    assert_int_equal(m.status, 200);
    rig_free(&m);
    rig_until(rig_counts().connections == 0);
}

#define ON_RIG(test) cmocka_unit_test_setup_teardown(test, rig_start, rig_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_RIG(a_get_on_a_connection_that_died_unused_is_sent_once_more),
        ON_RIG(a_post_is_never_sent_twice_sec_162),
        ON_RIG(a_post_does_not_go_over_a_connection_that_waited_long),
        ON_RIG(a_new_connection_that_dies_is_not_tried_again),
        ON_RIG(a_connection_that_closes_while_idle_is_noticed_before_the_next_request),
        ON_RIG(an_answer_that_nobody_asked_for_closes_the_idle_connection_sec_158),
        ON_RIG(an_idle_connection_goes_before_the_backend_s_promise_ends),
        ON_RIG(a_backend_that_does_not_answer_in_time_is_a_timeout_sec_161),
        ON_RIG(a_head_that_drips_for_ever_is_a_timeout_too),
        ON_RIG(a_body_that_stalls_is_cut_sec_161),
        ON_RIG(a_body_that_comes_slowly_but_steadily_is_not_cut),
        ON_RIG(a_refused_port_is_unreachable),
        ON_RIG(an_unknown_name_is_unreachable),
        ON_RIG(a_host_that_does_not_answer_is_unreachable_after_connect_ms_sec_161),
        ON_RIG(more_connections_than_allowed_are_busy_and_come_free_again),
        ON_RIG(no_more_idle_connections_are_kept_than_told),
        ON_RIG(keep_alive_zero_keeps_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
