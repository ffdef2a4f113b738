/* main.c -- where the process begins: make it safe, then do what the command line says. */
#include "cli/commands.h"
#include "cli/service.h"

int main(int argc, char **argv)
{
    service_prepare();
    return commands_run(argc, argv);
}
