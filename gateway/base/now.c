#include "base/now.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static _Atomic int64_t shift_s;

static int64_t read_clock_us(clockid_t which)
{
    struct timespec t;
    must(clock_gettime(which, &t) == 0);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t shift_ms(void)
{
    return atomic_load_explicit(&shift_s, memory_order_relaxed) * 1000;
}

int64_t now_wall_ms(void)
{
    return read_clock_us(CLOCK_REALTIME) / 1000 + shift_ms();
}

int64_t now_tick_wall_ms(void)
{
    return read_clock_us(CLOCK_REALTIME_COARSE) / 1000 + shift_ms();
}

int64_t now_s(void)
{
    return now_tick_wall_ms() / 1000;
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

/* The seconds change once a second; what stands before the milliseconds is kept meanwhile. */
void now_rfc3339(int64_t wall_ms, char out[25])
{
    static _Thread_local char kept[21]; /* "2026-11-22T19:00:00." */
    static _Thread_local int64_t kept_s = -1;
    int64_t at_s = wall_ms / 1000;
    if (at_s != kept_s) {
        time_t s = (time_t)at_s;
        struct tm t;
        must(gmtime_r(&s, &t) != NULL);
        must(t.tm_year + 1900 <= 9999);
        snprintf(kept, sizeof kept, "%04u-%02u-%02uT%02u:%02u:%02u.", (unsigned)(t.tm_year + 1900) % 10000u,
                 (unsigned)(t.tm_mon + 1) % 100u, (unsigned)t.tm_mday % 100u, (unsigned)t.tm_hour % 100u,
                 (unsigned)t.tm_min % 100u, (unsigned)t.tm_sec % 100u);
        kept_s = at_s;
    }
    unsigned ms = (unsigned)(wall_ms % 1000) % 1000u;
    memcpy(out, kept, 20);
    out[20] = (char)('0' + ms / 100);
    out[21] = (char)('0' + ms / 10 % 10);
    out[22] = (char)('0' + ms % 10);
    out[23] = 'Z';
    out[24] = '\0';
}
