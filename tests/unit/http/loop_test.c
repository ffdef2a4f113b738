/* The loop: timers in order and never early, messages from other threads, work at the end of a turn, foreign descriptors; and
 * streams over it against small servers on loopback. */
#include <pthread.h>

#include "front.h"
#include "http/stream.h"

static struct loop *loop;

static int open_loop(void **state)
{
    (void)state;
    (void)signal(SIGPIPE, SIG_IGN);
    loop = loop_open();
    return 0;
}

static int close_loop(void **state)
{
    (void)state;
    loop_close(loop);
    return 0;
}

static void turn_until(const bool *flag)
{
    for (int64_t end = now_ms() + FRONT_PATIENCE_MS; !*flag && now_ms() < end;)
        loop_turn(loop, 20);
    assert_true(*flag);
}

/* ---- timers ---- */

struct tick {
    struct loop_timer timer; /* first */
    int64_t due_ms, fired_ms;
    int order;
};
static int fired;

static void on_tick(struct loop_timer *t)
{
    struct tick *tick = (struct tick *)(void *)t;
    tick->fired_ms = now_ms();
    tick->order = fired++;
}

static void timers_fire_in_order_and_never_early(void **state)
{
    (void)state;
    static const int delays[] = {40, 5, 60, 0, 25, 5, 33, 12, 50, 1};
    struct tick ticks[10] = {0};
    fired = 0;
    for (int i = 0; i < 10; i++) {
        ticks[i].due_ms = now_ms() + delays[i];
        loop_timer_set(loop, &ticks[i].timer, delays[i], on_tick);
    }
    for (int64_t end = now_ms() + FRONT_PATIENCE_MS; fired < 10 && now_ms() < end;)
        loop_turn(loop, 1000);
    for (int i = 0; i < 10; i++) {
        assert_true(ticks[i].fired_ms >= ticks[i].due_ms);
        assert_false(loop_timer_is_set(&ticks[i].timer));
        for (int k = 0; k < 10; k++)
            assert_true(delays[i] <= delays[k] || ticks[i].order > ticks[k].order);
    }
}

static void a_stopped_timer_does_not_fire_and_one_set_again_fires_once(void **state)
{
    (void)state;
    struct tick ticks[64] = {0};
    fired = 0;
    for (int i = 0; i < 64; i++)
        loop_timer_set(loop, &ticks[i].timer, i % 7, on_tick);
    for (int i = 0; i < 64; i += 2)
        loop_timer_stop(loop, &ticks[i].timer);
    loop_timer_set(loop, &ticks[1].timer, 30, on_tick);
    loop_timer_stop(loop, &ticks[0].timer); /* stopped already */
    int64_t end = now_ms() + 60;
    while (now_ms() < end)
        loop_turn(loop, 10);
    assert_int_equal(fired, 32);
    assert_int_equal(ticks[1].order, 31);
}

/* ---- later ---- */

struct job {
    struct loop_later later; /* first */
    int runs;
    struct job *then;
};

static void on_job(struct loop_later *w)
{
    struct job *job = (struct job *)(void *)w;
    job->runs++;
    if (job->then != NULL) loop_later(loop, &job->then->later);
}

static void work_put_off_runs_once_at_the_end_of_the_turn(void **state)
{
    (void)state;
    struct job jobs[3] = {{.later.run = on_job}, {.later.run = on_job}, {.later.run = on_job}};
    jobs[0].then = &jobs[1];
    loop_later(loop, &jobs[0].later);
    loop_later(loop, &jobs[0].later);
    loop_later(loop, &jobs[2].later);
    loop_later_cancel(loop, &jobs[2].later);
    loop_turn(loop, 1000); /* does not sleep: there is work */
    assert_int_equal(jobs[0].runs, 1);
    assert_int_equal(jobs[1].runs, 1);
    assert_int_equal(jobs[2].runs, 0);
}

/* ---- messages ---- */

enum {
    SENDERS = 3,
    EACH = 2000
};
struct letter {
    struct loop_post post; /* first */
    int sender, number;
};
static struct letter letters[SENDERS][EACH];
static int next_number[SENDERS], received;
static bool all_here, in_order;

static void on_letter(struct loop_post *p)
{
    struct letter *letter = (struct letter *)(void *)p;
    in_order = in_order && letter->number == next_number[letter->sender]++;
    all_here = ++received == SENDERS * EACH;
}

static void *send_letters(void *arg)
{
    struct letter *mine = arg;
    for (int i = 0; i < EACH; i++)
        loop_post(loop, &mine[i].post);
    return NULL;
}

static void messages_from_threads_arrive_all_and_in_the_order_of_each(void **state)
{
    (void)state;
    pthread_t threads[SENDERS];
    in_order = true;
    for (int s = 0; s < SENDERS; s++) {
        for (int i = 0; i < EACH; i++)
            letters[s][i] = (struct letter){
                {NULL, on_letter},
                s, i
            };
        assert_int_equal(pthread_create(&threads[s], NULL, send_letters, letters[s]), 0);
    }
    turn_until(&all_here);
    for (int s = 0; s < SENDERS; s++)
        (void)pthread_join(threads[s], NULL);
    assert_true(in_order);
}

/* ---- foreign descriptors ---- */

static bool pipe_ready;
static int pipe_ends[2];

static void on_pipe(void *self)
{
    char c;
    assert_int_equal(read(pipe_ends[0], &c, 1), 1);
    *(bool *)self = true;
}

static void a_watched_pipe_tells_and_may_be_closed_first(void **state)
{
    (void)state;
    assert_int_equal(pipe(pipe_ends), 0);
    struct loop_watch *w = loop_watch(loop, pipe_ends[0], on_pipe, &pipe_ready);
    loop_turn(loop, 5);
    assert_false(pipe_ready);
    assert_int_equal(write(pipe_ends[1], "x", 1), 1);
    turn_until(&pipe_ready);
    close(pipe_ends[0]);
    loop_turn(loop, 5);
    loop_unwatch(w);
    loop_turn(loop, 5);
    close(pipe_ends[1]);
}

/* ---- names ---- */

static bool named;
static size_t addresses;
static const char *no_name;

static void on_names(void *self, const struct lookup_answer *answer)
{
    (void)self;
    addresses = answer->count;
    no_name = answer->why;
    named = true;
}

static void localhost_is_found_and_kept(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        named = false;
        assert_non_null(lookup_start(loop, LIT("localhost"), 80, on_names, NULL));
        assert_false(named);
        turn_until(&named);
        assert_true(addresses >= 1);
    }
}

static void a_name_that_does_not_exist_says_so_and_cancelling_is_silent(void **state)
{
    (void)state;
    named = false;
    (void)lookup_start(loop, LIT("does-not-exist.invalid"), 80, on_names, NULL);
    turn_until(&named);
    assert_int_equal(addresses, 0);
    assert_non_null(no_name);
    named = false;
    lookup_cancel(lookup_start(loop, LIT("localhost"), 80, on_names, NULL));
    lookup_cancel(lookup_start(loop, LIT("localhost"), 81, on_names, NULL));
    for (int i = 0; i < 10; i++)
        loop_turn(loop, 5);
    assert_false(named);
}

/* ---- streams ---- */

struct talk {
    struct stream *stream;
    bool open, closed, hear_enough;
    size_t heard, wanted;
    char first[32];
    const char *why;
};

static void on_open(void *self)
{
    ((struct talk *)self)->open = true;
}

static void on_bytes(void *self, struct slice bytes)
{
    struct talk *t = self;
    for (size_t i = 0; i < bytes.len && t->heard + i < sizeof t->first - 1; i++)
        t->first[t->heard + i] = bytes.at[i];
    t->heard += bytes.len;
    t->hear_enough = t->heard >= t->wanted;
}

static void on_closed(void *self, const char *why)
{
    struct talk *t = self;
    t->closed = true;
    t->why = why;
}

static const struct stream_events talk_events = {on_open, on_bytes, on_closed};

static void *echo(void *arg)
{
    int listener = *(int *)arg, fd = accept(listener, NULL, NULL);
    char bytes[65536];
    for (ssize_t n; (n = recv(fd, bytes, sizeof bytes, 0)) > 0;)
        front_send(fd, bytes, (size_t)n);
    close(fd);
    return NULL;
}

static int listen_on_loopback(int *ret_port)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof in;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)(void *)&in, sizeof in), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)(void *)&in, &len), 0);
    *ret_port = ntohs(in.sin_port);
    return fd;
}

static void a_stream_by_name_carries_bytes_both_ways(void **state)
{
    (void)state;
    int port, fd = listen_on_loopback(&port);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, echo, &fd), 0);
    struct talk t = {.wanted = 1 << 20};
    struct stream_target to = {.host = LIT("localhost"), .port = port, .connect_ms = 2000};
    t.stream = stream_open(loop, &to, &talk_events, &t);
    static char piece[4096];
    memset(piece, 'y', sizeof piece);
    (void)stream_write(t.stream, LIT("hello ")); /* before it is open: waits */
    assert_false(t.open);
    turn_until(&t.open);
    for (int i = 0; i < 256; i++)
        assert_true(stream_write(t.stream, (struct slice){piece, sizeof piece}) > 0);
    turn_until(&t.hear_enough);
    assert_memory_equal(t.first, "hello yyy", 9);
    stream_close(t.stream);
    (void)pthread_join(thread, NULL);
    for (int i = 0; i < 5; i++)
        loop_turn(loop, 2);
    assert_false(t.closed);
    close(fd);
}

static void a_stream_to_nobody_closes_with_a_reason_and_later(void **state)
{
    (void)state;
    int port, fd = listen_on_loopback(&port);
    close(fd);
    struct talk t = {0}, u = {0}, v = {0};
    struct stream_target to = {.host = LIT("127.0.0.1"), .port = port, .connect_ms = 2000};
    struct stream_target file = {.unix_path = LIT("/nonexistent/socket"), .connect_ms = 2000};
    struct stream_target name = {.host = LIT("does-not-exist.invalid"), .port = 1, .connect_ms = 3000};
    (void)stream_open(loop, &to, &talk_events, &t);
    (void)stream_open(loop, &file, &talk_events, &u);
    (void)stream_open(loop, &name, &talk_events, &v);
    assert_false(t.closed || u.closed || v.closed);
    turn_until(&t.closed);
    turn_until(&u.closed);
    turn_until(&v.closed);
    assert_false(t.open || u.open || v.open);
    assert_non_null(t.why);
    assert_non_null(u.why);
    assert_non_null(v.why);
}

static void the_other_side_closing_is_told_once(void **state)
{
    (void)state;
    int port, fd = listen_on_loopback(&port);
    struct talk t = {.wanted = 3};
    struct stream_target to = {.host = LIT("127.0.0.1"), .port = port, .connect_ms = 2000};
    t.stream = stream_open(loop, &to, &talk_events, &t);
    turn_until(&t.open);
    int peer = accept(fd, NULL, NULL);
    front_say(peer, "bye");
    close(peer);
    turn_until(&t.closed);
    assert_string_equal(t.first, "bye");
    close(fd);
}

static void a_silent_tls_peer_ends_at_the_deadline(void **state)
{
    (void)state;
    int port, fd = listen_on_loopback(&port);
    struct arena *a = arena_open(1 << 20);
    tls_context *tls = NULL;
    struct tls_client_conf conf = {.host = LIT("localhost"), .insecure = true};
    assert_null(tls_client(a, &conf, &tls));
    struct talk t = {0};
    struct stream_target to = {.host = LIT("127.0.0.1"), .port = port, .connect_ms = 80, .tls = tls};
    int64_t began = now_ms();
    (void)stream_open(loop, &to, &talk_events, &t);
    turn_until(&t.closed);
    assert_false(t.open);
    assert_true(now_ms() - began >= 79);
    tls_drop(tls);
    arena_close(a);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers_fire_in_order_and_never_early),
        cmocka_unit_test(a_stopped_timer_does_not_fire_and_one_set_again_fires_once),
        cmocka_unit_test(work_put_off_runs_once_at_the_end_of_the_turn),
        cmocka_unit_test(messages_from_threads_arrive_all_and_in_the_order_of_each),
        cmocka_unit_test(a_watched_pipe_tells_and_may_be_closed_first),
        cmocka_unit_test(localhost_is_found_and_kept),
        cmocka_unit_test(a_name_that_does_not_exist_says_so_and_cancelling_is_silent),
        cmocka_unit_test(a_stream_by_name_carries_bytes_both_ways),
        cmocka_unit_test(a_stream_to_nobody_closes_with_a_reason_and_later),
        cmocka_unit_test(the_other_side_closing_is_told_once),
        cmocka_unit_test(a_silent_tls_peer_ends_at_the_deadline),
    };
    return cmocka_run_group_tests(tests, open_loop, close_loop);
}
