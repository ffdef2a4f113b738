/* problem_json.h -- RFC 9457 problem documents, one shape for every refusal that is not a page. */
#ifndef PAGE_PROBLEM_JSON_H
#define PAGE_PROBLEM_JSON_H
#include "page/page.h"

struct problem_details {
    enum problem problem;
    struct slice language, request_id, sign_in, provider; /* empty ones are left out */
    int64_t retry_after_s;                                /* 0: left out */
};
/* {"type":"urn:vestibule:problem:session-ended","title":...,"status":401,"detail":...,"instance":...,"code":...,"request_id":...} */
struct slice problem_json(const struct pages *p, struct arena *a, const struct problem_details *d);

#endif
