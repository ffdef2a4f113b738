/* loop_int.h -- what http/'s own files see of a loop: libh2o's loop under it.
 *
 * A socket of libh2o made on loop_h2o(l) belongs to l's thread. Use loop_timer for waiting, never libh2o's timeouts: those follow
 * the wall clock.
 */
#ifndef HTTP_LOOP_INT_H
#define HTTP_LOOP_INT_H
#include "http/loop.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wcast-qual"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wundef"
#include <h2o.h>
#include <h2o/http2.h>
#pragma GCC diagnostic pop

h2o_loop_t *loop_h2o(struct loop *l);

/* ---- names to addresses, without blocking ----
 * Answers are kept for 30 s per thread (failures 1 s), so that a busy backend is looked up twice a minute. Threads of libh2o call getaddrinfo. */
enum {
    LOOKUP_ADDRESSES = 8 /* more than anyone tries in a connect deadline */
};
struct lookup_answer {
    size_t count;
    struct {
        struct sockaddr_storage at;
        socklen_t len;
    } address[LOOKUP_ADDRESSES]; /* in the order to try; ports are set */
    const char *why;             /* count == 0: in plain words, static */
};
struct lookup;
/* IP literals and unix sockets need no look-up: lookup_direct is true and the answer is there. host may be "[::1]" or "::1". */
bool lookup_direct(struct slice host, int port, struct slice unix_path, struct lookup_answer *ret_answer);
/* done is called later, once, with an answer lent for the call; never from inside. lookup_cancel before that: not at all. */
struct lookup *lookup_start(struct loop *l, struct slice host, int port,
                            void (*done)(void *self, const struct lookup_answer *answer), void *self);
void lookup_cancel(struct lookup *k);
/* For loop.c: hangs up what is under way, frees what was kept. */
struct lookup_cache;
struct lookup_cache **loop_names(struct loop *l);
void lookup_close(struct loop *l);

#endif
