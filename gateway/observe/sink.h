/* sink.h -- for writer.c: the file or standard error that lines go to. One thread.
 *
 * What is handed in is kept until it is written; a sink that cannot take it now (full disk, slow pipe) keeps it and is asked again. A
 * descriptor of our own is used, never number 2 itself: when standard error is closed, that number is held
 * by /dev/null, or it would be a visitor's connection later.
 */
#ifndef OBSERVE_SINK_H
#define OBSERVE_SINK_H
#include "base/buf.h"
#include "base/err.h"

struct sink {
    const char *file; /* NULL: standard error */
    int fd;           /* -1: nowhere to write */
    bool is_regular;
    struct buf waiting;
    size_t written; /* of waiting */
    uint64_t lost;  /* lines thrown away because the sink was gone */
};

enum sink_state {
    SINK_EMPTY, /* all is written */
    SINK_BUSY,  /* nobody took it for as long as was waited */
    SINK_LATER, /* refused now (full disk): ask again in a while */
    SINK_GONE   /* nobody will ever read it; waiting was emptied */
};

const struct err *sink_open(struct arena *a, struct sink *s, const char *file, size_t max_bytes);
/* A new descriptor for the same name; the old one stays if that fails (false). A line half written to the old is written whole to
 * the new. */
bool sink_reopen(struct sink *s);
/* Writes for at most wait_ms. */
enum sink_state sink_write(struct sink *s, int wait_ms);
void sink_close(struct sink *s);

#endif
