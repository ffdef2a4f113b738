/* session_walk.c -- all the sessions there are, found by walking the store. */
#include "session/session_index.h"

struct walk {
    struct sessions *sessions;
    struct slice key_starts;
    struct store_scan *scan;
    struct flow flow;
};

static enum flow_next ask(struct flow *f)
{
    struct walk *w = f->self;
    return store_scan(f, w->sessions->link, w->key_starts, w->scan);
}

static enum flow_next only_ids(struct flow *f)
{
    const struct walk *w = f->self;
    struct store_scan *scan = w->scan;
    size_t count = 0;
    for (size_t i = 0; i < scan->count; i++) {
        if (scan->keys[i].len == SESSION_KEY_BYTES) scan->keys[count++] = session_index_id(scan->keys[i]);
    }
    scan->count = count;
    return FLOW_NEXT;
}

static const struct flow_step steps[] = {
    {"walk/ask",      ask     }, /* waits */
    {"walk/only_ids", only_ids}, /* */
};

enum flow_next session_walk(struct flow *f, struct sessions *s, struct slice id_starts, struct store_scan *scan)
{
    struct walk *w = arena_new(f->arena, struct walk);
    *w = (struct walk){.sessions = s, .scan = scan};
    w->key_starts = session_index_key(f->arena, id_starts);
    return flow_call(f, &w->flow, steps, sizeof steps / sizeof *steps, w);
}
