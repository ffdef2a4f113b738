#include "base/now.h"

#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

static _Atomic int64_t shift_s;

static int64_t read_clock_us(clockid_t which)
{
    struct timespec t;
    must(clock_gettime(which, &t) == 0);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t now_wall_ms(void)
{
    return read_clock_us(CLOCK_REALTIME) / 1000 + atomic_load_explicit(&shift_s, memory_order_relaxed) * 1000;
}

int64_t now_s(void)
{
    return now_wall_ms() / 1000;
}

int64_t now_us(void)
{
    return read_clock_us(CLOCK_MONOTONIC);
}

int64_t now_ms(void)
{
    return now_us() / 1000;
}

int64_t now_tick_ms(void)
{
    return read_clock_us(CLOCK_MONOTONIC_COARSE) / 1000;
}

void now_shift(int64_t seconds)
{
    atomic_store_explicit(&shift_s, seconds, memory_order_relaxed);
}

void now_rfc3339(int64_t wall_ms, char out[25])
{
    time_t s = (time_t)(wall_ms / 1000);
    struct tm t;
    must(gmtime_r(&s, &t) != NULL);
    must(t.tm_year + 1900 <= 9999);
    snprintf(out, 25, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ", (unsigned)(t.tm_year + 1900) % 10000u,
             (unsigned)(t.tm_mon + 1) % 100u, (unsigned)t.tm_mday % 100u, (unsigned)t.tm_hour % 100u,
             (unsigned)t.tm_min % 100u, (unsigned)t.tm_sec % 100u, (unsigned)(wall_ms % 1000) % 1000u);
}
