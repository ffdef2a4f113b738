/* memo.c -- the session's memo: one block per preset with all values, a few assertions, a few backends' finished lines.
 *
 * The memo belongs to the session (session.memo_free) and so to one worker. It may be formed anew while older requests are still
 * under way, so no request points into it for longer than its head is being written: values are copied into the request's arena.
 */
#include "proxy/memo.h"

#include <stdlib.h>
#include <string.h>

#include "http/request_head.h"
#include "proxy/assertion.h"

enum {
    TEXTS = 16, /* backends, or hosts of a front proxy, that one person uses at a time */
    MEMO_PRESETS = PRESET_NONE + 1,
    ASSERTION_ALONE = MEMO_PRESETS /* else the preset whose lines they are */
};

struct kept_values {
    char *text; /* all values one after another; owned */
    size_t total, len[PRESET_HEADERS_MAX];
    bool formed;
};
struct kept_text {
    char *audience, *text; /* owned */
    size_t audience_len, text_len;
    int what; /* ASSERTION_ALONE or a preset */
    int64_t good_until_s;
};
struct memo {
    int64_t generation;
    struct kept_values values[MEMO_PRESETS];
    struct kept_text texts[TEXTS];
    size_t next_slot;
};

static char *own(struct slice s)
{
    char *copy = must_alloc(s.len);
    if (s.len != 0) memcpy(copy, s.at, s.len);
    return copy;
}

static void clear(struct memo *m)
{
    for (size_t i = 0; i < MEMO_PRESETS; i++) {
        free(m->values[i].text);
    }
    for (size_t i = 0; i < TEXTS; i++) {
        free(m->texts[i].audience);
        free(m->texts[i].text);
    }
    *m = (struct memo){0};
}

static void memo_free(void *memo)
{
    clear(memo);
    free(memo);
}

static struct memo *memo_of(const struct session *s, int64_t generation)
{
    /* The memo is the one part of a session that is ours to write; the rest stays const. */
    struct session *mine = (struct session *)(uintptr_t)s;
    if (mine->memo == NULL) {
        mine->memo = must_alloc(sizeof(struct memo));
        mine->memo_free = memo_free;
    }
    struct memo *m = mine->memo;
    if (m->generation != generation) {
        clear(m);
        m->generation = generation;
    }
    return m;
}

static void form(struct kept_values *v, const struct forwarding *f, const struct preset_header *row, size_t count)
{
    struct slice parts[PRESET_HEADERS_MAX];
    must(count <= PRESET_HEADERS_MAX);
    bool alone = f->subject_alone && f->preset != PRESET_STANDARD;
    for (size_t i = 0; i < count; i++) {
        parts[i] = preset_value(f->x->arena, row[i].field, &f->session->identity, alone);
        v->len[i] = parts[i].len;
    }
    struct slice all = arena_join(f->x->arena, parts, count);
    v->text = own(all);
    v->total = all.len;
    v->formed = true;
}

static struct slice kept(const struct memo *m, const struct forwarding *f, int what)
{
    for (size_t i = 0; i < TEXTS; i++) {
        const struct kept_text *k = &m->texts[i];
        if (k->text == NULL || k->what != what || k->good_until_s <= f->now_s) continue;
        if (slice_is((struct slice){k->audience, k->audience_len}, f->audience))
            return (struct slice){k->text, k->text_len};
    }
    return (struct slice){0};
}

/* In the oldest one's place. */
static struct slice keep(struct memo *m, const struct forwarding *f, int what, struct slice text)
{
    struct kept_text *k = &m->texts[m->next_slot];
    m->next_slot = (m->next_slot + 1) % TEXTS;
    free(k->audience);
    free(k->text);
    /* a fifth of the assertion's life is left to the backend's clock and queue */
    *k = (struct kept_text){own(f->audience), own(text), f->audience.len,
                            text.len,         what,      f->now_s + f->assertion_s - f->assertion_s / 5};
    return (struct slice){k->text, text.len};
}

static struct slice mint(const struct forwarding *f)
{
    const struct assertion_ask ask = {.issuer = f->issuer,
                                      .audience = f->audience,
                                      .lifetime_s = f->assertion_s,
                                      .now_s = f->now_s,
                                      .who = &f->session->identity,
                                      .session = f->session->reference};
    return assertion_mint(f->x->arena, f->keys, &ask);
}

/* The values but the assertion, in the arena. */
static void values(struct memo *m, const struct forwarding *f, const struct preset_header *row, size_t count,
                   struct header *ret_headers)
{
    struct kept_values *v = &m->values[f->preset];
    size_t at = 0;
    if (!v->formed) form(v, f, row, count);
    struct slice text = arena_copy(f->x->arena, (struct slice){v->text, v->total});
    for (size_t i = 0; i < count; i++) {
        ret_headers[i] = (struct header){row[i].name, slice_upto(slice_from(text, at), v->len[i])};
        at += v->len[i];
    }
}

size_t memo_headers(const struct forwarding *f, struct header *ret_headers)
{
    size_t count;
    const struct preset_header *row = preset_headers(f->preset, &count);
    if (count == 0) return 0;
    struct memo *m = memo_of(f->session, f->generation);
    values(m, f, row, count, ret_headers);
    for (size_t i = 0; i < count; i++) {
        if (row[i].field != FIELD_ASSERTION) continue;
        struct slice known = kept(m, f, ASSERTION_ALONE);
        if (known.len == 0) known = keep(m, f, ASSERTION_ALONE, mint(f));
        ret_headers[i].value = arena_copy(f->x->arena, known);
    }
    return count;
}

struct slice memo_lines(const struct forwarding *f)
{
    size_t count, said = 0;
    const struct preset_header *row = preset_headers(f->preset, &count);
    if (count == 0) return LIT("");
    struct memo *m = memo_of(f->session, f->generation);
    struct slice known = kept(m, f, (int)f->preset);
    if (known.len != 0) return known;
    struct header list[PRESET_HEADERS_MAX];
    values(m, f, row, count, list);
    for (size_t i = 0; i < count; i++) {
        if (row[i].field == FIELD_ASSERTION) list[i].value = mint(f);
        if (list[i].value.len != 0) list[said++] = list[i];
    }
    return keep(m, f, (int)f->preset, request_head_lines(f->x->arena, list, said));
}
