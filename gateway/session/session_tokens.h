/* session_tokens.h -- the provider's tokens of a live session: one to give away, all to be kept fresh, and their end.
 *
 *   LIVE ── due ──> one replica renews, the others wait or use what is still good ──> LIVE
 *     │                     │ the provider is away: later again (2 s .. 60 s); nobody is signed out
 *     │                     └ the provider will not: OVER (the session goes on without) or the session's end, as configured
 *     └── sign-out, revocation ──> GONE, and revoked at the provider where it offers that
 *
 * Tokens lie in the store beside the session (session/token_record.h). A worker remembers the access token until it is due or the store
 * tells of a change, so giving it away costs a warm request one copy. Renewing is nobody's errand: it goes on when whoever caused it hangs
 * up, and it keeps the configuration it began under (token_source.owner) until it has ended.
 *
 * Promises: of one refresh token one use, whatever the number of replicas; the new one is stored before anything else is waited for; what was
 * revoked meanwhile does not come back; a store or provider that is away ends no session.
 */
#ifndef SESSION_SESSION_TOKENS_H
#define SESSION_SESSION_TOKENS_H
#include "observe/records.h"
#include "provider/provider.h"
#include "session/session.h"

struct token_source { /* whom to ask: the session's provider */
    const struct provider *provider;
    const struct provider_env *env;
    void *owner; /* keeps provider alive: kept and dropped by these as often as needed */
    void (*keep)(void *owner);
    void (*drop)(void *owner);
};

/* *ret_token: the access token, in f's arena; empty: there is none to be had (none kept, the provider is away and the last one has ended, or
 * it will not renew). Waits only when the one we know has ended or nobody has looked yet: usually for one answer of the provider, at most
 * for twice its `timeout` and 5 s (when another replica died while it asked). The session may end here, or be found ended: PROBLEM_SESSION_ENDED. The store being away: PROBLEM_STORE_AWAY. */
enum flow_next session_access_token(struct flow *f, struct sessions *s, const struct session *session,
                                    const struct token_source *from, struct slice *ret_token);
/* Renews them when they are due; nobody waits. For providers whose sessions follow them (provider.refresh). */
void session_tokens_look_after(struct sessions *s, const struct session *session, const struct token_source *from);

/* What session_end or session_tokens_take left: revoked at the provider in nobody's name, one audit record for how it went. At most
 * SESSION_REVOCATIONS at a time for a worker, then waiting for their turn up to SESSION_REVOCATIONS_WAIT; beyond that they are only counted.
 * Copies what it needs. who: the audit record's actor, subject, session and so on, of which event, reason and why are set here. */
enum {
    SESSION_REVOCATIONS = 8,
    SESSION_REVOCATIONS_WAIT = 2048
};
void session_tokens_revoke(struct sessions *s, const struct session_left *left, const struct token_source *from,
                           const struct audit_record *who);

/* The same for who ends sessions otherwise than by session_end: handed to session_revoke and its kin. who.session is set for each; an empty
 * who.subject is read from the session. */
struct session_giving {
    struct token_source from;
    struct audit_record who;
};

/* Takes a session's tokens out of the store: only one caller ever gets them. */
enum flow_next session_tokens_take(struct flow *f, struct sessions *s, struct slice id, struct session_left *ret_left);

/* Something is under way that should not be cut off: a provider was asked, and what it gives must be stored. */
bool session_tokens_busy(const struct sessions *s);

#endif
