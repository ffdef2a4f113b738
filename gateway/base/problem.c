#include "base/problem.h"

#include "base/must.h"

static const struct {
    struct slice word;
    int status;
} problems[] = {
    [PROBLEM_NONE] = {LIT_INIT("none"),                   200},
    [PROBLEM_BAD_REQUEST] = {LIT_INIT("bad-request"),            400},
    [PROBLEM_AMBIGUOUS_PATH] = {LIT_INIT("ambiguous-path"),         400},
    [PROBLEM_UNKNOWN_HOST] = {LIT_INIT("unknown-host"),           421},
    [PROBLEM_NOT_FOUND] = {LIT_INIT("not-found"),              404},
    [PROBLEM_METHOD] = {LIT_INIT("method-not-allowed"),     405},
    [PROBLEM_BODY_TOO_LARGE] = {LIT_INIT("body-too-large"),         413},
    [PROBLEM_HEAD_TOO_LARGE] = {LIT_INIT("head-too-large"),         431},
    [PROBLEM_URI_TOO_LONG] = {LIT_INIT("uri-too-long"),           414},
    [PROBLEM_RATE_LIMITED] = {LIT_INIT("rate-limited"),           429},
    [PROBLEM_SIGN_IN_REQUIRED] = {LIT_INIT("sign-in-required"),       401},
    [PROBLEM_SESSION_ENDED] = {LIT_INIT("session-ended"),          401},
    [PROBLEM_FRAMED] = {LIT_INIT("framed"),                 401},
    [PROBLEM_NO_ACCESS] = {LIT_INIT("no-access"),              403},
    [PROBLEM_STEP_UP] = {LIT_INIT("step-up-required"),       401},
    [PROBLEM_TOKEN_REFUSED] = {LIT_INIT("invalid-token"),          401},
    [PROBLEM_CROSS_SITE] = {LIT_INIT("cross-site"),             403},
    [PROBLEM_UNTRUSTED_PEER] = {LIT_INIT("untrusted-peer"),         403},
    [PROBLEM_COOKIES_BLOCKED] = {LIT_INIT("cookies-blocked"),        400},
    [PROBLEM_ATTEMPT_UNKNOWN] = {LIT_INIT("attempt-unknown"),        400},
    [PROBLEM_ATTEMPT_EXPIRED] = {LIT_INIT("attempt-expired"),        400},
    [PROBLEM_SIGN_IN_CANCELLED] = {LIT_INIT("sign-in-cancelled"),      200},
    [PROBLEM_PROVIDER_REFUSED] = {LIT_INIT("provider-refused"),       403},
    [PROBLEM_PROVIDER_AWAY] = {LIT_INIT("provider-away"),          502},
    [PROBLEM_PROVIDER_BROKEN] = {LIT_INIT("provider-broken"),        502},
    [PROBLEM_PROVIDER_MISCONFIGURED] = {LIT_INIT("provider-misconfigured"), 502},
    [PROBLEM_EMAIL_UNVERIFIED] = {LIT_INIT("email-unverified"),       403},
    [PROBLEM_NOT_A_MEMBER] = {LIT_INIT("not-a-member"),           403},
    [PROBLEM_STEP_UP_UNMET] = {LIT_INIT("step-up-unmet"),          403},
    [PROBLEM_WRONG_PASSWORD] = {LIT_INIT("wrong-password"),         403},
    [PROBLEM_STORE_AWAY] = {LIT_INIT("store-away"),             503},
    [PROBLEM_BACKEND_UNREACHABLE] = {LIT_INIT("backend-unreachable"),    502},
    [PROBLEM_BACKEND_BROKEN] = {LIT_INIT("backend-broken"),         502},
    [PROBLEM_BACKEND_TIMEOUT] = {LIT_INIT("backend-timeout"),        504},
    [PROBLEM_BACKEND_BUSY] = {LIT_INIT("backend-busy"),           503},
    [PROBLEM_DRAINING] = {LIT_INIT("draining"),               503},
    [PROBLEM_INTERNAL] = {LIT_INIT("internal"),               500},
    [PROBLEM_CONFIG] = {LIT_INIT("configuration"),          500},
};
_Static_assert(sizeof problems / sizeof problems[0] == PROBLEMS, "a problem lacks its row");

int problem_status(enum problem p)
{
    must(p < PROBLEMS && problems[p].status != 0);
    return problems[p].status;
}

struct slice problem_word(enum problem p)
{
    must(p < PROBLEMS && problems[p].status != 0);
    return problems[p].word;
}
