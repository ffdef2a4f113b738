/* demo_test.c -- the demo provider as a strict client sees it, and what the demo application shows. No connection: questions in, answers out. */
#include "../../tables/table.h"
#include "crypto/digest.h"
#include "demo/demo_state.h"
#include "text/doc.h"

#include "base/now.h"

static const struct demo_conf conf = {.issuer = LIT_INIT("http://127.0.0.1:8081"),
                                      .client_id = LIT_INIT("vestibule"),
                                      .client_secret = LIT_INIT("demo secret+:%"),
                                      .redirect_uri = LIT_INIT("http://localhost:8080/_vestibule/callback/demo"),
                                      .app_origin = LIT_INIT("http://localhost:8080"),
                                      .prefix = LIT_INIT("/_vestibule")};
static const char verifier[] = "abcdefghijklmnopqrstuvwxyz0123456789-._~ABCDEFG";

struct stage {
    struct arena *arena;
    struct demo *demo;
};

static int set_up(void **state)
{
    struct stage *s = must_alloc(sizeof *s);
    s->arena = arena_open(16 << 20);
    assert_null(demo_open(s->arena, &conf, &s->demo));
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    struct stage *s = *state;
    demo_close(s->demo);
    arena_close(s->arena);
    free(s);
    return 0;
}

/* ---- asking ---- */

static struct demo_answer ask(struct stage *s, const char *method, const char *path, struct slice query,
                              struct slice body, struct slice authorization)
{
    const struct header headers[] = {
        {LIT_INIT("content-type"),  LIT_INIT("application/x-www-form-urlencoded")},
        {LIT_INIT("authorization"), {authorization.at, authorization.len}        },
    };
    const struct demo_ask question = {.arena = s->arena,
                                      .method = slice_of(method),
                                      .path = slice_of(path),
                                      .query = query,
                                      .body = body,
                                      .headers = headers,
                                      .header_count = authorization.len != 0 ? 2 : 1};
    struct demo_answer to = {0};
    demo_provider_answer(s->demo, &question, &to);
    return to;
}

static struct slice header_of(const struct demo_answer *a, const char *name)
{
    for (size_t i = 0; i < a->header_count; i++) {
        if (slice_is(a->headers[i].name, slice_of(name))) return a->headers[i].value;
    }
    return (struct slice){0};
}

static struct slice challenge_of(struct arena *a, const char *text)
{
    unsigned char digest[DIGEST_SHA256_BYTES];
    digest_sha256(slice_of(text), digest);
    return base64url_encode(a, (struct slice){(const char *)digest, sizeof digest});
}

/* A good authorization request with one parameter changed (value NULL: left out). */
static struct slice request(struct arena *a, const char *changed, const char *value)
{
    const char *rows[][2] = {
        {"response_type",  "code"                                          },
        {"client_id",      "vestibule"                                     },
        {"redirect_uri",   "http://localhost:8080/_vestibule/callback/demo"},
        {"scope",          "openid email"                                  },
        {"state",          "st&te"                                         },
        {"nonce",          "n1"                                            },
        {"code_challenge", challenge_of(a,                                   verifier).at},
        {"code_challenge_method",                "S256"                                         },
        {"prompt",                NULL               },
        {"response_mode",                NULL                                  }
    };
    AUTO(buf_close) struct buf query = buf_open(8192);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *text = changed != NULL && strcmp(rows[i][0], changed) == 0 ? value : rows[i][1];
        if (text != NULL) form_add(&query, slice_of(rows[i][0]), slice_of(text));
    }
    return arena_copy(a, buf_slice(&query));
}

static struct slice in_location(struct stage *s, const struct demo_answer *a, const char *name)
{
    struct slice url = header_of(a, "location"), value = {0};
    size_t at = slice_index(url, '?');
    struct form f = {0};
    if (at == SLICE_NONE || form_read(s->arena, slice_from(url, at + 1), &f) != NULL) return value;
    (void)form_single(&f, slice_of(name), &value);
    return value;
}

static struct slice code_for(struct stage *s, const char *person)
{
    const struct slice parts[] = {LIT("person="), slice_of(person)};
    struct demo_answer a =
        ask(s, "POST", "/authorize", request(s->arena, NULL, NULL), arena_join(s->arena, parts, 2), LIT(""));
    assert_int_equal(a.status, 303);
    return in_location(s, &a, "code");
}

static struct slice basic(struct arena *a, const char *id, const char *secret)
{
    struct slice plain = arena_print(a, "%.*s:%.*s", SLICE_ARG(form_encode(a, slice_of(id))),
                                     SLICE_ARG(form_encode(a, slice_of(secret))));
    return arena_print(a, "Basic %.*s", SLICE_ARG(base64_encode(a, plain)));
}

static struct slice token_form(struct arena *a, struct slice code, const char *redirect_uri, const char *used_verifier)
{
    AUTO(buf_close) struct buf body = buf_open(8192);
    form_add(&body, LIT("grant_type"), LIT("authorization_code"));
    form_add(&body, LIT("code"), code);
    form_add(&body, LIT("redirect_uri"), slice_of(redirect_uri));
    form_add(&body, LIT("code_verifier"), slice_of(used_verifier));
    return arena_copy(a, buf_slice(&body));
}

static struct demo_answer redeem(struct stage *s, struct slice code)
{
    return ask(s, "POST", "/token", LIT(""), token_form(s->arena, code, conf.redirect_uri.at, verifier),
               basic(s->arena, "vestibule", "demo secret+:%"));
}

static struct doc *json_of(struct stage *s, const struct demo_answer *a)
{
    struct doc *d = NULL;
    assert_true(slice_is(header_of(a, "content-type"), LIT("application/json")));
    assert_true(slice_is(header_of(a, "cache-control"), LIT("no-store")));
    assert_null(doc_json(s->arena, PROBLEM_INTERNAL, a->body, &d));
    return d;
}

static void is_error(struct stage *s, const struct demo_answer *a, int status, const char *error)
{
    assert_int_equal(a->status, status);
    struct slice got = doc_string(json_of(s, a), LIT("error"));
    if (!slice_is(got, slice_of(error))) fail_msg("%.*s instead of %s", SLICE_ARG(got), error);
}

/* ---- the way that works ---- */

static void discovery_names_only_what_is_there(void **state)
{
    struct stage *s = *state;
    struct demo_answer a = ask(s, "GET", "/.well-known/openid-configuration", LIT(""), LIT(""), LIT(""));
    const struct doc *d = json_of(s, &a);
    assert_true(slice_is(doc_string(d, LIT("issuer")), conf.issuer));
    static const char *const endpoints[] = {"authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri",
                                            "end_session_endpoint"};
    for (size_t i = 0; i < sizeof endpoints / sizeof endpoints[0]; i++) {
        struct slice url = doc_string(d, slice_of(endpoints[i]));
        assert_true(slice_starts(url, conf.issuer));
        a = ask(s, "GET", arena_text(s->arena, slice_from(url, conf.issuer.len)), LIT(""), LIT(""), LIT(""));
        assert_int_not_equal(a.status, 404);
    }
    assert_true(doc_member(d, LIT("authorization_response_iss_parameter_supported"))->boolean);
}

static void a_person_comes_back_with_code_state_and_issuer(void **state)
{
    struct stage *s = *state;
    struct demo_answer a = ask(s, "POST", "/authorize", request(s->arena, NULL, NULL), LIT("person=ada"), LIT(""));
    assert_int_equal(a.status, 303);
    assert_true(slice_starts(header_of(&a, "location"), conf.redirect_uri));
    assert_int_equal(in_location(s, &a, "code").len, DEMO_SECRET_CHARACTERS);
    assert_true(slice_is(in_location(s, &a, "state"), LIT("st&te")));
    assert_true(slice_is(in_location(s, &a, "iss"), conf.issuer));
}

static void the_id_token_verifies_against_the_published_keys(void **state)
{
    struct stage *s = *state;
    struct demo_answer keys = ask(s, "GET", "/jwks", LIT(""), LIT(""), LIT(""));
    struct jwks *set = NULL;
    assert_null(jwks_read(s->arena, keys.body, &set));
    struct demo_answer a = redeem(s, code_for(s, "ada"));
    assert_int_equal(a.status, 200);
    const struct doc *tokens = json_of(s, &a);
    struct jws jws = {0};
    const struct err *why = NULL;
    assert_int_equal(jws_verify(s->arena, doc_string(tokens, LIT("id_token")), set, JOSE_ES256, &jws, &why), JOSE_GOOD);
    assert_true(slice_is(doc_string(jws.claims, LIT("iss")), conf.issuer));
    assert_true(slice_is(doc_string(jws.claims, LIT("aud")), conf.client_id));
    assert_true(slice_is(doc_string(jws.claims, LIT("nonce")), LIT("n1")));
    assert_true(slice_is(doc_string(jws.claims, LIT("sub")), LIT("demo-0001")));
    assert_true(slice_is(doc_string(jws.claims, LIT("at_hash")),
                         jose_half_hash(s->arena, JOSE_ES256, doc_string(tokens, LIT("access_token")))));
    assert_true(slice_is(doc_at(jws.claims, LIT("/groups/0"))->text, LIT("ops")));
    assert_true(doc_member(jws.claims, LIT("email_verified"))->boolean);
    jwks_drop(set);
}

static void userinfo_knows_the_same_person(void **state)
{
    struct stage *s = *state;
    struct demo_answer a = redeem(s, code_for(s, "linus"));
    struct slice token = doc_string(json_of(s, &a), LIT("access_token"));
    a = ask(s, "GET", "/userinfo", LIT(""), LIT(""), arena_print(s->arena, "Bearer %.*s", SLICE_ARG(token)));
    assert_int_equal(a.status, 200);
    const struct doc *d = json_of(s, &a);
    assert_true(slice_is(doc_string(d, LIT("sub")), LIT("demo-0003")));
    assert_false(doc_member(d, LIT("email_verified"))->boolean);
}

static void the_secret_may_come_in_the_body(void **state)
{
    struct stage *s = *state;
    AUTO(buf_close) struct buf body = buf_open(8192);
    buf_add(&body, token_form(s->arena, code_for(s, "grace"), conf.redirect_uri.at, verifier));
    form_add(&body, LIT("client_id"), conf.client_id);
    form_add(&body, LIT("client_secret"), conf.client_secret);
    struct demo_answer a = ask(s, "POST", "/token", LIT(""), buf_slice(&body), LIT(""));
    assert_int_equal(a.status, 200);
}

/* ---- the page ---- */

static void the_page_has_everybody_as_a_button_and_may_redirect_to_the_gateway(void **state)
{
    struct stage *s = *state;
    struct demo_answer a = ask(s, "GET", "/authorize", request(s->arena, NULL, NULL), LIT(""), LIT(""));
    assert_int_equal(a.status, 200);
    static const char *const values[] = {"ada", "grace", "linus", "eve", "cancel", "fail"};
    for (size_t i = 0; i < 6; i++)
        assert_true(slice_find(a.body, arena_print(s->arena, "value=\"%s\"", values[i])) != SLICE_NONE);
    assert_true(slice_ends(header_of(&a, "content-security-policy"), LIT("form-action 'self' http://localhost:8080")));
    assert_true(slice_find(a.body, LIT("action=\"/authorize?response_type=code&amp;")) != SLICE_NONE);
}

static void a_mistake_about_client_or_address_is_never_redirected(void **state)
{
    struct stage *s = *state;
    static const char *const wrong[][2] = {
        {"client_id",    "other"                                             },
        {"client_id",    NULL                                                },
        {"redirect_uri", NULL                                                },
        {"redirect_uri", "http://localhost:8080/_vestibule/callback/demo/"   },
        {"redirect_uri", "http://localhost:8080/_vestibule/callback/demo?x=1"},
        {"redirect_uri", "https://evil.example/"                             },
        {"redirect_uri", "HTTP://localhost:8080/_vestibule/callback/demo"    }
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct slice query = request(s->arena, wrong[i][0], wrong[i][1]);
        const char *const methods[] = {"GET", "POST"};
        for (size_t m = 0; m < 2; m++) {
            struct demo_answer a = ask(s, methods[m], "/authorize", query, LIT("person=ada"), LIT(""));
            assert_int_equal(a.status, 400);
            assert_int_equal(header_of(&a, "location").len, 0);
        }
    }
    const struct slice twice[] = {request(s->arena, NULL, NULL), LIT("&client_id=vestibule")};
    struct demo_answer a = ask(s, "GET", "/authorize", arena_join(s->arena, twice, 2), LIT(""), LIT(""));
    assert_int_equal(a.status, 400);
}

static void other_mistakes_go_back_to_the_client(void **state)
{
    struct stage *s = *state;
    static const char *const wrong[][3] = {
        {"response_type",         "token",    "unsupported_response_type"},
        {"response_type",         NULL,       "unsupported_response_type"},
        {"scope",                 "email",    "invalid_scope"            },
        {"scope",                 "openidx",  "invalid_scope"            },
        {"code_challenge",        NULL,       "invalid_request"          },
        {"code_challenge",        "short",    "invalid_request"          },
        {"code_challenge_method", "plain",    "invalid_request"          },
        {"code_challenge_method", NULL,       "invalid_request"          },
        {"response_mode",         "fragment", "invalid_request"          },
        {"prompt",                "none",     "login_required"           }
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct demo_answer a =
            ask(s, "POST", "/authorize", request(s->arena, wrong[i][0], wrong[i][1]), LIT("person=ada"), LIT(""));
        assert_int_equal(a.status, 303);
        assert_true(slice_is(in_location(s, &a, "error"), slice_of(wrong[i][2])));
        assert_int_equal(in_location(s, &a, "code").len, 0);
        assert_true(slice_is(in_location(s, &a, "state"), LIT("st&te")));
        assert_true(slice_is(in_location(s, &a, "iss"), conf.issuer));
    }
}

static void cancel_and_fail_are_errors_and_nobody_is_nobody(void **state)
{
    struct stage *s = *state;
    struct slice query = request(s->arena, NULL, NULL);
    struct demo_answer a = ask(s, "POST", "/authorize", query, LIT("person=cancel"), LIT(""));
    assert_true(slice_is(in_location(s, &a, "error"), LIT("access_denied")));
    a = ask(s, "POST", "/authorize", query, LIT("person=fail"), LIT(""));
    assert_true(slice_is(in_location(s, &a, "error"), LIT("server_error")));
    static const char *const bodies[] = {"", "person=", "person=mallory", "person=ada&person=eve", "person=%zz"};
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        a = ask(s, "POST", "/authorize", query, slice_of(bodies[i]), LIT(""));
        assert_int_equal(a.status, 400);
        assert_int_equal(header_of(&a, "location").len, 0);
    }
}

/* ---- the token endpoint says no ---- */

static void a_code_works_once(void **state)
{
    struct stage *s = *state;
    struct slice code = code_for(s, "ada");
    struct demo_answer a = redeem(s, code);
    assert_int_equal(a.status, 200);
    a = redeem(s, code);
    is_error(s, &a, 400, "invalid_grant");
}

static void a_code_lives_a_minute(void **state)
{
    struct stage *s = *state;
    struct slice code = code_for(s, "ada"), later = code_for(s, "ada");
    now_shift(DEMO_CODE_LIFE_S - 1);
    struct demo_answer a = redeem(s, code);
    now_shift(DEMO_CODE_LIFE_S + 2);
    struct demo_answer b = redeem(s, later);
    now_shift(0);
    assert_int_equal(a.status, 200);
    is_error(s, &b, 400, "invalid_grant");
}

static void a_wrong_verifier_or_address_burns_the_code(void **state)
{
    struct stage *s = *state;
    static const char *const wrong[][2] = {
        {"http://localhost:8080/_vestibule/callback/demo",  "abcdefghijklmnopqrstuvwxyz0123456789-._~ABCDEFH"},
        {"http://localhost:8080/_vestibule/callback/demo",  "short"                                          },
        {"http://localhost:8080/_vestibule/callback/demo",  ""                                               },
        {"http://localhost:8080/_vestibule/callback/other", verifier                                         },
        {"",                                                verifier                                         }
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct slice code = code_for(s, "ada");
        struct demo_answer a = ask(s, "POST", "/token", LIT(""), token_form(s->arena, code, wrong[i][0], wrong[i][1]),
                                   basic(s->arena, "vestibule", "demo secret+:%"));
        is_error(s, &a, 400, "invalid_grant");
        a = redeem(s, code);
        is_error(s, &a, 400, "invalid_grant");
    }
}

static void a_stranger_gets_no_tokens_and_burns_nothing(void **state)
{
    struct stage *s = *state;
    struct slice code = code_for(s, "ada");
    struct slice form = token_form(s->arena, code, conf.redirect_uri.at, verifier);
    const struct slice wrong[] = {LIT(""),
                                  LIT("Basic"),
                                  LIT("Basic !!!!"),
                                  LIT("Bearer x"),
                                  basic(s->arena, "vestibule", "wrong"),
                                  basic(s->arena, "vestibule", ""),
                                  basic(s->arena, "other", "demo secret+:%")};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct demo_answer a = ask(s, "POST", "/token", LIT(""), form, wrong[i]);
        is_error(s, &a, 401, "invalid_client");
        assert_true(header_of(&a, "www-authenticate").len != 0);
    }
    const struct slice both[] = {form, LIT("&client_id=vestibule&client_secret=demo+secret%2B%3A%25")};
    struct demo_answer a = ask(s, "POST", "/token", LIT(""), arena_join(s->arena, both, 2),
                               basic(s->arena, "vestibule", "demo secret+:%"));
    is_error(s, &a, 401, "invalid_client"); /* two ways at once */
    a = redeem(s, code);
    assert_int_equal(a.status, 200);
}

static void other_grants_and_methods_are_refused(void **state)
{
    struct stage *s = *state;
    struct slice us = basic(s->arena, "vestibule", "demo secret+:%");
    struct demo_answer a = ask(s, "POST", "/token", LIT(""), LIT("grant_type=password"), us);
    is_error(s, &a, 400, "unsupported_grant_type");
    a = ask(s, "POST", "/token", LIT(""), LIT("grant_type=authorization_code"), us);
    is_error(s, &a, 400, "invalid_grant");
    a = ask(s, "GET", "/token", LIT(""), LIT(""), us);
    assert_int_equal(a.status, 405);
    assert_true(slice_is(header_of(&a, "allow"), LIT("POST")));
    a = ask(s, "DELETE", "/authorize", request(s->arena, NULL, NULL), LIT(""), LIT(""));
    assert_int_equal(a.status, 405);
    a = ask(s, "GET", "/nowhere", LIT(""), LIT(""), LIT(""));
    is_error(s, &a, 404, "not_found");
}

static void userinfo_wants_a_token_of_ours(void **state)
{
    struct stage *s = *state;
    const struct slice wrong[] = {LIT(""), LIT("Bearer "), LIT("Bearer x"), LIT("Basic x"),
                                  LIT("Bearer AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct demo_answer a = ask(s, "GET", "/userinfo", LIT(""), LIT(""), wrong[i]);
        is_error(s, &a, 401, "invalid_token");
    }
}

/* ---- the end of a session ---- */

static void sign_out_returns_only_to_the_application(void **state)
{
    struct stage *s = *state;
    struct demo_answer a = redeem(s, code_for(s, "ada"));
    struct slice hint = doc_string(json_of(s, &a), LIT("id_token"));
    struct slice query = arena_print(
        s->arena, "id_token_hint=%.*s&state=x&post_logout_redirect_uri=http%%3A%%2F%%2Flocalhost%%3A8080%%2Fbye",
        SLICE_ARG(hint));
    a = ask(s, "GET", "/end_session", query, LIT(""), LIT(""));
    assert_int_equal(a.status, 303);
    assert_true(slice_is(header_of(&a, "location"), LIT("http://localhost:8080/bye?state=x")));
    static const char *const shown[] = {
        "",
        "post_logout_redirect_uri=http://localhost:8080/bye",
        "client_id=vestibule&post_logout_redirect_uri=http://evil.example/",
        "client_id=vestibule&post_logout_redirect_uri=http://localhost:8080.evil.example/",
        "client_id=vestibule&post_logout_redirect_uri=http://localhost:80801/",
        "id_token_hint=a.b.c&post_logout_redirect_uri=http://localhost:8080/bye"};
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
        a = ask(s, "GET", "/end_session", slice_of(shown[i]), LIT(""), LIT(""));
        assert_int_equal(a.status, 200);
        assert_int_equal(header_of(&a, "location").len, 0);
    }
}

static void old_grants_make_room(void **state)
{
    struct stage *s = *state;
    struct slice first = code_for(s, "ada");
    for (int i = 0; i < DEMO_GRANTS; i++)
        (void)code_for(s, "ada");
    struct demo_answer a = redeem(s, first);
    is_error(s, &a, 400, "invalid_grant");
}

/* ---- the application ---- */

static struct demo_answer visit(struct stage *s, const char *method, const char *path, const struct header *headers,
                                size_t count, struct slice body)
{
    const struct demo_ask question = {.arena = s->arena,
                                      .method = slice_of(method),
                                      .path = slice_of(path),
                                      .body = body,
                                      .headers = headers,
                                      .header_count = count};
    struct demo_answer to = {0};
    demo_app_answer(s->demo, &question, &to);
    return to;
}

static void the_application_shows_identity_first_and_the_assertion_decoded(void **state)
{
    struct stage *s = *state;
    struct slice assertion =
        arena_print(s->arena, "%.*s.%.*s.sig", SLICE_ARG(base64url_encode(s->arena, LIT("{\"alg\":1}"))),
                    SLICE_ARG(base64url_encode(s->arena, LIT("{\"sub\":\"<b>\"}"))));
    const struct header headers[] = {
        {LIT_INIT("accept"),           LIT_INIT("a<i>b")            },
        {LIT_INIT("x-auth-name"),      LIT_INIT("Ada <u>")          },
        {LIT_INIT("x-auth-groups"),    LIT_INIT("staff, ops")       },
        {LIT_INIT("x-auth-assertion"), {assertion.at, assertion.len}}
    };
    struct demo_answer a = visit(s, "GET", "/", headers, 4, LIT(""));
    assert_int_equal(a.status, 200);
    assert_true(slice_find(a.body, LIT("X-Auth-Name")) < slice_find(a.body, LIT(">Accept<")));
    assert_true(slice_find(a.body, LIT("Ada &lt;u&gt;")) != SLICE_NONE);
    assert_true(slice_find(a.body, LIT("{&quot;sub&quot;:&quot;&lt;b&gt;&quot;}")) != SLICE_NONE);
    assert_true(slice_find(a.body, LIT("href=\"/admin\"")) != SLICE_NONE);
    assert_true(slice_find(a.body, LIT("href=\"/_vestibule/sign-out?rd=%2F\"")) != SLICE_NONE);
    assert_true(slice_find(a.body, LIT("href=\"/_vestibule/account?rd=%2F\"")) != SLICE_NONE);
    assert_true(slice_find(a.body, LIT("<i>")) == SLICE_NONE);
}

static void the_application_knows_nobody_without_headers(void **state)
{
    struct stage *s = *state;
    const struct header broken[] = {
        {LIT_INIT("x-auth-assertion"), LIT_INIT("no.%%%.x")}
    };
    for (size_t count = 0; count < 2; count++) {
        struct demo_answer a = visit(s, "GET", "/x", broken, count, LIT(""));
        assert_int_equal(a.status, 200);
        assert_true(slice_find(a.body, LIT("href=\"/_vestibule/sign-in?rd=%2Fx\"")) != SLICE_NONE);
        assert_true(slice_find(a.body, LIT("href=\"/admin\"")) == SLICE_NONE);
        assert_true(slice_find(a.body, LIT("sign-out")) == SLICE_NONE);
    }
}

static void only_ops_see_the_administration(void **state)
{
    struct stage *s = *state;
    const struct header staff[] = {
        {LIT_INIT("x-auth-groups"), LIT_INIT("staff,opsx")}
    };
    const struct header ops[] = {
        {LIT_INIT("x-auth-groups"), LIT_INIT("ops")}
    };
    assert_int_equal(visit(s, "GET", "/admin", staff, 1, LIT("")).status, 403);
    assert_int_equal(visit(s, "GET", "/admin/x", NULL, 0, LIT("")).status, 403);
    assert_int_equal(visit(s, "GET", "/admin", ops, 1, LIT("")).status, 200);
}

static void the_application_echoes_a_form_as_text(void **state)
{
    struct stage *s = *state;
    struct demo_answer a = visit(s, "POST", "/form", NULL, 0, LIT("words=<script>"));
    assert_int_equal(a.status, 200);
    assert_true(slice_find(a.body, LIT("words=&lt;script&gt;")) != SLICE_NONE);
    a = visit(s, "DELETE", "/form", NULL, 0, LIT(""));
    assert_int_equal(a.status, 405);
    a = visit(s, "GET", "/assets/0/style.css", NULL, 0, LIT(""));
    assert_int_equal(a.status, 404);
}

#define ON_STAGE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_STAGE(discovery_names_only_what_is_there),
        ON_STAGE(a_person_comes_back_with_code_state_and_issuer),
        ON_STAGE(the_id_token_verifies_against_the_published_keys),
        ON_STAGE(userinfo_knows_the_same_person),
        ON_STAGE(the_secret_may_come_in_the_body),
        ON_STAGE(the_page_has_everybody_as_a_button_and_may_redirect_to_the_gateway),
        ON_STAGE(a_mistake_about_client_or_address_is_never_redirected),
        ON_STAGE(other_mistakes_go_back_to_the_client),
        ON_STAGE(cancel_and_fail_are_errors_and_nobody_is_nobody),
        ON_STAGE(a_code_works_once),
        ON_STAGE(a_code_lives_a_minute),
        ON_STAGE(a_wrong_verifier_or_address_burns_the_code),
        ON_STAGE(a_stranger_gets_no_tokens_and_burns_nothing),
        ON_STAGE(other_grants_and_methods_are_refused),
        ON_STAGE(userinfo_wants_a_token_of_ours),
        ON_STAGE(sign_out_returns_only_to_the_application),
        ON_STAGE(old_grants_make_room),
        ON_STAGE(the_application_shows_identity_first_and_the_assertion_decoded),
        ON_STAGE(the_application_knows_nobody_without_headers),
        ON_STAGE(only_ops_see_the_administration),
        ON_STAGE(the_application_echoes_a_form_as_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
