#include "observe/metrics.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct metric requests = {
    .name = "test_requests_total",
    .help = "Requests\nand a \\ backslash.",
    .kind = METRIC_COUNTER,
    .labels = {"handler", "code"}
};
static struct metric open_now = {.name = "test_open", .help = "Open.", .kind = METRIC_GAUGE};
static struct metric seconds = {
    .name = "test_seconds", .help = "Time.", .kind = METRIC_HISTOGRAM, .labels = {"handler"}};
static struct metric never = {.name = "test_never", .help = "Never.", .kind = METRIC_GAUGE};
static struct metric many = {.name = "test_many_total", .help = "Many.", .kind = METRIC_COUNTER, .labels = {"n"}};
static struct metric shared = {
    .name = "test_shared_total", .help = "Shared.", .kind = METRIC_COUNTER, .labels = {"a", "b", "c", "d", "e"}
};
static struct metric odd = {.name = "test_odd_total", .help = "Odd.", .kind = METRIC_COUNTER, .labels = {"v"}};

static struct buf out;

static struct slice scrape(void)
{
    buf_close(&out);
    out = buf_open(METRICS_TEXT_MAX);
    metrics_write(&out);
    assert_false(out.full);
    return buf_slice(&out);
}

static void has(const char *text)
{
    if (slice_find(scrape(), slice_of(text)) == SLICE_NONE)
        fail_msg("no %s in\n%.*s", text, SLICE_ARG(buf_slice(&out)));
}

static void has_not(const char *text)
{
    if (slice_find(scrape(), slice_of(text)) != SLICE_NONE) fail_msg("%s is there", text);
}

static void counters_and_gauges_are_written_with_their_labels(void **state)
{
    (void)state;
    struct series *s = metric_series(&requests, (struct slice[]){LIT("proxy"), LIT("200")});
    metric_add(s, 2);
    metric_add(metric_series(&requests, (struct slice[]){LIT("proxy"), LIT("200")}), 1);
    metric_add(metric_series(&requests, (struct slice[]){LIT("proxy"), LIT("404")}), 1);
    metric_set(metric_series(&open_now, NULL), 5);
    metric_add(metric_series(&open_now, NULL), -7);
    has("# HELP test_requests_total Requests\\nand a \\\\ backslash.\n# TYPE test_requests_total counter\n");
    has("\ntest_requests_total{handler=\"proxy\",code=\"200\"} 3\n");
    has("\ntest_requests_total{handler=\"proxy\",code=\"404\"} 1\n");
    has("# TYPE test_open gauge\ntest_open -2\n");
}

static void the_same_values_are_the_same_series(void **state)
{
    (void)state;
    assert_ptr_equal(metric_series(&requests, (struct slice[]){LIT("a"), LIT("bc")}),
                     metric_series(&requests, (struct slice[]){LIT("a"), LIT("bc")}));
    assert_ptr_not_equal(metric_series(&requests, (struct slice[]){LIT("a"), LIT("bc")}),
                         metric_series(&requests, (struct slice[]){LIT("ab"), LIT("c")}));
}

static void a_metric_without_series_is_not_written(void **state)
{
    (void)state;
    has_not(never.name);
}

static void histograms_are_cumulative_seconds(void **state)
{
    (void)state;
    struct series *s = metric_series(&seconds, (struct slice[]){LIT("auth")});
    metric_observe_us(s, 250); /* exactly at the first bound */
    metric_observe_us(s, 251); /* above it */
    metric_observe_us(s, 999999);
    metric_observe_us(s, 20000000); /* above all */
    metric_observe_us(s, -5);       /* a clock that went back */
    has("# TYPE test_seconds histogram\n");
    has("test_seconds_bucket{handler=\"auth\",le=\"0.00025\"} 2\n");
    has("test_seconds_bucket{handler=\"auth\",le=\"0.0005\"} 3\n");
    has("test_seconds_bucket{handler=\"auth\",le=\"0.75\"} 3\n");
    has("test_seconds_bucket{handler=\"auth\",le=\"1\"} 4\n");
    has("test_seconds_bucket{handler=\"auth\",le=\"10\"} 4\n");
    has("test_seconds_bucket{handler=\"auth\",le=\"+Inf\"} 5\n");
    has("test_seconds_sum{handler=\"auth\"} 21.000500\n");
    has("test_seconds_count{handler=\"auth\"} 5\n");
}

static void a_label_cannot_end_its_line(void **state)
{
    (void)state;
    metric_add(metric_series(&odd, (struct slice[]){LIT("a\"} 1\nevil 2\\\x1b\xFF")}), 1);
    has("test_odd_total{v=\"a\\\"} 1\\nevil 2\\\\\xEF\xBF\xBD\xEF\xBF\xBD\"} 1\n");
    has_not("\nevil");
}

static void too_many_series_count_as_other(void **state)
{
    (void)state;
    for (int i = 0; i < METRIC_SERIES_MAX + 100; i++) {
        char text[16];
        int len = snprintf(text, sizeof text, "%d", i);
        metric_add(metric_series(&many, &(struct slice){text, (size_t)len}), 1);
    }
    has("test_many_total{n=\"0\"} 1\n");
    has("test_many_total{n=\"511\"} 1\n");
    has_not("test_many_total{n=\"512\"}");
    has("test_many_total{n=\"other\"} 100\n");
}

enum {
    THREADS = 8,
    ROUNDS = 20000
};

static void *count(void *self)
{
    (void)self;
    for (int i = 0; i < ROUNDS; i++) {
        char digit = (char)('0' + i % 10);
        struct slice v = {&digit, 1};
        metric_add(metric_series(&shared, (struct slice[]){v, LIT("b"), LIT("c"), LIT("d"), LIT("e")}), 1);
        metric_observe_us(metric_series(&seconds, (struct slice[]){LIT("threads")}), 100);
    }
    return NULL;
}

static void threads_lose_no_count_and_make_no_twins(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, count, NULL), 0);
    }
    for (int i = 0; i < 20; i++) {
        scrape();
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    for (char digit = '0'; digit <= '9'; digit++) {
        char line[128];
        snprintf(line, sizeof line, "test_shared_total{a=\"%c\",b=\"b\",c=\"c\",d=\"d\",e=\"e\"} %d\n", digit,
                 THREADS * ROUNDS / 10);
        has(line);
    }
    has("test_seconds_count{handler=\"threads\"} 160000\n");
}

static void set_from_elsewhere(void *self)
{
    metric_set(metric_series(&open_now, NULL), *(int *)self);
}

static void values_that_live_elsewhere_are_asked_at_each_scrape(void **state)
{
    (void)state;
    static int value = 41;
    metric_refresh(set_from_elsewhere, &value);
    has("test_open 41\n");
    value = 42;
    has("test_open 42\n");
}

static void the_process_and_the_build_are_there(void **state)
{
    (void)state;
    metrics_build(LIT("abc"), LIT("OpenSSL \"3\""), LIT("2.2.5"));
    has("\nprocess_cpu_seconds_total ");
    has("\nprocess_resident_memory_bytes ");
    has("\nprocess_open_fds ");
    has("\nprocess_max_fds ");
    has("\nprocess_start_time_seconds 1");
    has("\nvestibule_start_time_seconds 1");
    has("\nvestibule_build_info{version=\"" VESTIBULE_VERSION
        "\",revision=\"abc\",openssl=\"OpenSSL \\\"3\\\"\",h2o=\"2.2.5\"} 1\n");
}

/* What promtool asks: one TYPE a name, every line a comment or a sample, the end a line end. */
static void every_line_is_a_comment_or_a_sample(void **state)
{
    (void)state;
    struct slice rest = scrape(), line, name;
    assert_true(slice_ends(rest, LIT("\n")));
    rest.len--;
    while (slice_cut(&rest, '\n', &line)) {
        if (slice_starts(line, LIT("# HELP ")) || slice_starts(line, LIT("# TYPE "))) continue;
        assert_true(line.len != 0 && line.at[0] >= 'a' && line.at[0] <= 'z');
        size_t blank = line.len - 1;
        while (line.at[blank] != ' ') {
            blank--;
        }
        name = slice_upto(line, blank);
        assert_true(slice_index(name, '{') == SLICE_NONE || slice_ends(name, LIT("}")));
    }
    struct slice all = buf_slice(&out);
    size_t first = slice_find(all, LIT("# TYPE test_requests_total "));
    assert_int_equal(slice_find(slice_from(all, first + 1), LIT("# TYPE test_requests_total ")), SLICE_NONE);
}

static void a_small_buffer_is_marked_full(void **state)
{
    (void)state;
    AUTO(buf_close) struct buf small = buf_open(64);
    metrics_write(&small);
    assert_true(small.full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counters_and_gauges_are_written_with_their_labels),
        cmocka_unit_test(the_same_values_are_the_same_series),
        cmocka_unit_test(a_metric_without_series_is_not_written),
        cmocka_unit_test(histograms_are_cumulative_seconds),
        cmocka_unit_test(a_label_cannot_end_its_line),
        cmocka_unit_test(too_many_series_count_as_other),
        cmocka_unit_test(threads_lose_no_count_and_make_no_twins),
        cmocka_unit_test(values_that_live_elsewhere_are_asked_at_each_scrape),
        cmocka_unit_test(the_process_and_the_build_are_there),
        cmocka_unit_test(every_line_is_a_comment_or_a_sample),
        cmocka_unit_test(a_small_buffer_is_marked_full),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    buf_close(&out);
    return failed;
}
