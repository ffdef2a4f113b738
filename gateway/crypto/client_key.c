/* client_key.c -- PEM in, tokens out. */
#include "crypto/client_key.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "crypto/crypto_kit.h"
#include "crypto/signature.h"
#include "text/encode.h"
#include "text/json.h"

enum {
    RSA_BITS_LEAST = 2048,
    RSA_BITS_MOST = 8192, /* beyond it signing takes a second */
    THUMB_MAX = 48,
    HEADER_MAX = 2048
};

struct client_key {
    EVP_PKEY *key;
    unsigned algs;
    char x5t[THUMB_MAX], x5t_s256[THUMB_MAX]; /* "" without a certificate */
};

static int no_passphrase(char *buffer, int size, int writing, void *self)
{
    (void)buffer, (void)size, (void)writing, (void)self;
    return -1;
}

static bool is_p256(EVP_PKEY *key)
{
    char group[32];
    size_t len = 0;
    return EVP_PKEY_is_a(key, "EC") && EVP_PKEY_get_group_name(key, group, sizeof group, &len) == 1 &&
           (strcmp(group, "prime256v1") == 0 || strcmp(group, "P-256") == 0);
}

/* 0: no key of a kind we sign with. */
static unsigned algs_of(EVP_PKEY *key)
{
    if (is_p256(key)) return JOSE_ES256;
    int bits = EVP_PKEY_is_a(key, "RSA") ? EVP_PKEY_get_bits(key) : 0;
    return bits >= RSA_BITS_LEAST && bits <= RSA_BITS_MOST ? JOSE_RS256 | JOSE_PS256 : 0;
}

static bool is_sound(EVP_PKEY *key)
{
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    must(c != NULL);
    bool sound = EVP_PKEY_check(c) == 1;
    EVP_PKEY_CTX_free(c);
    return sound;
}

static void write_thumb(struct arena *a, const X509 *certificate, const EVP_MD *md, char to[THUMB_MAX])
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    must(X509_digest(certificate, md, hash, &len) == 1);
    struct slice text = base64url_encode(a, (struct slice){(const char *)hash, len});
    must(text.len < THUMB_MAX);
    memcpy(to, text.at, text.len);
    to[text.len] = '\0';
}

/* The first certificate, if there is one; false: it is another key's. */
static bool read_certificate(struct arena *a, struct slice pem, struct client_key *k)
{
    BIO *bio = BIO_new_mem_buf(pem.at, (int)pem.len);
    must(bio != NULL);
    X509 *certificate = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);
    BIO_free(bio);
    crypto_forget();
    if (certificate == NULL) return true;
    bool fits = X509_check_private_key(certificate, k->key) == 1;
    if (fits) {
        write_thumb(a, certificate, EVP_sha1(), k->x5t);
        write_thumb(a, certificate, crypto_kit()->sha256, k->x5t_s256);
    }
    X509_free(certificate);
    crypto_forget();
    return fits;
}

const struct err *client_key_read(struct arena *a, struct slice pem, struct client_key **ret_key)
{
    if (pem.len == 0 || pem.len > CLIENT_KEY_PEM_MAX)
        return err_new(a, PROBLEM_CONFIG, "a client key is a PEM text of at most 64 KiB");
    (void)crypto_kit();
    BIO *bio = BIO_new_mem_buf(pem.at, (int)pem.len);
    must(bio != NULL);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
    BIO_free(bio);
    unsigned algs = key != NULL ? algs_of(key) : 0;
    if (algs == 0 || !is_sound(key)) {
        EVP_PKEY_free(key);
        crypto_forget();
        return err_new(a, PROBLEM_CONFIG,
                       "not a P-256 or RSA (2048 to 8192 bits) private key in PEM without passphrase");
    }
    struct client_key *k = must_alloc(sizeof *k);
    *k = (struct client_key){.key = key, .algs = algs};
    if (!read_certificate(a, pem, k)) {
        client_key_close(k);
        return err_new(a, PROBLEM_CONFIG, "the first certificate in the client key's file is not of this key");
    }
    *ret_key = k;
    return NULL;
}

void client_key_close(struct client_key *k)
{
    if (k == NULL) return;
    EVP_PKEY_free(k->key);
    free(k);
}

unsigned client_key_algs(const struct client_key *k)
{
    return k->algs;
}

static void write_header(struct buf *to, const struct client_key *k, enum jose_alg alg, struct slice kid)
{
    struct json j = json_into(to);
    json_open_object(&j, NULL);
    json_string(&j, "alg", jose_alg_name(alg));
    json_string(&j, "typ", LIT("JWT"));
    if (kid.len != 0) json_string(&j, "kid", kid);
    if (k->x5t[0] != '\0') json_string(&j, "x5t", slice_of(k->x5t));
    if (k->x5t_s256[0] != '\0') json_string(&j, "x5t#S256", slice_of(k->x5t_s256));
    json_close_object(&j);
}

struct slice client_key_sign(struct arena *a, const struct client_key *k, enum jose_alg alg, struct slice kid,
                             struct slice payload)
{
    must((k->algs & alg) != 0);
    AUTO(buf_close) struct buf header = buf_open(HEADER_MAX);
    write_header(&header, k, alg, kid);
    must(!header.full); /* kid is the configuration's, with a limit there */
    struct slice input = arena_join(
        a, (struct slice[]){base64url_encode(a, buf_slice(&header)), LIT("."), base64url_encode(a, payload)}, 3);
    struct slice raw = signature_make(a, alg, k->key, input);
    return arena_join(a, (struct slice[]){input, LIT("."), base64url_encode(a, raw)}, 3);
}
