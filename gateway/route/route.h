/* route.h -- which backend and which rule a request meets, and what the rule says of this person. Pure, no waiting.
 *
 * Patterns: "/exact"; "/prefix/" and two stars (on segment boundary: covers "/prefix" and all below); one star within a
 * segment (none or more characters; a segment that is only a star is not empty); "~" and a regular expression (route/regex.h: the whole path,
 * in linear time). Patterns are made canonical by route/path.h and meet a path by what its %XX stand for. Hosts: exact, or "*.example.com"
 * (one or more labels), any case, no port. The first matching rule decides; no rule: refuse. Everything is compiled at configuration time into
 * `struct routes`, immutable.
 *
 * One door for everybody who must know whether a request may pass (the proxy and the forward-auth endpoints alike):
 *
 *     size_t backend = routes_backend(routes, host, path);
 *     const struct rule *rule = routes_rule(routes, &(struct route_ask){host, path, method, &client.address, backend});
 *     switch (route_judge(rule, person_or_null, now_s())) ...
 */
#ifndef ROUTE_ROUTE_H
#define ROUTE_ROUTE_H
#include "text/address.h"

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

/* A claim the session keeps (providers[].claims.keep). It fits when it is one of the values, or a list that has one of them. */
struct rule_claim {
    struct slice name;    /* as claims.keep has it: a member's name, or a JSON pointer */
    struct slices values; /* as text */
    struct slices quoted; /* the same as JSON strings: how they stand in a kept list */
};

/* Some people: those who are in one of the lists, in one of any_of, or in every one of all_of (when that has any). Nothing given: nobody.
 * users are "provider/subject" or "provider:subject"; emails and domains fold ASCII case; groups and providers are exact. */
struct people {
    struct slices users, emails, email_domains, groups, providers;
    const struct rule_claim *claims;
    size_t claim_count;
    const struct people *any_of, *all_of;
    size_t any_of_count, all_of_count;
};

struct rule {
    struct slice id;                 /* given, or its position: in logs and metrics */
    struct slice host, path;         /* patterns; empty: any */
    struct slices methods;           /* empty: any */
    const struct network *client_ip; /* none: any; an address that is not known is in no network */
    size_t client_ip_count;
    enum allow_kind allow;
    struct people people; /* ALLOW_SOME */
    enum otherwise otherwise;
    /* Step-up: who may pass must also have come like this, or signs in again. */
    int64_t max_age_s; /* 0: any; since the provider asked who they are (auth_time), else since they came from there */
    struct slices acr; /* one of these; none: any */
    struct slices providers; /* by one of these; none: any. Also what a sign-in that returns here is offered */
    struct slices
        bearer; /* ids of issuers whose bearer tokens are taken here; none: Authorization is the backend's own business */
    bool pass_bearer; /* such a token goes on to the backend */
};

struct route_backend {
    struct slice host, path; /* patterns */
    size_t index;            /* the caller's number for it */
    /* Rules of its own, which then decide alone; NULL: the common ones. */
    const struct rule *rules;
    size_t rule_count;
};

enum {
    ROUTE_RULES_MAX = 2048 /* of one list: what a request costs and what is compiled for it stay bounded */
};

struct routes;
/* Borrows the arrays for ever (they live in the snapshot's arena). Says which rule's pattern is wrong. */
const struct err *routes_compile(struct arena *a, const struct rule *rules, size_t rule_count,
                                 const struct route_backend *backends, size_t backend_count,
                                 struct routes **ret_routes);

struct route_ask {
    struct slice host, path, method; /* host lower case without port; path canonical */
    const struct address *client;    /* whose request it is, after trusted_proxies; NULL: not known */
    size_t backend;                  /* what routes_backend said; SIZE_MAX: none, so the common rules */
};
/* NULL when nothing matches. NULL also for a path whose ";parameters" decide which rule it meets: some backends do not see them
 * ("/admin;x" beside a rule for "/admin"). */
const struct rule *routes_rule(const struct routes *r, const struct route_ask *ask);
size_t routes_backend(const struct routes *r, struct slice host, struct slice path);

/* ---- for `explain` and `check`: the rules that decide for a backend, SIZE_MAX: the common ones */
size_t routes_rules(const struct routes *r, size_t backend);
const struct rule *routes_nth(const struct routes *r, size_t backend, size_t i);
enum route_fit {
    ROUTE_FITS,
    ROUTE_OTHER_HOST, /* the first thing that differs */
    ROUTE_OTHER_PATH,
    ROUTE_OTHER_METHOD,
    ROUTE_OTHER_CLIENT,
    ROUTE_PARAMETERS /* fits only with or only without the path's ";parameters" */
};
enum route_fit routes_fit(const struct routes *r, const struct route_ask *ask, size_t i);
/* The rules above rule i that together leave nothing over for it: how many, at most `room` of them in ret_by. */
size_t routes_shadow(const struct routes *r, size_t backend, size_t i, const struct rule **ret_by, size_t room);
/* Rule k fits every host and path that rule i fits, whatever their methods and networks. */
bool routes_reach(const struct routes *r, size_t backend, size_t k, size_t i);

/* Who is asking, as access rules see it. email counts only when verified. */
struct person {
    struct slice provider, subject, email;
    bool email_verified;
    struct slices groups;
    int64_t signed_in_s, auth_time_s; /* auth_time_s 0: the provider does not say */
    struct slice acr;
    struct slice issuer; /* a bearer token of this one of `bearer_issuers` speaks; empty: a session */
    /* A kept claim's value, lists as JSON; {0} when there is none. May be NULL: none is kept. */
    struct slice (*claim)(const void *claims, struct slice name);
    const void *claims;
};
enum verdict {
    VERDICT_ALLOW,
    VERDICT_SIGN_IN,
    VERDICT_STEP_UP, /* may pass after signing in again as the rule asks: a session only, never a bearer token */
    VERDICT_REFUSE,
    VERDICT_HIDE
};
/* person NULL: not signed in. rule NULL: refuse. */
enum verdict route_judge(const struct rule *rule, const struct person *person, int64_t now_s);
/* Whether a sign-in by this provider is worth anything where the rule decides. rule NULL: any is. */
bool route_takes_provider(const struct rule *rule, struct slice provider);
/* What stands between this person and the rule's allow: max_age, acr or provider not as asked. Empty: nothing does. */
struct slice route_step_up(const struct rule *rule, const struct person *person, int64_t now_s);

#endif
