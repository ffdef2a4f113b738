/* Keys that sign assertions: one by one, and as a folder that is made, rotated, retired and shared. */
#include "crypto/signing_keys.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "text/encode.h"

#define NOW ((int64_t)1750000000)
#define DAY ((int64_t)86400)

static struct arena *a;
static char home[64], folder[80];

static int open_home(void **state)
{
    (void)state;
    a = arena_open(16 << 20);
    snprintf(home, sizeof home, "/tmp/vestibule-keys-XXXXXX");
    assert_non_null(mkdtemp(home));
    snprintf(folder, sizeof folder, "%s/keys", home);
    return 0;
}

static void empty_folder(void)
{
    DIR *dir = opendir(folder);
    for (struct dirent *e = dir != NULL ? readdir(dir) : NULL; e != NULL; e = readdir(dir)) {
        if (e->d_name[0] != '.') unlinkat(dirfd(dir), e->d_name, 0);
    }
    if (dir != NULL) closedir(dir);
    rmdir(folder);
}

static int close_home(void **state)
{
    (void)state;
    empty_folder();
    rmdir(home);
    arena_close(a);
    return 0;
}

static int fresh(void **state)
{
    (void)state;
    empty_folder();
    return 0;
}

static size_t files_ending(const char *tail)
{
    size_t count = 0;
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
        count += slice_ends(slice_of(e->d_name), slice_of(tail)) ? 1 : 0;
    }
    closedir(dir);
    return count;
}

static const char *in_folder(const char *name)
{
    return arena_print(a, "%s/%s", folder, name).at;
}

static void write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
}

static struct signing_keys *read_at(int64_t now)
{
    struct signing_keys *keys = NULL;
    assert_null(signing_keys_read(a, folder, true, now, &keys));
    return keys;
}

static bool refused(const char *word)
{
    struct signing_keys *keys = NULL;
    const struct err *why = signing_keys_read(a, folder, true, NOW, &keys);
    if (why == NULL) signing_keys_close(keys);
    return why != NULL && why->problem == PROBLEM_CONFIG && slice_find(err_story(a, why), slice_of(word)) != SLICE_NONE;
}

static enum jose_verdict verdict(struct slice token, struct slice jwks)
{
    struct jwks *keys;
    struct jws jws;
    const struct err *why;
    assert_null(jwks_read(a, jwks, &keys));
    enum jose_verdict v = jws_verify(a, token, keys, JOSE_ES256, &jws, &why);
    jwks_drop(keys);
    return v;
}

static size_t published(const struct signing_keys *keys)
{
    struct jwks *set;
    assert_null(jwks_read(a, signing_keys_jwks(keys), &set));
    size_t count = jwks_count(set);
    jwks_drop(set);
    return count;
}

/* ---- one key ---- */

static void what_we_sign_verifies_with_the_published_key(void **state)
{
    (void)state;
    struct signing_key *key = signing_key_make(), *other = signing_key_make();
    struct slice token = jws_sign(a, key, LIT("JWT"), LIT("{\"sub\":\"alice\"}"));
    struct slice set = arena_print(a, "{\"keys\":[%s]}", signing_key_jwk(a, key).at);
    struct slice wrong = arena_print(a, "{\"keys\":[%s]}", signing_key_jwk(a, other).at);
    struct jwks *keys;
    struct jws jws;
    const struct err *why;
    assert_null(jwks_read(a, set, &keys));
    assert_int_equal(jws_verify(a, token, keys, JOSE_ES256, &jws, &why), JOSE_GOOD);
    assert_true(slice_is(jws.kid, signing_key_id(key)));
    assert_true(slice_is(jws.typ, LIT("JWT")));
    assert_true(slice_is(doc_string(jws.claims, LIT("sub")), LIT("alice")));
    jwks_drop(keys);
    assert_int_equal(verdict(token, wrong), JOSE_UNKNOWN_KEY);
    signing_key_close(key);
    signing_key_close(other);
    signing_key_close(NULL);
}

/* The key of RFC 7515 A.3; the thumbprint of its canonical JSON was computed with another program. */
static void the_id_is_the_thumbprint_of_rfc_7638(void **state)
{
    (void)state;
    static const char pem[] = "-----BEGIN PRIVATE KEY-----\n"
                              "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgjpsQnnGQmL+YBIff\n"
                              "H1136cspYG6+0iY7X1fCE9+E9LKhRANCAAR/zc4ncPbEXUGDy+5v20t7WAczNXvp\n"
                              "7xO6z248e9FURcfxRM0bvZt+hyzf7bnuufSzaV1uqQskrYpGIyiFiOWt\n"
                              "-----END PRIVATE KEY-----\n";
    struct signing_key *key = NULL;
    assert_null(signing_key_read(a, LIT(pem), &key));
    assert_string_equal(arena_text(a, signing_key_id(key)), "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U");
    assert_string_equal(signing_key_jwk(a, key).at,
                        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
                        "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\","
                        "\"kid\":\"oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U\",\"use\":\"sig\",\"alg\":\"ES256\"}");
    signing_key_close(key);
}

static void a_key_survives_being_written_and_read(void **state)
{
    (void)state;
    struct signing_key *key = signing_key_make(), *back = NULL;
    struct slice pem = signing_key_pem(a, key);
    assert_true(slice_starts(pem, LIT("-----BEGIN PRIVATE KEY-----\n")));
    assert_null(signing_key_read(a, pem, &back));
    assert_true(slice_is(signing_key_id(key), signing_key_id(back)));
    assert_int_equal(signing_key_id(key).len, 43);
    assert_string_equal(signing_key_jwk(a, key).at, signing_key_jwk(a, back).at);
    signing_key_close(key);
    signing_key_close(back);
}

static struct slice pem_of(EVP_PKEY *key, const char *passphrase)
{
    char *at;
    BIO *bio = BIO_new(BIO_s_mem());
    const EVP_CIPHER *cipher = passphrase != NULL ? EVP_aes_256_cbc() : NULL;
    int len = passphrase != NULL ? (int)strlen(passphrase) : 0;
    assert_int_equal(PEM_write_bio_PKCS8PrivateKey(bio, key, cipher, passphrase, len, NULL, NULL), 1);
    struct slice pem = {NULL, (size_t)BIO_get_mem_data(bio, &at)};
    pem = arena_copy(a, (struct slice){at, pem.len});
    BIO_free(bio);
    EVP_PKEY_free(key);
    return pem;
}

static void keys_of_another_kind_are_refused(void **state)
{
    (void)state;
    const struct slice bad[] = {
        slice_of(NULL),
        LIT("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
        LIT("not a key"),
        pem_of(EVP_EC_gen("P-384"), NULL),
        pem_of(EVP_EC_gen("secp256k1"), NULL),
        pem_of(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), NULL),
        pem_of(EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048), NULL),
        pem_of(EVP_EC_gen("P-256"), "a passphrase"),
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct signing_key *key = NULL;
        assert_non_null(signing_key_read(a, bad[i], &key));
        assert_null(key);
    }
    struct signing_key *key = NULL;
    assert_null(signing_key_read(a, pem_of(EVP_EC_gen("P-256"), NULL), &key));
    signing_key_close(key);
}

/* ---- the folder ---- */

static void no_id_of_a_new_key_looks_like_an_option(void **state)
{
    (void)state;
    for (int i = 0; i < 500; i++) { /* one in sixty-four would */
        struct signing_key *key = signing_key_make();
        assert_false(slice_starts(signing_key_id(key), LIT("-")));
        signing_key_close(key);
    }
}

static void the_first_start_makes_a_current_and_a_next_key(void **state)
{
    (void)state;
    struct signing_keys *keys = read_at(NOW), *again = read_at(NOW + 5);
    struct stat s;
    assert_int_equal(published(keys), 2);
    assert_true(slice_is(signing_keys_jwks(keys), signing_keys_jwks(again)));
    assert_true(slice_is(signing_key_id(signing_keys_current(keys)), signing_key_id(signing_keys_current(again))));
    assert_int_equal(files_ending(".pem"), 2);
    assert_int_equal(stat(folder, &s) == 0 ? s.st_mode & 0777u : 0, 0700);
    assert_int_equal(stat(in_folder("keys.json"), &s) == 0 ? s.st_mode & 0777u : 0, 0600);
    const char *pem = arena_print(a, "%.*s.pem", SLICE_ARG(signing_key_id(signing_keys_current(keys)))).at;
    assert_int_equal(stat(in_folder(pem), &s) == 0 ? s.st_mode & 0777u : 0, 0600);
    struct slice token = jws_sign(a, signing_keys_current(keys), LIT("JWT"), LIT("{}"));
    assert_int_equal(verdict(token, signing_keys_jwks(again)), JOSE_GOOD);
    signing_keys_close(keys);
    signing_keys_close(again);
}

static void the_published_set_shows_no_private_part(void **state)
{
    (void)state;
    struct signing_keys *keys = read_at(NOW);
    assert_int_equal(slice_find(signing_keys_jwks(keys), LIT("\"d\"")), SLICE_NONE);
    assert_int_equal(slice_find(signing_keys_jwks(keys), LIT("PRIVATE")), SLICE_NONE);
    signing_keys_close(keys);
}

static void nothing_is_made_unless_asked(void **state)
{
    (void)state;
    struct signing_keys *keys = NULL;
    assert_non_null(signing_keys_read(a, folder, false, NOW, &keys));
    assert_int_equal(mkdir(folder, 0700), 0);
    assert_non_null(signing_keys_read(a, folder, false, NOW, &keys));
    assert_null(keys);
    assert_non_null(signing_keys_rotate(a, folder, NOW, DAY));
    assert_int_equal(files_ending("keys.json"), 0);
}

static void rotation_makes_the_known_next_key_current(void **state)
{
    (void)state;
    struct signing_keys *before = read_at(NOW);
    struct slice old_token = jws_sign(a, signing_keys_current(before), LIT("JWT"), LIT("{}"));
    assert_null(signing_keys_rotate(a, folder, NOW + DAY, 7 * DAY));
    struct signing_keys *after = read_at(NOW + DAY);
    struct slice new_token = jws_sign(a, signing_keys_current(after), LIT("JWT"), LIT("{}"));
    assert_int_equal(published(after), 3);
    assert_int_equal(verdict(old_token, signing_keys_jwks(after)), JOSE_GOOD);
    /* who kept the set from before the rotation knows the new signer already */
    assert_int_equal(verdict(new_token, signing_keys_jwks(before)), JOSE_GOOD);
    struct signing_keys *later = read_at(NOW + 8 * DAY);
    assert_int_equal(published(later), 2);
    assert_int_equal(verdict(old_token, signing_keys_jwks(later)), JOSE_UNKNOWN_KEY);
    signing_keys_close(before);
    signing_keys_close(after);
    signing_keys_close(later);
}

static void what_root_rotates_stays_the_gateways_own(void **state)
{
    enum {
        GATEWAY = 65534
    };
    (void)state;
    if (geteuid() != 0) skip();
    signing_keys_close(read_at(NOW));
    assert_int_equal(chown(folder, GATEWAY, GATEWAY), 0);
    assert_null(signing_keys_rotate(a, folder, NOW + DAY, 7 * DAY));
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    size_t given = 0;
    for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
        struct stat s;
        assert_int_equal(fstatat(dirfd(dir), e->d_name, &s, AT_SYMLINK_NOFOLLOW), 0);
        if (S_ISREG(s.st_mode) && s.st_uid == GATEWAY && s.st_gid == GATEWAY) given++;
        if (S_ISREG(s.st_mode)) assert_int_equal(s.st_mode & 0777, 0600);
    }
    closedir(dir);
    assert_int_equal(given,
                     2); /* the list and the new next key; the others were there before the folder was given away */
}

static void expired_keys_leave_the_folder_at_the_next_rotation(void **state)
{
    (void)state;
    signing_keys_close(read_at(NOW));
    for (int i = 1; i <= 5; i++) {
        assert_null(signing_keys_rotate(a, folder, NOW + i * DAY, DAY));
    }
    assert_int_equal(files_ending(".pem"), 3);
    assert_int_equal(files_ending(".new"), 0);
}

static void the_list_tells_states_and_times(void **state)
{
    (void)state;
    struct signing_key_row *rows;
    size_t count;
    signing_keys_close(read_at(NOW));
    assert_null(signing_keys_rotate(a, folder, NOW + DAY, 7 * DAY));
    assert_null(signing_keys_list(a, folder, NOW + DAY, &rows, &count));
    assert_int_equal(count, 3);
    assert_true(slice_is(rows[0].state, LIT("old")));
    assert_int_equal(rows[0].retired_s, NOW + 8 * DAY);
    assert_true(slice_is(rows[1].state, LIT("current")));
    assert_int_equal(rows[1].active_s, NOW + DAY);
    assert_true(slice_is(rows[2].state, LIT("next")));
    assert_int_equal(rows[2].created_s, NOW + DAY);
    assert_null(signing_keys_list(a, folder, NOW + 8 * DAY, &rows, &count));
    assert_int_equal(count, 2);
}

static void only_old_keys_can_be_retired(void **state)
{
    (void)state;
    struct signing_key_row *rows;
    size_t count;
    signing_keys_close(read_at(NOW));
    assert_null(signing_keys_rotate(a, folder, NOW + DAY, 7 * DAY));
    assert_null(signing_keys_list(a, folder, NOW + DAY, &rows, &count));
    assert_non_null(signing_keys_retire(a, folder, rows[1].kid));
    assert_non_null(signing_keys_retire(a, folder, rows[2].kid));
    assert_non_null(signing_keys_retire(a, folder, LIT("../../etc/passwd")));
    assert_null(signing_keys_retire(a, folder, rows[0].kid));
    assert_non_null(signing_keys_retire(a, folder, rows[0].kid));
    assert_int_equal(files_ending(".pem"), 2);
    struct signing_keys *keys = read_at(NOW + DAY);
    assert_int_equal(published(keys), 2);
    signing_keys_close(keys);
}

static void what_others_may_read_is_refused_with_the_cure(void **state)
{
    (void)state;
    struct signing_key_row *rows;
    size_t count;
    signing_keys_close(read_at(NOW));
    assert_null(signing_keys_list(a, folder, NOW, &rows, &count));
    const char *pem = in_folder(arena_print(a, "%s.pem", rows[0].kid.at).at);
    chmod(pem, 0644);
    assert_true(refused("chmod 600"));
    chmod(pem, 0600);
    chmod(in_folder("keys.json"), 0666);
    assert_true(refused("chmod 600"));
    chmod(in_folder("keys.json"), 0600);
    chmod(folder, 0755);
    assert_true(refused("chmod 700"));
    chmod(folder, 0700);
    signing_keys_close(read_at(NOW));
}

static void a_damaged_folder_is_refused(void **state)
{
    (void)state;
    struct signing_key_row *rows;
    size_t count;
    signing_keys_close(read_at(NOW));
    assert_null(signing_keys_list(a, folder, NOW, &rows, &count));
    const char *one = in_folder(arena_print(a, "%s.pem", rows[0].kid.at).at);
    const char *two = in_folder(arena_print(a, "%s.pem", rows[1].kid.at).at);
    const char *list = in_folder("keys.json"), *aside = arena_print(a, "%s/aside", home).at;

    assert_int_equal(rename(list, aside), 0);
    assert_true(refused("no keys.json"));
    static const char *const lists[] = {
        "{",
        "{}",
        "{\"keys\":[]}",
        "{\"keys\":[{}]}",
        "{\"keys\":[{\"kid\":\"../../x\",\"created_s\":1,\"active_s\":1,\"retired_s\":0}]}",
    };
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        write_text(list, lists[i]);
        assert_true(refused(""));
    }
    assert_int_equal(rename(aside, list), 0);

    assert_int_equal(rename(one, aside), 0);
    assert_true(refused("cannot open"));
    assert_int_equal(link(two, one), 0);
    assert_true(refused("another key"));
    unlink(one);
    assert_int_equal(symlink(aside, one), 0);
    assert_true(refused("cannot open"));
    unlink(one);
    assert_int_equal(rename(aside, one), 0);
    signing_keys_close(read_at(NOW));
}

static void *start_a_replica(void *ret_kid)
{
    struct arena *own = arena_open(1 << 20);
    struct signing_keys *keys = NULL;
    if (signing_keys_read(own, folder, true, NOW, &keys) == NULL) {
        memcpy(ret_kid, signing_key_id(signing_keys_current(keys)).at, 43);
        signing_keys_close(keys);
    }
    arena_close(own);
    arena_drain();
    return NULL;
}

static void replicas_that_start_together_agree_on_one_key(void **state)
{
    (void)state;
    pthread_t threads[6];
    char kids[6][44] = {{0}};
    for (int i = 0; i < 6; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, start_a_replica, kids[i]), 0);
    }
    for (int i = 0; i < 6; i++) {
        pthread_join(threads[i], NULL);
    }
    for (int i = 0; i < 6; i++) {
        assert_int_equal(strlen(kids[i]), 43);
        assert_string_equal(kids[0], kids[i]);
    }
    assert_int_equal(files_ending(".pem"), 2);
}

static void keys_in_memory_sign_too(void **state)
{
    (void)state;
    struct signing_keys *keys = signing_keys_in_memory(NOW);
    struct slice token = jws_sign(a, signing_keys_current(keys), LIT("JWT"), LIT("{}"));
    assert_int_equal(verdict(token, signing_keys_jwks(keys)), JOSE_GOOD);
    signing_keys_close(keys);
    signing_keys_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_we_sign_verifies_with_the_published_key),
        cmocka_unit_test(the_id_is_the_thumbprint_of_rfc_7638),
        cmocka_unit_test(a_key_survives_being_written_and_read),
        cmocka_unit_test(keys_of_another_kind_are_refused),
        cmocka_unit_test(no_id_of_a_new_key_looks_like_an_option),
        cmocka_unit_test_setup(the_first_start_makes_a_current_and_a_next_key, fresh),
        cmocka_unit_test_setup(the_published_set_shows_no_private_part, fresh),
        cmocka_unit_test_setup(nothing_is_made_unless_asked, fresh),
        cmocka_unit_test_setup(rotation_makes_the_known_next_key_current, fresh),
        cmocka_unit_test_setup(expired_keys_leave_the_folder_at_the_next_rotation, fresh),
        cmocka_unit_test_setup(the_list_tells_states_and_times, fresh),
        cmocka_unit_test_setup(what_root_rotates_stays_the_gateways_own, fresh),
        cmocka_unit_test_setup(only_old_keys_can_be_retired, fresh),
        cmocka_unit_test_setup(what_others_may_read_is_refused_with_the_cure, fresh),
        cmocka_unit_test_setup(a_damaged_folder_is_refused, fresh),
        cmocka_unit_test_setup(replicas_that_start_together_agree_on_one_key, fresh),
        cmocka_unit_test(keys_in_memory_sign_too),
    };
    return cmocka_run_group_tests(tests, open_home, close_home);
}
