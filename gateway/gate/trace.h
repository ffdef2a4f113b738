/* trace.h -- names for one request: the reference a visitor can read aloud, and the W3C trace context.
 *
 * Neither is a secret, so they come from a fast per-worker generator that is seeded by the system. A trusted peer's are kept when
 * they are well-formed.
 */
#ifndef GATE_TRACE_H
#define GATE_TRACE_H
#include <stdint.h>

#include "base/arena.h"

struct trace_source { /* per worker */
    uint64_t a, b;
};
void trace_seed(struct trace_source *s);
struct slice trace_request_id(struct trace_source *s, struct arena *a); /* 26 characters of Crockford's base32 */
/* "00-TRACE-SPAN-00": parent's trace and flags with a span of our own, or all new when parent is not well-formed. */
struct slice trace_parent(struct trace_source *s, struct arena *a, struct slice parent);
bool trace_is_request_id(struct slice s); /* 1-64 of A-Z a-z 0-9 . _ - */
bool trace_is_parent(struct slice s);     /* W3C Trace Context, version 00 */

#endif
