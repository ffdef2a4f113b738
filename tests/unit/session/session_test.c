/* Sessions over the memory store, two workers on one loop; and over Redis where that matters. */
#include "session_kit.h"

#include "base/log.h"

static void configure(struct fixture *x, struct keyring *keys)
{
    struct session_jwt *jwt = session_jwt_open(keys, LIT("https://gate.example"));
    sessions_configure(x->a.sessions, jwt, keys, &x->conf);
    sessions_configure(x->b.sessions, jwt, keys, &x->conf);
    session_jwt_close(x->jwt);
    if (keys != x->keys) keyring_close(x->keys);
    x->jwt = jwt;
    x->keys = keys;
}

/* ---- begin, find, end */

static void a_new_session_is_found_by_every_worker_with_all_that_was_said(void **state)
{
    struct fixture *x = *state;
    char *cookie = sign_in(x, &x->a, "");
    for (int round = 0; round < 2; round++) {
        struct session_visit v = {.what = VISIT_FIND, .sessions = x->b.sessions, .cookie = slice_of(cookie)};
        visit(x, &v);
        const struct session *s = v.session;
        assert_non_null(s);
        assert_true(slice_is(s->identity.subject, LIT("ada-1")));
        assert_true(slice_is(s->identity.name, ada.name));
        assert_true(s->identity.email_verified);
        assert_int_equal(s->identity.group_count, 2);
        assert_true(slice_is(s->identity.groups[0], LIT("staff")));
        assert_int_equal(s->identity.groups[1].len, 0);
        assert_true(slice_is(s->identity.kept[0].value, LIT("[\"a\",\"b\"]")));
        assert_int_equal(s->identity.auth_time_s, 77);
        assert_true(slice_is(s->identity.acr, LIT("silver")));
        assert_true(s->keeps_tokens);
        assert_true(slice_is(s->provider_sid, LIT("their-sid")));
        assert_int_equal(s->expires_s - s->created_s, 3600);
        assert_int_equal(s->reference.len, 8);
        visit_close(&v);
    }
    struct session_counts counts = sessions_counts(x->b.sessions);
    assert_int_equal(counts.cached, 1);
    assert_int_equal(counts.hits, 1);
    assert_int_equal(counts.misses, 1);
    free(cookie);
}

static void the_cookie_is_strict_short_and_says_nothing_of_the_person(void **state)
{
    struct fixture *x = *state;
    const struct session_start start = {.identity = &ada};
    struct session_visit v = {.what = VISIT_BEGIN, .sessions = x->a.sessions, .start = &start};
    visit(x, &v);
    assert_true(slice_starts(v.begun.set_cookie, LIT("__Host-vestibule=")));
    assert_true(v.begun.set_cookie.len < 512);
    static const struct slice flags[] = {LIT_INIT("; Path=/"), LIT_INIT("; Secure"), LIT_INIT("; HttpOnly"),
                                         LIT_INIT("; SameSite=Lax")};
    for (size_t i = 0; i < 4; i++) {
        assert_true(slice_find(v.begun.set_cookie, flags[i]) != SLICE_NONE);
    }
    assert_true(slice_find(v.begun.set_cookie, LIT("Domain")) == SLICE_NONE);
    visit_close(&v);
    v = (struct session_visit){.what = VISIT_END, .sessions = x->a.sessions};
    visit(x, &v);
    assert_true(slice_starts(v.set_cookie, LIT("__Host-vestibule=;")));
    assert_true(slice_find(v.set_cookie, LIT("; Max-Age=0")) != SLICE_NONE);
    for (size_t i = 0; i < 4; i++) {
        assert_true(slice_find(v.set_cookie, flags[i]) != SLICE_NONE);
    }
    visit_close(&v);
}

static void a_session_that_was_ended_is_gone_everywhere_and_cannot_be_replayed(void **state)
{
    struct fixture *x = *state;
    char *cookie = sign_in(x, &x->a, "");
    assert_int_equal(find(x, &x->a, cookie), PROBLEM_NONE);
    assert_int_equal(find(x, &x->b, cookie), PROBLEM_NONE);
    sign_out(x, &x->a, cookie);
    assert_int_equal(find(x, &x->a, cookie), PROBLEM_SESSION_ENDED);
    turn_for(x->loop, 20); /* the news on its way to the other worker */
    assert_int_equal(find(x, &x->b, cookie), PROBLEM_SESSION_ENDED);
    assert_int_equal(find(x, &x->b, cookie), PROBLEM_SESSION_ENDED);
    sign_out(x, &x->b, cookie); /* again is fine */
    free(cookie);
}

/* The store's key of the tokens of a cookie's session. */
static void tokens_key_of(struct fixture *x, const char *cookie, char key[SESSION_KEY_BYTES + 1])
{
    key_of(x, cookie, key);
    key[0] = 't';
}

static void the_providers_tokens_lie_sealed_beside_the_session_and_leave_with_it_once(void **state)
{
    struct fixture *x = *state;
    char *cookie = sign_in(x, &x->a, ""), key[SESSION_KEY_BYTES + 1];
    tokens_key_of(x, cookie, key);
    char *record = kit_read(x->loop, x->b.link, CALL_GET, key);
    assert_non_null(record);
    free(record);
    struct call get = kit_run(x->loop, (struct call){.what = CALL_GET, .link = x->b.link, .key = slice_of(key)});
    assert_true(slice_find(get.value, LIT("canary")) == SLICE_NONE);
    arena_close(get.arena);
    struct session_visit v = {.what = VISIT_END, .sessions = x->b.sessions, .cookie = slice_of(cookie)};
    visit(x, &v);
    assert_null(v.why);
    assert_true(slice_is(v.left.provider, ada.provider));
    assert_true(slice_is(v.left.tokens->id_token, tokens.id_token));
    assert_true(slice_is(v.left.tokens->access_token, tokens.access_token));
    assert_true(slice_is(v.left.tokens->refresh_token, tokens.refresh_token));
    assert_int_equal(v.left.tokens->obtained_s, 42);
    assert_int_equal(v.left.tokens->expires_s, 99);
    assert_int_equal(v.left.tokens->value_count, 1);
    assert_true(slice_is(v.left.tokens->values[0].value, LIT("d-1")));
    visit_close(&v);
    assert_null(kit_read(x->loop, x->b.link, CALL_GET, key));
    visit(x, &v); /* again: there is nothing any more */
    assert_null(v.why);
    assert_null(v.left.tokens);
    visit_close(&v);
    free(cookie);
}

static void tokens_live_as_long_as_their_session_and_no_longer(void **state)
{
    struct fixture *x = *state;
    char *cookie = sign_in(x, &x->a, ""), *other = sign_in(x, &x->a, ""), key[SESSION_KEY_BYTES + 1],
         other_key[SESSION_KEY_BYTES + 1];
    tokens_key_of(x, cookie, key);
    tokens_key_of(x, other, other_key);
    now_shift(500);
    assert_int_equal(find(x, &x->a, cookie), PROBLEM_NONE);
    now_shift(900);
    char *record = kit_read(x->loop, x->a.link, CALL_GET, key);
    assert_non_null(record);
    free(record);
    assert_null(kit_read(x->loop, x->a.link, CALL_GET, other_key));
    now_shift(1200);
    assert_null(kit_read(x->loop, x->a.link, CALL_GET, key));
    free(cookie);
    free(other);
}

static void a_new_sign_in_ends_the_session_it_replaces(void **state)
{
    struct fixture *x = *state;
    char *old = sign_in(x, &x->a, ""), *new = sign_in(x, &x->b, old), key[SESSION_KEY_BYTES + 1];
    assert_string_not_equal(old, new);
    tokens_key_of(x, old, key);
    assert_null(kit_read(x->loop, x->a.link, CALL_GET, key));
    assert_int_equal(find(x, &x->a, old), PROBLEM_SESSION_ENDED);
    assert_int_equal(find(x, &x->a, new), PROBLEM_NONE);
    free(old);
    free(new);
}

/* ---- cookies of others */

static void what_is_no_token_of_ours_is_no_session(void **state)
{
    struct fixture *x = *state;
    char *cookie = sign_in(x, &x->a, ""), text[1200];
    const char *token = strchr(cookie, '=') + 1;
    assert_int_equal(find(x, &x->a, ""), PROBLEM_SIGN_IN_REQUIRED);
    assert_int_equal(find(x, &x->a, "other=1; vestibule=2"), PROBLEM_SIGN_IN_REQUIRED);
    assert_int_equal(find(x, &x->a, "__Host-vestibule="), PROBLEM_SIGN_IN_REQUIRED);
    assert_int_equal(find(x, &x->a, "__Host-vestibule=chosen-by-me"), PROBLEM_SIGN_IN_REQUIRED);
    static const char *const forms[] = {"__Host-vestibule=%s; __Host-vestibule=%s",
                                        "__Host-Vestibule=%s",
                                        "__host-vestibule=%s",
                                        "__Host-vestibule=\"%s\"",
                                        "__Host-vestibule=%sx",
                                        "vestibule=%s",
                                        "__Host-vestibule=x%s"};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        bool twice = i == 0;
        size_t at = 0;
        for (const char *c = forms[i]; *c != '\0'; c++) {
            if (c[0] == '%' && c[1] == 's') {
                memcpy(text + at, token, strlen(token));
                at += strlen(token);
                c++;
            } else {
                text[at++] = *c;
            }
        }
        text[at] = '\0';
        if (find(x, &x->a, text) != PROBLEM_SIGN_IN_REQUIRED) fail_msg("taken: %s (%d)", forms[i], twice);
    }
    snprintf(text, sizeof text, "a=1; %s ; b=2", cookie);
    assert_int_equal(find(x, &x->a, text), PROBLEM_NONE);
    free(cookie);
}

static void a_changed_token_is_not_taken_for_the_cached_one(void **state)
{
    struct fixture *x = *state;
    char *cookie = sign_in(x, &x->a, "");
    assert_int_equal(find(x, &x->a, cookie), PROBLEM_NONE);
    size_t len = strlen(cookie), start = (size_t)(strchr(cookie, '=') - cookie) + 1;
    for (size_t i = start; i < len; i++) {
        char was = cookie[i];
        cookie[i] = was == 'A' ? 'B' : 'A';
        if (find(x, &x->a, cookie) == PROBLEM_NONE) fail_msg("byte %zu does not matter", i);
        cookie[i] = was;
    }
    assert_int_equal(find(x, &x->a, cookie), PROBLEM_NONE);
    free(cookie);
}

static void a_token_we_signed_for_an_id_the_store_never_saw_is_no_session(void **state)
{
    struct fixture *x = *state;
    struct arena *a = arena_open(64 * 1024);
    struct slice token;
    const struct session_claims claims = {random_text(a, 32), now_s(), now_s() + 100};
    assert_null(session_jwt_sign(x->jwt, a, &claims, &token));
    const char *cookie = arena_print(a, "__Host-vestibule=%.*s", SLICE_ARG(token)).at;
    assert_int_equal(find(x, &x->a, cookie), PROBLEM_SESSION_ENDED);
    assert_int_equal(sessions_counts(x->a.sessions).cached, 0);
    arena_close(a);
}

/* ---- time */

static void a_session_ends_at_its_absolute_end_however_busy_it_is(void **state)
{
    struct fixture *x = *state;
    char *cookie = sign_in(x, &x->a, "");
    for (int64_t at = 0; at < 3600; at += 300) {
        now_shift(at);
        assert_int_equal(find(x, &x->a, cookie), PROBLEM_NONE);
    }
    now_shift(3598);
    assert_int_equal(find(x, &x->a, cookie), PROBLEM_NONE);
    now_shift(3601);
    assert_int_equal(find(x, &x->a, cookie), PROBLEM_SESSION_ENDED);
    assert_int_equal(find(x, &x->b, cookie), PROBLEM_SESSION_ENDED);
    free(cookie);
}

static void an_idle_session_ends_and_use_keeps_it(void **state)
{
    struct fixture *x = *state;
    char *cookie = sign_in(x, &x->a, ""), *other = sign_in(x, &x->a, "");
    assert_int_equal(find(x, &x->a, cookie), PROBLEM_NONE);
    assert_int_equal(find(x, &x->a, other), PROBLEM_NONE);
    now_shift(500);
    assert_int_equal(find(x, &x->a, cookie), PROBLEM_NONE); /* moves its end to 1100 */
    now_shift(602);
    assert_int_equal(find(x, &x->a, other), PROBLEM_SESSION_ENDED);
    assert_int_equal(find(x, &x->a, cookie), PROBLEM_NONE);
    now_shift(1000);
    assert_int_equal(find(x, &x->b, cookie), PROBLEM_NONE); /* another worker keeps it too */
    now_shift(1550);
    assert_int_equal(find(x, &x->a, cookie), PROBLEM_NONE);
    now_shift(2200);
    assert_int_equal(find(x, &x->a, cookie), PROBLEM_SESSION_ENDED);
    free(cookie);
    free(other);
}

static void a_cached_session_is_asked_for_again_after_a_while(void **state)
{
    struct fixture *x = *state;
    x->conf.cache_ms = 40;
    char *cookie = sign_in(x, &x->a, "");
    assert_int_equal(find(x, &x->a, cookie), PROBLEM_NONE);
    assert_int_equal(find(x, &x->a, cookie), PROBLEM_NONE);
    assert_int_equal(sessions_counts(x->a.sessions).misses, 1);
    turn_for(x->loop, 60);
    assert_int_equal(find(x, &x->a, cookie), PROBLEM_NONE);
    assert_int_equal(sessions_counts(x->a.sessions).misses, 2);
    free(cookie);
}

static void free_memo(void *memo)
{
    ++*(int *)memo;
}

static void the_memo_outlives_a_look_at_the_store_and_is_freed_once(void **state)
{
    struct fixture *x = *state;
    x->conf.cache_ms = 0;
    char *cookie = sign_in(x, &x->a, "");
    int freed = 0;
    struct session_visit first = {.what = VISIT_FIND, .sessions = x->a.sessions, .cookie = slice_of(cookie)},
                         second = first;
    visit(x, &first);
    session_held_of(first.session)->session.memo = &freed;
    session_held_of(first.session)->session.memo_free = free_memo;
    visit(x, &second);
    assert_ptr_equal(first.session, second.session);
    assert_ptr_equal(second.session->memo, &freed);
    sign_out(x, &x->a, cookie);
    visit_close(&first);
    assert_int_equal(freed, 0); /* the second visitor still has it */
    assert_true(slice_is(second.session->identity.subject, LIT("ada-1")));
    visit_close(&second);
    assert_int_equal(freed, 1);
    free(cookie);
}

/* ---- records and keys */

static void a_tampered_record_is_no_session(void **state)
{
    struct fixture *x = *state;
    char *cookie = sign_in(x, &x->a, ""), key[SESSION_KEY_BYTES + 1];
    key_of(x, cookie, key);
    struct call get = kit_run(x->loop, (struct call){.what = CALL_GET, .link = x->a.link, .key = slice_of(key)});
    assert_null(get.why);
    assert_true(slice_find(get.value, LIT("ada")) == SLICE_NONE); /* and it shows nothing */
    assert_true(slice_find(get.value, LIT("canary")) == SLICE_NONE);
    char *bytes = must_alloc(get.value.len);
    for (size_t i = 0; i < get.value.len; i += i < 60 ? 1 : 37) {
        memcpy(bytes, get.value.at, get.value.len);
        bytes[i] = (char)(bytes[i] ^ 1);
        struct call put = kit_run(x->loop, (struct call){
                                               .what = CALL_PUT,
                                               .link = x->b.link,
                                               .key = slice_of(key),
                                               .value = {bytes, get.value.len},
                                               .ttl_ms = 60000
        });
        arena_close(put.arena);
        turn_for(x->loop, 1);
        if (find(x, &x->a, cookie) != PROBLEM_SESSION_ENDED) fail_msg("byte %zu does not matter", i);
    }
    free(bytes);
    arena_close(get.arena);
    free(cookie);
}

static void a_record_moved_to_another_key_is_no_session(void **state)
{
    struct fixture *x = *state;
    char *mine = sign_in(x, &x->a, ""), *theirs = sign_in(x, &x->a, "");
    char my_key[SESSION_KEY_BYTES + 1], their_key[SESSION_KEY_BYTES + 1];
    key_of(x, mine, my_key);
    key_of(x, theirs, their_key);
    struct call get = kit_run(x->loop, (struct call){.what = CALL_GET, .link = x->a.link, .key = slice_of(their_key)});
    struct arena *kept_open = get.arena;
    struct call put =
        kit_run(x->loop,
                (struct call){
                    .what = CALL_PUT, .link = x->a.link, .key = slice_of(my_key), .value = get.value, .ttl_ms = 60000});
    arena_close(put.arena);
    arena_close(kept_open);
    assert_int_equal(find(x, &x->a, mine), PROBLEM_SESSION_ENDED);
    assert_int_equal(find(x, &x->a, theirs), PROBLEM_NONE);
    free(mine);
    free(theirs);
}

static void a_record_of_a_newer_version_is_no_session(void **state)
{
    struct fixture *x = *state;
    char *cookie = sign_in(x, &x->a, ""), key[SESSION_KEY_BYTES + 1];
    key_of(x, cookie, key);
    struct arena *a = arena_open(1024 * 1024);
    for (char version = 0; version < 4; version++) {
        char plain[200] = {version};
        struct slice sealed =
            keyring_seal(x->keys, a, LIT("session"), slice_of(key), (struct slice){plain, sizeof plain});
        struct call put = kit_run(
            x->loop,
            (struct call){.what = CALL_PUT, .link = x->a.link, .key = slice_of(key), .value = sealed, .ttl_ms = 60000});
        arena_close(put.arena);
        assert_int_equal(find(x, &x->a, cookie), PROBLEM_SESSION_ENDED);
    }
    arena_close(a);
    free(cookie);
}

static void a_new_key_keeps_sessions_as_long_as_the_old_one_is_listed(void **state)
{
    struct fixture *x = *state;
    char *cookie = sign_in(x, &x->a, "");
    assert_int_equal(find(x, &x->a, cookie), PROBLEM_NONE);
    configure(x, keys_of("two", "one"));
    assert_int_equal(find(x, &x->a, cookie), PROBLEM_NONE);
    char *young = sign_in(x, &x->a, "");
    configure(x, keys_of("two", NULL));
    assert_int_equal(find(x, &x->a, cookie), PROBLEM_SIGN_IN_REQUIRED); /* though it was cached */
    assert_int_equal(find(x, &x->a, young), PROBLEM_NONE);
    free(cookie);
    free(young);
}

static void a_shorter_lifetime_holds_for_sessions_that_live(void **state)
{
    struct fixture *x = *state;
    char *cookie = sign_in(x, &x->a, "");
    assert_int_equal(find(x, &x->a, cookie), PROBLEM_NONE);
    now_shift(120);
    x->conf.lifetime_s = 60;
    configure(x, keys_of("one", NULL));
    assert_int_equal(find(x, &x->a, cookie), PROBLEM_SESSION_ENDED);
    free(cookie);
}

/* ---- the cache */

static void the_least_recently_used_goes_and_may_still_be_in_use(void **state)
{
    struct fixture *x = *state;
    char *first = sign_in(x, &x->a, "");
    struct session_visit held = {.what = VISIT_FIND, .sessions = x->a.sessions, .cookie = slice_of(first)};
    visit(x, &held);
    for (int i = 0; i < 8; i++) {
        char *cookie = sign_in(x, &x->a, "");
        assert_int_equal(find(x, &x->a, cookie), PROBLEM_NONE);
        free(cookie);
    }
    assert_int_equal(sessions_counts(x->a.sessions).cached, 8);
    assert_true(slice_is(held.session->identity.subject, LIT("ada-1")));
    int64_t misses = sessions_counts(x->a.sessions).misses;
    assert_int_equal(find(x, &x->a, first), PROBLEM_NONE);
    assert_int_equal(sessions_counts(x->a.sessions).misses, misses + 1);
    visit_close(&held);
    free(first);
}

static int64_t cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void a_warm_find_takes_a_few_dozen_bytes_of_the_arena_and_nothing_else(void **state)
{
    struct fixture *x = *state;
    char *cookie = sign_in(x, &x->a, "");
    assert_int_equal(find(x, &x->a, cookie), PROBLEM_NONE);
    struct session_visit v = {.what = VISIT_FIND, .sessions = x->a.sessions, .cookie = slice_of(cookie)};
    visit(x, &v);
    assert_true(arena_used(v.arena) <= 64);
    visit_close(&v);
    enum {
        ROUNDS = 200000
    };
    struct arena *a = arena_open((size_t)-1);
    int64_t start = cpu_ns();
    for (int i = 0; i < ROUNDS; i++) {
        if (i % 64 == 0) {
            arena_close(a);
            a = arena_open(64 * 1024);
        }
        struct flow f = {.arena = a};
        const struct session *s = NULL;
        enum problem no;
        if (session_find(&f, x->a.sessions, slice_of(cookie), &s, &no) != FLOW_NEXT || s == NULL) fail();
    }
    print_message("%lld ns per warm find\n", (long long)((cpu_ns() - start) / ROUNDS));
    arena_close(a);
    free(cookie);
}

/* ---- over Redis: waiting, overtaking, being away */

static void many_who_wait_for_one_session_ask_once(void **state)
{
    struct fixture *x = *state;
    char *cookie = sign_in(x, &x->a, "");
    enum {
        MANY = 20
    };
    static struct session_visit v[MANY];
    free(redis_cli(x->server, "config resetstat"));
    for (int i = 0; i < MANY; i++) {
        v[i] = (struct session_visit){.what = VISIT_FIND, .sessions = x->a.sessions, .cookie = slice_of(cookie)};
        visit_start(&v[i]);
    }
    visit_close(&v[3]); /* somebody goes before the answer comes */
    for (int i = 0; i < MANY; i++) {
        if (i == 3) continue;
        assert_true(turn_until(x->loop, &v[i].ended, 2000));
        assert_non_null(v[i].session);
        visit_close(&v[i]);
    }
    char *stat = redis_cli(x->server, "info commandstats | grep -o 'cmdstat_get:calls=[0-9]*'");
    assert_string_equal(stat, "cmdstat_get:calls=1");
    free(stat);
    free(cookie);
}

static void a_cached_session_deleted_elsewhere_is_refused_within_a_tenth_of_a_second(void **state)
{
    struct fixture *x = *state;
    char *cookie = sign_in(x, &x->a, ""), key[SESSION_KEY_BYTES + 1];
    key_of(x, cookie, key);
    assert_int_equal(find(x, &x->b, cookie), PROBLEM_NONE);
    assert_int_equal(find(x, &x->b, cookie), PROBLEM_NONE);
    assert_int_equal(sessions_counts(x->b.sessions).hits, 1);
    sign_out(x, &x->a, cookie);
    int64_t start = now_us();
    while (find(x, &x->b, cookie) == PROBLEM_NONE && now_us() - start < 1000000) {
        loop_turn(x->loop, 1);
    }
    print_message("refused after %lld us\n", (long long)(now_us() - start));
    assert_true(now_us() - start < 100000);
    assert_int_equal(find(x, &x->b, cookie), PROBLEM_SESSION_ENDED);
    free(cookie);
}

static void touching_a_session_does_not_stop_news_of_its_end(void **state)
{
    struct fixture *x = *state;
    x->conf.idle_s = 2;
    x->conf.cache_ms = 60000;
    char *cookie = sign_in(x, &x->a, "");
    assert_int_equal(find(x, &x->b, cookie), PROBLEM_NONE);
    turn_for(x->loop, 250);
    assert_int_equal(find(x, &x->b, cookie), PROBLEM_NONE); /* touches */
    turn_for(x->loop, 20);
    sign_out(x, &x->a, cookie);
    turn_for(x->loop, 50);
    assert_int_equal(find(x, &x->b, cookie), PROBLEM_SESSION_ENDED);
    free(cookie);
}

static void an_answer_that_news_has_overtaken_is_asked_for_again(void **state)
{
    struct fixture *x = *state;
    char *cookie = sign_in(x, &x->a, ""), key[SESSION_KEY_BYTES + 1];
    key_of(x, cookie, key);
    free(redis_cli(x->server, "config resetstat"));
    kill(x->server->pid, SIGSTOP);
    struct session_visit v = {.what = VISIT_FIND, .sessions = x->b.sessions, .cookie = slice_of(cookie)};
    visit_start(&v);
    turn_for(x->loop, 10); /* the question is on its way */
    sessions_doubt(x->b.sessions, slice_of(key));
    kill(x->server->pid, SIGCONT);
    assert_true(turn_until(x->loop, &v.ended, 2000));
    assert_non_null(v.session);
    char *stat = redis_cli(x->server, "info commandstats | grep -o 'cmdstat_get:calls=[0-9]*'");
    assert_string_equal(stat, "cmdstat_get:calls=2");
    free(stat);
    visit_close(&v);
    free(cookie);
}

static void a_session_ended_by_its_own_worker_while_it_is_read_is_not_cached(void **state)
{
    struct fixture *x = *state;
    char *cookie = sign_in(x, &x->a, "");
    struct session_visit v = {.what = VISIT_FIND, .sessions = x->a.sessions, .cookie = slice_of(cookie)};
    visit_start(&v);
    assert_false(v.ended);
    sign_out(x, &x->a, cookie); /* its DEL leaves behind the GET */
    assert_true(turn_until(x->loop, &v.ended, 2000));
    assert_null(v.session);
    assert_int_equal(v.no, PROBLEM_SESSION_ENDED);
    assert_int_equal(sessions_counts(x->a.sessions).cached, 0);
    visit_close(&v);
    free(cookie);
}

static void a_session_whose_store_is_away_is_a_failure_and_never_none(void **state)
{
    struct fixture *x = *state;
    char *cookie = sign_in(x, &x->a, "");
    assert_int_equal(find(x, &x->a, cookie), PROBLEM_NONE);
    static struct session_visit waiting[2];
    kill(x->server->pid, SIGSTOP);
    for (int i = 0; i < 2; i++) {
        waiting[i] = (struct session_visit){.what = VISIT_FIND, .sessions = x->b.sessions, .cookie = slice_of(cookie)};
        visit_start(&waiting[i]);
    }
    redis_kill(x->server);
    for (int i = 0; i < 2; i++) {
        assert_true(turn_until(x->loop, &waiting[i].ended, 2000));
        assert_int_equal(waiting[i].why->problem, PROBLEM_STORE_AWAY);
        visit_close(&waiting[i]);
    }
    turn_for(x->loop, 20);
    assert_int_equal(find(x, &x->b, cookie), PROBLEM_STORE_AWAY); /* cold: at once */
    assert_int_equal(find(x, &x->a, cookie), PROBLEM_NONE);       /* warm: the cache's word holds */
    assert_int_equal(find(x, &x->a, "__Host-vestibule=junk"), PROBLEM_SIGN_IN_REQUIRED);
    const struct session_start start = {.identity = &ada};
    struct session_visit begin = {.what = VISIT_BEGIN, .sessions = x->a.sessions, .start = &start};
    visit(x, &begin);
    assert_int_equal(begin.why->problem, PROBLEM_STORE_AWAY);
    assert_null(begin.begun.set_cookie.at);
    visit_close(&begin);
    struct session_visit end = {.what = VISIT_END, .sessions = x->a.sessions, .cookie = slice_of(cookie)};
    visit(x, &end);
    assert_int_equal(end.why->problem, PROBLEM_STORE_AWAY);
    assert_true(slice_find(end.set_cookie, LIT("Max-Age=0")) != SLICE_NONE);
    visit_close(&end);
    free(cookie);
}

static void the_warm_outlive_their_store_by_the_cache_time_and_no_longer(void **state)
{
    struct fixture *x = *state;
    char *cookie = sign_in(x, &x->a, "");
    x->conf.cache_ms = 1;
    assert_int_equal(find(x, &x->a, cookie), PROBLEM_NONE);
    turn_for(x->loop, 20); /* what was asked for is old; that nobody changed it is certain */
    x->conf.cache_ms = 600;
    redis_kill(x->server);
    turn_for(x->loop, 50);
    int64_t hits = sessions_counts(x->a.sessions).hits;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(find(x, &x->a, cookie), PROBLEM_NONE);
        assert_int_equal(find(x, &x->b, cookie), PROBLEM_STORE_AWAY);
        turn_for(x->loop, 100);
    }
    assert_int_equal(sessions_counts(x->a.sessions).hits, hits + 3);
    turn_for(x->loop, 300); /* attempts to connect that fail prolong nothing */
    assert_int_equal(find(x, &x->a, cookie), PROBLEM_STORE_AWAY);
    redis_start(x->server); /* it has forgotten everybody, and its word counts again */
    assert_true(link_up(x->loop, x->a.link, 4000));
    assert_int_equal(find(x, &x->a, cookie), PROBLEM_SESSION_ENDED);
    free(cookie);
}

static void who_was_ended_elsewhere_before_the_break_is_not_believed_after_it(void **state)
{
    struct fixture *x = *state;
    char *cookie = sign_in(x, &x->a, ""), *other = sign_in(x, &x->a, "");
    assert_int_equal(find(x, &x->b, cookie), PROBLEM_NONE);
    assert_int_equal(find(x, &x->b, other), PROBLEM_NONE);
    sign_out(x, &x->a, cookie);
    turn_for(x->loop, 50);
    redis_kill(x->server);
    turn_for(x->loop, 50);
    assert_int_equal(find(x, &x->b, cookie), PROBLEM_STORE_AWAY);
    assert_int_equal(find(x, &x->b, other), PROBLEM_NONE);
    free(cookie);
    free(other);
}

static void who_waits_on_a_hanging_store_is_served_from_the_cache_when_it_is_given_up(void **state)
{
    struct fixture *x = *state;
    char *cookie = sign_in(x, &x->a, "");
    x->conf.cache_ms = 1;
    assert_int_equal(find(x, &x->a, cookie), PROBLEM_NONE);
    turn_for(x->loop, 20);
    x->conf.cache_ms = 5000;
    kill(x->server->pid, SIGSTOP);
    struct session_visit v = {.what = VISIT_FIND, .sessions = x->a.sessions, .cookie = slice_of(cookie)};
    visit_start(&v);
    assert_false(v.ended);
    assert_true(turn_until(x->loop, &v.ended, 3000));
    assert_null(v.why);
    assert_non_null(v.session);
    visit_close(&v);
    kill(x->server->pid, SIGCONT);
    free(cookie);
}

static void news_that_break_alone_leave_the_warm_warm_until_they_are_back(void **state)
{
    struct fixture *x = *state;
    char *cookie = sign_in(x, &x->a, "");
    assert_int_equal(find(x, &x->a, cookie), PROBLEM_NONE);
    int64_t misses = sessions_counts(x->a.sessions).misses;
    free(redis_cli(x->server, "client kill type pubsub"));
    turn_for(x->loop, 10);
    assert_int_equal(find(x, &x->a, cookie), PROBLEM_NONE);
    assert_int_equal(sessions_counts(x->a.sessions).misses, misses);
    turn_for(x->loop, 400); /* reconnected: changes may have gone untold meanwhile */
    assert_int_equal(find(x, &x->a, cookie), PROBLEM_NONE);
    assert_int_equal(find(x, &x->a, cookie), PROBLEM_NONE);
    assert_int_equal(sessions_counts(x->a.sessions).misses, misses + 1);
    free(cookie);
}

static void a_store_that_comes_back_only_to_break_again_leaves_the_warm_warm_for_the_cache_time(void **state)
{
    struct fixture *x = *state;
    x->conf.cache_ms = 1500;
    char *cookie = sign_in(x, &x->a, ""), *ended = sign_in(x, &x->a, "");
    assert_int_equal(find(x, &x->b, cookie), PROBLEM_NONE);
    assert_int_equal(find(x, &x->b, ended), PROBLEM_NONE);
    sign_out(x, &x->a, ended);
    turn_for(x->loop, 50);
    free(redis_cli(x->server, "client kill type pubsub"));
    turn_for(x->loop, 400); /* news are back: everybody must be asked for again */
    int64_t misses = sessions_counts(x->b.sessions).misses;
    redis_kill(x->server);
    turn_for(x->loop, 50);
    assert_int_equal(find(x, &x->b, cookie), PROBLEM_NONE);
    assert_int_equal(sessions_counts(x->b.sessions).misses, misses + 1);
    assert_int_equal(find(x, &x->b, ended), PROBLEM_STORE_AWAY);
    turn_for(x->loop, 1500);
    assert_int_equal(find(x, &x->b, cookie), PROBLEM_STORE_AWAY);
    free(cookie);
    free(ended);
}

/* ---- forms and names */

static void a_form_token_fits_its_session_alone(void **state)
{
    struct fixture *x = *state;
    char *mine = sign_in(x, &x->a, ""), *theirs = sign_in(x, &x->a, "");
    struct session_visit m = {.what = VISIT_FIND, .sessions = x->a.sessions, .cookie = slice_of(mine)};
    struct session_visit t = {.what = VISIT_FIND, .sessions = x->a.sessions, .cookie = slice_of(theirs)};
    visit(x, &m);
    visit(x, &t);
    struct slice token = session_form_token(x->a.sessions, m.arena, m.session);
    struct slice again = session_form_token(x->a.sessions, m.arena, m.session);
    struct slice nobody = session_form_token(x->a.sessions, m.arena, NULL);
    assert_false(slice_is(token, again));
    assert_true(session_form_token_fits(x->b.sessions, m.session, token));
    assert_true(session_form_token_fits(x->b.sessions, m.session, again));
    assert_false(session_form_token_fits(x->a.sessions, t.session, token));
    assert_false(session_form_token_fits(x->a.sessions, NULL, token));
    assert_true(session_form_token_fits(x->a.sessions, NULL, nobody));
    assert_false(session_form_token_fits(x->a.sessions, m.session, nobody));
    assert_false(session_form_token_fits(x->a.sessions, m.session, LIT("")));
    assert_false(session_form_token_fits(x->a.sessions, m.session, slice_upto(token, token.len - 1)));
    char bent[64];
    assert_int_equal(token.len, sizeof bent);
    for (size_t i = 0; i < sizeof bent; i++) {
        memcpy(bent, token.at, sizeof bent);
        bent[i] = bent[i] == 'A' ? 'B' : 'A';
        assert_false(session_form_token_fits(x->a.sessions, m.session, (struct slice){bent, sizeof bent}));
    }
    visit_close(&m);
    visit_close(&t);
    free(mine);
    free(theirs);
}

static void only_the_exact_name_is_ours(void **state)
{
    struct fixture *x = *state;
    assert_true(session_cookie_is_ours(x->a.sessions, LIT("__Host-vestibule")));
    assert_false(session_cookie_is_ours(x->a.sessions, LIT("__Host-vestibule2")));
    assert_false(session_cookie_is_ours(x->a.sessions, LIT("vestibule")));
}

int main(void)
{
#define IN_MEMORY(test) cmocka_unit_test_setup_teardown(test, open_memory, close_all)
#define IN_REDIS(test)  cmocka_unit_test_setup_teardown(test, open_redis, close_all)
    const struct CMUnitTest tests[] = {
        IN_MEMORY(a_new_session_is_found_by_every_worker_with_all_that_was_said),
        IN_MEMORY(the_cookie_is_strict_short_and_says_nothing_of_the_person),
        IN_MEMORY(a_session_that_was_ended_is_gone_everywhere_and_cannot_be_replayed),
        IN_MEMORY(a_new_sign_in_ends_the_session_it_replaces),
        IN_MEMORY(what_is_no_token_of_ours_is_no_session),
        IN_MEMORY(a_changed_token_is_not_taken_for_the_cached_one),
        IN_MEMORY(a_token_we_signed_for_an_id_the_store_never_saw_is_no_session),
        IN_MEMORY(a_session_ends_at_its_absolute_end_however_busy_it_is),
        IN_MEMORY(an_idle_session_ends_and_use_keeps_it),
        IN_MEMORY(the_providers_tokens_lie_sealed_beside_the_session_and_leave_with_it_once),
        IN_REDIS(the_providers_tokens_lie_sealed_beside_the_session_and_leave_with_it_once),
        IN_MEMORY(tokens_live_as_long_as_their_session_and_no_longer),
        IN_MEMORY(a_cached_session_is_asked_for_again_after_a_while),
        IN_MEMORY(the_memo_outlives_a_look_at_the_store_and_is_freed_once),
        IN_MEMORY(a_tampered_record_is_no_session),
        IN_MEMORY(a_record_moved_to_another_key_is_no_session),
        IN_MEMORY(a_record_of_a_newer_version_is_no_session),
        IN_MEMORY(a_new_key_keeps_sessions_as_long_as_the_old_one_is_listed),
        IN_MEMORY(a_shorter_lifetime_holds_for_sessions_that_live),
        IN_MEMORY(the_least_recently_used_goes_and_may_still_be_in_use),
        IN_MEMORY(a_warm_find_takes_a_few_dozen_bytes_of_the_arena_and_nothing_else),
        IN_MEMORY(a_form_token_fits_its_session_alone),
        IN_MEMORY(only_the_exact_name_is_ours),
        IN_REDIS(a_session_that_was_ended_is_gone_everywhere_and_cannot_be_replayed),
        IN_REDIS(many_who_wait_for_one_session_ask_once),
        IN_REDIS(a_cached_session_deleted_elsewhere_is_refused_within_a_tenth_of_a_second),
        IN_REDIS(touching_a_session_does_not_stop_news_of_its_end),
        IN_REDIS(an_answer_that_news_has_overtaken_is_asked_for_again),
        IN_REDIS(a_session_ended_by_its_own_worker_while_it_is_read_is_not_cached),
        IN_REDIS(a_session_whose_store_is_away_is_a_failure_and_never_none),
        IN_REDIS(the_warm_outlive_their_store_by_the_cache_time_and_no_longer),
        IN_REDIS(who_was_ended_elsewhere_before_the_break_is_not_believed_after_it),
        IN_REDIS(who_waits_on_a_hanging_store_is_served_from_the_cache_when_it_is_given_up),
        IN_REDIS(news_that_break_alone_leave_the_warm_warm_until_they_are_back),
        IN_REDIS(a_store_that_comes_back_only_to_break_again_leaves_the_warm_warm_for_the_cache_time),
    };
    log_threshold(LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
