/* keyring.h -- the gateway's own symmetric keys: the newest seals and signs, all listed open and verify.
 *
 * Each master is 32 bytes from a file (raw 32, or base64/base64url/hex of 32) in a keys folder, and has a short id
 * (8 hex digits of a hash of the key). From a master, HKDF derives one key per purpose, so no key serves two ends.
 * Immutable after it is made; shared by threads.
 */
#ifndef CRYPTO_KEYRING_H
#define CRYPTO_KEYRING_H
#include "crypto/secret.h"

enum {
    KEYRING_MASTERS = 8,
    KEYRING_MASTER_BYTES = 32,
    KEYRING_ID_CHARS = 8,
    KEYRING_PURPOSE_BYTES = 64 /* a purpose is a short word of ours, never empty, never from outside */
};
struct keyring;

/* masters[0] is the newest; count from 1 to KEYRING_MASTERS, each of 32 bytes. Copies; gives. */
struct keyring *keyring_open(const struct secret *masters, size_t count);
void keyring_close(struct keyring *k);
/* Parses one master from the content of a key file: 32 raw bytes or an encoding of them (blanks around it are fine); fewer than
 * 32 bytes is an error that says so, and so are 32 characters of plain text. *ret_master lives in a and is wiped with it. */
const struct err *keyring_read_master(struct arena *a, struct slice text, struct secret *ret_master);

/* AES-256-GCM with a fresh key per record:
 *   version 1 | key id 4 | salt 16 | nonce 12 | ciphertext | tag 16      (key = HKDF(master, salt, purpose))
 * context is authenticated, not stored: a blob cannot be moved to another place.
 * Opening: errors are PROBLEM_INTERNAL and never say what was inside; the store decides what a broken record means to a visitor.
 * The plain text has a NUL behind it that is not counted. */
struct slice keyring_seal(const struct keyring *k, struct arena *a, struct slice purpose, struct slice context,
                          struct slice plain);
const struct err *keyring_open_sealed(const struct keyring *k, struct arena *a, struct slice purpose,
                                      struct slice context, struct slice sealed, struct slice *ret_plain);
enum {
    KEYRING_OVERHEAD = 1 + 4 + 16 + 12 + 16
};

/* HMAC-SHA-256 under the newest key's purpose key; 32 bytes. And the check against all keys. */
void keyring_mac(const struct keyring *k, struct slice purpose, struct slice bytes, unsigned char out[32]);
bool keyring_mac_fits(const struct keyring *k, struct slice purpose, struct slice bytes, const unsigned char mac[32]);
/* The purpose key of master i (0 newest) and its id, for session_jwt. Lends; i < keyring_count. */
size_t keyring_count(const struct keyring *k);
struct slice keyring_id(const struct keyring *k, size_t i);
void keyring_purpose_key(const struct keyring *k, size_t i, struct slice purpose, unsigned char out[32]);

#endif
