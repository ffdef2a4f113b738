#include "store/tally.h"

#include <pthread.h>

#include "observe/metrics.h"

#include "base/now.h"

static struct metric up = {
    .name = "vestibule_store_up", .help = "1 while the session store answers.", .kind = METRIC_GAUGE};
static struct metric operations = {
    .name = "vestibule_store_operations_total",
    .help = "Operations of the session store.",
    .kind = METRIC_COUNTER,
    .labels = {"operation", "outcome"}
};
static struct metric durations = {.name = "vestibule_store_operation_duration_seconds",
                                  .help = "Time from asking the session store to its answer.",
                                  .kind = METRIC_HISTOGRAM,
                                  .labels = {"operation"}};

static const struct slice operation_words[TALLY_OPERATIONS] = {
    [TALLY_GET] = LIT_INIT("get"),         [TALLY_TAKE] = LIT_INIT("take"),       [TALLY_PUT] = LIT_INIT("put"),
    [TALLY_DELETE] = LIT_INIT("delete"),   [TALLY_TOUCH] = LIT_INIT("touch"),     [TALLY_PING] = LIT_INIT("ping"),
    [TALLY_COUNT] = LIT_INIT("count"),     [TALLY_ENLIST] = LIT_INIT("enlist"),   [TALLY_STRIKE] = LIT_INIT("strike"),
    [TALLY_MEMBERS] = LIT_INIT("members"), [TALLY_PRESENT] = LIT_INIT("present"), [TALLY_SCAN] = LIT_INIT("scan"),
};
static const struct slice outcome_words[TALLY_OUTCOMES] = {
    [TALLY_OK] = LIT_INIT("ok"),
    [TALLY_AWAY] = LIT_INIT("away"),
    [TALLY_REFUSED] = LIT_INIT("refused"),
};

static struct series *up_series;
static struct series *operation_series[TALLY_OPERATIONS][TALLY_OUTCOMES];
static struct series *duration_series[TALLY_OPERATIONS];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void find_series(void)
{
    up_series = metric_series(&up, NULL);
    for (int i = 0; i < TALLY_OPERATIONS; i++) {
        duration_series[i] = metric_series(&durations, &operation_words[i]);
        for (int k = 0; k < TALLY_OUTCOMES; k++) {
            const struct slice values[] = {operation_words[i], outcome_words[k]};
            operation_series[i][k] = metric_series(&operations, values);
        }
    }
}

void tally_open(void)
{
    pthread_once(&once, find_series);
}

void tally_done(enum tally_operation what, enum tally_outcome how, int64_t started_us)
{
    metric_add(operation_series[what][how], 1);
    if (how == TALLY_OK) metric_observe_us(duration_series[what], now_us() - started_us);
}

void tally_up(bool is_up)
{
    metric_set(up_series, is_up ? 1 : 0);
}
