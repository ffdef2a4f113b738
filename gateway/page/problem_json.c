/* problem_json.c -- one refusal as RFC 9457 has it, with the words a person would see on the page. */
#include "page/problem_json.h"

#include "text/json.h"

enum {
    PROBLEM_JSON_MAX = 64 * 1024
}; /* the sign-in address holds a return URL of at most some KiB */

static void optional(struct json *j, const char *name, struct slice value)
{
    if (value.len != 0) json_string(j, name, value);
}

struct slice problem_json(const struct pages *p, struct arena *a, const struct problem_details *d)
{
    AUTO(buf_close) struct buf to = buf_open(PROBLEM_JSON_MAX);
    struct json j = json_into(&to);
    struct slice word = problem_word(d->problem);
    json_open_object(&j, NULL);
    json_string(&j, "type", arena_print(a, "urn:vestibule:problem:%.*s", SLICE_ARG(word)));
    optional(&j, "title", pages_problem_title(p, d->language, d->problem));
    json_number(&j, "status", problem_status(d->problem));
    optional(&j, "detail", pages_problem_advice(p, d->language, d->problem));
    if (d->request_id.len != 0)
        json_string(&j, "instance", arena_print(a, "urn:vestibule:request:%.*s", SLICE_ARG(d->request_id)));
    json_string(&j, "code", word);
    optional(&j, "request_id", d->request_id);
    optional(&j, "sign_in", d->sign_in);
    optional(&j, "provider", d->provider);
    if (d->retry_after_s > 0) json_number(&j, "retry_after", d->retry_after_s);
    json_close_object(&j);
    return arena_copy(a, buf_slice(&to));
}
