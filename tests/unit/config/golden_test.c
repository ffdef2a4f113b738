/* golden_test.c -- what the configuration's reader says: every file of tests/golden/config is one case.
 *
 *   %base                 base.yaml, a small good configuration, is read before
 *   %env NAME=VALUE       %set key.path=value       %args none (no file at all)
 *   %file NAME TEXT       a file of mode 0600 beside the configuration; %open: mode 0644
 *   %provider ID TEXT     the provider file providers.d/ID.yaml; "; " in TEXT begins a new line
 *   %second               what follows is conf.d-like second.yaml, read after
 *   ... YAML ...
 *   ----------
 *   the complaints, or "fine"
 *
 * GOLDEN_UPDATE=1 writes what came out into the files, to be read by a person before it is committed.
 */
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/config.h"

enum {
    FILE_MAX_BYTES = 64 * 1024,
    LISTS = 16
};

static const char base[] = "public_url: https://app.example.com\n"
                           "providers:\n"
                           "  - use: oidc\n"
                           "    id: corp\n"
                           "    issuer: https://id.example.com\n"
                           "    client_id: vestibule\n"
                           "    client_secret: 0123456789abcdef\n"
                           "session:\n"
                           "  store: redis://127.0.0.1:6379/0\n"
                           "backend: http://127.0.0.1:3000\n";

struct one {
    const char *environment[LISTS + 2], *set[LISTS], *paths[3];
    size_t environment_count, set_count, path_count;
    bool base, none;
};

static void write_file(const char *name, const char *text, size_t len, mode_t mode)
{
    FILE *f = fopen(name, "we");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, len, f), len);
    assert_int_equal(fchmod(fileno(f), mode), 0);
    fclose(f);
}

static void provider_file(struct arena *a, struct slice rest)
{
    struct slice id;
    slice_cut(&rest, ' ', &id);
    char *text = (char *)(uintptr_t)arena_text(a, rest);
    for (char *p = strstr(text, "; "); p != NULL; p = strstr(p, "; ")) {
        p[0] = '\n';
        memmove(p + 1, p + 2, strlen(p + 2) + 1);
    }
    assert_true(mkdir("providers.d", 0700) == 0 || errno == EEXIST);
    write_file(arena_print(a, "providers.d/%.*s.yaml", SLICE_ARG(id)).at, text, strlen(text), 0600);
}

/* One %line; true while there are more. */
static bool directive(struct arena *a, struct one *c, struct slice line)
{
    struct slice word, rest = line, name;
    slice_cut(&rest, ' ', &word);
    if (slice_is(word, LIT("%base"))) c->base = true;
    if (slice_is(word, LIT("%args"))) c->none = true;
    if (slice_is(word, LIT("%env"))) c->environment[c->environment_count++] = arena_text(a, rest);
    if (slice_is(word, LIT("%set"))) c->set[c->set_count++] = arena_text(a, rest);
    if (slice_is(word, LIT("%provider"))) provider_file(a, rest);
    if (!slice_is(word, LIT("%file")) && !slice_is(word, LIT("%open"))) return true;
    slice_cut(&rest, ' ', &name);
    write_file(arena_text(a, name), rest.at, rest.len, slice_is(word, LIT("%open")) ? 0644 : 0600);
    return true;
}

static void prepare(struct arena *a, struct one *c, struct slice input)
{
    struct slice line;
    while (input.len > 0 && input.at[0] == '%' && !slice_starts(input, LIT("%second"))) {
        slice_cut(&input, '\n', &line);
        directive(a, c, line);
    }
    size_t second = slice_find(input, LIT("%second\n"));
    struct slice first = second != SLICE_NONE ? slice_upto(input, second) : input;
    if (c->none) return;
    if (c->base) write_file("base.yaml", base, sizeof base - 1, 0600);
    if (c->base) c->paths[c->path_count++] = "base.yaml";
    write_file("vestibule.yaml", first.at, first.len, 0600);
    c->paths[c->path_count++] = "vestibule.yaml";
    if (second == SLICE_NONE) return;
    struct slice rest = slice_from(input, second + 8);
    write_file("second.yaml", rest.at, rest.len, 0600);
    c->paths[c->path_count++] = "second.yaml";
}

static struct slice run_case(struct arena *a, struct slice input)
{
    struct one c = {0};
    struct buf out = buf_open(FILE_MAX_BYTES);
    c.environment[c.environment_count++] = "STATE_DIRECTORY=state";
    prepare(a, &c, input);
    struct config_ask ask = {.paths = c.paths,
                             .path_count = c.path_count,
                             .environment = c.environment,
                             .set = c.set,
                             .set_count = c.set_count};
    struct config *config = config_read(&ask);
    struct snapshot *s = config_build(config, &(struct config_use){.purpose = CONFIG_CHECK});
    assert_int_equal(s != NULL, config_complaints(config)->errors == 0);
    complaint_write_text(config_complaints(config), &out, false, LIT("not started"));
    if (out.len == 0) buf_add(&out, LIT("fine\n"));
    assert_false(out.full);
    struct slice told = arena_copy(a, buf_slice(&out));
    buf_close(&out);
    config_close(config);
    snapshot_drop(s);
    return told;
}

static struct slice read_whole(struct arena *a, const char *path)
{
    char *bytes = arena_bytes(a, FILE_MAX_BYTES);
    FILE *f = fopen(path, "re");
    assert_non_null(f);
    size_t len = fread(bytes, 1, FILE_MAX_BYTES, f);
    fclose(f);
    return (struct slice){bytes, len};
}

static int remove_folder(const char *path)
{
    DIR *d = opendir(path);
    if (d == NULL) return -1;
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        if (e->d_name[0] == '.' || unlinkat(dirfd(d), e->d_name, 0) == 0) continue;
        char inside[512];
        snprintf(inside, sizeof inside, "%s/%s", path, e->d_name);
        remove_folder(inside);
    }
    closedir(d);
    return rmdir(path);
}

static bool one_case(const char *path)
{
    struct arena *a = arena_open(64 << 20);
    char folder[] = "/tmp/vestibule-golden-XXXXXX";
    struct slice text = read_whole(a, path), line = LIT("----------\n");
    size_t cut = slice_find(text, line);
    assert_int_not_equal(cut, SLICE_NONE);
    struct slice input = slice_upto(text, cut), expected = slice_from(text, cut + line.len);
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
    struct slice told = run_case(a, input);
    assert_int_equal(chdir("/"), 0);
    remove_folder(folder);
    bool same = slice_is(told, expected);
    if (!same && getenv("GOLDEN_UPDATE") != NULL) {
        struct slice parts[] = {input, line, told};
        struct slice whole = arena_join(a, parts, 3);
        write_file(path, whole.at, whole.len, 0644);
        same = true;
    }
    if (!same) print_error("%s\n--- expected\n%.*s--- told\n%.*s", path, SLICE_ARG(expected), SLICE_ARG(told));
    arena_close(a);
    return same;
}

static void every_golden_configuration_is_answered_as_written_down(void **state)
{
    (void)state;
    DIR *d = opendir(TESTS_FOLDER "/golden/config");
    size_t cases = 0, wrong = 0;
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        char path[512];
        if (!slice_ends(slice_of(e->d_name), LIT(".txt"))) continue;
        snprintf(path, sizeof path, "%s/golden/config/%s", TESTS_FOLDER, e->d_name);
        cases++;
        if (!one_case(path)) wrong++;
    }
    closedir(d);
    assert_true(cases >= 60);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_golden_configuration_is_answered_as_written_down)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
