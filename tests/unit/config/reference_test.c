/* reference_test.c -- what stands in conf/ is what the key tables say, and every example there loads. */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/config.h"

#define CONF TESTS_FOLDER "/../conf"

enum {
    TEXT_MAX = 1 << 20
};

static char folder[] = "/tmp/vestibule-reference-XXXXXX";

static void write_file(const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fchmod(fileno(f), 0600), 0);
    fclose(f);
}

static void read_file(const char *path, struct buf *to)
{
    FILE *f = fopen(path, "re");
    if (f == NULL) print_error("%s is not there\n", path);
    assert_non_null(f);
    char *at = buf_room(to, TEXT_MAX - 1);
    assert_non_null(at);
    to->len += fread(at, 1, TEXT_MAX - 1, f);
    fclose(f);
}

static int credentials_are_there(void **state)
{
    (void)state;
    struct buf pem = buf_open(TEXT_MAX);
    if (mkdtemp(folder) == NULL) return -1;
    write_file("client_secret", "0123456789abcdef\n");
    write_file("local_users", "ada:$2y$12$......................abcdefghijklmnopqrstuvwxyz01234\n");
    write_file("redis_password", "correct horse\n");
    write_file("session_key_1", "a1BzQ2ZpTk1YZ0RqV3JyT0x2RnVZcEhiS2VTd0l0QXk=\n");
    write_file("session_key_2", "Q0hBTkdFUyBXSVRIIFRIRSBTRUFTT04gMTIzNDU2Nzg=\n");
    read_file(TESTS_FOLDER "/unit/config/fullchain.pem", &pem);
    buf_byte(&pem, '\0');
    write_file("fullchain.pem", pem.at);
    buf_clear(&pem);
    read_file(TESTS_FOLDER "/unit/config/privkey.pem", &pem);
    buf_byte(&pem, '\0');
    write_file("privkey.pem", pem.at);
    buf_close(&pem);
    return 0;
}

static int credentials_are_gone(void **state)
{
    (void)state;
    DIR *d = opendir(folder);
    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
        if (e->d_name[0] == '.') continue;
        if (unlinkat(dirfd(d), e->d_name, 0) != 0) unlinkat(dirfd(d), e->d_name, AT_REMOVEDIR);
    }
    if (d != NULL) closedir(d);
    return rmdir(folder);
}

/* Errors of a configuration; told when there are any. */
static int errors_of(const char *path, int *ret_warnings)
{
    char credentials[128], state[128];
    snprintf(credentials, sizeof credentials, "CREDENTIALS_DIRECTORY=%s", folder);
    snprintf(state, sizeof state, "STATE_DIRECTORY=%s/state", folder);
    const char *environment[] = {credentials, state, NULL};
    struct config_ask ask = {.paths = &path, .path_count = 1, .environment = environment};
    struct config *c = config_read(&ask);
    struct snapshot *s = config_build(c, &(struct config_use){.purpose = CONFIG_CHECK});
    int errors = config_complaints(c)->errors;
    struct buf out = buf_open(TEXT_MAX);
    complaint_write_text(config_complaints(c), &out, false, LIT("not started"));
    if (errors > 0) print_error("%.*s", (int)out.len, out.at);
    *ret_warnings = config_complaints(c)->warnings;
    assert_int_equal(s != NULL, errors == 0);
    buf_close(&out);
    config_close(c);
    snapshot_drop(s);
    return errors;
}

static void same_as_file(void (*write)(struct buf *to), const char *path)
{
    struct buf made = buf_open(TEXT_MAX), file = buf_open(TEXT_MAX);
    write(&made);
    read_file(path, &file);
    bool same = slice_is(buf_slice(&made), buf_slice(&file));
    if (!same) print_error("%s is not what the key tables say: write it anew\n", path);
    buf_close(&made);
    buf_close(&file);
    assert_true(same);
}

static void full(struct buf *to)
{
    config_example(to, true);
}

static void the_reference_configuration_is_made_from_the_key_tables(void **state)
{
    (void)state;
    same_as_file(full, CONF "/vestibule.yaml");
}

static void the_manual_page_is_made_from_the_key_tables(void **state)
{
    (void)state;
    same_as_file(config_manual, CONF "/vestibule.yaml.5");
}

static void the_reference_configuration_loads(void **state)
{
    (void)state;
    int warnings;
    assert_int_equal(errors_of(CONF "/vestibule.yaml", &warnings), 0);
    assert_int_equal(warnings, 0);
}

static void the_short_example_loads(void **state)
{
    (void)state;
    char path[256];
    int warnings;
    struct buf text = buf_open(TEXT_MAX);
    config_example(&text, false);
    buf_byte(&text, '\0');
    write_file("short.yaml", text.at);
    buf_close(&text);
    snprintf(path, sizeof path, "%s/short.yaml", folder);
    assert_int_equal(errors_of(path, &warnings), 0);
    assert_int_equal(warnings, 0);
}

static void every_example_loads(void **state)
{
    (void)state;
    DIR *d = opendir(CONF "/examples");
    int count = 0, errors = 0, warnings;
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        char path[512];
        if (!slice_ends(slice_of(e->d_name), LIT(".yaml"))) continue;
        snprintf(path, sizeof path, "%s/examples/%s", CONF, e->d_name);
        errors += errors_of(path, &warnings);
        count++;
    }
    closedir(d);
    assert_true(count >= 6);
    assert_int_equal(errors, 0);
}

/* Every key that is commented out would load if the comment sign went: none is misspelled, each default is one it takes itself. */
static void every_commented_default_is_a_value_the_key_takes(void **state)
{
    (void)state;
    struct buf text = buf_open(TEXT_MAX), bare = buf_open(TEXT_MAX);
    int warnings;
    char path[256];
    config_example(&text, true);
    struct slice rest = buf_slice(&text), line;
    while (slice_cut(&rest, '\n', &line)) {
        size_t sign = slice_index(line, '#');
        bool scalar = sign != SLICE_NONE && sign + 1 < line.len && line.at[sign + 1] != ' ' &&
                      line.at[line.len - 1] != ':' && slice_find(line, LIT("...")) == SLICE_NONE && sign == 0;
        if (!scalar || slice_starts(line, LIT("#backend")) || slice_starts(line, LIT("#mode"))) {
            buf_add(&bare, line);
        } else {
            buf_add(&bare, slice_from(line, 1));
        }
        buf_byte(&bare, '\n');
    }
    buf_byte(&bare, '\0');
    write_file("bare.yaml", bare.at);
    snprintf(path, sizeof path, "%s/providers.d", folder);
    assert_true(mkdir(path, 0700) == 0);
    buf_close(&text);
    buf_close(&bare);
    snprintf(path, sizeof path, "%s/bare.yaml", folder);
    assert_int_equal(errors_of(path, &warnings), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reference_configuration_is_made_from_the_key_tables),
        cmocka_unit_test(the_manual_page_is_made_from_the_key_tables),
        cmocka_unit_test(the_reference_configuration_loads),
        cmocka_unit_test(the_short_example_loads),
        cmocka_unit_test(every_example_loads),
        cmocka_unit_test(every_commented_default_is_a_value_the_key_takes),
    };
    return cmocka_run_group_tests(tests, credentials_are_there, credentials_are_gone);
}
