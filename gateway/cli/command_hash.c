/* command_hash.c -- `hash`: a line for local_users.file. The password is typed (twice, unseen) or comes on standard input; never an argument,
 * which every process of the machine could read. */
#include <unistd.h>

#include "cli/commands.h"
#include "cli/terminal.h"
#include "config/value.h"
#include "crypto/password.h"

static bool ask(struct arena *a, struct secret *ret_password)
{
    struct secret again;
    if (isatty(STDIN_FILENO) == 0) return terminal_line(a, ret_password);
    if (!terminal_unseen(a, "Password", ret_password) || !terminal_unseen(a, "The same again", &again)) return false;
    if (secret_same(again, secret_reveal(*ret_password))) return true;
    command_say("the two differ");
    return false;
}

static bool is_fit(struct secret password)
{
    struct slice text = secret_reveal(password);
    if (text.len < PASSWORD_LEAST) {
        command_say("a password has at least %d characters", PASSWORD_LEAST);
        return false;
    }
    if (text.len > PASSWORD_MAX || slice_index(text, '\0') != SLICE_NONE) {
        command_say("bcrypt looks at the first %d bytes alone: a longer password would promise what it does not keep",
                    PASSWORD_MAX);
        return false;
    }
    return true;
}

static int hash(const struct command_line *line, struct arena *a, int cost)
{
    struct secret password = {NULL, 0};
    struct slice made;
    if (!ask(a, &password)) return EXIT_USAGE;
    if (!is_fit(password)) return EXIT_USAGE;
    const struct err *e = password_hash(a, password, cost, &made);
    if (e != NULL) return command_failed(a, e);
    if (line->word_count != 0) printf("%s:", line->words[0]);
    printf("%.*s\n", SLICE_ARG(made));
    return EXIT_FINE;
}

int command_hash(const struct command_line *line)
{
    const char *given = command_value(line, "cost");
    int64_t cost = PASSWORD_COST_USUAL;
    bool fine = given == NULL || value_integer(slice_of(given), &cost);
    if (!fine || cost < PASSWORD_COST_LEAST || cost > PASSWORD_COST_MOST) {
        command_say("--cost is a number from %d to %d; each one more doubles the time", PASSWORD_COST_LEAST,
                    PASSWORD_COST_MOST);
        return EXIT_USAGE;
    }
    struct arena *a = arena_open(256 * 1024);
    int status = hash(line, a, (int)cost);
    arena_close(a);
    return status;
}
