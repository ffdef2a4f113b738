/* lockout_share.h -- what replicas know together of wrong passwords (login/lockout.h): a count of each name and each address in the store, under
 * keyed hashes.
 *
 * A password is rare and slow, and whoever signs in needs the store anyway: so it is asked before a password is looked at, and told before a
 * wrong one is answered. The store being away holds up nobody here: then each process goes on with its own count.
 */
#ifndef LOGIN_LOCKOUT_SHARE_H
#define LOGIN_LOCKOUT_SHARE_H
#include "login/visit.h"

/* This process learns what all know of the name and of the visitor's address. */
enum flow_next lockout_share_ask(struct flow *f, struct visit *v, struct slice name);
/* One more failure of both. */
enum flow_next lockout_share_failed(struct flow *f, struct visit *v, struct slice name);
/* The name's are forgotten. */
enum flow_next lockout_share_passed(struct flow *f, struct visit *v, struct slice name);

#endif
