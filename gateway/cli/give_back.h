/* give_back.h -- the tokens of sessions that an operator ends go back to their providers, as they do when people sign out: best effort, told
 * in the audit stream, and with an end in sight.
 */
#ifndef CLI_GIVE_BACK_H
#define CLI_GIVE_BACK_H
#include "gate/snapshot.h"
#include "observe/records.h"
#include "session/session_tokens.h"

struct give_back { /* zeroed, then these four */
    struct snapshot *snapshot;
    struct loop *loop;
    struct sessions *sessions;
    struct arena *arena; /* for what cannot be done */
    struct fetch *fetch_;
    struct provider_env env_;
};

/* For session_revoke and its kin; NULL: there is no such provider, or no way to ask one. Lives in a. who: the audit record of the end. */
const struct session_giving *give_back(struct give_back *g, struct arena *a, struct slice provider,
                                       const struct audit_record *who);
/* Waits for what is under way, at most 15 s; before the sessions are closed. */
void give_back_finish(struct give_back *g);
void give_back_close(struct give_back *g); /* after they are */

#endif
