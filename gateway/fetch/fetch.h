/* fetch.h -- one question over HTTPS to a provider, and the one acceptable answer.
 *
 * libcurl's multi interface on one egress thread serves all workers. The question names what it will accept (type, size, time, address);
 * anything else is an error here and never an `if` in a caller. Redirects are never followed, nothing is decompressed, netrc, cookies and
 * credentials in URLs do not exist, TLS 1.2+ with full verification. Addresses that are loopback, link-local, private or otherwise not of
 * the public network are refused at connect time (and for kept connections before the request) unless the question allows them. Through a
 * configured proxy only the URL's own host can be judged. Proxies of the environment are ignored.
 *
 * A GET may ride on a kept connection and be sent again by libcurl when that turns out dead before an answer. Everything else always opens a
 * connection of its own and is sent once, whatever happens.
 *
 * Errors: PROBLEM_PROVIDER_AWAY (could not be reached, not trusted, timed out, cut off, 5xx, 429, too much waiting already),
 * PROBLEM_PROVIDER_BROKEN (an answer we do not accept), PROBLEM_PROVIDER_MISCONFIGURED (an address, scheme or CA file the operator must
 * change). The text names method and URL without its query, never a header or a body.
 */
#ifndef FETCH_FETCH_H
#define FETCH_FETCH_H
#include "http/loop.h"

#include "base/flow.h"

/* At the process's start, before there are threads. */
void fetch_prepare(void);
/* Loads libcurl, which is otherwise left to the first question: for those who want to know that it is there. */
void fetch_load(void);

struct fetch; /* the process's egress thread */
struct fetch_conf {
    const char *proxy;    /* "" or NULL: none; else http://[user:password@]host:port, asked for CONNECT */
    const char *no_proxy; /* hosts asked directly: names (with their subdomains), networks, or "*"; by commas */
    const char *ca_file;  /* NULL: the system's */
};
/* Copies conf. Starts the thread. Gives. */
const struct err *fetch_open(struct arena *a, const struct fetch_conf *conf, struct fetch **ret_fetch);
/* After all workers have stopped asking; questions still under way are forgotten. */
void fetch_close(struct fetch *x);

enum {
    FETCH_HEADERS = 12,
    FETCH_KEPT = 6,                 /* headers of an answer that are told on wish */
    FETCH_KEPT_MAX = 1024,          /* bytes of one; what is longer is not told */
    FETCH_HOST_RUNNING = 8,         /* transfers to one origin at a time: each slow look-up holds a thread */
    FETCH_RUNNING = 64,             /* in all */
    FETCH_HOST_ASKED = 128,         /* running and waiting, of one origin: one dead provider ... */
    FETCH_ASKED = 512,              /* ... cannot use up what all have; beyond it the answer is "away" at once */
    FETCH_HEAD_MAX = 64 * 1024,     /* bytes of an answer's headers */
    FETCH_RETRY_AFTER_MAX_S = 86400 /* what is told of a longer one */
};
struct fetch_ask {
    struct slice method; /* "GET", "POST", "PUT", "DELETE" (which may have a body) */
    struct slice url;
    struct slice headers[FETCH_HEADERS]; /* "Name: value" lines; empty ones are skipped. CR, LF or NUL
        in one is a must. "Accept: TYPE" is added for accept_type */
    struct slice body;                   /* with content type in headers */
    struct slice accept_type; /* "application/json": the answer's media type must be this (or +json); empty: any */
    /* also take a 4xx answer (but 408 and 429) with that type: token endpoints explain themselves */
    bool accept_errors;
    /* every status but a redirect is an answer, whatever its type: for callers that judge statuses themselves */
    bool accept_statuses;
    bool once; /* a GET is treated as a POST is: own connection, sent once (it carries what may be used once) */
    struct slice kept[FETCH_KEPT]; /* names of headers whose values the answer tells */
    size_t max_bytes;
    int timeout_ms;      /* in all, waiting for a turn included */
    int connect_ms;      /* 0: timeout_ms */
    const char *ca_file; /* NULL: fetch_conf's */
    bool allow_private;  /* loopback and private addresses are fine (configured by the operator) */
    bool allow_http;     /* plain http is fine: only for loopback issuers */
};
struct fetch_answer {
    int status;
    struct slice body, content_type;
    int64_t retry_after_s;         /* -1: none */
    int64_t max_age_s;             /* of Cache-Control; 0 for no-store and no-cache; -1: none */
    struct slice kept[FETCH_KEPT]; /* by the question's names; empty: absent. The first of two */
};
/* Strings of ask may be dropped after the call returns. The answer lives in f->arena. When an answer came but was refused for its status,
 * status, retry_after_s and kept headers of *ret_answer tell of it all the same (the one exception to "untouched on failure"). */
enum flow_next fetch_ask(struct flow *f, struct fetch *x, struct loop *l, const struct fetch_ask *ask,
                         struct fetch_answer *ret_answer);

/* "Application/JSON; charset=utf-8" is "application/json"; "application/jwk-set+json" is too. Pure. */
bool fetch_type_is(struct slice content_type, struct slice type);

#endif
