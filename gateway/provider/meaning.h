/* meaning.h -- what an answer of a provider means: good, or why not and whose turn it is. Pure.
 *
 *     kind            looks like                                                              the visitor's problem
 *     good            2xx that can be read, no error in it, `success` holds                   -
 *     rate limited    429; or what the descriptor's api.rate_limit says                       provider-away
 *     retryable       408, 5xx; server_error, temporarily_unavailable                         provider-away
 *     misconfigured   the operator must act: client, secret, redirect_uri, scopes             provider-misconfigured
 *     denied          the person said no, or must do something at the platform                provider-refused
 *     broken          everything else: nothing here is believed                               provider-broken
 *
 * In that order: a platform that is overrun may say so in any shape, and what follows then is an accident.
 */
#ifndef PROVIDER_MEANING_H
#define PROVIDER_MEANING_H
#include "fetch/fetch.h"
#include "provider/descriptor.h"

enum meaning_kind {
    MEANING_GOOD,
    MEANING_RATE_LIMITED,
    MEANING_RETRYABLE,
    MEANING_MISCONFIGURED,
    MEANING_DENIED,
    MEANING_BROKEN,
    MEANINGS
};
enum {
    MEANING_WAIT_MOST_S = 86400, /* a longer one is told as this */
    MEANING_CODE_MAX = 64,       /* bytes of a provider's error code that we repeat */
    MEANING_MESSAGE_MAX = 200,   /* characters of its message */
    MEANING_SECRETS = 12         /* words of ours a provider may echo, and that must not reach a log */
};
struct meaning {
    enum meaning_kind kind;
    int64_t wait_s;              /* what it wants us to wait; -1: not told */
    struct slice code;           /* as it came, for comparing ("invalid_grant"); outside text, never for a log */
    struct slice shown, message; /* code and message for people: short, printable, without our secrets */
    int64_t date_s;              /* when it answered by its own clock; 0: not told */
    const char *advice;          /* what the operator can do about it; NULL: nothing known */
};

struct meaning_ask {
    const struct descriptor *descriptor;
    bool is_token_answer;                   /* judged by token.error and RFC 6749 section 5.2 */
    const struct declared_request *request; /* its success and error_when; NULL for the token endpoint's own */
    const struct fetch_answer *answer;      /* asked with meaning_kept */
    const struct doc *root;                 /* its body; NULL: not readable */
    const struct slice *secrets;            /* MEANING_SECRETS of them, empty ones are passed over; may be NULL */
    int64_t now_s;
};
struct meaning meaning_of(struct arena *a, const struct meaning_ask *ask);

/* The headers that meaning_of looks at, to be set in fetch_ask. */
void meaning_kept(const struct descriptor *d, struct slice kept[FETCH_KEPT]);
/* A question that got no answer at all: fetch's error in the same words. */
enum meaning_kind meaning_of_silence(const struct err *why);
enum problem meaning_problem(enum meaning_kind kind);
struct slice meaning_word(enum meaning_kind kind); /* "rate_limited": for metrics and logs */
/* "the token endpoint answered 400 invalid_grant: ADVICE; it says: ...". NULL for a good one. what: "the token endpoint". */
const struct err *meaning_err(struct arena *a, const struct meaning *v, const char *what, int status);

#endif
