#include "observe/records.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "observe/metrics.h"
#include "text/doc.h"
#include "text/utf8.h"

#include "base/now.h"

static struct arena *arena;
static char folder[] = "/tmp/vestibule-records-XXXXXX";
static char file[64], moved[64];

static int setup(void **state)
{
    (void)state;
    arena = arena_open(256 << 20);
    unlink(file);
    unlink(moved);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    records_close();
    arena_close(arena);
    return 0;
}

static void start(enum records_format format, const char *name)
{
    const struct records_conf conf = {.format = format, .file = name, .access = true, .least = LOG_LEVEL_INFO};
    const struct err *e = records_open(arena, &conf);
    if (e != NULL) fail_msg("%.*s", SLICE_ARG(err_story(arena, e)));
}

static struct slice contents(const char *name)
{
    struct stat about;
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0 && fstat(fd, &about) == 0);
    size_t len = (size_t)about.st_size;
    char *text = arena_bytes(arena, len + 1);
    assert_int_equal(read(fd, text, len), about.st_size);
    close(fd);
    return (struct slice){text, len};
}

/* Every line as a document; how many there are. */
static size_t read_lines(struct slice text, struct doc **ret_docs, size_t most)
{
    size_t count = 0;
    struct slice line;
    if (text.len == 0) return 0;
    assert_true(slice_ends(text, LIT("\n")));
    text.len--;
    while (slice_cut(&text, '\n', &line)) {
        assert_true(count < most);
        const struct err *e = doc_json(arena, PROBLEM_INTERNAL, line, &ret_docs[count]);
        if (e != NULL) fail_msg("not JSON: %.*s", SLICE_ARG(line));
        count++;
    }
    return count;
}

static void is(const struct doc *d, const char *key, const char *want)
{
    struct slice got = doc_string(d, slice_of(key));
    if (!slice_is(got, slice_of(want))) fail_msg("%s is \"%.*s\", not \"%s\"", key, SLICE_ARG(got), want);
}

static uint64_t dropped(const char *stream)
{
    AUTO(buf_close) struct buf b = buf_open(METRICS_TEXT_MAX);
    uint64_t n = 0;
    metrics_write(&b);
    struct slice want = arena_print(arena, "vestibule_log_dropped_total{stream=\"%s\"} ", stream), line;
    size_t at = slice_find(buf_slice(&b), want);
    if (at == SLICE_NONE) return 0;
    struct slice rest = slice_from(buf_slice(&b), at + want.len);
    slice_cut(&rest, '\n', &line);
    assert_true(slice_number(line, &n));
    return n;
}

static const struct access_record plain = {.request_id = LIT_INIT("0123456789ABCDEFGHJKMNPQRS"),
                                           .client_ip = LIT_INIT("192.0.2.1"),
                                           .method = LIT_INIT("GET"),
                                           .scheme = LIT_INIT("https"),
                                           .authority = LIT_INIT("app.example.com"),
                                           .path = LIT_INIT("/a/b"),
                                           .handler = LIT_INIT("proxy"),
                                           .version = 0x200,
                                           .status = 200,
                                           .bytes_out = 12,
                                           .duration_us = 1234};

static void an_access_line_says_what_happened(void **state)
{
    (void)state;
    struct doc *d[4];
    struct access_record r = plain;
    start(RECORDS_JSON, file);
    r.backend = LIT("app");
    r.backend_status = 201;
    r.backend_us = 1001;
    r.aborted = true;
    records_access(&r);
    records_close();
    assert_int_equal(read_lines(contents(file), d, 4), 1);
    is(d[0], "stream", "access");
    is(d[0], "level", "info");
    is(d[0], "request_id", "0123456789ABCDEFGHJKMNPQRS");
    is(d[0], "method", "GET");
    is(d[0], "path", "/a/b");
    is(d[0], "protocol", "HTTP/2");
    assert_int_equal(doc_member(d[0], LIT("status"))->integer, 200);
    assert_int_equal(doc_member(d[0], LIT("bytes_out"))->integer, 12);
    assert_true(doc_member(d[0], LIT("duration_ms"))->real > 1.2339 &&
                doc_member(d[0], LIT("duration_ms"))->real < 1.2341);
    assert_int_equal(doc_member(d[0], LIT("backend_status"))->integer, 201);
    assert_true(doc_member(d[0], LIT("aborted"))->boolean);
    assert_null(doc_member(d[0], LIT("user")));
    assert_int_equal(doc_string(d[0], LIT("time")).len, 24);
}

static void a_query_is_never_written(void **state)
{
    (void)state;
    struct access_record r = plain;
    start(RECORDS_JSON, file);
    r.path = LIT("/_vestibule/callback/x?code=canary&state=canary");
    records_access(&r);
    records_audit(&(struct audit_record){.event = "signin.failed", .target = LIT("/x?token=canary")});
    records_close();
    assert_int_equal(slice_find(contents(file), LIT("canary")), SLICE_NONE);
}

static void text_from_outside_cannot_become_a_second_record(void **state)
{
    (void)state;
    static const char evil[] = "x\"}\n{\"stream\":\"audit\",\"user\":\"admin\"}\r\n\x1b[2J\x00\xFF\xE2\x80\xA8";
    const struct slice s = {evil, sizeof evil - 1};
    for (int format = RECORDS_JSON; format <= RECORDS_TEXT; format++) {
        unlink(file);
        start((enum records_format)format, file);
        records_access(&(struct access_record){.method = s, .path = s, .user_agent = s, .authority = s, .user = s});
        records_audit(
            &(struct audit_record){.event = "signin.failed", .actor = s, .email = s, .user_agent = s, .target = s});
        LOG(LOG_LEVEL_WARN, "test.event", "A sentence.", err_new(arena, PROBLEM_STORE_AWAY, "%.*s", SLICE_ARG(s)),
            {"field", s});
        records_close();
        struct slice text = contents(file);
        size_t lines = 0;
        for (size_t i = 0; i < text.len; i++) {
            unsigned char c = (unsigned char)text.at[i];
            lines += c == '\n';
            assert_true(c == '\n' || (c >= 0x20 && c != 0x7F));
        }
        assert_int_equal(lines, 3);
        assert_true(utf8_valid(text));
    }
}

static void hostile_lengths_still_make_whole_lines(void **state)
{
    (void)state;
    struct doc *d[8];
    char *big = arena_bytes(arena, 1 << 20);
    for (size_t i = 0; i < 1 << 20; i++) {
        big[i] = (char)(1 + i % 31); /* every byte becomes six */
    }
    const struct slice s = {big, 1 << 20};
    struct log_field fields[40];
    for (size_t i = 0; i < 40; i++) {
        fields[i] = (struct log_field){"field", s};
    }
    const struct err *e = NULL;
    start(RECORDS_JSON, file);
    for (int i = 0; i < 30; i++) {
        struct slice part = slice_upto(s, 2000);
        struct err *next = arena_new(arena, struct err);
        *next = (struct err){.problem = PROBLEM_INTERNAL, .text = part, .file = "x.c", .line = i, .cause = e};
        e = next;
    }
    records_access(&(struct access_record){s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, .version = 0x101});
    records_audit(&(struct audit_record){"x", s, s, s, s, s, s, s, s, s, s, e});
    log_event(LOG_LEVEL_ERROR, "test.event", "A sentence.", e, fields, 1);
    log_event(LOG_LEVEL_ERROR, "test.event", "A sentence.", e, NULL, 0);
    records_close();
    assert_int_equal(read_lines(contents(file), d, 8), 4);
    for (size_t i = 0; i < 40; i++) {
        fields[i].name = "other";
    }
    assert_int_equal(dropped("audit") + dropped("server") + dropped("access"), 0);
}

static void a_server_line_tells_the_story_of_its_error(void **state)
{
    (void)state;
    struct doc *d[4];
    const struct err *below = err_new(arena, PROBLEM_STORE_AWAY, "connection refused");
    const struct err *e = err_over(arena, below, "session %s", "ab12");
    start(RECORDS_JSON, file);
    LOG(LOG_LEVEL_ERROR, "store.away", "The store does not answer.", e, {"store", LIT("redis:6379")});
    LOG_PLAIN(LOG_LEVEL_DEBUG, "test.debug", "Nobody sees this.", NULL);
    records_close();
    assert_int_equal(read_lines(contents(file), d, 4), 1);
    is(d[0], "stream", "server");
    is(d[0], "level", "error");
    is(d[0], "event", "store.away");
    is(d[0], "msg", "The store does not answer.");
    is(d[0], "store", "redis:6379");
    is(d[0], "reason", "store-away");
    is(d[0], "cause", "session ab12: connection refused");
    assert_true(slice_find(doc_string(d[0], LIT("places")), LIT("records_test.c:")) != SLICE_NONE);
}

static void an_audit_line_carries_who_and_why(void **state)
{
    (void)state;
    struct doc *d[4];
    start(RECORDS_JSON, file);
    records_audit(&(struct audit_record){.event = "signin.succeeded", .actor = LIT("corp:7"), .provider = LIT("corp")});
    records_audit(&(struct audit_record){.event = "callback.state_mismatch",
                                         .why = err_new(arena, PROBLEM_ATTEMPT_UNKNOWN, "no cookie")});
    records_close();
    assert_int_equal(read_lines(contents(file), d, 4), 2);
    is(d[0], "stream", "audit");
    is(d[0], "event", "signin.succeeded");
    is(d[0], "level", "info");
    is(d[0], "actor", "corp:7");
    is(d[1], "level", "warn");
    is(d[1], "reason", "attempt-unknown");
    is(d[1], "cause", "no cookie");
}

static void text_lines_are_fields_a_person_can_read(void **state)
{
    (void)state;
    struct access_record r = plain;
    r.user_agent = LIT("curl 8 \"x\"");
    start(RECORDS_TEXT, file);
    records_access(&r);
    records_close();
    struct slice text = contents(file);
    assert_true(
        slice_find(text,
                   LIT(" info access request request_id=0123456789ABCDEFGHJKMNPQRS client_ip=192.0.2.1 method=GET ")) ==
        24);
    assert_true(
        slice_find(
            text,
            LIT(" status=200 bytes_in=0 bytes_out=12 duration_ms=1.234 handler=proxy user_agent=\"curl 8 \\\"x\\\"\"\n")) !=
        SLICE_NONE);
}

static void access_lines_can_be_left_out(void **state)
{
    (void)state;
    const struct records_conf conf = {.file = file, .access = false, .least = LOG_LEVEL_INFO};
    assert_null(records_open(arena, &conf));
    records_access(&plain);
    records_audit(&(struct audit_record){.event = "signout"});
    records_close();
    assert_int_equal(slice_find(contents(file), LIT("\"access\"")), SLICE_NONE);
    assert_true(slice_find(contents(file), LIT("\"signout\"")) != SLICE_NONE);
}

enum {
    THREADS = 6,
    LINES = 4000 /* many times what a ring holds; under the thread sanitizer, too, in seconds */
};

static void *write_many(void *self)
{
    (void)self;
    for (int i = 0; i < LINES; i++) {
        records_access(&plain);
        if (i % 100 == 0) records_audit(&(struct audit_record){.event = "signout"});
        if (i % 100 == 50) LOG_PLAIN(LOG_LEVEL_INFO, "test.line", "A line.", NULL);
    }
    return NULL;
}

static void threads_run(void)
{
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, write_many, NULL), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
}

static size_t count(struct slice text, struct slice what)
{
    size_t n = 0;
    for (size_t at = slice_find(text, what); at != SLICE_NONE; at = slice_find(text, what)) {
        text = slice_from(text, at + what.len);
        n++;
    }
    return n;
}

static void lines_of_many_threads_are_whole_and_counted(void **state)
{
    (void)state;
    uint64_t before = dropped("access");
    start(RECORDS_JSON, file);
    threads_run();
    records_close();
    struct slice text = contents(file), rest = {text.at, text.len - 1}, line;
    size_t access = 0;
    while (slice_cut(&rest, '\n', &line)) {
        if (!slice_starts(line, LIT("{\"time\":\"")) || !slice_ends(line, LIT("}")))
            fail_msg("torn: %.*s", SLICE_ARG(line));
        access += slice_find(line, LIT("\"stream\":\"access\"")) != SLICE_NONE;
    }
    assert_int_equal(access + (dropped("access") - before), THREADS * LINES);
    assert_int_equal(count(text, LIT("\"stream\":\"audit\"")), THREADS * LINES / 100);
    assert_int_equal(count(text, LIT("\"stream\":\"server\"")), THREADS * LINES / 100);
}

static void a_full_disk_holds_nobody_up(void **state)
{
    (void)state;
    uint64_t before = dropped("access");
    int64_t began = now_ms();
    start(RECORDS_JSON, "/dev/full");
    threads_run();
    assert_true(dropped("access") - before > 0);
    records_close();
    assert_true(now_ms() - began < 20000);
    assert_int_equal(dropped("audit"), 0);
}

static void a_pipe_nobody_reads_holds_nobody_up(void **state)
{
    (void)state;
    int ends[2];
    char name[32];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    snprintf(name, sizeof name, "/proc/self/fd/%d", ends[1]);
    uint64_t before = dropped("access");
    start(RECORDS_JSON, name);
    threads_run();
    assert_true(dropped("access") - before > 0);
    int64_t began = now_ms();
    records_close();
    assert_true(now_ms() - began < 4000);
    close(ends[0]);
    close(ends[1]);
}

static void a_pipe_whose_reader_left_counts_what_is_lost(void **state)
{
    (void)state;
    int ends[2];
    char name[32];
    uint64_t before = dropped("any");
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    snprintf(name, sizeof name, "/proc/self/fd/%d", ends[1]);
    start(RECORDS_JSON, name);
    close(ends[0]);
    for (int i = 0; i < 10; i++) {
        records_audit(&(struct audit_record){.event = "signout"});
    }
    records_close();
    assert_int_equal(dropped("any") - before, 10);
    close(ends[1]);
}

static void wait_until_written(const char *name, const char *what)
{
    for (int i = 0; i < 500; i++) {
        if (access(name, R_OK) == 0 && slice_find(contents(name), slice_of(what)) != SLICE_NONE) return;
        usleep(10000);
    }
    fail_msg("%s never came to %s", what, name);
}

static void after_reopen_lines_go_to_the_new_file(void **state)
{
    (void)state;
    start(RECORDS_JSON, file);
    records_audit(&(struct audit_record){.event = "first"});
    wait_until_written(file, "first");
    assert_int_equal(rename(file, moved), 0);
    records_reopen();
    for (int i = 0; i < 500 && access(file, F_OK) != 0; i++) {
        usleep(10000);
    }
    records_audit(&(struct audit_record){.event = "second"});
    records_close();
    assert_true(slice_find(contents(moved), LIT("first")) != SLICE_NONE);
    assert_true(slice_find(contents(moved), LIT("second")) == SLICE_NONE);
    assert_true(slice_find(contents(file), LIT("second")) != SLICE_NONE);
}

static void a_reopen_that_fails_keeps_the_old_file_and_says_so(void **state)
{
    (void)state;
    start(RECORDS_JSON, file);
    records_audit(&(struct audit_record){.event = "first"});
    wait_until_written(file, "first");
    assert_int_equal(rename(file, moved), 0);
    assert_int_equal(mkdir(file, 0700), 0);
    records_reopen();
    wait_until_written(moved, "log.reopen_failed");
    records_close();
    assert_int_equal(rmdir(file), 0);
}

static void a_file_that_cannot_be_opened_is_an_error(void **state)
{
    (void)state;
    const struct records_conf conf = {.file = "/nonexistent/folder/x.log"};
    const struct err *e = records_open(arena, &conf);
    assert_non_null(e);
    assert_int_equal(e->problem, PROBLEM_CONFIG);
    records_access(&plain); /* as if there were no records */
    records_audit(&(struct audit_record){.event = "signout"});
}

/* In a child: standard error is closed; no later file may get its number, and what is lost is counted. */
static int closed_stderr_child(void)
{
    AUTO(arena_closep) struct arena *a = arena_open(1 << 16);
    const struct records_conf conf = {.access = true};
    uint64_t before = dropped("any");
    close(STDERR_FILENO);
    if (records_open(a, &conf) != NULL) return 1;
    int fd = open(file, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd <= STDERR_FILENO) return 2;
    for (int i = 0; i < 50; i++) {
        records_access(&plain);
        records_audit(&(struct audit_record){.event = "signout"});
    }
    records_close();
    return dropped("any") - before == 100 ? 0 : 3;
}

static void a_closed_standard_error_loses_lines_and_nothing_else(void **state)
{
    (void)state;
    int status = -1;
    pid_t child = fork();
    if (child == 0) _exit(closed_stderr_child());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_access_line_says_what_happened),
        TEST(a_query_is_never_written),
        TEST(text_from_outside_cannot_become_a_second_record),
        TEST(hostile_lengths_still_make_whole_lines),
        TEST(a_server_line_tells_the_story_of_its_error),
        TEST(an_audit_line_carries_who_and_why),
        TEST(text_lines_are_fields_a_person_can_read),
        TEST(access_lines_can_be_left_out),
        TEST(lines_of_many_threads_are_whole_and_counted),
        TEST(a_full_disk_holds_nobody_up),
        TEST(a_pipe_nobody_reads_holds_nobody_up),
        TEST(a_pipe_whose_reader_left_counts_what_is_lost),
        TEST(after_reopen_lines_go_to_the_new_file),
        TEST(a_reopen_that_fails_keeps_the_old_file_and_says_so),
        TEST(a_file_that_cannot_be_opened_is_an_error),
        TEST(a_closed_standard_error_loses_lines_and_nothing_else),
    };
    must(mkdtemp(folder) != NULL);
    snprintf(file, sizeof file, "%s/x.log", folder);
    snprintf(moved, sizeof moved, "%s/x.log.1", folder);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(file);
    unlink(moved);
    rmdir(folder);
    return failed;
}
