/* session_count.h -- how many sessions a person has, when that matters. For session/ only. */
#ifndef SESSION_SESSION_COUNT_H
#define SESSION_SESSION_COUNT_H
#include "session/sessions.h"

/* Newest first. Only when the lists name more than `most` are they held against the records: members whose record has gone are then struck
 * off, and what is given are living ones. */
enum flow_next session_count(struct flow *f, struct sessions *s, const struct identity *who, size_t most,
                             struct session_ids *ret_ids);

#endif
