/* commands.h -- the program's commands: one table, one parser, one function each.
 *
 * Data goes to standard output, words to standard error. Secrets are never taken from the command line. Colour only on a terminal and never
 * with NO_COLOR. What a command gives back is its exit status: sysexits numbers, because systemd prints their names and can be told
 * not to restart on 64 and 78.
 */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H
#include "config/config.h"

enum command_exit {
    EXIT_FINE = 0,
    EXIT_FAILED = 1,       /* something went wrong while running */
    EXIT_USAGE = 64,       /* unknown command or option */
    EXIT_UNAVAILABLE = 69, /* something we need cannot be reached */
    EXIT_INTERNAL = 70,
    EXIT_PERMISSION = 77, /* a port or a file */
    EXIT_CONFIG = 78
};

enum {
    COMMAND_WORDS = 8, /* arguments that are no options */
    COMMAND_OPTIONS = 64
};

struct command_option {
    const char *name;  /* "config" */
    char letter;       /* 'c', or 0 */
    const char *value; /* "FILE" as help shows it; NULL: a switch */
    const char *meaning;
};

struct command_line;
/* The integrator's: called by `check --online` when all files are fine; gives an exit status. */
typedef int command_online_fn(const struct command_line *line, struct snapshot *snapshot);
struct command_hooks {
    command_online_fn *online; /* NULL: check --online says that it cannot */
};

struct command {
    const char *name;  /* "run", "config print" */
    const char *usage; /* what follows the name: "[--online]" */
    const char *summary;
    const char *options; /* names from the table of options, by space, besides config, set and help */
    const char *examples[2];
    bool everyday;                  /* shown with its summary in the short help */
    size_t words_least, words_most; /* arguments after its name */
    int (*run)(const struct command_line *line);
};

struct command_line {
    const struct command *command;
    const struct command_hooks *hooks;
    const char *const *environment;
    const char *words[COMMAND_WORDS]; /* after the command's name */
    size_t word_count;
    struct {
        const struct command_option *option;
        const char *value;
    } given[COMMAND_OPTIONS];
    size_t given_count;
};

/* The whole program: parses, runs the command, gives the exit status. */
int command_main(int argc, char *const *argv, const char *const *environment, const struct command_hooks *hooks);

/* false: words were printed to standard error, and the status is EXIT_USAGE. ret_line is empty before. */
bool command_parse(int argc, char *const *argv, struct command_line *ret_line);
const struct command *command_table(size_t *ret_count);
const struct command_option *command_options(size_t *ret_count);
bool command_takes(const struct command *c, const char *option);

bool command_has(const struct command_line *line, const char *option);
const char *command_value(const struct command_line *line, const char *option); /* the last one; NULL if not given */
bool command_json(const struct command_line *line);                             /* --format json, or --json */

/* Reads the configuration that --config, --set and the environment name. Gives; config_close frees. */
struct config *command_config(const struct command_line *line, const struct config_text *text);
/* The same for telling what to register at a provider: its secret comes only then, so the file of one may not be there yet. */
struct config *command_config_to_register(const struct command_line *line);
/* Complaints to standard error, coloured when it is a terminal. `ending` as in text/complaint.h. */
void command_complain(const struct command_line *line, struct config *c, struct slice ending);
void command_out(const struct buf *b); /* to standard output, whole */
/* "vestibule: ..." to standard error. */
void command_say(const char *format, ...) PRINTF(1, 2);
/* The story of an err, then EXIT_CONFIG, EXIT_PERMISSION or EXIT_FAILED by its problem. */
int command_failed(struct arena *a, const struct err *why);

/* Written in run.c and demo_command.c: the foreground server, and the demonstration. */
int command_run(const struct command_line *line);
int command_demo(const struct command_line *line);

/* Everything that needs no server of ours. */
int command_setup(const struct command_line *line);
int command_check(const struct command_line *line);
int command_explain(const struct command_line *line);
int command_status(const struct command_line *line);
int command_config_print(const struct command_line *line);
int command_config_example(const struct command_line *line);
int command_config_schema(const struct command_line *line);
int command_keys_generate(const struct command_line *line);
int command_keys_list(const struct command_line *line);
int command_keys_rotate(const struct command_line *line);
int command_keys_retire(const struct command_line *line);
int command_keys_jwks(const struct command_line *line);
int command_providers_list(const struct command_line *line);
int command_providers_show(const struct command_line *line);
int command_providers_urls(const struct command_line *line);
int command_providers_test(const struct command_line *line);
int command_sessions_list(const struct command_line *line);
int command_sessions_show(const struct command_line *line);
int command_sessions_revoke(const struct command_line *line);
int command_hash(const struct command_line *line);
int command_secret(const struct command_line *line);
int command_version(const struct command_line *line);
int command_completion(const struct command_line *line);
int command_man(const struct command_line *line);
int command_help(const struct command_line *line);

#endif
