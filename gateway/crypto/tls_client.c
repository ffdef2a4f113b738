/* tls_client.c -- how the gateway meets providers, backends and the store: the name is checked by OpenSSL itself.
 *
 * The expected name stands in the context's verification parameters, so TLS 1.2 and 1.3 refuse a wrong one inside the
 * handshake. The system's roots are parsed once for the process (30 ms, 1.4 MiB) and shared by all contexts.
 */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/x509v3.h>

#include "crypto/crypto_kit.h"
#include "crypto/tls_parts.h"

static X509_STORE *roots; /* NULL when the machine has none */
static pthread_once_t roots_once = PTHREAD_ONCE_INIT;

/* One bundle in a file is wanted: OpenSSL's other form, a folder looked into at each handshake, would block a worker. */
static void read_roots(void)
{
    const char *const places[] = {
        getenv(X509_get_default_cert_file_env()), /* SSL_CERT_FILE, as everywhere */
        "/etc/ssl/certs/ca-certificates.crt",     /* Debian, Ubuntu, Alpine, distroless images */
        "/etc/pki/tls/certs/ca-bundle.crt",       /* Fedora, RHEL */
        "/etc/ssl/ca-bundle.pem",                 /* SUSE */
        X509_get_default_cert_file(),
    };
    X509_STORE *store = X509_STORE_new();
    must(store != NULL);
    for (size_t i = 0; i < sizeof places / sizeof places[0] && roots == NULL; i++) {
        if (places[i] == NULL || access(places[i], R_OK) != 0) continue;
        if (X509_STORE_load_file(store, places[i]) == 1) roots = store;
    }
    if (roots == NULL) X509_STORE_free(store);
    crypto_forget();
}

static const struct err *trust(struct arena *a, const struct tls_client_conf *conf, SSL_CTX *c)
{
    if (conf->ca_file != NULL) {
        if (SSL_CTX_load_verify_file(c, conf->ca_file) == 1) return NULL;
        struct slice reason = crypto_reason(a);
        return err_new(a, PROBLEM_CONFIG, "no certificate authorities in %s: %.*s", conf->ca_file, SLICE_ARG(reason));
    }
    must(pthread_once(&roots_once, read_roots) == 0);
    if (roots == NULL)
        return err_new(a, PROBLEM_CONFIG,
                       "this machine has no certificate authorities; install ca-certificates, set "
                       "SSL_CERT_FILE or name a CA file");
    SSL_CTX_set1_cert_store(c, roots);
    return NULL;
}

/* "[::1]" and "::1" are the same address; a final dot is no part of a certificate's name. */
static struct slice bare_host(struct slice host)
{
    if (host.len > 2 && host.at[0] == '[' && host.at[host.len - 1] == ']')
        return slice_upto(slice_from(host, 1), host.len - 2);
    if (host.len > 1 && host.at[host.len - 1] == '.') return slice_upto(host, host.len - 1);
    return host;
}

static const struct err *expect_name(struct arena *a, struct slice host, SSL_CTX *c)
{
    X509_VERIFY_PARAM *param = SSL_CTX_get0_param(c);
    struct slice bare = bare_host(host);
    /* to OpenSSL an empty name means no check, and a leading dot means any name below */
    if (bare.len == 0 || bare.at[0] == '.' || slice_index(bare, '\0') != SLICE_NONE)
        return err_new(a, PROBLEM_CONFIG, "a TLS connection needs the name of the other side");
    if (X509_VERIFY_PARAM_set1_ip_asc(param, arena_text(a, bare)) == 1) return NULL;
    crypto_forget();
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    must(X509_VERIFY_PARAM_set1_host(param, bare.at, bare.len) == 1);
    return NULL;
}

static const struct err *show_certificate(struct arena *a, const struct tls_client_conf *conf, SSL_CTX *c)
{
    bool wanted = conf->certificate_file != NULL;
    struct tls_state *state = tls_state_attach(c, wanted ? 1 : 0);
    if (wanted != (conf->key_file != NULL))
        return err_new(a, PROBLEM_CONFIG, "a client certificate needs its key, and the key its certificate");
    if (!wanted) return NULL;
    struct tls_certificate *mine = &state->certificates[0];
    const struct err *why = tls_certificate_read(a, conf->certificate_file, conf->key_file, mine);
    if (why != NULL) return why;
    state->not_after_s = tls_certificate_not_after_s(mine);
    if (SSL_CTX_use_cert_and_key(c, mine->leaf, mine->key, mine->chain, 1) == 1) return NULL;
    struct slice reason = crypto_reason(a);
    return err_new(a, PROBLEM_CONFIG, "the client certificate in %s cannot be used: %.*s", conf->certificate_file,
                   SLICE_ARG(reason));
}

static const struct err *verify(struct arena *a, const struct tls_client_conf *conf, SSL_CTX *c)
{
    if (conf->insecure) {
        SSL_CTX_set_verify(c, SSL_VERIFY_NONE, NULL);
        return NULL;
    }
    SSL_CTX_set_verify(c, SSL_VERIFY_PEER, NULL);
    const struct err *why = trust(a, conf, c);
    return why != NULL ? why : expect_name(a, conf->host, c);
}

const struct err *tls_client(struct arena *a, const struct tls_client_conf *conf, tls_context **ret_context)
{
    (void)crypto_kit();
    SSL_CTX *c = SSL_CTX_new(TLS_client_method());
    must(c != NULL);
    tls_harden(c);
    must(SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION) == 1);
    const struct err *why = verify(a, conf, c);
    if (why == NULL) why = show_certificate(a, conf, c);
    if (why != NULL) {
        SSL_CTX_free(c);
        return why;
    }
    *ret_context = c;
    return NULL;
}
