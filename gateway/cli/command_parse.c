/* command_parse.c -- words and options in any order: --name value, --name=value, -c value, -- ends options.
 *
 * The command's name is its first one or two words. Whatever is unknown is told in one line with the nearest name.
 */
#include "cli/commands.h"
#include "text/nearest.h"

struct parsing {
    int argc;
    char *const *argv;
    int at;
    struct command_line *line;
    const char *words[COMMAND_WORDS + 2];
    size_t word_count;
};

static void unknown(const char *what, const char *given, const struct nearest *n)
{
    struct slice found = nearest_found(n);
    if (found.len != 0)
        command_say("%s \"%s\": did you mean \"%.*s\"?", what, given, SLICE_ARG(found));
    else
        command_say("%s \"%s\"; vestibule help lists what there is", what, given);
}

static const struct command_option *option_named(struct slice name)
{
    size_t count;
    const struct command_option *all = command_options(&count);
    for (size_t i = 0; i < count; i++) {
        if (slice_is(slice_of(all[i].name), name)) return &all[i];
    }
    return NULL;
}

static const struct command_option *option_lettered(char letter)
{
    size_t count;
    const struct command_option *all = command_options(&count);
    for (size_t i = 0; i < count; i++) {
        if (all[i].letter != '\0' && all[i].letter == letter) return &all[i];
    }
    return NULL;
}

static bool unknown_option(const char *given, struct slice name)
{
    size_t count;
    const struct command_option *all = command_options(&count);
    struct nearest n = nearest_to(name);
    for (size_t i = 0; i < count; i++) {
        nearest_try(&n, slice_of(all[i].name));
    }
    struct slice found = nearest_found(&n);
    if (found.len != 0)
        command_say("unknown option \"%s\": did you mean \"--%.*s\"?", given, SLICE_ARG(found));
    else
        command_say("unknown option \"%s\"; vestibule help COMMAND lists those it has", given);
    return false;
}

static bool add(struct parsing *p, const struct command_option *o, const char *value)
{
    if (o->value != NULL && value == NULL) {
        if (p->at + 1 >= p->argc) {
            command_say("--%s needs a value: %s", o->name, o->value);
            return false;
        }
        value = p->argv[++p->at];
    }
    if (p->line->given_count == COMMAND_OPTIONS) {
        command_say("more than %d options", COMMAND_OPTIONS);
        return false;
    }
    p->line->given[p->line->given_count].option = o;
    p->line->given[p->line->given_count++].value = value;
    return true;
}

static bool long_option(struct parsing *p, const char *arg)
{
    struct slice name, value = slice_of(arg + 2);
    slice_cut(&value, '=', &name);
    if (slice_is(name, LIT("config-test"))) {
        p->words[0] = "check";
        p->word_count = 1;
        return true;
    }
    const struct command_option *o = option_named(name);
    if (o == NULL) return unknown_option(arg, name);
    if (o->value == NULL && value.at != NULL) {
        command_say("--%s takes no value", o->name);
        return false;
    }
    return add(p, o, value.at);
}

static bool short_option(struct parsing *p, const char *arg)
{
    if (strcmp(arg, "-t") == 0) { /* as nginx has it */
        p->words[0] = "check";
        p->word_count = 1;
        return true;
    }
    const struct command_option *o = option_lettered(arg[1]);
    if (o == NULL || (arg[2] != '\0' && o->value == NULL)) return unknown_option(arg, slice_of(arg + 1));
    return add(p, o, arg[2] != '\0' ? arg + 2 : NULL);
}

static bool gather(struct parsing *p)
{
    bool only_words = false;
    for (p->at = 1; p->at < p->argc; p->at++) {
        const char *arg = p->argv[p->at];
        bool fine = true;
        if (!only_words && strcmp(arg, "--") == 0)
            only_words = true;
        else if (!only_words && arg[0] == '-' && arg[1] == '-')
            fine = long_option(p, arg);
        else if (!only_words && arg[0] == '-' && arg[1] != '\0')
            fine = short_option(p, arg);
        else if (p->word_count < COMMAND_WORDS)
            p->words[p->word_count++] = arg;
        else
            fine = (command_say("too many arguments"), false);
        if (!fine) return false;
    }
    return true;
}

/* The command whose name is the first word, or the first two. */
static const struct command *command_of(const struct parsing *p, size_t from, size_t *ret_used)
{
    size_t count;
    const struct command *all = command_table(&count);
    for (size_t i = 0; i < count; i++) {
        struct slice second = slice_of(all[i].name), first;
        slice_cut(&second, ' ', &first);
        if (!slice_is(first, slice_of(p->words[from]))) continue;
        if (second.at == NULL) {
            *ret_used = 1;
            return &all[i];
        }
        bool both = p->word_count > from + 1 && slice_is(second, slice_of(p->words[from + 1]));
        if (!both) continue;
        *ret_used = 2;
        return &all[i];
    }
    return NULL;
}

/* "keys" alone: what may follow it. */
static void tell_group(const struct command *all, size_t count, const char *word)
{
    fprintf(stderr, "vestibule: %s needs another word:", word);
    const char *before = " ";
    for (size_t i = 0; i < count; i++) {
        struct slice rest = slice_of(all[i].name), first;
        slice_cut(&rest, ' ', &first);
        if (rest.at == NULL || !slice_is(first, slice_of(word))) continue;
        fprintf(stderr, "%s%.*s", before, SLICE_ARG(rest));
        before = ", ";
    }
    fputc('\n', stderr);
}

/* "keys" is no command, but the first word of some. */
static bool is_group(const struct parsing *p, size_t from)
{
    size_t count;
    const struct command *all = command_table(&count);
    for (size_t i = 0; i < count; i++) {
        struct slice rest = slice_of(all[i].name), first;
        slice_cut(&rest, ' ', &first);
        if (rest.at != NULL && slice_is(first, slice_of(p->words[from]))) return p->word_count <= from + 1;
    }
    return false;
}

static bool unknown_command(const struct parsing *p, size_t from)
{
    size_t count;
    const struct command *all = command_table(&count);
    char two[128];
    bool alone = p->word_count <= from + 1;
    if (is_group(p, from)) {
        tell_group(all, count, p->words[from]);
        return false;
    }
    snprintf(two, sizeof two, "%s%s%s", p->words[from], alone ? "" : " ", alone ? "" : p->words[from + 1]);
    struct nearest n = nearest_to(slice_of(two)), m = nearest_to(slice_of(p->words[from]));
    for (size_t i = 0; i < count; i++) {
        nearest_try(&n, slice_of(all[i].name));
        nearest_try(&m, slice_of(all[i].name));
    }
    bool longer = nearest_found(&n).len != 0;
    unknown("unknown command", longer ? two : p->words[from], longer ? &n : &m);
    return false;
}

static bool options_fit(const struct command_line *line)
{
    for (size_t i = 0; i < line->given_count; i++) {
        const char *name = line->given[i].option->name;
        if (command_takes(line->command, name)) continue;
        command_say("%s has no option --%s; vestibule help %s shows those it has", line->command->name, name,
                    line->command->name);
        return false;
    }
    const char *format = command_value(line, "format");
    if (format != NULL && strcmp(format, "text") != 0 && strcmp(format, "json") != 0) {
        command_say("--format is text or json");
        return false;
    }
    return true;
}

static const struct command *named(const char *name)
{
    size_t count;
    const struct command *all = command_table(&count), *c = all;
    while (strcmp(c->name, name) != 0) {
        c++;
    }
    return c;
}

bool command_parse(int argc, char *const *argv, struct command_line *ret_line)
{
    struct parsing p = {.argc = argc, .argv = argv, .line = ret_line};
    size_t used = 0;
    if (!gather(&p)) return false;
    if (p.word_count > 0 && strcmp(p.words[0], "validate") == 0) p.words[0] = "check";
    if (command_has(ret_line, "version") && p.word_count == 0) {
        ret_line->command = named("version");
        return true;
    }
    if (p.word_count == 0) {
        ret_line->command = named("help");
        return true;
    }
    const struct command *c = command_of(&p, 0, &used);
    bool help = command_has(ret_line, "help") && c != named("help") && (c != NULL || is_group(&p, 0));
    if (c == NULL && !help) return unknown_command(&p, 0);
    ret_line->command = help ? named("help") : c;
    size_t from = help ? 0 : used;
    for (size_t i = from; i < p.word_count; i++) {
        ret_line->words[ret_line->word_count++] = p.words[i];
    }
    if (help) return true;
    if (ret_line->word_count > 0 && strcmp(c->name, "help") == 0) {
        bool known = command_of(&p, used, &used) != NULL || is_group(&p, used);
        return known || unknown_command(&p, 1);
    }
    if (ret_line->word_count < c->words_least || ret_line->word_count > c->words_most) {
        command_say("usage: vestibule %s %s", c->name, c->usage);
        return false;
    }
    return options_fit(ret_line);
}

bool command_has(const struct command_line *line, const char *option)
{
    for (size_t i = 0; i < line->given_count; i++) {
        if (strcmp(line->given[i].option->name, option) == 0) return true;
    }
    return false;
}

const char *command_value(const struct command_line *line, const char *option)
{
    const char *value = NULL;
    for (size_t i = 0; i < line->given_count; i++) {
        if (strcmp(line->given[i].option->name, option) == 0) value = line->given[i].value;
    }
    return value;
}

bool command_json(const struct command_line *line)
{
    const char *format = command_value(line, "format");
    return command_has(line, "json") || (format != NULL && strcmp(format, "json") == 0);
}
