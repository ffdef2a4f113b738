/* The ends that nobody's own cookie asks for: by id, by person, by the provider's sid, by there being too many. */
#include "session/session_index.h"
#include "session_kit.h"

#include "base/log.h"

/* ---- running one call */

struct doing {
    enum {
        END_PERSON,
        END_ELSEWHERE,
        END_ONE,
        LIST,
        READ
    } what;
    struct sessions *sessions;
    struct slice subject, sid, id;
    const struct session *known;
    const struct session_giving *giving;
    struct session_ids ended;
    struct session_roll roll;
    struct session_listed one;
    bool was_there, over, may_fail;
    const struct err *why;
    struct arena *arena;
    struct flow flow;
};

static enum flow_next do_step(struct flow *f)
{
    struct doing *d = f->self;
    struct slice provider = LIT("example");
    switch (d->what) {
    case END_PERSON: return session_revoke_person(f, d->sessions, provider, d->subject, d->id, d->giving, &d->ended);
    case END_ELSEWHERE:
        return session_revoke_elsewhere(f, d->sessions, provider, d->sid, d->subject, d->giving, &d->ended);
    case END_ONE: return session_revoke(f, d->sessions, d->id, d->known, d->giving, &d->was_there);
    case LIST: return session_roll(f, d->sessions, provider, d->subject, &d->roll);
    case READ: return session_read(f, d->sessions, d->id, &d->one);
    }
    return FLOW_DONE;
}

static void done(struct flow *f, const struct err *why)
{
    struct doing *d = f->self;
    d->over = true;
    d->why = why;
}

static const struct flow_step do_steps[] = {
    {"test/do", do_step}
};

static void act(struct fixture *x, struct doing *d)
{
    d->arena = arena_open(4 * 1024 * 1024);
    flow_start(&d->flow, d->arena, do_steps, 1, done, d);
    assert_true(turn_until(x->loop, &d->over, 4000));
    if (!d->may_fail) assert_null(d->why);
}

static void act_close(struct doing *d)
{
    flow_drop(&d->flow);
    arena_close(d->arena);
}

static size_t end_person(struct fixture *x, struct worker *w, const char *subject)
{
    struct doing d = {.what = END_PERSON, .sessions = w->sessions, .subject = slice_of(subject)};
    act(x, &d);
    act_close(&d);
    return d.ended.count;
}

static size_t end_elsewhere(struct fixture *x, struct worker *w, const char *sid, const char *subject)
{
    struct doing d = {
        .what = END_ELSEWHERE, .sessions = w->sessions, .sid = slice_of(sid), .subject = slice_of(subject)};
    act(x, &d);
    act_close(&d);
    return d.ended.count;
}

static size_t listed(struct fixture *x, struct worker *w, const char *subject)
{
    struct doing d = {.what = LIST, .sessions = w->sessions, .subject = slice_of(subject)};
    act(x, &d);
    act_close(&d);
    return d.roll.count;
}

/* Signs in somebody; free()d by the caller. NULL: refused as ended. */
static char *begin(struct fixture *x, struct worker *w, const char *subject, const char *sid, int64_t began_ms,
                   size_t *ret_displaced)
{
    struct identity who = ada;
    who.subject = slice_of(subject);
    const struct session_start start = {.identity = &who,
                                        .tokens = &tokens,
                                        .provider_sid = slice_of(sid),
                                        .address = LIT("192.0.2.7"),
                                        .user_agent = LIT("A browser\x1b of the test"),
                                        .began_ms = began_ms};
    struct session_visit v = {.what = VISIT_BEGIN, .sessions = w->sessions, .start = &start};
    visit(x, &v);
    char *text = NULL;
    if (v.why != NULL)
        assert_int_equal(v.why->problem, PROBLEM_SESSION_ENDED);
    else {
        struct slice rest = v.begun.set_cookie, cookie;
        assert_true(slice_cut(&rest, ';', &cookie));
        text = strndup(cookie.at, cookie.len);
    }
    if (ret_displaced != NULL) *ret_displaced = v.begun.displaced.count;
    visit_close(&v);
    return text;
}

static bool token_record_is_there(struct fixture *x, const char *cookie)
{
    char key[SESSION_KEY_BYTES + 1];
    key_of(x, cookie, key);
    key[0] = 't';
    char *text = kit_read(x->loop, x->a.link, CALL_GET, key);
    free(text);
    return text != NULL;
}

/* ---- tests */

static void the_end_of_a_person_ends_all_of_theirs_with_tokens_and_nobody_elses(void **state)
{
    struct fixture *x = *state;
    char *one = begin(x, &x->a, "ada", "s1", 0, NULL), *two = begin(x, &x->b, "ada", "s2", 0, NULL);
    char *bob = begin(x, &x->a, "bob", "s3", 0, NULL);
    assert_int_equal(find(x, &x->a, one), PROBLEM_NONE);
    assert_int_equal(find(x, &x->b, one), PROBLEM_NONE);
    assert_int_equal(find(x, &x->b, two), PROBLEM_NONE);
    assert_true(token_record_is_there(x, one));
    assert_int_equal(end_person(x, &x->a, "ada"), 2);
    turn_for(x->loop, 20);
    assert_int_equal(find(x, &x->a, one), PROBLEM_SESSION_ENDED);
    assert_int_equal(find(x, &x->b, one), PROBLEM_SESSION_ENDED);
    assert_int_equal(find(x, &x->b, two), PROBLEM_SESSION_ENDED);
    assert_int_equal(find(x, &x->b, bob), PROBLEM_NONE);
    assert_false(token_record_is_there(x, one));
    assert_false(token_record_is_there(x, two));
    assert_true(token_record_is_there(x, bob));
    assert_int_equal(end_person(x, &x->b, "ada"), 0);
    assert_int_equal(end_person(x, &x->b, "nobody"), 0);
    free(one);
    free(two);
    free(bob);
}

/* Nothing more can be written down, not even that this person was ended: that is said, and the sessions go all the same. */
static void a_person_is_ended_in_a_redis_that_is_full(void **state)
{
    struct fixture *x = *state;
    int64_t before_ms = now_wall_ms() - 1000;
    char *one = begin(x, &x->a, "ada", "s1", 0, NULL), *two = begin(x, &x->b, "ada", "s2", 0, NULL);
    assert_int_equal(find(x, &x->b, one), PROBLEM_NONE);
    free(redis_cli(x->server, "config set maxmemory 1"));
    struct doing d = {.what = END_PERSON, .sessions = x->a.sessions, .subject = LIT("ada"), .may_fail = true};
    act(x, &d);
    assert_non_null(d.why);
    assert_int_equal(d.why->problem, PROBLEM_STORE_AWAY);
    assert_int_equal(d.ended.count, 2);
    act_close(&d);
    turn_for(x->loop, 20);
    assert_int_equal(find(x, &x->b, one), PROBLEM_SESSION_ENDED);
    assert_int_equal(find(x, &x->a, two), PROBLEM_SESSION_ENDED);
    free(redis_cli(x->server, "config set maxmemory 0"));
    assert_int_equal(end_person(x, &x->a, "ada"), 0);
    assert_null(begin(x, &x->b, "ada", "s3", before_ms, NULL)); /* it was under way meanwhile */
    free(one);
    free(two);
}

static void the_end_of_a_session_at_the_provider_ends_what_came_of_it_and_no_more(void **state)
{
    struct fixture *x = *state;
    char *laptop = begin(x, &x->a, "ada", "s1", 0, NULL), *phone = begin(x, &x->a, "ada", "s2", 0, NULL);
    char *untold = begin(x, &x->a, "ada", "", 0, NULL);
    assert_int_equal(end_elsewhere(x, &x->b, "s1", "ada"), 1);
    turn_for(x->loop, 20);
    assert_int_equal(find(x, &x->a, laptop), PROBLEM_SESSION_ENDED);
    assert_int_equal(find(x, &x->a, phone), PROBLEM_NONE);
    assert_int_equal(find(x, &x->a, untold), PROBLEM_NONE);
    assert_int_equal(end_elsewhere(x, &x->b, "s2", "ada"), 1);
    assert_int_equal(end_elsewhere(x, &x->b, "", "ada"), 1); /* whose sid was never told */
    assert_int_equal(end_elsewhere(x, &x->b, "s1", "ada"), 0);
    assert_int_equal(listed(x, &x->a, "ada"), 0);
    free(laptop);
    free(phone);
    free(untold);
}

static void a_sign_in_that_began_before_its_person_was_ended_gives_no_session(void **state)
{
    struct fixture *x = *state;
    int64_t before = now_wall_ms() - 1000;
    assert_int_equal(end_person(x, &x->a, "ada"), 0);
    assert_null(begin(x, &x->b, "ada", "s1", before, NULL));
    assert_int_equal(listed(x, &x->a, "ada"), 0);
    char *other = begin(x, &x->b, "bob", "s1", before, NULL),
         *later = begin(x, &x->b, "ada", "s1", now_wall_ms() + 5, NULL);
    assert_non_null(other);
    assert_non_null(later);
    assert_int_equal(find(x, &x->a, later), PROBLEM_NONE);
    assert_int_equal(end_elsewhere(x, &x->a, "s9", ""), 0);
    assert_null(begin(x, &x->b, "cyn", "s9", before, NULL));
    char *another = begin(x, &x->b, "cyn", "s8", before, NULL);
    assert_non_null(another);
    free(other);
    free(later);
    free(another);
}

static void one_more_than_a_person_may_have_ends_the_oldest(void **state)
{
    struct fixture *x = *state;
    char *cookies[5];
    size_t displaced = 9;
    x->conf.max_per_user = 3;
    for (int i = 0; i < 3; i++) {
        cookies[i] = begin(x, i % 2 != 0 ? &x->a : &x->b, "ada", "s", 0, &displaced);
        assert_int_equal(displaced, 0);
        turn_for(x->loop, 3); /* their order is that of milliseconds */
    }
    char *bob = begin(x, &x->a, "bob", "s", 0, &displaced);
    assert_int_equal(displaced, 0);
    cookies[3] = begin(x, &x->a, "ada", "s", 0, &displaced);
    assert_int_equal(displaced, 1);
    turn_for(x->loop, 20);
    assert_int_equal(find(x, &x->b, cookies[0]), PROBLEM_SESSION_ENDED);
    for (int i = 1; i < 4; i++) {
        assert_int_equal(find(x, &x->b, cookies[i]), PROBLEM_NONE);
    }
    sign_out(x, &x->b, cookies[2]); /* makes room */
    cookies[4] = begin(x, &x->a, "ada", "s", 0, &displaced);
    assert_int_equal(displaced, 0);
    assert_int_equal(find(x, &x->b, cookies[1]), PROBLEM_NONE);
    x->conf.max_per_user = 1;
    char *last = begin(x, &x->a, "ada", "s", 0, &displaced);
    assert_int_equal(displaced, 3);
    assert_int_equal(find(x, &x->a, last), PROBLEM_NONE);
    assert_int_equal(find(x, &x->a, bob), PROBLEM_NONE);
    assert_int_equal(listed(x, &x->a, "ada"), 1);
    for (int i = 0; i < 5; i++) {
        free(cookies[i]);
    }
    free(bob);
    free(last);
}

static void sessions_that_died_of_age_do_not_count(void **state)
{
    struct fixture *x = *state;
    size_t displaced = 9;
    x->conf.max_per_user = 2;
    char *one = begin(x, &x->a, "ada", "s", 0, NULL), *two = begin(x, &x->a, "ada", "s", 0, NULL);
    char key[SESSION_KEY_BYTES + 1];
    key_of(x, one, key);
    assert_true(kit_delete(x->loop, x->b.link, key)); /* as if its time were over */
    char *three = begin(x, &x->a, "ada", "s", 0, &displaced);
    assert_int_equal(displaced, 0);
    assert_int_equal(find(x, &x->b, two), PROBLEM_NONE);
    assert_int_equal(listed(x, &x->a, "ada"), 2);
    free(one);
    free(two);
    free(three);
}

static void a_listing_says_who_since_when_from_where_and_with_what(void **state)
{
    struct fixture *x = *state;
    char *one = begin(x, &x->a, "ada", "s1", 0, NULL);
    turn_for(x->loop, 3);
    char *two = begin(x, &x->a, "ada", "s2", 0, NULL);
    struct doing d = {.what = LIST, .sessions = x->b.sessions, .subject = LIT("ada")};
    act(x, &d);
    assert_int_equal(d.roll.count, 2);
    for (size_t i = 0; i < 2; i++) {
        const struct session_listed *s = &d.roll.at[i];
        assert_int_equal(s->id.len, 43);
        assert_true(slice_is(s->provider, LIT("example")));
        assert_true(slice_is(s->subject, LIT("ada")));
        assert_true(slice_is(s->email, LIT("ada@example.com")));
        assert_true(slice_is(s->address, LIT("192.0.2.7")));
        assert_true(slice_is(s->user_agent, LIT("A browser of the test")));
        assert_true(s->created_s >= now_s() - 5 && s->expires_s == s->created_s + 3600);
        assert_true(s->seen_s >= s->created_s && s->seen_s <= now_s());
    }
    struct doing one_of = {.what = READ, .sessions = x->b.sessions, .id = d.roll.at[0].id};
    act(x, &one_of);
    assert_true(slice_is(one_of.one.id, d.roll.at[0].id));
    struct doing none = {
        .what = READ, .sessions = x->b.sessions, .id = LIT("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")};
    act(x, &none);
    assert_int_equal(none.one.id.len, 0);
    act_close(&none);
    act_close(&one_of);
    struct doing end = {.what = END_ONE, .sessions = x->b.sessions, .id = d.roll.at[0].id};
    act(x, &end);
    assert_true(end.was_there);
    act_close(&end);
    act_close(&d);
    assert_int_equal(listed(x, &x->a, "ada"), 1);
    free(one);
    free(two);
}

static void all_but_one_can_be_ended_and_the_next_sign_in_is_welcome(void **state)
{
    struct fixture *x = *state;
    int64_t before = now_wall_ms() - 1000;
    char *mine = begin(x, &x->a, "ada", "s1", 0, NULL), *other = begin(x, &x->b, "ada", "s2", 0, NULL);
    char key[SESSION_KEY_BYTES + 1];
    key_of(x, mine, key);
    struct doing d = {.what = END_PERSON, .sessions = x->a.sessions, .subject = LIT("ada"), .id = slice_of(key + 2)};
    act(x, &d);
    assert_int_equal(d.ended.count, 1);
    act_close(&d);
    assert_int_equal(find(x, &x->a, mine), PROBLEM_NONE);
    assert_int_equal(find(x, &x->a, other), PROBLEM_SESSION_ENDED);
    char *next = begin(x, &x->a, "ada", "s3", before, NULL);
    assert_non_null(next);
    free(mine);
    free(other);
    free(next);
}

static void more_than_fit_one_step_are_ended_all_the_same(void **state)
{
    enum {
        MANY = 75
    };
    struct fixture *x = *state;
    for (int i = 0; i < MANY; i++) {
        free(begin(x, &x->a, "ada", "same", 0, NULL));
    }
    assert_int_equal(listed(x, &x->b, "ada"), MANY);
    assert_int_equal(end_elsewhere(x, &x->b, "same", "ada"), MANY);
    assert_int_equal(listed(x, &x->a, "ada"), 0);
}

static void sessions_of_an_older_key_are_found_while_it_is_listed(void **state)
{
    struct fixture *x = *state;
    char *old = begin(x, &x->a, "ada", "s1", 0, NULL);
    struct keyring *before = x->keys;
    struct session_jwt *before_jwt = x->jwt;
    x->keys = keys_of("two", "one");
    x->jwt = session_jwt_open(x->keys, LIT("https://gate.example"));
    sessions_configure(x->a.sessions, x->jwt, x->keys, &x->conf);
    sessions_configure(x->b.sessions, x->jwt, x->keys, &x->conf);
    session_jwt_close(before_jwt);
    keyring_close(before);
    char *new = begin(x, &x->a, "ada", "s2", 0, NULL);
    assert_int_equal(listed(x, &x->b, "ada"), 2);
    assert_int_equal(end_elsewhere(x, &x->b, "s1", "ada"), 1);
    assert_int_equal(find(x, &x->a, old), PROBLEM_SESSION_ENDED);
    assert_int_equal(end_person(x, &x->b, "ada"), 1);
    assert_int_equal(find(x, &x->a, new), PROBLEM_SESSION_ENDED);
    free(old);
    free(new);
}

struct heard {
    int gone, doubted, all;
    char last[64];
};

static void hear(void *self, struct slice id, bool gone)
{
    struct heard *h = self;
    if (id.at == NULL) h->all++;
    if (id.at != NULL && gone) h->gone++;
    if (id.at != NULL && !gone) h->doubted++;
    if (id.at != NULL) snprintf(h->last, sizeof h->last, "%.*s", SLICE_ARG(id));
}

static void who_holds_something_open_hears_of_the_end_on_every_worker(void **state)
{
    struct fixture *x = *state;
    char *cookie = begin(x, &x->a, "ada", "s1", 0, NULL), key[SESSION_KEY_BYTES + 1];
    key_of(x, cookie, key);
    assert_int_equal(find(x, &x->b, cookie), PROBLEM_NONE);
    struct heard a = {.gone = 0}, b = {.gone = 0};
    sessions_on_news(x->a.sessions, hear, &a);
    sessions_on_news(x->b.sessions, hear, &b);
    assert_int_equal(end_person(x, &x->a, "ada"), 1);
    turn_for(x->loop, 50);
    assert_int_equal(a.gone, 1);
    assert_string_equal(a.last, key + 2);
    assert_true(b.doubted >= 1);
    assert_string_equal(b.last, key + 2);
    sessions_on_news(x->a.sessions, NULL, NULL);
    sessions_on_news(x->b.sessions, NULL, NULL);
    free(cookie);
}

static void the_names_of_lists_say_nothing_and_differ_by_key_provider_and_person(void **state)
{
    (void)state;
    struct arena *a = arena_open(256 * 1024);
    struct keyring *k = keys_of("one", NULL), *other = keys_of("two", NULL);
    struct slice names[] = {
        session_index_person(a, k, LIT("p"), LIT("ada")).at[0],
        session_index_person(a, other, LIT("p"), LIT("ada")).at[0],
        session_index_person(a, k, LIT("pa"), LIT("da")).at[0],
        session_index_person(a, k, LIT("p"), LIT("adb")).at[0],
        session_index_elsewhere(a, k, LIT("p"), LIT("ada"), LIT("")).at[0],
        session_index_elsewhere(a, k, LIT("p"), LIT(""), LIT("ada")).at[0],
    };
    size_t count = sizeof names / sizeof *names;
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(names[i].len, 45);
        assert_true(slice_find(names[i], LIT("ada")) == SLICE_NONE);
        for (size_t j = 0; j < i; j++) {
            assert_false(slice_is(slice_from(names[i], 2), slice_from(names[j], 2)));
        }
    }
    assert_true(slice_is(names[0], session_index_person(a, k, LIT("p"), LIT("ada")).at[0]));
    keyring_close(k);
    keyring_close(other);
    arena_close(a);
}

int main(void)
{
#define BOTH(test)                                                 \
    cmocka_unit_test_setup_teardown(test, open_memory, close_all), \
    {                                                              \
        "redis: " #test, test, open_redis, close_all, NULL         \
    }
    const struct CMUnitTest tests[] = {
        BOTH(the_end_of_a_person_ends_all_of_theirs_with_tokens_and_nobody_elses),
        {"redis: a_person_is_ended_in_a_redis_that_is_full", a_person_is_ended_in_a_redis_that_is_full, open_redis,
                                                                               close_all, NULL},
        BOTH(the_end_of_a_session_at_the_provider_ends_what_came_of_it_and_no_more),
        BOTH(a_sign_in_that_began_before_its_person_was_ended_gives_no_session),
        BOTH(one_more_than_a_person_may_have_ends_the_oldest),
        BOTH(sessions_that_died_of_age_do_not_count),
        BOTH(a_listing_says_who_since_when_from_where_and_with_what),
        BOTH(all_but_one_can_be_ended_and_the_next_sign_in_is_welcome),
        BOTH(more_than_fit_one_step_are_ended_all_the_same),
        BOTH(sessions_of_an_older_key_are_found_while_it_is_listed),
        BOTH(who_holds_something_open_hears_of_the_end_on_every_worker),
        cmocka_unit_test(the_names_of_lists_say_nothing_and_differ_by_key_provider_and_person),
    };
    log_threshold(LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
