/* main.c -- where the process begins: make it safe, then do what the command line says. */
#include "cli/commands.h"
#include "cli/online.h"
#include "cli/service.h"

extern char **environ;

int main(int argc, char **argv)
{
    static const struct command_hooks hooks = {.online = online_check};
    service_prepare(argv);
    return command_main(argc, argv, (const char *const *)environ, &hooks);
}
