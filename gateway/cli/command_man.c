/* command_man.c -- vestibule(8) from the table of commands, vestibule.yaml(5) from the key tables. */
#include "cli/commands.h"

enum {
    TEXT_MAX = 1 << 20
};

static void head(struct buf *to)
{
    buf_add(
        to,
        LIT(".TH VESTIBULE 8 \"\" \"vestibule\" \"System administration\"\n"
            ".SH NAME\nvestibule \\- sign\\-in gateway for web applications\n"
            ".SH SYNOPSIS\n.B vestibule\n.I COMMAND\n[\\-\\-config FILE]... [\\-\\-set KEY=VALUE]...\n"
            ".SH DESCRIPTION\n"
            "A reverse proxy that signs people in through OpenID Connect providers and tells applications who they are.\n"
            "Data goes to standard output, words to standard error. Secrets are never taken from the command line.\n"
            ".SH COMMANDS\n"));
}

static void tail(struct buf *to)
{
    buf_add(
        to,
        LIT(".SH ENVIRONMENT\n.TP\n.B VESTIBULE_CONFIG\nconfiguration files, with : between them\n"
            ".TP\n.B VESTIBULE_*\nevery key, see\n.BR vestibule.yaml (5)\n"
            ".TP\n.B NO_COLOR\nno colour, even on a terminal\n"
            ".TP\n.BR STATE_DIRECTORY \", \" CREDENTIALS_DIRECTORY \", \" NOTIFY_SOCKET \", \" LISTEN_FDS\nas systemd sets them\n"
            ".SH SIGNALS\n.TP\n.B HUP\nread the configuration anew; a wrong one changes nothing\n"
            ".TP\n.BR TERM \", \" INT\nfinish requests under way, then end; a second one ends at once. Away from a terminal /ready says no\n"
            "for 5 s before, while connections are still taken, so that load balancers see it\n"
            ".TP\n.B USR1\nopen the log file anew\n"
            ".TP\n.B USR2\nstart the new program on the same sockets, then end; go on if it does not serve within half a minute\n"
            ".SH EXIT STATUS\n.TP\n0\nfine\n.TP\n1\nfailed while running\n.TP\n64\nunknown command or option\n"
            ".TP\n69\nsomething that is needed cannot be reached\n.TP\n70\nan error in vestibule itself\n"
            ".TP\n77\na port or file that we may not use\n.TP\n78\nthe configuration is wrong\n"
            ".SH FILES\n.TP\n.IR /etc/vestibule/vestibule.yaml \", \" /etc/vestibule/conf.d/*.yaml\n"
            "the configuration, when neither an option nor a variable names another\n"
            ".TP\n.I /var/lib/vestibule\nkeys made at the first start, when STATE_DIRECTORY names no other folder\n"
            ".SH SEE ALSO\n.BR vestibule.yaml (5)\n"));
}

static void manual(struct buf *to)
{
    size_t count, options;
    const struct command *all = command_table(&count);
    const struct command_option *option = command_options(&options);
    head(to);
    for (size_t i = 0; i < count; i++) {
        buf_add(to, LIT(".TP\n.B "));
        config_roff(to, all[i].name);
        buf_byte(to, ' ');
        config_roff(to, all[i].usage);
        buf_byte(to, '\n');
        config_roff(to, all[i].summary);
        buf_add(to, LIT(".\n.br\nExample: "));
        config_roff(to, all[i].examples[0]);
        buf_byte(to, '\n');
    }
    buf_add(to, LIT(".SH OPTIONS\n"));
    for (size_t i = 0; i < options; i++) {
        buf_add(to, LIT(".TP\n.B "));
        if (option[i].letter != '\0') buf_print(to, "\\-%c, ", option[i].letter);
        buf_add(to, LIT("\\-\\-"));
        config_roff(to, option[i].name);
        if (option[i].value != NULL) buf_print(to, " %s", option[i].value);
        buf_byte(to, '\n');
        config_roff(to, option[i].meaning);
        buf_byte(to, '\n');
    }
    tail(to);
}

int command_man(const struct command_line *line)
{
    struct buf out = buf_open(TEXT_MAX);
    const char *which = line->word_count > 0 ? line->words[0] : "vestibule";
    bool yaml = strcmp(which, "vestibule.yaml") == 0;
    if (!yaml && strcmp(which, "vestibule") != 0) {
        command_say("there are two pages: vestibule and vestibule.yaml");
        return EXIT_USAGE;
    }
    if (yaml)
        config_manual(&out);
    else
        manual(&out);
    command_out(&out);
    buf_close(&out);
    return EXIT_FINE;
}
