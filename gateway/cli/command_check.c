/* command_check.c -- `check`: everything that is wrong, without starting or making anything. */
#include "cli/commands.h"
#include "fetch/fetch.h"

static void tell_json(struct config *c)
{
    enum {
        JSON_MAX = 4 << 20
    };
    struct buf out = buf_open(JSON_MAX);
    complaint_write_json(config_complaints(c), &out);
    command_out(&out);
    buf_close(&out);
}

static int online(const struct command_line *line, struct snapshot *s)
{
    if (!command_has(line, "online")) return EXIT_FINE;
    if (line->hooks != NULL && line->hooks->online != NULL) return line->hooks->online(line, s);
    command_say("this program was built without check --online");
    return EXIT_UNAVAILABLE;
}

int command_check(const struct command_line *line)
{
    struct config *c = command_config(line, NULL);
    struct snapshot *s = config_build(c, &(struct config_use){.purpose = CONFIG_CHECK});
    int status = EXIT_CONFIG;
    if (command_json(line))
        tell_json(c);
    else
        command_complain(line, c, LIT("not started"));
    if (s != NULL) {
        fetch_load(); /* which `run` leaves to its first question: not there ends it here */
        bool silent = command_json(line) || command_has(line, "quiet") || config_complaints(c)->warnings > 0;
        if (!silent) command_say("the configuration is fine");
        status = online(line, s);
    }
    config_close(c);
    snapshot_drop(s);
    return status;
}
