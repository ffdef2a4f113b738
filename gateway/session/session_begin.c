/* session_begin.c -- a new session: records first, then the end of what it replaces, then the cookie.
 *
 *     put_tokens     the provider's tokens go first, so there is no session that misses its own
 *     put_record     the record, and its place in the lists of its person, in one step
 *     read_mark      was this person, or the session at the provider, ended since the sign-in began: then this one is, too
 *     end_old        the session this browser had
 *     count          how many this person has now; beyond max_per_user the oldest are ended
 *     give_cookie
 *
 * The id is new and random at every sign-in; nothing a client brought becomes part of it. The cookie is given only when the store has the
 * new record and no longer has the old one: a sign-in that could not end the old session fails, and the new record, which
 * nobody can name, dies of its idle time.
 *
 * The tokens of the session that is replaced are forgotten, not revoked: with many providers that would end the grant which this very
 * sign-in has renewed.
 */
#include <string.h>

#include "crypto/random.h"
#include "session/session_count.h"
#include "session/session_index.h"
#include "session/session_record.h"
#include "session/token_record.h"
#include "text/utf8.h"

#include "base/now.h"

enum {
    SID_BYTES = 32
};

struct begin {
    struct sessions *sessions;
    struct session session;
    int64_t began_ms;
    struct slice key, old_key, token;
    struct slice sealed, sealed_tokens; /* sealed_tokens empty: none are kept */
    int64_t ttl_ms;
    bool put, there;
    struct slice lists[SESSION_INDEX_LISTS];
    size_t list_count, mark_at;
    struct slice marked;
    struct session_left left;
    struct session_ids all; /* of this person, newest first */
    struct session_begun *ret_begun;
};

static enum flow_next put_tokens(struct flow *f)
{
    struct begin *b = f->self;
    if (b->sealed_tokens.len == 0) return FLOW_NEXT;
    return store_put(f, b->sessions->link, token_record_key(f->arena, b->key), b->sealed_tokens, b->ttl_ms,
                     STORE_ALWAYS, &b->put);
}

/* In the lists of the newest key only; the others are for those that began under the older ones. */
static enum flow_next put_record(struct flow *f)
{
    enum {
        NEWEST = 2
    };
    struct begin *b = f->self;
    const struct store_enlisting what = {.key = b->key,
                                         .value = b->sealed,
                                         .ttl_ms = b->ttl_ms,
                                         .member = session_index_id(b->key),
                                         .order = now_wall_ms(),
                                         .lists = b->lists,
                                         .list_count = NEWEST,
                                         .list_ttl_ms = 1000 * b->sessions->conf->lifetime_s};
    return store_enlist(f, b->sessions->link, &what, &b->put);
}

static enum flow_next read_mark(struct flow *f)
{
    struct begin *b = f->self;
    if (!b->put) {
        return flow_fail(f, err_new(f->arena, PROBLEM_INTERNAL, "a new session id is already taken"));
    }
    return store_get(f, b->sessions->link, session_index_mark(f->arena, b->lists[b->mark_at]), &b->marked);
}

static enum flow_next heed_mark(struct flow *f)
{
    struct begin *b = f->self;
    uint64_t when_ms;
    if (b->marked.at != NULL && slice_number(b->marked, &when_ms) && b->began_ms <= (int64_t)when_ms) {
        return session_revoke(f, b->sessions, session_index_id(b->key), &b->session, NULL, &b->there);
    }
    b->marked = (struct slice){NULL, 0};
    return ++b->mark_at < b->list_count ? flow_back(f, 1) : FLOW_NEXT;
}

static enum flow_next obey_mark(struct flow *f)
{
    struct begin *b = f->self;
    if (b->marked.at == NULL) return FLOW_NEXT;
    return flow_fail(f, err_new(f->arena, PROBLEM_SESSION_ENDED, "this person was signed out while signing in"));
}

static enum flow_next end_old(struct flow *f)
{
    struct begin *b = f->self;
    if (b->old_key.len == 0) return FLOW_NEXT;
    return sessions_erase(f, b->sessions, b->old_key, &b->left);
}

static enum flow_next count(struct flow *f)
{
    struct begin *b = f->self;
    return session_count(f, b->sessions, &b->session.identity, (size_t)b->sessions->conf->max_per_user, &b->all);
}

/* Never this one, though others may have begun in the same millisecond. */
static struct slice take_oldest(struct begin *b)
{
    struct slice *last = &b->all.at[b->all.count - 1], oldest = *last;
    if (slice_is(oldest, session_index_id(b->key)) && b->all.count > 1) {
        oldest = last[-1];
        last[-1] = *last;
    }
    b->all.count--;
    return oldest;
}

static enum flow_next end_oldest(struct flow *f)
{
    struct begin *b = f->self;
    struct session_ids *gone = &b->ret_begun->displaced;
    if (b->all.count <= (size_t)b->sessions->conf->max_per_user) return FLOW_NEXT;
    if (gone->at == NULL) gone->at = arena_array(f->arena, struct slice, b->all.count);
    struct slice oldest = take_oldest(b);
    gone->at[gone->count++] = oldest;
    return session_revoke(f, b->sessions, oldest, &b->session, NULL, &b->there);
}

static enum flow_next end_next(struct flow *f)
{
    struct begin *b = f->self;
    return b->all.count > (size_t)b->sessions->conf->max_per_user ? flow_back(f, 1) : FLOW_NEXT;
}

static enum flow_next give_cookie(struct flow *f)
{
    struct begin *b = f->self;
    const struct session_conf *conf = b->sessions->conf;
    b->ret_begun->token = b->token;
    b->ret_begun->set_cookie = cookie_set(f->arena, conf->cookie_name, b->token, &conf->cookie);
    b->ret_begun->reference = slice_upto(session_index_id(b->key), SESSION_REFERENCE_CHARS);
    return FLOW_NEXT;
}

static const struct flow_step steps[] = {
    {"session/put_tokens",  put_tokens }, /* waits */
    {"session/put_record",  put_record }, /* waits */
    {"session/read_mark",   read_mark  }, /* waits */
    {"session/heed_mark",   heed_mark  }, /* may wait */
    {"session/obey_mark",   obey_mark  }, /* */
    {"session/end_old",     end_old    }, /* waits */
    {"session/count",       count      }, /* waits */
    {"session/end_oldest",  end_oldest }, /* may wait */
    {"session/end_next",    end_next   }, /* */
    {"session/give_cookie", give_cookie}, /* */
};

static const struct err *seal(struct arena *a, const struct sessions *s, struct slice key,
                              const struct session *session, struct slice *ret_sealed)
{
    struct buf plain = buf_open(STORE_MAX_VALUE - KEYRING_OVERHEAD);
    session_record_write(&plain, session);
    const struct err *e = NULL;
    if (plain.full) {
        e = err_new(a, PROBLEM_INTERNAL, "what the provider said of this person is too much for one session");
    } else {
        *ret_sealed = keyring_seal(s->keys, a, sessions_purpose, key, buf_slice(&plain));
    }
    explicit_bzero(plain.at, plain.len);
    buf_close(&plain);
    return e;
}

static const struct err *seal_tokens(struct arena *a, const struct sessions *s, struct slice key,
                                     const struct session_start *start, struct slice *ret_sealed)
{
    const struct token_record r = {.provider = start->identity->provider, .tokens = *start->tokens};
    return token_record_seal(a, s->keys, token_record_key(a, key), &r, ret_sealed);
}

/* The key of the session this browser had, if it was one of ours. */
static struct slice old_key(struct arena *a, const struct sessions *s, struct slice cookie_header)
{
    struct slice token;
    struct session_claims claims;
    if (!sessions_cookie(s, cookie_header, &token)) return (struct slice){NULL, 0};
    if (session_jwt_read(s->jwt, a, token, now_s(), &claims) != NULL) return (struct slice){NULL, 0};
    return sessions_key(a, claims.sid);
}

static struct session session_of(struct arena *a, const struct sessions *s, const struct session_start *start)
{
    struct session x = {.identity = *start->identity,
                        .site = start->site,
                        .provider_sid = start->provider_sid,
                        .keeps_tokens = start->tokens != NULL,
                        .address = start->address,
                        .user_agent = utf8_for_people(a, start->user_agent, SESSION_USER_AGENT_MAX)};
    x.created_s = now_s();
    x.expires_s = x.created_s + s->conf->lifetime_s;
    return x;
}

enum flow_next session_begin(struct flow *f, struct sessions *s, const struct session_start *start,
                             struct session_begun *ret_begun)
{
    struct arena *a = f->arena;
    struct begin *b = arena_new(a, struct begin);
    struct slice sid = random_text(a, SID_BYTES);
    *b = (struct begin){.sessions = s,
                        .session = session_of(a, s, start),
                        .began_ms = start->began_ms != 0 ? start->began_ms : now_wall_ms(),
                        .ret_begun = ret_begun};
    *ret_begun = (struct session_begun){
        .set_cookie = {NULL, 0}
    };
    b->key = sessions_key(a, sid);
    b->old_key = old_key(a, s, start->old_cookie_header);
    b->ttl_ms = sessions_idle_ms(s);
    b->list_count = session_index_lists(a, s->keys, &b->session, b->lists);
    const struct session_claims claims = {sid, b->session.created_s, b->session.expires_s};
    const struct err *e = session_jwt_sign(s->jwt, a, &claims, &b->token);
    if (e == NULL) e = seal(a, s, b->key, &b->session, &b->sealed);
    if (e == NULL && b->session.keeps_tokens) e = seal_tokens(a, s, b->key, start, &b->sealed_tokens);
    if (e != NULL) return flow_fail(f, e);
    return flow_call(f, arena_new(a, struct flow), steps, sizeof steps / sizeof *steps, b);
}
