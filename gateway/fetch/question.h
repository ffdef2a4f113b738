/* question.h -- one question under way: shared by the worker that asked and the egress thread, freed by the last of them.
 *
 * Who may touch what: `flow` and `ret_answer` belong to the worker; `dropped` and `posted` are guarded by the fetch's lock; what was
 * asked is written before the question is handed over and only read afterwards; what came belongs to the egress thread until the
 * question is posted back, then to the worker.
 */
#ifndef FETCH_QUESTION_H
#define FETCH_QUESTION_H
#include "fetch/fetch.h"
#include "fetch/reply.h"

struct host;
struct transfer;

enum {
    QUESTION_WHY_MAX = 512
};
struct question {
    _Atomic int references;
    struct fetch *fetch;

    struct flow *flow; /* NULL: hung up */
    struct fetch_answer *ret_answer;
    struct loop *loop;
    struct loop_post post;

    bool dropped, posted;

    bool post_method;
    char *url, *place; /* place: "POST https://host/path", for errors */
    char *headers[FETCH_HEADERS + 1];
    struct buf body;
    char *accept_type, *ca_file;
    bool accept_errors, allow_private, allow_http, through_proxy;
    int connect_ms;
    int64_t deadline_ms; /* monotonic */

    struct host *host; /* egress thread, and under the lock */
    struct question *next;
    struct transfer *transfer;

    struct reply reply;
    enum problem problem; /* PROBLEM_NONE: the reply is what was asked for */
    char why[QUESTION_WHY_MAX];
};

struct question *question_open(const struct fetch_ask *ask,
                               struct slice place); /* two references */
void question_release(struct question *q);          /* frees and wipes with the last */
void question_refuse(struct question *q, enum problem problem, const char *format, ...)
    PRINTF(3, 4);

#endif
