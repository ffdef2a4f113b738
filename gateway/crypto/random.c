/* random.c -- OpenSSL's generators, seeded by the operating system; there is no second source to fall back to. */
#include "crypto/random.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "text/encode.h"

enum {
    TEXT_BYTES = 256
}; /* eight times the longest secret anybody here asks for */

void random_bytes(unsigned char *to, size_t len)
{
    must(len <= INT32_MAX && RAND_bytes(to, (int)len) == 1);
}

void random_secret(unsigned char *to, size_t len)
{
    must(len <= INT32_MAX && RAND_priv_bytes(to, (int)len) == 1);
}

struct slice random_text(struct arena *a, size_t bytes)
{
    unsigned char raw[TEXT_BYTES];
    must(bytes <= sizeof raw);
    random_secret(raw, bytes);
    struct slice text = base64url_encode(a, (struct slice){(const char *)raw, bytes});
    OPENSSL_cleanse(raw, sizeof raw);
    return text;
}
