/* fetch.h -- one question over HTTPS to a provider, and the one acceptable answer.
 *
 * libcurl's multi interface on one egress thread serves all workers. The question names what it will accept (status, type, size,
 * time); anything else is an error here and never an `if` in a caller. Redirects are never followed, nothing is decompressed, netrc,
 * cookies and credentials in URLs do not exist, TLS 1.2+ with full verification, at most 8 transfers per host and 64 in all, and addresses
 * that are loopback, link-local or private are refused at connect time unless the question allows them.
 *
 * Errors: PROBLEM_PROVIDER_AWAY (could not be reached, timed out, 5xx, 429), PROBLEM_PROVIDER_BROKEN (an answer we do not accept).
 */
#ifndef FETCH_FETCH_H
#define FETCH_FETCH_H
#include "base/flow.h"
#include "http/loop.h"

struct fetch; /* the process's egress thread */
struct fetch_conf {
    const char *proxy;    /* "" or NULL: none; else http://host:port for CONNECT */
    const char *no_proxy; /* libcurl's list */
    const char *ca_file;  /* NULL: the system's */
};
const struct err *fetch_open(struct arena *a, const struct fetch_conf *conf, struct fetch **ret_fetch);
void fetch_close(struct fetch *x); /* after all workers have stopped asking */

enum { FETCH_HEADERS = 8 };
struct fetch_ask {
    struct slice method;             /* "GET", "POST" */
    struct slice url;
    struct slice headers[FETCH_HEADERS]; /* "Name: value" lines; empty ones are skipped */
    struct slice body;               /* with content type in headers */
    struct slice accept_type;        /* "application/json": the answer's media type must be this (or +json); empty: any */
    bool accept_errors;              /* also take a 4xx answer with that type: token endpoints explain themselves */
    size_t max_bytes;
    int timeout_ms;                  /* in all */
    int connect_ms;                  /* 0: timeout_ms */
    const char *ca_file;             /* NULL: fetch_conf's */
    bool allow_private;              /* loopback and private addresses are fine (configured by the operator) */
    bool allow_http;                 /* plain http is fine: only for loopback issuers */
};
struct fetch_answer {
    int status;
    struct slice body, content_type;
    int64_t retry_after_s;           /* -1: none */
    int64_t max_age_s;               /* of Cache-Control; -1: none */
};
/* Strings of ask may be dropped after the call returns. The answer lives in f->arena. */
enum flow_next fetch_ask(struct flow *f, struct fetch *x, struct loop *l, const struct fetch_ask *ask,
                         struct fetch_answer *ret_answer);

#endif
