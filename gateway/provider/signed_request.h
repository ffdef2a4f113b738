/* signed_request.h -- a platform's word about one of its people, signed with the client secret: base64url(HMAC-SHA256(secret, payload)) "." payload,
 * where payload is base64url of a JSON object and is signed as it is spelled. Pure: the time is handed in.
 */
#ifndef PROVIDER_SIGNED_REQUEST_H
#define PROVIDER_SIGNED_REQUEST_H
#include "crypto/secret.h"
#include "provider/descriptor.h"
#include "text/doc.h"

enum {
    SIGNED_REQUEST_MAX = 16 * 1024, /* they have a few hundred bytes */
    SIGNED_REQUEST_SUBJECT_MAX = 255,
    SIGNED_REQUEST_SKEW_S = 60
};
/* The signature fits and the payload names the algorithm it was made with. PROBLEM_BAD_REQUEST otherwise; never tells a value. */
const struct err *signed_request_open(struct arena *a, struct secret secret, struct slice text,
                                      struct doc **ret_payload);

struct signed_request {
    struct slice subject;
    int64_t until_s; /* it is refused by its age from then on; without a time in it: max_age_s from now */
};
/* Who it is about, and that it was made lately. */
const struct err *signed_request_judge(struct arena *a, const struct descriptor_event *event, const struct doc *payload,
                                       int64_t now_s, struct signed_request *ret);

#endif
