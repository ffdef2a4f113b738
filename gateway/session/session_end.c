/* session_end.c -- signing out: the record goes, every cache hears of it, the cookie is deleted. */
#include "session/sessions.h"

#include "base/now.h"

/* Same name, path, domain and flags, or the browser keeps the old one. */
static struct slice deleting_cookie(struct arena *a, const struct session_conf *conf)
{
    struct cookie_attributes with = conf->cookie;
    with.max_age_s = 0;
    return cookie_set(a, conf->cookie_name, (struct slice){"", 0}, &with);
}

enum flow_next session_end(struct flow *f, struct sessions *s, struct slice cookie_header, struct slice *ret_set_cookie)
{
    *ret_set_cookie = deleting_cookie(f->arena, s->conf);
    struct slice token;
    struct session_claims claims;
    if (!sessions_cookie(s, cookie_header, &token)) return FLOW_NEXT;
    if (session_jwt_read(s->jwt, f->arena, token, now_s(), &claims) != NULL) return FLOW_NEXT;
    struct slice key = sessions_key(f->arena, claims.sid);
    /* the store does not tell us of what we do ourselves */
    session_cache_remove_key(s->cache, key);
    sessions_doubt(s, key);
    return store_delete(f, s->link, key, arena_new(f->arena, bool));
}
