/* session_kit.h -- what the tests of sessions share: two workers on one loop, over the memory store or a real Redis. */
#ifndef SESSION_KIT_H
#define SESSION_KIT_H
#include "../store/store_kit.h"
#include "crypto/digest.h"
#include "crypto/random.h"
#include "session/session.h"
#include "session/sessions.h"
#include "text/encode.h"

struct worker {
    struct store_link *link;
    struct sessions *sessions;
};

struct fixture {
    struct loop *loop;
    struct store *store;
    struct keyring *keys;
    struct session_jwt *jwt;
    struct session_conf conf;
    struct worker a, b;
    struct redis_server *server;
};

/* ---- running one call of session.h */

struct session_visit {
    enum {
        VISIT_FIND,
        VISIT_BEGIN,
        VISIT_END
    } what;
    struct sessions *sessions;
    struct slice cookie;
    const struct session_start *start;
    const struct session *session;
    struct session_left left;
    enum problem no;
    struct slice set_cookie;
    struct session_begun begun;
    struct flow flow;
    struct arena *arena;
    bool ended;
    const struct err *why;
};

KIT enum flow_next visit_step(struct flow *f)
{
    struct session_visit *v = f->self;
    switch (v->what) {
    case VISIT_FIND: return session_find(f, v->sessions, v->cookie, &v->session, &v->no);
    case VISIT_BEGIN: return session_begin(f, v->sessions, v->start, &v->begun);
    case VISIT_END: return session_end(f, v->sessions, v->cookie, &v->set_cookie, &v->left);
    }
    return FLOW_DONE;
}

KIT void visit_end(struct flow *f, const struct err *why)
{
    struct session_visit *v = f->self;
    v->ended = true;
    v->why = why;
}

KIT const struct flow_step visit_steps[] = {
    {"test/visit", visit_step}
};

KIT void visit_start(struct session_visit *v)
{
    v->arena = arena_open(4 * 1024 * 1024);
    v->ended = false;
    v->why = NULL;
    flow_start(&v->flow, v->arena, visit_steps, 1, visit_end, v);
}

KIT void visit_close(struct session_visit *v)
{
    flow_drop(&v->flow);
    arena_close(v->arena);
}

KIT void visit(struct fixture *x, struct session_visit *v)
{
    visit_start(v);
    assert_true(turn_until(x->loop, &v->ended, 4000));
}

/* ---- the short ways */

KIT struct slice groups[] = {LIT_INIT("staff"), LIT_INIT("")};
KIT struct identity_claim kept[] = {
    {LIT_INIT("dept"), LIT_INIT("[\"a\",\"b\"]")}
};
KIT const struct identity ada = {.provider = LIT_INIT("example"),
                                 .issuer = LIT_INIT("https://id.example"),
                                 .subject = LIT_INIT("ada-1"),
                                 .email = LIT_INIT("ada@example.com"),
                                 .email_verified = true,
                                 .name = LIT_INIT("Ada \xc3\x89."),
                                 .groups = groups,
                                 .group_count = 2,
                                 .kept = kept,
                                 .kept_count = 1,
                                 .auth_time_s = 77,
                                 .acr = LIT_INIT("silver")};

KIT const struct tokens_value device[] = {
    {LIT_INIT("device_id"), LIT_INIT("d-1")}
};
KIT const struct tokens tokens = {.id_token = LIT_INIT("id.token.canary"),
                                  .access_token = LIT_INIT("access-canary"),
                                  .refresh_token = LIT_INIT("refresh-canary"),
                                  .obtained_s = 42,
                                  .expires_s = 99,
                                  .values = device,
                                  .value_count = 1};

/* "name=token" of a new session, free()d by the caller. */
KIT char *sign_in(struct fixture *x, struct worker *w, const char *old_cookie)
{
    const struct session_start start = {.identity = &ada,
                                        .tokens = &tokens,
                                        .provider_sid = LIT("their-sid"),
                                        .old_cookie_header = slice_of(old_cookie)};
    struct session_visit v = {.what = VISIT_BEGIN, .sessions = w->sessions, .start = &start};
    visit(x, &v);
    assert_null(v.why);
    struct slice rest = v.begun.set_cookie, cookie;
    assert_true(slice_cut(&rest, ';', &cookie));
    assert_int_equal(v.begun.reference.len, 8);
    char *text = strndup(cookie.at, cookie.len);
    visit_close(&v);
    return text;
}

KIT enum problem find(struct fixture *x, struct worker *w, const char *cookie)
{
    struct session_visit v = {
        .what = VISIT_FIND, .sessions = w->sessions, .cookie = slice_of(cookie), .no = PROBLEM_NONE};
    visit(x, &v);
    enum problem p = v.why != NULL ? v.why->problem : v.session != NULL ? PROBLEM_NONE : v.no;
    assert_true((p == PROBLEM_NONE) == (v.session != NULL));
    visit_close(&v);
    return p;
}

KIT void sign_out(struct fixture *x, struct worker *w, const char *cookie)
{
    struct session_visit v = {.what = VISIT_END, .sessions = w->sessions, .cookie = slice_of(cookie)};
    visit(x, &v);
    assert_null(v.why);
    visit_close(&v);
}

/* The store's key of a cookie's session. */
KIT void key_of(struct fixture *x, const char *cookie, char key[SESSION_KEY_BYTES + 1])
{
    struct arena *a = arena_open(64 * 1024);
    struct session_claims claims;
    struct slice token = slice_from(slice_of(cookie), slice_index(slice_of(cookie), '=') + 1);
    assert_null(session_jwt_read(x->jwt, a, token, now_s(), &claims));
    struct slice text = sessions_key(a, claims.sid);
    assert_int_equal(text.len, SESSION_KEY_BYTES);
    memcpy(key, text.at, text.len);
    key[SESSION_KEY_BYTES] = '\0';
    arena_close(a);
}

KIT struct keyring *keys_of(const char *newest, const char *older)
{
    struct secret masters[2];
    size_t count = 0;
    unsigned char bytes[32];
    const char *words[] = {newest, older};
    for (size_t i = 0; i < 2; i++) {
        if (words[i] == NULL) continue;
        digest_sha256(slice_of(words[i]), bytes);
        masters[count++] = secret_copy((struct slice){(const char *)bytes, sizeof bytes});
    }
    struct keyring *k = keyring_open(masters, count);
    for (size_t i = 0; i < count; i++) {
        secret_close(&masters[i]);
    }
    return k;
}

KIT void open_worker(struct fixture *x, struct worker *w)
{
    w->link = link_ready(x->loop, x->store, x->server != NULL ? STORE_REDIS : STORE_MEMORY);
    w->sessions = sessions_open(w->link, x->loop, x->jwt, x->keys, &x->conf);
}

KIT void open_with(struct fixture *x, const struct store_conf *store)
{
    x->loop = loop_open();
    x->store = open_store(store);
    x->keys = keys_of("one", NULL);
    x->jwt = session_jwt_open(x->keys, LIT("https://gate.example"));
    x->conf = (struct session_conf){
        .lifetime_s = 3600,
        .idle_s = 600,
        .cache_ms = 5000,
        .max_per_user = 1000,
        .cookie_name = LIT("__Host-vestibule"),
        .cookie = {.path = LIT("/"), .max_age_s = 3600, .secure = true, .http_only = true, .same_site = COOKIE_LAX},
        .cache_entries = 8
    };
    open_worker(x, &x->a);
    open_worker(x, &x->b);
}

KIT int open_memory(void **state)
{
    struct fixture *x = must_alloc(sizeof *x);
    open_with(x, &(struct store_conf){.kind = STORE_MEMORY});
    *state = x;
    return 0;
}

KIT int open_redis(void **state)
{
    struct fixture *x = must_alloc(sizeof *x);
    x->server = redis_new(false);
    struct store_conf conf = redis_conf(x->server->port);
    open_with(x, &conf);
    *state = x;
    return 0;
}

KIT int close_all(void **state)
{
    struct fixture *x = *state;
    now_shift(0);
    sessions_close(x->a.sessions);
    sessions_close(x->b.sessions);
    store_unlink(x->a.link);
    store_unlink(x->b.link);
    turn_for(x->loop, 5);
    store_close(x->store);
    session_jwt_close(x->jwt);
    keyring_close(x->keys);
    loop_close(x->loop);
    redis_free(x->server);
    free(x);
    return 0;
}

#endif
