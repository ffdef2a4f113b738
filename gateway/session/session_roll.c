/* session_roll.c -- reading sessions that are not the visitor's own: a person's, or one by its id.
 *
 * Each record is opened in an arena of its own, of which only what a listing shows is kept: a record may be a quarter of a megabyte. Members
 * whose record has gone are struck off the list on the way.
 */
#include <stdlib.h>
#include <string.h>

#include "session/session_index.h"
#include "session/session_record.h"

#include "base/log.h"
#include "base/now.h"

enum {
    RECORD_BUDGET = 1024 * 1024 /* the sealed record and the open one, 256 KiB each, and errors */
};

/* ---- one record ---- */

struct reading {
    struct sessions *sessions;
    struct arena *scratch, *kept;
    struct slice key, value;
    int64_t ttl_ms;
    bool there;
    struct session_listed *ret;
    struct flow flow;
};

static struct slice kept(struct reading *r, struct slice text)
{
    return text.len != 0 ? arena_copy(r->kept, text) : (struct slice){NULL, 0};
}

static enum flow_next get_record(struct flow *f)
{
    struct reading *r = f->self;
    f->arena = r->scratch;
    return store_get_ttl(f, r->sessions->link, r->key, &r->value, &r->ttl_ms);
}

/* The idle end moves with use, so it tells when that was: to the minute (session.c: TOUCH_MOST_MS), and not once it has come to stand at the
 * absolute end. */
static int64_t seen_at(const struct sessions *s, const struct session *x, int64_t ttl_ms)
{
    int64_t now = now_wall_ms(), end = now + ttl_ms, idle = sessions_idle_ms(s), seen = end - idle;
    if (x->expires_s * 1000 - end < 2000) return 0;
    if (seen > now) seen = now;
    return (seen / 1000 > x->created_s ? seen / 1000 : x->created_s);
}

static const struct err *open_record(struct reading *r, struct session *ret)
{
    struct slice plain;
    const struct err *e =
        keyring_open_sealed(r->sessions->keys, r->scratch, sessions_purpose, r->key, r->value, &plain);
    if (e == NULL) e = session_record_read(r->scratch, plain, ret);
    return e;
}

static enum flow_next keep(struct flow *f)
{
    struct reading *r = f->self;
    struct session s;
    (void)f;
    r->there = r->value.at != NULL;
    if (!r->there) return FLOW_NEXT;
    const struct err *e = open_record(r, &s);
    if (e != NULL) {
        LOG(LOG_LEVEL_WARN, "session_unreadable", "A session's record cannot be read and counts as none.", e,
            {"session", slice_upto(session_index_id(r->key), SESSION_REFERENCE_CHARS)});
        return FLOW_NEXT;
    }
    int64_t longest = s.created_s + r->sessions->conf->lifetime_s;
    int64_t end = s.expires_s < longest ? s.expires_s : longest;
    if (end <= now_s()) return FLOW_NEXT;
    *r->ret = (struct session_listed){.id = kept(r, session_index_id(r->key)),
                                      .provider = kept(r, s.identity.provider),
                                      .issuer = kept(r, s.identity.issuer),
                                      .subject = kept(r, s.identity.subject),
                                      .email = kept(r, s.identity.email),
                                      .name = kept(r, s.identity.name),
                                      .provider_sid = kept(r, s.provider_sid),
                                      .address = kept(r, s.address),
                                      .user_agent = kept(r, s.user_agent),
                                      .created_s = s.created_s,
                                      .expires_s = end,
                                      .seen_s = seen_at(r->sessions, &s, r->ttl_ms)};
    return FLOW_NEXT;
}

static void close_scratch(void *self)
{
    struct reading *r = self;
    flow_drop(&r->flow);
    arena_close(r->scratch);
    r->scratch = NULL;
}

static enum flow_next let_go(struct flow *f)
{
    struct reading *r = f->self;
    f->arena = r->kept;
    arena_close(r->scratch); /* at once: there may be hundreds */
    r->scratch = NULL;
    return FLOW_NEXT;
}

static const struct flow_step reading_steps[] = {
    {"roll/get_record", get_record}, /* waits */
    {"roll/keep",       keep      }, /* */
    {"roll/let_go",     let_go    }, /* */
};

static enum flow_next read_one(struct flow *f, struct reading *r, struct sessions *s, struct slice id,
                               struct session_listed *ret)
{
    *r = (struct reading){.sessions = s, .kept = f->arena, .ret = ret};
    r->scratch = arena_open(RECORD_BUDGET);
    r->key = session_index_key(f->arena, id);
    *ret = (struct session_listed){.created_s = 0};
    return flow_call(f, &r->flow, reading_steps, sizeof reading_steps / sizeof *reading_steps, r);
}

enum flow_next session_read(struct flow *f, struct sessions *s, struct slice id, struct session_listed *ret)
{
    must(id.len == SESSION_KEY_BYTES - 2);
    struct reading *r = arena_new(f->arena, struct reading);
    arena_at_close(f->arena, close_scratch, r);
    return read_one(f, r, s, id, ret);
}

/* ---- a person's ---- */

struct roll {
    struct sessions *sessions;
    struct session_names names;
    size_t name_at;
    struct store_members found;
    struct store_member *ids;
    size_t id_count, id_at;
    struct reading reading;
    struct session_listed one;
    struct session_roll *ret;
    struct slice dead[STORE_AT_ONCE];
    size_t dead_count, struck;
    struct flow flow;
};

static enum flow_next read_list(struct flow *f)
{
    struct roll *r = f->self;
    return store_members(f, r->sessions->link, r->names.at[r->name_at], &r->found);
}

static enum flow_next gather(struct flow *f)
{
    struct roll *r = f->self;
    struct store_member *ids = arena_array(f->arena, struct store_member, r->id_count + r->found.count);
    for (size_t i = 0; i < r->id_count; i++) {
        ids[i] = r->ids[i];
    }
    for (size_t i = 0; i < r->found.count; i++) {
        if (r->found.at[i].name.len == SESSION_KEY_BYTES - 2) ids[r->id_count++] = r->found.at[i];
    }
    r->ids = ids;
    if (++r->name_at < r->names.count) return flow_back(f, 1);
    r->ret->at = arena_array(f->arena, struct session_listed, r->id_count);
    return r->id_count != 0 ? FLOW_NEXT : FLOW_DONE;
}

static enum flow_next read_next(struct flow *f)
{
    struct roll *r = f->self;
    return read_one(f, &r->reading, r->sessions, r->ids[r->id_at].name, &r->one);
}

static enum flow_next add(struct flow *f)
{
    struct roll *r = f->self;
    r->one.order = r->ids[r->id_at].order;
    if (r->one.id.len != 0)
        r->ret->at[r->ret->count++] = r->one;
    else if (!r->reading.there && r->dead_count < STORE_AT_ONCE)
        r->dead[r->dead_count++] = r->ids[r->id_at].name;
    return ++r->id_at < r->id_count ? flow_back(f, 1) : FLOW_NEXT;
}

static enum flow_next strike_dead(struct flow *f)
{
    struct roll *r = f->self;
    const struct store_striking what = {
        .lists = r->names.at, .list_count = r->names.count, .members = r->dead, .member_count = r->dead_count};
    return store_strike(f, r->sessions->link, &what, &r->struck);
}

static int newest_first(const void *x, const void *y)
{
    const struct session_listed *a = x, *b = y;
    return a->order < b->order ? 1 : a->order > b->order ? -1 : 0;
}

static enum flow_next sort(struct flow *f)
{
    struct roll *r = f->self;
    if (r->ret->count > 1) qsort(r->ret->at, r->ret->count, sizeof *r->ret->at, newest_first);
    return FLOW_NEXT;
}

static const struct flow_step roll_steps[] = {
    {"roll/read_list",   read_list  }, /* waits */
    {"roll/gather",      gather     }, /* */
    {"roll/read_next",   read_next  }, /* waits */
    {"roll/add",         add        }, /* */
    {"roll/strike_dead", strike_dead}, /* waits */
    {"roll/sort",        sort       }, /* */
};

static void close_roll(void *self)
{
    struct roll *r = self;
    flow_drop(&r->flow);
    arena_close(r->reading.scratch);
}

enum flow_next session_roll(struct flow *f, struct sessions *s, struct slice provider, struct slice subject,
                            struct session_roll *ret)
{
    struct roll *r = arena_new(f->arena, struct roll);
    *r = (struct roll){.sessions = s, .ret = ret};
    r->names = session_index_person(f->arena, s->keys, provider, subject);
    *ret = (struct session_roll){.count = 0};
    arena_at_close(f->arena, close_roll, r);
    return flow_call(f, &r->flow, roll_steps, sizeof roll_steps / sizeof *roll_steps, r);
}
