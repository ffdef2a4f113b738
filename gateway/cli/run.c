/* run.c -- `vestibule run`: the server in the foreground. */
#include <string.h>

#include "cli/commands.h"
#include "cli/service.h"

enum {
    LISTED = 64
};

static size_t given(const struct command_line *line, const char *option, const char **to)
{
    size_t n = 0;
    for (size_t i = 0; i < line->given_count && n < LISTED; i++) {
        if (strcmp(line->given[i].option->name, option) == 0) to[n++] = line->given[i].value;
    }
    return n;
}

int command_run(const struct command_line *line)
{
    const char *paths[LISTED], *set[LISTED];
    struct service_ask ask = {.purpose = CONFIG_RUN};
    ask.config = (struct config_ask){.paths = paths,
                                     .path_count = given(line, "config", paths),
                                     .environment = line->environment,
                                     .set = set,
                                     .set_count = given(line, "set", set)};
    return service_run(&ask);
}
