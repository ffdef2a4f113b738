/* command_test.c -- the program as people type it: words to standard error, data to standard output, one status each. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/commands.h"

enum {
    ARGUMENTS = 12,
    TEXT_MAX = 1 << 20
};

static char folder[] = "/tmp/vestibule-cli-XXXXXX";
static char good[64], broken[64], keys[64], state_directory[64];

/* The server and the demonstration are not what is tested here. */
int command_run(const struct command_line *line)
{
    return (int)line->given_count + 100;
}

int command_demo(const struct command_line *line)
{
    printf("port %s\n", command_value(line, "port") != NULL ? command_value(line, "port") : "usual");
    return EXIT_FINE;
}

static struct {
    int status;
    char out[TEXT_MAX], words[TEXT_MAX];
} told;

static size_t slurp(int fd, char *to)
{
    size_t len = 0;
    lseek(fd, 0, SEEK_SET);
    for (ssize_t n; len < TEXT_MAX - 1 && (n = read(fd, to + len, TEXT_MAX - 1 - len)) > 0;) {
        len += (size_t)n;
    }
    to[len] = '\0';
    close(fd);
    return len;
}

static int hold(int fd, int *ret_saved)
{
    char name[] = "/tmp/vestibule-held-XXXXXX";
    int held = mkostemp(name, O_CLOEXEC);
    unlink(name);
    *ret_saved = fcntl(fd, F_DUPFD_CLOEXEC, 10);
    dup2(held, fd);
    return held;
}

/* Types a line; words are separated by one blank. */
static int type(const char *typed)
{
    static char text[512];
    char *argv[ARGUMENTS + 1] = {text};
    const char *environment[] = {state_directory, NULL};
    int argc = 1, out_saved, err_saved;
    snprintf(text, sizeof text, "vestibule%s%s", typed[0] != '\0' ? " " : "", typed);
    for (char *c = text; *c != '\0'; c++) {
        if (*c != ' ' || argc == ARGUMENTS) continue;
        *c = '\0';
        argv[argc++] = c + 1;
    }
    fflush(stdout);
    int out = hold(STDOUT_FILENO, &out_saved), err = hold(STDERR_FILENO, &err_saved);
    told.status = command_main(argc, argv, environment, NULL);
    fflush(stdout);
    dup2(out_saved, STDOUT_FILENO);
    dup2(err_saved, STDERR_FILENO);
    close(out_saved);
    close(err_saved);
    slurp(out, told.out);
    slurp(err, told.words);
    return told.status;
}

static bool out_has(const char *text)
{
    return strstr(told.out, text) != NULL;
}

static bool words_have(const char *text)
{
    bool has = strstr(told.words, text) != NULL;
    if (!has) print_error("not told: %s\ntold: %s\n", text, told.words);
    return has;
}

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    fclose(f);
}

static int files_are_there(void **state)
{
    static const char text[] =
        "public_url: https://app.example.com\n"
        "providers:\n"
        "  - { use: oidc, id: corp, issuer: 'https://id.example.com', client_id: v, client_secret: hunter2hunter2 }\n"
        "session: { store: 'redis://127.0.0.1/3' }\n"
        "metrics: { listen: 127.0.0.1:1 }\n"
        "backend: http://127.0.0.1:3000\n";
    (void)state;
    if (mkdtemp(folder) == NULL) return -1;
    snprintf(good, sizeof good, "%s/good.yaml", folder);
    snprintf(broken, sizeof broken, "%s/broken.yaml", folder);
    snprintf(keys, sizeof keys, "%s/keys", folder);
    snprintf(state_directory, sizeof state_directory, "STATE_DIRECTORY=%s/state", folder);
    write_file(good, text);
    write_file(broken, "public_ulr: https://app.example.com\n");
    return 0;
}

static int files_are_gone(void **state)
{
    char command[128];
    (void)state;
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command);
}

static int type_with(const char *before, const char *file, const char *after)
{
    char text[512];
    snprintf(text, sizeof text, "%s%s%s", before, file, after);
    return type(text);
}

static void options_stand_before_or_after_the_command(void **state)
{
    (void)state;
    assert_int_equal(type("run --config a -c b --set x=y"), 103);
    assert_int_equal(type("--config=a run"), 101);
    assert_int_equal(type("-ca run -v"), 102);
    assert_int_equal(type("demo --port 9000"), EXIT_FINE);
    assert_true(out_has("port 9000"));
}

static void a_slip_of_the_finger_is_told_with_the_nearest_name(void **state)
{
    (void)state;
    assert_int_equal(type("chekc"), EXIT_USAGE);
    assert_true(words_have("did you mean \"check\"?"));
    assert_int_equal(type("keys rotat"), EXIT_USAGE);
    assert_true(words_have("did you mean \"keys rotate\"?"));
    assert_int_equal(type("check --onlin"), EXIT_USAGE);
    assert_true(words_have("did you mean \"--online\"?"));
    assert_int_equal(type("keys"), EXIT_USAGE);
    assert_true(words_have("keys needs another word: generate, list, rotate, retire, jwks"));
    assert_int_equal(type("help chekc"), EXIT_USAGE);
    assert_int_equal(type("help keys rotat"), EXIT_USAGE);
    assert_int_equal(strlen(told.out), 0);
}

static void the_first_word_of_several_commands_has_help_too(void **state)
{
    static const char *const lines[] = {"keys --help", "help keys", "-h keys"};
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        assert_int_equal(type(lines[i]), EXIT_FINE);
        assert_true(out_has("keys rotate          let the next key sign"));
        assert_false(out_has("sessions list"));
        assert_int_equal(strlen(told.words), 0);
    }
}

static void wrong_usage_is_64(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "run more",           "secret --bytes",      "secret --bytes 5", "secret --bytes x",        "check --port 1",
        "check --format xml", "keys retire",         "completion",       "completion tcsh",         "-x",
        "--quiet=1 run",      "a b c d e f g h i j", "man other",        "keys rotate --publish 1s"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        if (type(lines[i]) != EXIT_USAGE) fail_msg("\"%s\" gave %d", lines[i], told.status);
        assert_true(strlen(told.words) > 0);
        assert_int_equal(strlen(told.out), 0);
    }
}

static int lines_in(const char *text)
{
    int lines = 0;
    for (; *text != '\0'; text++) {
        if (*text == '\n') lines++;
    }
    return lines;
}

static void help_fits_a_screen(void **state)
{
    (void)state;
    size_t count;
    const struct command *all = command_table(&count);
    assert_int_equal(type("--help"), EXIT_FINE);
    assert_true(out_has("vestibule.yaml"));
    assert_true(lines_in(told.out) <= 24);
    for (size_t i = 0; i < count; i++) {
        char line[64];
        snprintf(line, sizeof line, "help %s", all[i].name);
        assert_int_equal(type(line), EXIT_FINE);
        assert_true(out_has("examples:\n"));
        assert_true(out_has(all[i].summary));
        assert_true(lines_in(told.out) <= 24);
        snprintf(line, sizeof line, "%s --help", all[i].name);
        assert_int_equal(type(line), EXIT_FINE);
        assert_true(out_has(all[i].examples[0]));
    }
    assert_int_equal(type(""), EXIT_FINE);
    assert_true(out_has("usage: vestibule COMMAND"));
}

static void check_says_what_is_wrong_and_makes_nothing(void **state)
{
    (void)state;
    char path[96];
    assert_int_equal(type_with("check --config ", good, ""), EXIT_FINE);
    assert_int_equal(strlen(told.out), 0);
    assert_true(words_have("fine"));
    snprintf(path, sizeof path, "%s/state", folder);
    assert_int_not_equal(access(path, F_OK), 0);
    assert_int_equal(type_with("check --config ", broken, ""), EXIT_CONFIG);
    assert_true(words_have("did you mean \"public_url\"?"));
    assert_true(words_have("not started"));
    assert_int_equal(type_with("check --config ", "/nowhere.yaml", ""), EXIT_CONFIG);
    assert_true(words_have("/nowhere.yaml: error: cannot read it"));
    assert_int_equal(type_with("check --online -c ", good, ""), EXIT_UNAVAILABLE);
}

static void check_is_understood_by_its_names_elsewhere(void **state)
{
    (void)state;
    assert_int_equal(type_with("-t -c ", good, ""), EXIT_FINE);
    assert_int_equal(type_with("--config-test -c ", broken, ""), EXIT_CONFIG);
    assert_int_equal(type_with("validate -c ", good, " -q"), EXIT_FINE);
    assert_int_equal(strlen(told.words), 0);
}

static void check_writes_json_to_standard_output(void **state)
{
    (void)state;
    assert_int_equal(type_with("check --format json -c ", broken, ""), EXIT_CONFIG);
    assert_true(out_has("{\"errors\":"));
    assert_true(out_has("\"line\":1,\"column\":1"));
    assert_true(out_has("\"hint\":\"public_url\""));
    assert_int_equal(strlen(told.words), 0);
}

static void the_printed_configuration_hides_secrets_and_names_origins(void **state)
{
    (void)state;
    assert_int_equal(type_with("config print --set session.idle=2h -c ", good, ""), EXIT_FINE);
    assert_true(out_has("client_secret: •••"));
    assert_true(out_has("idle: 2h"));
    assert_true(out_has("# --set session.idle"));
    assert_true(out_has("good.yaml:1"));
    assert_false(out_has("hunter2"));
}

static void what_config_print_writes_can_be_read_again(void **state)
{
    (void)state;
    char path[96];
    assert_int_equal(type_with("config print -c ", good, ""), EXIT_FINE);
    snprintf(path, sizeof path, "%s/again.yaml", folder);
    write_file(path, told.out);
    assert_int_equal(type_with("check -c ", path, ""), EXIT_FINE);
}

static void examples_differ_in_length(void **state)
{
    (void)state;
    assert_int_equal(type("config example"), EXIT_FINE);
    int few = lines_in(told.out);
    assert_int_equal(type("config example --full"), EXIT_FINE);
    assert_true(lines_in(told.out) > 3 * few);
}

static void keys_are_generated_listed_rotated_and_retired(void **state)
{
    (void)state;
    char line[256], kid[128] = "";
    snprintf(line, sizeof line, "keys generate --folder %s", keys);
    assert_int_equal(type(line), EXIT_FINE);
    snprintf(line, sizeof line, "keys list --folder %s", keys);
    assert_int_equal(type(line), EXIT_FINE);
    assert_true(out_has("current") && out_has("next"));
    snprintf(line, sizeof line, "keys rotate --publish 1d --folder %s", keys);
    assert_int_equal(type(line), EXIT_FINE);
    snprintf(line, sizeof line, "keys list --json --folder %s", keys);
    assert_int_equal(type(line), EXIT_FINE);
    const char *old = strstr(told.out, "\"state\":\"old\"");
    assert_non_null(old);
    while (strncmp(old, "\"kid\":\"", 7) != 0) {
        old--;
    }
    snprintf(kid, sizeof kid, "%.*s", (int)(strchr(old + 7, '"') - old - 7), old + 7);
    snprintf(line, sizeof line, "keys retire --folder %s -- %s", keys, kid);
    assert_int_equal(type(line), EXIT_FINE);
    snprintf(line, sizeof line, "keys jwks --folder %s", keys);
    assert_int_equal(type(line), EXIT_FINE);
    assert_true(out_has("\"keys\"") && out_has("\"ES256\""));
    assert_false(out_has(kid));
    assert_false(out_has("\"d\":"));
}

static void keys_of_a_folder_that_is_not_there_are_an_error(void **state)
{
    (void)state;
    assert_int_not_equal(type("keys jwks --folder /nowhere/keys"), EXIT_FINE);
    assert_true(strlen(told.words) > 0);
    assert_int_equal(type_with("keys list -c ", broken, ""), EXIT_CONFIG);
}

static void redirect_uris_are_told_for_every_provider(void **state)
{
    (void)state;
    assert_int_equal(type_with("providers urls -c ", good, ""), EXIT_FINE);
    assert_true(out_has("https://app.example.com/_vestibule/callback/corp (redirect URI)\n"));
    assert_int_equal(type_with("providers list --format json -c ", good, ""), EXIT_FINE);
    assert_true(out_has("\"issuer\":\"https://id.example.com\""));
    assert_false(out_has("hunter2"));
    assert_int_equal(type_with("providers list -c ", broken, ""), EXIT_CONFIG);
}

static void platforms_are_listed_and_shown_also_before_there_is_a_configuration(void **state)
{
    (void)state;
    assert_int_equal(type("providers list"), EXIT_FINE);
    assert_true(out_has("Provider files (use: ID):\n") &&
                out_has("oidc             oidc    OpenID Connect         built in\n"));
    assert_int_equal(type_with("providers list -c ", good, ""), EXIT_FINE);
    assert_true(out_has("corp             oidc    use: oidc           https://id.example.com\n"));
    assert_int_equal(type_with("providers list --format json -c ", good, ""), EXIT_FINE);
    assert_true(out_has("\"configured\":[{\"id\":\"corp\"") && out_has("\"files\":[{\"id\":\"amazon\""));
    assert_int_equal(type("providers show oidc"), EXIT_FINE);
    assert_true(out_has("# oidc (built in)\n") && out_has("# providers/oidc.yaml:"));
    assert_int_equal(type_with("providers show corp -c ", good, ""), EXIT_FINE);
    assert_true(out_has("issuer: \"https://id.example.com\"") && out_has("good.yaml:"));
    assert_false(out_has("hunter2"));
    assert_int_equal(type("providers show odic"), EXIT_USAGE);
    assert_non_null(strstr(told.words, "did you mean \"oidc\"?"));
    assert_int_equal(type("providers show"), EXIT_USAGE);
    assert_int_equal(type_with("providers show oidc -c ", broken, ""), EXIT_CONFIG);
    assert_int_equal(type("providers urls"), EXIT_CONFIG);
}

static void secrets_are_long_and_never_the_same(void **state)
{
    (void)state;
    char first[64];
    assert_int_equal(type("secret"), EXIT_FINE);
    assert_int_equal(strlen(told.out), 44);
    memcpy(first, told.out, 45);
    assert_int_equal(type("secret"), EXIT_FINE);
    assert_string_not_equal(first, told.out);
    assert_int_equal(type("secret --bytes 48"), EXIT_FINE);
    assert_int_equal(strlen(told.out), 65);
}

static void status_of_nobody_is_69(void **state)
{
    (void)state;
    assert_int_equal(type_with("status -c ", good, ""), EXIT_UNAVAILABLE);
    assert_string_equal(told.out, "not running\n");
    assert_int_equal(type_with("status --format json -c ", good, ""), EXIT_UNAVAILABLE);
    assert_true(out_has("\"status\":\"not running\""));
}

static void the_version_names_the_libraries(void **state)
{
    (void)state;
    assert_int_equal(type("-V"), EXIT_FINE);
    assert_true(out_has("vestibule " VESTIBULE_VERSION));
    assert_int_equal(type("version --json"), EXIT_FINE);
    assert_true(out_has("\"version\":\"" VESTIBULE_VERSION "\"") && out_has("libcrypto.so"));
}

static void the_manual_in_conf_is_made_from_the_table(void **state)
{
    (void)state;
    static char file[TEXT_MAX];
    int fd = open(TESTS_FOLDER "/../conf/vestibule.8", O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    slurp(fd, file);
    assert_int_equal(type("man"), EXIT_FINE);
    assert_string_equal(told.out, file);
    assert_int_equal(type("completion bash"), EXIT_FINE);
    assert_true(out_has("complete -F _vestibule vestibule"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_stand_before_or_after_the_command),
        cmocka_unit_test(a_slip_of_the_finger_is_told_with_the_nearest_name),
        cmocka_unit_test(the_first_word_of_several_commands_has_help_too),
        cmocka_unit_test(wrong_usage_is_64),
        cmocka_unit_test(help_fits_a_screen),
        cmocka_unit_test(check_says_what_is_wrong_and_makes_nothing),
        cmocka_unit_test(check_is_understood_by_its_names_elsewhere),
        cmocka_unit_test(check_writes_json_to_standard_output),
        cmocka_unit_test(the_printed_configuration_hides_secrets_and_names_origins),
        cmocka_unit_test(what_config_print_writes_can_be_read_again),
        cmocka_unit_test(examples_differ_in_length),
        cmocka_unit_test(keys_are_generated_listed_rotated_and_retired),
        cmocka_unit_test(keys_of_a_folder_that_is_not_there_are_an_error),
        cmocka_unit_test(redirect_uris_are_told_for_every_provider),
        cmocka_unit_test(platforms_are_listed_and_shown_also_before_there_is_a_configuration),
        cmocka_unit_test(secrets_are_long_and_never_the_same),
        cmocka_unit_test(status_of_nobody_is_69),
        cmocka_unit_test(the_version_names_the_libraries),
        cmocka_unit_test(the_manual_in_conf_is_made_from_the_table),
    };
    return cmocka_run_group_tests(tests, files_are_there, files_are_gone);
}
