/* local_users.h -- people who are known to this gateway alone: a file as htpasswd -B writes it, for the hour when no provider answers.
 *
 *     # a comment
 *     ada:$2y$12$...
 *
 * A name is 1 to 64 of letters, digits and . _ - @. Immutable once read. A person of it is "local/NAME" in rules; their sessions hold as long as
 * the name stands in the file with the same hash.
 */
#ifndef LOGIN_LOCAL_USERS_H
#define LOGIN_LOCAL_USERS_H
#include "provider/identity.h"

#include "base/err.h"

enum {
    LOCAL_USERS_MAX = 1024, /* break-glass: more people than this want a provider */
    LOCAL_NAME_MAX = 64,
    LOCAL_FILE_BYTES = 256 * 1024
};

struct local_user {
    struct slice name;
    const char *hash;
    struct slice
        issuer; /* "urn:vestibule:local:" and a fingerprint of the hash: another password is another issuer's word */
};
struct local_users {
    struct local_user *at; /* by name */
    size_t count;
    const char *nobody; /* a hash as costly as the costliest: for names that are not there */
    struct slice *groups;
    size_t group_count;
};

/* text and what is read live in a. An err (PROBLEM_CONFIG) says the line and what to do. */
const struct err *local_users_read(struct arena *a, struct slice text, struct local_users *ret_users);
const struct local_user *local_users_find(const struct local_users *u, struct slice name); /* NULL: none */
/* Is this a person of ours, still, with the password they had? */
bool local_users_vouch(const struct local_users *u, const struct identity *who);
extern const struct slice local_provider; /* "local" */

#endif
