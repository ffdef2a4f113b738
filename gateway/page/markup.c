/* markup.c -- a small reader of HTML's outer shape: text, tags, quoted values, raw text. One byte, one step. */
#include "page/markup.h"

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static bool is_letter(char c)
{
    return lower(c) >= 'a' && lower(c) <= 'z';
}

static void add(char *name, size_t *len, char c)
{
    if (*len < MARKUP_NAME_MAX) name[(*len)++] = lower(c);
}

static bool is_one_of(struct slice name, const struct slice *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (slice_is(name, names[i])) return true;
    }
    return false;
}

static struct slice tag_of(const struct markup *m)
{
    return (struct slice){m->tag, m->tag_len};
}

static struct slice attribute_of(const struct markup *m)
{
    return (struct slice){m->attribute, m->attribute_len};
}

static void tag_ends(struct markup *m)
{
    static const struct slice raw[] = {LIT_INIT("script"),   LIT_INIT("style"),     LIT_INIT("xmp"),
                                       LIT_INIT("iframe"),   LIT_INIT("noembed"),   LIT_INIT("noframes"),
                                       LIT_INIT("noscript"), LIT_INIT("plaintext"), LIT_INIT("template")};
    static const struct slice titles[] = {LIT_INIT("title"), LIT_INIT("textarea")};
    m->seen = 0;
    if (is_one_of(tag_of(m), raw, sizeof raw / sizeof raw[0]))
        m->place = MARKUP_RAW;
    else if (is_one_of(tag_of(m), titles, sizeof titles / sizeof titles[0]))
        m->place = MARKUP_TITLE;
    else
        m->place = MARKUP_TEXT;
}

static void value_starts(struct markup *m, char c)
{
    m->value_begun = false;
    if (c == '"')
        m->place = MARKUP_DOUBLE;
    else if (c == '\'')
        m->place = MARKUP_SINGLE;
    else if (c == '>')
        tag_ends(m);
    else if (!is_space(c))
        m->place = MARKUP_UNQUOTED;
}

/* In raw text only "</tag" ends it: count how much of that was seen. */
static void raw_step(struct markup *m, char c)
{
    if (m->seen == m->tag_len + 2 && (c == '>' || is_space(c))) {
        m->place = c == '>' ? MARKUP_TEXT : MARKUP_CLOSING;
        return;
    }
    bool fits = m->seen == 0   ? c == '<'
                : m->seen == 1 ? c == '/'
                               : m->seen < m->tag_len + 2 && lower(c) == m->tag[m->seen - 2];
    m->seen = fits ? m->seen + 1 : (size_t)(c == '<');
}

static void comment_step(struct markup *m, char c)
{
    if (c == '>' && m->seen >= 2) m->place = MARKUP_TEXT;
    m->seen = c == '-' ? m->seen + 1 : 0;
}

static void declared_step(struct markup *m, char c)
{
    if (c == '>') m->place = MARKUP_TEXT;
    m->seen = c == '-' ? m->seen + 1 : 8; /* only dashes right after "<!" make a comment */
    if (m->seen == 2) {
        m->place = MARKUP_COMMENT;
        m->seen = 0;
    }
}

static void open_step(struct markup *m, char c)
{
    m->seen = 0;
    m->tag_len = 0;
    if (c == '!') {
        m->place = MARKUP_DECLARED;
    } else if (c == '/') {
        m->place = MARKUP_CLOSING;
    } else if (is_letter(c)) {
        m->place = MARKUP_TAG_NAME;
        add(m->tag, &m->tag_len, c);
    } else {
        m->place = c == '<' ? MARKUP_OPEN : MARKUP_TEXT;
    }
}

static void tag_step(struct markup *m, char c)
{
    if (c == '>') {
        tag_ends(m);
    } else if (c == '=') {
        m->place = MARKUP_EQUALS;
    } else if (is_space(c) || c == '/') {
        m->place = MARKUP_TAG;
    } else if (m->place == MARKUP_TAG_NAME) {
        add(m->tag, &m->tag_len, c);
    } else {
        if (m->place == MARKUP_TAG) m->attribute_len = 0;
        m->place = MARKUP_ATTRIBUTE;
        add(m->attribute, &m->attribute_len, c);
    }
}

static void step(struct markup *m, char c)
{
    switch (m->place) {
    case MARKUP_TEXT:
        if (c == '<') m->place = MARKUP_OPEN;
        break;
    case MARKUP_OPEN: open_step(m, c); break;
    case MARKUP_DECLARED: declared_step(m, c); break;
    case MARKUP_COMMENT: comment_step(m, c); break;
    case MARKUP_CLOSING:
        if (c == '>') m->place = MARKUP_TEXT;
        break;
    case MARKUP_TAG_NAME:
    case MARKUP_TAG:
    case MARKUP_ATTRIBUTE: tag_step(m, c); break;
    case MARKUP_EQUALS: value_starts(m, c); break;
    case MARKUP_UNQUOTED:
        if (c == '>')
            tag_ends(m);
        else if (is_space(c))
            m->place = MARKUP_TAG;
        break;
    case MARKUP_DOUBLE:
    case MARKUP_SINGLE:
        if (c == (m->place == MARKUP_DOUBLE ? '"' : '\'')) m->place = MARKUP_TAG;
        m->value_begun = true;
        break;
    case MARKUP_TITLE:
    case MARKUP_RAW: raw_step(m, c); break;
    }
}

void markup_feed(struct markup *m, struct slice literal)
{
    for (size_t i = 0; i < literal.len; i++)
        step(m, literal.at[i]);
}

const char *markup_value(struct markup *m)
{
    switch (m->place) {
    case MARKUP_TEXT: return NULL;
    case MARKUP_TITLE: m->seen = 0; return NULL;
    case MARKUP_DOUBLE:
    case MARKUP_SINGLE: {
        m->value_begun = true;
        struct slice name = attribute_of(m);
        if (slice_starts(name, LIT("on"))) return "a value cannot stand in an event handler";
        if (slice_is(name, LIT("style"))) return "a value cannot stand in a style attribute";
        if (slice_is(name, LIT("srcdoc"))) return "a value cannot stand in srcdoc";
        return NULL;
    }
    case MARKUP_RAW: return "a value cannot stand inside <script>, <style> and other raw text";
    case MARKUP_COMMENT:
    case MARKUP_DECLARED: return "a value cannot stand in a comment or declaration";
    case MARKUP_EQUALS:
    case MARKUP_UNQUOTED: return "a value in an attribute needs quotes around it";
    case MARKUP_OPEN:
    case MARKUP_CLOSING:
    case MARKUP_TAG_NAME:
    case MARKUP_TAG:
    case MARKUP_ATTRIBUTE: break;
    }
    return "a value cannot stand inside a tag, outside a quoted attribute";
}

bool markup_at_url(const struct markup *m)
{
    static const struct slice urls[] = {LIT_INIT("href"),   LIT_INIT("src"),        LIT_INIT("action"),
                                        LIT_INIT("poster"), LIT_INIT("formaction"), LIT_INIT("data"),
                                        LIT_INIT("cite"),   LIT_INIT("xlink:href")};
    bool quoted = m->place == MARKUP_DOUBLE || m->place == MARKUP_SINGLE;
    return quoted && !m->value_begun && is_one_of(attribute_of(m), urls, sizeof urls / sizeof urls[0]);
}

bool markup_same_place(const struct markup *a, const struct markup *b)
{
    if (a->place != b->place) return false;
    if (a->place == MARKUP_TEXT) return true;
    if (!slice_is(tag_of(a), tag_of(b))) return false;
    if (a->place == MARKUP_TAG) return true;
    if (!slice_is(attribute_of(a), attribute_of(b))) return false;
    return a->place == MARKUP_DOUBLE || a->place == MARKUP_SINGLE || a->seen == b->seen;
}
