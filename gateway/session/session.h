/* session.h -- who is this visitor, and for how long do we believe it.
 *
 *   begin ──> LIVE ──> GONE       LIVE  the record is in the store, readable with our keys, within idle and absolute expiry
 *              └─ touch ─┘        GONE  signed out, revoked, idle too long, too old, or replaced by a new sign-in
 *
 * The cookie holds a signed session JWT with a random sid and nothing personal; the record is sealed (AES-256-GCM) under the key
 * "s:" + base64url(SHA-256(sid)), so a copy of the store is not a set of live sessions. The cookie is issued once per sign-in; idle expiry moves in
 * the store. Workers cache verified sessions: a warm request costs a table look-up. A change in the store (sign-out elsewhere) drops the
 * cached one by store_on_change at once.
 *
 * While the store is away, or does not tell of changes, nobody is signed out and no cookie is touched: who is warm on a worker is served from
 * its cache for session_conf.cache_ms after the break, which is the bound of staleness (a session that was ended elsewhere during the break is
 * refused here no later). Then, and for the cold at once, session_find fails with PROBLEM_STORE_AWAY: 503 with Retry-After. When the store is
 * back, everything that is cached is asked for again once.
 *
 * A `struct session` is read-only and reference-counted: session_find keeps it until the flow's arena closes. Per worker; not shared between threads.
 */
#ifndef SESSION_SESSION_H
#define SESSION_SESSION_H
#include "crypto/session_jwt.h"
#include "provider/identity.h"
#include "provider/tokens.h"
#include "store/store.h"
#include "text/cookie.h"

enum {
    SESSION_USER_AGENT_MAX = 400 /* kept of one: what tells device and browser stands well before */
};

struct session_conf {
    int64_t lifetime_s, idle_s;
    int cache_ms;             /* how stale a worker's view may be when no invalidation arrives: 5000 */
    struct slice cookie_name; /* with its prefix: "__Host-vestibule" */
    struct cookie_attributes cookie;
    const struct slice *other_cookie_names; /* of further sites: never passed on either */
    size_t other_cookie_count;
    size_t cache_entries; /* per worker: 4096; least recently used go */
    int max_per_user;     /* sessions of one person: the oldest are ended */
};

struct session {
    struct identity identity;
    struct slice reference;       /* first 8 of base64url(SHA-256(sid)): for logs, never the token */
    struct slice site;            /* where it was begun, and the only place where it counts; empty: the first site */
    struct slice provider_sid;    /* the provider's own id of it; empty: not told */
    bool keeps_tokens;            /* the provider's tokens are in a record beside it: session/session_tokens.h */
    int64_t created_s, expires_s; /* absolute end */
    struct slice address, user_agent; /* of the browser that signed in; the latter cut */
    /* One memo for proxy/: what it made of this session (header values, assertions). Freed with the session. */
    void *memo;
    void (*memo_free)(void *memo);
};

struct sessions; /* per worker */
struct sessions *sessions_open(struct store_link *k, struct loop *l, const struct session_jwt *jwt,
                               const struct keyring *keys, const struct session_conf *conf);
/* A reload brings new keys or expiries; what is cached is judged anew. All three are lent until the next call. */
void sessions_configure(struct sessions *s, const struct session_jwt *jwt, const struct keyring *keys,
                        const struct session_conf *conf);
void sessions_close(struct sessions *s); /* before store_unlink; whoever waited must be gone */

/* The visitor's session by the Cookie header. *ret_session NULL: none, and *ret_why says PROBLEM_SIGN_IN_REQUIRED (no cookie of ours, or not
 * one of our tokens) or PROBLEM_SESSION_ENDED (a token of ours whose session is gone). The store being away fails the flow with
 * PROBLEM_STORE_AWAY. Warm: returns FLOW_NEXT without allocation outside the arena. */
enum flow_next session_find(struct flow *f, struct sessions *s, struct slice cookie_header,
                            const struct session **ret_session, enum problem *ret_why);

/* The same for whoever holds something open in the session's name: looking is not using, so the idle end does not move. */
enum flow_next session_look(struct flow *f, struct sessions *s, struct slice cookie_header,
                            const struct session **ret_session, enum problem *ret_why);

struct session_start {
    const struct identity *identity;
    const struct tokens *tokens; /* NULL: they are not kept */
    struct slice site, provider_sid;
    struct slice old_cookie_header;   /* the session it replaces, if it is ours and live, is deleted */
    struct slice address, user_agent; /* where from, for the person to recognise it by */
    int64_t began_ms; /* the sign-in, wall clock: one that was begun before its person was ended is refused */
};
struct session_ids { /* as logs know them by their first 8 characters; each is 43 of base64url and no secret */
    struct slice *at;
    size_t count;
};
struct session_begun {
    struct slice set_cookie, reference; /* set_cookie: by session_conf; for another site's cookie there is the token */
    struct slice token;
    struct session_ids displaced; /* older ones of the same person, ended because there were too many */
};
/* Stores a new session and gives the Set-Cookie value; nothing is promised to anybody before the store said yes. PROBLEM_SESSION_ENDED:
 * somebody has ended this person's sessions, or the one at the provider, since the sign-in began. */
enum flow_next session_begin(struct flow *f, struct sessions *s, const struct session_start *start,
                             struct session_begun *ret_begun);
/* Deletes the records of the cookie's session, wherever it was cached; *ret_set_cookie deletes the cookie (given also when the store is
 * away, through *ret_set_cookie before the flow fails). *ret_left: the tokens that were kept, for the caller to use once more and to revoke. */
struct session_left {
    struct slice provider;       /* its id; empty: there were no tokens, or none that could be read */
    const struct tokens *tokens; /* NULL when provider is empty */
};
enum flow_next session_end(struct flow *f, struct sessions *s, struct slice cookie_header, struct slice *ret_set_cookie,
                           struct session_left *ret_left);

/* ---- ending sessions whose cookie nobody brings: felt by every replica, tokens included ----
 *
 * giving (session/session_tokens.h; lent until the flow goes on): their tokens are revoked at the provider, too, for which nobody waits; they
 * are out of the store before a session is, so what fails half-way can be done again. NULL: they are forgotten. */
struct session_giving;

/* known: whose it is, if that is known; NULL leaves its place in the lists to age. */
enum flow_next session_revoke(struct flow *f, struct sessions *s, struct slice id, const struct session *known,
                              const struct session_giving *giving, bool *ret_was_there);
/* All of a person's but `except` (an id; at NULL: all, and sign-ins that have begun by now give none either). */
enum flow_next session_revoke_person(struct flow *f, struct sessions *s, struct slice provider, struct slice subject,
                                     struct slice except, const struct session_giving *giving,
                                     struct session_ids *ret_ended);
/* Those that belong to one session at the provider. sid empty: those of the person of which the provider never told a sid. */
enum flow_next session_revoke_elsewhere(struct flow *f, struct sessions *s, struct slice provider, struct slice sid,
                                        struct slice subject, const struct session_giving *giving,
                                        struct session_ids *ret_ended);

/* ---- looking at them ---- */

struct session_listed {
    struct slice id; /* empty: there is none */
    struct slice provider, issuer, subject, email, name, provider_sid, address, user_agent;
    int64_t created_s, expires_s;
    int64_t seen_s; /* to the minute; 0: not known, as in its last hours */
    int64_t order;  /* of a roll: when it began, to the millisecond */
};
struct session_roll {
    struct session_listed *at;
    size_t count;
};
/* Newest first. */
enum flow_next session_roll(struct flow *f, struct sessions *s, struct slice provider, struct slice subject,
                            struct session_roll *ret_roll);
enum flow_next session_read(struct flow *f, struct sessions *s, struct slice id, struct session_listed *ret_listed);
/* Every id that begins so (empty: every one), some at a time, by walking the whole store: for operators. Again with the same scan until its
 * cursor is "0"; what scan holds lives in f->arena, its first cursor is LIT("0"). Keys are ids; some may come twice. */
enum flow_next session_walk(struct flow *f, struct sessions *s, struct slice id_starts, struct store_scan *scan);
/* 43 characters; lends while s lives. */
struct slice session_id(const struct session *s);

/* For whoever holds something open in a session's name. fn is told of ids that ended (gone), or may have: at NULL: any. From inside a call
 * or from the loop; fn must not call anything here but session_look in a flow of its own. NULL: nobody listens. */
void sessions_on_news(struct sessions *s, void (*fn)(void *self, struct slice id, bool gone), void *self);

/* A token for our own forms, bound to this session as session_find lent it, not a copy (or to nothing when s is NULL: sign-out page
 * without a session). Each call gives another one; all fit. */
struct slice session_form_token(const struct sessions *all, struct arena *a, const struct session *s);
bool session_form_token_fits(const struct sessions *all, const struct session *s, struct slice token);

bool session_cookie_is_ours(const struct sessions *s, struct slice cookie_name); /* for stripping before the backend */

struct session_counts {
    int64_t cached, hits, misses;
};
struct session_counts sessions_counts(const struct sessions *s);

#endif
