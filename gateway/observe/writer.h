/* writer.h -- for records.c: whole lines go in from any thread, one thread writes them out.
 *
 * writer_ring: the calling thread's own ring, no lock; false when it is full. writer_queue: shared, a short lock, false only above 32 MiB.
 */
#ifndef OBSERVE_WRITER_H
#define OBSERVE_WRITER_H
#include "base/buf.h"
#include "base/err.h"

const struct err *writer_open(struct arena *a, const char *file);
bool writer_ring(struct slice line);
bool writer_queue(struct slice line);
struct buf *writer_scratch(void); /* the calling thread's buffer to format a line in */
void writer_reopen(void);         /* async-signal-safe */
void writer_close(void);
/* Lines the writer itself had to throw away since it was last asked. */
uint64_t writer_lost(void);

#endif
