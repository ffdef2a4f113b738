/* table.h -- decision tables: one case per line, columns apart by blanks, for tests that read better as data.
 *
 * "#" at the start of a line is a comment. In a column \s is a space, \e the empty text, \t \n \r \\ and \xHH what they say.
 * Everything is static: a test program includes this once.
 */
#ifndef TESTS_TABLE_H
#define TESTS_TABLE_H
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include "text/encode.h"

#include "base/arena.h"
/* cmocka wants the three above */
#include <cmocka.h>

enum {
    TABLE_COLUMNS = 8,
    TABLE_LINE = 8192
};

struct table {
    const char *name; /* below tests/ */
    FILE *file;
    int line, columns;
    struct arena *arena; /* what column[] points into; emptied at each line */
    struct slice column[TABLE_COLUMNS];
};

static inline struct table table_open(const char *name)
{
    char path[1024];
    must(snprintf(path, sizeof path, "%s/%s", TESTS_FOLDER, name) < (int)sizeof path);
    struct table t = {.name = name, .file = fopen(path, "re")};
    if (t.file == NULL) fail_msg("cannot open %s", path);
    return t;
}

static inline struct slice table_unescape(struct arena *a, struct slice s)
{
    char *to = arena_bytes(a, s.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        if (c != '\\' || i + 1 == s.len) {
            to[len++] = c;
            continue;
        }
        c = s.at[++i];
        if (c == 'e') continue;
        if (c == 'x' && i + 2 < s.len) {
            to[len++] = (char)(hex_digit(s.at[i + 1]) << 4 | hex_digit(s.at[i + 2]));
            i += 2;
            continue;
        }
        to[len++] = c == 's' ? ' ' : c == 't' ? '\t' : c == 'n' ? '\n' : c == 'r' ? '\r' : c;
    }
    to[len] = '\0';
    return (struct slice){to, len};
}

/* The next case; false at the end, which also closes the table. */
static inline bool table_next(struct table *t)
{
    char line[TABLE_LINE];
    arena_close(t->arena);
    t->arena = NULL;
    while (fgets(line, sizeof line, t->file) != NULL) {
        t->line++;
        size_t len = strcspn(line, "\n");
        if (len == 0 || line[0] == '#') continue;
        t->arena = arena_open(1 << 20);
        t->columns = 0;
        struct slice rest = {line, len}, word;
        while (slice_cut(&rest, ' ', &word)) {
            if (word.len == 0) continue;
            must(t->columns < TABLE_COLUMNS);
            t->column[t->columns++] = table_unescape(t->arena, word);
        }
        return true;
    }
    fclose(t->file);
    return false;
}

#endif
