/* reply.h -- what came back, line by line, and whether it is what was asked for. Pure: no sockets, no threads. */
#ifndef FETCH_REPLY_H
#define FETCH_REPLY_H
#include "fetch/fetch.h"

#include "base/buf.h"
#include "base/problem.h"

enum {
    REPLY_TYPE_MAX = 128,
    REPLY_NAME_MAX = 64
};
struct reply_kept {
    char name[REPLY_NAME_MAX], value[FETCH_KEPT_MAX + 1];
    bool found;
};
struct reply {
    int status;
    char content_type[REPLY_TYPE_MAX];
    bool type_odd;  /* two of them, or too long to be one */
    bool encoded;   /* compressed though nobody asked for it */
    bool head_full; /* more header bytes than FETCH_HEAD_MAX */
    size_t head_bytes;
    int64_t retry_after_s, max_age_s;
    struct reply_kept kept[FETCH_KEPT];
    struct buf body; /* full: larger than max_bytes */
};

struct reply reply_open(size_t max_bytes);
void reply_keep(struct reply *r, size_t place, struct slice name); /* a header whose value is wanted; empty: none */
void reply_close(struct reply *r);                                 /* wipes: an answer may hold tokens */
/* One header line as it came, with or without its line end; a status line starts anew (1xx answers go before the real one). Lines after the
 * body began are trailers and are passed over. now_s: for a Retry-After that is a date. False: stop reading. */
bool reply_header(struct reply *r, struct slice line, int64_t now_s);
bool reply_body(struct reply *r, struct slice bytes); /* false: too large, stop reading */
/* PROBLEM_NONE when it is acceptable; else a static sentence in *ret_why, to be put behind the status. */
enum problem reply_judge(const struct reply *r, struct slice accept_type, bool accept_errors, const char **ret_why);
/* The same when every status but a redirect is acceptable, whatever the type. */
enum problem reply_judge_any(const struct reply *r, const char **ret_why);

bool reply_type_is(struct slice content_type, struct slice type); /* see fetch_type_is */

#endif
