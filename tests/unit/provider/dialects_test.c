/* dialects_test.c -- sign-ins by descriptors of our own making, question by question: what goes out, what may come back, and that it ends where it
 * must. The egress is played: this program is linked with --wrap=fetch_ask. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/pem.h>

#include "../crypto/jws_maker.h"
#include "crypto/digest.h"
#include "descriptor_kit.h"
#include "provider/provider.h"
#include "provider/provider_state.h"
#include "provider/require.h"
#include "provider/trial.h"
#include "text/form.h"

#include "base/now.h"

enum {
    PLAYED_MAX = 8
};

static struct arena *arena;
static struct loop *loop;
static struct provider provider;

/* ---- the egress: one answer after the other ---- */

static struct played {
    const char *url; /* how the question's address begins */
    int status;
    const char *body;
    bool silent; /* nobody answers */
} played[PLAYED_MAX];
static size_t next;
static struct asked {
    struct slice method, url, body, authorization, accept;
    bool once;
} asked[PLAYED_MAX];

static struct slice header_of(const struct fetch_ask *ask, struct slice head)
{
    for (size_t i = 0; i < FETCH_HEADERS; i++)
        if (slice_starts(ask->headers[i], head)) return arena_copy(arena, slice_from(ask->headers[i], head.len));
    return (struct slice){NULL, 0};
}

enum flow_next __wrap_fetch_ask(struct flow *f, struct fetch *x, struct loop *l, const struct fetch_ask *ask,
                                struct fetch_answer *ret_answer);
enum flow_next __wrap_fetch_ask(struct flow *f, struct fetch *x, struct loop *l, const struct fetch_ask *ask,
                                struct fetch_answer *ret_answer)
{
    (void)x, (void)l;
    if (next == PLAYED_MAX || played[next].url == NULL) fail_msg("nobody expects %.*s", SLICE_ARG(ask->url));
    struct played *p = &played[next];
    if (!slice_starts(ask->url, slice_of(p->url))) fail_msg("%.*s, not %s", SLICE_ARG(ask->url), p->url);
    asked[next++] = (struct asked){.method = arena_copy(arena, ask->method),
                                   .url = arena_copy(arena, ask->url),
                                   .body = arena_copy(arena, ask->body),
                                   .authorization = header_of(ask, LIT("Authorization: ")),
                                   .accept = header_of(ask, LIT("Accept: ")),
                                   .once = ask->once};
    *ret_answer = (struct fetch_answer){.retry_after_s = -1, .max_age_s = -1};
    if (p->silent) return flow_fail(f, err_new(f->arena, PROBLEM_PROVIDER_AWAY, "nobody there"));
    ret_answer->status = p->status != 0 ? p->status : 200;
    ret_answer->body = arena_copy(f->arena, slice_of(p->body));
    ret_answer->content_type = LIT("application/json");
    return FLOW_NEXT;
}

static void plays(const struct played *list, size_t count)
{
    memset(played, 0, sizeof played);
    memcpy(played, list, count * sizeof list[0]);
    next = 0;
}
#define PLAYS(...) \
    plays((const struct played[]){__VA_ARGS__}, sizeof((const struct played[]){__VA_ARGS__}) / sizeof(struct played))

/* ---- one sign-in ---- */

struct use {
    struct flow flow;
    struct provider_env env;
    struct authorized to;
    struct redeem_ask redeem;
    struct grant grant;
    struct trial trial;
    const struct err *why;
    bool ended;
};

static enum flow_next do_authorize(struct flow *f)
{
    struct use *u = f->self;
    const struct authorize_ask ask = {
        .redirect_uri = LIT("https://gw.example/cb"), .state = LIT("S"), .nonce = LIT("N"), .verifier = LIT("V")};
    return provider_authorize(f, &provider, &u->env, &ask, &u->to);
}

static enum flow_next do_redeem(struct flow *f)
{
    struct use *u = f->self;
    return provider_redeem(f, &provider, &u->env, &u->redeem, &u->grant);
}

static enum flow_next do_try(struct flow *f)
{
    struct use *u = f->self;
    return trial_run(f, &provider, &u->env, LIT("https://gw.example/cb"), &u->trial);
}

static const struct flow_step authorize_steps[] = {
    {"test/authorize", do_authorize}
};
static const struct flow_step redeem_steps[] = {
    {"test/redeem", do_redeem}
};
static const struct flow_step try_steps[] = {
    {"test/try", do_try}
};

static void ended(struct flow *f, const struct err *why)
{
    struct use *u = f->self;
    u->why = why;
    u->ended = true;
}

static struct use *run(const struct flow_step *steps)
{
    struct use *u = arena_new(arena, struct use);
    u->env.loop = loop;
    u->redeem = (struct redeem_ask){.redirect_uri = LIT("https://gw.example/cb"),
                                    .code = LIT("the-code"),
                                    .verifier = LIT("V"),
                                    .nonce = LIT("N"),
                                    .token = LIT("rt"),
                                    .token_secret = LIT("rs")};
    flow_start(&u->flow, arena, steps, 1, ended, u);
    for (int i = 0; i < 100 && !u->ended; i++)
        loop_turn(loop, 5);
    assert_true(u->ended);
    return u;
}

static struct use *works(const struct flow_step *steps)
{
    struct use *u = run(steps);
    if (u->why != NULL) fail_msg("%.*s", SLICE_ARG(err_story(arena, u->why)));
    assert_true(next == PLAYED_MAX || played[next].url == NULL); /* all were asked */
    return u;
}

static void fails(const struct flow_step *steps, enum problem problem, const char *text)
{
    struct use *u = run(steps);
    if (u->why == NULL) fail_msg("it worked, though: %s", text);
    struct slice story = err_story(arena, u->why);
    if (u->why->problem != problem || slice_find(story, slice_of(text)) == SLICE_NONE)
        fail_msg("%.*s: %.*s", SLICE_ARG(problem_word(u->why->problem)), SLICE_ARG(story));
    static const char *const secrets[] = {"the-code", "client-secret", "access-1", "request-secret"};
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++)
        assert_int_equal(slice_find(story, slice_of(secrets[i])), SLICE_NONE);
    assert_int_equal(u->grant.identity.subject.len, 0);
    assert_int_equal(u->grant.tokens.access_token.len, 0);
}

static void is(struct slice got, const char *want)
{
    if (!slice_is(got, slice_of(want))) fail_msg("got \"%.*s\", want \"%s\"", SLICE_ARG(got), want);
}

static void provider_by(const char *id, const char *overlay, const char *require)
{
    if (provider.state != NULL) provider_state_drop(provider.state);
    struct descriptor *d = kit_descriptor_with(arena, id, overlay, NULL, require);
    provider = (struct provider){.id = LIT("p"),
                                 .descriptor = d,
                                 .issuer = d->issuer,
                                 .client_id = LIT("client"),
                                 .client_secret = secret_in(arena, LIT("client-secret-of-at-least-32-bytes")),
                                 .clock_skew_s = 60,
                                 .timeout_ms = 1000,
                                 .tokens = TOKENS_SESSION};
    provider.state = provider_state_open(&provider, NULL);
}

#define ADDRESSES \
    "endpoints: { authorization: \"https://p.example/a\", token: \"https://p.example/t\", userinfo: \"https://p.example/u\" }, "
#define TOKENS "{\"access_token\":\"access-1\",\"token_type\":\"bearer\",\"expires_in\":100}"

static int set_up(void **state)
{
    (void)state;
    arena = arena_open(1024 << 20);
    loop = loop_open();
    memset(&provider, 0, sizeof provider);
    provider_by("oauth2", "{ " ADDRESSES "profile: { requests: [{ as: who, url: \"{userinfo}\" }], map: { subject: /id, name: /name } } }", NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    provider_state_leave(provider.state, loop);
    provider_state_drop(provider.state);
    provider.state = NULL;
    arena_close(arena);
    loop_turn(loop, 0);
    loop_close(loop);
    return 0;
}

/* ---- OAuth 2.0 ---- */

static void a_plain_platform_gives_a_person(void **state)
{
    (void)state;
    PLAYS({"https://p.example/t", 0, TOKENS, false}, {"https://p.example/u", 0, "{\"id\":18446744073709551,\"name\":\"Ada\"}", false});
    struct use *u = works(redeem_steps);
    is(u->grant.identity.subject, "18446744073709551");
    is(u->grant.identity.name, "Ada");
    is(u->grant.tokens.access_token, "access-1");
    assert_int_equal(u->grant.tokens.expires_s - u->grant.tokens.obtained_s, 100);
    is(asked[0].method, "POST");
    is(asked[0].accept, "application/json");
    assert_true(slice_starts(asked[0].authorization, LIT("Basic ")));
    is(asked[0].body, "grant_type=authorization_code&code=the-code&redirect_uri=https%3A%2F%2Fgw.example%2Fcb&code_verifier=V");
    assert_true(asked[0].once);
    is(asked[1].authorization, "Bearer access-1");
}

static void a_code_is_never_sent_twice_whatever_its_method(void **state)
{
    (void)state;
    provider_by("oauth2",
                "{ " ADDRESSES "authorize: { pkce: none }, token: { method: GET, auth: client_secret_post, client_id_param: appid, "
                "client_secret_param: secret, send_redirect_uri: false }, profile: { source: token, map: { subject: /openid } } }",
                NULL);
    PLAYS({"https://p.example/t?grant_type=authorization_code&code=the-code&appid=client&secret=client-secret", 0, "", true});
    fails(redeem_steps, PROBLEM_PROVIDER_AWAY, "nobody there");
    assert_int_equal(next, 1);
    assert_true(asked[0].once);
    is(asked[0].method, "GET");
    assert_int_equal(asked[0].body.len, 0);
    PLAYS({"https://p.example/t?", 503, "", false});
    fails(redeem_steps, PROBLEM_PROVIDER_AWAY, "503");
    assert_int_equal(next, 1);
}

static void an_answer_that_is_no_person_ends_it(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        const char *text;
    } cases[] = {
        {"{}", "no usable subject"}, {"{\"id\":null}", "no usable subject"}, {"{\"id\":true}", "no usable subject"},
        {"{\"id\":1.5}", "no usable subject"}, {"{\"id\":[1]}", "no usable subject"}, {"{\"id\":\"\"}", "no usable subject"},
        {"[]", "no usable subject"}, {"<html>", "cannot be read"}, {"", "cannot be read"}, {"{\"id\":1,\"id\":2}", "cannot be read"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        PLAYS({"https://p.example/t", 0, TOKENS, false}, {"https://p.example/u", 0, cases[i].body, false});
        fails(redeem_steps, PROBLEM_PROVIDER_BROKEN, cases[i].text);
    }
    PLAYS({"https://p.example/t", 0, "{\"token_type\":\"bearer\"}", false});
    fails(redeem_steps, PROBLEM_PROVIDER_BROKEN, "access_token");
}

static void a_request_that_may_fail_does_not_lose_the_sign_in(void **state)
{
    (void)state;
    provider_by("oauth2",
                "{ " ADDRESSES "profile: { requests: [{ as: who, url: \"{userinfo}\" }, { as: mails, url: \"https://p.example/m\", required: "
                "false, pick: { from: \"\", where: { /primary: true } } }], map: { subject: /id, email: \"mails:/email\", email_verified: "
                "\"mails:/ok\" } } }",
                NULL);
    const struct played tokens = {"https://p.example/t", 0, TOKENS, false}, who = {"https://p.example/u", 0, "{\"id\":1}", false};
    PLAYS(tokens, who, {"https://p.example/m", 0, "[{\"email\":\"old@x.example\"},{\"primary\":true,\"email\":\"a@x.example\",\"ok\":true}]", false});
    struct use *u = works(redeem_steps);
    is(u->grant.identity.email, "a@x.example");
    assert_true(u->grant.identity.email_verified);
    const struct played failures[] = {
        {"https://p.example/m", 404, "{}", false}, {"https://p.example/m", 500, "", false}, {"https://p.example/m", 0, "<html>", false},
        {"https://p.example/m", 0, "[{\"email\":\"x@x.example\"}]", false}, {"https://p.example/m", 0, "", true},
    };
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
        PLAYS(tokens, who, failures[i]);
        u = works(redeem_steps);
        assert_int_equal(u->grant.identity.email.len, 0);
        assert_false(u->grant.identity.email_verified);
        is(u->grant.identity.subject, "1");
    }
}

static void a_check_lets_in_who_fits_and_nobody_whose_answer_could_not_be_had(void **state)
{
    (void)state;
    provider_by("oauth2",
                "{ " ADDRESSES "profile: { requests: [{ as: who, url: \"{userinfo}\" }], map: { subject: /id } }, require: { teams: { meaning: "
                "of a team, request: { url: \"https://p.example/teams?of={me:subject}\" }, values: { each: \"teams:\", value: /name }, compare: any, "
                "ignore_case: true } } }",
                "{ teams: [Red, blue] }");
    const struct played tokens = {"https://p.example/t", 0, TOKENS, false}, who = {"https://p.example/u", 0, "{\"id\":1}", false};
    PLAYS(tokens, who, {"https://p.example/teams?of=1", 0, "[{\"name\":\"green\"},{\"name\":\"BLUE\"}]", false});
    works(redeem_steps);
    PLAYS(tokens, who, {"https://p.example/teams", 0, "[{\"name\":\"green\"}]", false});
    fails(redeem_steps, PROBLEM_NOT_A_MEMBER, "require.teams");
    PLAYS(tokens, who, {"https://p.example/teams", 0, "[]", false});
    fails(redeem_steps, PROBLEM_NOT_A_MEMBER, "require.teams");
    PLAYS(tokens, who, {"https://p.example/teams", 0, "{\"name\":\"red\"}", false});
    fails(redeem_steps, PROBLEM_NOT_A_MEMBER, "require.teams");
    PLAYS(tokens, who, {"https://p.example/teams", 500, "", false});
    fails(redeem_steps, PROBLEM_PROVIDER_AWAY, "500");
    PLAYS(tokens, who, {"https://p.example/teams", 403, "{}", false});
    fails(redeem_steps, PROBLEM_PROVIDER_MISCONFIGURED, "scopes");
}

static void checks_compare_as_they_say(void **state)
{
    (void)state;
    struct slice wanted[] = {LIT("a"), LIT("b")}, both[] = {LIT("b"), LIT("x"), LIT("a")}, one[] = {LIT("a")}, other[] = {LIT("A")};
    struct descriptor_require r = {.wanted = {wanted, 2}, .compare = REQUIRE_ALL};
    assert_true(require_holds(&r, both, 3));
    assert_false(require_holds(&r, one, 1));
    r.compare = REQUIRE_EQUALS;
    assert_true(require_holds(&r, one, 1));
    assert_false(require_holds(&r, both, 3));
    assert_false(require_holds(&r, other, 1));
    r.ignore_case = true;
    assert_true(require_holds(&r, other, 1));
    r.compare = REQUIRE_ANY;
    assert_true(require_holds(&r, both, 3));
    assert_false(require_holds(&r, NULL, 0));
    r.wanted.count = 0; /* nothing demanded is a mistake, and lets nobody in */
    r.compare = REQUIRE_ALL;
    assert_false(require_holds(&r, both, 3));
}

static void the_long_lived_token_takes_the_place_of_the_short_one(void **state)
{
    (void)state;
    provider_by("oauth2",
                "{ " ADDRESSES "profile: { requests: [{ as: who, url: \"{userinfo}\" }], map: { subject: /id } }, refresh: { kind: exchange, first: { "
                "url: \"https://p.example/x\", query: { secret: \"{client_secret}\", token: \"{access_token}\" } }, request: { url: "
                "\"https://p.example/r\", query: { token: \"{access_token}\" } } }, token: { stored: { device: \"{token:/device}\" } } }",
                NULL);
    const struct played tokens = {"https://p.example/t", 0, "{\"access_token\":\"access-1\",\"device\":\"d-7\"}", false},
                        who = {"https://p.example/u", 0, "{\"id\":1}", false};
    PLAYS(tokens, who, {"https://p.example/x?secret=client-secret-of-at-least-32-bytes&token=access-1", 0, "{\"access_token\":\"long\",\"expires_in\":5184000}", false});
    struct use *u = works(redeem_steps);
    is(u->grant.tokens.access_token, "long");
    assert_int_equal(u->grant.tokens.expires_s - u->grant.tokens.obtained_s, 5184000);
    assert_int_equal(u->grant.tokens.value_count, 1);
    is(u->grant.tokens.values[0].value, "d-7");
    provider.tokens = TOKENS_DISCARD; /* then nobody is asked */
    PLAYS(tokens, who);
    is(works(redeem_steps)->grant.tokens.access_token, "access-1");
}

/* ---- OpenID Connect ---- */

static const char *id_token_hs256(struct slice secret, const char *more)
{
    unsigned char mac[32];
    struct slice payload =
        arena_print(arena, "{\"iss\":\"https://op.example\",\"sub\":\"ada\",\"aud\":\"client\",\"exp\":%lld,\"iat\":%lld%s}",
                    (long long)now_s() + 300, (long long)now_s(), more);
    struct slice input = maker_input(arena, LIT("{\"alg\":\"HS256\"}"), payload);
    digest_hmac_sha256(secret, input, mac);
    struct slice token = maker_join(arena, input, (struct slice){(const char *)mac, 32});
    return arena_print(arena, "{\"access_token\":\"access-1\",\"token_type\":\"Bearer\",\"id_token\":\"%.*s\"}", SLICE_ARG(token)).at;
}

#define OP \
    "issuer: https://op.example, endpoints: { authorization: \"https://op.example/a\", token: \"https://op.example/t\", jwks: " \
    "\"https://op.example/k\" }, "

static void hs256_counts_only_where_the_descriptor_says_so(void **state)
{
    (void)state;
    struct slice secret = LIT("client-secret-of-at-least-32-bytes");
    provider_by("oidc", "{ " OP "id_token: { algorithms: [HS256], hs256_key: client_secret } }", NULL);
    PLAYS({"https://op.example/t", 0, id_token_hs256(secret, ",\"nonce\":\"N\""), false});
    is(works(redeem_steps)->grant.identity.subject, "ada");
    PLAYS({"https://op.example/t", 0, id_token_hs256(LIT("another-secret-of-at-least-32-bytes"), ",\"nonce\":\"N\""), false});
    fails(redeem_steps, PROBLEM_PROVIDER_BROKEN, "not verified");
    PLAYS({"https://op.example/t", 0, id_token_hs256(secret, ""), false});
    fails(redeem_steps, PROBLEM_PROVIDER_BROKEN, "nonce");
    provider_by("oidc", "{ " OP "id_token: { algorithms: [RS256] } }", NULL);
    PLAYS({"https://op.example/t", 0, id_token_hs256(secret, ",\"nonce\":\"N\""), false},
          {"https://op.example/k", 0, "{\"keys\":[{\"kty\":\"oct\",\"k\":\"Y2xpZW50LXNlY3JldC1vZi1hdC1sZWFzdC0zMi1ieXRlcw\"}]}", false});
    fails(redeem_steps, PROBLEM_PROVIDER_BROKEN, "key set");
}

static void a_provider_that_forgets_the_nonce_must_not_bring_another(void **state)
{
    (void)state;
    struct slice secret = LIT("client-secret-of-at-least-32-bytes");
    provider_by("oidc", "{ " OP "authorize: { nonce: sent }, id_token: { algorithms: [HS256], hs256_key: client_secret } }", NULL);
    PLAYS({"https://op.example/t", 0, id_token_hs256(secret, ""), false});
    works(redeem_steps);
    PLAYS({"https://op.example/t", 0, id_token_hs256(secret, ",\"nonce\":\"M\""), false});
    fails(redeem_steps, PROBLEM_PROVIDER_BROKEN, "nonce");
}

static void an_issuer_made_of_a_claim_and_guards_hold(void **state)
{
    (void)state;
    struct slice secret = LIT("client-secret-of-at-least-32-bytes");
    provider_by("oidc",
                "{ " OP "id_token: { algorithms: [HS256], hs256_key: client_secret, issuers: [\"https://{claim:realm}.op.example\", "
                "\"https://op.example\"], guards: [{ claim: realm, not: [public, \"x\"] }, { claim: kind, equals: staff }] } }",
                NULL);
    static const struct {
        const char *claims;
        const char *refused; /* NULL: not */
    } cases[] = {
        {",\"nonce\":\"N\",\"realm\":\"a\",\"kind\":\"staff\"", NULL},
        {",\"nonce\":\"N\",\"kind\":\"staff\"", NULL},
        {",\"nonce\":\"N\",\"realm\":\"public\",\"kind\":\"staff\"", "realm"},
        {",\"nonce\":\"N\",\"realm\":\"a\",\"kind\":\"guest\"", "kind"},
        {",\"nonce\":\"N\",\"realm\":\"a\"", "kind"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        PLAYS({"https://op.example/t", 0, id_token_hs256(secret, cases[i].claims), false});
        if (cases[i].refused == NULL)
            works(redeem_steps);
        else
            fails(redeem_steps, PROBLEM_PROVIDER_BROKEN, cases[i].refused);
    }
}

static struct client_key *client_key_of(const char *kind)
{
    EVP_PKEY *key = maker_key(kind);
    BIO *bio = BIO_new(BIO_s_mem());
    char *at;
    struct client_key *made;
    must(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1);
    long len = BIO_get_mem_data(bio, &at);
    must(client_key_read(arena, (struct slice){at, (size_t)len}, &made) == NULL);
    BIO_free(bio);
    EVP_PKEY_free(key);
    return made;
}

static void a_client_proves_itself_with_a_key(void **state)
{
    (void)state;
    static const struct {
        const char *auth, *param;
        bool has_jti;
    } ways[] = {
        {"private_key_jwt",         "client_assertion", true },
        {"client_secret_jwt_es256", "client_secret",    false}
    };
    for (size_t i = 0; i < 2; i++) {
        provider_by("oauth2",
                    arena_print(arena, "{ " ADDRESSES "token: { auth: %s, assertion: { key_id: k-1, lifetime_s: 60 } }, profile: { source: token, requests: [], map: { subject: /id } } }",
                                ways[i].auth)
                        .at,
                    NULL);
        struct client_key *key = client_key_of("P-256");
        provider.client_key = key;
        PLAYS({"https://p.example/t", 0, "{\"access_token\":\"access-1\",\"id\":7}", false});
        works(redeem_steps);
        struct form form;
        struct slice jwt, part, header = {NULL, 0}, claims = {NULL, 0};
        assert_null(form_read(arena, asked[0].body, &form));
        assert_int_equal(form_single(&form, slice_of(ways[i].param), &jwt), FORM_ONCE);
        struct slice rest = jwt;
        assert_true(slice_cut(&rest, '.', &part) && base64url_decode(arena, part, &header));
        assert_true(slice_cut(&rest, '.', &part) && base64url_decode(arena, part, &claims));
        struct doc *h, *c;
        int64_t iat = 0, exp = 0;
        assert_null(doc_json(arena, PROBLEM_INTERNAL, header, &h));
        assert_null(doc_json(arena, PROBLEM_INTERNAL, claims, &c));
        is(doc_string(h, LIT("kid")), "k-1");
        is(doc_string(h, LIT("alg")), "ES256");
        is(doc_string(c, LIT("iss")), "client");
        is(doc_string(c, LIT("sub")), "client");
        is(doc_string(c, LIT("aud")), "https://p.example/t");
        assert_true(doc_whole(doc_member(c, LIT("iat")), &iat) && doc_whole(doc_member(c, LIT("exp")), &exp));
        assert_int_equal(exp - iat, 60);
        assert_int_equal(doc_member(c, LIT("jti")) != NULL, ways[i].has_jti);
        assert_int_equal(asked[0].authorization.len, 0);
        provider.client_key = NULL;
        PLAYS({NULL, 0, NULL, false});
        fails(redeem_steps, PROBLEM_PROVIDER_MISCONFIGURED, "client_key_file");
        client_key_close(key);
    }
}

/* ---- OAuth 1.0a ---- */

#define HANDSHAKE "https://api.x.com/oauth/request_token"

static void with_oauth1_the_browser_goes_after_a_request_token_came(void **state)
{
    (void)state;
    provider_by("x-oauth1", NULL, NULL);
    PLAYS({HANDSHAKE, 0, "oauth_token=rt%2F1&oauth_token_secret=request-secret&oauth_callback_confirmed=true", false});
    struct use *u = works(authorize_steps);
    is(u->to.url, "https://api.x.com/oauth/authenticate?oauth_token=rt%2F1");
    is(u->to.token, "rt/1");
    is(u->to.token_secret, "request-secret");
    assert_int_equal(u->to.state.len, 43);
    assert_true(slice_starts(asked[0].authorization, LIT("OAuth oauth_callback=\"https%3A%2F%2Fgw.example%2Fcb\", ")));
    assert_int_equal(slice_find(asked[0].authorization, LIT("secret-of")), SLICE_NONE);
}

static void a_request_token_that_is_not_confirmed_is_worth_nothing(void **state)
{
    (void)state;
    provider_by("x-oauth1", NULL, NULL);
    static const struct {
        int status;
        const char *body;
        enum problem problem;
        const char *text;
    } cases[] = {
        {200, "oauth_token=rt&oauth_token_secret=rs",                                    PROBLEM_PROVIDER_BROKEN,        "oauth_callback_confirmed"},
        {200, "oauth_token=rt&oauth_token_secret=rs&oauth_callback_confirmed=false",     PROBLEM_PROVIDER_BROKEN,        "oauth_callback_confirmed"},
        {200, "oauth_token_secret=rs&oauth_callback_confirmed=true",                     PROBLEM_PROVIDER_BROKEN,        "access_token"            },
        {200, "oauth_token=a&oauth_token=b&oauth_callback_confirmed=true",               PROBLEM_PROVIDER_BROKEN,        "cannot be read"          },
        {401, "{\"errors\":[{\"code\":32,\"message\":\"Could not authenticate you.\"}]}", PROBLEM_PROVIDER_MISCONFIGURED, "client_id"              },
        {429, "",                                                                        PROBLEM_PROVIDER_AWAY,          "fewer requests"          },
        {500, "<html>",                                                                  PROBLEM_PROVIDER_AWAY,          "just now"                },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        PLAYS({HANDSHAKE, cases[i].status, cases[i].body, false});
        fails(authorize_steps, cases[i].problem, cases[i].text);
    }
}

static void with_oauth1_every_question_is_signed_anew(void **state)
{
    (void)state;
    provider_by("x-oauth1", NULL, NULL);
    PLAYS({"https://api.x.com/oauth/access_token", 0, "oauth_token=access-1&oauth_token_secret=as", false},
          {"https://api.x.com/1.1/account/verify_credentials.json?include_email=true", 0, "{\"id_str\":\"9\",\"email\":\"a@x.example\"}", false});
    struct use *u = works(redeem_steps);
    is(u->grant.identity.subject, "9");
    assert_true(u->grant.identity.email_verified);
    is(u->grant.tokens.access_secret, "as");
    is(asked[0].body, "oauth_verifier=the-code");
    assert_int_not_equal(slice_find(asked[0].authorization, LIT("oauth_token=\"rt\"")), SLICE_NONE);
    assert_int_not_equal(slice_find(asked[1].authorization, LIT("oauth_token=\"access-1\"")), SLICE_NONE);
    struct slice nonce = slice_from(asked[0].authorization, slice_find(asked[0].authorization, LIT("oauth_nonce")));
    assert_int_equal(slice_find(asked[1].authorization, slice_upto(nonce, 40)), SLICE_NONE);
    PLAYS({"https://api.x.com/oauth/access_token", 401, "nonsense", false});
    fails(redeem_steps, PROBLEM_PROVIDER_MISCONFIGURED, "client_secret");
}

/* ---- outages, and trying out ---- */

static void a_platform_that_is_overrun_is_told_from_one_that_is_well(void **state)
{
    (void)state;
    int64_t wait_s;
    assert_false(provider_is_away(&provider, &wait_s));
    for (int i = 0; i < 3; i++) {
        PLAYS({"https://p.example/t", 0, "", true});
        fails(redeem_steps, PROBLEM_PROVIDER_AWAY, "nobody there");
    }
    assert_true(provider_is_away(&provider, &wait_s));
    assert_true(wait_s >= 1 && wait_s <= 3);
    PLAYS({"https://p.example/t", 0, TOKENS, false}, {"https://p.example/u", 0, "{\"id\":1}", false});
    works(redeem_steps); /* who is under way is served, and shows that it is back */
    assert_false(provider_is_away(&provider, &wait_s));
}

static void trying_out_says_of_each_step_what_it_is(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *body;
        bool silent;
        enum trial_state state;
        const char *text;
    } cases[] = {
        {400, "{\"error\":\"invalid_grant\"}",                                           false, TRIAL_FINE,   "nothing against the client"},
        {200, "{\"error\":\"bad_verification_code\"}",                                   false, TRIAL_FINE,   "nothing against the client"},
        {400, "{\"error\":\"100\",\"error_description\":\"This authorization code is invalid\"}", false, TRIAL_FINE, "nothing against the client"},
        {401, "{\"error\":\"invalid_client\"}",                                          false, TRIAL_WRONG,  "client_secret"             },
        {401, "",                                                                        false, TRIAL_WRONG,  "client_secret"             },
        {400, "{\"error\":\"invalid_grant\",\"error_description\":\"redirect_uri\"}",    false, TRIAL_WRONG,  "callback URL"              },
        {400, "{\"error\":\"what\"}",                                                    false, TRIAL_UNSURE, "did not say"               },
        {200, "<html>",                                                                  false, TRIAL_UNSURE, "did not say"               },
        {200, TOKENS,                                                                    false, TRIAL_UNSURE, "a code nobody has"         },
        {503, "",                                                                        false, TRIAL_AWAY,   "503"                       },
        {0,   "",                                                                        true,  TRIAL_AWAY,   "nobody there"              },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        PLAYS({"https://p.example/t", cases[i].status, cases[i].body, cases[i].silent});
        struct use *u = works(try_steps);
        assert_int_equal(u->trial.count, 3);
        assert_string_equal(u->trial.steps[1].name, "authorize");
        assert_true(slice_starts(u->trial.steps[1].text, LIT("https://p.example/a?client_id=client&")));
        const struct trial_step *s = &u->trial.steps[2];
        if (s->state != cases[i].state || slice_find(s->text, slice_of(cases[i].text)) == SLICE_NONE)
            fail_msg("%s: %d %.*s", cases[i].body, (int)s->state, SLICE_ARG(s->text));
        assert_int_equal(slice_find(s->text, LIT("client-secret-of")), SLICE_NONE);
    }
}

int main(void)
{
#define DIALECT_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        DIALECT_TEST(a_plain_platform_gives_a_person),
        DIALECT_TEST(a_code_is_never_sent_twice_whatever_its_method),
        DIALECT_TEST(an_answer_that_is_no_person_ends_it),
        DIALECT_TEST(a_request_that_may_fail_does_not_lose_the_sign_in),
        DIALECT_TEST(a_check_lets_in_who_fits_and_nobody_whose_answer_could_not_be_had),
        DIALECT_TEST(checks_compare_as_they_say),
        DIALECT_TEST(the_long_lived_token_takes_the_place_of_the_short_one),
        DIALECT_TEST(hs256_counts_only_where_the_descriptor_says_so),
        DIALECT_TEST(a_provider_that_forgets_the_nonce_must_not_bring_another),
        DIALECT_TEST(an_issuer_made_of_a_claim_and_guards_hold),
        DIALECT_TEST(a_client_proves_itself_with_a_key),
        DIALECT_TEST(with_oauth1_the_browser_goes_after_a_request_token_came),
        DIALECT_TEST(a_request_token_that_is_not_confirmed_is_worth_nothing),
        DIALECT_TEST(with_oauth1_every_question_is_signed_anew),
        DIALECT_TEST(a_platform_that_is_overrun_is_told_from_one_that_is_well),
        DIALECT_TEST(trying_out_says_of_each_step_what_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
