/* tls_kit.h -- an authority and certificates made on the spot, so that no key and no date stands in the tree. */
#ifndef TESTS_FETCH_TLS_KIT_H
#define TESTS_FETCH_TLS_KIT_H
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/must.h"

struct tls_kit {
    EVP_PKEY *key; /* one for all: only names and dates are on trial */
    X509 *ca;
    char ca_file[64];
};

static inline X509 *tls_kit_sign(struct tls_kit *k, const char *name, const char *alternative, long from_s, long to_s,
                                 bool ca)
{
    X509 *x = X509_new();
    X509V3_CTX ctx;
    static long serial = 1;
    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), serial++);
    X509_gmtime_adj(X509_getm_notBefore(x), from_s);
    X509_gmtime_adj(X509_getm_notAfter(x), to_s);
    X509_set_pubkey(x, k->key);
    X509_NAME *n = X509_NAME_new();
    X509_NAME_add_entry_by_txt(n, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
    X509_set_subject_name(x, n);
    X509_set_issuer_name(x, ca ? n : X509_get_subject_name(k->ca));
    X509_NAME_free(n);
    X509V3_set_ctx(&ctx, ca ? x : k->ca, x, NULL, NULL, 0);
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, NID_basic_constraints, ca ? "critical,CA:TRUE" : "CA:FALSE");
    X509_add_ext(x, e, -1);
    X509_EXTENSION_free(e);
    if (alternative != NULL) {
        e = X509V3_EXT_conf_nid(NULL, &ctx, NID_subject_alt_name, alternative);
        X509_add_ext(x, e, -1);
        X509_EXTENSION_free(e);
    }
    must(X509_sign(x, k->key, EVP_sha256()) != 0);
    return x;
}

static inline struct tls_kit tls_kit_open(void)
{
    struct tls_kit k = {.key = EVP_EC_gen("P-256"), .ca_file = "/tmp/vestibule-test-ca-XXXXXX"};
    k.ca = tls_kit_sign(&k, "test authority", NULL, -60, 3600, true);
    int fd = mkstemp(k.ca_file);
    must(fd >= 0);
    FILE *f = fdopen(fd, "w");
    must(PEM_write_X509(f, k.ca) == 1 && fclose(f) == 0);
    return k;
}

static inline void tls_kit_close(struct tls_kit *k)
{
    unlink(k->ca_file);
    X509_free(k->ca);
    EVP_PKEY_free(k->key);
}

static inline SSL_CTX *tls_kit_server(struct tls_kit *k, const char *alternative, long from_s, long to_s)
{
    SSL_CTX *c = SSL_CTX_new(TLS_server_method());
    X509 *x = tls_kit_sign(k, "test server", alternative, from_s, to_s, false);
    must(SSL_CTX_use_certificate(c, x) == 1 && SSL_CTX_use_PrivateKey(c, k->key) == 1);
    X509_free(x);
    return c;
}

#endif
