/* What is open in a session's name ends with it, also where nobody tells: too old, idle in the memory store, not vouched for any more. */
#include "gate/live.h"

#include "../session/session_kit.h"
#include "gate/visitor.h"

#include "base/log.h"

struct stage {
    struct fixture *x;
    struct gate gate;
    struct snapshot snapshot;
    struct provider provider, *providers[1];
};

/* One request that is passed on; its exchange has answered nothing yet, so cutting it only leaves the reason. */
struct passing {
    struct visitor *v;
    struct arena *arena;
    struct flow flow;
    char *cookie;
};

static enum flow_next find_step(struct flow *f)
{
    struct visitor *v = f->self;
    return session_find(f, v->v.sessions, v->v.session_cookies, &v->v.session, &v->v.session_why);
}

static const struct flow_step find_steps[] = {
    {"test/find", find_step}
};

static void ended(struct flow *f, const struct err *why)
{
    struct visitor *v = f->self;
    v->at_home = why == NULL; /* any flag will do: the flow is over */
}

static void pass_on(struct stage *s, struct passing *p, char *cookie)
{
    enum {
        EXCHANGE_ROOM = 64 * 1024 /* more than http/ keeps of one; zeroed: nobody has answered */
    };
    p->cookie = cookie;
    p->arena = arena_open(1024 * 1024);
    p->v = arena_new(p->arena, struct visitor);
    p->v->gate = &s->gate;
    p->v->v.x = arena_alloc(p->arena, EXCHANGE_ROOM);
    p->v->v.x->arena = p->arena;
    p->v->v.sessions = s->gate.sessions;
    p->v->v.session_cookies = slice_of(cookie);
    flow_start(&p->flow, p->arena, find_steps, 1, ended, p->v);
    assert_true(turn_until(s->x->loop, &p->v->at_home, 2000));
    assert_non_null(p->v->v.session);
    live_enter(&s->gate.live, &p->v->watch);
}

static bool is_cut(const struct passing *p)
{
    return slice_is(p->v->v.reason, LIT("session-ended"));
}

static void leave(struct passing *p)
{
    live_leave(&p->v->watch);
    live_leave(&p->v->watch); /* again is fine */
    flow_drop(&p->flow);
    arena_close(p->arena);
    free(p->cookie);
}

static struct stage *open_stage(struct fixture *x)
{
    struct stage *s = must_alloc(sizeof *s);
    s->x = x;
    s->provider = (struct provider){.id = LIT("example"), .issuer = LIT("https://id.example")};
    s->providers[0] = &s->provider;
    s->snapshot = (struct snapshot){.providers = s->providers, .provider_count = 1, .session = x->conf};
    s->gate = (struct gate){.loop = x->loop, .snapshot = &s->snapshot, .link = x->a.link, .sessions = x->a.sessions};
    live_open(&s->gate.live, &s->gate);
    return s;
}

static void close_stage(struct stage *s)
{
    live_close(&s->gate.live);
    free(s);
}

static void what_is_open_is_cut_when_its_session_is_too_old(void **state)
{
    struct fixture *x = *state;
    x->conf.lifetime_s = 2;
    x->conf.idle_s = 2;
    char *cookie = sign_in(x, &x->a, "");
    x->conf.lifetime_s = 3600; /* not the cookie's age is looked at, nor the record's time in the store */
    char key[SESSION_KEY_BYTES + 1];
    key_of(x, cookie, key);
    store_touch(x->b.link, slice_of(key), 60000);
    struct stage *s = open_stage(x);
    struct passing p = {.v = NULL};
    pass_on(s, &p, cookie);
    turn_for(x->loop, 600);
    assert_false(is_cut(&p));
    turn_for(x->loop, 3500);
    assert_true(is_cut(&p));
    leave(&p);
    close_stage(s);
}

static void what_is_open_is_cut_when_nobody_used_the_session(void **state)
{
    struct fixture *x = *state;
    x->conf.idle_s = 2;
    struct stage *s = open_stage(x);
    struct passing idle = {.v = NULL}, used = {.v = NULL};
    char *other = sign_in(x, &x->a, "");
    pass_on(s, &idle, sign_in(x, &x->a, ""));
    pass_on(s, &used, strdup(other));
    for (int i = 0; i < 9; i++) {
        turn_for(x->loop, 500);
        assert_int_equal(find(x, &x->b, other), PROBLEM_NONE);
    }
    assert_true(is_cut(&idle));
    assert_false(is_cut(&used));
    leave(&idle);
    leave(&used);
    free(other);
    close_stage(s);
}

static void an_end_on_this_worker_and_on_another_is_felt_at_once(void **state)
{
    struct fixture *x = *state;
    struct stage *s = open_stage(x);
    struct passing here = {.v = NULL}, there = {.v = NULL}, stays = {.v = NULL}, gone = {.v = NULL};
    char *one = sign_in(x, &x->a, ""), *two = sign_in(x, &x->a, "");
    pass_on(s, &here, strdup(one));
    pass_on(s, &there, strdup(two));
    pass_on(s, &stays, sign_in(x, &x->a, ""));
    pass_on(s, &gone, strdup(one));
    leave(&gone); /* it was over before */
    sign_out(x, &x->a, one);
    sign_out(x, &x->b, two);
    turn_for(x->loop, 50);
    assert_true(is_cut(&here));
    assert_true(is_cut(&there));
    assert_false(is_cut(&stays));
    leave(&here);
    leave(&there);
    leave(&stays);
    free(one);
    free(two);
    close_stage(s);
}

static void who_came_just_before_has_a_second_to_be_answered(void **state)
{
    struct fixture *x = *state;
    struct stage *s = open_stage(x);
    struct passing young = {.v = NULL}, answered = {.v = NULL};
    char *one = sign_in(x, &x->a, "");
    pass_on(s, &young, strdup(one));
    pass_on(s, &answered, strdup(one));
    young.v->v.x->began_us = answered.v->v.x->began_us = now_us();
    sign_out(x, &x->b, one);
    turn_for(x->loop, 100);
    assert_false(is_cut(&young));
    assert_false(is_cut(&answered));
    leave(&answered);
    turn_for(x->loop, 2300);
    assert_true(is_cut(&young));
    leave(&young);
    free(one);
    close_stage(s);
}

static void a_configuration_without_the_provider_ends_what_is_open(void **state)
{
    struct fixture *x = *state;
    struct stage *s = open_stage(x);
    struct passing p = {.v = NULL};
    pass_on(s, &p, sign_in(x, &x->a, ""));
    live_doubt_all(&s->gate.live);
    turn_for(x->loop, 1300);
    assert_false(is_cut(&p));
    s->provider.issuer = LIT("https://another.example");
    live_doubt_all(&s->gate.live);
    turn_for(x->loop, 1300);
    assert_true(is_cut(&p));
    leave(&p);
    close_stage(s);
}

static void who_leaves_while_it_is_looked_at_is_not_missed(void **state)
{
    struct fixture *x = *state;
    struct stage *s = open_stage(x);
    struct passing p = {.v = NULL};
    pass_on(s, &p, sign_in(x, &x->a, ""));
    kill(x->server->pid, SIGSTOP); /* the look waits */
    sessions_configure(x->a.sessions, x->jwt, x->keys, &x->conf);
    live_doubt_all(&s->gate.live);
    turn_for(x->loop, 1200);
    assert_non_null(p.v->watch.look);
    leave(&p);
    kill(x->server->pid, SIGCONT);
    turn_for(x->loop, 100);
    close_stage(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_open_is_cut_when_its_session_is_too_old, open_memory, close_all),
        cmocka_unit_test_setup_teardown(what_is_open_is_cut_when_nobody_used_the_session, open_memory, close_all),
        cmocka_unit_test_setup_teardown(an_end_on_this_worker_and_on_another_is_felt_at_once, open_memory, close_all),
        cmocka_unit_test_setup_teardown(an_end_on_this_worker_and_on_another_is_felt_at_once, open_redis, close_all),
        cmocka_unit_test_setup_teardown(who_came_just_before_has_a_second_to_be_answered, open_memory, close_all),
        cmocka_unit_test_setup_teardown(a_configuration_without_the_provider_ends_what_is_open, open_memory, close_all),
        cmocka_unit_test_setup_teardown(who_leaves_while_it_is_looked_at_is_not_missed, open_redis, close_all),
    };
    log_threshold(LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
