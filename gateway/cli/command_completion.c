/* command_completion.c -- what a shell is told to offer: the same tables as help, in the words of bash, zsh and fish.
 *
 * A line is completed by what stands on it: the commands; behind the first word of a group ("keys") what may follow; behind a whole command its
 * own options, each with what it means where the shell shows that; behind an option that takes a file, files.
 */
#include "cli/commands.h"

static struct slice first_word(const struct command *c)
{
    struct slice name = slice_of(c->name);
    return slice_upto(name, slice_index(name, ' '));
}

static const char *second_word(const struct command *c)
{
    size_t at = slice_index(slice_of(c->name), ' ');
    return at == SLICE_NONE ? NULL : c->name + at + 1;
}

/* The first of the commands that begin with the same word: they stand together. */
static bool leads(const struct command *all, size_t i)
{
    return i == 0 || !slice_is(first_word(&all[i - 1]), first_word(&all[i]));
}

static bool takes_file(const struct command_option *o)
{
    return o->value != NULL && (strcmp(o->value, "FILE") == 0 || strcmp(o->value, "DIR") == 0);
}

/* "text|json": words to choose from; a value in capitals is for the person to know. */
static bool has_choice(const struct command_option *o)
{
    return o->value != NULL && strchr(o->value, '|') != NULL;
}

/* Inside single quotes, which all three shells read alike but for the quote itself; a character of `specials` gets a backslash. */
static void put(const char *text, const char *specials)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '\'')
            fputs("'\\''", stdout);
        else if (strchr(specials, *c) != NULL)
            printf("\\%c", *c);
        else
            putchar(*c);
    }
}

static void put_choice(const char *value)
{
    for (const char *c = value; *c != '\0'; c++)
        putchar(*c == '|' ? ' ' : *c);
}

static void put_options(const struct command *c)
{
    size_t count;
    const struct command_option *all = command_options(&count);
    for (size_t i = 0; i < count; i++) {
        if (command_takes(c, all[i].name)) printf(" --%s", all[i].name);
    }
}

/* ---- bash ---- */

static void bash(const struct command *all, size_t count)
{
    size_t options;
    const struct command_option *option = command_options(&options);
    printf("# completion of vestibule for bash\n_vestibule()\n{\n"
           "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} first=${COMP_WORDS[1]} offer=\n"
           "    case $before in\n");
    for (size_t i = 0; i < options; i++) {
        if (!takes_file(&option[i]) && !has_choice(&option[i])) continue;
        printf("    --%s", option[i].name);
        if (option[i].letter != '\0') printf("|-%c", option[i].letter);
        printf(") COMPREPLY=($(compgen ");
        if (has_choice(&option[i])) {
            printf("-W '");
            put_choice(option[i].value);
            printf("'");
        } else
            printf("-f");
        printf(" -- \"$word\")); return ;;\n");
    }
    printf("    esac\n    if [ \"$COMP_CWORD\" -eq 1 ]; then offer='");
    for (size_t i = 0; i < count; i++) {
        if (leads(all, i)) printf("%s%.*s", i != 0 ? " " : "", SLICE_ARG(first_word(&all[i])));
    }
    printf("'\n    else\n    case \"$first ${COMP_WORDS[2]}\" in\n");
    for (size_t i = 0; i < count; i++) {
        if (second_word(&all[i]) == NULL) continue;
        printf("    '%s') offer='", all[i].name);
        put_options(&all[i]);
        printf("' ;;\n");
    }
    printf("    *)\n    case $first in\n");
    for (size_t i = 0; i < count; i++) {
        if (!leads(all, i)) continue;
        printf("    %.*s) offer='", SLICE_ARG(first_word(&all[i])));
        for (size_t k = i; second_word(&all[i]) != NULL && k < count && (k == i || !leads(all, k)); k++)
            printf(" %s", second_word(&all[k]));
        if (strcmp(all[i].name, "completion") == 0)
            printf("bash zsh fish");
        else if (second_word(&all[i]) == NULL)
            put_options(&all[i]);
        printf("' ;;\n");
    }
    printf("    esac ;;\n    esac\n    fi\n    COMPREPLY=($(compgen -W \"$offer\" -- \"$word\"))\n}\n"
           "complete -F _vestibule vestibule\n");
}

/* ---- zsh ---- */

static void zsh_options(const struct command *c)
{
    size_t count;
    const struct command_option *all = command_options(&count);
    printf("_arguments -S");
    for (size_t i = 0; i < count; i++) {
        const struct command_option *o = &all[i];
        if (!command_takes(c, o->name)) continue;
        printf(" '--%s%s[", o->name, o->value != NULL ? "=" : "");
        put(o->meaning, "[]:\\");
        printf("]");
        if (o->value != NULL) {
            printf(":");
            put(o->value, "[]:\\");
            printf(":");
        }
        if (takes_file(o)) printf("_files");
        if (has_choice(o)) {
            printf("(");
            put_choice(o->value);
            printf(")");
        }
        printf("'");
    }
    if (strcmp(c->name, "completion") == 0)
        printf(" '1:shell:(bash zsh fish)'");
    else if (c->words_most > 0)
        printf(" '*:argument:_files'");
}

static void zsh_describe(const char *what, const char *word, size_t len, const char *meaning)
{
    printf(" '%.*s", (int)len, word);
    if (what != NULL) printf(":%s", what);
    if (what == NULL) {
        printf(":");
        put(meaning, ":\\");
    }
    printf("'");
}

static void zsh(const struct command *all, size_t count)
{
    printf("#compdef vestibule\n# completion of vestibule for zsh\n_vestibule()\n{\n    local -a offer\n"
           "    if (( CURRENT == 2 )); then\n        offer=(");
    for (size_t i = 0; i < count; i++) {
        struct slice word = first_word(&all[i]);
        if (!leads(all, i)) continue;
        zsh_describe(second_word(&all[i]) != NULL ? "several commands" : NULL, word.at, word.len, all[i].summary);
    }
    printf(")\n        _describe command offer\n        return\n    fi\n    case \"$words[2]\" in\n");
    for (size_t i = 0; i < count; i++) {
        if (!leads(all, i)) continue;
        printf("    %.*s)\n", SLICE_ARG(first_word(&all[i])));
        if (second_word(&all[i]) == NULL) {
            printf("        shift words; (( CURRENT-- ))\n        ");
            zsh_options(&all[i]);
            printf(" ;;\n");
            continue;
        }
        printf("        if (( CURRENT == 3 )); then\n            offer=(");
        for (size_t k = i; k < count && (k == i || !leads(all, k)); k++)
            zsh_describe(NULL, second_word(&all[k]), strlen(second_word(&all[k])), all[k].summary);
        printf(
            ")\n            _describe command offer\n            return\n        fi\n"
            "        local what=\"$words[3]\"\n        shift 2 words; (( CURRENT -= 2 ))\n        case \"$what\" in\n");
        for (size_t k = i; k < count && (k == i || !leads(all, k)); k++) {
            printf("        %s) ", second_word(&all[k]));
            zsh_options(&all[k]);
            printf(" ;;\n");
        }
        printf("        esac ;;\n");
    }
    printf("    esac\n}\n"
           "if [ \"$funcstack[1]\" = _vestibule ]; then _vestibule \"$@\"; else compdef _vestibule vestibule; fi\n");
}

/* ---- fish ---- */

static void fish_words(const struct command *all, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!leads(all, i)) continue;
        printf("complete -c vestibule -f -n __fish_use_subcommand -a %.*s -d '", SLICE_ARG(first_word(&all[i])));
        put(second_word(&all[i]) != NULL ? "several commands" : all[i].summary, "\\");
        printf("'\n");
    }
    for (size_t i = 0; i < count; i++) {
        struct slice first = first_word(&all[i]);
        if (second_word(&all[i]) == NULL) continue;
        printf("complete -c vestibule -f -n 'test (count (commandline -opc)) -eq 2; and __fish_seen_subcommand_from "
               "%.*s' -a %s -d '",
               SLICE_ARG(first), second_word(&all[i]));
        put(all[i].summary, "\\");
        printf("'\n");
    }
    printf("complete -c vestibule -f -n '__fish_seen_subcommand_from completion' -a 'bash zsh fish'\n");
}

static void fish_option(const struct command *c, const struct command_option *o)
{
    struct slice first = first_word(c);
    printf("complete -c vestibule -n '__fish_seen_subcommand_from %.*s", SLICE_ARG(first));
    if (second_word(c) != NULL) printf("; and __fish_seen_subcommand_from %s", second_word(c));
    printf("' -l %s", o->name);
    if (o->letter != '\0') printf(" -s %c", o->letter);
    if (o->value != NULL) printf(takes_file(o) ? " -r -F" : " -x");
    if (has_choice(o)) {
        printf(" -a '");
        put_choice(o->value);
        printf("'");
    }
    printf(" -d '");
    put(o->meaning, "\\");
    printf("'\n");
}

static void fish(const struct command *all, size_t count)
{
    size_t options;
    const struct command_option *option = command_options(&options);
    printf("# completion of vestibule for fish\n");
    fish_words(all, count);
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < options; k++) {
            if (command_takes(&all[i], option[k].name)) fish_option(&all[i], &option[k]);
        }
    }
}

int command_completion(const struct command_line *line)
{
    static const struct {
        const char *shell;
        void (*print)(const struct command *all, size_t count);
    } shells[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};
    size_t count;
    const struct command *all = command_table(&count);
    for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++) {
        if (strcmp(line->words[0], shells[i].shell) != 0) continue;
        shells[i].print(all, count);
        return EXIT_FINE;
    }
    command_say("completion is there for bash, zsh and fish");
    return EXIT_USAGE;
}
