/* session_record.h -- what the store holds of a session, as bytes.
 *
 * version 3 | created, expires, auth_time: 8 bytes each | email_verified, keeps_tokens: 1 each | texts | groups | kept claims
 * spelled as session/record_bytes.h says. The whole is sealed by crypto/keyring.h under the purpose "session" with the record's key as
 * context, so a record is good under its own key only. The provider's tokens are in a record of their own (session/token_record.h).
 *
 * Another version, a length that does not fit, a byte too many: no session. A newer gateway's record is not guessed at.
 */
#ifndef SESSION_SESSION_RECORD_H
#define SESSION_SESSION_RECORD_H
#include "session/session.h"

enum {
    SESSION_RECORD_VERSION = 4
};

void session_record_write(struct buf *to, const struct session *s);
/* Texts point into the bytes, the lists of groups and claims lie in a. ret_session->reference and the memo are left empty. */
const struct err *session_record_read(struct arena *a, struct slice bytes, struct session *ret_session);

#endif
