/* encode.h -- the small encodings: base64url, base64, hex, percent, form, HTML, base32 for people.
 *
 * Encoders cannot fail and give arena slices. Decoders are strict: one spelling per value, else false.
 */
#ifndef TEXT_ENCODE_H
#define TEXT_ENCODE_H
#include "base/arena.h"
#include "base/buf.h"

struct slice base64url_encode(struct arena *a, struct slice bytes); /* RFC 4648 section 5, no padding */
/* No padding, no other characters, unused bits zero (RFC 7515 section 2). */
bool base64url_decode(struct arena *a, struct slice text, struct slice *ret_bytes);
struct slice base64_encode(struct arena *a, struct slice bytes); /* RFC 4648 section 4, padded: HTTP Basic */
bool base64_decode(struct arena *a, struct slice text, struct slice *ret_bytes);
struct slice hex_encode(struct arena *a, struct slice bytes);
/* 128 bits as 26 characters of Crockford's base32 (no I L O U): request ids that can be read out on the telephone. */
struct slice base32_id(struct arena *a, const unsigned char bytes[16]);

/* Everything but unreserved (RFC 3986 section 2.3) becomes %XX. */
struct slice percent_encode(struct arena *a, struct slice s);
bool percent_decode(struct arena *a, struct slice s, struct slice *ret_bytes); /* invalid %XX: false */
/* The byte that "%XX" at s.at[i] stands for, -1 if there is no valid %XX. */
int percent_byte(struct slice s, size_t i);
int hex_digit(char c); /* 0-15 in either case, -1 otherwise */
/* application/x-www-form-urlencoded: space is '+'. For client_secret_basic too (RFC 6749 section 2.3.1). */
struct slice form_encode(struct arena *a, struct slice s);
void form_add(struct buf *to, struct slice name, struct slice value); /* "&name=value", '&' only between */

/* & < > " ' for HTML text and quoted attributes; control characters (but tab and line ends) and bytes that are not UTF-8 become
 * U+FFFD. */
void html_escape(struct buf *to, struct slice s);

#endif
