/* session_revoke.c -- ending sessions by what is known of them: an id, a person, a session at the provider.
 *
 *     mark           a sign-in that began before now gives no session any more             asks the store, waits
 *     read_list      who stands in the list; one list for each of our keys                 asks the store, waits
 *     look           which of them still live, some at a time                              asks the store, waits
 *     give           their tokens, to be revoked, one after the other                      asks the store, waits
 *     strike         records, tokens and members go together                              asks the store, waits
 *     forget         this worker's cache and whoever holds something open for them
 *     mark_after_all where the first mark was refused: again, and all over                asks the store, may wait
 *
 * The mark is written before the list is read, and session_begin.c reads it after it has written: whichever comes first, no session is
 * left over. A store that is full takes no mark, yet whoever is signed in must go: then the sessions go first, and make room for it. One that
 * takes none even so is an error, as who is signing in would not be ended.
 */
#include "session/session_index.h"
#include "session/token_give.h"
#include "session/token_record.h"

#include "base/now.h"

enum {
    AT_ONCE = STORE_AT_ONCE / 2, /* two records each */
    MARKED_MS = 15 * 60 * 1000   /* longer than any sign-in may take */
};

struct revoke {
    struct sessions *sessions;
    struct session_names names;
    size_t name_at;
    struct slice except; /* this id stays; at NULL: all go */
    bool marks;
    struct store_members found;
    struct slice *ids; /* all that were found */
    size_t id_count, id_room, id_at;
    struct slice keys[STORE_AT_ONCE], members[AT_ONCE];
    bool there[AT_ONCE];
    size_t batch, struck, given;
    const struct session_giving *giving; /* NULL: tokens go with their sessions */
    struct token_give *give;
    struct session_ids *ret_ended;
    bool marked;
    const struct err *unmarked; /* why there is no mark */
    struct flow flow, marking;
};

static enum flow_next write_mark(struct flow *f)
{
    struct revoke *r = f->self;
    struct slice when = arena_print(f->arena, "%lld", (long long)now_wall_ms());
    return store_put(f, r->sessions->link, session_index_mark(f->arena, r->names.at[0]), when, MARKED_MS, STORE_ALWAYS,
                     &r->marked);
}

static enum flow_next mark(struct flow *f)
{
    static const struct flow_step steps[] = {
        {"revoke/write_mark", write_mark}
    };
    struct revoke *r = f->self;
    return r->marks ? flow_try(f, &r->marking, steps, 1, r, &r->unmarked) : FLOW_NEXT;
}

static enum flow_next read_list(struct flow *f)
{
    struct revoke *r = f->self;
    return store_members(f, r->sessions->link, r->names.at[r->name_at], &r->found);
}

static enum flow_next gather(struct flow *f)
{
    struct revoke *r = f->self;
    struct slice *ids = arena_array(f->arena, struct slice, r->id_count + r->found.count);
    for (size_t i = 0; i < r->id_count; i++) {
        ids[i] = r->ids[i];
    }
    for (size_t i = 0; i < r->found.count; i++) {
        struct slice id = r->found.at[i].name;
        if (id.len == SESSION_KEY_BYTES - 2 && !slice_is(id, r->except)) ids[r->id_count++] = id;
    }
    r->ids = ids;
    struct slice *ended = arena_array(f->arena, struct slice, r->id_count);
    for (size_t i = 0; i < r->ret_ended->count; i++) {
        ended[i] = r->ret_ended->at[i];
    }
    r->ret_ended->at = ended;
    return ++r->name_at < r->names.count ? flow_back(f, 1) : FLOW_NEXT;
}

static enum flow_next look(struct flow *f)
{
    struct revoke *r = f->self;
    r->batch = r->given = 0;
    while (r->batch < AT_ONCE && r->id_at + r->batch < r->id_count) {
        r->members[r->batch] = r->ids[r->id_at + r->batch];
        r->keys[r->batch] = session_index_key(f->arena, r->members[r->batch]);
        sessions_doubt(r->sessions, r->keys[r->batch]);
        r->batch++;
    }
    return store_present(f, r->sessions->link, r->keys, r->batch, r->there);
}

static enum flow_next give(struct flow *f)
{
    struct revoke *r = f->self;
    while (r->given < r->batch && !r->there[r->given]) {
        r->given++;
    }
    if (r->giving == NULL || r->given == r->batch) return FLOW_NEXT;
    return token_give(f, r->give, r->sessions, r->members[r->given++], r->giving);
}

static enum flow_next give_next(struct flow *f)
{
    struct revoke *r = f->self;
    return r->giving != NULL && r->given < r->batch ? flow_back(f, 1) : FLOW_NEXT;
}

static enum flow_next strike(struct flow *f)
{
    struct revoke *r = f->self;
    for (size_t i = 0; i < r->batch; i++) {
        r->keys[r->batch + i] = token_record_key(f->arena, r->keys[i]);
    }
    const struct store_striking what = {.keys = r->keys,
                                        .key_count = 2 * r->batch,
                                        .lists = r->names.at,
                                        .list_count = r->names.count,
                                        .members = r->members,
                                        .member_count = r->batch};
    return store_strike(f, r->sessions->link, &what, &r->struck);
}

static enum flow_next forget(struct flow *f)
{
    struct revoke *r = f->self;
    for (size_t i = 0; i < r->batch; i++) {
        sessions_forget(r->sessions, r->keys[i]);
        if (r->there[i]) r->ret_ended->at[r->ret_ended->count++] = r->members[i];
    }
    r->id_at += r->batch;
    return r->id_at < r->id_count ? flow_back(f, 4) : FLOW_NEXT;
}

static enum flow_next mark_after_all(struct flow *f)
{
    struct revoke *r = f->self;
    return r->unmarked != NULL ? write_mark(f) : FLOW_DONE;
}

static enum flow_next all_over(struct flow *f)
{
    struct revoke *r = f->self;
    r->unmarked = NULL;
    r->name_at = 0;
    return flow_back(f, 8);
}

static const struct flow_step steps[] = {
    {"revoke/mark",           mark          }, /* waits */
    {"revoke/read_list",      read_list     }, /* waits */
    {"revoke/gather",         gather        }, /* */
    {"revoke/look",           look          }, /* waits */
    {"revoke/give",           give          }, /* waits, one after the other */
    {"revoke/give_next",      give_next     }, /* */
    {"revoke/strike",         strike        }, /* waits */
    {"revoke/forget",         forget        }, /* */
    {"revoke/mark_after_all", mark_after_all}, /* seldom waits */
    {"revoke/all_over",       all_over      }, /* */
};

static enum flow_next revoke(struct flow *f, struct sessions *s, struct session_names names, struct slice except,
                             const struct session_giving *giving, struct session_ids *ret_ended)
{
    struct revoke *r = arena_new(f->arena, struct revoke);
    *r = (struct revoke){
        .sessions = s, .names = names, .except = except, .marks = except.at == NULL, .ret_ended = ret_ended};
    if (token_give_can(giving)) {
        r->giving = giving;
        r->give = token_give_open(f->arena);
    }
    *ret_ended = (struct session_ids){.count = 0};
    return flow_call(f, &r->flow, steps, sizeof steps / sizeof *steps, r);
}

enum flow_next session_revoke_person(struct flow *f, struct sessions *s, struct slice provider, struct slice subject,
                                     struct slice except, const struct session_giving *giving,
                                     struct session_ids *ret_ended)
{
    return revoke(f, s, session_index_person(f->arena, s->keys, provider, subject), except, giving, ret_ended);
}

enum flow_next session_revoke_elsewhere(struct flow *f, struct sessions *s, struct slice provider, struct slice sid,
                                        struct slice subject, const struct session_giving *giving,
                                        struct session_ids *ret_ended)
{
    struct session_names names = session_index_elsewhere(f->arena, s->keys, provider, sid, subject);
    return revoke(f, s, names, (struct slice){NULL, 0}, giving, ret_ended);
}

/* ---- one ---- */

struct revoke_one {
    struct sessions *sessions;
    struct slice key;
    const struct session_giving *giving;
    bool *ret_was_there;
    struct slice lists[SESSION_INDEX_LISTS];
    size_t list_count, struck;
    struct flow flow;
};

static enum flow_next look_for_one(struct flow *f)
{
    struct revoke_one *r = f->self;
    sessions_doubt(r->sessions, r->key);
    return store_present(f, r->sessions->link, &r->key, 1, r->ret_was_there);
}

static enum flow_next give_one(struct flow *f)
{
    struct revoke_one *r = f->self;
    if (!*r->ret_was_there || !token_give_can(r->giving)) return FLOW_NEXT;
    return token_give(f, token_give_open(f->arena), r->sessions, session_index_id(r->key), r->giving);
}

static enum flow_next strike_one(struct flow *f)
{
    struct revoke_one *r = f->self;
    const struct slice keys[] = {r->key, token_record_key(f->arena, r->key)}, member = session_index_id(r->key);
    const struct store_striking what = {.keys = keys,
                                        .key_count = 2,
                                        .lists = r->lists,
                                        .list_count = r->list_count,
                                        .members = &member,
                                        .member_count = 1};
    return store_strike(f, r->sessions->link, &what, &r->struck);
}

static enum flow_next forget_one(struct flow *f)
{
    struct revoke_one *r = f->self;
    sessions_forget(r->sessions, r->key);
    return FLOW_NEXT;
}

static const struct flow_step one_steps[] = {
    {"revoke/look_for_one", look_for_one}, /* waits */
    {"revoke/give_one",     give_one    }, /* may wait */
    {"revoke/strike_one",   strike_one  }, /* waits */
    {"revoke/forget_one",   forget_one  }, /* */
};

enum flow_next session_revoke(struct flow *f, struct sessions *s, struct slice id, const struct session *known,
                              const struct session_giving *giving, bool *ret_was_there)
{
    must(id.len == SESSION_KEY_BYTES - 2);
    struct revoke_one *r = arena_new(f->arena, struct revoke_one);
    *r = (struct revoke_one){
        .sessions = s, .key = session_index_key(f->arena, id), .giving = giving, .ret_was_there = ret_was_there};
    if (known != NULL) r->list_count = session_index_lists(f->arena, s->keys, known, r->lists);
    return flow_call(f, &r->flow, one_steps, sizeof one_steps / sizeof *one_steps, r);
}
