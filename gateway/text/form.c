/* form.c -- one pass: cut at '&', cut at '=', decode into one block of at most the text's length. */
#include "text/form.h"

#include "text/encode.h"

enum {
    FIELDS_MAX = 64,        /* the largest honest query has about ten */
    DECODED_MAX = 16 * 1024 /* a form_post with an id_token and a user object stays below */
};

/* '+' is a space, %XX a byte. Writes at *to and moves it on. */
static bool decode(struct slice s, char **to, struct slice *ret_value)
{
    char *start = *to, *out = start;
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] != '%') {
            *out++ = s.at[i] == '+' ? ' ' : s.at[i];
            continue;
        }
        int byte = percent_byte(s, i);
        if (byte < 0) return false;
        *out++ = (char)byte;
        i += 2;
    }
    *to = out;
    *ret_value = (struct slice){start, (size_t)(out - start)};
    return true;
}

static size_t count_fields(struct slice text)
{
    size_t count = 0;
    struct slice piece;
    while (slice_cut(&text, '&', &piece)) {
        if (piece.len != 0) count++;
    }
    return count;
}

const struct err *form_read(struct arena *a, struct slice text, struct form *ret_form)
{
    if (text.len > 3 * DECODED_MAX) return err_new(a, PROBLEM_BAD_REQUEST, "form of %zu bytes is too long", text.len);
    size_t most = count_fields(text);
    if (most > FIELDS_MAX)
        return err_new(a, PROBLEM_BAD_REQUEST, "form has %zu fields, %d are allowed", most, FIELDS_MAX);
    struct form form = {.fields = arena_array(a, struct form_field, most)};
    char *block = arena_bytes(a, text.len + 1), *to = block;
    struct slice piece, name;
    while (slice_cut(&text, '&', &piece)) {
        if (piece.len == 0) continue;
        struct form_field *field = &form.fields[form.count];
        slice_cut(&piece, '=', &name);
        if (!decode(name, &to, &field->name) || !decode(piece, &to, &field->value))
            return err_new(a, PROBLEM_BAD_REQUEST, "form field %zu has an invalid %%XX", form.count);
        form.count++;
    }
    if (to - block > DECODED_MAX) return err_new(a, PROBLEM_BAD_REQUEST, "form of %td bytes is too long", to - block);
    *ret_form = form;
    return NULL;
}

enum form_found form_single(const struct form *f, struct slice name, struct slice *ret_value)
{
    const struct form_field *found = NULL;
    for (size_t i = 0; i < f->count; i++) {
        if (!slice_is(f->fields[i].name, name)) continue;
        if (found != NULL) return FORM_TWICE;
        found = &f->fields[i];
    }
    if (found == NULL) return FORM_ABSENT;
    *ret_value = found->value;
    return FORM_ONCE;
}
