/* Server and client contexts shake hands over memory: right names, wrong names, expired, unknown, chosen by SNI. */
#include "crypto/tls.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/now.h"

static struct arena *a;
static char home[64];
static EVP_PKEY *ca_key, *other_ca_key;
static X509 *ca, *other_ca;

static const char *in_home(const char *name, const char *suffix)
{
    return arena_print(a, "%s/%s%s", home, name, suffix).at;
}

static void extend(X509 *x, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, x, NULL, NULL, 0);
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    assert_non_null(e);
    assert_int_equal(X509_add_ext(x, e, -1), 1);
    X509_EXTENSION_free(e);
}

/* issuer NULL: signs itself and may sign others. */
static X509 *certify(EVP_PKEY *key, const char *name, const char *san, long days, X509 *issuer, EVP_PKEY *issuer_key)
{
    static long serial;
    X509 *x = X509_new();
    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(x), -86400 * 10);
    X509_gmtime_adj(X509_getm_notAfter(x), 86400 * days);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(x, X509_get_subject_name(issuer != NULL ? issuer : x));
    X509_set_pubkey(x, key);
    if (issuer == NULL) extend(x, x, NID_basic_constraints, "critical,CA:TRUE");
    if (san != NULL) extend(x, issuer != NULL ? issuer : x, NID_subject_alt_name, san);
    assert_true(X509_sign(x, issuer_key != NULL ? issuer_key : key, EVP_sha256()) > 0);
    return x;
}

static void write_certificates(const char *path, X509 *one, X509 *two)
{
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    assert_int_equal(PEM_write_X509(f, one), 1);
    if (two != NULL) assert_int_equal(PEM_write_X509(f, two), 1);
    fclose(f);
}

static void write_key(const char *path, EVP_PKEY *key)
{
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    assert_int_equal(PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL), 1);
    fclose(f);
    chmod(path, 0600);
}

/* Writes NAME.crt and NAME.key, signed by the test's authority. */
static void issue(const char *name, EVP_PKEY *key, const char *san, long days)
{
    X509 *x = certify(key, name, san, days, ca, ca_key);
    write_certificates(in_home(name, ".crt"), x, NULL);
    write_key(in_home(name, ".key"), key);
    X509_free(x);
    EVP_PKEY_free(key);
}

static int make_certificates(void **state)
{
    (void)state;
    a = arena_open(16 << 20);
    snprintf(home, sizeof home, "/tmp/vestibule-tls-XXXXXX");
    assert_non_null(mkdtemp(home));
    ca_key = EVP_EC_gen("P-256");
    other_ca_key = EVP_EC_gen("P-256");
    ca = certify(ca_key, "authority", NULL, 100, NULL, NULL);
    other_ca = certify(other_ca_key, "elsewhere", NULL, 100, NULL, NULL);
    write_certificates(in_home("ca", ".crt"), ca, NULL);
    write_certificates(in_home("other_ca", ".crt"), other_ca, NULL);
    issue("one", EVP_EC_gen("P-256"), "DNS:one.example.org,DNS:alias.example.org,IP:127.0.0.1,IP:::1", 30);
    issue("wild", EVP_EC_gen("P-256"), "DNS:*.wild.example.org,DNS:f*.partial.example.org", 20);
    issue("rsa", EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048), "DNS:rsa.example.org", 60);
    issue("dual", EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048), "DNS:one.example.org", 60);
    issue("expired", EVP_EC_gen("P-256"), "DNS:one.example.org", -1);
    issue("nameless", EVP_EC_gen("P-256"), NULL, 30);
    issue("client", EVP_EC_gen("P-256"), "DNS:client.example.org", 30);
    issue("weak", EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024), "DNS:weak.example.org", 30);
    return 0;
}

static int remove_certificates(void **state)
{
    (void)state;
    static const char *const names[] = {"ca",      "other_ca", "one",    "wild", "rsa",   "dual",
                                        "expired", "nameless", "client", "weak", "chain", "text"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        unlink(in_home(names[i], ".crt"));
        unlink(in_home(names[i], ".key"));
    }
    rmdir(home);
    X509_free(ca);
    X509_free(other_ca);
    EVP_PKEY_free(ca_key);
    EVP_PKEY_free(other_ca_key);
    arena_close(a);
    return 0;
}

static struct tls_certificate_conf files(const char *name)
{
    return (struct tls_certificate_conf){in_home(name, ".crt"), in_home(name, ".key")};
}

static tls_context *server_of(struct tls_server_conf conf, const char *first, const char *second)
{
    struct tls_certificate_conf certificates[] = {files(first), files(second != NULL ? second : first)};
    tls_context *c = NULL;
    conf.certificates = certificates;
    conf.certificate_count = second != NULL ? 2 : 1;
    if (conf.min_version == 0) conf.min_version = 12;
    assert_null(tls_server(a, &conf, &c));
    return c;
}

static tls_context *client_of(const char *host)
{
    struct tls_client_conf conf = {.host = slice_of(host), .ca_file = in_home("ca", ".crt")};
    tls_context *c = NULL;
    assert_null(tls_client(a, &conf, &c));
    return c;
}

struct outcome {
    bool client_done, server_done;
    int version;
    long verified;  /* X509_V_... of the client */
    char shown[64]; /* CN of the server's certificate */
    int alert_seen_by_server;
    bool aead, resumed;
};

/* Runs both ends in this thread over a pair of memory buffers. */
static struct outcome shake(tls_context *server, tls_context *client, const char *sni, int version,
                            SSL_SESSION **session)
{
    struct outcome out = {0};
    BIO *one, *two;
    SSL *s = SSL_new(server), *c = SSL_new(client);
    assert_int_equal(BIO_new_bio_pair(&one, 1 << 16, &two, 1 << 16), 1);
    SSL_set_bio(s, one, one);
    SSL_set_bio(c, two, two);
    SSL_set_accept_state(s);
    SSL_set_connect_state(c);
    if (sni != NULL) SSL_ctrl(c, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, (void *)(uintptr_t)sni);
    if (version != 0) SSL_set_max_proto_version(c, version);
    if (session != NULL && *session != NULL) SSL_set_session(c, *session);
    char byte;
    for (int i = 0; i < 20; i++) {
        if (SSL_do_handshake(c) == 1) out.client_done = true;
        if (SSL_do_handshake(s) == 1) out.server_done = true;
        if (out.client_done) (void)SSL_read(c, &byte, 1); /* takes the tickets, or the server's late refusal */
    }
    out.client_done = out.client_done && SSL_get_shutdown(c) == 0;
    if (out.server_done && out.client_done) {
        (void)SSL_write(s, "x", 1);
        out.client_done = SSL_read(c, &byte, 1) == 1;
    }
    out.version = SSL_version(c);
    out.verified = SSL_get_verify_result(c);
    out.resumed = SSL_session_reused(c) == 1;
    out.aead = SSL_get_current_cipher(c) != NULL && SSL_CIPHER_is_aead(SSL_get_current_cipher(c)) == 1;
    X509 *peer = SSL_get0_peer_certificate(c);
    if (peer != NULL)
        X509_NAME_get_text_by_NID(X509_get_subject_name(peer), NID_commonName, out.shown, sizeof out.shown);
    if (session != NULL && *session == NULL) *session = SSL_get1_session(c);
    if (out.client_done) (void)SSL_shutdown(c);
    SSL_free(s);
    SSL_free(c);
    ERR_clear_error();
    return out;
}

static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

static void the_right_name_is_accepted_on_both_versions(void **state)
{
    (void)state;
    static const char *const hosts[] = {
        "one.example.org", "ALIAS.example.org", "one.example.org.", "127.0.0.1", "::1", "[::1]"};
    tls_context *server = server_of((struct tls_server_conf){0}, "one", NULL);
    for (size_t h = 0; h < sizeof hosts / sizeof hosts[0]; h++) {
        tls_context *client = client_of(hosts[h]);
        for (int v = 0; v < 2; v++) {
            struct outcome o = shake(server, client, NULL, versions[v], NULL);
            assert_true(o.client_done && o.server_done && o.aead);
            assert_int_equal(o.version, versions[v]);
        }
        tls_drop(client);
    }
    tls_drop(server);
}

static void a_wrong_name_is_refused_on_both_versions(void **state)
{
    (void)state;
    static const char *const hosts[] = {"two.example.org", "example.org", "a.one.example.org",
                                        "127.0.0.2",       "::2",         "one.example.org.evil.example"};
    tls_context *server = server_of((struct tls_server_conf){0}, "one", NULL);
    for (size_t h = 0; h < sizeof hosts / sizeof hosts[0]; h++) {
        tls_context *client = client_of(hosts[h]);
        for (int v = 0; v < 2; v++) {
            struct outcome o = shake(server, client, "one.example.org", versions[v], NULL);
            assert_false(o.client_done);
            assert_true(o.verified == X509_V_ERR_HOSTNAME_MISMATCH || o.verified == X509_V_ERR_IP_ADDRESS_MISMATCH);
        }
        tls_drop(client);
    }
    tls_drop(server);
}

static void wildcards_stand_for_one_whole_label(void **state)
{
    (void)state;
    static const struct {
        const char *host;
        bool good;
    } cases[] = {
        {"a.wild.example.org",      true },
        {"A.WILD.example.org",      true },
        {"wild.example.org",        false},
        {"a.b.wild.example.org",    false},
        {"foo.partial.example.org", false},
    };
    tls_context *server = server_of((struct tls_server_conf){0}, "wild", NULL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tls_context *client = client_of(cases[i].host);
        assert_int_equal(shake(server, client, NULL, 0, NULL).client_done, cases[i].good);
        tls_drop(client);
    }
    tls_drop(server);
}

static void a_common_name_alone_is_no_name(void **state)
{
    (void)state;
    tls_context *server = server_of((struct tls_server_conf){0}, "nameless", NULL), *client = client_of("nameless");
    assert_false(shake(server, client, NULL, 0, NULL).client_done);
    tls_drop(server);
    tls_drop(client);
}

static void an_expired_certificate_is_refused(void **state)
{
    (void)state;
    tls_context *server = server_of((struct tls_server_conf){0}, "expired", NULL);
    tls_context *client = client_of("one.example.org");
    for (int v = 0; v < 2; v++) {
        struct outcome o = shake(server, client, NULL, versions[v], NULL);
        assert_false(o.client_done);
        assert_int_equal(o.verified, X509_V_ERR_CERT_HAS_EXPIRED);
    }
    assert_true(tls_not_after_s(server) < now_s());
    tls_drop(server);
    tls_drop(client);
}

static void an_unknown_authority_is_refused(void **state)
{
    (void)state;
    tls_context *server = server_of((struct tls_server_conf){0}, "one", NULL), *client = NULL;
    struct tls_client_conf conf = {.host = LIT("one.example.org"), .ca_file = in_home("other_ca", ".crt")};
    assert_null(tls_client(a, &conf, &client));
    for (int v = 0; v < 2; v++) {
        assert_false(shake(server, client, NULL, versions[v], NULL).client_done);
    }
    tls_drop(client);
    conf.insecure = true;
    assert_null(tls_client(a, &conf, &client));
    assert_true(shake(server, client, NULL, 0, NULL).client_done);
    tls_drop(client);
    tls_drop(server);
}

/* The machine's own roots, in a file of ours. */
static void the_systems_roots_are_used_without_a_ca_file(void **state)
{
    (void)state;
    assert_int_equal(setenv("SSL_CERT_FILE", in_home("other_ca", ".crt"), 1), 0);
    tls_context *server = server_of((struct tls_server_conf){0}, "one", NULL), *client = NULL, *second = NULL;
    struct tls_client_conf conf = {.host = LIT("one.example.org")};
    assert_null(tls_client(a, &conf, &client));
    assert_false(shake(server, client, NULL, 0, NULL).client_done);
    conf.host = LIT("two.example.org");
    assert_null(tls_client(a, &conf, &second));
    assert_ptr_equal(SSL_CTX_get_cert_store(client), SSL_CTX_get_cert_store(second));
    tls_drop(client);
    tls_drop(second);
    tls_drop(server);
}

static void sni_picks_the_certificate(void **state)
{
    (void)state;
    static const struct {
        const char *sni, *shown;
    } cases[] = {
        {"one.example.org",       "one" },
        {"ALIAS.example.org",     "one" },
        {"x.wild.example.org",    "wild"},
        {"X.Wild.Example.org",    "wild"},
        {"wild.example.org",      "one" },
        {"a.b.wild.example.org",  "one" },
        {"f.partial.example.org", "one" },
        {"unknown.example.org",   "one" },
        {NULL,                    "one" },
    };
    tls_context *server = server_of((struct tls_server_conf){0}, "one", "wild");
    struct tls_client_conf conf = {.insecure = true};
    tls_context *client = NULL;
    assert_null(tls_client(a, &conf, &client));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (int v = 0; v < 2; v++) {
            struct outcome o = shake(server, client, cases[i].sni, versions[v], NULL);
            assert_true(o.client_done);
            assert_string_equal(o.shown, cases[i].shown);
        }
    }
    tls_drop(client);
    tls_drop(server);
}

/* A default certificate of another key type must not shine through. */
static void sni_picks_across_key_types(void **state)
{
    (void)state;
    tls_context *server = server_of((struct tls_server_conf){0}, "rsa", "one");
    tls_context *one = client_of("one.example.org"), *rsa = client_of("rsa.example.org");
    for (int v = 0; v < 2; v++) {
        SSL_CTX_set_cipher_list(one, "ECDHE+AESGCM");
        assert_string_equal(shake(server, one, "one.example.org", versions[v], NULL).shown, "one");
        assert_true(shake(server, one, "one.example.org", versions[v], NULL).client_done);
        assert_string_equal(shake(server, rsa, "rsa.example.org", versions[v], NULL).shown, "rsa");
        assert_true(shake(server, rsa, "rsa.example.org", versions[v], NULL).client_done);
    }
    tls_drop(server);
    server = server_of((struct tls_server_conf){0}, "one", "dual"); /* both for the same name */
    SSL_CTX_set_cipher_list(one, "aRSA+AESGCM");
    assert_string_equal(shake(server, one, "one.example.org", TLS1_2_VERSION, NULL).shown, "dual");
    SSL_CTX_set_cipher_list(one, "aECDSA+AESGCM");
    assert_string_equal(shake(server, one, "one.example.org", TLS1_2_VERSION, NULL).shown, "one");
    tls_drop(server);
    tls_drop(one);
    tls_drop(rsa);
}

static void old_versions_and_suites_find_no_partner(void **state)
{
    (void)state;
    static const char *const old[] = {"AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES128-SHA256"};
    struct tls_server_conf conf = {.min_version = 13};
    tls_context *server = server_of((struct tls_server_conf){0}, "one", NULL);
    tls_context *strict = server_of(conf, "one", NULL), *client = client_of("one.example.org");
    assert_false(shake(strict, client, NULL, TLS1_2_VERSION, NULL).client_done);
    assert_true(shake(strict, client, NULL, TLS1_3_VERSION, NULL).client_done);
    for (size_t i = 0; i < sizeof old / sizeof old[0]; i++) {
        assert_int_equal(SSL_CTX_set_cipher_list(client, old[i]), 1);
        assert_false(shake(server, client, NULL, TLS1_2_VERSION, NULL).client_done);
    }
    SSL_CTX_set_cipher_list(client, "ALL:@SECLEVEL=0");
    SSL_CTX_set_min_proto_version(client, TLS1_VERSION);
    assert_false(shake(server, client, NULL, TLS1_1_VERSION, NULL).client_done);
    tls_drop(server);
    tls_drop(strict);
    tls_drop(client);
}

static void client_certificates_are_asked_for_and_judged(void **state)
{
    (void)state;
    struct tls_server_conf asking = {.client_ca_file = in_home("ca", ".crt"), .client_required = true};
    struct tls_client_conf with = {.host = LIT("one.example.org"),
                                   .ca_file = in_home("ca", ".crt"),
                                   .certificate_file = in_home("client", ".crt"),
                                   .key_file = in_home("client", ".key")};
    tls_context *server = server_of(asking, "one", NULL), *known = NULL, *bare = client_of("one.example.org");
    asking.client_required = false;
    tls_context *lenient = server_of(asking, "one", NULL);
    asking.client_ca_file = in_home("other_ca", ".crt");
    tls_context *foreign = server_of(asking, "one", NULL);
    assert_null(tls_client(a, &with, &known));
    for (int v = 0; v < 2; v++) {
        assert_true(shake(server, known, NULL, versions[v], NULL).client_done);
        assert_false(shake(server, bare, NULL, versions[v], NULL).client_done);
        assert_true(shake(lenient, bare, NULL, versions[v], NULL).client_done);
        assert_true(shake(lenient, known, NULL, versions[v], NULL).client_done);
        assert_false(shake(foreign, known, NULL, versions[v], NULL).client_done);
    }
    assert_true(tls_not_after_s(known) > now_s());
    tls_drop(server);
    tls_drop(lenient);
    tls_drop(foreign);
    tls_drop(known);
    tls_drop(bare);
}

static void tickets_resume_on_their_own_context_only(void **state)
{
    (void)state;
    tls_context *server = server_of((struct tls_server_conf){0}, "one", NULL);
    tls_context *reloaded = server_of((struct tls_server_conf){0}, "one", NULL);
    tls_context *client = client_of("one.example.org");
    for (int v = 0; v < 2; v++) {
        SSL_SESSION *session = NULL;
        assert_false(shake(server, client, NULL, versions[v], &session).resumed);
        struct outcome elsewhere = shake(reloaded, client, NULL, versions[v], &session);
        assert_true(elsewhere.client_done && !elsewhere.resumed);
        struct outcome again = shake(server, client, NULL, versions[v], &session);
        assert_true(again.client_done && again.resumed);
        SSL_SESSION_free(session);
    }
    tls_drop(server);
    tls_drop(reloaded);
    tls_drop(client);
}

static void a_context_is_hardened_as_promised(void **state)
{
    (void)state;
    tls_context *contexts[] = {server_of((struct tls_server_conf){0}, "one", NULL), client_of("one.example.org")};
    for (int i = 0; i < 2; i++) {
        assert_true((SSL_CTX_get_options(contexts[i]) & SSL_OP_NO_RENEGOTIATION) != 0);
        assert_true((SSL_CTX_get_options(contexts[i]) & SSL_OP_NO_COMPRESSION) != 0);
        assert_true((SSL_CTX_get_mode(contexts[i]) & SSL_MODE_RELEASE_BUFFERS) != 0);
        assert_int_equal(SSL_CTX_get_min_proto_version(contexts[i]), TLS1_2_VERSION);
    }
    assert_int_equal(SSL_CTX_get_verify_mode(contexts[1]) & SSL_VERIFY_PEER, SSL_VERIFY_PEER);
    assert_ptr_equal(tls_keep(contexts[0]), contexts[0]);
    tls_drop(contexts[0]);
    assert_true(tls_not_after_s(contexts[0]) > now_s() + 29 * 86400);
    assert_true(tls_not_after_s(contexts[0]) < now_s() + 31 * 86400);
    assert_true(tls_not_after_s(contexts[1]) == INT64_MAX);
    tls_drop(contexts[0]);
    tls_drop(contexts[1]);
    tls_context *both = server_of((struct tls_server_conf){0}, "one", "wild");
    assert_true(tls_not_after_s(both) < now_s() + 21 * 86400); /* the first to end */
    assert_true(tls_names(both, LIT("ONE.example.org")));
    assert_true(tls_names(both, LIT("any.wild.example.org")));
    assert_false(tls_names(both, LIT("two.example.org")));
    tls_drop(both);
}

static const char *server_error(struct tls_server_conf conf, const char *certificate, const char *key)
{
    struct tls_certificate_conf one = {certificate, key};
    tls_context *c = NULL;
    conf.certificates = &one;
    conf.certificate_count = 1;
    conf.min_version = 12;
    const struct err *why = tls_server(a, &conf, &c);
    assert_null(c);
    assert_non_null(why);
    assert_int_equal(why->problem, PROBLEM_CONFIG);
    assert_int_equal(ERR_peek_error(), 0);
    return arena_text(a, err_story(a, why));
}

static void mistakes_in_files_are_told_with_their_names(void **state)
{
    (void)state;
    const char *crt = in_home("one", ".crt"), *key = in_home("one", ".key"), *text = in_home("text", ".crt");
    const struct tls_server_conf plain = {0};
    FILE *f = fopen(text, "we");
    fputs("no certificate at all\n", f);
    fclose(f);
    assert_non_null(strstr(server_error(plain, in_home("absent", ".crt"), key), "absent.crt"));
    assert_non_null(strstr(server_error(plain, text, key), "text.crt"));
    assert_non_null(strstr(server_error(plain, crt, in_home("wild", ".key")), "is not the key of"));
    assert_non_null(strstr(server_error(plain, crt, in_home("absent", ".key")), "absent.key"));
    assert_non_null(strstr(server_error(plain, crt, crt), "chmod 600"));
    assert_non_null(strstr(server_error(plain, in_home("weak", ".crt"), in_home("weak", ".key")), "weak.crt"));
    chmod(key, 0644);
    assert_non_null(strstr(server_error(plain, crt, key), "chmod 600"));
    chmod(key, 0600);
    struct tls_server_conf conf = {.ciphers = "AES128-GCM-SHA256"};
    assert_non_null(strstr(server_error(conf, crt, key), "is not allowed"));
    conf.ciphers = "nonsense";
    assert_non_null(strstr(server_error(conf, crt, key), "nonsense"));
    conf = (struct tls_server_conf){.groups = "P-1"};
    assert_non_null(strstr(server_error(conf, crt, key), "P-1"));
    conf = (struct tls_server_conf){.client_required = true};
    assert_non_null(strstr(server_error(conf, crt, key), "no CA file"));
    conf = (struct tls_server_conf){.client_ca_file = text};
    assert_non_null(strstr(server_error(conf, crt, key), "text.crt"));
}

static void a_chain_with_a_broken_tail_is_refused(void **state)
{
    (void)state;
    const char *chain = in_home("chain", ".crt"), *key = in_home("one", ".key");
    FILE *from = fopen(in_home("one", ".crt"), "re"), *to = fopen(chain, "we");
    for (int c = fgetc(from); c != EOF; c = fgetc(from)) {
        fputc(c, to);
    }
    fputs("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", to);
    fclose(from);
    fclose(to);
    assert_non_null(strstr(server_error((struct tls_server_conf){0}, chain, key), "chain.crt"));
}

static void a_client_without_a_name_or_with_half_a_certificate_is_refused(void **state)
{
    (void)state;
    tls_context *c = NULL;
    struct tls_client_conf conf = {.ca_file = in_home("ca", ".crt")};
    assert_non_null(tls_client(a, &conf, &c)); /* an empty name would switch the check off */
    conf.host = LIT(".example.org");           /* would stand for every name below */
    assert_non_null(tls_client(a, &conf, &c));
    conf.host = LIT("one.example.org\0.evil.example");
    assert_non_null(tls_client(a, &conf, &c));
    conf.host = LIT("one.example.org");
    conf.certificate_file = in_home("client", ".crt");
    assert_non_null(tls_client(a, &conf, &c));
    conf.key_file = in_home("one", ".key");
    assert_non_null(tls_client(a, &conf, &c));
    conf = (struct tls_client_conf){.host = LIT("one.example.org"), .ca_file = in_home("absent", ".crt")};
    assert_non_null(tls_client(a, &conf, &c));
    assert_null(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_right_name_is_accepted_on_both_versions),
        cmocka_unit_test(a_wrong_name_is_refused_on_both_versions),
        cmocka_unit_test(wildcards_stand_for_one_whole_label),
        cmocka_unit_test(a_common_name_alone_is_no_name),
        cmocka_unit_test(an_expired_certificate_is_refused),
        cmocka_unit_test(an_unknown_authority_is_refused),
        cmocka_unit_test(the_systems_roots_are_used_without_a_ca_file),
        cmocka_unit_test(sni_picks_the_certificate),
        cmocka_unit_test(sni_picks_across_key_types),
        cmocka_unit_test(old_versions_and_suites_find_no_partner),
        cmocka_unit_test(client_certificates_are_asked_for_and_judged),
        cmocka_unit_test(tickets_resume_on_their_own_context_only),
        cmocka_unit_test(a_context_is_hardened_as_promised),
        cmocka_unit_test(mistakes_in_files_are_told_with_their_names),
        cmocka_unit_test(a_chain_with_a_broken_tail_is_refused),
        cmocka_unit_test(a_client_without_a_name_or_with_half_a_certificate_is_refused),
    };
    return cmocka_run_group_tests(tests, make_certificates, remove_certificates);
}
