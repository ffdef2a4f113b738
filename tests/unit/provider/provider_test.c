/* provider_test.c -- whole sign-ins against a scripted provider on loopback, and what it may do to us: every fault of the OpenID relying party
 * list that travels over the wire, rotation, silence, floods, two workers at once. */
#include "provider/provider.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "../fetch/server_kit.h"
#include "descriptor_kit.h"
#include "provider/provider_state.h"
#include "text/encode.h"

#include "base/now.h"

enum {
    PATIENCE_MS = 8000
};

static struct arena *arena;
static struct loop *loop;
static struct fetch *fetch;
static struct kit *kit;
static struct provider provider;
static struct descriptor *described; /* the provider's: may be changed between calls */
static struct provider_env env;

/* ---- the provider: what it says now, and what it was asked ---- */

enum endpoint {
    DISCOVERY,
    KEYS,
    TOKEN,
    USERINFO,
    ENDPOINTS
};
static _Atomic int asked[ENDPOINTS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
    struct signing_key *signing, *published;
    const char *issuer_suffix; /* put behind the issuer in the metadata */
    const char *more_metadata;
    int status[ENDPOINTS]; /* 0: 200 */
    const char *headers[ENDPOINTS];
    int delay_ms[ENDPOINTS];
    const char *claims;  /* "name":value pairs put behind the standard ones */
    const char *without; /* a standard claim left out */
    const char *iss_suffix, *aud, *nonce, *typ, *alg_none;
    const char *userinfo, *token_body;
    bool cut_token, break_signature;
} said;
static char seen_token_head[4096], seen_token_body[4096], seen_userinfo_head[4096];

static void add_claim(struct buf *b, const char *name, const char *value)
{
    if (said.without != NULL && strcmp(said.without, name) == 0) return;
    buf_print(b, "%s\"%s\":%s", b->len == 1 ? "" : ",", name, value);
}

static struct slice id_token(struct arena *a)
{
    struct buf b = buf_open(8192);
    char text[200];
    buf_byte(&b, '{');
    (void)snprintf(text, sizeof text, "\"http://localhost:%d%s\"", kit->port,
                   said.iss_suffix != NULL ? said.iss_suffix : "");
    add_claim(&b, "iss", text);
    add_claim(&b, "sub", "\"alice\"");
    add_claim(&b, "aud", said.aud != NULL ? said.aud : "\"client\"");
    add_claim(&b, "nonce", said.nonce != NULL ? said.nonce : "\"nonce-1\"");
    (void)snprintf(text, sizeof text, "%lld", (long long)now_s() + 300);
    add_claim(&b, "exp", text);
    (void)snprintf(text, sizeof text, "%lld", (long long)now_s());
    add_claim(&b, "iat", text);
    if (said.claims != NULL) buf_print(&b, ",%s", said.claims);
    buf_byte(&b, '}');
    struct slice payload = arena_copy(a, buf_slice(&b));
    buf_close(&b);
    if (said.alg_none != NULL)
        return arena_print(a, "%.*s.%.*s.", SLICE_ARG(base64url_encode(a, slice_of(said.alg_none))),
                           SLICE_ARG(base64url_encode(a, payload)));
    struct slice token = jws_sign(a, said.signing, slice_of(said.typ != NULL ? said.typ : "JWT"), payload);
    if (!said.break_signature) return token;
    char *broken = arena_bytes(a, token.len);
    memcpy(broken, token.at, token.len);
    broken[token.len - 20] = broken[token.len - 20] == 'A' ? 'B' : 'A';
    return (struct slice){broken, token.len};
}

static struct slice answer_of(struct arena *a, enum endpoint e)
{
    int port = kit->port;
    switch (e) {
    case DISCOVERY:
        return arena_print(
            a,
            "{\"issuer\":\"http://localhost:%d%s\",\"authorization_endpoint\":\"http://localhost:%d/a\",\"token_endpoint\":"
            "\"http://localhost:%d/t\",\"jwks_uri\":\"http://localhost:%d/k\",\"userinfo_endpoint\":\"http://localhost:%d/u\"%s}",
            port, said.issuer_suffix != NULL ? said.issuer_suffix : "", port, port, port, port,
            said.more_metadata != NULL ? said.more_metadata : "");
    case KEYS: return arena_print(a, "{\"keys\":[%.*s]}", SLICE_ARG(signing_key_jwk(a, said.published)));
    case TOKEN:
        if (said.token_body != NULL) return slice_of(said.token_body);
        return arena_print(
            a,
            "{\"access_token\":\"at-1\",\"token_type\":\"Bearer\",\"expires_in\":60,\"refresh_token\":\"rt-1\",\"id_token\":\"%.*s\"}",
            SLICE_ARG(id_token(a)));
    default:
        return slice_of(said.userinfo != NULL ? said.userinfo
                                              : "{\"sub\":\"alice\",\"name\":\"Alice\",\"email\":\"a@b.example\"}");
    }
}

static void note(char *to, struct slice s)
{
    size_t len = s.len < 4095 ? s.len : 4095;
    if (len != 0) memcpy(to, s.at, len);
    to[len] = '\0';
}

static bool script(struct kit_request *r)
{
    static const struct slice paths[] = {LIT_INIT("/.well-known/openid-configuration"), LIT_INIT("/k"), LIT_INIT("/t"),
                                         LIT_INIT("/u")};
    enum endpoint e = DISCOVERY;
    while (e < ENDPOINTS && !slice_is(paths[e], r->path))
        e++;
    if (e == ENDPOINTS) return false;
    asked[e]++;
    pthread_mutex_lock(&lock);
    if (e == TOKEN) note(seen_token_head, r->head);
    if (e == TOKEN) note(seen_token_body, r->body);
    if (e == USERINFO) note(seen_userinfo_head, r->head);
    struct arena *a = arena_open(1 << 20);
    struct slice body = answer_of(a, e);
    const char *headers = said.headers[e] != NULL ? said.headers[e] : "Content-Type: application/json\r\n";
    int status = said.status[e] != 0 ? said.status[e] : 200, delay_ms = said.delay_ms[e];
    bool cut = e == TOKEN && said.cut_token;
    pthread_mutex_unlock(&lock);
    for (int i = 0; i < delay_ms / 5 && !r->kit->stop; i++)
        usleep(5000);
    if (!cut) kit_answer(r, status, headers, arena_text(a, body));
    arena_close(a);
    return !cut;
}

/* ---- the harness ---- */

struct call {
    struct flow flow;
    const struct provider *p;
    struct slice iss, url;
    struct authorized to;
    bool empty_code;
    struct grant grant;
    const struct err *why;
    bool ended;
};

static void ended(struct flow *f, const struct err *why)
{
    struct call *c = f->self;
    c->why = why;
    c->ended = true;
}

static enum flow_next do_authorize(struct flow *f)
{
    struct call *c = f->self;
    struct authorize_ask q = {.redirect_uri = LIT("https://gw.example/cb"),
                              .state = LIT("S"),
                              .nonce = LIT("nonce-1"),
                              .verifier = LIT("V")};
    return provider_authorize(f, c->p, &env, &q, &c->to);
}

static enum flow_next do_check(struct flow *f)
{
    struct call *c = f->self;
    return provider_check_issuer(f, c->p, &env, c->iss);
}

static enum flow_next do_redeem(struct flow *f)
{
    struct call *c = f->self;
    struct redeem_ask q = {.redirect_uri = LIT("https://gw.example/cb"),
                           .code = LIT("code&x=1"),
                           .verifier = LIT("V"),
                           .nonce = LIT("nonce-1")};
    if (c->empty_code) q.code = LIT("");
    return provider_redeem(f, c->p, &env, &q, &c->grant);
}

static enum flow_next do_leave(struct flow *f)
{
    struct call *c = f->self;
    struct end_session_ask q = {.id_token_hint = LIT("e.y.J"), .post_logout_redirect_uri = LIT("https://gw.example/")};
    return provider_end_session(f, c->p, &env, &q, &c->url);
}

static enum flow_next do_probe(struct flow *f)
{
    struct call *c = f->self;
    return provider_probe(f, c->p, &env);
}

static const struct flow_step authorize_steps[] = {
    {"test/authorize", do_authorize}
};
static const struct flow_step check_steps[] = {
    {"test/check", do_check}
};
static const struct flow_step redeem_steps[] = {
    {"test/redeem", do_redeem}
};
static const struct flow_step leave_steps[] = {
    {"test/leave", do_leave}
};
static const struct flow_step probe_steps[] = {
    {"test/probe", do_probe}
};

static struct call *begin(const struct flow_step *steps)
{
    struct call *c = arena_new(arena, struct call);
    c->p = &provider;
    flow_start(&c->flow, arena, steps, 1, ended, c);
    return c;
}

static void wait_for(const struct call *c)
{
    int64_t until_ms = now_ms() + PATIENCE_MS;
    while (!c->ended && now_ms() < until_ms)
        loop_turn(loop, 20);
    assert_true(c->ended);
    pthread_mutex_lock(&lock); /* what the script read of `said`, it has read before we write it anew */
    pthread_mutex_unlock(&lock);
}

static struct call *run(const struct flow_step *steps)
{
    struct call *c = begin(steps);
    wait_for(c);
    return c;
}

static void works(const struct flow_step *steps)
{
    struct call *c = run(steps);
    if (c->why != NULL) fail_msg("%.*s", SLICE_ARG(err_story(arena, c->why)));
}

static void fails(const struct flow_step *steps, enum problem problem, const char *text)
{
    struct call *c = run(steps);
    if (c->why == NULL) fail_msg("it worked, though: %s", text);
    struct slice story = err_story(arena, c->why);
    if (c->why->problem != problem || slice_find(story, slice_of(text)) == SLICE_NONE)
        fail_msg("%.*s: %.*s", SLICE_ARG(problem_word(c->why->problem)), SLICE_ARG(story));
    assert_true(slice_find(story, LIT("at-1")) == SLICE_NONE && slice_find(story, LIT("s3c:ret")) == SLICE_NONE);
    assert_int_equal(c->grant.tokens.access_token.len, 0);
}

static int set_up(void **state)
{
    (void)state;
    memset(&said, 0, sizeof said);
    for (int i = 0; i < ENDPOINTS; i++)
        asked[i] = 0;
    arena = arena_open(256 << 20);
    loop = loop_open();
    said.signing = said.published = signing_key_make();
    kit = kit_start(script, NULL, NULL);
    must(fetch_open(arena, &(struct fetch_conf){0}, &fetch) == NULL);
    env = (struct provider_env){fetch, loop};
    described = kit_descriptor(
        arena, "oidc",
        arena_print(arena, "{ issuer: \"http://localhost:%d\", authorize: { scopes: [openid] }, id_token: { algorithms: [ES256] } }",
                    kit->port)
            .at);
    provider = (struct provider){.id = LIT("op"),
                                 .issuer = arena_print(arena, "http://localhost:%d", kit->port),
                                 .client_id = LIT("client"),
                                 .client_secret = secret_copy(LIT("s3c:ret+\xc3\xa9")),
                                 .descriptor = described,
                                 .clock_skew_s = 60,
                                 .timeout_ms = 3000,
                                 .allow_private = true,
                                 .allow_http = true};
    provider.state = provider_state_open(&provider, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    provider_state_leave(provider.state, loop);
    fetch_close(fetch);
    kit_stop(kit);
    loop_turn(loop, 0);
    arena_close(arena);
    provider_state_drop(provider.state);
    loop_close(loop);
    secret_close(&provider.client_secret);
    if (said.published != said.signing) signing_key_close(said.published);
    signing_key_close(said.signing);
    return 0;
}

/* ---- the good way ---- */

static void a_sign_in_from_discovery_to_identity(void **state)
{
    (void)state;
    struct call *a = run(authorize_steps);
    assert_null(a->why);
    assert_true(slice_starts(
        a->to.url, arena_print(arena, "http://localhost:%d/a?client_id=client&redirect_uri=https%%3A", kit->port)));

    struct call *c = run(redeem_steps);
    assert_null(c->why);
    assert_true(slice_is(c->grant.identity.subject, LIT("alice")));
    assert_true(slice_is(c->grant.identity.issuer, provider.issuer));
    assert_true(slice_is(c->grant.identity.name, LIT("Alice")));
    assert_true(slice_is(c->grant.identity.email, LIT("a@b.example")));
    assert_true(slice_is(c->grant.tokens.access_token, LIT("at-1")));
    assert_true(slice_is(c->grant.tokens.refresh_token, LIT("rt-1")));
    assert_true(c->grant.tokens.id_token.len > 100);
    assert_true(c->grant.tokens.expires_s >= now_s() + 55 && c->grant.tokens.expires_s <= now_s() + 60);

    assert_non_null(strstr(seen_token_head, "Authorization: Basic Y2xpZW50OnMzYyUzQXJldCUyQiVDMyVBOQ=="));
    assert_string_equal(
        seen_token_body,
        "grant_type=authorization_code&code=code%26x%3D1&redirect_uri=https%3A%2F%2Fgw.example%2Fcb&code_verifier=V");
    assert_non_null(strstr(seen_userinfo_head, "Authorization: Bearer at-1"));
    assert_non_null(strstr(seen_userinfo_head, "GET /u HTTP"));
    for (int i = 0; i < ENDPOINTS; i++)
        assert_int_equal(asked[i], 1);
}

static void what_was_learned_is_not_asked_again(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++)
        works(redeem_steps);
    assert_int_equal(asked[DISCOVERY], 1);
    assert_int_equal(asked[KEYS], 1);
    assert_int_equal(asked[TOKEN], 5);
}

static void a_client_authenticates_as_configured(void **state)
{
    (void)state;
    described->token.auth = CLIENT_AUTH_POST;
    works(redeem_steps);
    assert_null(strstr(seen_token_head, "Authorization"));
    assert_non_null(strstr(seen_token_body, "&client_id=client&client_secret=s3c%3Aret%2B%C3%A9"));
    described->token.auth = CLIENT_AUTH_NONE;
    works(redeem_steps);
    assert_null(strstr(seen_token_head, "Authorization"));
    assert_non_null(strstr(seen_token_body, "&client_id=client"));
    assert_null(strstr(seen_token_body, "client_secret"));
    described->pkce = PKCE_NONE;
    works(redeem_steps);
    assert_null(strstr(seen_token_body, "code_verifier"));
}

static void without_userinfo_the_token_alone_speaks(void **state)
{
    (void)state;
    described->profile.request_count = 0;
    said.claims = "\"name\":\"From Token\",\"sid\":\"session-9\"";
    struct call *c = run(redeem_steps);
    assert_null(c->why);
    assert_true(slice_is(c->grant.identity.name, LIT("From Token")));
    assert_true(slice_is(c->grant.sid, LIT("session-9")));
    assert_int_equal(asked[USERINFO], 0);
}

static void configured_endpoints_need_no_discovery(void **state)
{
    (void)state;
    provider_state_drop(provider.state);
    provider.descriptor = described = kit_descriptor(
        arena, "oidc",
        arena_print(arena,
                    "{ issuer: \"http://localhost:%d\", id_token: { algorithms: [ES256] }, endpoints: { authorization: "
                    "\"http://localhost:%d/a\", token: \"http://localhost:%d/t\", jwks: \"http://localhost:%d/k\" } }",
                    kit->port, kit->port, kit->port, kit->port)
            .at);
    provider.state = provider_state_open(&provider, NULL);
    works(redeem_steps);
    works(authorize_steps);
    assert_int_equal(asked[DISCOVERY], 0);
    assert_int_equal(asked[USERINFO], 0);
}

/* ---- tokens that must not be believed ---- */

static void refused_before_userinfo(const char *text)
{
    asked[USERINFO] = 0;
    fails(redeem_steps, PROBLEM_PROVIDER_BROKEN, text);
    assert_int_equal(asked[USERINFO], 0);
}

static void id_tokens_that_lack_or_twist_a_claim_are_refused_before_userinfo(void **state)
{
    (void)state;
    said.nonce = "\"nonce-11\"";
    refused_before_userinfo("nonce");
    said.nonce = NULL;
    said.iss_suffix = "1";
    refused_before_userinfo("iss");
    said.iss_suffix = NULL;
    said.aud = "\"client1\"";
    refused_before_userinfo("aud");
    said.aud = NULL;
    static const char *const claims[] = {"iss", "sub", "aud", "exp", "iat", "nonce"};
    for (size_t i = 0; i < sizeof claims / sizeof claims[0]; i++) {
        said.without = claims[i];
        refused_before_userinfo(claims[i]);
    }
    said.without = NULL;
    said.typ = "at+jwt";
    refused_before_userinfo("typ");
    said.typ = NULL;
    said.claims = "\"at_hash\":\"AAAAAAAAAAAAAAAAAAAAAA\"";
    refused_before_userinfo("at_hash");
    said.claims = "\"events\":{}";
    refused_before_userinfo("logout token");
    said.claims = NULL;
    works(redeem_steps);
}

static void signatures_that_do_not_verify_are_refused_before_userinfo(void **state)
{
    (void)state;
    said.break_signature = true;
    refused_before_userinfo("not verified");
    said.break_signature = false;
    said.alg_none = "{\"alg\":\"none\"}";
    refused_before_userinfo("not verified");
    said.alg_none = "{\"alg\":\"HS256\"}";
    refused_before_userinfo("not verified");
    said.alg_none = NULL;
    described->id_token.algorithms = JOSE_RS256;
    refused_before_userinfo("not verified");
    described->id_token.algorithms = JOSE_ES256;
    works(redeem_steps);
    assert_true(asked[KEYS] <= 2); /* the first time, and one look for a newer set */
}

static void userinfo_about_somebody_else_is_refused(void **state)
{
    (void)state;
    said.userinfo = "{\"sub\":\"mallory\"}";
    fails(redeem_steps, PROBLEM_PROVIDER_BROKEN, "another sub");
    said.userinfo = "{\"name\":\"x\"}";
    fails(redeem_steps, PROBLEM_PROVIDER_BROKEN, "no sub");
    said.userinfo = "[]";
    fails(redeem_steps, PROBLEM_PROVIDER_BROKEN, "not a JSON object");
    said.userinfo = NULL;
    said.headers[USERINFO] = "Content-Type: application/jwt\r\n";
    fails(redeem_steps, PROBLEM_PROVIDER_BROKEN, "cannot be read");
    said.headers[USERINFO] = NULL;
    said.status[USERINFO] = 401;
    fails(redeem_steps, PROBLEM_PROVIDER_BROKEN, "401");
    said.status[USERINFO] = 500;
    fails(redeem_steps, PROBLEM_PROVIDER_AWAY, "500");
}

/* ---- token endpoint ---- */

static void a_code_is_sent_once_whatever_happens(void **state)
{
    (void)state;
    works(authorize_steps);
    said.cut_token = true;
    fails(redeem_steps, PROBLEM_PROVIDER_AWAY, "/t");
    assert_int_equal(asked[TOKEN], 1);
    said.cut_token = false;
    said.status[TOKEN] = 503;
    fails(redeem_steps, PROBLEM_PROVIDER_AWAY, "503");
    assert_int_equal(asked[TOKEN], 2);
    said.status[TOKEN] = 302;
    fails(redeem_steps, PROBLEM_PROVIDER_BROKEN, "redirect");
    assert_int_equal(asked[TOKEN], 3);
}

static void without_a_code_nothing_is_asked(void **state)
{
    (void)state;
    struct call *c = arena_new(arena, struct call);
    c->p = &provider;
    c->empty_code = true;
    flow_start(&c->flow, arena, redeem_steps, 1, ended, c);
    assert_true(c->ended);
    assert_int_equal(c->why->problem, PROBLEM_BAD_REQUEST);
    assert_int_equal(kit->connections, 0);
}

static void token_errors_tell_the_operator(void **state)
{
    (void)state;
    said.status[TOKEN] = 401;
    said.token_body = "{\"error\":\"invalid_client\",\"error_description\":\"s3c:ret is wrong\"}";
    described->token.auth = CLIENT_AUTH_POST;
    struct call *c = run(redeem_steps);
    assert_int_equal(c->why->problem, PROBLEM_PROVIDER_MISCONFIGURED);
    assert_true(slice_find(c->why->text, LIT("client_secret")) != SLICE_NONE);
    said.status[TOKEN] = 200;
    said.token_body = "{\"error\":\"invalid_grant\"}";
    fails(redeem_steps, PROBLEM_PROVIDER_BROKEN, "used before");
    assert_int_equal(asked[KEYS], 0);
}

/* ---- keys ---- */

static void rotated_keys_are_found_with_one_fetch(void **state)
{
    (void)state;
    works(redeem_steps);
    struct signing_key *old = said.signing;
    pthread_mutex_lock(&lock);
    said.signing = said.published = signing_key_make();
    pthread_mutex_unlock(&lock);
    works(redeem_steps);
    works(redeem_steps);
    assert_int_equal(asked[KEYS], 2);
    signing_key_close(old);
}

static void a_key_nobody_publishes_causes_one_fetch_a_minute(void **state)
{
    (void)state;
    works(redeem_steps);
    said.signing = signing_key_make();
    for (int i = 0; i < 10; i++)
        fails(redeem_steps, PROBLEM_PROVIDER_BROKEN, "not verified");
    assert_int_equal(asked[KEYS], 2);
}

static void a_key_set_that_cannot_be_used_is_broken(void **state)
{
    (void)state;
    said.status[KEYS] = 404;
    fails(redeem_steps, PROBLEM_PROVIDER_BROKEN, "404");
    fails(redeem_steps, PROBLEM_PROVIDER_BROKEN, "a moment ago");
    assert_int_equal(asked[KEYS], 1);
}

/* ---- discovery ---- */

static void another_issuer_in_the_metadata_stops_before_the_authorization_request(void **state)
{
    (void)state;
    said.issuer_suffix = "/";
    fails(authorize_steps, PROBLEM_PROVIDER_BROKEN, "issuer");
}

static void a_dead_provider_is_asked_seldom_and_refused_quickly(void **state)
{
    (void)state;
    said.status[DISCOVERY] = 500;
    fails(authorize_steps, PROBLEM_PROVIDER_AWAY, "500");
    for (int i = 0; i < 50; i++) {
        struct call *c = begin(authorize_steps);
        assert_true(c->ended); /* at once */
        assert_int_equal(c->why->problem, PROBLEM_PROVIDER_AWAY);
    }
    assert_int_equal(asked[DISCOVERY], 1);
    said.status[DISCOVERY] = 0;
    usleep((LEARNED_RETRY_LEAST_MS + 50) * 1000);
    works(authorize_steps);
    assert_int_equal(asked[DISCOVERY], 2);
}

static void retry_after_is_respected_up_to_a_limit(void **state)
{
    (void)state;
    said.status[DISCOVERY] = 429;
    said.headers[DISCOVERY] = "Retry-After: 100\r\n";
    fails(authorize_steps, PROBLEM_PROVIDER_AWAY, "429");
    int64_t wait_ms = provider.state->metadata.retry_ms - now_ms();
    assert_true(wait_ms > 90000 && wait_ms <= 100000);
    provider.state->metadata.retry_ms = 0;
    said.headers[DISCOVERY] = "Retry-After: 99999999\r\n";
    fails(authorize_steps, PROBLEM_PROVIDER_AWAY, "429");
    wait_ms = provider.state->metadata.retry_ms - now_ms();
    assert_true(wait_ms > 250000 && wait_ms <= 300000);
}

static void metadata_of_another_type_is_broken(void **state)
{
    (void)state;
    said.headers[DISCOVERY] = "Content-Type: text/html\r\n";
    fails(authorize_steps, PROBLEM_PROVIDER_BROKEN, "media type");
}

static void max_age_has_a_floor_and_a_ceiling(void **state)
{
    (void)state;
    said.headers[DISCOVERY] = "Content-Type: application/json\r\nCache-Control: no-store\r\n";
    said.headers[KEYS] = "Content-Type: application/json\r\nCache-Control: max-age=99999999\r\n";
    works(redeem_steps);
    int64_t left_ms = provider.state->metadata.fresh_ms - now_ms();
    assert_true(left_ms > 55000 && left_ms <= 60000);
    left_ms = provider.state->keys.fresh_ms - now_ms();
    assert_true(left_ms > 86000000 && left_ms <= 86400000);
}

static void an_old_copy_serves_when_the_source_fails(void **state)
{
    (void)state;
    works(redeem_steps);
    provider.state->metadata.fresh_ms = provider.state->keys.fresh_ms = 0;
    said.status[DISCOVERY] = said.status[KEYS] = 500;
    works(redeem_steps);
    works(redeem_steps);
    assert_int_equal(asked[DISCOVERY], 2);
    assert_int_equal(asked[KEYS], 2);
    provider.state->keys.old_ms = provider.state->keys.retry_ms = 0; /* but not for ever */
    fails(redeem_steps, PROBLEM_PROVIDER_AWAY, "500");
}

static void a_copy_near_its_end_is_refreshed_beside(void **state)
{
    (void)state;
    works(authorize_steps);
    provider.state->metadata.soon_ms = 0;
    struct call *c = begin(authorize_steps);
    assert_true(c->ended); /* nobody waits for it */
    int64_t until_ms = now_ms() + PATIENCE_MS;
    while (provider.state->metadata.soon_ms == 0 && now_ms() < until_ms)
        loop_turn(loop, 20);
    assert_int_equal(asked[DISCOVERY], 2);
    works(authorize_steps);
    assert_int_equal(asked[DISCOVERY], 2);
}

static void private_endpoints_need_the_operators_word(void **state)
{
    (void)state;
    provider_state_drop(provider.state);
    provider.allow_private = false;
    provider.state = provider_state_open(&provider, NULL);
    fails(authorize_steps, PROBLEM_PROVIDER_MISCONFIGURED, "allow_private");
    assert_int_equal(kit->connections, 0);
}

/* ---- iss in the answer, signing out, probing, reloading ---- */

static enum problem checked(struct slice iss)
{
    struct call *c = arena_new(arena, struct call);
    c->p = &provider;
    c->iss = iss;
    flow_start(&c->flow, arena, check_steps, 1, ended, c);
    wait_for(c);
    return c->why == NULL ? PROBLEM_NONE : c->why->problem;
}

static void iss_of_the_answer_is_checked_when_there_or_announced(void **state)
{
    (void)state;
    assert_int_equal(checked((struct slice){0}), PROBLEM_NONE);
    assert_int_equal(checked(provider.issuer), PROBLEM_NONE);
    assert_int_equal(checked(LIT("https://evil.example")), PROBLEM_BAD_REQUEST);
    assert_int_equal(checked(LIT("")), PROBLEM_BAD_REQUEST);
    said.more_metadata = ",\"authorization_response_iss_parameter_supported\":true";
    provider.state->metadata.fresh_ms = 0;
    assert_int_equal(checked((struct slice){0}), PROBLEM_BAD_REQUEST);
    assert_int_equal(checked(provider.issuer), PROBLEM_NONE);
}

static void signing_out_never_fails_for_the_providers_sake(void **state)
{
    (void)state;
    assert_false(provider_knows_end_session(&provider));
    said.status[DISCOVERY] = 500;
    struct call *c = run(leave_steps);
    assert_null(c->why);
    assert_int_equal(c->url.len, 0);
    said.status[DISCOVERY] = 0;
    said.more_metadata = ",\"end_session_endpoint\":\"https://op.example/e\"";
    provider.state->metadata.retry_ms = 0;
    c = run(leave_steps);
    assert_null(c->why);
    assert_true(slice_starts(c->url, LIT("https://op.example/e?id_token_hint=e.y.J&client_id=client&")));
    assert_true(provider_knows_end_session(&provider));
}

static void a_probe_asks_now_and_takes_no_old_copy(void **state)
{
    (void)state;
    works(probe_steps);
    works(probe_steps);
    assert_int_equal(asked[DISCOVERY], 2);
    assert_int_equal(asked[KEYS], 2);
    said.status[KEYS] = 500;
    fails(probe_steps, PROBLEM_PROVIDER_AWAY, "500");
    works(redeem_steps); /* which the old keys still serve */
}

static void a_reload_keeps_what_was_learned_from_the_same_place(void **state)
{
    (void)state;
    struct provider changed = provider;
    struct provider_state *same = provider_state_open(&changed, provider.state);
    assert_ptr_equal(same, provider.state);
    provider_state_drop(same);
    changed.descriptor = kit_descriptor(
        arena, "oidc",
        arena_print(arena, "{ issuer: \"http://localhost:%d\", endpoints: { token: \"https://op.example/t\" } }", kit->port)
            .at);
    struct provider_state *other = provider_state_open(&changed, provider.state);
    assert_ptr_not_equal(other, provider.state);
    provider_state_drop(other);
    changed = provider;
    changed.allow_private = false;
    other = provider_state_open(&changed, provider.state);
    assert_ptr_not_equal(other, provider.state);
    provider_state_drop(other);
}

/* ---- many at once ---- */

static void many_who_wait_cause_one_fetch_and_may_hang_up(void **state)
{
    (void)state;
    said.delay_ms[DISCOVERY] = 100;
    struct call *calls[50];
    for (int i = 0; i < 50; i++)
        calls[i] = begin(authorize_steps);
    for (int i = 0; i < 50; i += 2)
        flow_drop(&calls[i]->flow); /* among them the one who began the fetch */
    for (int i = 1; i < 50; i += 2) {
        wait_for(calls[i]);
        assert_null(calls[i]->why);
    }
    for (int i = 0; i < 50; i += 2)
        assert_false(calls[i]->ended);
    assert_int_equal(asked[DISCOVERY], 1);
}

static void an_exchange_that_ends_early_leaves_nothing_behind(void **state)
{
    (void)state;
    said.delay_ms[DISCOVERY] = 2;
    said.delay_ms[TOKEN] = 3;
    for (int i = 0; i < 200; i++) {
        struct arena *own = arena_open(1 << 20);
        struct call *c = arena_new(own, struct call);
        c->p = &provider;
        if (i % 3 == 0) provider.state->metadata.fresh_ms = provider.state->keys.fresh_ms = 0;
        arena_at_close(own, (void (*)(void *))flow_drop, &c->flow); /* as http/ does: registered first, run last */
        flow_start(&c->flow, own, redeem_steps, 1, ended, c);
        for (int turn = 0; turn < i % 9 && !c->ended; turn++)
            loop_turn(loop, 3);
        arena_close(own);
    }
    said.delay_ms[DISCOVERY] = said.delay_ms[TOKEN] = 0;
    works(redeem_steps);
}

struct worker {
    pthread_t thread;
    struct provider_env env;
    int good, bad;
    bool leaves; /* its loop ends while its fetch is under way */
};
enum {
    WORKER_CALLS = 20
};

struct worker_call {
    struct flow flow;
    struct worker *worker;
    struct authorized to;
};

static enum flow_next worker_authorize(struct flow *f)
{
    struct worker_call *c = f->self;
    struct authorize_ask q = {
        .redirect_uri = LIT("https://gw.example/cb"), .state = LIT("S"), .nonce = LIT("N"), .verifier = LIT("V")};
    return provider_authorize(f, &provider, &c->worker->env, &q, &c->to);
}

static void worker_ended(struct flow *f, const struct err *why)
{
    struct worker_call *c = f->self;
    if (why == NULL)
        c->worker->good++;
    else
        c->worker->bad++;
}

static const struct flow_step worker_steps[] = {
    {"test/worker", worker_authorize}
};

static void *worker_run(void *self)
{
    struct worker *w = self;
    struct arena *a = arena_open(16 << 20);
    struct worker_call *calls = arena_array(a, struct worker_call, WORKER_CALLS);
    w->env = (struct provider_env){fetch, loop_open()};
    for (int i = 0; i < WORKER_CALLS; i++) {
        calls[i].worker = w;
        flow_start(&calls[i].flow, a, worker_steps, 1, worker_ended, &calls[i]);
    }
    int64_t until_ms = now_ms() + (w->leaves ? 30 : PATIENCE_MS);
    while (w->good + w->bad < WORKER_CALLS && now_ms() < until_ms)
        loop_turn(w->env.loop, 5);
    for (int i = 0; i < WORKER_CALLS; i++)
        flow_drop(&calls[i].flow);
    provider_state_leave(provider.state, w->env.loop);
    arena_close(a);
    loop_turn(w->env.loop, 0);
    loop_close(w->env.loop);
    arena_drain();
    return NULL;
}

static void two_workers_share_one_fetch(void **state)
{
    (void)state;
    said.delay_ms[DISCOVERY] = 100;
    struct worker w[2] = {{.good = 0}, {.good = 0}};
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&w[i].thread, NULL, worker_run, &w[i]), 0);
    for (int i = 0; i < 2; i++) {
        pthread_join(w[i].thread, NULL);
        assert_int_equal(w[i].good, WORKER_CALLS);
    }
    assert_int_equal(asked[DISCOVERY], 1);
}

static void a_worker_that_stops_takes_its_fetch_along_and_others_are_told(void **state)
{
    (void)state;
    said.delay_ms[DISCOVERY] = 300;
    struct worker leaving = {.leaves = true}, staying = {.leaves = false};
    assert_int_equal(pthread_create(&leaving.thread, NULL, worker_run, &leaving), 0);
    usleep(15000); /* it has begun the fetch */
    assert_int_equal(pthread_create(&staying.thread, NULL, worker_run, &staying), 0);
    pthread_join(leaving.thread, NULL);
    pthread_join(staying.thread, NULL);
    assert_int_equal(leaving.good + leaving.bad, 0);
    assert_int_equal(staying.good + staying.bad, WORKER_CALLS); /* answered one way or the other, nobody hangs */
}

int main(void)
{
#define SIGN_IN_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        SIGN_IN_TEST(a_sign_in_from_discovery_to_identity),
        SIGN_IN_TEST(what_was_learned_is_not_asked_again),
        SIGN_IN_TEST(a_client_authenticates_as_configured),
        SIGN_IN_TEST(without_userinfo_the_token_alone_speaks),
        SIGN_IN_TEST(configured_endpoints_need_no_discovery),
        SIGN_IN_TEST(id_tokens_that_lack_or_twist_a_claim_are_refused_before_userinfo),
        SIGN_IN_TEST(signatures_that_do_not_verify_are_refused_before_userinfo),
        SIGN_IN_TEST(userinfo_about_somebody_else_is_refused),
        SIGN_IN_TEST(a_code_is_sent_once_whatever_happens),
        SIGN_IN_TEST(without_a_code_nothing_is_asked),
        SIGN_IN_TEST(token_errors_tell_the_operator),
        SIGN_IN_TEST(rotated_keys_are_found_with_one_fetch),
        SIGN_IN_TEST(a_key_nobody_publishes_causes_one_fetch_a_minute),
        SIGN_IN_TEST(a_key_set_that_cannot_be_used_is_broken),
        SIGN_IN_TEST(another_issuer_in_the_metadata_stops_before_the_authorization_request),
        SIGN_IN_TEST(a_dead_provider_is_asked_seldom_and_refused_quickly),
        SIGN_IN_TEST(retry_after_is_respected_up_to_a_limit),
        SIGN_IN_TEST(metadata_of_another_type_is_broken),
        SIGN_IN_TEST(max_age_has_a_floor_and_a_ceiling),
        SIGN_IN_TEST(an_old_copy_serves_when_the_source_fails),
        SIGN_IN_TEST(a_copy_near_its_end_is_refreshed_beside),
        SIGN_IN_TEST(private_endpoints_need_the_operators_word),
        SIGN_IN_TEST(iss_of_the_answer_is_checked_when_there_or_announced),
        SIGN_IN_TEST(signing_out_never_fails_for_the_providers_sake),
        SIGN_IN_TEST(a_probe_asks_now_and_takes_no_old_copy),
        SIGN_IN_TEST(a_reload_keeps_what_was_learned_from_the_same_place),
        SIGN_IN_TEST(many_who_wait_cause_one_fetch_and_may_hang_up),
        SIGN_IN_TEST(an_exchange_that_ends_early_leaves_nothing_behind),
        SIGN_IN_TEST(two_workers_share_one_fetch),
        SIGN_IN_TEST(a_worker_that_stops_takes_its_fetch_along_and_others_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
