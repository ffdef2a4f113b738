/* problem.h -- every way a request can fail to get what it asked for: one closed list.
 *
 * The same word stands in the page's reference line, in the problem+json `code`, in the log's `reason` and in the metrics'
 * label, so that what a visitor reads aloud can be found by the operator. The status is decided here and nowhere else.
 */
#ifndef BASE_PROBLEM_H
#define BASE_PROBLEM_H
#include "base/slice.h"

enum problem {
    PROBLEM_NONE,
    /* what was asked makes no sense */
    PROBLEM_BAD_REQUEST,
    PROBLEM_AMBIGUOUS_PATH,
    PROBLEM_UNKNOWN_HOST,
    PROBLEM_NOT_FOUND,
    PROBLEM_METHOD,
    PROBLEM_BODY_TOO_LARGE,
    PROBLEM_HEAD_TOO_LARGE,
    PROBLEM_URI_TOO_LONG,
    PROBLEM_RATE_LIMITED,
    /* who is asking */
    PROBLEM_SIGN_IN_REQUIRED,
    PROBLEM_SESSION_ENDED,
    PROBLEM_FRAMED,
    PROBLEM_NO_ACCESS,
    PROBLEM_STEP_UP,
    PROBLEM_TOKEN_REFUSED,
    PROBLEM_CROSS_SITE,
    PROBLEM_UNTRUSTED_PEER,
    /* a sign-in that did not work out */
    PROBLEM_COOKIES_BLOCKED,
    PROBLEM_ATTEMPT_UNKNOWN,
    PROBLEM_ATTEMPT_EXPIRED,
    PROBLEM_SIGN_IN_CANCELLED,
    PROBLEM_PROVIDER_REFUSED,
    PROBLEM_PROVIDER_AWAY,
    PROBLEM_PROVIDER_BROKEN,
    PROBLEM_PROVIDER_MISCONFIGURED,
    PROBLEM_EMAIL_UNVERIFIED,
    PROBLEM_STEP_UP_UNMET,
    PROBLEM_WRONG_PASSWORD,
    PROBLEM_NOT_A_MEMBER,
    /* what we need to serve it */
    PROBLEM_STORE_AWAY,
    PROBLEM_BACKEND_UNREACHABLE,
    PROBLEM_BACKEND_BROKEN,
    PROBLEM_BACKEND_TIMEOUT,
    PROBLEM_BACKEND_BUSY,
    PROBLEM_DRAINING,
    PROBLEM_INTERNAL,
    /* start-up only */
    PROBLEM_CONFIG,
    PROBLEMS
};

int problem_status(enum problem p);        /* HTTP status; 200 for PROBLEM_NONE and PROBLEM_SIGN_IN_CANCELLED */
struct slice problem_word(enum problem p); /* "session-ended"; stable */

#endif
