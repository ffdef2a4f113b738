/* redis_operation.h -- one question to Redis on its way, for redis_operation.c (records) and redis_list.c (lists). */
#ifndef STORE_REDIS_OPERATION_H
#define STORE_REDIS_OPERATION_H
#include "store/redis_link.h"

struct redis_operation {
    struct line_question super;
    struct redis_link *link;
    struct flow *flow;      /* NULL: nobody waits (any more) */
    struct backing_ask ask; /* outputs only; keys and values are not ours to keep */
    int64_t started_us, ttl_ms, number;
    /* of several replies: how many came, and the first error among them */
    size_t heard;
    bool refused;
    char refusal[104];
    size_t key_len;
    char key[STORE_MAX_KEY]; /* of a touch */
};

/* Of several replies the first error is what the operator has to mend. */
void redis_operation_note(struct redis_operation *op, const struct resp_reply *error);

/* The ends; each wakes who waits and frees op. Those of a refusal give NULL, or why the wire is of no more use. */
void redis_operation_finish(struct redis_operation *op, enum tally_outcome how, const struct err *why);
const char *redis_operation_refused(struct redis_operation *op, const struct resp_reply *reply);
const char *redis_operation_refused_as_noted(struct redis_operation *op);
void redis_operation_lost(struct line_question *q, const char *why);

enum {
    REDIS_OPERATION_KEY = STORE_MAX_PREFIX + STORE_MAX_KEY
};
struct slice redis_operation_key(const struct redis_link *k, struct slice key, char room[REDIS_OPERATION_KEY]);

/* Sends what op->ask says of lists; false: there is no room, and nothing happened. */
bool redis_list_send(struct redis_link *k, struct redis_operation *op);

#endif
