/* online.h -- `vestibule check --online`: are the providers, the store and the backends there. */
#ifndef CLI_ONLINE_H
#define CLI_ONLINE_H
#include "cli/commands.h"

/* One line each on standard output: "ok" or what is wrong. EXIT_UNAVAILABLE when anything did not answer. */
int online_check(const struct command_line *line, struct snapshot *snapshot);

#endif
