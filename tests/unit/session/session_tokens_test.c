/* The provider's tokens of a session, with a provider that is played here: what is asked, how often, and what is left in the store. */
#include "session/session_tokens.h"

#include "observe/records.h"
#include "provider/refresh.h"
#include "provider/revoke.h"
#include "session/token_refresh.h"
#include "session_kit.h"

/* ---- the provider ---- */

static struct play {
    int asks, verifies, revocations, owners;
    bool holds_ask, holds_verify, holds_revoke, gives_id_token, is_stranger;
    enum problem says, verify_says;
    int64_t retry_after_s, life_s;
    struct flow *waiting[64];
    size_t waiting_count;
    struct refreshed *ret;
    char asked_with[64], revoked[64];
} play;

static const struct provider example = {.id = LIT_INIT("example"),
                                        .issuer = LIT_INIT("https://id.example"),
                                        .timeout_ms = 1000,
                                        .refusal_ends_session = true,
                                        .revokes = true};
static const struct provider lenient = {
    .id = LIT_INIT("example"), .issuer = LIT_INIT("https://id.example"), .timeout_ms = 1000};
static const struct provider_env env;

static void called_off(void *pending)
{
    struct flow **at = pending;
    *at = NULL;
}

static enum flow_next held(struct flow *f)
{
    must(play.waiting_count < 64);
    struct flow **at = &play.waiting[play.waiting_count++];
    *at = f;
    return flow_wait(f, at, called_off);
}

static void note(char room[64], struct slice text)
{
    must(text.len < 64);
    memcpy(room, text.at, text.len);
    room[text.len] = '\0';
}

static void give(struct refreshed *ret, struct arena *a)
{
    *ret = (struct refreshed){.has_id_token = play.gives_id_token, .retry_after_s = -1};
    ret->tokens = (struct tokens){.access_token = arena_print(a, "access-%d", play.asks),
                                  .refresh_token = arena_print(a, "refresh-%d", play.asks),
                                  .obtained_s = now_s(),
                                  .expires_s = now_s() + play.life_s};
}

int64_t provider_refresh_due_s(const struct provider *p, const struct tokens *t)
{
    (void)p;
    return t->expires_s == 0 || t->refresh_token.len == 0 ? INT64_MAX : t->expires_s - 10;
}

enum flow_next provider_refresh(struct flow *f, const struct provider *p, const struct provider_env *e,
                                const struct tokens *old, struct slice subject, struct refreshed *ret)
{
    assert_true(slice_is(p->id, example.id) && e != NULL && slice_is(subject, ada.subject));
    play.asks++;
    note(play.asked_with, old->refresh_token);
    *ret = (struct refreshed){.retry_after_s = play.retry_after_s};
    if (play.says != PROBLEM_NONE) return flow_fail(f, err_new(f->arena, play.says, "as told"));
    give(ret, f->arena);
    return play.holds_ask ? held(f) : FLOW_NEXT;
}

enum flow_next provider_refresh_verify(struct flow *f, const struct provider *p, const struct provider_env *e,
                                       const struct tokens *old, struct refreshed *got)
{
    (void)p;
    (void)e;
    (void)old;
    play.verifies++;
    got->is_stranger = play.is_stranger;
    if (play.verify_says != PROBLEM_NONE) return flow_fail(f, err_new(f->arena, play.verify_says, "as told"));
    return play.holds_verify ? held(f) : FLOW_NEXT;
}

bool provider_can_revoke(const struct provider *p)
{
    return p->revokes;
}

enum flow_next provider_revoke(struct flow *f, const struct provider *p, const struct provider_env *e,
                               const struct tokens *t, struct slice subject, size_t *ret_asked)
{
    (void)subject;
    *ret_asked = 1;
    assert_true(p == &example && e != NULL);
    play.revocations++;
    note(play.revoked, t->refresh_token);
    return play.holds_revoke ? held(f) : FLOW_NEXT;
}

static void go_on(void)
{
    for (size_t i = 0; i < play.waiting_count; i++) {
        struct flow *f = play.waiting[i];
        play.waiting[i] = NULL;
        if (f != NULL) flow_wake(f, NULL);
    }
    play.waiting_count = 0;
}

static void keep(void *owner)
{
    ++*(int *)owner;
}

static void let_go(void *owner)
{
    --*(int *)owner;
}

static struct token_source from(const struct provider *p)
{
    return (struct token_source){p, &env, &play.owners, keep, let_go};
}

/* ---- one request that wants the token ---- */

struct want {
    struct sessions *sessions;
    struct token_source from;
    const char *cookie;
    const struct session *session;
    enum problem no;
    struct slice token;
    struct flow flow;
    struct arena *arena;
    bool ended;
    const struct err *why;
};

static enum flow_next want_find(struct flow *f)
{
    struct want *w = f->self;
    return session_find(f, w->sessions, slice_of(w->cookie), &w->session, &w->no);
}

static enum flow_next want_token(struct flow *f)
{
    struct want *w = f->self;
    if (w->session == NULL) return flow_fail(f, err_new(f->arena, w->no, "no session"));
    return session_access_token(f, w->sessions, w->session, &w->from, &w->token);
}

static void want_end(struct flow *f, const struct err *why)
{
    struct want *w = f->self;
    w->ended = true;
    w->why = why;
}

static const struct flow_step want_steps[] = {
    {"test/find",  want_find },
    {"test/token", want_token}
};

static void want_start(struct want *w, struct worker *at, const char *cookie, const struct provider *p)
{
    *w = (struct want){
        .sessions = at->sessions, .from = from(p), .cookie = cookie, .arena = arena_open(4 * 1024 * 1024)};
    flow_start(&w->flow, w->arena, want_steps, 2, want_end, w);
}

static void want_close(struct want *w)
{
    flow_drop(&w->flow);
    arena_close(w->arena);
}

/* token NULL: none is given. problem: what it ends with. */
static void expect(struct fixture *x, struct worker *at, const char *cookie, const struct provider *p,
                   const char *token, enum problem problem)
{
    struct want w;
    want_start(&w, at, cookie, p);
    if (!turn_until(x->loop, &w.ended, 4000)) fail_msg("nobody answers");
    if ((w.why != NULL ? w.why->problem : PROBLEM_NONE) != problem)
        fail_msg("ended with %s", w.why != NULL ? w.why->text.at : "nothing");
    if (token != NULL && !slice_is(w.token, slice_of(token))) fail_msg("%.*s is not %s", SLICE_ARG(w.token), token);
    if (token == NULL) assert_int_equal(w.token.len, 0);
    want_close(&w);
}

static char *sign_in_for(struct fixture *x, int64_t life_s)
{
    const struct tokens t = {.access_token = LIT("access-0"),
                             .refresh_token = LIT("refresh-0"),
                             .id_token = LIT("id.token"),
                             .obtained_s = now_s(),
                             .expires_s = now_s() + life_s};
    const struct session_start start = {.identity = &ada, .tokens = &t};
    struct session_visit v = {.what = VISIT_BEGIN, .sessions = x->a.sessions, .start = &start};
    visit(x, &v);
    assert_null(v.why);
    struct slice rest = v.begun.set_cookie, cookie;
    assert_true(slice_cut(&rest, ';', &cookie));
    char *text = strndup(cookie.at, cookie.len);
    visit_close(&v);
    return text;
}

/* The record as it lies in the store; its slices live in a. false: there is none. */
static bool record_of(struct fixture *x, struct arena *a, const char *cookie, struct token_record *ret)
{
    char key[SESSION_KEY_BYTES + 1];
    key_of(x, cookie, key);
    key[0] = 't';
    struct call get = kit_run(x->loop, (struct call){.what = CALL_GET, .link = x->b.link, .key = slice_of(key)});
    assert_null(get.why);
    bool there = get.value.at != NULL;
    if (there) assert_null(token_record_open(a, x->keys, slice_of(key), get.value, ret));
    arena_close(get.arena);
    return there;
}

static bool lock_is_there(struct fixture *x, const char *cookie, int turn)
{
    char key[SESSION_KEY_BYTES + 1];
    struct arena *a = arena_open(64 * 1024);
    key_of(x, cookie, key);
    struct slice lock = token_record_lock_key(a, slice_of(key), turn);
    char *text = kit_read(x->loop, x->b.link, CALL_GET, lock.at);
    bool there = text != NULL;
    free(text);
    arena_close(a);
    return there;
}

static int begin(void **state)
{
    play = (struct play){.life_s = 100, .retry_after_s = -1};
    return open_memory(state);
}

static int begin_redis(void **state)
{
    play = (struct play){.life_s = 100, .retry_after_s = -1};
    return open_redis(state);
}

static int end(void **state)
{
    int rc = close_all(state);
    assert_int_equal(play.owners, 0); /* nobody keeps a configuration that is over */
    return rc;
}

/* ---- lending */

static void a_token_that_was_looked_at_once_is_lent_without_waiting(void **state)
{
    struct fixture *x = *state;
    char *cookie = sign_in_for(x, 100);
    expect(x, &x->a, cookie, &example, "access-0", PROBLEM_NONE);
    struct want w;
    want_start(&w, &x->a, cookie, &example);
    assert_true(w.ended); /* no turn of the loop: nothing was asked of anybody */
    assert_true(slice_is(w.token, LIT("access-0")));
    want_close(&w);
    assert_int_equal(play.asks, 0);
    free(cookie);
}

static void a_session_without_tokens_lends_none(void **state)
{
    struct fixture *x = *state;
    const struct session_start start = {.identity = &ada};
    struct session_visit v = {.what = VISIT_BEGIN, .sessions = x->a.sessions, .start = &start};
    visit(x, &v);
    char *cookie = strndup(v.begun.set_cookie.at, slice_index(v.begun.set_cookie, ';'));
    visit_close(&v);
    expect(x, &x->a, cookie, &example, NULL, PROBLEM_NONE);
    free(cookie);
}

static void what_cannot_be_opened_counts_as_none_and_is_not_read_again(void **state)
{
    struct fixture *x = *state;
    char *cookie = sign_in_for(x, 100), key[SESSION_KEY_BYTES + 1];
    key_of(x, cookie, key);
    key[0] = 't';
    assert_true(kit_put(x->loop, x->b.link, key, "\x07exampleand this is no seal", 60000, STORE_ALWAYS));
    expect(x, &x->a, cookie, &example, NULL, PROBLEM_NONE);
    struct want w;
    want_start(&w, &x->a, cookie, &example);
    assert_true(w.ended && w.why == NULL && w.token.len == 0);
    want_close(&w);
    free(cookie);
}

/* ---- renewing */

static void a_due_token_is_lent_at_once_while_it_is_renewed_in_nobodys_name(void **state)
{
    struct fixture *x = *state;
    char *cookie = sign_in_for(x, 100);
    expect(x, &x->a, cookie, &example, "access-0", PROBLEM_NONE);
    now_shift(92); /* due at 90, good until 100 */
    play.holds_ask = true;
    for (int i = 0; i < 3; i++)
        expect(x, &x->a, cookie, &example, "access-0", PROBLEM_NONE);
    turn_for(x->loop, 20);
    assert_int_equal(play.asks, 1);
    assert_true(session_tokens_busy(x->a.sessions));
    go_on();
    turn_for(x->loop, 20);
    assert_false(session_tokens_busy(x->a.sessions));
    expect(x, &x->a, cookie, &example, "access-1", PROBLEM_NONE);
    expect(x, &x->b, cookie, &example, "access-1", PROBLEM_NONE);
    assert_int_equal(play.asks, 1);
    assert_string_equal(play.asked_with, "refresh-0");
    assert_false(lock_is_there(x, cookie, 0));
    free(cookie);
}

static void everybody_waits_for_the_one_refresh_of_a_token_that_has_ended(void **state)
{
    struct fixture *x = *state;
    struct want w[40];
    char *cookie = sign_in_for(x, 100);
    expect(x, &x->b, cookie, &example, "access-0", PROBLEM_NONE);
    now_shift(101);
    play.holds_ask = true;
    for (size_t i = 0; i < 40; i++)
        want_start(&w[i], i % 2 == 0 ? &x->a : &x->b, cookie, &example);
    turn_for(x->loop, 50);
    assert_int_equal(play.asks, 1);
    assert_true(lock_is_there(x, cookie, 0));
    for (size_t i = 0; i < 40; i++)
        assert_false(w[i].ended);
    want_close(&w[0]); /* one of them goes: the others still get it */
    go_on();
    for (size_t i = 1; i < 40; i++) {
        assert_true(turn_until(x->loop, &w[i].ended, 2000));
        assert_null(w[i].why);
        assert_true(slice_is(w[i].token, LIT("access-1")));
        want_close(&w[i]);
    }
    assert_int_equal(play.asks, 1);
    free(cookie);
}

static void it_goes_on_when_everybody_who_wanted_it_has_hung_up(void **state)
{
    struct fixture *x = *state;
    struct want w;
    char *cookie = sign_in_for(x, -1);
    play.holds_ask = true;
    want_start(&w, &x->a, cookie, &example);
    turn_for(x->loop, 30);
    want_close(&w);
    go_on();
    turn_for(x->loop, 30);
    expect(x, &x->b, cookie, &example, "access-1", PROBLEM_NONE);
    assert_int_equal(play.asks, 1);
    free(cookie);
}

static void one_who_dies_with_the_turn_is_followed_when_its_lock_has_ended(void **state)
{
    struct fixture *x = *state;
    struct want w;
    char *cookie = sign_in_for(x, -1);
    play.holds_ask = true;
    want_start(&w, &x->a, cookie, &example);
    turn_for(x->loop, 30);
    assert_int_equal(play.asks, 1);
    want_close(&w);
    sessions_close(x->a.sessions); /* nothing of its turn is left but the lock */
    x->a.sessions = sessions_open(x->a.link, x->loop, x->jwt, x->keys, &x->conf);
    play.holds_ask = false;
    want_start(&w, &x->b, cookie, &example);
    turn_for(x->loop, 400);
    assert_false(w.ended);
    assert_int_equal(play.asks, 1);
    now_shift((example.timeout_ms + TOKEN_LOCK_SLACK_MS) / 1000 + 1);
    assert_true(turn_until(x->loop, &w.ended, 2000));
    assert_true(slice_is(w.token, LIT("access-2")));
    assert_int_equal(play.asks, 2);
    assert_false(lock_is_there(x, cookie, 0));
    want_close(&w);
    free(cookie);
}

static void the_rotated_token_is_stored_before_anything_else_is_waited_for(void **state)
{
    struct fixture *x = *state;
    struct want w;
    struct token_record r;
    struct arena *a = arena_open(1024 * 1024);
    char *cookie = sign_in_for(x, -1);
    play.gives_id_token = play.holds_verify = true;
    want_start(&w, &x->a, cookie, &example);
    turn_for(x->loop, 30);
    assert_int_equal(play.verifies, 1);
    assert_true(record_of(x, a, cookie, &r));
    assert_true(slice_is(r.tokens.refresh_token, LIT("refresh-1")));
    assert_true(slice_is(r.tokens.access_token, LIT("access-0"))); /* nothing unverified can be lent by anybody */
    assert_int_equal(r.turn, 0);
    /* and who dies now has lost nothing: the next one asks with the new one */
    want_close(&w);
    sessions_close(x->a.sessions);
    x->a.sessions = sessions_open(x->a.link, x->loop, x->jwt, x->keys, &x->conf);
    play.holds_verify = false;
    now_shift((example.timeout_ms + TOKEN_LOCK_SLACK_MS) / 1000 + 1);
    expect(x, &x->b, cookie, &example, "access-2", PROBLEM_NONE);
    assert_string_equal(play.asked_with, "refresh-1");
    assert_true(record_of(x, a, cookie, &r));
    assert_int_equal(r.turn, 1);
    arena_close(a);
    free(cookie);
}

/* ---- what goes wrong */

static void a_provider_that_is_away_ends_no_session_and_is_left_in_peace_for_a_while(void **state)
{
    static const enum problem problems[] = {PROBLEM_PROVIDER_AWAY, PROBLEM_PROVIDER_BROKEN,
                                            PROBLEM_PROVIDER_MISCONFIGURED};
    struct fixture *x = *state;
    for (size_t i = 0; i < 3; i++) {
        char *cookie = sign_in_for(x, -1);
        play.says = problems[i];
        int before = play.asks;
        for (int k = 0; k < 5; k++)
            expect(x, k % 2 == 0 ? &x->a : &x->b, cookie, &example, NULL, PROBLEM_NONE);
        assert_int_equal(play.asks, before + 1);
        now_shift(3); /* 2 s and a quarter */
        expect(x, &x->b, cookie, &example, NULL, PROBLEM_NONE);
        assert_int_equal(play.asks, before + 2);
        now_shift(5); /* then 4 s: not yet */
        expect(x, &x->b, cookie, &example, NULL, PROBLEM_NONE);
        assert_int_equal(play.asks, before + 2);
        now_shift(9);
        play.says = PROBLEM_NONE;
        char token[32];
        (void)snprintf(token, sizeof token, "access-%d", before + 3);
        expect(x, &x->a, cookie, &example, token, PROBLEM_NONE);
        now_shift(0);
        free(cookie);
    }
}

static void what_the_provider_asks_for_is_waited_for(void **state)
{
    struct fixture *x = *state;
    struct token_record r;
    struct arena *a = arena_open(1024 * 1024);
    char *cookie = sign_in_for(x, -1);
    play.says = PROBLEM_PROVIDER_AWAY;
    play.retry_after_s = 100000;
    expect(x, &x->a, cookie, &example, NULL, PROBLEM_NONE);
    assert_true(record_of(x, a, cookie, &r));
    int64_t wait_ms = r.retry_ms - now_wall_ms();
    assert_true(wait_ms > 1000 * (TOKEN_RETRY_AFTER_MOST_S - 5) && wait_ms <= 1000 * TOKEN_RETRY_AFTER_MOST_S);
    assert_int_equal(r.failures, 1);
    arena_close(a);
    free(cookie);
}

static void a_refusal_ends_the_session_everywhere_and_leaves_nothing(void **state)
{
    struct fixture *x = *state;
    struct token_record r;
    struct arena *a = arena_open(1024 * 1024);
    char *cookie = sign_in_for(x, -1);
    assert_int_equal(find(x, &x->b, cookie), PROBLEM_NONE);
    play.says = PROBLEM_PROVIDER_REFUSED;
    expect(x, &x->a, cookie, &example, NULL, PROBLEM_SESSION_ENDED);
    turn_for(x->loop, 30);
    assert_int_equal(find(x, &x->a, cookie), PROBLEM_SESSION_ENDED);
    assert_int_equal(find(x, &x->b, cookie), PROBLEM_SESSION_ENDED);
    assert_false(record_of(x, a, cookie, &r));
    assert_false(lock_is_there(x, cookie, 0));
    assert_int_equal(play.asks, 1);
    arena_close(a);
    free(cookie);
}

static void a_refusal_leaves_the_session_without_tokens_where_that_is_configured(void **state)
{
    struct fixture *x = *state;
    char *cookie = sign_in_for(x, -1);
    play.says = PROBLEM_PROVIDER_REFUSED;
    for (int i = 0; i < 4; i++)
        expect(x, i % 2 == 0 ? &x->a : &x->b, cookie, &lenient, NULL, PROBLEM_NONE);
    now_shift(500);
    expect(x, &x->a, cookie, &lenient, NULL, PROBLEM_NONE);
    assert_int_equal(play.asks, 1);
    assert_int_equal(find(x, &x->a, cookie), PROBLEM_NONE);
    free(cookie);
}

static void an_id_token_about_somebody_else_ends_the_session_whatever_is_configured(void **state)
{
    struct fixture *x = *state;
    char *cookie = sign_in_for(x, -1);
    play.gives_id_token = play.is_stranger = true;
    play.verify_says = PROBLEM_PROVIDER_BROKEN;
    expect(x, &x->a, cookie, &lenient, NULL, PROBLEM_SESSION_ENDED);
    turn_for(x->loop, 30);
    assert_int_equal(find(x, &x->b, cookie), PROBLEM_SESSION_ENDED);
    free(cookie);
}

static void an_id_token_that_does_not_verify_is_a_failure_that_keeps_the_new_refresh_token(void **state)
{
    struct fixture *x = *state;
    struct token_record r;
    struct arena *a = arena_open(1024 * 1024);
    char *cookie = sign_in_for(x, -1);
    play.gives_id_token = true;
    play.verify_says = PROBLEM_PROVIDER_BROKEN;
    expect(x, &x->a, cookie, &example, NULL, PROBLEM_NONE);
    assert_true(record_of(x, a, cookie, &r));
    assert_true(slice_is(r.tokens.refresh_token, LIT("refresh-1")));
    assert_true(slice_is(r.tokens.access_token, LIT("access-0")));
    assert_int_equal(r.failures, 1);
    assert_int_equal(find(x, &x->a, cookie), PROBLEM_NONE);
    arena_close(a);
    free(cookie);
}

static void a_sign_out_meanwhile_is_not_undone_and_what_came_is_given_back(void **state)
{
    struct fixture *x = *state;
    struct token_record r;
    struct want w;
    struct arena *a = arena_open(1024 * 1024);
    char *cookie = sign_in_for(x, -1);
    play.holds_ask = true;
    want_start(&w, &x->a, cookie, &example);
    turn_for(x->loop, 30);
    assert_int_equal(play.asks, 1);
    sign_out(x, &x->b, cookie);
    go_on();
    assert_true(turn_until(x->loop, &w.ended, 2000));
    assert_int_equal(w.token.len, 0);
    want_close(&w);
    turn_for(x->loop, 30);
    assert_false(record_of(x, a, cookie, &r));
    assert_int_equal(find(x, &x->a, cookie), PROBLEM_SESSION_ENDED);
    assert_int_equal(play.revocations, 1);
    assert_string_equal(play.revoked, "refresh-1");
    assert_false(lock_is_there(x, cookie, 0));
    arena_close(a);
    free(cookie);
}

static void it_lives_through_another_key(void **state)
{
    struct fixture *x = *state;
    char *cookie = sign_in_for(x, -1);
    struct keyring *both = keys_of("two", "one");
    struct session_jwt *jwt = session_jwt_open(both, LIT("https://gate.example"));
    sessions_configure(x->a.sessions, jwt, both, &x->conf);
    sessions_configure(x->b.sessions, jwt, both, &x->conf);
    expect(x, &x->a, cookie, &example, "access-1", PROBLEM_NONE);
    expect(x, &x->b, cookie, &example, "access-1", PROBLEM_NONE);
    session_jwt_close(x->jwt);
    keyring_close(x->keys);
    x->jwt = jwt;
    x->keys = both;
    struct token_record r;
    struct arena *a = arena_open(1024 * 1024);
    assert_true(record_of(x, a, cookie, &r));
    assert_int_equal(r.turn, 1);
    arena_close(a);
    free(cookie);
}

/* ---- following and giving back */

static void sessions_that_follow_their_provider_are_looked_after_without_waiting(void **state)
{
    struct fixture *x = *state;
    char *cookie = sign_in_for(x, -1);
    for (int i = 0; i < 3; i++) {
        struct session_visit v = {.what = VISIT_FIND, .sessions = x->a.sessions, .cookie = slice_of(cookie)};
        visit(x, &v);
        assert_non_null(v.session);
        const struct token_source source = from(&example);
        session_tokens_look_after(x->a.sessions, v.session, &source);
        turn_for(x->loop, 20);
        visit_close(&v);
    }
    assert_int_equal(play.asks, 1);
    play.says = PROBLEM_PROVIDER_REFUSED;
    now_shift(200);
    struct session_visit v = {.what = VISIT_FIND, .sessions = x->a.sessions, .cookie = slice_of(cookie)};
    visit(x, &v);
    const struct token_source source = from(&example);
    session_tokens_look_after(x->a.sessions, v.session, &source);
    visit_close(&v);
    turn_for(x->loop, 30);
    assert_int_equal(find(x, &x->a, cookie), PROBLEM_SESSION_ENDED);
    assert_int_equal(find(x, &x->b, cookie), PROBLEM_SESSION_ENDED);
    free(cookie);
}

static struct session_left taken;
static struct slice taken_id;

static enum flow_next take_step(struct flow *f)
{
    struct want *w = f->self;
    return session_tokens_take(f, w->sessions, taken_id, &taken);
}

static const struct flow_step take_steps[] = {
    {"test/take", take_step}
};

static void tokens_can_be_taken_for_whoever_ends_the_session_by_its_id(void **state)
{
    struct fixture *x = *state;
    char *cookie = sign_in_for(x, 100), key[SESSION_KEY_BYTES + 1];
    struct token_record r;
    struct arena *a = arena_open(1024 * 1024);
    key_of(x, cookie, key);
    taken_id = slice_of(key + 2);
    for (int i = 0; i < 2; i++) { /* once: the second finds nothing */
        struct want w = {.sessions = x->b.sessions, .arena = arena_open(4 * 1024 * 1024)};
        flow_start(&w.flow, w.arena, take_steps, 1, want_end, &w);
        assert_true(turn_until(x->loop, &w.ended, 2000));
        assert_null(w.why);
        assert_true((taken.tokens != NULL) == (i == 0));
        if (i == 0) assert_true(slice_is(taken.provider, example.id));
        if (i == 0) assert_true(slice_is(taken.tokens->refresh_token, LIT("refresh-0")));
        want_close(&w);
    }
    assert_false(record_of(x, a, cookie, &r));
    expect(x, &x->a, cookie, &example, NULL, PROBLEM_SESSION_ENDED); /* and no backend is asked without them */
    arena_close(a);
    free(cookie);
}

static void tokens_are_given_back_a_few_at_a_time_and_not_without_end(void **state)
{
    struct fixture *x = *state;
    const struct tokens t = {.refresh_token = LIT("refresh-0")};
    const struct session_left left = {example.id, &t}, others = {LIT("other"), &t};
    const struct token_source source = from(&example), kept_there = from(&lenient);
    const struct audit_record who = {.actor = LIT("test")};
    play.holds_revoke = true;
    session_tokens_revoke(x->a.sessions, &others, &source, &who);
    session_tokens_revoke(x->a.sessions, &left, &kept_there, &who);
    assert_int_equal(play.revocations, 0);
    for (int i = 0; i < SESSION_REVOCATIONS + SESSION_REVOCATIONS_WAIT + 5; i++)
        session_tokens_revoke(x->a.sessions, &left, &source, &who);
    assert_int_equal(play.revocations, SESSION_REVOCATIONS);
    assert_int_equal(play.owners, SESSION_REVOCATIONS + SESSION_REVOCATIONS_WAIT);
    assert_true(session_tokens_busy(x->a.sessions));
    play.holds_revoke = false; /* the rest is answered at once, and nobody's stack grows with them */
    go_on();
    assert_int_equal(play.revocations, SESSION_REVOCATIONS + SESSION_REVOCATIONS_WAIT);
    assert_int_equal(play.owners, 0);
    assert_false(session_tokens_busy(x->a.sessions));
    play.holds_revoke = true;
    for (int i = 0; i < SESSION_REVOCATIONS + 5; i++)
        session_tokens_revoke(x->a.sessions, &left, &source, &who); /* and these end with the worker */
}

static struct session_giving giving;
static struct session_ids ended;

static enum flow_next end_person_step(struct flow *f)
{
    struct want *w = f->self;
    return session_revoke_person(f, w->sessions, ada.provider, ada.subject, (struct slice){NULL, 0}, &giving, &ended);
}

static const struct flow_step end_person_steps[] = {
    {"test/end_person", end_person_step}
};

static void who_ends_a_person_gives_the_tokens_of_all_their_sessions_back(void **state)
{
    enum {
        MANY = 70 /* more than fit into two rounds */
    };
    struct fixture *x = *state;
    char *cookies[MANY];
    for (size_t i = 0; i < MANY; i++)
        cookies[i] = sign_in_for(x, 100);
    giving = (struct session_giving){from(&example), {.actor = LIT("test")}}; /* whose it is, is read */
    struct want w = {.sessions = x->b.sessions, .arena = arena_open(4 * 1024 * 1024)};
    flow_start(&w.flow, w.arena, end_person_steps, 1, want_end, &w);
    assert_true(turn_until(x->loop, &w.ended, 4000));
    assert_null(w.why);
    assert_int_equal(ended.count, MANY);
    assert_int_equal(play.revocations, MANY);
    want_close(&w);
    struct token_record r;
    struct arena *a = arena_open(1024 * 1024);
    for (size_t i = 0; i < MANY; i++) {
        assert_false(record_of(x, a, cookies[i], &r));
        if (i % 10 == 0) expect(x, &x->a, cookies[i], &example, NULL, PROBLEM_SESSION_ENDED);
        free(cookies[i]);
    }
    arena_close(a);
}

#define TEST(name)  cmocka_unit_test_setup_teardown(name, begin, end)
#define REDIS(name) cmocka_unit_test_setup_teardown(name, begin_redis, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_token_that_was_looked_at_once_is_lent_without_waiting),
        REDIS(a_token_that_was_looked_at_once_is_lent_without_waiting),
        TEST(a_session_without_tokens_lends_none),
        TEST(what_cannot_be_opened_counts_as_none_and_is_not_read_again),
        TEST(a_due_token_is_lent_at_once_while_it_is_renewed_in_nobodys_name),
        REDIS(a_due_token_is_lent_at_once_while_it_is_renewed_in_nobodys_name),
        TEST(everybody_waits_for_the_one_refresh_of_a_token_that_has_ended),
        REDIS(everybody_waits_for_the_one_refresh_of_a_token_that_has_ended),
        TEST(it_goes_on_when_everybody_who_wanted_it_has_hung_up),
        TEST(one_who_dies_with_the_turn_is_followed_when_its_lock_has_ended),
        TEST(the_rotated_token_is_stored_before_anything_else_is_waited_for),
        TEST(a_provider_that_is_away_ends_no_session_and_is_left_in_peace_for_a_while),
        TEST(what_the_provider_asks_for_is_waited_for),
        TEST(a_refusal_ends_the_session_everywhere_and_leaves_nothing),
        REDIS(a_refusal_ends_the_session_everywhere_and_leaves_nothing),
        TEST(a_refusal_leaves_the_session_without_tokens_where_that_is_configured),
        TEST(an_id_token_about_somebody_else_ends_the_session_whatever_is_configured),
        TEST(an_id_token_that_does_not_verify_is_a_failure_that_keeps_the_new_refresh_token),
        TEST(a_sign_out_meanwhile_is_not_undone_and_what_came_is_given_back),
        REDIS(a_sign_out_meanwhile_is_not_undone_and_what_came_is_given_back),
        TEST(it_lives_through_another_key),
        TEST(sessions_that_follow_their_provider_are_looked_after_without_waiting),
        TEST(tokens_can_be_taken_for_whoever_ends_the_session_by_its_id),
        TEST(who_ends_a_person_gives_the_tokens_of_all_their_sessions_back),
        REDIS(who_ends_a_person_gives_the_tokens_of_all_their_sessions_back),
        TEST(tokens_are_given_back_a_few_at_a_time_and_not_without_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
