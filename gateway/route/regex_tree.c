/* regex_tree.c -- from the text of an expression to its tree: one function a level, from choices down to single bytes. */
#include "route/regex_tree.h"

enum {
    NESTING_MAX = 32
};

struct reading {
    struct arena *arena;
    struct slice whole;
    size_t at;
    int depth;
    const char *why; /* the first thing that was wrong */
};

bool byte_set_has(const struct byte_set *s, unsigned char c)
{
    return (s->bits[c >> 6] >> (c & 63) & 1) != 0;
}

static void set_add(struct byte_set *s, unsigned char least, unsigned char most)
{
    for (unsigned c = least; c <= most; c++) {
        s->bits[c >> 6] |= (uint64_t)1 << (c & 63);
    }
}

static void set_invert(struct byte_set *s)
{
    for (size_t i = 0; i < 4; i++) {
        s->bits[i] = ~s->bits[i];
    }
}

static struct tree *tree_new(struct reading *r, enum tree_kind kind, struct tree *first, struct tree *second)
{
    struct tree *t = arena_new(r->arena, struct tree);
    *t = (struct tree){.kind = kind, .first = first, .second = second};
    return t;
}

static struct tree *wrong(struct reading *r, const char *why)
{
    if (r->why == NULL) r->why = why;
    r->at = r->whole.len; /* nothing more to read */
    return tree_new(r, TREE_NOTHING, NULL, NULL);
}

static bool more(const struct reading *r)
{
    return r->at < r->whole.len;
}

static char peek(const struct reading *r)
{
    return more(r) ? r->whole.at[r->at] : '\0';
}

static bool take(struct reading *r, char c)
{
    if (!more(r) || peek(r) != c) return false;
    r->at++;
    return true;
}

static bool is_sign(char c)
{
    return c > 0x20 && c < 0x7f && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9');
}

/* \d and its kin; false: no letter we know. */
static bool known_class(char letter, struct byte_set *to)
{
    struct byte_set s = {{0}};
    switch (letter | 0x20) {
    case 'd': set_add(&s, '0', '9'); break;
    case 'w':
        set_add(&s, 'a', 'z');
        set_add(&s, 'A', 'Z');
        set_add(&s, '0', '9');
        set_add(&s, '_', '_');
        break;
    case 's':
        set_add(&s, ' ', ' ');
        set_add(&s, '\t', '\r');
        break;
    default: return false;
    }
    if (letter < 'a') set_invert(&s);
    for (size_t i = 0; i < 4; i++) {
        to->bits[i] |= s.bits[i];
    }
    return true;
}

/* Behind a backslash. */
static bool read_escape(struct reading *r, struct byte_set *to, unsigned char *ret_sign)
{
    char c = peek(r);
    *ret_sign = 0;
    if (!more(r)) return false;
    r->at++;
    if (known_class(c, to)) return true;
    if (!is_sign(c)) return false;
    *ret_sign = (unsigned char)c;
    set_add(to, *ret_sign, *ret_sign);
    return true;
}

/* One member of a class: a byte, a range or \d. */
static bool read_member(struct reading *r, struct byte_set *to)
{
    unsigned char from = (unsigned char)peek(r), upto;
    r->at++;
    if (from == '\\' && !read_escape(r, to, &from)) return false;
    if (from == 0) return true; /* a class within the class */
    if (from >= 0x80) return false;
    set_add(to, from, from);
    bool range = peek(r) == '-' && r->at + 1 < r->whole.len && r->whole.at[r->at + 1] != ']';
    if (!range) return true;
    r->at++;
    upto = (unsigned char)peek(r);
    r->at++;
    if (upto == '\\' && (!read_escape(r, to, &upto) || upto == 0)) return false;
    if (upto >= 0x80 || upto < from) return false;
    set_add(to, from, upto);
    return true;
}

static struct tree *read_class(struct reading *r)
{
    struct tree *t = tree_new(r, TREE_SET, NULL, NULL);
    bool inverted = take(r, '^'), first = true;
    while (more(r) && (peek(r) != ']' || first)) {
        if (peek(r) == '[' && r->at + 1 < r->whole.len && r->whole.at[r->at + 1] == ':')
            return wrong(r, "[:names:] are not known; write the characters");
        if (!read_member(r, &t->set)) return wrong(r, "a class in brackets holds plain characters and ranges a-z");
        first = false;
    }
    if (!take(r, ']')) return wrong(r, "a bracket [ is not closed");
    if (inverted) set_invert(&t->set);
    return t;
}

static struct tree *read_choice(struct reading *r);

static struct tree *read_group(struct reading *r)
{
    if (peek(r) == '?') {
        r->at++;
        if (!take(r, ':'))
            return wrong(r, "only plain groups ( ) and (?: ) are known: no look-around, no names, no flags");
    }
    if (++r->depth > NESTING_MAX) return wrong(r, "groups are nested too deeply");
    struct tree *t = read_choice(r);
    r->depth--;
    return take(r, ')') ? t : wrong(r, "a group ( is not closed");
}

static struct tree *read_atom(struct reading *r)
{
    char c = peek(r);
    unsigned char sign;
    r->at++;
    struct tree *t = tree_new(r, TREE_SET, NULL, NULL);
    switch (c) {
    case '(': return read_group(r);
    case '[': return read_class(r);
    case '.': set_add(&t->set, 0, 255); return t;
    case '\\':
        if (read_escape(r, &t->set, &sign)) return t;
        return wrong(r,
                     "a \\ stands before a sign, or in \\d \\w \\s and their capitals; back-references are not known");
    case '*':
    case '+':
    case '?':
    case '{': return wrong(r, "a repeat stands behind nothing, or behind another repeat");
    case '^':
    case '$': return wrong(r, "^ stands in front and $ at the end only; the expression means the whole path anyway");
    default: set_add(&t->set, (unsigned char)c, (unsigned char)c); return t;
    }
}

static bool read_count(struct reading *r, int *ret_count)
{
    size_t digits = 0;
    for (*ret_count = 0; peek(r) >= '0' && peek(r) <= '9' && digits < 3; digits++) {
        *ret_count = *ret_count * 10 + (peek(r) - '0');
        r->at++;
    }
    return digits != 0 && *ret_count <= REGEX_REPEAT_MAX;
}

static bool read_counts(struct reading *r, struct tree *t)
{
    if (!read_count(r, &t->least)) return false;
    t->most = t->least;
    if (take(r, ',') && !(peek(r) == '}' ? (t->most = -1, true) : read_count(r, &t->most))) return false;
    return take(r, '}') && (t->most < 0 || t->most >= t->least);
}

static struct tree *read_repeat(struct reading *r)
{
    struct tree *atom = read_atom(r), *t = tree_new(r, TREE_REPEAT, atom, NULL);
    char c = peek(r);
    if (!more(r) || slice_index(LIT("*+?{"), c) == SLICE_NONE) return atom;
    r->at++;
    t->least = c == '+';
    t->most = c == '?' ? 1 : -1;
    if (c == '{' && !read_counts(r, t)) return wrong(r, "a repeat in braces is {m}, {m,} or {m,n}, of at most 64");
    if (more(r) && slice_index(LIT("*+?{"), peek(r)) != SLICE_NONE)
        return wrong(r, "a repeat stands behind another repeat (lazy and possessive ones are not known)");
    return t;
}

static struct tree *read_run(struct reading *r)
{
    struct tree *all = tree_new(r, TREE_NOTHING, NULL, NULL);
    while (more(r) && peek(r) != '|' && peek(r) != ')') {
        all = tree_new(r, TREE_THEN, all, read_repeat(r));
    }
    return all;
}

static struct tree *read_choice(struct reading *r)
{
    struct tree *all = read_run(r);
    while (take(r, '|')) {
        all = tree_new(r, TREE_OR, all, read_run(r));
    }
    return all;
}

const struct tree *regex_tree_read(struct arena *a, struct slice text, const char **ret_why)
{
    struct reading r = {.arena = a, .whole = text};
    take(&r, '^');
    size_t slashes = 0;
    while (slashes + 2 <= text.len && text.at[text.len - 2 - slashes] == '\\') {
        slashes++;
    }
    if (slice_ends(r.whole, LIT("$")) && slashes % 2 == 0 && r.at < r.whole.len) r.whole.len--;
    const struct tree *tree = read_choice(&r);
    if (r.why == NULL && more(&r)) r.why = "a group ) is closed that was never opened";
    *ret_why = r.why;
    return r.why == NULL ? tree : NULL;
}
