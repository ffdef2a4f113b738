/* limits.h -- how often one address, or everybody by one provider, may try: sign-ins, callbacks, failures to prove who one is.
 *
 * Only what is rare is counted: nothing here is on the way of a request of somebody who is known. One table per process, bounded, guarded by a
 * mutex that is held for a look-up. What a worker counts it tells the store a moment later, without anybody waiting, and learns the sum of all
 * replicas: each may overshoot by what comes within LIMITS_SHARE_MS. With the store away each process goes on with its own count.
 *
 * A window slides: what came in the one before counts by the part of it that is still within reach. What was refused is not counted, so who goes
 * on trying gets through at the rate of the limit. IPv6 counts by /64, which is what one subscriber has. Who comes by a unix socket without
 * saying for whom is not counted: it would be everybody.
 *
 * When the table is full, whoever counts least goes first; a stranger with many addresses makes limits less exact, never wider for one address.
 */
#ifndef LOGIN_LIMITS_H
#define LOGIN_LIMITS_H
#include "store/store.h"
#include "text/address.h"

enum {
    LIMITS_ENTRIES = 16384, /* 64 bytes each */
    LIMITS_SHARE_MS = 200
};

enum limit_what {
    LIMIT_SIGN_IN,       /* starts, and passwords shown, by one address */
    LIMIT_CALLBACK,      /* by one address */
    LIMIT_AUTH_FAILURES, /* callbacks, passwords, access tokens and logouts told of that failed, by one address */
    LIMIT_PROVIDER,      /* starts by one provider, from everywhere */
    LIMITS
};
struct limit {
    int64_t count; /* 0: no limit */
    int64_t window_ms;
};
struct limits_conf {
    struct limit by[LIMITS];
};
/* "30/1m"; "none". */
bool limit_read(struct slice text, struct limit *ret_limit);
struct slice limit_word(enum limit_what what); /* "sign_in": in metrics and records */

struct limits;      /* the process's */
struct limits_link; /* a worker's */
struct limits *limits_open(void);
void limits_close(struct limits *l);
struct limits_link *limits_link(struct limits *l, struct loop *loop, struct store_link *store);
void limits_unlink(struct limits_link *k);

struct limit_subject {
    const struct address *address; /* or */
    struct slice name;             /* a provider's id */
};
struct limit_verdict {
    int64_t wait_s; /* 0: fine; else how long until one more is */
    bool first;     /* the first refusal of this subject in this window: worth a record */
};
/* Would one more be within the limit? Counts it when it would. */
struct limit_verdict limits_take(struct limits_link *k, const struct limits_conf *conf, enum limit_what what,
                                 const struct limit_subject *who);
/* The same without counting, and counting without a question: for failures, which are known afterwards. */
struct limit_verdict limits_look(struct limits_link *k, const struct limits_conf *conf, enum limit_what what,
                                 const struct limit_subject *who);
void limits_add(struct limits_link *k, const struct limits_conf *conf, enum limit_what what,
                const struct limit_subject *who);

#endif
