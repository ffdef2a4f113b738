/* command_help.c -- help that fits a screen of 24 lines: in all, and for one command. */
#include "cli/commands.h"

static void everything(void)
{
    size_t count;
    const struct command *all = command_table(&count);
    printf("vestibule puts social and OpenID Connect sign-in in front of any web application.\n\n"
           "usage: vestibule COMMAND [--config FILE] [--set KEY=VALUE]\n\n");
    for (size_t i = 0; i < count; i++) {
        if (all[i].everyday) printf("  %-15s %s\n", all[i].name, all[i].summary);
    }
    printf("\nalso:");
    size_t width = 5;
    for (size_t i = 0; i < count; i++) {
        if (all[i].everyday) continue;
        size_t len = strlen(all[i].name) + 2;
        if (width + len > 78) width = (size_t)printf("\n     ") - 1;
        width += len;
        printf(" %s%s", all[i].name, i + 1 < count ? "," : "\n");
    }
    printf(
        "\nvestibule help COMMAND tells more.\n"
        "Configuration: --config, else $VESTIBULE_CONFIG, else /etc/vestibule/vestibule.yaml and conf.d/*.yaml there.\n"
        "Manual: man vestibule, man vestibule.yaml\n");
}

static void option(const struct command_option *o)
{
    char left[64];
    snprintf(left, sizeof left, "%s%c%s--%s%s%s", o->letter != '\0' ? "-" : "  ", o->letter != '\0' ? o->letter : ' ',
             o->letter != '\0' ? ", " : " ", o->name, o->value != NULL ? " " : "", o->value != NULL ? o->value : "");
    printf("  %-26s %s\n", left, o->meaning);
}

static void one_command(const struct command *c)
{
    size_t count;
    const struct command_option *all = command_options(&count);
    printf("vestibule %s: %s\n\nusage: vestibule %s%s%s\n\n", c->name, c->summary, c->name,
           c->usage[0] != '\0' ? " " : "", c->usage);
    for (size_t i = 0; i < count; i++) {
        if (command_takes(c, all[i].name)) option(&all[i]);
    }
    printf("\nexamples:\n  %s\n  %s\n", c->examples[0], c->examples[1]);
}

static bool names(const struct command *c, const struct command_line *line)
{
    char given[128];
    struct slice name = slice_of(c->name), first;
    snprintf(given, sizeof given, "%s%s%s", line->words[0], line->word_count > 1 ? " " : "",
             line->word_count > 1 ? line->words[1] : "");
    if (slice_is(name, slice_of(given))) return true;
    slice_cut(&name, ' ', &first);
    return name.at == NULL && slice_is(first, slice_of(line->words[0]));
}

/* "keys": what may follow it, each with its one line. */
static void group(const char *word)
{
    size_t count;
    const struct command *all = command_table(&count);
    printf("vestibule %s needs another word:\n\n", word);
    for (size_t i = 0; i < count; i++) {
        struct slice rest = slice_of(all[i].name), first;
        slice_cut(&rest, ' ', &first);
        if (rest.at != NULL && slice_is(first, slice_of(word))) printf("  %-20s %s\n", all[i].name, all[i].summary);
    }
    printf("\nvestibule help %s WORD tells more.\n", word);
}

int command_help(const struct command_line *line)
{
    size_t count;
    const struct command *all = command_table(&count);
    for (size_t i = 0; line->word_count > 0 && i < count; i++) {
        if (!names(&all[i], line)) continue;
        one_command(&all[i]);
        return EXIT_FINE;
    }
    if (line->word_count > 0)
        group(line->words[0]);
    else
        everything();
    return EXIT_FINE;
}
