/* path.h -- one reading of a path, or none.
 *
 * Rules and backend see the same form. The canonical form is the path with unreserved %XX decoded, other %XX in upper case and
 * characters that RFC 3986 does not know in a path (" < > [ ] ^ ` { | }) as %XX; what would change the meaning is refused rather than
 * repaired. Refused (400 ambiguous-path): no '/' in front, '?', invalid %XX, %2f %5c %00 and encoded control bytes, backslash, NUL,
 * bytes <= 0x20 or 0x7f or >= 0x80 raw, '#', "//", a segment that is "." or ".." after decoding (also with a ";parameter", or with
 * more dots and %20), a segment in the middle that is nothing but a ";parameter", %XX that spell no valid UTF-8 (overlong forms
 * of '/' and '.'), and %25 that hides any of these (double encoding of / \ % and control bytes, and of letters, digits and - . _ ~).
 * A path that is canonical already is returned as it is, without a copy.
 */
#ifndef ROUTE_PATH_H
#define ROUTE_PATH_H
#include "base/err.h"

/* path without query. The err never repeats it. */
const struct err *path_canonical(struct arena *a, struct slice path, struct slice *ret_path);

#endif
