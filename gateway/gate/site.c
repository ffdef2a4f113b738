/* site.c -- which site a host belongs to, and which of a browser's cookies may speak there.
 *
 * The host is one that was let through: http/screen.h and, where a proxy tells it, proxy/client.h and proxy/asked.h.
 */
#include "gate/visitor.h"
#include "text/cookie.h"

static struct slice without_usual_port(const struct site *site, struct slice authority)
{
    struct slice usual = site->public_https ? LIT(":443") : LIT(":80");
    return slice_ends(authority, usual) ? slice_upto(authority, authority.len - usual.len) : authority;
}

static bool covers(struct slice domain, struct slice host)
{
    if (domain.len == 0 || !slice_ends(host, domain)) return false;
    return host.len == domain.len || host.at[host.len - domain.len - 1] == '.';
}

const struct site *snapshot_site(const struct snapshot *s, struct slice authority, bool *ret_home, bool *ret_known)
{
    *ret_home = *ret_known = true;
    for (size_t i = 0; i < s->site_count; i++) {
        const struct site *site = &s->sites[i];
        if (slice_is(without_usual_port(site, authority), site->public_host)) return site;
    }
    *ret_home = false;
    struct slice host = asked_host(authority);
    for (size_t i = 0; i < s->site_count; i++) {
        if (return_host(&s->sites[i].return_rules, host)) return &s->sites[i];
    }
    *ret_known = false;
    const struct site *best = &s->sites[0];
    size_t most = 0;
    for (size_t i = 0; i < s->site_count; i++) {
        struct slice domain = s->sites[i].session.cookie.domain;
        if (domain.len <= most || !covers(domain, host)) continue;
        best = &s->sites[i];
        most = domain.len;
    }
    return best;
}

/* session/ knows the first site's cookie only; another's is shown to it under that name, and the first one's not at all. */
static struct slice cookies_at(const struct visitor *w)
{
    const struct site *first = &w->snapshot->sites[0];
    struct slice token;
    if (w->site == first) return w->v.cookies;
    if (!cookie_find(w->v.cookies, w->site->session.cookie_name, &token)) return LIT("");
    const struct slice parts[] = {first->session.cookie_name, LIT("="), token};
    return arena_join(w->v.x->arena, parts, 3);
}

void site_choose(struct visitor *w, bool *ret_known)
{
    w->site = snapshot_site(w->snapshot, w->asked.authority, &w->at_home, ret_known);
    w->v.session_cookies = cookies_at(w);
}
