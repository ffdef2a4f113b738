/* token_memo.h -- what a worker remembers of a session's tokens, so that a warm request neither waits nor asks. For session/ only.
 *
 * It hangs at the cached session and dies with it; wiped when freed. Of the tokens only the access token is in it.
 */
#ifndef SESSION_TOKEN_MEMO_H
#define SESSION_TOKEN_MEMO_H
#include "session/session_cache.h"
#include "session/token_record.h"

struct token_memo {
    bool doubted;             /* the record has changed since: read it again */
    int64_t due_s, expires_s; /* wall clock; due_s INT64_MAX: never renewed; expires_s 0: not told */
    int64_t retry_ms;         /* wall clock: no attempt before */
    size_t len;
    char access[];
};

void token_memo_put(struct session_held *h, const struct token_record *r, int64_t due_s);
void token_memo_drop(struct session_held *h);
bool token_memo_is_good(const struct token_memo *m); /* there is an access token, and it has not ended */
bool token_memo_is_due(const struct token_memo *m);  /* to be renewed now */

#endif
