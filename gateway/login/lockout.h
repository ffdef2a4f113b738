/* lockout.h -- who showed a wrong password waits, longer each time: by the name that was tried, and by the address it came from.
 *
 *     failures   1 2 3 4   5   6   7 ...
 *     wait       -  - - -  1s  2s  4s ...    a name: at most a minute; an address: at most a quarter of an hour
 *
 * A name waits no longer than a minute, or a stranger could keep its owner out for good. Names that are not there wait like others. Forgotten
 * after an hour without a failure; a name also when its password is shown. One table per process, bounded; what the replicas know together
 * comes by way of the store (login/lockout_share.h).
 */
#ifndef LOGIN_LOCKOUT_H
#define LOGIN_LOCKOUT_H
#include "text/address.h"

enum {
    LOCKOUT_FORGET_MS = 3600 * 1000
};

struct lockout;
struct lockout *lockout_open(void);
void lockout_close(struct lockout *l);
/* now_ms: monotonic, handed in. Seconds to wait before this name may be tried from this address; 0: now. */
int64_t lockout_wait_s(struct lockout *l, struct slice name, const struct address *from, int64_t now_ms);
void lockout_failed(struct lockout *l, struct slice name, const struct address *from, int64_t now_ms);
void lockout_passed(struct lockout *l, struct slice name); /* the address keeps its count: it may have tried others */

struct lockout_count {
    int64_t failures, last_ms; /* the last one, on now_ms's clock */
};
/* What all replicas have counted. Of a name that is the truth, also when it is less; an address never counts less than it does here. */
void lockout_learn(struct lockout *l, struct slice name, const struct address *from, struct lockout_count by_name,
                   struct lockout_count by_address, int64_t now_ms);
/* The bytes of the subscriber behind an address (of IPv6 a /64), lent; empty: it may be anybody. */
struct slice lockout_address(const struct address *from);

#endif
