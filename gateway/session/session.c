/* session.c -- who is this: the cookie's token, then this worker's cache, then the store.
 *
 * A warm find is a walk over the Cookie header, one table look-up, one comparison of the whole token and three clocks. All else goes by
 * session_flight: the token is verified first, so nobody can make us ask the store with an id of their own making.
 */
#include "session/session.h"

#include <stdlib.h>
#include <string.h>

#include "session/session_flight.h"
#include "session/sessions.h"
#include "session/token_flight.h"
#include "session/token_memo.h"
#include "text/encode.h"

#include "base/now.h"

enum {
    TOUCH_MOST_MS = 60 * 1000
}; /* the idle end is at most so far behind the truth */

const struct slice sessions_purpose = LIT_INIT("session");

/* ---- opening, reloading, closing */

static void doubt_memo(struct session_held *h)
{
    if (h->token_memo != NULL) h->token_memo->doubted = true;
}

/* session_key at NULL: all. */
static void doubt_tokens(struct sessions *s, struct slice session_key)
{
    session_cache_each(s->cache, session_key, doubt_memo);
    token_flight_overtake(s, session_key);
}

/* The store's news; key at NULL: all. Only keys of ours are 45 bytes long and begin so. */
static void store_told(void *self, struct slice key)
{
    struct sessions *s = self;
    bool all = key.at == NULL, ours = key.len == SESSION_KEY_BYTES;
    if (all || (ours && slice_starts(key, LIT("s:")))) {
        sessions_doubt(s, key);
        if (s->news != NULL) s->news(s->news_self, all ? key : slice_from(key, 2), false);
    }
    if (all) doubt_tokens(s, key);
    if (!ours || !slice_starts(key, LIT("t:"))) return;
    char session_key[SESSION_KEY_BYTES];
    memcpy(session_key, key.at, sizeof session_key);
    session_key[0] = 's';
    doubt_tokens(s, (struct slice){session_key, sizeof session_key});
}

/* The store went away, or no longer tells of changes. Whatever it had not called changed was true until then, so from then on it is as
 * fresh as an answer of that moment would be. Not longer: who signs out elsewhere meanwhile must be out here soon. */
static void store_fell_silent(void *self, int64_t sure_ms)
{
    struct sessions *s = self;
    session_cache_believe_all(s->cache, sure_ms + s->conf->cache_ms);
}

void sessions_doubt(struct sessions *s, struct slice key)
{
    session_flight_overtake(s, key);
    if (key.at == NULL) {
        session_cache_doubt_all(s->cache);
    } else {
        session_cache_doubt(s->cache, key);
    }
}

void sessions_forget(struct sessions *s, struct slice key)
{
    session_cache_remove_key(s->cache, key);
    sessions_doubt(s, key);
    if (s->news != NULL) s->news(s->news_self, slice_from(key, 2), true);
}

void sessions_on_news(struct sessions *s, void (*fn)(void *self, struct slice id, bool gone), void *self)
{
    s->news = fn;
    s->news_self = self;
}

struct slice session_id(const struct session *s)
{
    return (struct slice){session_held_of(s)->key + 2, SESSION_KEY_BYTES - 2};
}

struct sessions *sessions_open(struct store_link *k, struct loop *l, const struct session_jwt *jwt,
                               const struct keyring *keys, const struct session_conf *conf)
{
    struct sessions *s = must_alloc(sizeof *s);
    s->link = k;
    s->loop = l;
    s->cache = session_cache_open(conf->cache_entries);
    sessions_configure(s, jwt, keys, conf);
    store_on_change(k, store_told, s);
    store_on_silence(k, store_fell_silent);
    return s;
}

void sessions_configure(struct sessions *s, const struct session_jwt *jwt, const struct keyring *keys,
                        const struct session_conf *conf)
{
    s->jwt = jwt;
    s->keys = keys;
    s->conf = conf;
    s->generation++; /* flights under way verify their token again */
    session_cache_clear(s->cache);
}

void sessions_close(struct sessions *s)
{
    if (s == NULL) return;
    store_on_change(s->link, NULL, NULL);
    session_flight_close_all(s);
    token_flight_close_all(s);
    token_revoke_close_all(s);
    session_cache_close(s->cache);
    free(s);
}

/* ---- small truths */

bool sessions_cookie(const struct sessions *s, struct slice cookie_header, struct slice *ret_token)
{
    struct slice token;
    if (!cookie_find(cookie_header, s->conf->cookie_name, &token) || token.len == 0) return false;
    *ret_token = token;
    return true;
}

struct slice sessions_key(struct arena *a, struct slice sid)
{
    unsigned char hash[DIGEST_SHA256_BYTES];
    digest_sha256(sid, hash);
    struct slice text = base64url_encode(a, (struct slice){(const char *)hash, sizeof hash});
    return arena_join(a, (struct slice[]){LIT("s:"), text}, 2);
}

int64_t sessions_idle_ms(const struct sessions *s)
{
    const struct session_conf *c = s->conf;
    return 1000 * (c->idle_s > 0 && c->idle_s < c->lifetime_s ? c->idle_s : c->lifetime_s);
}

static bool is_attempt_of(struct slice session, struct slice cookie_name)
{
    size_t prefix = slice_starts(session, LIT("__Secure-")) ? sizeof "__Secure-" - 1 : sizeof "__Host-" - 1;
    struct slice base = slice_from(session, prefix), rest = slice_from(cookie_name, sizeof "__Host-" - 1);
    return slice_starts(cookie_name, LIT("__Host-")) && slice_starts(rest, base) &&
           slice_starts(slice_from(rest, base.len), LIT("-tx-"));
}

/* The session's own, the attempts' (host-only whatever the session's is: "__Host-NAME-tx-..."), and the two small ones
 * that remember a choice. */
bool session_cookie_is_ours(const struct sessions *s, struct slice cookie_name)
{
    if (slice_is(cookie_name, s->conf->cookie_name)) return true;
    if (slice_starts(cookie_name, LIT("vestibule-la"))) {
        return slice_is(cookie_name, LIT("vestibule-last")) || slice_is(cookie_name, LIT("vestibule-lang"));
    }
    if (!slice_starts(cookie_name, LIT("__"))) return false;
    if (is_attempt_of(s->conf->cookie_name, cookie_name)) return true;
    for (size_t i = 0; i < s->conf->other_cookie_count; i++) {
        struct slice other = s->conf->other_cookie_names[i];
        if (slice_is(cookie_name, other) || is_attempt_of(other, cookie_name)) return true;
    }
    return false;
}

struct session_counts sessions_counts(const struct sessions *s)
{
    return (struct session_counts){(int64_t)session_cache_count(s->cache), s->hits, s->misses};
}

/* ---- finding */

void sessions_touch(struct sessions *s, struct session_entry *e)
{
    int64_t now = now_tick_wall_ms(), idle = sessions_idle_ms(s);
    int64_t left = e->held->session.expires_s * 1000 - now;
    int64_t ttl = idle < left ? idle : left;
    int64_t behind = now + ttl - e->idle_end_wall_ms;
    int64_t step = idle / 10 < TOUCH_MOST_MS ? idle / 10 : TOUCH_MOST_MS;
    if (behind < 0) behind = -behind; /* a reload made the idle time shorter */
    if (ttl <= 0 || behind < step) return;
    store_touch(s->link, (struct slice){e->held->key, sizeof e->held->key}, ttl);
    if (e->held->session.keeps_tokens) {
        char key[SESSION_KEY_BYTES];
        memcpy(key, e->held->key, sizeof key);
        key[0] = 't'; /* token_record_key */
        store_touch(s->link, (struct slice){key, sizeof key}, ttl);
    }
    e->idle_end_wall_ms = now + ttl;
}

enum flow_next sessions_give(struct flow *f, struct session_held *h, const struct session **ret_session)
{
    session_held_keep(h);
    arena_at_close(f->arena, session_held_drop, h);
    *ret_session = &h->session;
    return FLOW_NEXT;
}

static bool alive(const struct session_entry *e)
{
    int64_t wall = now_tick_wall_ms();
    return wall < e->idle_end_wall_ms && wall / 1000 < e->held->session.expires_s;
}

bool sessions_still_believed(const struct sessions *s, const struct session_entry *e)
{
    return loop_now_ms(s->loop) < e->fresh_until_ms && alive(e);
}

bool sessions_still_known(const struct sessions *s, const struct session_entry *e)
{
    return loop_now_ms(s->loop) < e->known_until_ms && alive(e);
}

static enum flow_next none(const struct session **ret_session, enum problem *ret_why, enum problem why)
{
    *ret_session = NULL;
    *ret_why = why;
    return FLOW_NEXT;
}

/* A token we did sign, though it is too old now, tells of an ended session; anything else is no token. */
static enum problem why_refused(const struct sessions *s, struct arena *a, struct slice token)
{
    struct session_claims claims;
    int64_t then = now_s() - s->conf->lifetime_s;
    return session_jwt_read(s->jwt, a, token, then, &claims) == NULL ? PROBLEM_SESSION_ENDED : PROBLEM_SIGN_IN_REQUIRED;
}

static enum flow_next find(struct flow *f, struct sessions *s, struct slice cookie_header, bool use,
                           const struct session **ret_session, enum problem *ret_why)
{
    struct slice token;
    if (!sessions_cookie(s, cookie_header, &token)) return none(ret_session, ret_why, PROBLEM_SIGN_IN_REQUIRED);
    struct session_entry *e = session_cache_find(s->cache, token);
    if (e != NULL && sessions_still_believed(s, e)) {
        s->hits++;
        if (use) sessions_touch(s, e);
        return sessions_give(f, e->held, ret_session);
    }
    s->misses++;
    struct session_claims claims;
    if (session_jwt_read(s->jwt, f->arena, token, now_s(), &claims) != NULL) {
        session_cache_remove(s->cache, token);
        return none(ret_session, ret_why, why_refused(s, f->arena, token));
    }
    return session_flight_join(f, s, token, &claims, use, ret_session, ret_why);
}

enum flow_next session_find(struct flow *f, struct sessions *s, struct slice cookie_header,
                            const struct session **ret_session, enum problem *ret_why)
{
    return find(f, s, cookie_header, true, ret_session, ret_why);
}

enum flow_next session_look(struct flow *f, struct sessions *s, struct slice cookie_header,
                            const struct session **ret_session, enum problem *ret_why)
{
    return find(f, s, cookie_header, false, ret_session, ret_why);
}
