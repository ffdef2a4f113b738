/* tls_server.c -- what the gateway shows to browsers: certificates by name, modern suites only.
 *
 * All certificates hang on one context. The certificate callback puts those whose names fit the server name indication on the
 * connection, so that ALPN, tickets and client-certificate rules stay those of the one context http/ set up.
 */

#include "crypto/crypto_kit.h"
#include "crypto/random.h"
#include "crypto/tls_parts.h"

/* TLS 1.2; the suites of TLS 1.3 are all of this kind */
#define CIPHERS                                                  \
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:" \
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:" \
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
#define GROUPS "X25519:P-256:P-384"

enum {
    TICKET_KEY_BYTES = 80, /* name 16, HMAC key 32, AES key 32: what OpenSSL 3 asks for */
    SESSION_CONTEXT_BYTES = 16
};

/* Runs in every handshake on this context's thread; the state is read only. 0 ends the handshake. */
static int choose_certificate(SSL *ssl, void *self)
{
    const struct tls_state *state = self;
    struct slice host = slice_of(SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name));
    bool cleared = false;
    if (host.len == 0) return 1;
    for (size_t i = 0; i < state->count; i++) {
        const struct tls_certificate *c = &state->certificates[i];
        if (!tls_certificate_is_for(c, host)) continue;
        if (!cleared) SSL_certs_clear(ssl); /* else the default one of another key type could be chosen */
        cleared = true;
        if (SSL_use_cert_and_key(ssl, c->leaf, c->key, c->chain, 1) != 1) return 0;
    }
    return 1;
}

static const struct err *load(struct arena *a, const struct tls_server_conf *conf, SSL_CTX *c)
{
    struct tls_state *state = tls_state_attach(c, conf->certificate_count);
    for (size_t i = 0; i < conf->certificate_count; i++) {
        struct tls_certificate *to = &state->certificates[i];
        const struct tls_certificate_conf *from = &conf->certificates[i];
        const struct err *why = tls_certificate_read(a, from->certificate_file, from->key_file, to);
        if (why != NULL) return why;
        int64_t end = tls_certificate_not_after_s(to);
        state->not_after_s = end < state->not_after_s ? end : state->not_after_s;
    }
    for (size_t i = conf->certificate_count; i-- > 0;) {
        struct tls_certificate *from = &state->certificates[i];
        /* every one is tried on the context, so that a weak key is an error now and not in a handshake; the default is last */
        if (SSL_CTX_use_cert_and_key(c, from->leaf, from->key, from->chain, 1) == 1) continue;
        struct slice reason = crypto_reason(a);
        return err_new(a, PROBLEM_CONFIG, "the certificate in %s cannot be used: %.*s",
                       conf->certificates[i].certificate_file, SLICE_ARG(reason));
    }
    SSL_CTX_set_cert_cb(c, choose_certificate, state);
    return NULL;
}

static bool is_modern(const SSL_CIPHER *cipher)
{
    int exchange = SSL_CIPHER_get_kx_nid(cipher);
    return SSL_CIPHER_is_aead(cipher) && (exchange == NID_kx_ecdhe || exchange == NID_kx_any);
}

static const struct err *choose_suites(struct arena *a, const struct tls_server_conf *conf, SSL_CTX *c)
{
    const char *ciphers = conf->ciphers != NULL ? conf->ciphers : CIPHERS;
    const char *groups = conf->groups != NULL ? conf->groups : GROUPS;
    must(conf->min_version == 12 || conf->min_version == 13);
    SSL_CTX_set_min_proto_version(c, conf->min_version == 13 ? TLS1_3_VERSION : TLS1_2_VERSION);
    SSL_CTX_set_options(c, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    if (SSL_CTX_set_cipher_list(c, ciphers) != 1) {
        struct slice reason = crypto_reason(a);
        return err_new(a, PROBLEM_CONFIG, "TLS ciphers \"%s\": %.*s", ciphers, SLICE_ARG(reason));
    }
    const STACK_OF(SSL_CIPHER) *list = SSL_CTX_get_ciphers(c);
    for (int i = 0; i < sk_SSL_CIPHER_num(list); i++) {
        const SSL_CIPHER *cipher = sk_SSL_CIPHER_value(list, i);
        if (is_modern(cipher)) continue;
        return err_new(a, PROBLEM_CONFIG,
                       "TLS cipher %s is not allowed: only ECDHE with AES-GCM or ChaCha20-Poly1305 is",
                       SSL_CIPHER_get_name(cipher));
    }
    /* what SSL_CTX_set1_groups_list is, without its cast that drops const */
    if (SSL_CTX_ctrl(c, SSL_CTRL_SET_GROUPS_LIST, 0, (void *)(uintptr_t)groups) == 1) return NULL;
    struct slice reason = crypto_reason(a);
    return err_new(a, PROBLEM_CONFIG, "TLS groups \"%s\": %.*s", groups, SLICE_ARG(reason));
}

/* A ticket is good on the very context that gave it: a reload makes all older ones void, and so do other listeners. */
static void own_tickets(SSL_CTX *c)
{
    unsigned char name[SESSION_CONTEXT_BYTES], keys[TICKET_KEY_BYTES];
    random_bytes(name, sizeof name);
    random_secret(keys, sizeof keys);
    must(SSL_CTX_set_session_id_context(c, name, sizeof name) == 1);
    must(SSL_CTX_set_tlsext_ticket_keys(c, keys, sizeof keys) == 1);
    OPENSSL_cleanse(keys, sizeof keys);
}

static const struct err *ask_client(struct arena *a, const struct tls_server_conf *conf, SSL_CTX *c)
{
    if (conf->client_ca_file == NULL) return NULL;
    STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(conf->client_ca_file);
    if (names == NULL || SSL_CTX_load_verify_file(c, conf->client_ca_file) != 1) {
        sk_X509_NAME_pop_free(names, X509_NAME_free);
        struct slice reason = crypto_reason(a);
        return err_new(a, PROBLEM_CONFIG, "no certificate authorities in %s: %.*s", conf->client_ca_file,
                       SLICE_ARG(reason));
    }
    SSL_CTX_set_client_CA_list(c, names);
    int demand = conf->client_required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0;
    SSL_CTX_set_verify(c, SSL_VERIFY_PEER | demand, NULL);
    return NULL;
}

const struct err *tls_server(struct arena *a, const struct tls_server_conf *conf, tls_context **ret_context)
{
    must(conf->certificate_count >= 1);
    (void)crypto_kit();
    if (conf->client_required && conf->client_ca_file == NULL)
        return err_new(a, PROBLEM_CONFIG, "client certificates are required but no CA file is named");
    SSL_CTX *c = SSL_CTX_new(TLS_server_method());
    must(c != NULL);
    tls_harden(c);
    const struct err *why = choose_suites(a, conf, c);
    if (why == NULL) why = load(a, conf, c);
    if (why == NULL) why = ask_client(a, conf, c);
    if (why != NULL) {
        SSL_CTX_free(c);
        return why;
    }
    own_tickets(c);
    *ret_context = c;
    return NULL;
}
