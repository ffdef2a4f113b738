/* http_date.h -- "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 section 5.6.7), the one form senders must use. Pure. */
#ifndef FETCH_HTTP_DATE_H
#define FETCH_HTTP_DATE_H
#include "base/slice.h"

bool http_date_read(struct slice text, int64_t *ret_s);

#endif
