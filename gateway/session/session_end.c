/* session_end.c -- signing out: the record goes, and its place in the lists when this worker knows whose it is; every cache hears of it, the
 * cookie is deleted; then the provider's tokens go, and are handed to whoever ends the session, for the last time. */
#include "session/session_index.h"
#include "session/session_tokens.h"
#include "session/token_record.h"

#include "base/log.h"
#include "base/now.h"

/* Same name, path, domain and flags, or the browser keeps the old one. */
static struct slice deleting_cookie(struct arena *a, const struct session_conf *conf)
{
    struct cookie_attributes with = conf->cookie;
    with.max_age_s = 0;
    return cookie_set(a, conf->cookie_name, (struct slice){"", 0}, &with);
}

struct end {
    struct sessions *sessions;
    struct slice key, tokens_key, tokens;
    size_t struck;
    struct session_left *ret_left;
    struct flow flow;
};

static enum flow_next delete_record(struct flow *f)
{
    struct end *e = f->self;
    struct sessions *s = e->sessions;
    struct slice lists[SESSION_INDEX_LISTS], id = session_index_id(e->key);
    const struct session *known = session_cache_known(s->cache, e->key);
    struct store_striking what = {.keys = &e->key, .key_count = 1, .lists = lists, .members = &id, .member_count = 1};
    if (known != NULL) what.list_count = session_index_lists(f->arena, s->keys, known, lists);
    /* the store does not tell us of what we do ourselves */
    session_cache_remove_key(s->cache, e->key);
    sessions_doubt(s, e->key);
    return store_strike(f, s->link, &what, &e->struck);
}

static enum flow_next forget(struct flow *f)
{
    struct end *e = f->self;
    sessions_forget(e->sessions, e->key);
    return FLOW_NEXT;
}

/* In one step, so that a refresh which is under way finds nothing to renew: it gives up and revokes what it got. */
static enum flow_next take_tokens(struct flow *f)
{
    struct end *e = f->self;
    return store_take(f, e->sessions->link, e->tokens_key, &e->tokens);
}

static enum flow_next open_tokens(struct flow *f)
{
    struct end *e = f->self;
    if (e->tokens.at == NULL) return FLOW_NEXT;
    struct token_record *r = arena_new(f->arena, struct token_record);
    const struct err *why = token_record_open(f->arena, e->sessions->keys, e->tokens_key, e->tokens, r);
    if (why != NULL) {
        LOG(LOG_LEVEL_WARN, "tokens_unreadable", "A session's tokens cannot be read and were dropped.", why,
            {"session", slice_upto(slice_from(e->key, 2), SESSION_REFERENCE_CHARS)});
        return FLOW_NEXT;
    }
    *e->ret_left = (struct session_left){r->provider, &r->tokens};
    return FLOW_NEXT;
}

static const struct flow_step steps[] = {
    {"session/delete_record", delete_record}, /* waits */
    {"session/forget",        forget       }, /* */
    {"session/take_tokens",   take_tokens  }, /* waits */
    {"session/open_tokens",   open_tokens  }, /* */
};

enum flow_next sessions_erase(struct flow *f, struct sessions *s, struct slice key, struct session_left *ret_left)
{
    struct end *e = arena_new(f->arena, struct end);
    *e = (struct end){.sessions = s, .key = arena_copy(f->arena, key), .ret_left = ret_left};
    e->tokens_key = token_record_key(f->arena, key);
    *ret_left = (struct session_left){.tokens = NULL};
    return flow_call(f, &e->flow, steps, sizeof steps / sizeof *steps, e);
}

static const struct flow_step take_steps[] = {
    {"session/take_tokens", take_tokens}, /* waits */
    {"session/open_tokens", open_tokens}, /* */
};

enum flow_next session_tokens_take(struct flow *f, struct sessions *s, struct slice id, struct session_left *ret_left)
{
    struct end *e = arena_new(f->arena, struct end);
    *e = (struct end){.sessions = s, .key = session_index_key(f->arena, id), .ret_left = ret_left};
    e->tokens_key = token_record_key(f->arena, e->key);
    *ret_left = (struct session_left){.tokens = NULL};
    return flow_call(f, &e->flow, take_steps, sizeof take_steps / sizeof *take_steps, e);
}

enum flow_next session_end(struct flow *f, struct sessions *s, struct slice cookie_header, struct slice *ret_set_cookie,
                           struct session_left *ret_left)
{
    *ret_set_cookie = deleting_cookie(f->arena, s->conf);
    *ret_left = (struct session_left){.tokens = NULL};
    struct slice token;
    struct session_claims claims;
    if (!sessions_cookie(s, cookie_header, &token)) return FLOW_NEXT;
    if (session_jwt_read(s->jwt, f->arena, token, now_s(), &claims) != NULL) return FLOW_NEXT;
    return sessions_erase(f, s, sessions_key(f->arena, claims.sid), ret_left);
}
