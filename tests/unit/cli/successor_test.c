/* successor_test.c -- a new process that says nothing: it is not waited for without end, and leaves nothing behind. */
#include "cli/successor.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/now.h"

static struct arena *arena;
static struct server *server;

static void never(struct exchange *x)
{
    (void)x;
}

static const struct http_limits limits = {.head_bytes = 4096,
                                          .uri_bytes = 4096,
                                          .body_bytes = 4096,
                                          .header_count = 10,
                                          .body_total_bytes = 4096,
                                          .max_connections = 10,
                                          .handshake_ms = 1000,
                                          .header_ms = 1000,
                                          .body_idle_ms = 1000,
                                          .idle_ms = 1000,
                                          .write_ms = 1000};

static int set_up(void **state)
{
    (void)state;
    arena = arena_open(1 << 20);
    struct listener *l = arena_new(arena, struct listener);
    *l = (struct listener){.name = LIT("127.0.0.1:0"), .handle = never};
    assert_true(address_read(LIT("127.0.0.1"), &l->address));
    const struct server_conf conf = {.listeners = l, .listener_count = 1, .workers = 1, .limits = limits};
    return server_open(arena, &conf, &server) != NULL;
}

static int tear_down(void **state)
{
    (void)state;
    server_close(server);
    arena_close(arena);
    return 0;
}

static int descriptors(void)
{
    int count = 0;
    for (int fd = 0; fd < 1024; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static void start(struct successor *one, const char *program, const char *argument)
{
    char *const argv[] = {(char *)(uintptr_t)program, (char *)(uintptr_t)argument, NULL};
    assert_null(successor_start(arena, server, program, argv, one));
    assert_true(one->pid > 0);
}

static void one_that_says_nothing_is_ended_when_its_time_is_over(void **state)
{
    (void)state;
    struct successor one = {.ready_fd = -1};
    int before = descriptors();
    assert_int_equal(successor_look(&one, server), SUCCESSOR_NONE);
    start(&one, "/bin/sleep", "60");
    pid_t pid = one.pid;
    assert_int_equal(successor_look(&one, server), SUCCESSOR_STARTING);
    assert_in_range(one.give_up_at_ms, now_ms() + SUCCESSOR_MS - 5000, now_ms() + SUCCESSOR_MS);
    one.give_up_at_ms = now_ms();
    assert_int_equal(successor_look(&one, server), SUCCESSOR_FAILED);
    assert_int_equal(kill(pid, 0), -1);
    assert_int_equal(errno, ESRCH);
    assert_int_equal(successor_look(&one, server), SUCCESSOR_NONE);
    assert_int_equal(descriptors(), before);
}

static void one_that_ends_at_once_leaves_no_descriptor_behind(void **state)
{
    (void)state;
    struct successor one = {.ready_fd = -1};
    int before = descriptors();
    start(&one, "/bin/false", NULL);
    assert_int_equal(descriptors(), before + 1); /* the pipe that we look at; the sockets' copies are the child's */
    enum successor_state how = SUCCESSOR_STARTING;
    for (int i = 0; i < 2000 && how == SUCCESSOR_STARTING; i++) {
        usleep(1000);
        how = successor_look(&one, server);
    }
    assert_int_equal(how, SUCCESSOR_FAILED);
    assert_int_equal(descriptors(), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_that_says_nothing_is_ended_when_its_time_is_over, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_that_ends_at_once_leaves_no_descriptor_behind, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
