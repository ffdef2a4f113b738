/* now.h -- the time, from one place, so that a test can move it.
 *
 * Wall time (seconds since 1970, UTC) is for what is written into tokens and records; monotonic milliseconds are for
 * waiting. now_shift moves the wall clock of the whole process and exists for tests. Any thread may call these.
 */
#ifndef BASE_NOW_H
#define BASE_NOW_H
#include <stdint.h>

#include "base/arena.h"

int64_t now_s(void);       /* wall clock, seconds, as of the kernel's last tick */
int64_t now_wall_ms(void); /* wall clock, milliseconds */
int64_t now_ms(void);      /* monotonic milliseconds */
int64_t now_us(void);      /* monotonic microseconds, for durations in logs and metrics */

/* As of the kernel's last tick, at most ten milliseconds ago: several times cheaper, for what every request asks. */
int64_t now_tick_wall_ms(void);
int64_t now_tick_ms(void);
void now_shift(int64_t seconds);

/* "2026-11-22T15:04:05.123Z"; out holds 25 bytes with the NUL. */
void now_rfc3339(int64_t wall_ms, char out[25]);

#endif
