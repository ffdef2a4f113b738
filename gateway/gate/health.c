/* health.c -- the metrics listener: alive, ready, and the numbers. Never on a public listener.
 *
 * /live says that a worker answers, nothing else: a store outage must not restart a fleet. /ready also asks whether the store is there and
 * whether we are draining; providers are not looked at.
 */
#include <stdatomic.h>

#include "gate/gate.h"
#include "observe/metrics.h"

static atomic_bool draining;

void gate_set_draining(bool now)
{
    atomic_store(&draining, now);
}

bool gate_is_ready(const struct gate *g)
{
    return !atomic_load(&draining) && store_up(g->shared->store);
}

static void say(struct exchange *x, int status, struct slice text)
{
    exchange_add(x, LIT("content-type"), LIT("text/plain; charset=utf-8"));
    exchange_add(x, LIT("cache-control"), LIT("no-store"));
    exchange_reply(x, status, text);
}

static void close_buf(void *b)
{
    buf_close(b);
}

static void say_metrics(struct exchange *x)
{
    struct buf *text = arena_new(x->arena, struct buf);
    *text = buf_open(METRICS_TEXT_MAX);
    arena_at_close(x->arena, close_buf, text);
    metrics_write(text);
    exchange_add(x, LIT("content-type"), LIT("text/plain; version=0.0.4; charset=utf-8"));
    exchange_add(x, LIT("cache-control"), LIT("no-store"));
    exchange_reply(x, 200, buf_slice(text));
}

void gate_health_handle(struct exchange *x)
{
    struct gate *g = x->app;
    if (!slice_is(x->method, LIT("GET")) && !slice_is(x->method, LIT("HEAD"))) {
        exchange_add(x, LIT("allow"), LIT("GET, HEAD"));
        say(x, 405, LIT("Ask with GET.\n"));
        return;
    }
    if (slice_is(x->path, LIT("/live"))) {
        say(x, 200, LIT("alive\n"));
    } else if (slice_is(x->path, LIT("/ready"))) {
        if (atomic_load(&draining)) {
            say(x, 503, LIT("draining\n"));
        } else if (!store_up(g->shared->store)) {
            say(x, 503, LIT("the session store is away\n"));
        } else {
            say(x, 200, LIT("ready\n"));
        }
    } else if (slice_is(x->path, LIT("/metrics"))) {
        say_metrics(x);
    } else {
        say(x, 404, LIT("Here are /metrics, /live and /ready.\n"));
    }
}
