#include "provider/signed_request.h"

#include "crypto/digest.h"
#include "text/encode.h"

static const struct err *refused(struct arena *a, const char *why)
{
    return err_new(a, PROBLEM_BAD_REQUEST, "signed_request: %s", why);
}

static bool signature_fits(struct arena *a, struct secret secret, struct slice signature, struct slice payload)
{
    unsigned char right[DIGEST_SHA256_BYTES];
    struct slice given;
    digest_hmac_sha256(secret_reveal(secret), payload, right);
    return base64url_decode(a, signature, &given) && given.len == sizeof right &&
           digest_same(given.at, right, sizeof right);
}

const struct err *signed_request_open(struct arena *a, struct secret secret, struct slice text,
                                      struct doc **ret_payload)
{
    struct slice payload = text, signature, json;
    struct doc *d;
    if (secret_is_empty(secret)) return refused(a, "there is no client_secret to hold it against");
    if (text.len > SIGNED_REQUEST_MAX) return refused(a, "it is too long");
    slice_cut(&payload, '.', &signature);
    if (payload.len == 0 || slice_index(payload, '.') != SLICE_NONE) return refused(a, "it has not two parts");
    if (!signature_fits(a, secret, signature, payload)) {
        return refused(a, "its signature does not fit; is client_secret the one of this application?");
    }
    if (!base64url_decode(a, payload, &json)) return refused(a, "its payload is not base64url");
    const struct err *bad = doc_json(a, PROBLEM_BAD_REQUEST, json, &d);
    if (bad != NULL) return bad;
    /* the name is what stops a signature of another kind from being taken for this one */
    if (!slice_is_nocase(doc_string(d, LIT("algorithm")), LIT("HMAC-SHA256"))) {
        return refused(a, "it does not name HMAC-SHA256");
    }
    *ret_payload = d;
    return NULL;
}

static const struct err *judge_time(struct arena *a, const struct descriptor_event *event, const struct doc *payload,
                                    int64_t now_s, int64_t *ret_until_s)
{
    const int64_t most = 253402300799; /* the end of the year 9999: no sum below overflows */
    const struct doc *ends = doc_member(payload, LIT("expires"));
    int64_t issued, end = 0;
    *ret_until_s = now_s + event->max_age_s;
    if (ends != NULL && (!doc_whole(ends, &end) || end < 0 || end > most)) return refused(a, "its expires is no time");
    if (end != 0 && end + SIGNED_REQUEST_SKEW_S <= now_s) return refused(a, "it has expired; do the clocks agree?");
    if (event->issued_at.len == 0) return NULL;
    if (!doc_whole(doc_at(payload, event->issued_at), &issued) || issued < 0 || issued > most) {
        return refused(a, "it does not say when it was issued");
    }
    if (issued > now_s + SIGNED_REQUEST_SKEW_S) return refused(a, "it was issued in the future; do the clocks agree?");
    *ret_until_s = issued + event->max_age_s + SIGNED_REQUEST_SKEW_S;
    return *ret_until_s > now_s ? NULL : refused(a, "it was issued too long ago; do the clocks agree?");
}

const struct err *signed_request_judge(struct arena *a, const struct descriptor_event *event, const struct doc *payload,
                                       int64_t now_s, struct signed_request *ret)
{
    struct signed_request r = {.subject = doc_text(a, doc_at(payload, event->subject))};
    const struct err *bad = judge_time(a, event, payload, now_s, &r.until_s);
    if (bad != NULL) return bad;
    if (r.subject.len == 0 || r.subject.len > SIGNED_REQUEST_SUBJECT_MAX)
        return refused(a, "it does not say who it is about");
    *ret = r;
    return NULL;
}
