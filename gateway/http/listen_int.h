/* listen_int.h -- who holds an address that we wanted. */
#ifndef HTTP_LISTEN_INT_H
#define HTTP_LISTEN_INT_H
#include "http/server.h"

/* " by nginx (pid 812)", or "" when /proc does not tell (another user's process, another network namespace). */
const char *listen_holder(struct arena *a, const struct listener *l);

#endif
