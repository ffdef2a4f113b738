/* session_begin.c -- a new session: records first, then the end of the one it replaces, then the cookie.
 *
 * The id is new and random at every sign-in; nothing a client brought becomes part of it. The cookie is given only when the store has the
 * new record and no longer has the old one: a sign-in that could not end the old session fails, and the new record, which
 * nobody can name, dies of its idle time. The provider's tokens go first, so there is no session that misses its own.
 *
 * The tokens of the session that is replaced are forgotten, not revoked: with many providers that would end the grant which this very
 * sign-in has renewed.
 */
#include <string.h>

#include "crypto/random.h"
#include "session/session_record.h"
#include "session/sessions.h"
#include "session/token_record.h"

#include "base/now.h"

enum {
    SID_BYTES = 32
};

struct begin {
    struct sessions *sessions;
    struct slice key, old_key, token;
    struct slice sealed, sealed_tokens; /* sealed_tokens empty: none are kept */
    int64_t ttl_ms;
    bool put, deleted;
    struct slice *ret_set_cookie, *ret_reference;
};

static enum flow_next put_tokens(struct flow *f)
{
    struct begin *b = f->self;
    if (b->sealed_tokens.len == 0) return FLOW_NEXT;
    return store_put(f, b->sessions->link, token_record_key(f->arena, b->key), b->sealed_tokens, b->ttl_ms,
                     STORE_ALWAYS, &b->put);
}

static enum flow_next put_record(struct flow *f)
{
    struct begin *b = f->self;
    return store_put(f, b->sessions->link, b->key, b->sealed, b->ttl_ms, STORE_IF_NEW, &b->put);
}

static enum flow_next delete_old(struct flow *f)
{
    struct begin *b = f->self;
    if (!b->put) {
        return flow_fail(f, err_new(f->arena, PROBLEM_INTERNAL, "a new session id is already taken"));
    }
    if (b->old_key.len == 0) return FLOW_NEXT;
    session_cache_remove_key(b->sessions->cache, b->old_key);
    sessions_doubt(b->sessions, b->old_key);
    return store_delete(f, b->sessions->link, b->old_key, &b->deleted);
}

static enum flow_next delete_old_tokens(struct flow *f)
{
    struct begin *b = f->self;
    if (b->old_key.len == 0) return FLOW_NEXT;
    return store_delete(f, b->sessions->link, token_record_key(f->arena, b->old_key), &b->deleted);
}

static enum flow_next give_cookie(struct flow *f)
{
    enum {
        REFERENCE = 8
    };
    struct begin *b = f->self;
    const struct session_conf *conf = b->sessions->conf;
    *b->ret_set_cookie = cookie_set(f->arena, conf->cookie_name, b->token, &conf->cookie);
    *b->ret_reference = slice_upto(slice_from(b->key, 2), REFERENCE);
    return FLOW_NEXT;
}

static const struct flow_step steps[] = {
    {"session/put_tokens",        put_tokens       },
    {"session/put_record",        put_record       },
    {"session/delete_old",        delete_old       },
    {"session/delete_old_tokens", delete_old_tokens},
    {"session/give_cookie",       give_cookie      },
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

enum flow_next session_begin(struct flow *f, struct sessions *s, const struct session_start *start,
                             struct slice *ret_set_cookie, struct slice *ret_reference)
{
    struct arena *a = f->arena;
    struct begin *b = arena_new(a, struct begin);
    struct slice sid = random_text(a, SID_BYTES);
    struct session session = {
        .identity = *start->identity, .provider_sid = start->provider_sid, .keeps_tokens = start->tokens != NULL};
    session.created_s = now_s();
    session.expires_s = session.created_s + s->conf->lifetime_s;
    *b = (struct begin){.sessions = s, .ret_set_cookie = ret_set_cookie, .ret_reference = ret_reference};
    b->key = sessions_key(a, sid);
    b->old_key = old_key(a, s, start->old_cookie_header);
    b->ttl_ms = sessions_idle_ms(s);
    const struct session_claims claims = {sid, session.created_s, session.expires_s};
    const struct err *e = session_jwt_sign(s->jwt, a, &claims, &b->token);
    if (e == NULL) e = seal(a, s, b->key, &session, &b->sealed);
    if (e == NULL && session.keeps_tokens) e = seal_tokens(a, s, b->key, start, &b->sealed_tokens);
    if (e != NULL) return flow_fail(f, e);
    return flow_call(f, arena_new(a, struct flow), steps, sizeof steps / sizeof *steps, b);
}
