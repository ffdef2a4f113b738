/* line.h -- one pipelined conversation with Redis, without a socket: bytes in, bytes out.
 *
 * Questions leave in the order they were asked and are answered in that order; the line keeps the queue. A question is embedded in
 * its owner's struct. It hears each of its replies, then is out of the queue; or `lost`, once, when the line is lost first. So exactly
 * one of (its last answer, lost) ends it, and its owner may free it there. Whoever no longer wants an answer leaves the question
 * in the queue all the same: its reply still comes and must not meet the next one.
 */
#ifndef STORE_LINE_H
#define STORE_LINE_H
#include "store/resp.h"

enum {
    LINE_QUESTIONS = 4096,       /* waiting at once: a few milliseconds of a busy worker */
    LINE_BYTES = 8 * 1024 * 1024 /* not yet handed to the socket */
};

struct line_question {
    struct line_question *next_;
    int replies_;
    int64_t deadline_ms;
    /* `left`: how many more come after this one. NULL, or why this reply cannot be: then the line is broken. If left is 0 the
     * question has ended, whatever is returned. */
    const char *(*answer)(struct line_question *q, const struct resp_reply *reply, int left);
    void (*lost)(struct line_question *q, const char *why);
};

struct line {
    struct resp_reader *reader;
    struct buf out; /* what is to be sent; the owner sends and clears it */
    struct line_question *first, **last;
    size_t waiting;
    /* What Redis says unasked (messages of a subscription): true when the reply was one. NULL: nothing may come unasked. */
    bool (*unasked)(void *self, const struct resp_reply *reply);
    void *self;
};

void line_open(struct line *l);
void line_close(struct line *l); /* the queue must be empty: line_lose first */
struct line_command {
    const struct slice *words;
    size_t count;
};
/* Writes the commands and queues the question, which gets one reply for each; false, and nothing happened, when the queue is full. */
bool line_ask(struct line *l, struct line_question *q, const struct line_command *commands, size_t count);
/* NULL, or why the line is broken: then close the connection and line_lose. */
const char *line_feed(struct line *l, struct slice bytes);
/* Begins anew: forgets bytes both ways, then tells every question that it is lost. Questions asked from inside `lost` stay. */
void line_lose(struct line *l, const char *why);
int64_t line_deadline_ms(const struct line *l); /* of the oldest question; INT64_MAX when none waits */

#endif
