/* question.h -- one question under way: shared by the worker that asked and the egress thread, freed by the last of them.
 *
 * Who may touch what: `flow` and `ret_answer` belong to the worker; what was asked is written before the question is handed over and only
 * read afterwards; what came belongs to the egress thread until the question is posted back, then to the worker. `lock` stands between
 * posting and hanging up: a worker that hung up is never posted to, so its loop may close, and a question knows by itself when the
 * egress thread is gone.
 */
#ifndef FETCH_QUESTION_H
#define FETCH_QUESTION_H
#include <pthread.h>

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

    pthread_mutex_t lock;
    _Atomic bool dropped;   /* written under the lock */
    bool posted, forgotten; /* under the lock; forgotten: the egress thread has ended */

    char method[8];
    bool once;                        /* own connection, sent once */
    char *url, *place;                /* place: "POST https://host/path", for errors */
    char *headers[FETCH_HEADERS + 2]; /* Accept, and the end */
    struct buf body;
    char *accept_type, *ca_file;
    bool accept_errors, accept_statuses, allow_private, allow_http, through_proxy;
    int connect_ms;
    int64_t deadline_ms; /* monotonic */

    struct host *host; /* egress thread, and under its lock */
    struct question *next;
    struct transfer *transfer;

    struct reply reply;
    enum problem problem; /* PROBLEM_NONE: the reply is what was asked for */
    char why[QUESTION_WHY_MAX];
};

struct question *question_open(const struct fetch_ask *ask, struct slice place); /* two references */
void question_release(struct question *q);                                       /* frees and wipes with the last */
/* The egress thread is done with it: posts it to the worker's loop, unless that hung up. The egress thread's reference is spent. */
void question_send_home(struct question *q);
/* The worker hangs up. True: nothing will be posted, its reference is the caller's to release. False: the post is on its way. */
bool question_hang_up(struct question *q);
void question_forget(struct question *q); /* as if hung up, without a post, by an egress thread that ends */
void question_refuse(struct question *q, enum problem problem, const char *format, ...) PRINTF(3, 4);

#endif
