/* Websockets: opened only by a backend that proves it speaks the protocol, then bytes both ways until both have ended. */
#include "rig.h"

#define KEY    "dGhlIHNhbXBsZSBub25jZQ==" /* the example of RFC 6455 section 1.3 */
#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
#define OPEN                                                                              \
    "GET /ws HTTP/1.1\r\nHost: app.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" \
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " KEY "\r\n\r\n"
#define SWITCH                                                                          \
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" \
    "Sec-WebSocket-Accept: " ACCEPT "\r\nSec-WebSocket-Protocol: chat\r\n\r\n"

static const char *_Atomic opening;
static char seen_head[8192];

static bool read_opening(int fd)
{
    struct rig_message m = rig_read(fd, false);
    bool got = m.complete && m.len < sizeof seen_head;
    if (got) memcpy(seen_head, m.bytes, m.len + 1);
    rig_free(&m);
    return got;
}

/* Sends everything back, until the end, and then its own end. */
static void echo(int fd)
{
    char bytes[16384];
    ssize_t n;
    while ((n = recv(fd, bytes, sizeof bytes, 0)) > 0) {
        if (!rig_send(fd, bytes, (size_t)n)) return;
    }
}

static void serve_websocket(int fd, int nth)
{
    (void)nth;
    if (!read_opening(fd)) return;
    rig_say(fd, opening);
    echo(fd);
}

static int open_tunnel(void)
{
    rig.forward_upgrade = true;
    rig.serve = serve_websocket;
    opening = SWITCH;
    int fd = rig_connect(rig.port);
    rig_say(fd, OPEN);
    struct rig_message m = rig_read(fd, false);
    assert_int_equal(m.status, 101);
    assert_string_equal(rig_find(&m, "sec-websocket-accept"), ACCEPT);
    assert_string_equal(rig_find(&m, "sec-websocket-protocol"), "chat");
    assert_string_equal(rig_find(&m, "upgrade"), "websocket");
    assert_int_equal(strcasecmp(rig_find(&m, "connection"), "upgrade"), 0);
    rig_free(&m);
    return fd;
}

static void expect_bytes(int fd, const char *text)
{
    char bytes[256];
    size_t have = 0, len = strlen(text);
    while (have < len) {
        ssize_t n = recv(fd, bytes + have, len - have, 0);
        assert_true(n > 0);
        have += (size_t)n;
    }
    assert_memory_equal(bytes, text, len);
}

static void a_websocket_carries_bytes_both_ways(void **state)
{
    (void)state;
    int fd = open_tunnel();
    for (int i = 0; i < 50; i++) {
        rig_say(fd, "\x81\x05hello");
        expect_bytes(fd, "\x81\x05hello");
    }
    assert_non_null(strstr(seen_head, "\r\nconnection: Upgrade\r\nupgrade: websocket\r\n"));
    assert_non_null(strstr(seen_head, "\r\nsec-websocket-key: " KEY "\r\n"));
    close(fd);
    rig_until(rig_counts().connections == 0);
    rig_until(rig.done == 1);
    assert_int_equal(rig.last_status, 101);
    assert_int_equal(rig.backend_status, 101);
}

static void serve_greeting(int fd, int nth)
{
    (void)nth;
    if (!read_opening(fd)) return;
    rig_say(fd, SWITCH "first frames");
    echo(fd);
}

static void frames_that_come_together_with_the_head_are_not_lost(void **state)
{
    (void)state;
    rig.forward_upgrade = true;
    rig.serve = serve_greeting;
    int fd = rig_connect(rig.port);
    rig_say(fd, OPEN "early frames");
    char all[2048] = {0};
    size_t have = 0;
    while (strstr(all, "early frames") == NULL || strstr(all, "first frames") == NULL) {
        ssize_t n = recv(fd, all + have, sizeof all - 1 - have, 0);
        assert_true(n > 0);
        have += (size_t)n;
    }
    close(fd);
}

static void a_half_close_lets_the_other_side_finish(void **state)
{
    (void)state;
    int fd = open_tunnel();
    rig_say(fd, "last words");
    shutdown(fd, SHUT_WR);
    expect_bytes(fd, "last words");
    assert_true(rig_closes(fd));
    close(fd);
    rig_until(rig_counts().connections == 0);
}

static void serve_leaves(int fd, int nth)
{
    (void)nth;
    if (!read_opening(fd)) return;
    rig_say(fd, SWITCH "bye");
}

static void a_backend_that_leaves_ends_the_tunnel_after_its_last_bytes(void **state)
{
    (void)state;
    rig.forward_upgrade = true;
    rig.serve = serve_leaves;
    int fd = rig_connect(rig.port);
    rig_say(fd, OPEN);
    struct rig_message m = rig_read(fd, false);
    assert_int_equal(m.status, 101);
    if (m.body_len == 0) expect_bytes(fd, "bye");
    assert_true(rig_closes(fd));
    rig_free(&m);
    close(fd);
    rig_until(rig_counts().connections == 0);
}

static void a_client_that_resets_ends_the_tunnel(void **state)
{
    (void)state;
    int fd = open_tunnel();
    rig_say(fd, "x");
    rig_reset(fd);
    rig_until(rig_counts().connections == 0);
    rig_until(rig.done == 1);
}

static void a_tunnel_in_which_nothing_moves_ends_after_idle_ms(void **state)
{
    (void)state;
    rig.backend.idle_ms = 300;
    int fd = open_tunnel();
    for (int i = 0; i < 5; i++) {
        rig_sleep(150);
        rig_say(fd, "ping");
        expect_bytes(fd, "ping");
    }
    int64_t began = now_ms();
    assert_true(rig_closes(fd));
    assert_in_range(now_ms() - began, 200, 1500);
    close(fd);
    rig_until(rig_counts().connections == 0);
}

static _Atomic size_t flooded;

static void serve_flood(int fd, int nth)
{
    (void)nth;
    static char bytes[65536];
    if (!read_opening(fd)) return;
    rig_say(fd, SWITCH);
    while (flooded < (64u << 20) && rig_send(fd, bytes, sizeof bytes))
        flooded += sizeof bytes;
}

static void a_client_that_takes_nothing_stops_the_backend(void **state)
{
    (void)state;
    rig.forward_upgrade = true;
    rig.serve = serve_flood;
    flooded = 0;
    int fd = rig_connect(rig.port);
    rig_say(fd, OPEN);
    rig_sleep(400);
    assert_true(flooded < (24u << 20));
    static char bytes[1 << 16];
    size_t have = 0;
    ssize_t n;
    while ((n = recv(fd, bytes, sizeof bytes, 0)) > 0)
        have += (size_t)n;
    assert_true(have > (64u << 20));
    close(fd);
}

/* ---- openings that are refused ---- */

static int status_with(const char *answer)
{
    rig.forward_upgrade = true;
    rig.serve = serve_websocket;
    opening = answer;
    struct rig_message m = rig_ask(OPEN);
    int status = m.status;
    rig_free(&m);
    return status;
}

static void a_101_without_the_right_proof_opens_nothing(void **state)
{
    (void)state;
    static const char *const answers[] = {
        "HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        "HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " KEY "\r\n\r\n",
        "HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
        "s3pPLMBiTxaQ9kYGzzhZRbK+xOp=\r\n\r\n",
        "HTTP/1.1 101 S\r\nUpgrade: h2c\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " ACCEPT "\r\n\r\n",
        "HTTP/1.1 101 S\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " ACCEPT "\r\n\r\n",
        "HTTP/1.0 101 S\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: " ACCEPT "\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        assert_int_equal(status_with(answers[i]), 502);
    rig_until(rig_counts().connections == 0);
}

static void a_backend_that_declines_answers_as_usual(void **state)
{
    (void)state;
    assert_int_equal(status_with("HTTP/1.1 403 No\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno"), 403);
    assert_int_equal(status_with("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), 200);
}

static void a_backend_without_websockets_is_not_asked_for_one(void **state)
{
    (void)state;
    rig.backend.websockets = false;
    assert_int_equal(status_with(SWITCH), 502);
    assert_null(strstr(seen_head, "websocket\r\n"));
    assert_int_equal(rig.last_problem, PROBLEM_BACKEND_BROKEN);
}

static void a_client_that_does_not_ask_gets_no_tunnel(void **state)
{
    (void)state;
    rig.forward_upgrade = true;
    rig.serve = serve_websocket;
    opening = SWITCH;
    struct rig_message m = rig_ask(RIG_GET);
    assert_int_equal(m.status, 502);
    rig_free(&m);
}

static void a_stop_ends_open_tunnels(void **state)
{
    (void)state;
    int fds[4];
    for (int i = 0; i < 4; i++)
        fds[i] = open_tunnel();
    assert_int_equal(server_stop(rig.server, 0, 50), 4);
    for (int i = 0; i < 4; i++) {
        assert_true(rig_closes(fds[i]));
        close(fds[i]);
    }
    rig_until(rig_counts().connections == 0);
}

#define ON_RIG(test) cmocka_unit_test_setup_teardown(test, rig_start, rig_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_RIG(a_websocket_carries_bytes_both_ways),
        ON_RIG(frames_that_come_together_with_the_head_are_not_lost),
        ON_RIG(a_half_close_lets_the_other_side_finish),
        ON_RIG(a_backend_that_leaves_ends_the_tunnel_after_its_last_bytes),
        ON_RIG(a_client_that_resets_ends_the_tunnel),
        ON_RIG(a_tunnel_in_which_nothing_moves_ends_after_idle_ms),
        ON_RIG(a_client_that_takes_nothing_stops_the_backend),
        ON_RIG(a_101_without_the_right_proof_opens_nothing),
        ON_RIG(a_backend_that_declines_answers_as_usual),
        ON_RIG(a_backend_without_websockets_is_not_asked_for_one),
        ON_RIG(a_client_that_does_not_ask_gets_no_tunnel),
        ON_RIG(a_stop_ends_open_tunnels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
