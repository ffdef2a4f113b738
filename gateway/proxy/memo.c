/* memo.c -- the session's memo: one block per preset with all values, and a few assertions.
 *
 * The memo belongs to the session (session.memo_free) and so to one worker. It may be formed anew while older requests are still
 * under way, so a request never points into it: values are copied into the request's arena.
 */
#include "proxy/memo.h"

#include <stdlib.h>
#include <string.h>

#include "proxy/assertion.h"

enum {
    AUDIENCES = 16, /* backends, or hosts of a front proxy, that one person uses at a time */
    MEMO_PRESETS = PRESET_NONE + 1
};

struct kept_values {
    char *text; /* all values one after another; owned */
    size_t total, len[PRESET_HEADERS_MAX];
    bool formed;
};
struct kept_assertion {
    char *audience, *token; /* owned */
    size_t audience_len, token_len;
    int64_t good_until_s;
};
struct memo {
    int64_t generation;
    struct kept_values values[MEMO_PRESETS];
    struct kept_assertion assertions[AUDIENCES];
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
    for (size_t i = 0; i < AUDIENCES; i++) {
        free(m->assertions[i].audience);
        free(m->assertions[i].token);
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

static struct slice assertion(struct memo *m, const struct forwarding *f)
{
    for (size_t i = 0; i < AUDIENCES; i++) {
        struct kept_assertion *k = &m->assertions[i];
        struct slice audience = {k->audience, k->audience_len};
        if (k->token == NULL || k->good_until_s <= f->now_s) continue;
        if (slice_is(audience, f->audience)) {
            return arena_copy(f->x->arena, (struct slice){k->token, k->token_len});
        }
    }
    const struct assertion_ask ask = {.issuer = f->issuer,
                                      .audience = f->audience,
                                      .lifetime_s = f->assertion_s,
                                      .now_s = f->now_s,
                                      .who = &f->session->identity,
                                      .session = f->session->reference};
    struct slice token = assertion_mint(f->x->arena, f->keys, &ask);
    struct kept_assertion *k = &m->assertions[m->next_slot];
    m->next_slot = (m->next_slot + 1) % AUDIENCES;
    free(k->audience);
    free(k->token);
    /* a fifth of its life is left to the backend's clock and queue */
    *k = (struct kept_assertion){own(f->audience), own(token), f->audience.len, token.len,
                                 f->now_s + f->assertion_s - f->assertion_s / 5};
    return token;
}

size_t memo_headers(const struct forwarding *f, struct header *ret_headers)
{
    size_t count, at = 0;
    const struct preset_header *row = preset_headers(f->preset, &count);
    if (count == 0) return 0;
    struct memo *m = memo_of(f->session, f->generation);
    struct kept_values *v = &m->values[f->preset];
    if (!v->formed) form(v, f, row, count);
    struct slice text = arena_copy(f->x->arena, (struct slice){v->text, v->total});
    for (size_t i = 0; i < count; i++) {
        struct slice value = slice_upto(slice_from(text, at), v->len[i]);
        at += v->len[i];
        if (row[i].field == FIELD_ASSERTION) value = assertion(m, f);
        ret_headers[i] = (struct header){row[i].name, value};
    }
    return count;
}
