/* visit.h -- one request on its way through the gateway, as login/ and gate/ see it.
 *
 * Made by gate/ for each exchange, in its arena. What a sign-in needs to know of the configuration is `struct login_conf`, a view of the
 * snapshot that the exchange keeps alive.
 */
#ifndef LOGIN_VISIT_H
#define LOGIN_VISIT_H
#include "login/limits.h"
#include "login/local_users.h"
#include "observe/records.h"
#include "page/respond.h"
#include "provider/provider.h"
#include "route/return_to.h"
#include "route/route.h"
#include "session/session_tokens.h"

struct login_conf {
    struct slice public_url, public_origin, prefix, site_name;
    struct provider *const *providers;
    size_t provider_count;
    const struct return_rules *return_rules;
    const struct routes *routes;
    const struct limits_conf *limits;
    const struct local_users *local_users; /* NULL: none */
    const struct keyring *keys;
    struct slice site;                /* its id; empty: the first */
    struct slice session_cookie_name; /* and how it is set, at this site */
    const struct cookie_attributes *session_cookie;
    struct slice attempt_prefix; /* "__Host-vestibule-tx-" */
    bool secure_cookies;         /* Secure on every cookie of ours (also on http://localhost) */
    bool strict_session;         /* the session's cookie is SameSite=Strict */
    bool skip_if_single, remember_last;
    int primary;
    struct token_source tokens; /* without a provider: visit_give_back adds it */
};

struct lockout;
struct password_desk;
struct local_desk { /* of the process: what local users need (login/local.c) */
    struct password_desk *desk;
    struct lockout *lockout;
};

struct visit {
    struct exchange *x;
    struct flow flow; /* the gate's; endpoints run below it */
    const struct login_conf *conf;
    struct responder answer;
    struct sessions *sessions;
    struct store_link *store;
    struct limits_link *limits;
    const struct local_desk *local;
    const struct provider_env *env;
    struct slice request_id, client_ip, cookies;
    struct slice session_cookies;  /* the same as session/ is to see them: none that another site's session came by */
    const struct address *client;  /* the same as client_ip */
    const struct session *session; /* NULL: nobody */
    enum problem session_why;      /* why nobody */
    /* An endpoint's own way to answer an error; NULL: the gate's. */
    void (*failed)(struct visit *v, const struct err *why);
    void *endpoint; /* the endpoint's own state */
    /* Where the person wants to return, as somebody else than the query's rd says (gate/compat.c); at NULL: nobody does. */
    struct slice return_asked;
    /* for the access record */
    struct slice handler, decision, reason, rule, provider, backend;
};

/* ID for "PREFIX/start/ID"; NULL when there is no such provider. */
const struct provider *visit_provider(const struct visit *v, struct slice id);
/* "https://app.example.com/_vestibule/sign-in" and the like. */
struct slice visit_url(const struct visit *v, struct slice below_prefix);
/* Where this provider sends people back to: it is registered there, letter for letter. */
struct slice visit_redirect_uri(const struct visit *v, const struct provider *p);
/* The query's rd, or return_asked where that is set, judged (route/return_to.h). */
struct slice visit_return_url(const struct visit *v);
/* A small cookie of ours that is no secret: vestibule-last, vestibule-lang. max_age_s 0 deletes. */
void visit_set_cookie(const struct visit *v, struct slice name, struct slice value, int64_t max_age_s,
                      enum cookie_same_site same_site);
/* Gives the browser this session's token at this site, or takes it away (token empty). */
void visit_set_session(const struct visit *v, struct slice token);
/* A browser asks beforehand, and nobody may ever see the answer: nothing may come of it. Answered with an empty 503, which browsers throw away. */
bool visit_is_prefetch(struct visit *v);
/* A page shows or loads this as a part of itself: a picture, a frame, a script. */
bool visit_is_part(const struct visit *v);
/* A page of another site, or of a neighbour's host, made the browser ask. Anybody can say so; nobody else can take it back. */
bool visit_is_foreign(const struct visit *v);
/* A person did this on purpose on our own page: same origin by Sec-Fetch-Site, or by Origin where that is missing. */
bool visit_is_same_origin(const struct visit *v);
/* One more try by this visitor's address (LIMIT_PROVIDER: by this provider) is over the limit: then it is answered, with 429. Looks at failures,
 * counts all else. */
bool visit_is_limited(struct visit *v, enum limit_what what, struct slice provider);
/* How long this address must wait before it may fail again; 0: it need not. And that it failed. */
int64_t visit_failures_wait_s(struct visit *v, const struct limits_conf *conf);
void visit_failed(struct visit *v, const struct limits_conf *conf);
/* Somebody as access rules see them; now_s when they are signing in just now. The identity is lent. */
struct person visit_person(const struct identity *who, int64_t signed_in_s);
/* The rule that meets a GET of this address of ours, as this visitor: what a sign-in that returns there must bring. NULL: none is met. */
const struct rule *visit_rule_at(const struct visit *v, struct slice return_url);
/* The tokens a session left are revoked at their provider, if it takes them; nobody waits. session: whose they were. */
void visit_give_back(const struct visit *v, const struct session_left *left, const struct session *session);
/* Text fields common to every audit record of this visit. */
struct audit_record visit_audit(const struct visit *v, const char *event);

#endif
