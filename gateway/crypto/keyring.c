/* keyring.c -- sealing, MACs and purpose keys from the masters.
 *
 * Two families of keys come out of a master and never meet: record keys (HKDF with the record's own salt) and purpose
 * keys (HKDF without salt); the label at the head of HKDF's info keeps them apart.
 * As every record has a key of its own, random nonces cannot wear a key out, and a repeated nonce harms nothing.
 */
#include "crypto/keyring.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "crypto/crypto_kit.h"
#include "crypto/digest.h"
#include "crypto/random.h"
#include "text/encode.h"

enum {
    SEAL_VERSION = 1,
    ID_BYTES = 4,
    SALT_BYTES = 16,
    NONCE_BYTES = 12,
    TAG_BYTES = 16,
    HEAD_BYTES = 1 + ID_BYTES + SALT_BYTES + NONCE_BYTES,
    LABEL_BYTES = 32,
    INFO_BYTES = LABEL_BYTES + KEYRING_PURPOSE_BYTES
};
_Static_assert(HEAD_BYTES + TAG_BYTES == KEYRING_OVERHEAD, "the header states the overhead");

struct master {
    unsigned char key[KEYRING_MASTER_BYTES], id[ID_BYTES];
    char id_text[2 * ID_BYTES];
};

struct keyring {
    size_t count;
    struct master masters[KEYRING_MASTERS];
};

static struct slice bytes_of(const unsigned char *at, size_t len)
{
    return (struct slice){(const char *)at, len};
}

static void master_fill(struct master *m, struct secret from)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char hash[DIGEST_SHA256_BYTES];
    must(from.len_ == sizeof m->key);
    memcpy(m->key, secret_reveal(from).at, sizeof m->key);
    digest_hmac_sha256(bytes_of(m->key, sizeof m->key), LIT("vestibule key id"), hash);
    memcpy(m->id, hash, sizeof m->id);
    for (size_t i = 0; i < sizeof m->id; i++) {
        m->id_text[2 * i] = digits[m->id[i] >> 4];
        m->id_text[2 * i + 1] = digits[m->id[i] & 15];
    }
}

struct keyring *keyring_open(const struct secret *masters, size_t count)
{
    must(count >= 1 && count <= KEYRING_MASTERS);
    struct keyring *k = must_alloc(sizeof *k);
    k->count = count;
    for (size_t i = 0; i < count; i++) {
        master_fill(&k->masters[i], masters[i]);
    }
    return k;
}

void keyring_close(struct keyring *k)
{
    if (k == NULL) return;
    OPENSSL_cleanse(k, sizeof *k);
    free(k);
}

/* HKDF's info is "LABEL/PURPOSE"; labels hold no '/'. */
static void derive(const struct master *m, struct slice label, struct slice salt, struct slice purpose,
                   unsigned char out[32])
{
    char info[INFO_BYTES];
    must(purpose.len != 0 && purpose.len <= KEYRING_PURPOSE_BYTES && label.len < LABEL_BYTES);
    memcpy(info, label.at, label.len);
    info[label.len] = '/';
    memcpy(info + label.len + 1, purpose.at, purpose.len);
    digest_hkdf(bytes_of(m->key, sizeof m->key), salt, (struct slice){info, label.len + 1 + purpose.len}, out, 32);
}

/* ---- sealing: HEAD is version | id | salt | nonce, all of it authenticated together with the context ---- */

static void record_key(const struct master *m, const unsigned char *head, struct slice purpose, unsigned char out[32])
{
    derive(m, LIT("vestibule sealed record"), bytes_of(head + 1 + ID_BYTES, SALT_BYTES), purpose, out);
}

/* Starts GCM in one direction and feeds what is authenticated only. HEAD has a fixed length, so no two pairs of head and
 * context give the same bytes. */
static EVP_CIPHER_CTX *gcm_start(int encrypt, const unsigned char key[32], const unsigned char head[HEAD_BYTES],
                                 struct slice context)
{
    int written;
    const unsigned char *nonce = head + HEAD_BYTES - NONCE_BYTES;
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    must(c != NULL && context.len <= INT32_MAX);
    must(EVP_CipherInit_ex2(c, crypto_kit()->aes_256_gcm, key, nonce, encrypt, NULL) == 1);
    must(EVP_CipherUpdate(c, NULL, &written, head, HEAD_BYTES) == 1);
    if (context.len != 0)
        must(EVP_CipherUpdate(c, NULL, &written, (const unsigned char *)context.at, (int)context.len) == 1);
    return c;
}

static void gcm_body(EVP_CIPHER_CTX *c, unsigned char *to, const void *from, size_t len)
{
    int written = 0;
    must(len <= INT32_MAX);
    if (len != 0) must(EVP_CipherUpdate(c, to, &written, from, (int)len) == 1);
    must((size_t)written == len);
}

struct slice keyring_seal(const struct keyring *k, struct arena *a, struct slice purpose, struct slice context,
                          struct slice plain)
{
    const struct master *m = &k->masters[0];
    unsigned char key[32], *out = arena_bytes(a, KEYRING_OVERHEAD + plain.len);
    int written;
    out[0] = SEAL_VERSION;
    memcpy(out + 1, m->id, ID_BYTES);
    random_bytes(out + 1 + ID_BYTES, SALT_BYTES + NONCE_BYTES);
    record_key(m, out, purpose, key);

    EVP_CIPHER_CTX *c = gcm_start(1, key, out, context);
    OPENSSL_cleanse(key, sizeof key);
    gcm_body(c, out + HEAD_BYTES, plain.at, plain.len);
    unsigned char *tag = out + HEAD_BYTES + plain.len;
    must(EVP_CipherFinal_ex(c, tag, &written) == 1 && written == 0);
    must(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, tag) == 1);
    EVP_CIPHER_CTX_free(c);
    return bytes_of(out, KEYRING_OVERHEAD + plain.len);
}

/* GCM writes the plain text before it knows whether the tag fits: on a misfit `to` is wiped. */
static bool open_with(const struct master *m, struct slice purpose, struct slice context, const unsigned char *sealed,
                      size_t plain_len, unsigned char *to)
{
    unsigned char key[32], tag[TAG_BYTES];
    int written;
    record_key(m, sealed, purpose, key);
    EVP_CIPHER_CTX *c = gcm_start(0, key, sealed, context);
    OPENSSL_cleanse(key, sizeof key);
    memcpy(tag, sealed + HEAD_BYTES + plain_len, sizeof tag);
    gcm_body(c, to, sealed + HEAD_BYTES, plain_len);
    must(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, TAG_BYTES, tag) == 1);
    bool good = EVP_CipherFinal_ex(c, to + plain_len, &written) == 1 && written == 0;
    EVP_CIPHER_CTX_free(c);
    if (!good) {
        OPENSSL_cleanse(to, plain_len);
        crypto_forget();
    }
    return good;
}

const struct err *keyring_open_sealed(const struct keyring *k, struct arena *a, struct slice purpose,
                                      struct slice context, struct slice sealed, struct slice *ret_plain)
{
    const unsigned char *bytes = (const unsigned char *)sealed.at;
    if (sealed.len < KEYRING_OVERHEAD)
        return err_new(a, PROBLEM_INTERNAL, "sealed record of %zu bytes is too short", sealed.len);
    if (bytes[0] != SEAL_VERSION)
        return err_new(a, PROBLEM_INTERNAL, "sealed record has the unknown version %u", bytes[0]);

    bool known = false;
    size_t plain_len = sealed.len - KEYRING_OVERHEAD;
    unsigned char *plain = arena_bytes(a, plain_len + 1);
    for (size_t i = 0; i < k->count; i++) {
        if (memcmp(k->masters[i].id, bytes + 1, ID_BYTES) != 0) continue; /* not secret */
        known = true;
        if (!open_with(&k->masters[i], purpose, context, bytes, plain_len, plain)) continue;
        plain[plain_len] = '\0';
        *ret_plain = bytes_of(plain, plain_len);
        return NULL;
    }
    if (!known)
        return err_new(a, PROBLEM_INTERNAL,
                       "sealed record names the key %02x%02x%02x%02x, which is not in the key ring", bytes[1], bytes[2],
                       bytes[3], bytes[4]);
    return err_new(a, PROBLEM_INTERNAL, "sealed record does not fit its key, purpose and place");
}

/* ---- MACs and purpose keys ---- */

void keyring_purpose_key(const struct keyring *k, size_t i, struct slice purpose, unsigned char out[32])
{
    must(i < k->count);
    derive(&k->masters[i], LIT("vestibule purpose key"), (struct slice){NULL, 0}, purpose, out);
}

static void mac_of(const struct keyring *k, size_t i, struct slice purpose, struct slice bytes, unsigned char out[32])
{
    unsigned char key[32];
    keyring_purpose_key(k, i, purpose, key);
    digest_hmac_sha256(bytes_of(key, sizeof key), bytes, out);
    OPENSSL_cleanse(key, sizeof key);
}

void keyring_mac(const struct keyring *k, struct slice purpose, struct slice bytes, unsigned char out[32])
{
    mac_of(k, 0, purpose, bytes, out);
}

bool keyring_mac_fits(const struct keyring *k, struct slice purpose, struct slice bytes, const unsigned char mac[32])
{
    for (size_t i = 0; i < k->count; i++) {
        unsigned char own[32];
        mac_of(k, i, purpose, bytes, own);
        if (digest_same(own, mac, sizeof own)) return true;
    }
    return false;
}

size_t keyring_count(const struct keyring *k)
{
    return k->count;
}

struct slice keyring_id(const struct keyring *k, size_t i)
{
    must(i < k->count);
    return (struct slice){k->masters[i].id_text, sizeof k->masters[i].id_text};
}
