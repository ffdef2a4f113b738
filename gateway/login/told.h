/* told.h -- what callbacks of providers have in common: remembering what was taken, and the answer to what is not. */
#ifndef LOGIN_TOLD_H
#define LOGIN_TOLD_H
#include "login/visit.h"

/* "j:" + hash: the store's key of something that is taken once. kind: a word of ours. */
struct slice told_key(struct arena *a, const char *kind, struct slice provider, struct slice what);
/* How long to remember what is refused by its age from until_s on. */
int64_t told_left_ms(int64_t until_s);
/* Platforms speak from their servers. A page that makes its visitors' browsers speak so is refused, and its visitors' addresses are counted nothing. */
bool told_by_browser(const struct visit *v);
/* An error of RFC 6749's kind, never cached: 400 for what is wrong with what was told (PROBLEM_BAD_REQUEST), 503 for what is wrong here. */
void told_refuse(const struct visit *v, const struct err *why);

#endif
