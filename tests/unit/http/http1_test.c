/* Raw HTTP/1 against a running server: what is served, what is refused and with which status, what ends the connection. */
#include "front.h"

static struct front *front;

static int open_front(void **state)
{
    (void)state;
    front = front_prepare();
    front_open(front);
    return 0;
}

static int close_front(void **state)
{
    (void)state;
    front_close(front);
    return 0;
}

#define GET(path)  "GET " path " HTTP/1.1\r\nHost: a.example\r\n\r\n"
#define HEAD_(x)   "GET /echo HTTP/1.1\r\nHost: a.example\r\n" x "\r\n"
#define POST_(x)   "POST /echo HTTP/1.1\r\nHost: a.example\r\n" x
#define CHUNKED(x) POST_("Transfer-Encoding: chunked\r\n\r\n" x)
#define CLOSE      "Connection: close\r\n"

struct raw {
    const char *name, *text;
    int status;
    const char *holds; /* in the answer; NULL: anything */
};

static const struct raw cases[] = {
  /* served */
    {"plain get",                            HEAD_(CLOSE),                                                                        200, "GET /echo a.example 11 0"},
    {"query",                                "GET /echo?a=b%20c&d HTTP/1.1\r\nHost: a\r\n" CLOSE "\r\n",                          200, "/echo?a=b%20c&d"         },
    {"host with port, upper case",           "GET /echo HTTP/1.1\r\nHost: A.Example:8080\r\n" CLOSE "\r\n",                       200,
     " a.example:8080 11"                                                                                                                                        },
    {"host ipv6",                            "GET /echo HTTP/1.1\r\nHost: [::1]:80\r\n" CLOSE "\r\n",                             200, " [::1]:80 "              },
    {"http/1.0",                             "GET /echo HTTP/1.0\r\nHost: a\r\n\r\n",                                             200, "a 10 0"                  },
    {"one empty line before",                "\r\n" HEAD_(CLOSE),                                                                 200, NULL                      },
    {"body by length",                       POST_(CLOSE "Content-Length: 3\r\n\r\nabc"),                                         200, "11 3 abc"                },
    {"body of length 0",                     POST_(CLOSE "Content-Length: 0\r\n\r\n"),                                            200, "11 0 "                   },
    {"chunks",                               POST_(CLOSE "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"),   200, "11 5 abcde"              },
    {"chunks, upper case word",              POST_(CLOSE "Transfer-Encoding: Chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"),                200, "11 1 a"                  },
    {"chunk size in capitals",               POST_(CLOSE "Transfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n"),       200,
     "11 10 "                                                                                                                                                    },
    {"chunk extension",                      POST_(CLOSE "Transfer-Encoding: chunked\r\n\r\n1;x=y\r\na\r\n0\r\n\r\n"),            200, "11 1 a"                  },
    {"trailer",                              POST_(CLOSE "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-A: b\r\n\r\n"),      200, "11 1 a"                  },
    {"head request",                         "HEAD /echo HTTP/1.1\r\nHost: a\r\n" CLOSE "\r\n",                                   200, NULL                      },
    {"expect continue",                      POST_(CLOSE "Content-Length: 1\r\nExpect: 100-continue\r\n\r\na"),                   200, "11 1 a"                  },
    {"byte above 0x80 in a value",           HEAD_(CLOSE "X-A: caf\xc3\xa9\r\n"),                                                 200, NULL                      },
    {"percent in target",                    "GET /echo%2f HTTP/1.1\r\nHost: a\r\n" CLOSE "\r\n",                                 200, "/echo%2f"                },
    {"underscore in host",                   "GET /echo HTTP/1.1\r\nHost: a_b\r\n" CLOSE "\r\n",                                  200, "a_b"                     },
    {"options with a path",                  "OPTIONS /echo HTTP/1.1\r\nHost: a\r\n" CLOSE "\r\n",                                200, "OPTIONS /echo"           },
 /* framing */
    {"length and chunks",                    POST_("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),           400, "refused"                 },
    {"chunks and length",                    POST_("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n"),           400, NULL                      },
    {"two lengths that differ",              POST_("Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc"),                          400, NULL                      },
    {"two lengths alike",                    POST_("Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc"),                          400, NULL                      },
    {"length list",                          POST_("Content-Length: 3, 3\r\n\r\nabc"),                                            400, NULL                      },
    {"length with plus",                     POST_("Content-Length: +3\r\n\r\nabc"),                                              400, NULL                      },
    {"length negative",                      POST_("Content-Length: -1\r\n\r\nabc"),                                              400, NULL                      },
    {"length hexadecimal",                   POST_("Content-Length: 0x3\r\n\r\nabc"),                                             400, NULL                      },
    {"length empty",                         POST_("Content-Length:\r\n\r\nabc"),                                                 400, NULL                      },
    {"length overflowing",                   POST_("Content-Length: 18446744073709551619\r\n\r\nabc"),                            400, NULL                      },
    {"length with a blank inside",           POST_("Content-Length: 3 3\r\n\r\nabc"),                                             400, NULL                      },
    {"unknown coding",                       POST_("Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),                               400, NULL                      },
    {"two codings",                          POST_("Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),                          400, NULL                      },
    {"coding with vertical tab",             POST_("Transfer-Encoding: \vchunked\r\n\r\n0\r\n\r\n"),                              400, NULL                      },
    {"coding twice",                         POST_("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400, NULL                      },
    {"coding in 1.0",                        "POST /echo HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",     400, NULL                      },
    {"coding with a blank before the colon", POST_("Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"),                               400, NULL                      },
    {"coding folded",                        POST_("Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n"),                            400, NULL                      },
    {"chunk size not hexadecimal",           CHUNKED("5g\r\nabcde\r\n0\r\n\r\n"),                                                 400, NULL                      },
    {"chunk size with 0x",                   CHUNKED("0x5\r\nabcde\r\n0\r\n\r\n"),                                                400, NULL                      },
    {"chunk size with underscore",           CHUNKED("5_0\r\nabcde\r\n0\r\n\r\n"),                                                400, NULL                      },
    {"chunk size with blank",                CHUNKED("5 \r\nabcde\r\n0\r\n\r\n"),                                                 400, NULL                      },
    {"chunk size missing",                   CHUNKED("\r\nabcde\r\n0\r\n\r\n"),                                                   400, NULL                      },
    {"chunk size too large",                 CHUNKED("fffffffff\r\nabcde"),                                                       400, NULL                      },
    {"chunk size negative",                  CHUNKED("-1\r\na\r\n0\r\n\r\n"),                                                     400, NULL                      },
    {"bare line feed after size",            CHUNKED("1\na\r\n0\r\n\r\n"),                                                        400, NULL                      },
    {"bare line feed after data",            CHUNKED("1\r\na\n0\r\n\r\n"),                                                        400, NULL                      },
    {"data longer than its size",            CHUNKED("1\r\nabc\r\n0\r\n\r\n"),                                                    400, NULL                      },
    {"carriage return in an extension",      CHUNKED("1;a\rb\r\na\r\n0\r\n\r\n"),                                                 400, NULL                      },
    {"folded trailer",                       CHUNKED("0\r\n a: b\r\n\r\n"),                                                       400, NULL                      },
    {"bare line feed in a trailer",          CHUNKED("0\r\nA: b\n\r\n"),                                                          400, NULL                      },
 /* heads */
    {"bare line feeds",                      "GET /echo HTTP/1.1\nHost: a\n\n",                                                   400, NULL                      },
    {"one bare line feed",                   "GET /echo HTTP/1.1\r\nHost: a\nX: y\r\n\r\n",                                       400, NULL                      },
    {"folded line",                          HEAD_("X-A: b\r\n c\r\n"),                                                           400, NULL                      },
    {"bare carriage return in a value",      HEAD_("X-A: b\rc\r\n"),                                                              400, NULL                      },
    {"blank in a name",                      HEAD_("X A: b\r\n"),                                                                 400, NULL                      },
    {"blank before the colon",               HEAD_("X-A : b\r\n"),                                                                400, NULL                      },
    {"empty name",                           HEAD_(": b\r\n"),                                                                    400, NULL                      },
    {"no colon",                             HEAD_("X-A\r\n"),                                                                    400, NULL                      },
    {"two empty lines before",               "\r\n\r\n" HEAD_(""),                                                                400, NULL                      },
    {"unknown expectation",                  POST_("Content-Length: 1\r\nExpect: x\r\n\r\na"),                                    400, NULL                      },
 /* request lines */
    {"lower-case method",                    "get /echo HTTP/1.1\r\nHost: a\r\n\r\n",                                             400, NULL                      },
    {"odd method",                           "G@T /echo HTTP/1.1\r\nHost: a\r\n\r\n",                                             400, NULL                      },
    {"long method",                          "ABCDEFGHIJKLMNOPQRSTU /echo HTTP/1.1\r\nHost: a\r\n\r\n",                           400, NULL                      },
    {"trace",                                "TRACE /echo HTTP/1.1\r\nHost: a\r\n\r\n",                                           400, NULL                      },
    {"connect",                              "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n",                                         400, NULL                      },
    {"absolute form",                        "GET http://a/echo HTTP/1.1\r\nHost: a\r\n\r\n",                                     400, NULL                      },
    {"asterisk",                             "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",                                             400, NULL                      },
    {"no slash",                             "GET echo HTTP/1.1\r\nHost: a\r\n\r\n",                                              400, NULL                      },
    {"empty target",                         "GET  HTTP/1.1\r\nHost: a\r\n\r\n",                                                  400, NULL                      },
    {"fragment",                             "GET /echo#a HTTP/1.1\r\nHost: a\r\n\r\n",                                           400, NULL                      },
    {"tab in target",                        "GET /ec\tho HTTP/1.1\r\nHost: a\r\n\r\n",                                           400, NULL                      },
    {"two blanks",                           "GET  /echo HTTP/1.1\r\nHost: a\r\n\r\n",                                            400, NULL                      },
    {"blank at the end",                     "GET /echo HTTP/1.1 \r\nHost: a\r\n\r\n",                                            400, NULL                      },
    {"http/1.2",                             "GET /echo HTTP/1.2\r\nHost: a\r\n\r\n",                                             400, NULL                      },
    {"http/2.0 as text",                     "GET /echo HTTP/2.0\r\nHost: a\r\n\r\n",                                             400, NULL                      },
    {"http/0.9",                             "GET /echo\r\n\r\n",                                                                 400, NULL                      },
    {"http/2 preface",                       "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",                                                  400, NULL                      },
    {"lower-case version",                   "GET /echo http/1.1\r\nHost: a\r\n\r\n",                                             400, NULL                      },
 /* hosts */
    {"no host",                              "GET /echo HTTP/1.1\r\n\r\n",                                                        400, NULL                      },
    {"no host in 1.0",                       "GET /echo HTTP/1.0\r\n\r\n",                                                        400, NULL                      },
    {"two hosts",                            "GET /echo HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",                                  400, NULL                      },
    {"two hosts alike",                      "GET /echo HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",                                  400, NULL                      },
    {"empty host",                           "GET /echo HTTP/1.1\r\nHost:\r\n\r\n",                                               400, NULL                      },
    {"host with userinfo",                   "GET /echo HTTP/1.1\r\nHost: a@b\r\n\r\n",                                           400, NULL                      },
    {"host with slash",                      "GET /echo HTTP/1.1\r\nHost: a/b\r\n\r\n",                                           400, NULL                      },
    {"host list",                            "GET /echo HTTP/1.1\r\nHost: a, b\r\n\r\n",                                          400, NULL                      },
    {"host with bad port",                   "GET /echo HTTP/1.1\r\nHost: a:99999\r\n\r\n",                                       400, NULL                      },
    {"host with empty port",                 "GET /echo HTTP/1.1\r\nHost: a:\r\n\r\n",                                            400, NULL                      },
    {"host not ascii",                       "GET /echo HTTP/1.1\r\nHost: \xc3\xa4\r\n\r\n",                                      400, NULL                      },
    {"host broken ipv6",                     "GET /echo HTTP/1.1\r\nHost: [::1\r\n\r\n",                                          400, NULL                      },
};

static void each_text_gets_its_status_and_a_refusal_ends_the_connection(void **state)
{
    (void)state;
    char answer[8192];
    int wrong = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct raw *c = &cases[i];
        bool closed;
        (void)front_ask_bytes(front, c->text, strlen(c->text), answer, sizeof answer, NULL, &closed);
        const char *last = strstr(answer, "100 Continue") != NULL ? strstr(answer + 1, "HTTP/1.1 ") : answer;
        bool right = last != NULL && front_status(last) == c->status && closed &&
                     (c->holds == NULL || strstr(answer, c->holds) != NULL);
        if (!right) print_error("%s: %d, closed %d\n%s\n", c->name, front_status(answer), closed, answer);
        wrong += !right;
    }
    assert_int_equal(wrong, 0);
}

static void a_zero_byte_anywhere_in_a_head_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "GET /e\1cho HTTP/1.1\r\nHost: a\r\n\r\n", "GET /echo HTTP/1.1\r\nHost: a\1\r\n\r\n",
        "GET /echo HTTP/1.1\r\nHost: a\r\nX\1Y: z\r\n\r\n", "GET /echo HTTP/1.1\r\nHost: a\r\nX: y\1z\r\n\r\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char copy[256], answer[1024];
        bool closed;
        size_t len = strlen(texts[i]);
        memcpy(copy, texts[i], len);
        *(char *)memchr(copy, '\1', len) = '\0';
        (void)front_ask_bytes(front, copy, len, answer, sizeof answer, NULL, &closed);
        assert_int_equal(front_status(answer), 400);
    }
}

static void a_request_split_at_every_byte_is_the_same_request(void **state)
{
    (void)state;
    static const char text[] = POST_("Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nT: u\r\n\r\n");
    char answer[1024];
    bool closed;
    int fd = front_connect(front), one = 1;
    (void)setsockopt(fd, IPPROTO_TCP, 1 /* TCP_NODELAY */, &one, sizeof one);
    for (size_t i = 0; i + 1 < sizeof text; i++) {
        front_send(fd, text + i, 1);
        usleep(300);
    }
    (void)front_hear(fd, answer, sizeof answer, "11 3 abc", FRONT_PATIENCE_MS, &closed);
    assert_int_equal(front_status(answer), 200);
    close(fd);
}

static size_t count_of(const char *text, const char *what)
{
    size_t count = 0;
    for (; (text = strstr(text, what)) != NULL; text++)
        count++;
    return count;
}

static void requests_sent_ahead_are_answered_in_order(void **state)
{
    (void)state;
    char answer[8192];
    bool closed;
    int fd = front_connect(front);
    front_say(fd, GET("/later") GET("/echo?2") POST_("Content-Length: 2\r\n\r\nhi") GET("/echo?4"));
    (void)front_hear(fd, answer, sizeof answer, "/echo?4", FRONT_PATIENCE_MS, &closed);
    assert_int_equal(count_of(answer, "HTTP/1.1 200 OK"), 4);
    assert_true(strstr(answer, "later") < strstr(answer, "/echo?2"));
    assert_true(strstr(answer, "/echo?2") < strstr(answer, "11 2 hi"));
    assert_false(closed);
    close(fd);
}

static void a_bad_request_behind_a_good_one_is_refused_after_the_answer(void **state)
{
    (void)state;
    char answer[8192];
    bool closed;
    const char *text = GET("/echo") "GET /echo HTTP/1.1\r\n\r\n";
    (void)front_ask_bytes(front, text, strlen(text), answer, sizeof answer, NULL, &closed);
    assert_int_equal(count_of(answer, "HTTP/1.1 200 OK"), 1);
    assert_int_equal(count_of(answer, "HTTP/1.1 400"), 1);
    assert_true(closed);
}

static void a_connection_stays_open_for_the_next_request(void **state)
{
    (void)state;
    char answer[2048];
    bool closed;
    int fd = front_connect(front);
    for (int i = 0; i < 5; i++) {
        front_say(fd, GET("/echo"));
        (void)front_hear(fd, answer, sizeof answer, "a.example 11 0", FRONT_PATIENCE_MS, &closed);
        assert_int_equal(front_status(answer), 200);
        assert_null(strstr(answer, "connection: close"));
        assert_non_null(strstr(answer, "date: "));
        assert_null(strstr(answer, "server:"));
    }
    close(fd);
}

static void an_old_client_is_kept_only_when_it_asks(void **state)
{
    (void)state;
    char answer[2048];
    bool closed;
    int fd = front_connect(front);
    front_say(fd, "GET /echo HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n");
    (void)front_hear(fd, answer, sizeof answer, " 10 0 ", FRONT_PATIENCE_MS, &closed);
    assert_non_null(strstr(answer, "connection: keep-alive"));
    front_say(fd, "GET /echo HTTP/1.0\r\nHost: a\r\n\r\n");
    (void)front_hear(fd, answer, sizeof answer, NULL, FRONT_PATIENCE_MS, &closed);
    assert_true(closed);
    close(fd);
}

static void an_answer_of_unknown_length_is_chunked_for_any_status(void **state)
{
    (void)state;
    char answer[2048];
    bool closed;
    int fd = front_connect(front);
    front_say(fd, GET("/chunks"));
    (void)front_hear(fd, answer, sizeof answer, "0\r\n\r\n", FRONT_PATIENCE_MS, &closed);
    assert_int_equal(front_status(answer), 201);
    assert_non_null(strstr(answer, "transfer-encoding: chunked"));
    assert_non_null(strstr(answer, "3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"));
    front_say(fd, GET("/echo"));
    (void)front_hear(fd, answer, sizeof answer, "a.example", FRONT_PATIENCE_MS, &closed);
    assert_int_equal(front_status(answer), 200);
    close(fd);
}

static void an_old_client_gets_unknown_length_up_to_the_end_of_the_connection(void **state)
{
    (void)state;
    char answer[2048];
    bool closed;
    const char *text = "GET /chunks HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n";
    (void)front_ask_bytes(front, text, strlen(text), answer, sizeof answer, NULL, &closed);
    assert_true(closed);
    assert_null(strstr(answer, "transfer-encoding"));
    assert_null(strstr(answer, "connection: keep-alive"));
    assert_non_null(strstr(answer, "\r\n\r\nonetwo"));
}

static void head_gets_the_length_and_no_body(void **state)
{
    (void)state;
    char answer[2048];
    bool closed;
    int fd = front_connect(front);
    front_say(fd, "HEAD /echo HTTP/1.1\r\nHost: a\r\n\r\n" GET("/echo?next"));
    (void)front_hear(fd, answer, sizeof answer, "/echo?next", FRONT_PATIENCE_MS, &closed);
    assert_int_equal(count_of(answer, "HTTP/1.1 200 OK"), 2);
    assert_non_null(strstr(answer, "content-length: "));
    assert_null(strstr(answer, "HEAD /echo"));
    close(fd);
}

static void an_answer_cut_short_ends_the_connection_before_its_length(void **state)
{
    (void)state;
    char answer[2048];
    bool closed;
    int before = atomic_load(&front_aborted);
    const char *text = GET("/short") GET("/echo");
    (void)front_ask_bytes(front, text, strlen(text), answer, sizeof answer, NULL, &closed);
    assert_true(closed);
    assert_non_null(strstr(answer, "content-length: 10"));
    assert_int_equal(count_of(answer, "HTTP/1.1"), 1);
    assert_true(front_until(&front_aborted, before + 1));
}

static void a_dropped_request_gets_no_answer(void **state)
{
    (void)state;
    char answer[256];
    bool closed;
    (void)front_ask_bytes(front, GET("/drop"), strlen(GET("/drop")), answer, sizeof answer, NULL, &closed);
    assert_true(closed);
    assert_string_equal(answer, "");
}

static void a_long_answer_arrives_whole_and_only_as_fast_as_it_is_taken(void **state)
{
    (void)state;
    static char piece[FRONT_PIECE];
    bool closed = false;
    size_t total = 0;
    int fd = front_connect(front), room = 1 << 18;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    front_say(fd, "GET /big HTTP/1.0\r\nHost: a\r\n\r\n");
    usleep(50000);
    while (!closed) {
        ssize_t n = recv(fd, piece, sizeof piece, 0);
        closed = n <= 0;
        total += n > 0 ? (size_t)n : 0;
    }
    assert_true(total > FRONT_BIG && total < FRONT_BIG + 1024);
    close(fd);
}

static void cookies_are_joined_and_odd_names_dropped_sec_138(void **state)
{
    (void)state;
    char answer[2048];
    (void)front_ask(
        front,
        "GET /headers HTTP/1.1\r\nHost: a\r\nCookie: a=1\r\nX-Auth_User: eve\r\nX.Auth: eve\r\nX-Good: yes\r\n"
        "cookie: b=2\r\nContent-Length: 0\r\n" CLOSE "\r\n",
        answer, sizeof answer, NULL);
    assert_non_null(strstr(answer, "cookie: a=1; b=2\n"));
    assert_non_null(strstr(answer, "x-good: yes\n"));
    assert_null(strstr(answer, "eve"));
    assert_null(strstr(answer, "host: "));
    assert_null(strstr(answer, "content-length: 0\n"));
}

static void a_client_that_leaves_ends_its_exchange_at_once(void **state)
{
    (void)state;
    int before = atomic_load(&front_closed_arenas);
    int fd = front_connect(front);
    front_say(fd, GET("/hang"));
    usleep(30000);
    assert_int_equal(atomic_load(&front_closed_arenas), before);
    close(fd);
    assert_true(front_until(&front_closed_arenas, before + 1));
    assert_int_equal(atomic_load(&front_last_status), 0);
}

static void a_client_that_resets_while_it_waits_is_noticed(void **state)
{
    (void)state;
    int before = atomic_load(&front_closed_arenas);
    struct linger hard = {1, 0};
    int fd = front_connect(front);
    front_say(fd, GET("/later"));
    usleep(5000);
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close(fd);
    assert_true(front_until(&front_closed_arenas, before + 1));
}

static void continue_is_said_before_the_body_comes_and_not_when_it_is_too_large(void **state)
{
    (void)state;
    char answer[2048];
    bool closed;
    int fd = front_connect(front);
    front_say(fd, POST_("Content-Length: 2\r\nExpect: 100-continue\r\n\r\n"));
    (void)front_hear(fd, answer, sizeof answer, "\r\n\r\n", FRONT_PATIENCE_MS, &closed);
    assert_string_equal(answer, "HTTP/1.1 100 Continue\r\n\r\n");
    front_say(fd, "hi");
    (void)front_hear(fd, answer, sizeof answer, "11 2 hi", FRONT_PATIENCE_MS, &closed);
    assert_int_equal(front_status(answer), 200);
    close(fd);
    assert_int_equal(front_ask(front, POST_("Content-Length: 99999999\r\nExpect: 100-continue\r\n\r\n"), answer,
                               sizeof answer, NULL),
                     413);
}

static void a_first_request_and_its_refusal_are_told_to_the_application(void **state)
{
    (void)state;
    char answer[1024];
    int done = atomic_load(&front_done), refused = atomic_load(&front_refused);
    assert_int_equal(front_ask(front, HEAD_(CLOSE), answer, sizeof answer, NULL), 200);
    assert_true(front_until(&front_done, done + 1));
    assert_int_equal(front_ask(front, "GET /echo HTTP/1.1\r\n\r\n", answer, sizeof answer, NULL), 400);
    assert_int_equal(atomic_load(&front_refused), refused + 1);
    assert_true(front_refused_for("no host"));
    assert_int_equal(atomic_load(&front_done), done + 1);
    assert_non_null(strstr(answer, "connection: close"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_text_gets_its_status_and_a_refusal_ends_the_connection),
        cmocka_unit_test(a_zero_byte_anywhere_in_a_head_is_refused),
        cmocka_unit_test(a_request_split_at_every_byte_is_the_same_request),
        cmocka_unit_test(requests_sent_ahead_are_answered_in_order),
        cmocka_unit_test(a_bad_request_behind_a_good_one_is_refused_after_the_answer),
        cmocka_unit_test(a_connection_stays_open_for_the_next_request),
        cmocka_unit_test(an_old_client_is_kept_only_when_it_asks),
        cmocka_unit_test(an_answer_of_unknown_length_is_chunked_for_any_status),
        cmocka_unit_test(an_old_client_gets_unknown_length_up_to_the_end_of_the_connection),
        cmocka_unit_test(head_gets_the_length_and_no_body),
        cmocka_unit_test(an_answer_cut_short_ends_the_connection_before_its_length),
        cmocka_unit_test(a_dropped_request_gets_no_answer),
        cmocka_unit_test(a_long_answer_arrives_whole_and_only_as_fast_as_it_is_taken),
        cmocka_unit_test(cookies_are_joined_and_odd_names_dropped_sec_138),
        cmocka_unit_test(a_client_that_leaves_ends_its_exchange_at_once),
        cmocka_unit_test(a_client_that_resets_while_it_waits_is_noticed),
        cmocka_unit_test(continue_is_said_before_the_body_comes_and_not_when_it_is_too_large),
        cmocka_unit_test(a_first_request_and_its_refusal_are_told_to_the_application),
    };
    return cmocka_run_group_tests(tests, open_front, close_front);
}
