/* config_example.c -- a configuration with comments, from the key tables: the common keys for a start, or every key there is.
 *
 * A key that must be given stands as it would be written; others stand behind '#' with their default or an example. What comes out can be
 * read back: tests do.
 */
#include "config/config.h"
#include "config/keys.h"

enum {
    TEXT_WIDTH = 100
};

struct writing {
    struct buf *to;
    bool full;
};

static void indent(const struct writing *w, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        buf_byte(w->to, ' ');
    }
}

/* The meaning as comment lines. */
static void comment(const struct writing *w, size_t depth, const char *head, const char *text)
{
    struct slice rest = slice_of(text), word;
    size_t width = TEXT_WIDTH;
    bool first = true;
    if (head[0] != '\0') {
        indent(w, depth);
        buf_print(w->to, "# %s", head);
        width = depth + 2 + strlen(head);
        first = false;
    }
    while (slice_cut(&rest, ' ', &word)) {
        if (first || width + 1 + word.len > TEXT_WIDTH) {
            if (!first) buf_byte(w->to, '\n');
            indent(w, depth);
            buf_add(w->to, LIT("#"));
            width = depth + 1;
            first = false;
        }
        buf_print(w->to, " %.*s", SLICE_ARG(word));
        width += 1 + word.len;
    }
    buf_byte(w->to, '\n');
}

static const char *shown_value(const struct key *k)
{
    if (k->example != NULL) return k->example;
    if (k->type == KEY_LIST && k->fallback != NULL) return NULL;
    if (k->fallback != NULL) return k->fallback;
    switch (k->type) {
    case KEY_LIST: return "[]";
    case KEY_MAP: return "{}";
    case KEY_SWITCH: return "true";
    case KEY_URL: return "https://...";
    case KEY_TEXT:
    case KEY_WORD:
    case KEY_INTEGER:
    case KEY_DURATION:
    case KEY_SIZE:
    case KEY_HEADER:
    case KEY_ID:
    case KEY_FILE:
    case KEY_PATH:
    case KEY_SECRET:
    case KEY_SECTION:
    case KEY_EITHER:
    case KEY_ITEMS: break;
    }
    return "...";
}

static bool is_live(const struct key *k)
{
    return k->required || k->rank == KEY_SHOWN;
}

static void table(const struct writing *w, const struct key_table *t, size_t depth, bool live, bool dashes);

/* A section that is not needed itself but holds a key that is. */
static bool holds_required(const struct key *k)
{
    for (size_t i = 0; k->type == KEY_SECTION && i < k->inside->count; i++) {
        if (k->inside->at[i].required) return true;
    }
    return false;
}

static void head(const struct writing *w, const struct key *k, size_t depth)
{
    if (k->words != NULL && k->type != KEY_LIST) {
        struct slice rest = slice_of(k->words), word;
        char all[200] = "";
        size_t at = 0;
        while (slice_cut(&rest, ' ', &word)) {
            int n = snprintf(all + at, sizeof all - at, "%s%.*s", at > 0 ? " | " : "", SLICE_ARG(word));
            if (n > 0 && (size_t)n < sizeof all - at) at += (size_t)n;
        }
        snprintf(all + at, sizeof all - at, ":");
        comment(w, depth, all, k->meaning);
        return;
    }
    comment(w, depth, "", k->meaning);
}

static void leaf(const struct writing *w, const struct key *k, size_t depth, bool live, bool dash)
{
    const char *value = shown_value(k);
    indent(w, dash ? depth - 2 : depth);
    if (!live) buf_byte(w->to, '#');
    if (dash) buf_add(w->to, LIT("- "));
    buf_print(w->to, "%s%s: ", k->name, k->type == KEY_SECRET ? "_file" : "");
    if (k->type == KEY_LIST && value == NULL)
        buf_print(w->to, "[%s]", k->fallback);
    else if (k->type == KEY_TEXT && value != NULL && (value[0] == '*' || value[0] == '#'))
        buf_print(w->to, "\"%s\"", value);
    else
        buf_print(w->to, "%s", value);
    buf_byte(w->to, '\n');
}

static void row(const struct writing *w, const struct key *k, size_t depth, bool live, bool dash)
{
    bool nested =
        k->like == NULL && (k->type == KEY_SECTION || (k->type == KEY_ITEMS && (k->scalar == NULL || w->full)));
    live = live && (is_live(k) || holds_required(k));
    head(w, k, depth);
    if (!nested) {
        leaf(w, k, depth, live, dash);
        if (w->full && k->type == KEY_EITHER) {
            indent(w, depth);
            buf_print(w->to, "#%s:\n", k->name);
            table(w, k->inside, depth + 2, false, false);
        }
        return;
    }
    indent(w, depth);
    buf_print(w->to, "%s%s:\n", live ? "" : "#", k->name);
    table(w, k->inside, depth + (k->type == KEY_ITEMS ? 4 : 2), live, k->type == KEY_ITEMS);
}

static void table(const struct writing *w, const struct key_table *t, size_t depth, bool live, bool dashes)
{
    bool dash = dashes;
    for (size_t i = 0; i < t->count; i++) {
        if (!w->full && t->at[i].rank == KEY_RARE && !t->at[i].required) continue;
        row(w, &t->at[i], depth, live, dash);
        dash = false;
        if (depth == 0) buf_byte(w->to, '\n');
    }
}

void config_example(struct buf *to, bool full)
{
    struct writing w = {to, full};
    buf_add(
        to,
        full
            ? LIT("# Every key of vestibule.yaml, with its default or an example behind '#'.\n"
                  "# Durations: 7d 12h 30s 500ms. Sizes: 32k 10MiB. Every secret has a twin NAME_file. ${NAME} and\n"
                  "# ${NAME:-default} stand for environment variables. See vestibule.yaml(5).\n\n")
            : LIT("# /etc/vestibule/vestibule.yaml -- the keys most people need; config example --full shows all of them.\n\n"));
    table(&w, keys_root(), 0, true, false);
}
