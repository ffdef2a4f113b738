/* memo.h -- what a session says to backends, formed once: header values by preset, assertions by audience. Private to proxy/. */
#ifndef PROXY_MEMO_H
#define PROXY_MEMO_H
#include "proxy/forwarding.h"

/* Copies the identity headers for f->session into the arena: one for each row of the preset, in its order, also when a value is empty. */
size_t memo_headers(const struct forwarding *f, struct header *ret_headers);

/* The same for a backend: finished lines (http/request_head.h) without the empty ones. Lent by the session until the memo is asked again. */
struct slice memo_lines(const struct forwarding *f);

#endif
