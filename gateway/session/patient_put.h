/* patient_put.h -- a write that must not get lost: what a provider has given once it does not give again. For session/ only.
 *
 * While the store is away it is asked again every PATIENT_EVERY_MS until `patience_ms` have gone by; then the flow fails with the store's
 * error. A write that may have arrived before the connection broke is repeated: it is the same bytes.
 */
#ifndef SESSION_PATIENT_PUT_H
#define SESSION_PATIENT_PUT_H
#include "store/store.h"

enum {
    PATIENT_EVERY_MS = 250
};
struct patient_put {
    struct store_link *link;
    struct loop *loop;
    struct slice key, value;
    int64_t ttl_ms, patience_ms;
    /* Asked before each attempt after the first: is what is there now (at NULL: nothing) still what this write is to replace? */
    bool (*still)(void *self, struct arena *a, struct slice value);
    void *self;
};
/* STORE_IF_THERE. *ret_done: it was written; else there is nothing to replace, or something else by now. */
enum flow_next patient_put(struct flow *f, const struct patient_put *put, bool *ret_done);

#endif
