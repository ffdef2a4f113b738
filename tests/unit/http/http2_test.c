/* HTTP/2 over TLS with frames made by hand: what may become a request, what is refused, and what a connection may not do. */
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "front.h"

static struct front *front;
static SSL_CTX *client_context;

/* ---- certificates and connections ---- */

static SSL_CTX *server_context(const char *name)
{
    SSL_CTX *c = SSL_CTX_new(TLS_server_method());
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x = X509_new();
    assert_true(c != NULL && key != NULL && x != NULL);
    (void)X509_set_version(x, 2);
    (void)ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    (void)X509_gmtime_adj(X509_getm_notBefore(x), -60);
    (void)X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    X509_NAME *subject = X509_get_subject_name(x);
    (void)X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
    (void)X509_set_issuer_name(x, subject);
    (void)X509_set_pubkey(x, key);
    assert_true(X509_sign(x, key, EVP_sha256()) > 0);
    assert_int_equal(SSL_CTX_use_certificate(c, x), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(c, key), 1);
    (void)SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS);
    X509_free(x);
    EVP_PKEY_free(key);
    return c;
}

static int prepare(void **state)
{
    (void)state;
    client_context = SSL_CTX_new(TLS_client_method());
    front = front_prepare();
    front->listener[0].tls = server_context("first");
    front->listener[0].http2 = true;
    return 0;
}

static int finish(void **state)
{
    (void)state;
    SSL_CTX *c = front->listener[0].tls;
    front_close(front);
    SSL_CTX_free(c);
    SSL_CTX_free(client_context);
    return 0;
}

struct client {
    SSL *ssl;
    int fd;
};

static struct client dial(const char *alpn, const char *sni)
{
    struct client c = {SSL_new(client_context), front_connect(front)};
    struct timeval patience = {2, 0};
    (void)setsockopt(c.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    unsigned char wire[32];
    wire[0] = (unsigned char)strlen(alpn);
    memcpy(wire + 1, alpn, strlen(alpn));
    (void)SSL_set_alpn_protos(c.ssl, wire, wire[0] + 1u);
    char name[64]; /* OpenSSL's macro casts const away */
    if (sni != NULL && snprintf(name, sizeof name, "%s", sni) > 0) (void)SSL_set_tlsext_host_name(c.ssl, name);
    (void)SSL_set_fd(c.ssl, c.fd);
    assert_int_equal(SSL_connect(c.ssl), 1);
    return c;
}

static void hang_up(struct client *c)
{
    SSL_free(c->ssl);
    close(c->fd);
}

/* ---- frames ---- */

struct bytes {
    unsigned char at[65536];
    size_t len;
};

static void put(struct bytes *b, const void *at, size_t len)
{
    memcpy(b->at + b->len, at, len);
    b->len += len;
}

static void frame(struct bytes *b, int type, int flags, unsigned stream, const void *payload, size_t len)
{
    unsigned char head[9] = {(unsigned char)(len >> 16),    (unsigned char)(len >> 8),    (unsigned char)len,
                             (unsigned char)type,           (unsigned char)flags,         (unsigned char)(stream >> 24),
                             (unsigned char)(stream >> 16), (unsigned char)(stream >> 8), (unsigned char)stream};
    put(b, head, sizeof head);
    put(b, payload, len);
}

static void field(struct bytes *block, const char *name, const char *value)
{
    unsigned char lens[3] = {0, (unsigned char)strlen(name), (unsigned char)strlen(value)};
    assert_true(strlen(name) < 127 && strlen(value) < 127);
    put(block, lens, 2);
    put(block, name, strlen(name));
    put(block, lens + 2, 1);
    put(block, value, strlen(value));
}

enum {
    DATA = 0,
    HEADERS = 1,
    RST = 3,
    SETTINGS = 4,
    GOAWAY = 7,
    END_STREAM = 1,
    END_HEADERS = 4
};

static void hello(struct bytes *b)
{
    put(b, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 24);
    frame(b, SETTINGS, 0, 0, "", 0);
}

/* "name\nvalue\nname\nvalue" in one head block */
static void request(struct bytes *b, unsigned stream, const char *fields, bool end)
{
    static struct bytes block;
    char copy[4096];
    block.len = 0;
    (void)snprintf(copy, sizeof copy, "%s", fields);
    for (char *name = copy; name != NULL && *name != '\0';) {
        char *value = strchr(name, '\n'), *next;
        *value++ = '\0';
        next = strchr(value, '\n');
        if (next != NULL) *next++ = '\0';
        field(&block, name, value);
        name = next;
    }
    frame(b, HEADERS, END_HEADERS | (end ? END_STREAM : 0), stream, block.at, block.len);
}

static bool read_all(SSL *ssl, unsigned char *to, size_t len)
{
    while (len != 0) {
        int n = SSL_read(ssl, to, (int)len);
        if (n <= 0) return false;
        to += n;
        len -= (size_t)n;
    }
    return true;
}

struct reply {
    int status; /* 200, 400, 1: another; 0: none */
    bool reset, goaway, closed, ended;
    char body[4096];
    size_t len;
};

/* Reads frames until that stream has ended, or the connection has. */
static struct reply hear(SSL *ssl, unsigned stream)
{
    struct reply r = {0};
    static unsigned char payload[1 << 16];
    while (!r.ended && !r.reset) {
        unsigned char head[9];
        if (!read_all(ssl, head, sizeof head)) {
            r.closed = true;
            return r;
        }
        size_t len = (size_t)head[0] << 16 | (size_t)head[1] << 8 | head[2];
        unsigned id = (unsigned)head[5] << 24 | (unsigned)head[6] << 16 | (unsigned)head[7] << 8 | head[8];
        assert_true(len < sizeof payload && read_all(ssl, payload, len));
        r.goaway = r.goaway || head[3] == GOAWAY;
        if (id != stream) continue;
        r.reset = head[3] == RST;
        if (head[3] == HEADERS) r.status = payload[0] == 0x88 ? 200 : payload[0] == 0x8c ? 400 : 1;
        if (head[3] == DATA && r.len + len < sizeof r.body) {
            memcpy(r.body + r.len, payload, len);
            r.len += len;
        }
        r.ended = (head[3] == HEADERS || head[3] == DATA) && (head[4] & END_STREAM) != 0;
    }
    return r;
}

static struct bytes out;

static struct reply ask(const char *fields)
{
    struct client c = dial("h2", NULL);
    out.len = 0;
    hello(&out);
    request(&out, 1, fields, true);
    assert_true(SSL_write(c.ssl, out.at, (int)out.len) > 0);
    struct reply r = hear(c.ssl, 1);
    hang_up(&c);
    return r;
}

/* ---- cases ---- */

#define ASK(method, path, authority) ":method\n" method "\n:scheme\nhttps\n:path\n" path "\n:authority\n" authority

static void requests_become_exchanges_or_are_refused(void **state)
{
    (void)state;
    front_open(front);
    static const struct {
        const char *fields;
        int status; /* 0: no answer but a reset or the end of the connection */
    } cases[] = {
        {ASK("GET",                                    "/echo",         "a.example"),                                       200                                                               },
        {ASK("GET",                                    "/echo?a=b",     "a.example:443"),                                   200                                                               },
        {ASK("GET",                                    "/echo",         "a.example") "\nhost\na.example",                   200                                                               },
        {ASK("GET",                                    "/echo",         "a.example") "\nte\ntrailers",                      200                                                               },
        {ASK("GET",                                    "/echo",         "a.example") "\nhost\nb.example",                   200                                                               }, /* nobody sees it: :authority rules */
        {ASK("GET",                                    "echo",          "a"),                                               400                                                               },
        {ASK("GET",                                    "",              "a"),                                               400                                                               },
        {ASK("GET",                                    "http://a/echo", "a"),                                               400                                                               },
        {ASK("GET",                                    "/e cho",        "a"),                                               400                                                               },
        {ASK("GET",                                    "/x HTTP/1.1",   "a"),                                               400                                                               },
        {ASK("GET",                                    "/echo#f",       "a"),                                               400                                                               },
        {ASK("GET",                                    "/e\tcho",       "a"),                                               400                                                               },
        {ASK("",                                       "/echo",         "a"),                                               400                                                               },
        {ASK("GET /admin HTTP/1.1",                    "/echo",         "a"),                                               400                                                               },
        {ASK("get",                                    "/echo",         "a"),                                               400                                                               },
        {ASK("TRACE",                                  "/echo",         "a"),                                               400                                                               },
        {ASK("CONNECT",                                "/echo",         "a"),                                               400                                                               },
        {ASK("GET",                                    "/echo",         ""),                                                400                                                               },
        {ASK("GET",                                    "/echo",         "u@a"),                                             400                                                               },
        {ASK("GET",                                    "/echo",         "a/b"),                                             400                                                               },
        {ASK("GET",                                    "/echo",         "a b"),                                             400                                                               },
        {ASK("GET",                                    "/echo",         "a:0"),                                             400                                                               },
        {":method\nGET\n:scheme\nhttps\n:path\n/echo", 400            },
        {":method\nGET\n:scheme\nhttp\n:path\n/echo\n:authority\na",                                            400                                                  },
        {ASK("GET",                                            "/echo",                                                   "a") "\n\nvalue",                                                   400                                                           },
        {ASK("GET",                                            "/echo",                                                   "a") "\nx y\nvalue", 400},
        {ASK("GET",                                            "/echo",                                                   "a") "\nx:y\nvalue",                                                   400},
        {ASK("GET",                                            "/echo",                                                   "a") "\nx-a\n leading",                                                   400                                               },
        {ASK("GET",                                            "/echo",                                                   "a") "\nx-a\na\rb",                                                   400                                                        },
        {ASK("GET",                                            "/echo",                                                   "a") "\nX-A\nvalue",                                                   0 },
        {ASK("GET",                                            "/echo",                                                   "a") "\nconnection\nclose",                                                   0},
        {ASK("GET",                                            "/echo",                                                   "a") "\ntransfer-encoding\nchunked",                                                   0                                       },
        {ASK("GET",                                            "/echo",                                                   "a") "\n:path\n/admin",                                                   0                                        },
        {ASK("GET",                                            "/echo",     "a") "\n:odd\nx",                                                   0     },
    };
    int wrong = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct reply r = ask(cases[i].fields);
        if (r.status != cases[i].status) {
            print_error("%zu: %d instead of %d: %s\n", i, r.status, cases[i].status, cases[i].fields);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

static void what_a_handler_sees_is_like_http1(void **state)
{
    (void)state;
    front_open(front);
    struct reply r = ask(ASK("GET", "/echo?x=1", "A.Example"));
    assert_string_equal(r.body, "GET /echo?x=1 a.example 20 0 ");
    r = ask(ASK("GET", "/headers", "a") "\ncookie\na=1\nx-auth_user\neve\ncookie\nb=2\nx.auth\neve\nx-good\nyes");
    assert_string_equal(r.body, "cookie: a=1; b=2\nx-good: yes\n");
    r = ask(ASK("GET", "/chunks", "a"));
    assert_int_equal(r.status, 1);
    assert_string_equal(r.body, "onetwo");
    r = ask(ASK("HEAD", "/echo", "a"));
    assert_int_equal(r.status, 200);
    assert_int_equal(r.len, 0);
}

static void bodies_arrive_and_have_their_limit(void **state)
{
    (void)state;
    front->conf.limits.body_bytes = 100;
    front_open(front);
    static char body[101];
    memset(body, 'b', sizeof body);
    for (size_t size = 100; size <= 101; size++) {
        struct client c = dial("h2", NULL);
        out.len = 0;
        hello(&out);
        request(&out, 1, ASK("POST", "/echo", "a"), false);
        frame(&out, DATA, END_STREAM, 1, body, size);
        assert_true(SSL_write(c.ssl, out.at, (int)out.len) > 0);
        struct reply r = hear(c.ssl, 1);
        if (size == 100)
            assert_int_equal(memcmp(r.body, "POST /echo a 20 100 bbb", 23), 0);
        else
            assert_true(r.status != 200);
        hang_up(&c);
    }
    assert_true(front_alone(front));
    assert_int_equal(server_counts(front->server).body_bytes, 0);
}

static void a_dropped_stream_leaves_the_others_alone(void **state)
{
    (void)state;
    front_open(front);
    struct client c = dial("h2", NULL);
    out.len = 0;
    hello(&out);
    request(&out, 1, ASK("GET", "/drop", "a"), true);
    request(&out, 3, ASK("GET", "/short", "a"), true);
    request(&out, 5, ASK("GET", "/later", "a"), true);
    assert_true(SSL_write(c.ssl, out.at, (int)out.len) > 0);
    struct reply r = hear(c.ssl, 5);
    assert_int_equal(r.status, 200);
    assert_string_equal(r.body, "later");
    hang_up(&c);
    assert_true(front_until(&front_done, 3));
    assert_true(atomic_load(&front_aborted) >= 1);
}

static void streams_reset_before_their_answer_end_the_connection(void **state)
{
    (void)state;
    front->conf.limits.h2_resets = 20;
    front_open(front);
    struct client c = dial("h2", NULL);
    out.len = 0;
    hello(&out);
    for (unsigned i = 0; i < 200; i++) {
        request(&out, 2 * i + 1, ASK("GET", "/hang", "a"), true);
        frame(&out, RST, 0, 2 * i + 1, "\0\0\0\x08", 4);
    }
    assert_true(SSL_write(c.ssl, out.at, (int)out.len) > 0);
    struct reply r = hear(c.ssl, 999);
    assert_true(r.closed);
    assert_true(front_refused_for("streams reset before their answer"));
    assert_true(front_alone(front));
    assert_true(atomic_load(&front_done) <= 22);
    assert_int_equal(atomic_load(&front_done), atomic_load(&front_closed_arenas));
    hang_up(&c);
    assert_int_equal(ask(ASK("GET", "/echo", "a")).status, 200);
}

static void a_window_update_of_zero_counts_as_a_reset(void **state)
{
    (void)state;
    front->conf.limits.h2_resets = 10;
    front_open(front);
    struct client c = dial("h2", NULL);
    out.len = 0;
    hello(&out);
    for (unsigned i = 0; i < 100; i++) {
        request(&out, 2 * i + 1, ASK("GET", "/hang", "a"), true);
        frame(&out, 8, 0, 2 * i + 1, "\0\0\0\0", 4);
    }
    assert_true(SSL_write(c.ssl, out.at, (int)out.len) > 0);
    assert_true(hear(c.ssl, 999).closed);
    assert_true(front_alone(front));
    assert_true(atomic_load(&front_done) <= 40);
    hang_up(&c);
}

static void a_client_that_leaves_ends_its_exchanges(void **state)
{
    (void)state;
    front_open(front);
    struct client c = dial("h2", NULL);
    out.len = 0;
    hello(&out);
    request(&out, 1, ASK("GET", "/hang", "a"), true);
    request(&out, 3, ASK("GET", "/hang", "a"), true);
    assert_true(SSL_write(c.ssl, out.at, (int)out.len) > 0);
    for (int i = 0; i < FRONT_PATIENCE_MS && server_counts(front->server).requests_in_flight < 2; i++)
        usleep(1000);
    hang_up(&c);
    assert_true(front_until(&front_closed_arenas, 2));
    assert_true(front_alone(front));
}

static void idle_connections_end_even_when_they_ping(void **state)
{
    (void)state;
    front->conf.limits.idle_ms = 200;
    front_open(front);
    struct client c = dial("h2", NULL);
    out.len = 0;
    hello(&out);
    assert_true(SSL_write(c.ssl, out.at, (int)out.len) > 0);
    int64_t began = now_ms();
    struct timeval patience = {0, 20000};
    (void)setsockopt(c.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    while (server_counts(front->server).connections != 0 && now_ms() - began < FRONT_PATIENCE_MS) {
        out.len = 0;
        frame(&out, 6, 0, 0, "12345678", 8);
        (void)SSL_write(c.ssl, out.at, (int)out.len);
        usleep(10000);
    }
    assert_in_range(now_ms() - began, 150, 1500);
    hang_up(&c);
}

static void a_body_that_stops_coming_ends_the_connection(void **state)
{
    (void)state;
    front->conf.limits.body_idle_ms = 150;
    front->conf.limits.idle_ms = 60000;
    front_open(front);
    struct client c = dial("h2", NULL);
    out.len = 0;
    hello(&out);
    request(&out, 1, ASK("POST", "/echo", "a"), false);
    assert_true(SSL_write(c.ssl, out.at, (int)out.len) > 0);
    assert_true(hear(c.ssl, 1).closed);
    assert_true(front_refused_for("body too slow"));
    hang_up(&c);
}

/* Twenty streams of one connection send 56 KiB each and end none: together more than all bodies in flight may have. */
static void bodies_that_come_side_by_side_are_bounded_together(void **state)
{
    (void)state;
    enum {
        STREAMS = 20,
        FRAMES = 16,
        FRAME = 8192
    };
    front->conf.limits.body_bytes = 1 << 20;
    front->conf.limits.body_total_bytes = 512 * 1024;
    front->conf.limits.body_idle_ms = 400; /* the sweep comes every 100 ms */
    front_open(front);
    struct client c = dial("h2", NULL);
    out.len = 0;
    hello(&out);
    for (uint32_t i = 0; i < STREAMS; i++) {
        request(&out, 1 + 2 * i, ASK("POST", "/echo", "a"), false);
    }
    assert_true(SSL_write(c.ssl, out.at, (int)out.len) > 0);
    static const char zeros[FRAME];
    bool cut = false;
    for (int round = 0; round < FRAMES && !cut; round++) {
        for (uint32_t i = 0; i < STREAMS && !cut; i++) {
            out.len = 0;
            frame(&out, 0 /* DATA */, 0, 1 + 2 * i, zeros, round < 7 ? FRAME : 1);
            cut = SSL_write(c.ssl, out.at, (int)out.len) <= 0;
        }
        usleep(60000);
    }
    assert_true(front_refused_for("too many bytes of bodies at the same time"));
    hang_up(&c);
}

static void *stop_it(void *arg)
{
    *(int *)arg = server_stop(front->server, 0, 3000);
    return NULL;
}

static void a_stop_says_goaway_and_finishes_what_runs(void **state)
{
    (void)state;
    front_open(front);
    struct client c = dial("h2", NULL);
    pthread_t thread;
    int cut = -1;
    out.len = 0;
    hello(&out);
    request(&out, 1, ASK("GET", "/later", "a"), true);
    assert_true(SSL_write(c.ssl, out.at, (int)out.len) > 0);
    usleep(10000);
    assert_int_equal(pthread_create(&thread, NULL, stop_it, &cut), 0);
    struct reply r = hear(c.ssl, 1);
    assert_int_equal(r.status, 200);
    assert_true(r.goaway);
    (void)pthread_join(thread, NULL);
    assert_int_equal(cut, 0);
    hang_up(&c);
}

/* ---- TLS itself ---- */

static void http1_over_tls_works_and_knows_the_name_asked_for(void **state)
{
    (void)state;
    front_open(front);
    struct client c = dial("http/1.1", "App.Example");
    const char *text = "GET /sni HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    char answer[1024] = {0};
    size_t len = 0;
    assert_true(SSL_write(c.ssl, text, (int)strlen(text)) > 0);
    for (int n; (n = SSL_read(c.ssl, answer + len, (int)(sizeof answer - 1 - len))) > 0;)
        len += (size_t)n;
    assert_int_equal(front_status(answer), 200);
    assert_non_null(strstr(answer, "\r\n\r\napp.example"));
    hang_up(&c);
    assert_true(front_alone(front));
}

static void a_listener_without_http2_does_not_offer_it(void **state)
{
    (void)state;
    front->listener[0].http2 = false;
    front_open(front);
    struct client c = {SSL_new(client_context), front_connect(front)};
    (void)SSL_set_alpn_protos(c.ssl, (const unsigned char *)"\2h2\x8http/1.1", 12);
    (void)SSL_set_fd(c.ssl, c.fd);
    assert_int_equal(SSL_connect(c.ssl), 1);
    const unsigned char *chosen;
    unsigned len;
    SSL_get0_alpn_selected(c.ssl, &chosen, &len);
    assert_int_equal(len, 8);
    hang_up(&c);
}

static void new_connections_get_a_swapped_certificate(void **state)
{
    (void)state;
    front_open(front);
    struct client old = dial("http/1.1", NULL);
    SSL_CTX *second = server_context("second");
    tls_context *swap[1] = {second};
    server_swap_tls(front->server, swap, 1);
    SSL_CTX_free(second);
    struct client new = dial("http/1.1", NULL);
    char name[32];
    X509 *x = SSL_get1_peer_certificate(new.ssl);
    (void)X509_NAME_get_text_by_NID(X509_get_subject_name(x), NID_commonName, name, sizeof name);
    assert_string_equal(name, "second");
    X509_free(x);
    char answer[64] = {0};
    const char *text = "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n";
    assert_true(SSL_write(old.ssl, text, (int)strlen(text)) > 0);
    assert_true(SSL_read(old.ssl, answer, sizeof answer - 1) > 0);
    assert_int_equal(front_status(answer), 200);
    hang_up(&old);
    hang_up(&new);
}

static void plain_bytes_and_silence_on_a_tls_port_end(void **state)
{
    (void)state;
    front->conf.limits.handshake_ms = 150;
    front_open(front);
    char answer[256];
    bool closed;
    int fd = front_connect(front);
    front_say(fd, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    (void)front_hear(fd, answer, sizeof answer, NULL, FRONT_PATIENCE_MS, &closed);
    assert_true(closed);
    assert_int_equal(front_status(answer), 0);
    close(fd);
    fd = front_connect(front);
    (void)front_hear(fd, answer, sizeof answer, NULL, FRONT_PATIENCE_MS, &closed);
    assert_true(closed);
    close(fd);
    assert_true(front_alone(front));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, prepare, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(requests_become_exchanges_or_are_refused),
        TEST(what_a_handler_sees_is_like_http1),
        TEST(bodies_arrive_and_have_their_limit),
        TEST(a_dropped_stream_leaves_the_others_alone),
        TEST(streams_reset_before_their_answer_end_the_connection),
        TEST(a_window_update_of_zero_counts_as_a_reset),
        TEST(a_client_that_leaves_ends_its_exchanges),
        TEST(idle_connections_end_even_when_they_ping),
        TEST(a_body_that_stops_coming_ends_the_connection),
        TEST(bodies_that_come_side_by_side_are_bounded_together),
        TEST(a_stop_says_goaway_and_finishes_what_runs),
        TEST(http1_over_tls_works_and_knows_the_name_asked_for),
        TEST(a_listener_without_http2_does_not_offer_it),
        TEST(new_connections_get_a_swapped_certificate),
        TEST(plain_bytes_and_silence_on_a_tls_port_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
