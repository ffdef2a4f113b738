/* fetch_test.c -- one question after the other to a scripted server: what is accepted, what is not, and that nobody is left hanging. */
#include "fetch/fetch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "server_kit.h"
#include "tls_kit.h"

#include "base/now.h"

enum {
    PATIENCE_MS = 8000
};

static struct arena *arena;
static struct loop *loop;
static struct fetch *fetch;
static struct kit *kit;
static _Atomic int held; /* requests whose answer the script holds back */

/* ---- the script ---- */

static bool drip(struct kit_request *r)
{
    kit_text(r, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n");
    for (int i = 0; i < 200 && !r->kit->stop; i++) {
        kit_text(r, " ");
        usleep(10000);
    }
    return false;
}

static bool flood(struct kit_request *r, const char *head)
{
    static const char block[16384];
    kit_text(r, head);
    for (int i = 0; i < 64 && !r->kit->stop; i++)
        kit_write(r, block, sizeof block);
    return false;
}

static bool reset(struct kit_request *r)
{
    struct linger l = {1, 0};
    setsockopt(r->fd, SOL_SOCKET, SO_LINGER, &l, sizeof l);
    return false;
}

static bool hold(struct kit_request *r)
{
    held++;
    for (int i = 0; i < 500 && !r->kit->stop; i++)
        usleep(10000);
    return false;
}

static bool echo(struct kit_request *r)
{
    struct buf b = buf_open(KIT_REQUEST_MAX);
    buf_print(&b, "%.*s\n\n%.*s", SLICE_ARG(r->head), SLICE_ARG(r->body));
    buf_byte(&b, '\0');
    kit_answer(r, 200, "Content-Type: text/plain\r\n", b.at);
    buf_close(&b);
    return true;
}

static bool script(struct kit_request *r)
{
    struct slice p = r->path;
    if (slice_is(p, LIT("/good")))
        kit_answer(r, 200, "Content-Type: application/json\r\nCache-Control: max-age=77\r\n", "{\"a\":1}");
    if (slice_is(p, LIT("/echo"))) return echo(r);
    if (slice_is(p, LIT("/html"))) kit_answer(r, 200, "Content-Type: text/html\r\n", "<p>");
    if (slice_is(p, LIT("/gzip")))
        kit_answer(r, 200, "Content-Type: application/json\r\nContent-Encoding: gzip\r\n", "\x1f\x8b");
    if (slice_is(p, LIT("/redirect")))
        kit_answer(r, 302, "Location: /good\r\nContent-Type: application/json\r\n", "{}");
    if (slice_is(p, LIT("/busy"))) kit_answer(r, 429, "Retry-After: 9\r\nContent-Type: application/json\r\n", "{}");
    if (slice_is(p, LIT("/error"))) kit_json(r, 400, "{\"error\":\"invalid_grant\"}");
    if (slice_is(p, LIT("/drip"))) return drip(r);
    if (slice_is(p, LIT("/huge")))
        return flood(r, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1048576\r\n\r\n");
    if (slice_is(p, LIT("/endless")))
        return flood(r, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n");
    if (slice_is(p, LIT("/cut"))) {
        kit_text(r, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"a\"");
        return false;
    }
    if (slice_is(p, LIT("/heads"))) {
        for (int i = 0; i < 4000; i++)
            kit_text(r, i == 0 ? "HTTP/1.1 200 OK\r\n" : "X-Padding: 0123456789012345678901234567890123456789\r\n");
        return false;
    }
    if (slice_is(p, LIT("/nonsense"))) {
        kit_text(r, "220 mail.example ESMTP\r\n");
        return false;
    }
    if (slice_is(p, LIT("/reset"))) return reset(r);
    if (slice_is(p, LIT("/hang"))) return hold(r);
    return true;
}

/* ---- asking ---- */

struct asked {
    struct flow flow;
    struct fetch_ask ask;
    struct fetch_answer answer;
    const struct err *why;
    bool ended;
};

static enum flow_next ask_step(struct flow *f)
{
    struct asked *a = f->self;
    return fetch_ask(f, fetch, loop, &a->ask, &a->answer);
}

static const struct flow_step steps[] = {
    {"test/ask", ask_step}
};

static void ended(struct flow *f, const struct err *why)
{
    struct asked *a = f->self;
    a->why = why;
    a->ended = true;
}

static struct fetch_ask question(const char *scheme, const char *path)
{
    return (struct fetch_ask){.method = LIT("GET"),
                              .url = arena_print(arena, "%s://localhost:%d%s", scheme, kit->port, path),
                              .accept_type = LIT("application/json"),
                              .max_bytes = 10000,
                              .timeout_ms = 3000,
                              .allow_private = true,
                              .allow_http = true};
}

static void wait_for(const bool *done)
{
    int64_t until_ms = now_ms() + PATIENCE_MS;
    while (!*done && now_ms() < until_ms)
        loop_turn(loop, 50);
    assert_true(*done);
}

static struct asked *begin(struct fetch_ask ask)
{
    struct asked *a = arena_new(arena, struct asked);
    a->ask = ask;
    flow_start(&a->flow, arena, steps, 1, ended, a);
    return a;
}

static struct asked *asked(struct fetch_ask ask)
{
    struct asked *a = begin(ask);
    wait_for(&a->ended);
    return a;
}

static void fails(struct fetch_ask ask, enum problem problem, const char *text)
{
    struct asked *a = asked(ask);
    assert_non_null(a->why);
    struct slice story = err_story(arena, a->why);
    if (a->why->problem != problem || slice_find(story, slice_of(text)) == SLICE_NONE)
        fail_msg("%.*s: %s: %.*s", SLICE_ARG(ask.url), problem_word(a->why->problem).at, SLICE_ARG(story));
    assert_int_equal(a->answer.body.len, 0);
}

static void opened(SSL_CTX *tls, const struct fetch_conf *conf)
{
    static const struct fetch_conf plain;
    arena = arena_open(64 << 20);
    loop = loop_open();
    held = 0;
    kit = kit_start(script, NULL, tls);
    assert_null(fetch_open(arena, conf != NULL ? conf : &plain, &fetch));
}

static void closed(void)
{
    fetch_close(fetch);
    kit_stop(kit);
    loop_turn(loop, 0);
    loop_close(loop);
    arena_close(arena);
}

/* ---- tests ---- */

static void a_good_answer_arrives_whole(void **state)
{
    (void)state;
    opened(NULL, NULL);
    struct asked *a = asked(question("http", "/good"));
    assert_null(a->why);
    assert_int_equal(a->answer.status, 200);
    assert_true(slice_is(a->answer.body, LIT("{\"a\":1}")));
    assert_true(slice_is(a->answer.content_type, LIT("application/json")));
    assert_int_equal(a->answer.max_age_s, 77);
    assert_int_equal(a->answer.retry_after_s, -1);
    closed();
}

static void a_post_carries_its_headers_and_body_and_nothing_of_the_environment(void **state)
{
    (void)state;
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("https_proxy", "http://127.0.0.1:1", 1);
    opened(NULL, NULL);
    struct fetch_ask ask = question("http", "/echo");
    ask.method = LIT("POST");
    ask.headers[1] = LIT("Authorization: Basic abc");
    ask.body = LIT("a=b&c=d");
    ask.accept_type = (struct slice){0};
    struct asked *a = asked(ask);
    assert_null(a->why);
    assert_true(slice_starts(a->answer.body, LIT("POST /echo HTTP/1.1\r\n")));
    assert_true(slice_find(a->answer.body, LIT("Authorization: Basic abc")) != SLICE_NONE);
    assert_true(slice_ends(a->answer.body, LIT("\n\na=b&c=d")));
    assert_true(slice_find(a->answer.body, LIT("Accept-Encoding")) == SLICE_NONE);
    assert_true(slice_find(a->answer.body, LIT("Expect")) == SLICE_NONE);
    assert_true(slice_find(a->answer.body, LIT("Cookie")) == SLICE_NONE);
    closed();
    unsetenv("http_proxy");
    unsetenv("https_proxy");
}

static void connections_are_kept_for_get_and_never_used_for_post(void **state)
{
    (void)state;
    opened(NULL, NULL);
    for (int i = 0; i < 5; i++)
        assert_null(asked(question("http", "/good"))->why);
    assert_int_equal(kit->connections, 1);
    struct fetch_ask ask = question("http", "/good");
    ask.method = LIT("POST");
    assert_null(asked(ask)->why);
    assert_int_equal(kit->connections, 2);
    closed();
}

static void answers_nobody_asked_for_are_errors(void **state)
{
    (void)state;
    opened(NULL, NULL);
    fails(question("http", "/html"), PROBLEM_PROVIDER_BROKEN, "media type");
    fails(question("http", "/gzip"), PROBLEM_PROVIDER_BROKEN, "compressed");
    fails(question("http", "/redirect"), PROBLEM_PROVIDER_BROKEN, "302");
    fails(question("http", "/error"), PROBLEM_PROVIDER_BROKEN, "400");
    fails(question("http", "/huge"), PROBLEM_PROVIDER_BROKEN, "larger than 10000");
    fails(question("http", "/endless"), PROBLEM_PROVIDER_BROKEN, "larger than 10000");
    fails(question("http", "/heads"), PROBLEM_PROVIDER_BROKEN, "headers are larger");
    fails(question("http", "/cut"), PROBLEM_PROVIDER_AWAY, "localhost");
    fails(question("http", "/nonsense"), PROBLEM_PROVIDER_BROKEN, "not HTTP");
    closed();
}

static void an_error_answer_is_taken_when_asked_for(void **state)
{
    (void)state;
    opened(NULL, NULL);
    struct fetch_ask ask = question("http", "/error");
    ask.accept_errors = true;
    struct asked *a = asked(ask);
    assert_null(a->why);
    assert_int_equal(a->answer.status, 400);
    assert_true(slice_is(a->answer.body, LIT("{\"error\":\"invalid_grant\"}")));
    closed();
}

static void a_busy_provider_is_away_and_says_for_how_long(void **state)
{
    (void)state;
    opened(NULL, NULL);
    struct asked *a = asked(question("http", "/busy"));
    assert_non_null(a->why);
    assert_int_equal(a->why->problem, PROBLEM_PROVIDER_AWAY);
    assert_int_equal(a->answer.status, 429);
    assert_int_equal(a->answer.retry_after_s, 9);
    closed();
}

static void every_status_but_a_redirect_is_an_answer_to_who_judges_it_alone(void **state)
{
    (void)state;
    opened(NULL, NULL);
    struct fetch_ask ask = question("http", "/busy");
    ask.accept_type = (struct slice){0};
    ask.accept_statuses = true;
    ask.kept[0] = LIT("X-Absent");
    ask.kept[2] = LIT("RETRY-after");
    struct asked *a = asked(ask);
    assert_null(a->why);
    assert_int_equal(a->answer.status, 429);
    assert_int_equal(a->answer.retry_after_s, 9);
    assert_int_equal(a->answer.kept[0].len, 0);
    assert_true(slice_is(a->answer.kept[2], LIT("9")));
    ask.url = question("http", "/error").url;
    a = asked(ask);
    assert_null(a->why);
    assert_int_equal(a->answer.status, 400);
    assert_int_equal(a->answer.kept[2].len, 0);
    ask.url = question("http", "/redirect").url;
    fails(ask, PROBLEM_PROVIDER_BROKEN, "302");
    ask.url = question("http", "/gzip").url;
    fails(ask, PROBLEM_PROVIDER_BROKEN, "compressed");
    closed();
}

static void a_get_that_may_be_sent_once_has_a_connection_of_its_own(void **state)
{
    (void)state;
    opened(NULL, NULL);
    assert_null(asked(question("http", "/good"))->why); /* a kept connection waits */
    struct fetch_ask ask = question("http", "/good");
    ask.once = true;
    assert_null(asked(ask)->why);
    assert_int_equal(kit->connections, 2);
    int before = kit->requests;
    ask.url = question("http", "/reset").url;
    fails(ask, PROBLEM_PROVIDER_AWAY, "/reset");
    assert_int_equal(kit->requests - before, 1);
    closed();
}

static void delete_and_put_are_sent_as_such_with_and_without_a_body(void **state)
{
    (void)state;
    opened(NULL, NULL);
    struct fetch_ask ask = question("http", "/echo");
    ask.accept_type = (struct slice){0};
    ask.method = LIT("DELETE");
    struct asked *a = asked(ask);
    assert_null(a->why);
    assert_true(slice_starts(a->answer.body, LIT("DELETE /echo HTTP/1.1\r\n")));
    assert_true(slice_ends(a->answer.body, LIT("\n\n")));
    ask.body = LIT("{\"access_token\":\"x\"}");
    a = asked(ask);
    assert_null(a->why);
    assert_true(slice_starts(a->answer.body, LIT("DELETE /echo HTTP/1.1\r\n")));
    assert_true(slice_ends(a->answer.body, LIT("\n\n{\"access_token\":\"x\"}")));
    ask.method = LIT("PUT");
    a = asked(ask);
    assert_null(a->why);
    assert_true(slice_starts(a->answer.body, LIT("PUT /echo HTTP/1.1\r\n")));
    assert_int_equal(kit->connections, 3);
    closed();
}

static void slow_and_dripping_servers_meet_the_deadline(void **state)
{
    (void)state;
    opened(NULL, NULL);
    static const char *const paths[] = {"/hang", "/drip"};
    for (size_t i = 0; i < 2; i++) {
        struct fetch_ask ask = question("http", paths[i]);
        ask.timeout_ms = 200;
        ask.max_bytes = 200000;
        int64_t began_ms = now_ms();
        fails(ask, PROBLEM_PROVIDER_AWAY, "in time");
        assert_true(now_ms() - began_ms < 1500);
    }
    closed();
}

static void a_post_that_is_reset_is_sent_once(void **state)
{
    (void)state;
    opened(NULL, NULL);
    assert_null(asked(question("http", "/good"))->why); /* a kept connection waits */
    int before = kit->requests;
    struct fetch_ask ask = question("http", "/reset");
    ask.method = LIT("POST");
    ask.body = LIT("code=once");
    fails(ask, PROBLEM_PROVIDER_AWAY, "/reset");
    assert_int_equal(kit->requests - before, 1);
    closed();
}

static void nobody_listening_is_away(void **state)
{
    (void)state;
    opened(NULL, NULL);
    struct fetch_ask ask = question("http", "/good");
    ask.url = LIT("http://127.0.0.1:1/good?secret=1");
    fails(ask, PROBLEM_PROVIDER_AWAY, "127.0.0.1");
    ask.url = LIT("http://no-such-host.invalid/");
    fails(ask, PROBLEM_PROVIDER_AWAY, "no-such-host.invalid");
    closed();
}

static void what_cannot_be_asked_is_refused_at_once(void **state)
{
    (void)state;
    opened(NULL, NULL);
    struct fetch_ask ask = question("http", "/good");
    ask.allow_http = false;
    fails(ask, PROBLEM_PROVIDER_MISCONFIGURED, "allow_http");
    static const char *const urls[] = {
        "file:///etc/passwd", "gopher://localhost/", "https://user:pw@localhost/", "https://localhost/#x", "",
        "//localhost/"};
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        ask.url = slice_of(urls[i]);
        fails(ask, PROBLEM_PROVIDER_MISCONFIGURED, "cannot be asked");
    }
    assert_int_equal(kit->connections, 0);
    closed();
}

static void private_addresses_need_the_operators_word(void **state)
{
    (void)state;
    opened(NULL, NULL);
    struct fetch_ask ask = question("http", "/good");
    ask.allow_private = false;
    fails(ask, PROBLEM_PROVIDER_MISCONFIGURED, "allow_private");
    static const char *const hosts[] = {"127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "2130706433", "127.1"};
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        ask.url = arena_print(arena, "http://%s:%d/good", hosts[i], kit->port);
        struct asked *a = asked(ask);
        assert_non_null(a->why);
    }
    assert_int_equal(kit->connections, 0);
    closed();
}

static void a_kept_connection_does_not_lend_its_rights(void **state)
{
    (void)state;
    opened(NULL, NULL);
    assert_null(asked(question("http", "/good"))->why);
    struct fetch_ask ask = question("http", "/good");
    ask.allow_private = false;
    fails(ask, PROBLEM_PROVIDER_MISCONFIGURED, "allow_private");
    assert_int_equal(kit->requests, 1);
    closed();
}

static void tls_is_verified_by_name_authority_and_date(void **state)
{
    (void)state;
    struct tls_kit k = tls_kit_open();
    struct fetch_conf conf = {.ca_file = k.ca_file};

    opened(tls_kit_server(&k, "DNS:localhost", -60, 3600), &conf);
    assert_null(asked(question("https", "/good"))->why);
    struct fetch_ask ask = question("https", "/good");
    ask.url = arena_print(arena, "https://127.0.0.1:%d/good", kit->port);
    fails(ask, PROBLEM_PROVIDER_AWAY, "not trusted");
    ask = question("https", "/good");
    ask.ca_file = "/nowhere/ca.pem";
    fails(ask, PROBLEM_PROVIDER_MISCONFIGURED, "ca_file");
    int requests = kit->requests;
    assert_int_equal(requests, 1);
    closed();

    opened(tls_kit_server(&k, "DNS:localhost", -60, 3600), NULL); /* the system's authorities do not know ours */
    fails(question("https", "/good"), PROBLEM_PROVIDER_AWAY, "not trusted");
    ask = question("https", "/good");
    ask.ca_file = k.ca_file;
    assert_null(asked(ask)->why);
    closed();

    opened(tls_kit_server(&k, "DNS:localhost", -7200, -3600), &conf);
    fails(question("https", "/good"), PROBLEM_PROVIDER_AWAY, "expired");
    assert_int_equal(kit->requests, 0);
    closed();

    opened(tls_kit_server(&k, "DNS:other.example", -60, 3600), &conf);
    fails(question("https", "/good"), PROBLEM_PROVIDER_AWAY, "not trusted");
    assert_int_equal(kit->requests, 0);
    closed();

    SSL_CTX *old = tls_kit_server(&k, "DNS:localhost", -60, 3600);
    SSL_CTX_set_max_proto_version(old, TLS1_1_VERSION);
    SSL_CTX_set_security_level(old, 0);
    opened(old, &conf);
    fails(question("https", "/good"), PROBLEM_PROVIDER_AWAY, "TLS");
    assert_int_equal(kit->requests, 0);
    closed();
    tls_kit_close(&k);
}

static void plain_text_where_tls_is_asked_is_away(void **state)
{
    (void)state;
    opened(NULL, NULL);
    fails(question("https", "/good"), PROBLEM_PROVIDER_AWAY, "TLS");
    closed();
}

static void no_more_than_eight_run_at_once_and_all_are_served(void **state)
{
    (void)state;
    opened(NULL, NULL);
    struct asked *hanging[20];
    for (int i = 0; i < 20; i++)
        hanging[i] = begin(question("http", "/hang"));
    int64_t until_ms = now_ms() + 400;
    while (now_ms() < until_ms)
        loop_turn(loop, 20);
    assert_int_equal(held, FETCH_HOST_RUNNING);
    struct fetch_ask late = question("http", "/good");
    late.timeout_ms = 150;
    fails(late, PROBLEM_PROVIDER_AWAY, "no turn came in time");
    for (int i = 0; i < 20; i++)
        flow_drop(&hanging[i]->flow);
    assert_null(asked(question("http", "/good"))->why);
    closed();
}

static void beyond_the_line_of_one_host_is_refused_at_once_and_others_are_not_hurt(void **state)
{
    (void)state;
    opened(NULL, NULL);
    struct asked *all[FETCH_HOST_ASKED + 1];
    for (int i = 0; i <= FETCH_HOST_ASKED; i++)
        all[i] = begin(question("http", "/hang"));
    assert_false(all[0]->ended);
    assert_true(all[FETCH_HOST_ASKED]->ended);
    assert_int_equal(all[FETCH_HOST_ASKED]->why->problem, PROBLEM_PROVIDER_AWAY);
    struct fetch_ask other = question("http", "/good");
    other.url = arena_print(arena, "http://127.0.0.1:%d/good", kit->port); /* another origin */
    assert_null(asked(other)->why);
    for (int i = 0; i <= FETCH_HOST_ASKED; i++)
        flow_drop(&all[i]->flow);
    closed();
}

static void hanging_up_at_any_moment_is_safe(void **state)
{
    (void)state;
    opened(NULL, NULL);
    for (int i = 0; i < 1000; i++) {
        struct arena *own = arena_open(1 << 20);
        struct asked *a = arena_new(own, struct asked);
        a->ask = question("http", i % 3 == 0 ? "/good" : i % 3 == 1 ? "/cut" : "/hang");
        flow_start(&a->flow, own, steps, 1, ended, a);
        if (i % 7 != 0) usleep((unsigned)(i * 37 % 900));
        if (i % 2 == 0) loop_turn(loop, 0);
        flow_drop(&a->flow);
        arena_close(own);
    }
    loop_turn(loop, 20);
    assert_null(asked(question("http", "/good"))->why);
    closed();
}

static void questions_under_way_are_forgotten_at_the_end(void **state)
{
    (void)state;
    opened(NULL, NULL);
    struct asked *a = begin(question("http", "/hang"));
    for (int i = 0; i < 100 && held == 0; i++)
        usleep(5000);
    fetch_close(fetch);
    flow_drop(&a->flow);
    assert_false(a->ended);
    assert_null(fetch_open(arena, &(struct fetch_conf){0}, &fetch));
    closed();
}

/* ---- a proxy ---- */

static struct kit *proxy;

static bool proxy_script(struct kit_request *r)
{
    /* says no to the tunnel: enough to see what it was asked */
    kit_answer(r, slice_is(r->method, LIT("CONNECT")) ? 403 : 500, "", "");
    return false;
}

static void a_configured_proxy_is_asked_for_a_tunnel_and_only_for_public_hosts(void **state)
{
    (void)state;
    proxy = kit_start(proxy_script, NULL, NULL);
    char url[64];
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d", proxy->port);
    struct fetch_conf conf = {.proxy = url, .no_proxy = "localhost"};
    opened(NULL, &conf);
    struct fetch_ask ask = question("https", "/good");
    ask.url = LIT("https://op.example/good");
    ask.allow_private = false;
    fails(ask, PROBLEM_PROVIDER_AWAY, "op.example");
    assert_int_equal(proxy->requests, 1);
    ask.url = LIT("https://169.254.169.254/latest");
    fails(ask, PROBLEM_PROVIDER_MISCONFIGURED, "allow_private");
    ask.url = LIT("https://2130706433/");
    fails(ask, PROBLEM_PROVIDER_MISCONFIGURED, "cannot be asked");
    assert_int_equal(proxy->requests, 1);
    assert_null(asked(question("http", "/good"))->why); /* listed in no_proxy: asked directly ... */
    ask = question("http", "/good");
    ask.allow_private = false; /* ... and so guarded by its address */
    fails(ask, PROBLEM_PROVIDER_MISCONFIGURED, "allow_private");
    closed();
    kit_stop(proxy);
}

static void a_proxy_that_is_no_url_is_a_mistake(void **state)
{
    (void)state;
    struct arena *a = arena_open(1 << 20);
    struct fetch *none = NULL;
    const struct err *e = fetch_open(a, &(struct fetch_conf){.proxy = "socks5://x:1"}, &none);
    assert_non_null(e);
    assert_int_equal(e->problem, PROBLEM_CONFIG);
    assert_null(none);
    arena_close(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_answer_arrives_whole),
        cmocka_unit_test(a_post_carries_its_headers_and_body_and_nothing_of_the_environment),
        cmocka_unit_test(connections_are_kept_for_get_and_never_used_for_post),
        cmocka_unit_test(answers_nobody_asked_for_are_errors),
        cmocka_unit_test(an_error_answer_is_taken_when_asked_for),
        cmocka_unit_test(a_busy_provider_is_away_and_says_for_how_long),
        cmocka_unit_test(every_status_but_a_redirect_is_an_answer_to_who_judges_it_alone),
        cmocka_unit_test(a_get_that_may_be_sent_once_has_a_connection_of_its_own),
        cmocka_unit_test(delete_and_put_are_sent_as_such_with_and_without_a_body),
        cmocka_unit_test(slow_and_dripping_servers_meet_the_deadline),
        cmocka_unit_test(a_post_that_is_reset_is_sent_once),
        cmocka_unit_test(nobody_listening_is_away),
        cmocka_unit_test(what_cannot_be_asked_is_refused_at_once),
        cmocka_unit_test(private_addresses_need_the_operators_word),
        cmocka_unit_test(a_kept_connection_does_not_lend_its_rights),
        cmocka_unit_test(tls_is_verified_by_name_authority_and_date),
        cmocka_unit_test(plain_text_where_tls_is_asked_is_away),
        cmocka_unit_test(no_more_than_eight_run_at_once_and_all_are_served),
        cmocka_unit_test(beyond_the_line_of_one_host_is_refused_at_once_and_others_are_not_hurt),
        cmocka_unit_test(hanging_up_at_any_moment_is_safe),
        cmocka_unit_test(questions_under_way_are_forgotten_at_the_end),
        cmocka_unit_test(a_configured_proxy_is_asked_for_a_tunnel_and_only_for_public_hosts),
        cmocka_unit_test(a_proxy_that_is_no_url_is_a_mistake),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
