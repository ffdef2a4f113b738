/* path.h -- one reading of a path, or none.
 *
 * Rules and backend see the same form. The canonical form is the path with unreserved %XX decoded and other %XX in upper case; dot segments
 * and empty segments have no place in it: what would change the meaning is refused rather than repaired. Refused (400
 * ambiguous-path): invalid %XX, %2f %5c %00 and encoded control bytes, backslash, NUL, bytes <= 0x20 or 0x7f or >= 0x80 raw, '#',
 * "//", a segment that is "." or ".." after decoding (also with a ";parameter"), %25 that hides any of these (double encoding of / \ . ).
 * A path that is canonical already is returned as it is, without a copy.
 */
#ifndef ROUTE_PATH_H
#define ROUTE_PATH_H
#include "base/err.h"

const struct err *path_canonical(struct arena *a, struct slice path, struct slice *ret_path);

#endif
