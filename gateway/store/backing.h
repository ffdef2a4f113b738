/* backing.h -- what stands behind store.h: one table of functions for Redis, one for memory. For store/ only.
 *
 * A back end's own structs begin with `struct store` and `struct store_link`, so store.c hands them over as they are.
 */
#ifndef STORE_BACKING_H
#define STORE_BACKING_H
#include "store/store.h"
#include "store/tally.h"

struct backing_ask {
    enum tally_operation what; /* never TALLY_TOUCH */
    struct slice key, value;
    int64_t ttl_ms;
    enum store_put_when when;
    struct slice *ret_value;     /* get, take */
    int64_t *ret_ttl_ms;         /* get: may be NULL */
    bool *ret_yes;               /* put, delete, enlist */
    int64_t number, *ret_number; /* count */
    /* lists; lent during the call but for the outputs */
    const struct store_enlisting *enlisting;
    const struct store_striking *striking;
    size_t *ret_count; /* strike */
    struct store_members *ret_members;
    const struct slice *keys; /* present */
    size_t key_count;
    bool *ret_there;
    struct store_scan *ret_scan; /* scan: its cursor is asked with; key is what keys begin with */
};

struct backing {
    void (*close)(struct store *s);
    struct store_link *(*link)(struct store *s, struct loop *l);
    void (*unlink)(struct store_link *k);
    bool (*up)(const struct store *s);
    enum flow_next (*ask)(struct flow *f, struct store_link *k, const struct backing_ask *ask);
    void (*touch)(struct store_link *k, struct slice key, int64_t ttl_ms);
};

struct store {
    const struct backing *backing;
};

struct store_link {
    const struct backing *backing;
    struct loop *loop;
    bool tried;                                    /* see store_tried */
    void (*changed)(void *self, struct slice key); /* NULL: nobody asked */
    void *changed_self;
    void (*silent)(void *self, int64_t sure_ms); /* NULL: nobody asked */
};

/* Tells whoever asked by store_on_change; on the link's thread. */
void store_changed(struct store_link *k, struct slice key);
/* The same for store_on_silence. */
void store_silent(struct store_link *k, int64_t sure_ms);

const struct err *memory_open(struct arena *a, const struct store_conf *conf, struct store **ret_store);
const struct err *redis_open(struct arena *a, const struct store_conf *conf, struct store **ret_store);

#endif
