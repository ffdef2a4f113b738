/* welcome.h -- what a sign-in that succeeded leaves, however it was made: the record, the count, the cookie. */
#ifndef LOGIN_WELCOME_H
#define LOGIN_WELCOME_H
#include "login/visit.h"

void welcome(struct visit *v, const struct identity *who, const struct session_begun *begun, int64_t took_us);

#endif
