/* private_file.h -- reads a file that holds a secret, and refuses one that anybody on the machine may read.
 *
 * Allowed are the owner and, for reading, the group (Debian's ssl-cert, Kubernetes' fsGroup). Anything for others, or a
 * group that may write, is an error that says `chmod 600`. Links are followed: secret mounts are links.
 */
#ifndef CRYPTO_PRIVATE_FILE_H
#define CRYPTO_PRIVATE_FILE_H
#include "crypto/secret.h"

/* The whole content; it lives in a and is wiped with it. Longer than max_bytes, empty, missing, not a plain file: PROBLEM_CONFIG. */
const struct err *private_file_read(struct arena *a, const char *path, size_t max_bytes, struct secret *ret_content);

#endif
