#include "session/session_count.h"

#include <stdlib.h>
#include <string.h>

#include "session/session_index.h"

struct count {
    struct sessions *sessions;
    struct session_names names;
    size_t name_at, most;
    struct store_members found, all;
    size_t looked, batch, living, struck;
    struct slice keys[STORE_AT_ONCE], dead[STORE_AT_ONCE];
    bool there[STORE_AT_ONCE];
    struct session_ids *ret;
    struct flow flow;
};

static enum flow_next read_list(struct flow *f)
{
    struct count *c = f->self;
    return store_members(f, c->sessions->link, c->names.at[c->name_at], &c->found);
}

static enum flow_next gather(struct flow *f)
{
    struct count *c = f->self;
    struct store_members all = {arena_array(f->arena, struct store_member, c->all.count + c->found.count), 0};
    for (size_t i = 0; i < c->all.count; i++) {
        all.at[all.count++] = c->all.at[i];
    }
    for (size_t i = 0; i < c->found.count; i++) {
        if (c->found.at[i].name.len == SESSION_KEY_BYTES - 2) all.at[all.count++] = c->found.at[i];
    }
    c->all = all;
    return ++c->name_at < c->names.count ? flow_back(f, 1) : FLOW_NEXT;
}

static int newest_first(const void *x, const void *y)
{
    const struct store_member *a = x, *b = y;
    return a->order < b->order ? 1 : a->order > b->order ? -1 : 0;
}

static enum flow_next sort(struct flow *f)
{
    struct count *c = f->self;
    if (c->all.count > 1) qsort(c->all.at, c->all.count, sizeof *c->all.at, newest_first);
    c->ret->at = arena_array(f->arena, struct slice, c->all.count);
    if (c->all.count > c->most) return FLOW_NEXT;
    for (size_t i = 0; i < c->all.count; i++) {
        c->ret->at[c->ret->count++] = c->all.at[i].name;
    }
    return FLOW_DONE;
}

static enum flow_next look(struct flow *f)
{
    struct count *c = f->self;
    c->batch = c->all.count - c->looked < STORE_AT_ONCE ? c->all.count - c->looked : STORE_AT_ONCE;
    for (size_t i = 0; i < c->batch; i++) {
        c->keys[i] = session_index_key(f->arena, c->all.at[c->looked + i].name);
    }
    return store_present(f, c->sessions->link, c->keys, c->batch, c->there);
}

static enum flow_next strike_dead(struct flow *f)
{
    struct count *c = f->self;
    size_t dead = 0;
    for (size_t i = 0; i < c->batch; i++) {
        struct slice id = c->all.at[c->looked + i].name;
        if (c->there[i])
            c->ret->at[c->ret->count++] = id;
        else
            c->dead[dead++] = id;
    }
    c->looked += c->batch;
    const struct store_striking what = {
        .lists = c->names.at, .list_count = c->names.count, .members = c->dead, .member_count = dead};
    return store_strike(f, c->sessions->link, &what, &c->struck);
}

static enum flow_next look_on(struct flow *f)
{
    struct count *c = f->self;
    return c->looked < c->all.count ? flow_back(f, 2) : FLOW_NEXT;
}

static const struct flow_step steps[] = {
    {"count/read_list",   read_list  }, /* waits */
    {"count/gather",      gather     }, /* */
    {"count/sort",        sort       }, /* */
    {"count/look",        look       }, /* waits */
    {"count/strike_dead", strike_dead}, /* may wait */
    {"count/look_on",     look_on    }, /* */
};

enum flow_next session_count(struct flow *f, struct sessions *s, const struct identity *who, size_t most,
                             struct session_ids *ret_ids)
{
    struct count *c = arena_new(f->arena, struct count);
    *c = (struct count){.sessions = s, .most = most, .ret = ret_ids};
    c->names = session_index_person(f->arena, s->keys, who->provider, who->subject);
    *ret_ids = (struct session_ids){.count = 0};
    return flow_call(f, &c->flow, steps, sizeof steps / sizeof *steps, c);
}
