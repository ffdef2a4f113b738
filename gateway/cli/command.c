/* command.c -- from main's arguments to one command and its exit status; and what all commands share. */
#include <errno.h>
#include <stdarg.h>
#include <unistd.h>

#include "cli/commands.h"
#include "config/environment.h"

int command_main(int argc, char *const *argv, const char *const *environment, const struct command_hooks *hooks)
{
    struct command_line line = {.hooks = hooks, .environment = environment};
    if (!command_parse(argc, argv, &line)) return EXIT_USAGE;
    int status = line.command->run(&line);
    if (fflush(stdout) != 0 && status == EXIT_FINE) {
        command_say("cannot write: %s", strerror(errno));
        return EXIT_FAILED;
    }
    return status;
}

void command_say(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("vestibule: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
}

void command_out(const struct buf *b)
{
    if (b->len > 0) fwrite(b->at, 1, b->len, stdout);
}

static struct config *read_for(const struct command_line *line, struct config_ask ask)
{
    const char *paths[COMMAND_OPTIONS], *set[COMMAND_OPTIONS];
    ask.paths = paths;
    ask.set = set;
    ask.environment = line->environment;
    for (size_t i = 0; i < line->given_count; i++) {
        const char *name = line->given[i].option->name, *value = line->given[i].value;
        if (strcmp(name, "config") == 0) paths[ask.path_count++] = value;
        if (strcmp(name, "set") == 0) set[ask.set_count++] = value;
    }
    return config_read(&ask);
}

struct config *command_config(const struct command_line *line, const struct config_text *text)
{
    return read_for(line, (struct config_ask){.text = text});
}

struct config *command_config_to_register(const struct command_line *line)
{
    return read_for(line, (struct config_ask){.secrets_may_lack = true});
}

static bool colour(const struct command_line *line)
{
    return isatty(STDERR_FILENO) == 1 && environment_get(line->environment, LIT("NO_COLOR")).len == 0;
}

void command_complain(const struct command_line *line, struct config *c, struct slice ending)
{
    enum {
        COMPLAINTS_MAX = 1 << 20
    };
    struct buf out = buf_open(COMPLAINTS_MAX);
    struct complaints *all = config_complaints(c);
    bool quiet = command_has(line, "quiet") && all->errors == 0;
    complaint_write_text(all, &out, colour(line), ending);
    if (!quiet && out.len > 0) fwrite(out.at, 1, out.len, stderr);
    buf_close(&out);
}

int command_failed(struct arena *a, const struct err *why)
{
    struct slice story = err_story(a, why);
    command_say("%.*s", SLICE_ARG(story));
    return why->problem == PROBLEM_CONFIG ? EXIT_CONFIG : EXIT_FAILED;
}
