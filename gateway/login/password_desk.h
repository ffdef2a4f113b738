/* password_desk.h -- one thread of the process that compares passwords: bcrypt takes a tenth of a second, and a loop has none.
 *
 * At most DESK_WAITING wait; further ones are told to come again (PROBLEM_RATE_LIMITED), so strangers can use up one processor's time for
 * passwords and nothing else. The thread begins with the first question. Who hangs up is forgotten; the comparison under way is finished.
 */
#ifndef LOGIN_PASSWORD_DESK_H
#define LOGIN_PASSWORD_DESK_H
#include "crypto/password.h"
#include "http/loop.h"

#include "base/flow.h"

enum {
    DESK_WAITING = 16
};

struct password_desk;
struct password_desk *password_desk_open(void);
void password_desk_close(struct password_desk *d); /* after the loops that asked; waits for the comparison under way */
/* hash: fit, lent until the flow goes on or is dropped. */
enum flow_next password_desk_check(struct flow *f, struct password_desk *d, struct loop *l, const char *hash,
                                   struct secret password, bool *ret_fits);

#endif
