/* command_config.c -- `config print`, `config example` and `config schema`. */
#include "cli/commands.h"

enum {
    TEXT_MAX = 4 << 20
};

int command_config_print(const struct command_line *line)
{
    struct config *c = command_config(line, NULL);
    struct buf out = buf_open(TEXT_MAX);
    config_print(c, &out);
    int errors = config_complaints(c)->errors;
    command_complain(line, c, LIT("values in their place are defaults"));
    command_out(&out);
    buf_close(&out);
    config_close(c);
    return errors > 0 ? EXIT_CONFIG : EXIT_FINE;
}

int command_config_example(const struct command_line *line)
{
    struct buf out = buf_open(TEXT_MAX);
    config_example(&out, command_has(line, "full"));
    command_out(&out);
    buf_close(&out);
    return EXIT_FINE;
}

int command_config_schema(const struct command_line *line)
{
    (void)line;
    struct buf out = buf_open(TEXT_MAX);
    config_schema(&out);
    command_out(&out);
    buf_close(&out);
    return EXIT_FINE;
}
