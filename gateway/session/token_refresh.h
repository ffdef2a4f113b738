/* token_refresh.h -- one look at a session's tokens and, when they are due, one turn at renewing them. For session/ only.
 *
 *     look          the record; what it says is remembered                                  asks the store
 *     decide        good for now, or due
 *     take_turn     the lock of this turn: one replica has it                                asks the store
 *     look_again    the record as it is under the lock: nothing has happened meanwhile       asks the store
 *     decide_again
 *     ask           new tokens for old                                                       asks the provider, once
 *     keep_rotated  the new refresh token is safe, before anything else is waited for        asks the store, patiently
 *     verify        the id_token that came along                                             may ask the provider for keys
 *     settle        the new tokens, or when to try again, or the end; the turn is over       asks the store, patiently
 *     remember      what there is now
 *     leave_turn    its lock goes                                                            asks the store
 */
#ifndef SESSION_TOKEN_REFRESH_H
#define SESSION_TOKEN_REFRESH_H
#include "provider/refresh.h"
#include "session/session_tokens.h"
#include "session/token_memo.h"

enum {
    TOKEN_LOCK_SLACK_MS = 5000, /* beyond the provider's timeout: for the store, before and after */
    TOKEN_PATIENCE_MS = 30000,  /* so long a store that is away is asked again to take what must not get lost */
    TOKEN_RETRY_LEAST_MS = 2000,
    TOKEN_RETRY_MOST_MS = 60000,
    TOKEN_RETRY_AFTER_MOST_S = 300,       /* what a provider may ask for */
    TOKEN_ROUND_BUDGET = 96 * 1024 * 1024 /* a provider's answer as a tree, and the records */
};

enum token_end {
    TOKEN_END_KNOWN, /* the memo says what there is */
    TOKEN_END_LOST,  /* due, and another replica has the turn */
    TOKEN_END_GONE,  /* the record is not there: the session was ended elsewhere */
    TOKEN_END_OVER   /* the session was ended here: its provider will not have it any longer */
};

struct token_refresh {
    /* the caller's */
    struct sessions *sessions;
    struct session_held *held;
    const struct token_source *from;
    void (*known)(struct token_refresh *t); /* told when the memo is fresh, before anything long begins */
    /* ours */
    struct flow tried;
    struct slice session_key, key, lock_key, value, sealed;
    struct token_record record, settled; /* as it was found, and as this turn leaves it */
    struct refreshed got;
    const struct err *why; /* the provider's part failed */
    int64_t lock_until_ms;
    bool locked, done; /* done: there is nothing to renew */
    bool asked;        /* the provider was, and what comes of it is not in the store yet */
    bool kept;         /* there is a record to be written */
    enum token_end end;
};

/* Runs in f's arena, which should be its own: TOKEN_ROUND_BUDGET. t must be zeroed but for the caller's part. Fails only with
 * PROBLEM_STORE_AWAY, or PROBLEM_INTERNAL for what is too large to be kept. */
enum flow_next token_refresh(struct flow *f, struct flow *child, struct token_refresh *t);

#endif
