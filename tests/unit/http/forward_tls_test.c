/* Backends over TLS: the right name and issuer, and all the wrong ones, on TLS 1.2 and 1.3. */
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "rig.h"

#define OK "HTTP/1.1 200 OK\r\n"

struct party {
    X509 *certificate;
    EVP_PKEY *key;
};

static struct party ca, other_ca, good, wrong_name, by_address;
static char ca_file[64];
static SSL_CTX *backend_tls;

static void add_extension(X509 *x, int nid, const char *value)
{
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    assert_non_null(e);
    assert_int_equal(X509_add_ext(x, e, -1), 1);
    X509_EXTENSION_free(e);
}

/* issuer NULL: signs itself, a CA. */
static struct party make_party(const char *name, const char *alternative, const struct party *issuer)
{
    static long serial = 1;
    struct party p = {X509_new(), EVP_EC_gen("P-256")};
    X509_set_version(p.certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(p.certificate), serial++);
    X509_gmtime_adj(X509_getm_notBefore(p.certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(p.certificate), 86400);
    X509_set_pubkey(p.certificate, p.key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(p.certificate), "CN", MBSTRING_ASC, (const unsigned char *)name,
                               -1, -1, 0);
    const struct party *by = issuer != NULL ? issuer : &p;
    X509_set_issuer_name(p.certificate, X509_get_subject_name(by->certificate));
    if (issuer == NULL) add_extension(p.certificate, NID_basic_constraints, "critical,CA:TRUE");
    if (alternative != NULL) add_extension(p.certificate, NID_subject_alt_name, alternative);
    assert_true(X509_sign(p.certificate, by->key, EVP_sha256()) > 0);
    return p;
}

static void drop_party(struct party *p)
{
    X509_free(p->certificate);
    EVP_PKEY_free(p->key);
}

static int make_world(void **state)
{
    (void)state;
    ca = make_party("Test CA", NULL, NULL);
    other_ca = make_party("Other CA", NULL, NULL);
    good = make_party("localhost", "DNS:localhost", &ca);
    wrong_name = make_party("elsewhere.test", "DNS:elsewhere.test", &ca);
    by_address = make_party("address", "IP:127.0.0.1", &ca);
    snprintf(ca_file, sizeof ca_file, "/tmp/vestibule-test-ca-%d.pem", (int)getpid());
    FILE *f = fopen(ca_file, "w");
    assert_non_null(f);
    assert_int_equal(PEM_write_X509(f, ca.certificate), 1);
    fclose(f);
    return 0;
}

static int drop_world(void **state)
{
    (void)state;
    drop_party(&ca);
    drop_party(&other_ca);
    drop_party(&good);
    drop_party(&wrong_name);
    drop_party(&by_address);
    unlink(ca_file);
    return 0;
}

/* ---- the backend ---- */

static size_t answer_bytes;
static _Atomic bool close_delimited;
static char seen_sni[256];

static bool tls_head(SSL *tls)
{
    char head[8192];
    size_t have = 0;
    while (have < sizeof head - 1) {
        int n = SSL_read(tls, head + have, 1);
        if (n <= 0) return false;
        head[++have] = '\0';
        if (have >= 4 && memcmp(head + have - 4, "\r\n\r\n", 4) == 0) return true;
    }
    return false;
}

static bool tls_answer(SSL *tls)
{
    static const char block[16384] = {'x'};
    char head[128];
    int n = close_delimited ? snprintf(head, sizeof head, OK "\r\n")
                            : snprintf(head, sizeof head, OK "Content-Length: %zu\r\n\r\n", answer_bytes);
    if (SSL_write(tls, head, n) != n) return false;
    for (size_t left = answer_bytes; left != 0;) {
        size_t piece = left < sizeof block ? left : sizeof block;
        if (SSL_write(tls, block, (int)piece) <= 0) return false;
        left -= piece;
    }
    return true;
}

static void serve_tls(int fd, int nth)
{
    (void)nth;
    SSL *tls = SSL_new(backend_tls);
    SSL_set_fd(tls, fd);
    if (SSL_accept(tls) == 1) {
        const char *sni = SSL_get_servername(tls, TLSEXT_NAMETYPE_host_name);
        snprintf(seen_sni, sizeof seen_sni, "%s", sni != NULL ? sni : "");
        while (tls_head(tls) && tls_answer(tls) && !close_delimited)
            ;
        SSL_shutdown(tls);
    }
    SSL_free(tls);
}

static void use(const struct party *p, int version, const char *host)
{
    backend_tls = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_min_proto_version(backend_tls, version);
    SSL_CTX_set_max_proto_version(backend_tls, version);
    assert_int_equal(SSL_CTX_use_certificate(backend_tls, p->certificate), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(backend_tls, p->key), 1);
    const struct tls_client_conf conf = {.host = slice_of(host), .ca_file = ca_file};
    const struct err *err = tls_client(rig.arena, &conf, &rig.backend.tls);
    if (err != NULL) fail_msg("%.*s", SLICE_ARG(err_story(rig.arena, err)));
    rig.backend.host = slice_of(host);
    rig.serve = serve_tls;
    answer_bytes = 5;
    close_delimited = false;
}

static int end(void **state)
{
    rig_end(state);
    tls_drop(rig.backend.tls);
    SSL_CTX_free(backend_tls);
    rig.backend.tls = NULL;
    return 0;
}

static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

static void expect(int status)
{
    struct rig_message m = rig_ask(RIG_GET);
    if (m.status != status) fail_msg("status %d, not %d: %s", m.status, status, m.bytes);
    if (status == 200)
        assert_int_equal(m.body_len, answer_bytes);
    else
        assert_int_equal(rig.last_problem, PROBLEM_BACKEND_UNREACHABLE);
    rig_free(&m);
}

static void again(const struct party *p, int version, const char *host, int status)
{
    static char key[32];
    static int nth;
    snprintf(key, sizeof key, "tls-%d", nth++);
    use(p, version, host);
    rig.backend.pool_key = slice_of(key);
    expect(status);
    tls_drop(rig.backend.tls);
    SSL_CTX_free(backend_tls);
    rig.backend.tls = NULL;
    backend_tls = NULL;
}

static void the_right_name_is_served_on_both_versions(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        again(&good, versions[i], "localhost", 200);
        assert_string_equal(seen_sni, "localhost");
    }
}

static void an_address_in_the_certificate_is_a_name_too_and_sends_no_sni(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        again(&by_address, versions[i], "127.0.0.1", 200);
        assert_string_equal(seen_sni, "");
    }
}

static void another_name_is_refused_on_both_versions(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        again(&wrong_name, versions[i], "localhost", 502);
        again(&good, versions[i], "127.0.0.1", 502);
    }
}

static void an_unknown_issuer_is_refused_on_both_versions(void **state)
{
    (void)state;
    struct party stranger = make_party("localhost", "DNS:localhost", &other_ca);
    for (size_t i = 0; i < 2; i++)
        again(&stranger, versions[i], "localhost", 502);
    drop_party(&stranger);
}

static void serve_plain(int fd, int nth)
{
    (void)nth;
    rig_say(fd, OK "Content-Length: 5\r\n\r\nhello");
    rig_closes(fd);
}

static void a_plain_server_behind_a_tls_port_is_unreachable(void **state)
{
    (void)state;
    use(&good, TLS1_3_VERSION, "localhost");
    rig.serve = serve_plain;
    expect(502);
}

static void serve_mute(int fd, int nth)
{
    (void)nth;
    rig_closes(fd);
    rig_closes(fd);
    rig_sleep(1000);
}

static void a_handshake_that_stalls_ends_with_connect_ms(void **state)
{
    (void)state;
    use(&good, TLS1_3_VERSION, "localhost");
    rig.serve = serve_mute;
    rig.backend.connect_ms = 300;
    int64_t began = now_ms();
    expect(502);
    assert_in_range(now_ms() - began, 250, 2000);
}

static void connections_are_reused_and_large_answers_are_whole(void **state)
{
    (void)state;
    use(&good, TLS1_3_VERSION, "localhost");
    for (int i = 0; i < 5; i++) {
        expect(200);
        answer_bytes = 700000;
    }
    assert_int_equal(rig.connections, 1);
}

static void a_body_that_ends_with_the_connection_is_whole(void **state)
{
    (void)state;
    use(&good, TLS1_3_VERSION, "localhost");
    close_delimited = true;
    answer_bytes = 50000;
    expect(200);
}

#define ON_RIG(test) cmocka_unit_test_setup_teardown(test, rig_start, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_RIG(the_right_name_is_served_on_both_versions),
        ON_RIG(an_address_in_the_certificate_is_a_name_too_and_sends_no_sni),
        ON_RIG(another_name_is_refused_on_both_versions),
        ON_RIG(an_unknown_issuer_is_refused_on_both_versions),
        ON_RIG(a_plain_server_behind_a_tls_port_is_unreachable),
        ON_RIG(a_handshake_that_stalls_ends_with_connect_ms),
        ON_RIG(connections_are_reused_and_large_answers_are_whole),
        ON_RIG(a_body_that_ends_with_the_connection_is_whole),
    };
    return cmocka_run_group_tests(tests, make_world, drop_world);
}
