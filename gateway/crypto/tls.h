/* tls.h -- TLS contexts, made here and used by http/, store/ (by way of http/stream.h). `struct ssl_ctx_st` is OpenSSL's own tag:
 * it travels as a pointer that only http/ dereferences.
 *
 * Server: TLS 1.2+, AEAD + ECDHE suites, no renegotiation, no compression, SSL_MODE_RELEASE_BUFFERS, own session-id context and
 * ticket keys per context, several certificates chosen by SNI. ALPN is added by http/.
 * Client: system roots or a CA file, SSL_VERIFY_PEER, the host name set by X509_VERIFY_PARAM_set1_host on the context itself
 * (libh2o skips its own check on TLS 1.3), one context per host name; optional client certificate.
 */
#ifndef CRYPTO_TLS_H
#define CRYPTO_TLS_H
#include "base/err.h"

struct ssl_ctx_st;
typedef struct ssl_ctx_st tls_context; /* shown as a tag only */

struct tls_certificate_conf {
    const char *certificate_file, *key_file; /* PEM chain and key */
};
struct tls_server_conf {
    const struct tls_certificate_conf *certificates; /* [0] is the default; others by SNI from their SAN names */
    size_t certificate_count;
    int min_version;            /* 12 or 13 */
    const char *ciphers;        /* NULL: ours */
    const char *groups;         /* NULL: ours */
    const char *client_ca_file; /* NULL: no client certificates */
    bool client_required;
};
/* Gives one reference. Errors (PROBLEM_CONFIG) name the file or setting: a key others may read, a key of another certificate, a weak one, a
 * cipher that is not AEAD with ECDHE. An expired certificate is no error: see tls_not_after_s. */
const struct err *tls_server(struct arena *a, const struct tls_server_conf *conf, tls_context **ret_context);

struct tls_client_conf {
    struct slice host;                       /* name (or IP literal) the certificate must carry */
    const char *ca_file;                     /* NULL: the system's */
    const char *certificate_file, *key_file; /* NULL: none */
    bool insecure;                           /* no verification; config warns loudly */
};
/* Gives one reference; thread-safe. host may be a bracketed IP and may end in a dot; empty, or with a leading dot, it is an error unless
 * insecure. Only SAN names count, a common name never does. The system's roots are read once for the process: SSL_CERT_FILE,
 * else the usual bundle; new roots need a restart. The caller sends SNI. */
const struct err *tls_client(struct arena *a, const struct tls_client_conf *conf, tls_context **ret_context);
tls_context *tls_keep(tls_context *c); /* one more reference */
void tls_drop(tls_context *c);
/* Seconds since 1970 when the first certificate of the context ends; INT64_MAX if it holds none. */
int64_t tls_not_after_s(const tls_context *c);
/* Does a certificate that this server's context shows name the host? Names only, no addresses. */
bool tls_names(const tls_context *c, struct slice host);

#endif
