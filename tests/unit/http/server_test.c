/* The server around its requests: limits and deadlines, PROXY lines, unix and inherited sockets, a full process, stop and handover. */
#include <sys/resource.h>

#include "front.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a.example\r\n\r\n"

static struct front *front;

static int prepare(void **state)
{
    (void)state;
    front = front_prepare();
    return 0;
}

static int finish(void **state)
{
    (void)state;
    if (front->server != NULL)
        front_close(front);
    else
        arena_close(front->arena);
    return 0;
}

static char answer[65536];

static int ask(const char *text)
{
    return front_ask(front, text, answer, sizeof answer, NULL);
}

static const char *padded(const char *before, char fill, size_t count, const char *after)
{
    char *text = arena_bytes(front->arena, strlen(before) + count + strlen(after) + 1), *at = text;
    memcpy(at, before, strlen(before));
    at += strlen(before);
    memset(at, fill, count);
    memcpy(at + count, after, strlen(after) + 1);
    return text;
}

/* ---- limits ---- */

static void each_limit_holds_to_the_byte(void **state)
{
    (void)state;
    front->conf.limits.uri_bytes = 100;
    front->conf.limits.head_bytes = 1000;
    front->conf.limits.header_count = 5;
    front->conf.limits.body_bytes = 50;
    front_open(front);
    const char *end = " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    assert_int_equal(ask(padded("GET /", 'u', 99, end)), 200);
    assert_int_equal(ask(padded("GET /", 'u', 100, end)), 414);
    assert_int_equal(ask(padded("GET /", 'u', 5000, end)), 414);
    const char *head = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX: ";
    size_t rest = 1000 - strlen(head) - 4;
    assert_int_equal(ask(padded(head, 'h', rest, "\r\n\r\n")), 200);
    assert_int_equal(ask(padded(head, 'h', rest + 1, "\r\n\r\n")), 431);
    assert_int_equal(ask(padded(head, 'h', 9000, "")), 431);
    assert_int_equal(ask("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n"), 200);
    assert_int_equal(ask("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nA: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n\r\n"),
                     431);
    assert_int_equal(
        ask(padded("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 50\r\n\r\n", 'b', 50, "")), 200);
    assert_int_equal(ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 51\r\n\r\n"), 413);
    assert_int_equal(
        ask(padded("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n", 'b', 64, "\r\n0\r\n\r\n")),
        413);
    assert_int_equal(ask(padded("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;", 'e', 9000,
                                "\r\nb\r\n0\r\n\r\n")),
                     400);
}

static void bodies_of_all_together_have_a_limit_and_give_it_back_sec_163(void **state)
{
    (void)state;
    front->conf.limits.body_total_bytes = 9000;
    front_open(front);
    const char *half = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 6001\r\n\r\n";
    int fd = front_connect(front);
    front_say(fd, padded(half, 'b', 6000, ""));
    for (int i = 0; i < FRONT_PATIENCE_MS && server_counts(front->server).body_bytes < 6000; i++)
        usleep(1000);
    assert_int_equal(server_counts(front->server).body_bytes, 6000);
    assert_int_equal(ask(padded(half, 'b', 6001, "")), 503);
    /* a form is no upload */
    assert_int_equal(ask(padded("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4096\r\n\r\n", 'b', 4096, "")), 200);
    assert_int_equal(ask(padded("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4097\r\n\r\n", 'b', 4097, "")), 503);
    close(fd);
    assert_true(front_alone(front));
    assert_int_equal(server_counts(front->server).body_bytes, 0);
    int again = front_connect(front);
    bool closed;
    front_say(again, padded(half, 'b', 6001, ""));
    (void)front_hear(again, answer, sizeof answer, "11 6001", FRONT_PATIENCE_MS, &closed);
    assert_int_equal(front_status(answer), 200);
    close(again);
}

static void limits_may_change_while_it_runs(void **state)
{
    (void)state;
    front_open(front);
    const char *text = "GET /0123456789 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    assert_int_equal(ask(text), 200);
    struct http_limits limits = front->conf.limits;
    limits.uri_bytes = 10;
    server_set_limits(front->server, &limits);
    assert_int_equal(ask(text), 414);
}

/* ---- deadlines ---- */

static int64_t closed_after(const char *text, int64_t trickle_ms, const char *drop)
{
    int64_t began = now_ms();
    bool closed = false;
    int fd = front_connect(front);
    front_say(fd, text);
    while (!closed && now_ms() - began < FRONT_PATIENCE_MS) {
        (void)front_hear(fd, answer, sizeof answer, NULL, (int)trickle_ms, &closed);
        if (drop != NULL && !closed) front_say(fd, drop);
    }
    close(fd);
    return closed ? now_ms() - began : -1;
}

static void slow_clients_are_ended_in_every_phase_sec_161(void **state)
{
    (void)state;
    front->conf.limits.header_ms = 200;
    front->conf.limits.body_idle_ms = 300;
    front->conf.limits.idle_ms = 400;
    front_open(front);
    int64_t ms = closed_after("", 1000, NULL);
    assert_in_range(ms, 190, 1000);
    ms = closed_after("GET / HTTP/1.1\r\nX-A: ", 20, "a"); /* a byte now and then does not help */
    assert_in_range(ms, 190, 1000);
    ms = closed_after("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999\r\n\r\n", 20, "b");
    assert_in_range(ms, 290, 1500);
    assert_true(front_refused_for("body too slow"));
    ms = closed_after(GET("/echo"), 1000, NULL); /* idle between requests */
    assert_in_range(ms, 390, 1500);
}

static void an_honest_slow_upload_succeeds(void **state)
{
    (void)state;
    front->conf.limits.body_idle_ms = 100;
    front->conf.limits.header_ms = 100;
    front_open(front);
    bool closed;
    int fd = front_connect(front);
    front_say(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 20000\r\n\r\n");
    for (int i = 0; i < 20; i++) {
        front_say(fd, padded("", 'b', 1000, ""));
        usleep(25000);
    }
    (void)front_hear(fd, answer, sizeof answer, "11 20000", FRONT_PATIENCE_MS, &closed);
    assert_int_equal(front_status(answer), 200);
    close(fd);
}

static void a_request_that_takes_too_long_is_cut(void **state)
{
    (void)state;
    front->conf.limits.request_ms = 150;
    front_open(front);
    int64_t ms = closed_after(GET("/hang"), 2000, NULL);
    assert_in_range(ms, 140, 1000);
    assert_true(front_until(&front_done, 1));
}

static void a_client_that_stops_reading_is_ended(void **state)
{
    (void)state;
    front->conf.limits.write_ms = 300;
    front_open(front);
    int fd = front_connect(front), room = 4096;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    front_say(fd, GET("/big"));
    assert_true(front_until(&front_aborted, 1));
    close(fd);
}

/* ---- how many ---- */

static void the_connection_above_the_limit_waits_until_one_closes(void **state)
{
    (void)state;
    front->conf.limits.max_connections = 3;
    front_open(front);
    bool closed;
    int fds[4];
    for (int i = 0; i < 4; i++) {
        fds[i] = front_connect(front);
        front_say(fds[i], GET("/echo"));
    }
    for (int i = 0; i < 3; i++) {
        (void)front_hear(fds[i], answer, sizeof answer, "a.example", FRONT_PATIENCE_MS, &closed);
        assert_int_equal(front_status(answer), 200);
    }
    assert_int_equal(front_hear(fds[3], answer, sizeof answer, "a.example", 150, &closed), 0);
    assert_false(closed);
    close(fds[0]);
    (void)front_hear(fds[3], answer, sizeof answer, "a.example", FRONT_PATIENCE_MS, &closed);
    assert_int_equal(front_status(answer), 200);
    for (int i = 1; i < 4; i++)
        close(fds[i]);
}

static void one_address_gets_so_many_connections_and_no_more(void **state)
{
    (void)state;
    front->conf.limits.max_connections_per_address = 2;
    front_open(front);
    bool closed;
    int one = front_connect(front), two = front_connect(front);
    front_say(two, GET("/echo"));
    (void)front_hear(two, answer, sizeof answer, "a.example", FRONT_PATIENCE_MS, &closed);
    int three = front_connect(front);
    (void)front_hear(three, answer, sizeof answer, NULL, FRONT_PATIENCE_MS, &closed);
    assert_true(closed);
    close(three);
    close(one);
    close(two);
    assert_true(front_alone(front));
    assert_int_equal(front_ask(front, GET("/echo"), answer, sizeof answer, "a.example"), 200);
}

static double cpu_seconds(void)
{
    struct rusage use;
    (void)getrusage(RUSAGE_SELF, &use);
    return (double)use.ru_utime.tv_sec + (double)use.ru_stime.tv_sec +
           (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
}

static void without_descriptors_it_neither_spins_nor_forgets(void **state)
{
    (void)state;
    front_open(front);
    struct rlimit before, tight;
    bool closed;
    int fds[3], spare = dup(0);
    for (int i = 0; i < 3; i++) /* made before, connected after */
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    tight = before;
    tight.rlim_cur = (rlim_t)fds[2] + 1;
    close(spare);
    int filler = dup(0); /* the lowest free number */
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)front->port)};
    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(connect(fds[i], (struct sockaddr *)(void *)&in, sizeof in), 0);
        front_say(fds[i], GET("/echo"));
    }
    double cpu = cpu_seconds();
    usleep(400000);
    assert_true(cpu_seconds() - cpu < 0.2);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    for (int i = 0; i < 3; i++) {
        (void)front_hear(fds[i], answer, sizeof answer, "a.example", FRONT_PATIENCE_MS, &closed);
        assert_int_equal(front_status(answer), 200);
        close(fds[i]);
    }
    close(filler);
}

/* ---- PROXY lines ---- */

static void trust_loopback(void)
{
    front->listener[0].proxy_protocol = true;
    assert_true(network_read(LIT("127.0.0.0/8"), &front->trusted[0]));
    front->conf.trusted = front->trusted;
    front->conf.trusted_count = 1;
}

static void a_proxy_line_names_the_client(void **state)
{
    (void)state;
    trust_loopback();
    front_open(front);
    static const struct {
        const char *line, *peer;
    } lines[] = {
        {"PROXY TCP4 192.0.2.7 198.51.100.1 4711 80\r\n",  "192.0.2.7:4711 127.0.0.1"  },
        {"PROXY TCP6 2001:db8::7 2001:db8::1 4711 80\r\n", "2001:db8::7:4711 127.0.0.1"},
        {"PROXY UNKNOWN\r\n",                              " 127.0.0.1"                },
    };
    for (size_t i = 0; i < 3; i++) {
        const char *text =
            arena_print(front->arena, "%sGET /peer HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", lines[i].line).at;
        assert_int_equal(ask(text), 200);
        assert_non_null(strstr(answer, lines[i].peer));
    }
    static const char second[] = "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\2\x09\xc6\x33\x64\1\x12\x67\0\x50"
                                 "GET /peer HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    bool closed;
    (void)front_ask_bytes(front, second, sizeof second - 1, answer, sizeof answer, NULL, &closed);
    assert_non_null(strstr(answer, "192.0.2.9:4711 127.0.0.1"));
}

static void without_a_proper_proxy_line_the_connection_is_closed(void **state)
{
    (void)state;
    trust_loopback();
    front_open(front);
    static const char *const lines[] = {"",
                                        "PROXY TCP4 192.0.2.7\r\n",
                                        "PROXY TCP4 192.0.2.7 198.51.100.1 99999 80\r\n",
                                        "PROXY TCP4 2001:db8::7 2001:db8::1 1 80\r\n",
                                        "PROXY TCP4 192.0.2.7 198.51.100.1 4711 80\n",
                                        "proxy TCP4 192.0.2.7 198.51.100.1 4711 80\r\n",
                                        "PROXY TCP4  192.0.2.7 198.51.100.1 4711 80\r\n",
                                        "PROXY TCP4 192.0.2.7 198.51.100.1 4711 80 \r\n"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        const char *text = arena_print(front->arena, "%s" GET("/peer"), lines[i]).at;
        assert_int_equal(ask(text), 0);
        assert_string_equal(answer, "");
    }
}

static void nobody_untrusted_may_send_one(void **state)
{
    (void)state;
    trust_loopback();
    assert_true(network_read(LIT("192.0.2.0/24"), &front->trusted[0]));
    front_open(front);
    assert_int_equal(ask("PROXY TCP4 192.0.2.7 198.51.100.1 4711 80\r\n" GET("/peer")), 0);
    assert_string_equal(answer, "");
}

/* ---- listeners ---- */

static void a_taken_port_is_told_with_its_holder(void **state)
{
    (void)state;
    front_open(front);
    struct front *other = front_prepare();
    other->listener[0].address.port = (uint16_t)front->port;
    other->listener[0].name = LIT("127.0.0.1:taken");
    const struct err *e = server_open(other->arena, &other->conf, &other->server);
    assert_non_null(e);
    assert_true(slice_find(e->text, LIT("127.0.0.1:taken is in use by ")) != SLICE_NONE);
    assert_true(slice_find(e->text, LIT("pid ")) != SLICE_NONE);
    assert_int_equal(e->problem, PROBLEM_INTERNAL); /* no fault of the configuration: it may be free in a second */
    arena_close(other->arena);
}

static void a_unix_socket_serves_has_its_mode_and_replaces_a_stale_one(void **state)
{
    (void)state;
    char path[64];
    (void)snprintf(path, sizeof path, "/tmp/vestibule-test-%d.sock", (int)getpid());
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    memcpy(un.sun_path, path, strlen(path));
    int stale = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(stale, (struct sockaddr *)(void *)&un, sizeof un), 0);
    close(stale);
    front->listener[1] = (struct listener){
        .name = slice_of(path), .kind = LISTENER_UNIX, .unix_path = slice_of(path), .handle = front_handle};
    front->conf.listener_count = 2;
    front->conf.workers = 2;
    front_open(front);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    bool closed;
    assert_int_equal(connect(fd, (struct sockaddr *)(void *)&un, sizeof un), 0);
    front_say(fd, "GET /peer HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    (void)front_hear(fd, answer, sizeof answer, NULL, FRONT_PATIENCE_MS, &closed);
    assert_non_null(strstr(answer, "unix:0 unix"));
    close(fd);
    assert_int_equal(access(path, F_OK), 0);
    front_close(front);
    front->server = NULL;
    assert_int_equal(access(path, F_OK), -1);
    front = front_prepare();
}

static void several_workers_share_the_connections(void **state)
{
    (void)state;
    front->conf.workers = 3;
    int opened = atomic_load(&front_opened);
    front_open(front);
    assert_int_equal(atomic_load(&front_opened), opened + 3);
    for (int i = 0; i < 30; i++)
        assert_int_equal(front_ask(front, GET("/echo"), answer, sizeof answer, "a.example"), 200);
}

static void visit(void *app, void *arg)
{
    assert_ptr_equal(app, &front_opened);
    atomic_fetch_add((_Atomic int *)arg, 1);
}

static void each_worker_is_visited_before_server_each_returns(void **state)
{
    (void)state;
    front->conf.workers = 3;
    front_open(front);
    for (int round = 1; round <= 50; round++) {
        _Atomic int visits = 0;
        server_each(front->server, visit, &visits);
        assert_int_equal(atomic_load(&visits), 3);
    }
}

/* ---- the end ---- */

static void *stop_it(void *arg)
{
    int *cut = arg;
    *cut = server_stop(front->server, 0, 2000);
    return NULL;
}

static void a_stop_ends_idle_ones_and_lets_requests_finish(void **state)
{
    (void)state;
    front_open(front);
    bool closed;
    int cut = -1, idle = front_connect(front), busy = front_connect(front);
    pthread_t thread;
    front_say(idle, GET("/echo"));
    (void)front_hear(idle, answer, sizeof answer, "a.example", FRONT_PATIENCE_MS, &closed);
    front_say(busy, GET("/later"));
    usleep(10000);
    assert_int_equal(pthread_create(&thread, NULL, stop_it, &cut), 0);
    (void)front_hear(busy, answer, sizeof answer, NULL, FRONT_PATIENCE_MS, &closed);
    assert_true(closed);
    assert_int_equal(front_status(answer), 200);
    assert_non_null(strstr(answer, "connection: close"));
    assert_int_equal(front_hear(idle, answer, sizeof answer, NULL, FRONT_PATIENCE_MS, &closed), 0);
    assert_true(closed);
    (void)pthread_join(thread, NULL);
    assert_int_equal(cut, 0);
    close(idle);
    close(busy);
}

static void what_does_not_finish_in_time_is_cut_and_counted(void **state)
{
    (void)state;
    front_open(front);
    int arenas = atomic_load(&front_closed_arenas), fd = front_connect(front);
    front_say(fd, GET("/hang"));
    usleep(30000);
    int64_t began = now_ms();
    assert_int_equal(server_stop(front->server, 0, 100), 1);
    assert_in_range(now_ms() - began, 90, 2000);
    assert_int_equal(atomic_load(&front_closed_arenas), arenas + 1);
    close(fd);
}

static void sockets_handed_over_go_on_without_turning_anyone_away(void **state)
{
    (void)state;
    front->conf.workers = 2;
    front_open(front);
    struct front *next = front_prepare();
    const char *handed = server_handover(front->server, next->arena);
    assert_non_null(strstr(handed, "127.0.0.1:0="));
    assert_int_equal(setenv("VESTIBULE_LISTEN_FDS", handed, 1), 0);
    next->conf.workers = 1; /* fewer than before */
    front_open(next);
    assert_null(getenv("VESTIBULE_LISTEN_FDS"));
    assert_int_equal(server_port(next->server, 0), front->port);
    front_close(front);
    for (int i = 0; i < 20; i++)
        assert_int_equal(front_ask(next, GET("/echo"), answer, sizeof answer, "a.example"), 200);
    front = next;
}

static void an_activated_socket_is_found_by_name_and_served(void **state)
{
    (void)state;
    char pid[16];
    int fd = -1;
    (void)snprintf(pid, sizeof pid, "%d", (int)getpid());
    assert_int_equal(setenv("LISTEN_PID", pid, 1) | setenv("LISTEN_FDS", "2", 1), 0);
    assert_int_equal(setenv("LISTEN_FDNAMES", "metrics:web", 1), 0);
    assert_true(server_activated_fd(LIT("web"), &fd));
    assert_int_equal(fd, 4);
    assert_false(server_activated_fd(LIT("other"), &fd));
    assert_int_equal(setenv("LISTEN_PID", "1", 1), 0);
    assert_false(server_activated_fd(LIT("web"), &fd));
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof in;
    fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)(void *)&in, sizeof in), 0);
    front->listener[1] =
        (struct listener){.name = LIT("fd:web"), .kind = LISTENER_FD, .fd = fd, .handle = front_handle};
    front->conf.listener_count = 2;
    front->conf.workers = 2;
    const struct err *e = server_open(front->arena, &front->conf, &front->server);
    assert_non_null(e); /* bound, but not listening */
    front->server = NULL;
    fd = socket(AF_INET, SOCK_STREAM, 0);
    in.sin_port = 0;
    assert_int_equal(bind(fd, (struct sockaddr *)(void *)&in, sizeof in), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)(void *)&in, &len), 0);
    front->listener[1].fd = fd;
    front_open(front);
    front->port = ntohs(in.sin_port);
    assert_int_equal(front_ask(front, GET("/echo"), answer, sizeof answer, "a.example"), 200);
}

static void it_serves_while_the_listeners_linger(void **state)
{
    (void)state;
    front_open(front);
    assert_int_equal(front_ask(front, GET("/echo"), answer, sizeof answer, "a.example"), 200);
    assert_true(front_alone(front));
    assert_int_equal(server_stop(front->server, 20, 100), 0);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)front->port)};
    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (struct sockaddr *)(void *)&in, sizeof in), -1);
    close(fd);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, prepare, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_limit_holds_to_the_byte),
        TEST(bodies_of_all_together_have_a_limit_and_give_it_back_sec_163),
        TEST(limits_may_change_while_it_runs),
        TEST(slow_clients_are_ended_in_every_phase_sec_161),
        TEST(an_honest_slow_upload_succeeds),
        TEST(a_request_that_takes_too_long_is_cut),
        TEST(a_client_that_stops_reading_is_ended),
        TEST(the_connection_above_the_limit_waits_until_one_closes),
        TEST(one_address_gets_so_many_connections_and_no_more),
        TEST(without_descriptors_it_neither_spins_nor_forgets),
        TEST(a_proxy_line_names_the_client),
        TEST(without_a_proper_proxy_line_the_connection_is_closed),
        TEST(nobody_untrusted_may_send_one),
        TEST(a_taken_port_is_told_with_its_holder),
        TEST(a_unix_socket_serves_has_its_mode_and_replaces_a_stale_one),
        TEST(several_workers_share_the_connections),
        TEST(each_worker_is_visited_before_server_each_returns),
        TEST(a_stop_ends_idle_ones_and_lets_requests_finish),
        TEST(what_does_not_finish_in_time_is_cut_and_counted),
        TEST(sockets_handed_over_go_on_without_turning_anyone_away),
        TEST(an_activated_socket_is_found_by_name_and_served),
        TEST(it_serves_while_the_listeners_linger),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
