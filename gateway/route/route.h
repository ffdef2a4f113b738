/* route.h -- which backend and which rule a request meets, and what the rule says of this person. Pure, no waiting.
 *
 * Patterns: "/exact"; "/prefix/" and two stars (on segment boundary: covers "/prefix" and all below); one star within a
 * segment (none or more characters; a segment that is only a star is not empty). Patterns are made canonical by route/path.h and meet a
 * path by what its %XX stand for. Hosts: exact, or "*.example.com" (one or more labels), any case, no port. First matching rule decides; no rule: refuse. Everything is compiled at configuration time into
 * `struct routes`, immutable.
 */
#ifndef ROUTE_ROUTE_H
#define ROUTE_ROUTE_H
#include "base/err.h"

enum allow_kind {
    ALLOW_NOBODY,
    ALLOW_EVERYONE,
    ALLOW_SIGNED_IN,
    ALLOW_SOME /* any of the lists below matches */
};
enum otherwise {
    OTHERWISE_SIGN_IN,
    OTHERWISE_REFUSE,
    OTHERWISE_HIDE
};

struct slices {
    const struct slice *at;
    size_t count;
};

struct rule {
    struct slice id;         /* given, or its position: in logs and metrics */
    struct slice host, path; /* patterns; empty: any */
    struct slices methods;   /* empty: any */
    enum allow_kind allow;
    /* ALLOW_SOME. users are "provider/subject" or "provider:subject"; emails and domains fold ASCII case; groups and providers are exact */
    struct slices users, emails, email_domains, groups, providers;
    enum otherwise otherwise;
};

struct route_backend {
    struct slice host, path; /* patterns */
    size_t index;            /* the caller's number for it */
};

struct routes;
/* Borrows the arrays for ever (they live in the snapshot's arena). Says which rule's pattern is wrong. */
const struct err *routes_compile(struct arena *a, const struct rule *rules, size_t rule_count,
                                 const struct route_backend *backends, size_t backend_count,
                                 struct routes **ret_routes);

/* path is canonical, host lower case without port. NULL / SIZE_MAX when nothing matches. NULL also for a path whose ";parameters" decide
 * which rule it meets: some backends do not see them ("/admin;x" beside a rule for "/admin"). */
const struct rule *routes_rule(const struct routes *r, struct slice host, struct slice path, struct slice method);
size_t routes_backend(const struct routes *r, struct slice host, struct slice path);
/* The rule that shadows rule i completely, or NULL: for `check`. */
const struct rule *routes_shadow(const struct routes *r, size_t i);

/* Who is asking, as access rules see it. email counts only when verified. */
struct person {
    struct slice provider, subject, email;
    bool email_verified;
    struct slices groups;
};
enum verdict {
    VERDICT_ALLOW,
    VERDICT_SIGN_IN,
    VERDICT_REFUSE,
    VERDICT_HIDE
};
/* person NULL: not signed in. rule NULL: refuse. */
enum verdict route_judge(const struct rule *rule, const struct person *person);

#endif
