/* Bodies both ways: large ones, slow ones, early answers, event streams, clients that go; TLS and unix sockets; HTTP/1.0 clients. */
#include "rig.h"

#define OK "HTTP/1.1 200 OK\r\n"

enum {
    MIB = 1 << 20
};

static long rss_kib(void)
{
    long pages = 0, resident = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    assert_non_null(f);
    assert_int_equal(fscanf(f, "%ld %ld", &pages, &resident), 2);
    fclose(f);
    return resident * 4;
}

static char pattern(size_t at)
{
    return (char)('a' + (at / 7 + at) % 26);
}

/* ---- large answers ---- */

static size_t big_bytes;
static bool big_chunked;
static _Atomic size_t big_sent;

static void serve_large(int fd, int nth)
{
    (void)nth;
    static _Thread_local char piece[60000];
    char head[128];
    struct rig_message m = rig_read(fd, false);
    rig_free(&m);
    int n = big_chunked ? snprintf(head, sizeof head, OK "Transfer-Encoding: chunked\r\n\r\n")
                        : snprintf(head, sizeof head, OK "Content-Length: %zu\r\n\r\n", big_bytes);
    rig_send(fd, head, (size_t)n);
    big_sent = 0;
    while (big_sent < big_bytes) {
        size_t len = big_bytes - big_sent < sizeof piece ? big_bytes - big_sent : sizeof piece;
        for (size_t i = 0; i < len; i++)
            piece[i] = pattern(big_sent + i);
        n = snprintf(head, sizeof head, "%zx\r\n", len);
        if ((big_chunked && !rig_send(fd, head, (size_t)n)) || !rig_send(fd, piece, len) ||
            (big_chunked && !rig_say(fd, "\r\n")))
            return;
        big_sent += len;
    }
    if (big_chunked) rig_say(fd, "0\r\n\r\n");
    rig_closes(fd);
}

/* Reads a body of known length and compares it; pauses `pause_ms` after each MiB. Returns how much was right. */
static size_t read_large(int fd, size_t expected, int pause_ms)
{
    static char bytes[65536];
    size_t at = 0, have = 0;
    ssize_t n = recv(fd, bytes, 4096, MSG_PEEK);
    assert_true(n > 0);
    char *end = memmem(bytes, (size_t)n, "\r\n\r\n", 4);
    assert_non_null(end);
    assert_int_equal(recv(fd, bytes, (size_t)(end - bytes) + 4, 0), end - bytes + 4);
    while (at < expected && (n = recv(fd, bytes, sizeof bytes, 0)) > 0) {
        for (ssize_t i = 0; i < n; i++) {
            if (bytes[i] != pattern(at++)) return at - 1;
        }
        have += (size_t)n;
        if (pause_ms != 0 && have > MIB) {
            have = 0;
            rig_sleep(pause_ms);
        }
    }
    return at;
}

static void a_hundred_mebibytes_reach_a_slow_client_whole_and_little_is_held(void **state)
{
    (void)state;
    rig.serve = serve_large;
    big_bytes = 100 * MIB;
    big_chunked = false;
    int fd = rig_connect(rig.port);
    rig_say(fd, RIG_GET);
    rig_sleep(300);
    long before = rss_kib();
    /* the client reads nothing yet: what was sent sits in the kernel's buffers and our small ones */
    assert_true(big_sent < 24 * MIB);
    assert_int_equal(read_large(fd, big_bytes, 5), big_bytes);
    assert_true(rss_kib() - before < RIG_RSS_SLACK_KIB);
    close(fd);
}

static void large_chunks_arrive_byte_for_byte(void **state)
{
    (void)state;
    rig.serve = serve_large;
    big_bytes = 1000003;
    big_chunked = true;
    struct rig_message m = rig_ask(RIG_GET);
    assert_true(m.complete);
    assert_int_equal(m.body_len, big_bytes);
    for (size_t i = 0; i < m.body_len; i++)
        assert_int_equal(m.body[i], pattern(i));
    rig_free(&m);
}

static void a_client_that_takes_nothing_does_not_cost_the_backend_its_deadline(void **state)
{
    (void)state;
    rig.serve = serve_large;
    big_bytes = 40 * MIB;
    big_chunked = false;
    rig.backend.idle_ms = 1000;
    int fd = rig_connect(rig.port);
    rig_say(fd, RIG_GET);
    rig_sleep(2500); /* longer than idle_ms: but it is not the backend who is slow */
    assert_int_equal(read_large(fd, big_bytes, 0), big_bytes);
    close(fd);
}

static void serve_small(int fd, int nth)
{
    (void)nth;
    for (;;) {
        struct rig_message m = rig_read(fd, false);
        bool got = m.complete;
        rig_free(&m);
        if (!got || !rig_say(fd, OK "Content-Length: 2\r\n\r\nok")) return;
    }
}

static void a_slow_client_does_not_hold_a_connection_whose_answer_is_all_here_sec_161(void **state)
{
    (void)state;
    rig.serve = serve_large;
    /* more than the client's and our kernel buffers, so that the tail waits in ours */
    big_bytes = 6 * MIB;
    big_chunked = false;
    int fd = rig_connect(rig.port);
    rig_say(fd, RIG_GET);
    rig_sleep(100);
    assert_int_equal(read_large(fd, big_bytes, 20), big_bytes);
    rig_until(rig_counts().idle == 1);
    close(fd);
}

/* ---- large requests ---- */

static _Atomic size_t got_bytes;
static _Atomic bool got_right;

static void serve_upload(int fd, int nth)
{
    (void)nth;
    static _Thread_local char bytes[65536];
    ssize_t n = recv(fd, bytes, sizeof bytes, 0);
    char *body = memmem(bytes, (size_t)n, "\r\n\r\n", 4), *length = strcasestr(bytes, "content-length: ");
    if (body == NULL || length == NULL) return;
    size_t expected = strtoul(length + 16, NULL, 10), at = 0;
    bool right = true;
    for (char *p = body + 4; p < bytes + n; p++)
        right = right && *p == pattern(at++);
    while (at < expected && (n = recv(fd, bytes, sizeof bytes, 0)) > 0) {
        for (ssize_t i = 0; i < n; i++)
            right = right && bytes[i] == pattern(at++);
    }
    got_right = right;
    got_bytes = at;
    rig_say(fd, OK "Content-Length: 2\r\n\r\nok");
    rig_closes(fd);
}

static void send_upload(int fd, const char *method, size_t len)
{
    char head[128], *body = malloc(len);
    snprintf(head, sizeof head, "%s /u HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n", method, len);
    for (size_t i = 0; i < len; i++)
        body[i] = pattern(i);
    rig_say(fd, head);
    rig_send(fd, body, len);
    free(body);
}

static void a_large_upload_arrives_byte_for_byte_and_the_connection_is_kept(void **state)
{
    (void)state;
    rig.serve = serve_upload;
    int fd = rig_connect(rig.port);
    send_upload(fd, "POST", 9 * MIB + 123);
    struct rig_message m = rig_read(fd, false);
    assert_int_equal(m.status, 200);
    assert_int_equal(got_bytes, 9 * MIB + 123);
    assert_true(got_right);
    assert_int_equal(rig_counts().idle, 1);
    rig_free(&m);
    close(fd);
}

static void serve_early(int fd, int nth)
{
    (void)nth;
    char bytes[4096];
    assert_true(recv(fd, bytes, sizeof bytes, 0) > 0);
    rig_say(fd, "HTTP/1.1 413 No\r\nContent-Length: 3\r\n\r\nbig");
    rig_sleep(300);
}

static void an_answer_that_comes_before_the_body_was_taken_is_passed_on(void **state)
{
    (void)state;
    rig.serve = serve_early;
    int fd = rig_connect(rig.port);
    send_upload(fd, "POST", 9 * MIB);
    struct rig_message m = rig_read(fd, false);
    assert_int_equal(m.status, 413);
    assert_string_equal(m.body, "big");
    rig_until(rig_counts().connections == 0); /* half a request was written on it */
    rig_free(&m);
    close(fd);
}

static void serve_takes_nothing(int fd, int nth)
{
    (void)nth;
    rig_sleep(1500);
    (void)fd;
}

static void a_backend_that_takes_no_body_is_a_timeout(void **state)
{
    (void)state;
    rig.serve = serve_takes_nothing;
    rig.backend.response_ms = 300;
    int fd = rig_connect(rig.port);
    send_upload(fd, "PUT", 9 * MIB);
    struct rig_message m = rig_read(fd, false);
    assert_int_equal(m.status, 504);
    rig_free(&m);
    close(fd);
}

static void serve_reset_in_body(int fd, int nth)
{
    (void)nth;
    char bytes[4096];
    assert_true(recv(fd, bytes, sizeof bytes, 0) > 0);
    struct linger at_once = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

static void a_backend_that_breaks_off_within_a_body_is_broken_and_asked_once(void **state)
{
    (void)state;
    rig.serve = serve_reset_in_body;
    int fd = rig_connect(rig.port);
    send_upload(fd, "POST", 9 * MIB);
    struct rig_message m = rig_read(fd, false);
    assert_int_equal(m.status, 502);
    assert_int_equal(rig.last_problem, PROBLEM_BACKEND_BROKEN);
    assert_int_equal(rig.connections, 1);
    rig_free(&m);
    close(fd);
}

/* ---- event streams ---- */

static _Atomic int events_asked, events_sent;

static void serve_events(int fd, int nth)
{
    (void)nth;
    struct rig_message m = rig_read(fd, false);
    rig_free(&m);
    rig_say(fd, OK "Content-Type: text/event-stream\r\n\r\n");
    for (int64_t until = now_ms() + 5000; events_sent < 5 && now_ms() < until;) {
        if (events_sent < events_asked) {
            rig_say(fd, "data: x\n\n");
            events_sent++;
        }
        rig_sleep(1);
    }
}

static void events_arrive_one_by_one_as_they_are_sent(void **state)
{
    (void)state;
    rig.serve = serve_events;
    events_asked = events_sent = 0;
    int fd = rig_connect(rig.port);
    char bytes[4096] = {0};
    rig_say(fd, RIG_GET);
    ssize_t n = recv(fd, bytes, sizeof bytes - 1, 0); /* the head comes before any event */
    assert_true(n > 0 && strstr(bytes, "text/event-stream") != NULL);
    assert_null(strstr(bytes, "data:"));
    for (int i = 0; i < 5; i++) {
        events_asked++;
        memset(bytes, 0, sizeof bytes);
        n = recv(fd, bytes, sizeof bytes - 1, 0);
        assert_true(n > 0 && strstr(bytes, "data: x\n\n") != NULL);
    }
    close(fd);
}

static void a_client_of_http_10_gets_a_body_that_ends_with_the_connection(void **state)
{
    (void)state;
    rig.serve = serve_large;
    big_bytes = 1000;
    big_chunked = true;
    int fd = rig_connect(rig.port);
    rig_say(fd, "GET / HTTP/1.0\r\nHost: a\r\n\r\n");
    struct rig_message m = rig_read(fd, false);
    assert_int_equal(m.status, 200);
    assert_true(m.closed);
    assert_null(rig_find(&m, "transfer-encoding"));
    assert_int_equal(m.body_len, 1000);
    rig_free(&m);
    close(fd);
}

/* ---- clients that go ---- */

static void serve_never_ending(int fd, int nth)
{
    (void)nth;
    struct rig_message m = rig_read(fd, false);
    rig_free(&m);
    rig_say(fd, OK "\r\n");
    while (rig_say(fd, "more and more\n"))
        rig_sleep(1);
}

static void a_client_that_goes_while_waiting_ends_the_backend_s_work(void **state)
{
    (void)state;
    rig.serve = serve_takes_nothing;
    int fd = rig_connect(rig.port);
    rig_say(fd, RIG_GET);
    rig_until(rig_counts().connections == 1);
    rig_reset(fd);
    rig_until(rig_counts().connections == 0);
    rig_until(rig.done == 1);
    assert_int_equal(rig.failed, 0);
}

static void a_client_that_goes_within_the_answer_ends_the_backend_s_work(void **state)
{
    (void)state;
    rig.serve = serve_never_ending;
    for (int way = 0; way < 2; way++) {
        char bytes[256];
        int fd = rig_connect(rig.port);
        rig_say(fd, RIG_GET);
        for (int i = 0; i < 5; i++)
            assert_true(recv(fd, bytes, sizeof bytes, 0) > 0);
        if (way == 0)
            close(fd);
        else
            rig_reset(fd);
        rig_until(rig_counts().connections == 0);
    }
    rig_until(rig.done == 2);
    assert_int_equal(rig.aborted, 2);
}

/* On the worker's own thread: it may still be reading the backend for one of those that have gone. */
static void back_to_a_host_that_is_there(void *app, void *arg)
{
    (void)app;
    (void)arg;
    rig.backend.host = LIT("127.0.0.1");
}

static void a_client_that_goes_while_we_connect_is_forgotten(void **state)
{
    (void)state;
    rig.backend.host = LIT("no-such-host.invalid");
    for (int i = 0; i < 20; i++) {
        int fd = rig_connect(rig.port);
        rig_say(fd, RIG_GET);
        rig_reset(fd);
    }
    rig_until(rig_counts().connections == 0);
    rig.serve = serve_small;
    server_each(rig.server, back_to_a_host_that_is_there, NULL);
    struct rig_message m = rig_ask(RIG_GET);
    assert_int_equal(m.status, 200);
    rig_free(&m);
}

static void clients_that_come_and_go_at_any_moment_do_no_harm(void **state)
{
    (void)state;
    rig.serve = serve_small;
    unsigned seed = 7;
    for (int i = 0; i < 300; i++) {
        int fd = rig_connect(rig.port);
        size_t len = strlen(RIG_GET);
        seed = seed * 1103515245 + 12345;
        rig_send(fd, RIG_GET, seed % 3 == 0 ? len : (seed >> 8) % (len + 1));
        if ((seed >> 16) % 4 == 0) usleep((seed >> 20) % 300);
        if ((seed >> 4) % 2)
            rig_reset(fd);
        else
            close(fd);
    }
    struct rig_message m = rig_ask(RIG_GET);
    assert_int_equal(m.status, 200);
    rig_free(&m);
    rig_until(rig_counts().connections == rig_counts().idle);
}

static void a_stop_in_the_middle_of_everything_ends_cleanly(void **state)
{
    (void)state;
    rig.serve = serve_never_ending;
    int fds[8];
    for (int i = 0; i < 8; i++) {
        fds[i] = rig_connect(rig.port);
        rig_say(fds[i], RIG_GET);
    }
    rig_until(rig_counts().connections == 8);
    assert_int_equal(server_stop(rig.server, 0, 50), 8);
    for (int i = 0; i < 8; i++)
        close(fds[i]);
    rig_until(rig_counts().connections == 0);
}

/* ---- other ways to a backend ---- */

static void a_backend_behind_a_unix_socket_is_reached(void **state)
{
    (void)state;
    char path[64];
    snprintf(path, sizeof path, "/tmp/vestibule-test-%d.sock", (int)getpid());
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    memcpy(at.sun_path, path, strlen(path));
    unlink(path);
    rig.stop = true;
    pthread_join(rig.backend_thread, NULL);
    close(rig.backend_fd);
    rig.stop = false;
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    rig_backend_listen(fd);
    rig.serve = serve_small;
    rig.backend.host = LIT("");
    rig.backend.unix_path = slice_of(path);
    for (int i = 0; i < 3; i++) {
        struct rig_message m = rig_ask(RIG_GET);
        assert_int_equal(m.status, 200);
        rig_free(&m);
    }
    assert_int_equal(rig.connections, 1);
    unlink(path);
}

static void a_unix_socket_that_is_not_there_is_unreachable(void **state)
{
    (void)state;
    rig.backend.host = LIT("");
    rig.backend.unix_path = LIT("/tmp/vestibule-no-such.sock");
    struct rig_message m = rig_ask(RIG_GET);
    assert_int_equal(m.status, 502);
    assert_string_equal(m.body, "backend app: No such file or directory");
    rig_free(&m);
}

static void a_name_is_looked_up_and_every_address_tried(void **state)
{
    (void)state;
    rig.serve = serve_small;
    rig.backend.host = LIT("localhost"); /* ::1 refuses, 127.0.0.1 answers */
    struct rig_message m = rig_ask(RIG_GET);
    assert_int_equal(m.status, 200);
    rig_free(&m);
}

#define ON_RIG(test) cmocka_unit_test_setup_teardown(test, rig_start, rig_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_RIG(a_hundred_mebibytes_reach_a_slow_client_whole_and_little_is_held),
        ON_RIG(large_chunks_arrive_byte_for_byte),
        ON_RIG(a_client_that_takes_nothing_does_not_cost_the_backend_its_deadline),
        ON_RIG(a_slow_client_does_not_hold_a_connection_whose_answer_is_all_here_sec_161),
        ON_RIG(a_large_upload_arrives_byte_for_byte_and_the_connection_is_kept),
        ON_RIG(an_answer_that_comes_before_the_body_was_taken_is_passed_on),
        ON_RIG(a_backend_that_takes_no_body_is_a_timeout),
        ON_RIG(a_backend_that_breaks_off_within_a_body_is_broken_and_asked_once),
        ON_RIG(events_arrive_one_by_one_as_they_are_sent),
        ON_RIG(a_client_of_http_10_gets_a_body_that_ends_with_the_connection),
        ON_RIG(a_client_that_goes_while_waiting_ends_the_backend_s_work),
        ON_RIG(a_client_that_goes_within_the_answer_ends_the_backend_s_work),
        ON_RIG(a_client_that_goes_while_we_connect_is_forgotten),
        ON_RIG(clients_that_come_and_go_at_any_moment_do_no_harm),
        ON_RIG(a_stop_in_the_middle_of_everything_ends_cleanly),
        ON_RIG(a_backend_behind_a_unix_socket_is_reached),
        ON_RIG(a_unix_socket_that_is_not_there_is_unreachable),
        ON_RIG(a_name_is_looked_up_and_every_address_tried),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
