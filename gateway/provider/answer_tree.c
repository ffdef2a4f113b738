/* answer_tree.c -- decides by the first byte, then reads strictly. */
#include "provider/answer_tree.h"

#include "text/form.h"
#include "text/utf8.h"

static struct slice without_blanks(struct slice s)
{
    while (s.len != 0 && strchr(" \t\r\n", s.at[0]) != NULL)
        s = slice_from(s, 1);
    while (s.len != 0 && strchr(" \t\r\n", s.at[s.len - 1]) != NULL)
        s.len--;
    return s;
}

/* What a form is made of (WHATWG URL section 5.2), and at least one '='. No page and no sentence is. */
static bool looks_like_form(struct slice s)
{
    bool pair = false;
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.at[i];
        if (c <= 0x20 || c > 0x7e || strchr("<>{}\"\\", c) != NULL) return false;
        pair = pair || c == '=';
    }
    return pair && s.at[0] != '=';
}

static bool is_text(struct slice s)
{
    return utf8_valid(s) && slice_index(s, '\0') == SLICE_NONE;
}

static const struct doc *form_tree(struct arena *a, struct slice text)
{
    struct form form;
    struct slice value;
    if (form_read(a, text, &form) != NULL) return NULL;
    struct doc *map = arena_new(a, struct doc), **end = &map->first;
    map->type = DOC_MAP;
    for (size_t i = 0; i < form.count; i++) {
        const struct form_field *f = &form.fields[i];
        if (form_single(&form, f->name, &value) != FORM_ONCE || !is_text(f->name) || !is_text(value)) return NULL;
        struct doc *d = arena_new(a, struct doc);
        *d = (struct doc){.type = DOC_STRING, .key = f->name, .text = value};
        if (d->key.at == NULL) d->key = LIT("");
        *end = d;
        end = &d->next;
        map->count++;
    }
    return map;
}

const struct doc *answer_tree(struct arena *a, struct slice body)
{
    struct doc *root;
    struct slice text = without_blanks(body);
    if (text.len == 0) return NULL;
    if (text.at[0] != '{' && text.at[0] != '[' && looks_like_form(text)) return form_tree(a, text);
    return doc_json(a, PROBLEM_PROVIDER_BROKEN, text, &root) == NULL ? root : NULL;
}
