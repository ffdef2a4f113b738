/* metrics.h -- counters and histograms without locks, and the Prometheus text of them.
 *
 * A metric is declared once, statically, with its label names; a series is found once (metric_series, at start or on a cold path) and
 * then counted with one relaxed atomic add. Label values come from closed sets (provider ids, backend ids, problem words, status codes):
 * METRIC_SERIES_MAX series per metric, then everything else counts under "other". Any thread.
 */
#ifndef OBSERVE_METRICS_H
#define OBSERVE_METRICS_H
#include <stdint.h>

#include "base/buf.h"

enum metric_kind {
    METRIC_COUNTER,
    METRIC_GAUGE,
    METRIC_HISTOGRAM /* seconds; observed in microseconds */
};
enum {
    METRIC_LABELS = 5,
    METRIC_SERIES_MAX = 512
};

struct series;
struct metric {
    const char *name, *help; /* "vestibule_http_requests_total" */
    enum metric_kind kind;
    const char *labels[METRIC_LABELS]; /* names, NULL-ended */
    struct series *_Atomic first_;
    _Atomic int count_;
    struct metric *next_;
    _Atomic bool listed_;
};

/* The series for these label values (as many as the metric has names); made on first use. Never NULL; lives for ever. values may be NULL
 * for a metric without labels. */
struct series *metric_series(struct metric *m, const struct slice *values);
void metric_add(struct series *s, int64_t n); /* counters and gauges */
void metric_set(struct series *s, int64_t n); /* gauges */
void metric_observe_us(struct series *s, int64_t us);
/* For values that exist elsewhere: called at each scrape before writing, on its thread. Registered before threads start; at most 32. */
void metric_refresh(void (*fn)(void *self), void *self);
/* For vestibule_build_info; once, at start. The version is our own. */
void metrics_build(struct slice revision, struct slice openssl, struct slice h2o);
/* Text exposition format 0.0.4: every metric that has a series, sorted by name, then process_* and vestibule_build_info. A scrape whose
 * buffer is too small is marked full; METRICS_TEXT_MAX is enough for every series there can be in practice. */
enum {
    METRICS_TEXT_MAX = 8 * 1024 * 1024
};
void metrics_write(struct buf *to);

#endif
