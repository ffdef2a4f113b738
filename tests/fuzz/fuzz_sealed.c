/* fuzz_sealed.c -- any bytes as a sealed record, as a record's text, and as a key file. */
#include "crypto/keyring.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* The corpus was sealed with this key. */
static const char master[] = "a fuzzing key, never used for it";

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct keyring *ring;
    if (ring == NULL) {
        struct secret s = secret_copy(slice_of(master));
        ring = keyring_open(&s, 1);
        secret_close(&s);
    }
    if (len > 65536) return 0;
    struct arena *a = arena_open(1 << 20);
    struct slice input = {(const char *)bytes, len}, back = {NULL, 0}, purpose = LIT("session");
    struct secret key;
    if (keyring_open_sealed(ring, a, purpose, LIT("s:1"), input, &back) == NULL)
        must(back.len + KEYRING_OVERHEAD == len);
    struct slice sealed = keyring_seal(ring, a, purpose, LIT("s:1"), input);
    must(keyring_open_sealed(ring, a, purpose, LIT("s:1"), sealed, &back) == NULL);
    must(slice_is(input, back));
    must(keyring_open_sealed(ring, a, purpose, LIT("s:2"), sealed, &back) != NULL);
    if (keyring_read_master(a, input, &key) == NULL) must(secret_reveal(key).len == KEYRING_MASTER_BYTES);
    arena_close(a);
    return 0;
}
