/* process.h -- for metrics.c: what the kernel says of this process, and the three lines every metric is written with. */
#ifndef OBSERVE_PROCESS_H
#define OBSERVE_PROCESS_H
#include "base/buf.h"

void process_heading(struct buf *to, const char *name, const char *help, const char *kind);
void process_label(struct buf *to, const char *name, struct slice value); /* name="value", escaped */
/* process_* under the names every Prometheus client uses, vestibule_start_time_seconds and vestibule_build_info. */
void process_write(struct buf *to);

#endif
