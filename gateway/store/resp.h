/* resp.h -- the words of the Redis protocol (RESP2): commands to bytes, bytes to replies. hiredis is its codec and known by resp.c alone.
 *
 * The reader trusts nobody: a reply may be RESP_MAX_BYTES long, an array may hold RESP_MAX_ITEMS, arrays nest RESP_MAX_DEPTH deep, and
 * what is not one of the six kinds is refused. After a refusal the reader is of no use: nothing behind a broken reply can be trusted.
 */
#ifndef STORE_RESP_H
#define STORE_RESP_H
#include "base/buf.h"

enum {
    RESP_MAX_BYTES = 1024 * 1024, /* a record is at most 256 KiB; news of many keys is shorter than this */
    RESP_MAX_ITEMS = 4096,        /* keys in one invalidation */
    RESP_MAX_DEPTH = 2            /* an invalidation is an array that holds one more */
};

/* Adds one command made of these words, binary-safe; false (and nothing added) when it does not fit. */
bool resp_command(struct buf *to, const struct slice *words, size_t count);

enum resp_type {
    RESP_STATUS,  /* text */
    RESP_ERROR,   /* text */
    RESP_INTEGER, /* integer */
    RESP_BULK,    /* text */
    RESP_NIL,     /* a bulk that is not there */
    RESP_NIL_ARRAY,
    RESP_ARRAY /* count, resp_item */
};
struct resp_reply {
    enum resp_type type;
    int64_t integer;
    struct slice text;
    size_t count;
    const void *native_;
};
struct resp_reply resp_item(const struct resp_reply *array, size_t i); /* i < count */
bool resp_says(const struct resp_reply *r, enum resp_type type, struct slice text);
/* An error's text as far as it may be logged: Redis repeats the arguments of a command it does not know behind it. */
struct slice resp_error_text(const struct resp_reply *r);

struct resp_reader;
struct resp_reader *resp_open(void);
void resp_close(struct resp_reader *r);
/* Hands each complete reply, lent during the call, to `each`, which says NULL or why it cannot be. Gives that back, or why the bytes
 * are no replies; NULL: all is well so far. */
const char *resp_feed(struct resp_reader *r, struct slice bytes,
                      const char *(*each)(void *self, const struct resp_reply *reply), void *self);

#endif
