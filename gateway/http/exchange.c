/* What a handler calls on an exchange; see exchange.h. Passing on to a backend is in forward.c. */
#include "http/exchange_int.h"

enum {
    EXCHANGE_ADDED_AT_ONCE = 8 /* security headers and a cookie or two */
};

struct slice exchange_header(const struct exchange *x, struct slice name)
{
    for (size_t i = 0; i < x->header_count; i++)
        if (slice_is(x->headers[i].name, name)) return x->headers[i].value;
    return (struct slice){0};
}

size_t exchange_header_count(const struct exchange *x, struct slice name)
{
    size_t count = 0;
    for (size_t i = 0; i < x->header_count; i++)
        count += slice_is(x->headers[i].name, name);
    return count;
}

void exchange_add(struct exchange *x, struct slice name, struct slice value)
{
    struct exchange_int *e = exchange_int_of(x);
    must(name.len != 0 && slice_is_one_line(name) && slice_is_one_line(value));
    if (e->state > ANSWER_CHOSEN) return;
    if (e->added_count == e->added_room) {
        size_t room = e->added_room != 0 ? 2 * e->added_room : EXCHANGE_ADDED_AT_ONCE;
        struct header *grown = arena_array(x->arena, struct header, room);
        if (e->added_count != 0) memcpy(grown, e->added, e->added_count * sizeof *grown);
        e->added = grown;
        e->added_room = room;
    }
    e->added[e->added_count++] = (struct header){name, value};
}

void exchange_reply(struct exchange *x, int status, struct slice body)
{
    struct exchange_int *e = exchange_int_of(x);
    if (e->state != ANSWER_OPEN) return;
    e->state = ANSWER_CHOSEN;
    answer_start(e, status, NULL, 0, body.len);
    answer_body(e, body, true, NULL, NULL);
}

void exchange_drop(struct exchange *x)
{
    struct exchange_int *e = exchange_int_of(x);
    if (e->state == ANSWER_OPEN) answer_abort(e);
}

bool exchange_is_flowing(const struct exchange *x)
{
    enum answer_state state = ((const struct exchange_int *)(const void *)x)->state;
    return state == ANSWER_STARTED || state == ANSWER_TUNNEL;
}

void exchange_cut(struct exchange *x)
{
    struct exchange_int *e = exchange_int_of(x);
    if (e->state == ANSWER_CHOSEN || e->state == ANSWER_STARTED || e->state == ANSWER_TUNNEL) exchange_int_cut(e);
}

bool exchange_answered(const struct exchange *x)
{
    return ((const struct exchange_int *)(const void *)x)->state != ANSWER_OPEN;
}
