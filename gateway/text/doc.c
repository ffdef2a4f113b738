/* doc.c -- finding things in a tree, whoever read it. */
#include "text/doc.h"

const struct doc *doc_member(const struct doc *map, struct slice key)
{
    if (map == NULL || map->type != DOC_MAP) return NULL;
    for (const struct doc *d = map->first; d != NULL; d = d->next) {
        if (slice_is(d->key, key)) return d;
    }
    return NULL;
}

/* "a~1b" in a pointer is the key "a/b", "~0" is '~' (RFC 6901 section 4); compared as it is read, without a copy. */
static bool token_is(struct slice token, struct slice key)
{
    size_t k = 0;
    for (size_t t = 0; t < token.len; t++, k++) {
        char c = token.at[t];
        if (c == '~') {
            t++;
            if (t >= token.len || (token.at[t] != '0' && token.at[t] != '1')) return false;
            c = token.at[t] == '0' ? '~' : '/';
        }
        if (k >= key.len || key.at[k] != c) return false;
    }
    return k == key.len;
}

static const struct doc *child(const struct doc *d, struct slice token)
{
    uint64_t index = 0;
    const struct doc *c = d->first;
    if (d->type == DOC_MAP) {
        while (c != NULL && !token_is(token, c->key)) {
            c = c->next;
        }
        return c;
    }
    if (d->type != DOC_LIST || !slice_number(token, &index)) return NULL;
    if (token.len > 1 && token.at[0] == '0') return NULL;
    while (c != NULL && index-- != 0) {
        c = c->next;
    }
    return c;
}

const struct doc *doc_at(const struct doc *root, struct slice pointer)
{
    const struct doc *d = root;
    if (pointer.len == 0) return d;
    if (pointer.at[0] != '/') return NULL;
    struct slice rest = slice_from(pointer, 1), token;
    while (d != NULL && slice_cut(&rest, '/', &token)) {
        d = child(d, token);
    }
    return d;
}

struct slice doc_string(const struct doc *map, struct slice key)
{
    const struct doc *d = doc_member(map, key);
    return doc_is_string(d) ? d->text : (struct slice){NULL, 0};
}

bool doc_is_string(const struct doc *d)
{
    return d != NULL && d->type == DOC_STRING;
}

bool doc_whole(const struct doc *d, int64_t *ret_value)
{
    if (d == NULL) return false;
    if (d->type == DOC_INT) {
        *ret_value = d->integer;
        return true;
    }
    /* Reals hold whole numbers exactly up to 2^53; beyond that the value is not what was written. */
    const double most = 9007199254740992.0;
    if (d->type != DOC_REAL || !(d->real >= -most && d->real <= most)) return false;
    int64_t whole = (int64_t)d->real;
    if ((double)whole < d->real || (double)whole > d->real) return false;
    *ret_value = whole;
    return true;
}

struct slice doc_text(struct arena *a, const struct doc *d)
{
    int64_t whole;
    if (d == NULL) return (struct slice){NULL, 0};
    if (d->type == DOC_STRING) return d->text;
    if (d->type == DOC_BOOL) return d->boolean ? LIT("true") : LIT("false");
    return doc_whole(d, &whole) ? arena_print(a, "%lld", (long long)whole) : (struct slice){NULL, 0};
}
