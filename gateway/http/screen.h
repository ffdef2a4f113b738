/* screen.h -- what a request must look like before any handler sees it; the same for HTTP/1 and HTTP/2.
 *
 * Pure functions over slices, for http/'s own files, and for proxy/, which judges a host that a trusted proxy tells. Stricter than the RFCs where two servers are known to read one text differently.
 */
#ifndef HTTP_SCREEN_H
#define HTTP_SCREEN_H
#include "http/exchange.h"

/* 1-20 letters A-Z, neither CONNECT nor TRACE (RFC 9110 9.1: methods are case-sensitive). */
bool screen_method(struct slice method);
/* Origin form only (RFC 9112 3.2.1): starts with '/', no byte <= 0x20, 0x7f or '#'. */
bool screen_target(struct slice target);
/* host[:port] of letters, digits, '-', '.', '_' or an IPv6 literal; port 1-65535. No userinfo, no empty host. */
bool screen_authority(struct slice authority);
/* A token of RFC 9110 5.6.2: anything else is a malformed request. */
bool screen_name(struct slice name);
/* Only lower-case letters, digits and '-': the others are dropped, because applications fold '_' and '.' into '-' (X-Auth_User). */
bool screen_name_kept(struct slice lower_name);
/* No control byte but tab, no blank at either end. */
bool screen_value(struct slice value);

/* Takes the list as it came (lower-case names), keeps what handlers may see, joins Cookie lines with "; " (RFC 9113 8.2.3).
 * Framing fields are left out: host, content-length, transfer-encoding, expect. Writes into list; returns the new count. */
size_t screen_headers(struct arena *a, struct header *list, size_t count);

#endif
