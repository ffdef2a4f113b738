/* tls_parts.h -- for the tls code, own files of this folder only: what server and client contexts share. */
#ifndef CRYPTO_TLS_PARTS_H
#define CRYPTO_TLS_PARTS_H
#include <openssl/ssl.h>

#include "crypto/tls.h"

/* One certificate with its key, as a server shows it. */
struct tls_certificate {
    X509 *leaf;
    STACK_OF(X509) * chain; /* without the leaf */
    EVP_PKEY *key;
    struct slice *names; /* DNS names of the SAN in lower case, malloc'd */
    size_t name_count;
};

/* Hangs on a context (SSL_CTX ex_data) and is freed with it. */
struct tls_state {
    struct tls_certificate *certificates;
    size_t count;
    int64_t not_after_s;
};

/* Reads a PEM chain and its key; they must belong together. Fills *to, which is empty before; the caller closes it either way. */
const struct err *tls_certificate_read(struct arena *a, const char *certificate_file, const char *key_file,
                                       struct tls_certificate *to);
void tls_certificate_close(struct tls_certificate *c);
bool tls_certificate_is_for(const struct tls_certificate *c, struct slice host); /* host in any case */
int64_t tls_certificate_not_after_s(const struct tls_certificate *c);            /* the earliest of the chain */

struct tls_state *tls_state_attach(SSL_CTX *context, size_t certificates); /* lends */
struct tls_state *tls_state_of(const SSL_CTX *context);                    /* lends */

/* What both sides ask of every connection: no renegotiation, no compression, buffers given back, 112 bits of strength. */
void tls_harden(SSL_CTX *context);

#endif
