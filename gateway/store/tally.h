/* tally.h -- what the store did and how long it took, for the operator's dashboard.
 *
 * vestibule_store_up                             1 while some link is answering
 * vestibule_store_operations_total{operation,outcome}
 * vestibule_store_operation_duration_seconds{operation}
 */
#ifndef STORE_TALLY_H
#define STORE_TALLY_H
#include <stdbool.h>
#include <stdint.h>

enum tally_operation {
    TALLY_GET,
    TALLY_TAKE,
    TALLY_PUT,
    TALLY_DELETE,
    TALLY_TOUCH,
    TALLY_PING,
    TALLY_COUNT,
    TALLY_ENLIST,
    TALLY_STRIKE,
    TALLY_MEMBERS,
    TALLY_PRESENT,
    TALLY_SCAN,
    TALLY_OPERATIONS
};
enum tally_outcome {
    TALLY_OK,
    TALLY_AWAY,    /* not connected, or the connection broke before the answer */
    TALLY_REFUSED, /* the store answered with an error, or our own limits said no */
    TALLY_OUTCOMES
};

void tally_open(void); /* before the first operation; again is fine */
void tally_done(enum tally_operation what, enum tally_outcome how, int64_t started_us);
void tally_up(bool up);

#endif
