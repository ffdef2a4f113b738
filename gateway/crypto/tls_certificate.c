/* tls_certificate.c -- a PEM chain and its key from two files, and the names it stands for.
 *
 * Names are taken out of the certificate once, at load: a handshake compares text and decodes nothing.
 */
#include <ctype.h>
#include <stdlib.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "crypto/crypto_kit.h"
#include "crypto/private_file.h"
#include "crypto/tls_parts.h"

enum {
    KEY_FILE_BYTES = 64 * 1024, /* an RSA-8192 key in PEM has 6 KiB */
    CHAIN_CERTIFICATES = 16
};

/* OpenSSL would ask on the terminal for the passphrase of an encrypted key. */
static int no_passphrase(char *buffer, int size, int writing, void *self)
{
    (void)buffer, (void)size, (void)writing, (void)self;
    return -1;
}

static const struct err *broken(struct arena *a, const char *what, const char *path)
{
    struct slice reason = crypto_reason(a);
    return err_new(a, PROBLEM_CONFIG, "%s in %s: %.*s", what, path, SLICE_ARG(reason));
}

static const struct err *read_key(struct arena *a, const char *path, EVP_PKEY **ret_key)
{
    struct secret pem;
    const struct err *why = private_file_read(a, path, KEY_FILE_BYTES, &pem);
    if (why != NULL) return why;
    BIO *bio = BIO_new_mem_buf(secret_reveal(pem).at, (int)secret_reveal(pem).len);
    must(bio != NULL);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
    BIO_free(bio);
    if (key == NULL) return broken(a, "no usable private key (keys with a passphrase are not)", path);
    *ret_key = key;
    return NULL;
}

static const struct err *read_chain(struct arena *a, const char *path, struct tls_certificate *to)
{
    BIO *bio = BIO_new_file(path, "re");
    if (bio == NULL) return broken(a, "cannot read the certificate", path);
    to->leaf = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);
    to->chain = sk_X509_new_null();
    must(to->chain != NULL);
    X509 *next = NULL;
    while (to->leaf != NULL && sk_X509_num(to->chain) < CHAIN_CERTIFICATES &&
           (next = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL)) != NULL)
        must(sk_X509_push(to->chain, next) > 0);
    BIO_free(bio);
    if (to->leaf == NULL) return broken(a, "no certificate", path);
    /* the loop ends with "no start line" at the end of the file; anything else is a broken certificate behind a good one */
    unsigned long last = ERR_peek_last_error();
    if (next == NULL && ERR_GET_REASON(last) != PEM_R_NO_START_LINE) return broken(a, "a broken certificate", path);
    crypto_forget();
    return NULL;
}

static void take_names(struct tls_certificate *to)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(to->leaf, NID_subject_alt_name, NULL, NULL);
    int count = sk_GENERAL_NAME_num(names); /* -1 without a SAN */
    to->names = must_alloc(sizeof *to->names * (size_t)(count > 0 ? count : 1));
    for (int i = 0; i < count; i++) {
        int type;
        const ASN1_STRING *name = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &type);
        if (type != GEN_DNS || ASN1_STRING_length(name) <= 0) continue;
        size_t len = (size_t)ASN1_STRING_length(name);
        char *copy = must_alloc(len);
        for (size_t j = 0; j < len; j++) {
            copy[j] = (char)tolower(ASN1_STRING_get0_data(name)[j]);
        }
        to->names[to->name_count++] = (struct slice){copy, len};
    }
    GENERAL_NAMES_free(names);
    crypto_forget();
}

const struct err *tls_certificate_read(struct arena *a, const char *certificate_file, const char *key_file,
                                       struct tls_certificate *to)
{
    const struct err *why = read_chain(a, certificate_file, to);
    if (why == NULL) why = read_key(a, key_file, &to->key);
    if (why != NULL) return why;
    if (X509_check_private_key(to->leaf, to->key) != 1) {
        crypto_forget();
        return err_new(a, PROBLEM_CONFIG, "the key in %s is not the key of the certificate in %s", key_file,
                       certificate_file);
    }
    take_names(to);
    return NULL;
}

void tls_certificate_close(struct tls_certificate *c)
{
    for (size_t i = 0; i < c->name_count; i++) {
        free((void *)(uintptr_t)c->names[i].at);
    }
    free(c->names);
    X509_free(c->leaf);
    sk_X509_pop_free(c->chain, X509_free);
    EVP_PKEY_free(c->key);
    *c = (struct tls_certificate){0};
}

/* "*.example.org" stands for exactly one label (RFC 6125 section 6.4.3); a partial wildcard stands for nothing. */
static bool name_fits(struct slice name, struct slice host)
{
    if (!slice_starts(name, LIT("*."))) return slice_is_nocase(name, host);
    size_t dot = slice_index(host, '.');
    return dot != SLICE_NONE && dot != 0 && slice_is_nocase(slice_from(name, 1), slice_from(host, dot));
}

bool tls_certificate_is_for(const struct tls_certificate *c, struct slice host)
{
    for (size_t i = 0; i < c->name_count; i++) {
        if (name_fits(c->names[i], host)) return true;
    }
    return false;
}

static int64_t end_of(const X509 *x)
{
    struct tm t = {0};
    if (ASN1_TIME_to_tm(X509_get0_notAfter(x), &t) != 1) return 0; /* unreadable: as good as over */
    return (int64_t)timegm(&t);
}

int64_t tls_certificate_not_after_s(const struct tls_certificate *c)
{
    int64_t earliest = end_of(c->leaf);
    for (int i = 0; i < sk_X509_num(c->chain); i++) {
        int64_t end = end_of(sk_X509_value(c->chain, i));
        earliest = end < earliest ? end : earliest;
    }
    return earliest;
}
