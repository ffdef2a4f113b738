/* golden_test.c -- one sign-in per folder of tests/golden/providers, by the real flows: the address the browser is sent to, every request that
 * follows, and who it is, compared with what the platform documents. tests/golden/README.md says what is in a folder.
 *
 * The egress is played: this program is linked with --wrap=fetch_ask, so each question ends up below.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <openssl/pem.h>

#include "../crypto/jws_maker.h"
#include "provider/callback_answer.h"
#include "provider/descriptor_read.h"
#include "provider/provider.h"
#include "provider/provider_state.h"
#include "provider/token_answer.h"
#include "text/form.h"
#include "text/json.h"

#include "base/now.h"

static const char verifier[] = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
static const char code[] = "code-1/2+3=";

static EVP_PKEY *rsa_key, *ec_key;
static struct client_key *client_key;

static struct { /* of the sign-in at hand */
    struct arena *a;
    const char *id;
    struct provider provider;
    struct loop *loop;
    struct slice requests; /* what of requests.txt was not met yet */
    int asked;
} now;

/* ---- files ---- */

static bool read_file(const char *name, struct slice *ret_text)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/golden/providers/%s/%s", TESTS_FOLDER, now.id, name);
    FILE *f = fopen(path, "r");
    if (f == NULL) return false;
    char *at = arena_bytes(now.a, 256 * 1024);
    size_t len = fread(at, 1, 256 * 1024 - 1, f);
    at[len] = '\0';
    assert_int_equal(fclose(f), 0);
    *ret_text = (struct slice){at, len};
    return true;
}

static struct slice need_file(const char *name)
{
    struct slice text = {NULL, 0};
    if (!read_file(name, &text)) fail_msg("%s has no %s", now.id, name);
    return text;
}

static struct doc *tree(struct slice json)
{
    struct doc *root = NULL;
    const struct err *bad = doc_json(now.a, PROBLEM_INTERNAL, json, &root);
    if (bad != NULL) fail_msg("%s: %.*s", now.id, SLICE_ARG(err_story(now.a, bad)));
    return root;
}

/* ---- what the platform answers ---- */

/* The claims of id_token.json, and those that belong to this sign-in. */
static struct slice id_token(void)
{
    struct slice claims = slice_trim(need_file("id_token.json"));
    while (claims.len != 0 && claims.at[claims.len - 1] != '}')
        claims.len--;
    claims.len--;
    struct slice payload =
        arena_print(now.a, "%.*s, \"aud\": \"client-id\", \"nonce\": \"nonce-0123456789\", \"iat\": %lld, \"exp\": %lld}",
                    SLICE_ARG(claims), (long long)now_s(), (long long)now_s() + 300);
    size_t hash = slice_find(payload, LIT("\"at_hash\": \"*\""));
    bool es256 = (now.provider.descriptor->id_token.algorithms & JOSE_RS256) == 0;
    if (hash != SLICE_NONE)
        payload = arena_print(now.a, "%.*s\"at_hash\": \"%.*s\"%.*s", SLICE_ARG(slice_upto(payload, hash)),
                              SLICE_ARG(jose_half_hash(now.a, JOSE_RS256, LIT("access-token"))),
                              SLICE_ARG(slice_from(payload, hash + strlen("\"at_hash\": \"*\""))));
    return maker_token(now.a, es256 ? ec_key : rsa_key, es256 ? JOSE_ES256 : JOSE_RS256,
                       es256 ? "{\"alg\":\"ES256\"}" : "{\"alg\":\"RS256\"}", arena_text(now.a, payload));
}

static struct slice answer_text(struct slice name)
{
    struct slice text = {NULL, 0};
    if (!read_file(arena_print(now.a, "%.*s.json", SLICE_ARG(name)).at, &text) &&
        !read_file(arena_print(now.a, "%.*s.form", SLICE_ARG(name)).at, &text))
        fail_msg("%s: nobody says what %.*s is answered", now.id, SLICE_ARG(name));
    size_t at = slice_find(text, LIT("\"id_token\": \"*\""));
    if (at == SLICE_NONE) return text;
    return arena_join(now.a,
                      (struct slice[]){slice_upto(text, at), LIT("\"id_token\": \""), id_token(), LIT("\""),
                                       slice_from(text, at + strlen("\"id_token\": \"*\""))},
                      5);
}

static struct slice published_keys(void)
{
    return arena_print(now.a, "{\"keys\":[{%s},{%s}]}", maker_members(now.a, rsa_key), maker_members(now.a, ec_key));
}

/* ---- what was asked ---- */

/* Lines that begin with `kind` are the pairs of `text`, in any order, and there are no others. */
static void compare_pairs(struct slice lines, char kind, struct slice text, struct slice name)
{
    size_t wanted = 0, given = 0;
    struct slice rest = lines, line, pair;
    struct slice others = text;
    while (slice_cut(&others, '&', &pair))
        given += pair.len != 0 ? 1 : 0;
    while (slice_cut(&rest, '\n', &line)) {
        if (line.len < 2 || line.at[0] != kind || line.at[1] != ' ') continue;
        struct slice want = slice_from(line, 2), search = text;
        bool found = false, any = slice_ends(want, LIT("=*"));
        while (!found && slice_cut(&search, '&', &pair))
            found = any ? slice_starts(pair, slice_upto(want, want.len - 1)) : slice_is(pair, want);
        if (!found) fail_msg("%s: %.*s: no \"%.*s\" in \"%.*s\"", now.id, SLICE_ARG(name), SLICE_ARG(want), SLICE_ARG(text));
        wanted++;
    }
    if (wanted != given) fail_msg("%s: %.*s: more than was wanted in \"%.*s\"", now.id, SLICE_ARG(name), SLICE_ARG(text));
}

static struct slice header_of(const struct fetch_ask *ask, struct slice name)
{
    for (size_t i = 0; i < FETCH_HEADERS; i++) {
        struct slice value = ask->headers[i], given;
        if (value.len != 0 && slice_cut(&value, ':', &given) && slice_is_nocase(given, name)) return slice_trim(value);
    }
    return (struct slice){NULL, 0};
}

static void compare_headers(struct slice lines, const struct fetch_ask *ask, struct slice name)
{
    struct slice rest = lines, line;
    bool authorized = false;
    while (slice_cut(&rest, '\n', &line)) {
        if (!slice_starts(line, LIT("h "))) continue;
        struct slice want = slice_from(line, 2), header;
        (void)slice_cut(&want, ':', &header);
        want = slice_trim(want);
        struct slice got = header_of(ask, header);
        bool open = slice_ends(want, LIT("*"));
        bool good = open ? got.len != 0 && slice_starts(got, slice_upto(want, want.len - 1)) : slice_is(got, want);
        if (!good)
            fail_msg("%s: %.*s: header %.*s is \"%.*s\", not \"%.*s\"", now.id, SLICE_ARG(name), SLICE_ARG(header),
                     SLICE_ARG(got), SLICE_ARG(want));
        authorized = authorized || slice_is_nocase(header, LIT("authorization"));
    }
    if (!authorized && header_of(ask, LIT("authorization")).len != 0)
        fail_msg("%s: %.*s: there is an Authorization nobody wanted", now.id, SLICE_ARG(name));
}

static struct slice next_block(void)
{
    size_t end = slice_find(now.requests, LIT("\n= "));
    struct slice block = slice_upto(now.requests, end == SLICE_NONE ? now.requests.len : end + 1);
    now.requests = slice_from(now.requests, block.len);
    return block;
}

/* JSON bodies are compared as the pairs they are made of. */
static struct slice body_pairs(const struct fetch_ask *ask)
{
    if (!slice_starts(ask->body, LIT("{"))) return ask->body;
    struct slice pairs = {NULL, 0};
    for (const struct doc *d = tree(ask->body)->first; d != NULL; d = d->next)
        pairs = arena_print(now.a, "%.*s%s%.*s=%.*s", SLICE_ARG(pairs), pairs.len != 0 ? "&" : "", SLICE_ARG(d->key),
                            SLICE_ARG(percent_encode(now.a, d->text)));
    return pairs;
}

static struct slice expected_answer(const struct fetch_ask *ask)
{
    struct slice block = next_block(), lines = block, first, word, name;
    if (!slice_cut(&lines, '\n', &first) || first.len == 0)
        fail_msg("%s: nobody wanted %.*s %.*s", now.id, SLICE_ARG(ask->method), SLICE_ARG(ask->url));
    (void)slice_cut(&first, ' ', &word);
    (void)slice_cut(&first, ' ', &name);
    struct slice query = ask->url, place;
    (void)slice_cut(&query, '?', &place);
    struct slice got = arena_print(now.a, "%.*s %.*s", SLICE_ARG(ask->method), SLICE_ARG(place));
    if (!slice_is(got, first)) fail_msg("%s: %.*s: %.*s, not %.*s", now.id, SLICE_ARG(name), SLICE_ARG(got), SLICE_ARG(first));
    compare_headers(lines, ask, name);
    compare_pairs(lines, 'q', query, name);
    compare_pairs(lines, 'b', body_pairs(ask), name);
    now.asked++;
    return answer_text(name);
}

/* Where the signing keys are, by the descriptor or by the discovery document. */
static struct slice keys_url(const struct descriptor *d)
{
    struct slice text, given = template_text(&d->endpoints[ENDPOINT_JWKS]);
    if (given.len != 0 || !read_file("discovery.json", &text)) return given;
    return doc_string(tree(text), LIT("jwks_uri"));
}

enum flow_next __wrap_fetch_ask(struct flow *f, struct fetch *x, struct loop *l, const struct fetch_ask *ask,
                                struct fetch_answer *ret_answer);
enum flow_next __wrap_fetch_ask(struct flow *f, struct fetch *x, struct loop *l, const struct fetch_ask *ask,
                                struct fetch_answer *ret_answer)
{
    const struct descriptor *d = now.provider.descriptor;
    struct slice body;
    (void)x, (void)l;
    if (slice_is(ask->url, keys_url(d)))
        body = published_keys();
    else if (slice_find(ask->url, LIT("/.well-known/")) != SLICE_NONE)
        body = need_file("discovery.json");
    else
        body = expected_answer(ask);
    *ret_answer = (struct fetch_answer){.status = 200,
                                        .body = arena_copy(f->arena, body),
                                        .content_type = LIT("application/json"),
                                        .retry_after_s = -1,
                                        .max_age_s = -1};
    return FLOW_NEXT;
}

/* ---- the sign-in ---- */

static struct authorize_ask authorize_ask(struct slice redirect_uri)
{
    return (struct authorize_ask){.redirect_uri = redirect_uri,
                                  .state = LIT("state-0123456789"),
                                  .nonce = LIT("nonce-0123456789"),
                                  .verifier = slice_of(verifier)};
}

struct sign_in {
    struct flow flow;
    struct provider_env env;
    struct authorized to;
    struct callback_answer answer;
    struct grant grant;
    const struct err *why;
    bool ended;
};

static struct slice redirect_uri(void)
{
    return arena_print(now.a, "https://app.example.com/_vestibule/callback/%s", now.id);
}

static enum flow_next send_away(struct flow *f)
{
    struct sign_in *s = f->self;
    struct authorize_ask ask = authorize_ask(redirect_uri());
    return provider_authorize(f, &now.provider, &s->env, &ask, &s->to);
}

static struct slice callback_query(void)
{
    struct buf text = buf_open(16384);
    struct slice more;
    bool oauth1 = now.provider.descriptor->protocol == PROTOCOL_OAUTH1;
    form_add(&text, oauth1 ? LIT("oauth_verifier") : LIT("code"), slice_of(code));
    if (oauth1)
        form_add(&text, LIT("oauth_token"), LIT("request-token"));
    else
        form_add(&text, LIT("state"), LIT("state-0123456789"));
    if (read_file("callback.json", &more))
        for (const struct doc *d = tree(more)->first; d != NULL; d = d->next)
            form_add(&text, d->key, d->text);
    struct slice query = arena_copy(now.a, buf_slice(&text));
    buf_close(&text);
    return query;
}

static enum flow_next come_back(struct flow *f)
{
    struct sign_in *s = f->self;
    struct form form;
    assert_null(form_read(now.a, callback_query(), &form));
    assert_null(callback_answer_read(now.a, now.provider.descriptor, &form, &s->answer));
    assert_true(slice_is(s->answer.state, s->to.state));
    const struct redeem_ask ask = {.redirect_uri = redirect_uri(),
                                   .code = s->answer.code,
                                   .verifier = slice_of(verifier),
                                   .nonce = LIT("nonce-0123456789"),
                                   .state = LIT("state-0123456789"),
                                   .token = s->to.token,
                                   .token_secret = s->to.token_secret,
                                   .params = s->answer.params};
    return provider_redeem(f, &now.provider, &s->env, &ask, &s->grant);
}

static const struct flow_step steps[] = {
    {"golden/send_away", send_away},
    {"golden/come_back", come_back}
};

static void ended(struct flow *f, const struct err *why)
{
    struct sign_in *s = f->self;
    s->why = why;
    s->ended = true;
}

/* ---- the provider's entry ---- */

static struct text_list no_scopes;

static void make_provider(void)
{
    struct complaints *c = complaint_list(now.a);
    struct doc *entry = NULL;
    struct slice text = LIT("{}");
    (void)read_file("entry.yaml", &text);
    assert_null(doc_yaml(now.a, "entry.yaml", text, NULL, NULL, &entry));
    const struct doc *issuer = doc_member(entry, LIT("issuer"));
    struct doc overlay = {.type = DOC_MAP, .file = "entry.yaml", .line = 1, .column = 1};
    struct doc only_issuer;
    if (issuer != NULL) {
        only_issuer = *issuer;
        only_issuer.next = NULL;
        overlay.first = &only_issuer;
        overlay.count = 1;
    }
    const struct descriptor_ask ask = {.complaints = c,
                                       .library = descriptor_library_open(c),
                                       .id = slice_of(now.id),
                                       .place = entry,
                                       .overlay = &overlay,
                                       .variables = doc_member(entry, LIT("variables")),
                                       .extra_scopes = no_scopes,
                                       .provider = slice_of(now.id)};
    const struct descriptor *d = descriptor_read(&ask, NULL);
    struct buf told = buf_open(1 << 20);
    complaint_write_text(c, &told, false, LIT(""));
    if (d == NULL) fail_msg("%.*s", SLICE_ARG(buf_slice(&told)));
    buf_close(&told);
    now.provider = (struct provider){.descriptor = d,
                                     .id = slice_of(now.id),
                                     .name = d->name,
                                     .issuer = d->issuer,
                                     .client_id = LIT("client-id"),
                                     .client_secret = secret_in(now.a, LIT("client-secret")),
                                     .client_key = client_key,
                                     .timeout_ms = 1000};
    now.provider.state = provider_state_open(&now.provider, NULL);
}

/* ---- what came of it ---- */

static void compare_address(struct slice got)
{
    struct slice lines = need_file("authorize.txt"), place, line, fragment = {NULL, 0};
    struct slice query = got, address, rest;
    if (slice_index(query, '#') != SLICE_NONE) {
        fragment = slice_from(query, slice_index(query, '#'));
        query = slice_upto(query, slice_index(query, '#'));
    }
    (void)slice_cut(&query, '?', &address);
    (void)slice_cut(&lines, '\n', &place);
    if (!slice_is(address, place)) fail_msg("%s: the browser goes to %.*s", now.id, SLICE_ARG(address));
    struct buf pairs = buf_open(16384);
    struct slice wanted_fragment = {NULL, 0};
    rest = lines;
    while (slice_cut(&rest, '\n', &line)) {
        if (slice_starts(line, LIT("#")))
            wanted_fragment = line;
        else if (line.len != 0)
            buf_print(&pairs, "q %.*s\n", SLICE_ARG(line));
    }
    compare_pairs(buf_slice(&pairs), 'q', query, LIT("authorize"));
    if (!slice_is(fragment, wanted_fragment)) fail_msg("%s: fragment \"%.*s\"", now.id, SLICE_ARG(fragment));
    buf_close(&pairs);
}

static void compare_text(const struct doc *expected, const char *name, struct slice got)
{
    struct slice want = doc_string(expected, slice_of(name));
    if (!slice_is(want, got)) fail_msg("%s: %s is \"%.*s\", not \"%.*s\"", now.id, name, SLICE_ARG(got), SLICE_ARG(want));
}

static void compare_groups(const struct doc *expected, const struct identity *who)
{
    const struct doc *groups = doc_member(expected, LIT("groups"));
    size_t count = groups != NULL ? groups->count : 0, i = 0;
    if (who->group_count != count) fail_msg("%s: %zu groups, not %zu", now.id, who->group_count, count);
    for (const struct doc *g = groups != NULL ? groups->first : NULL; g != NULL; g = g->next)
        if (!slice_is(g->text, who->groups[i++])) fail_msg("%s: another group than %.*s", now.id, SLICE_ARG(g->text));
}

static void compare_token(const struct doc *token, const struct grant *g)
{
    struct token_told told = {.why = NULL};
    int64_t life_s = 0;
    if (token == NULL) return;
    assert_null(token_answer_read(now.a, now.provider.descriptor, tree(answer_text(LIT("token"))), &told));
    if (doc_member(token, LIT("refresh_token")) != NULL) compare_text(token, "refresh_token", g->tokens.refresh_token);
    if (doc_whole(doc_member(token, LIT("expires_in")), &life_s) &&
        g->tokens.expires_s - g->tokens.obtained_s != life_s)
        fail_msg("%s: the token lives %lld s", now.id, (long long)(g->tokens.expires_s - g->tokens.obtained_s));
    struct slice scope = {NULL, 0};
    for (size_t i = 0; i < told.scope_count; i++)
        scope = arena_print(now.a, "%.*s%s%.*s", SLICE_ARG(scope), i != 0 ? " " : "", SLICE_ARG(told.scopes[i]));
    if (doc_member(token, LIT("scope")) != NULL) compare_text(token, "scope", scope);
}

static void compare_person(const struct grant *g)
{
    const struct identity *who = &g->identity;
    const struct doc *expected = tree(need_file("expected.json"));
    const struct doc *verified = doc_member(expected, LIT("email_verified"));
    compare_text(expected, "subject", who->subject);
    compare_text(expected, "email", who->email);
    compare_text(expected, "name", who->name);
    compare_text(expected, "given_name", who->given_name);
    compare_text(expected, "family_name", who->family_name);
    compare_text(expected, "username", who->username);
    compare_text(expected, "picture", who->picture);
    compare_text(expected, "locale", who->locale);
    compare_text(expected, "profile_url", who->profile_url);
    if (who->email_verified != (verified != NULL && verified->boolean)) fail_msg("%s: email_verified", now.id);
    compare_groups(expected, who);
    compare_token(doc_member(expected, LIT("token")), g);
}

static void a_sign_in_is_as_the_platform_documents_it(void **state)
{
    now.id = *state;
    now.a = arena_open(512 << 20);
    now.loop = loop_open();
    now.asked = 0;
    now.requests = need_file("requests.txt");
    make_provider();
    struct sign_in *s = arena_new(now.a, struct sign_in);
    s->env.loop = now.loop;
    flow_start(&s->flow, now.a, steps, 2, ended, s);
    for (int i = 0; i < 100 && !s->ended; i++)
        loop_turn(now.loop, 10);
    assert_true(s->ended);
    if (s->why != NULL) fail_msg("%s: %.*s", now.id, SLICE_ARG(err_story(now.a, s->why)));
    assert_int_equal(slice_trim(now.requests).len, 0);
    assert_true(now.asked > 0);
    compare_address(s->to.url);
    compare_person(&s->grant);
    provider_state_leave(now.provider.state, now.loop);
    provider_state_drop(now.provider.state);
    arena_close(now.a);
    loop_close(now.loop);
}

/* ---- one test per folder ---- */

static int make_keys(void **state)
{
    (void)state;
    struct arena *a = arena_open(1 << 20);
    rsa_key = maker_key("RSA:2048");
    ec_key = maker_key("P-256");
    BIO *bio = BIO_new(BIO_s_mem());
    char *at;
    must(PEM_write_bio_PrivateKey(bio, ec_key, NULL, NULL, 0, NULL, NULL) == 1);
    long len = BIO_get_mem_data(bio, &at);
    must(client_key_read(a, (struct slice){at, (size_t)len}, &client_key) == NULL);
    BIO_free(bio);
    arena_close(a);
    return 0;
}

static int free_keys(void **state)
{
    (void)state;
    client_key_close(client_key);
    EVP_PKEY_free(rsa_key);
    EVP_PKEY_free(ec_key);
    return 0;
}

static int is_folder(const struct dirent *d)
{
    return d->d_name[0] != '.';
}

int main(void)
{
    struct dirent **folders;
    static struct CMUnitTest tests[100];
    int count = scandir(TESTS_FOLDER "/golden/providers", &folders, is_folder, alphasort);
    must(count >= 35 && count <= 100);
    for (int i = 0; i < count; i++)
        tests[i] = (struct CMUnitTest){folders[i]->d_name, a_sign_in_is_as_the_platform_documents_it, NULL, NULL,
                                       folders[i]->d_name};
    int failed = _cmocka_run_group_tests("golden", tests, (size_t)count, make_keys, free_keys);
    for (int i = 0; i < count; i++)
        free(folders[i]);
    free(folders);
    return failed;
}
