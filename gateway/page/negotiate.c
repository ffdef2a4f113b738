/* negotiate.c -- reads what a browser says about a request (Fetch Metadata), or guesses from Accept for those that say nothing. */
#include "page/negotiate.h"

/* "text/html;q=0.9" -> 900 for that type; -1 when the list does not name it. Thousandths (RFC 9110 section 12.4.2). */
static int quality_of(struct slice item)
{
    struct slice part = {0};
    (void)slice_cut(&item, ';', &part);
    while (slice_cut(&item, ';', &part)) {
        part = slice_trim(part);
        if (part.len < 3 || !slice_is_nocase(slice_upto(part, 2), LIT("q="))) continue;
        int quality = part.at[2] == '1' ? 1000 : 0;
        int weight = 100;
        for (size_t i = 4; i < part.len && quality < 1000 && weight > 0; i++, weight /= 10) {
            if (part.at[i] < '0' || part.at[i] > '9') return 0;
            quality += (part.at[i] - '0') * weight;
        }
        return quality;
    }
    return 1000;
}

static int quality(struct slice accept, struct slice type)
{
    int best = -1;
    struct slice item = {0};
    while (slice_cut(&accept, ',', &item)) {
        struct slice params = item, name = {0};
        (void)slice_cut(&params, ';', &name);
        if (!slice_is_nocase(slice_trim(name), type)) continue;
        int q = quality_of(item);
        if (q > best) best = q;
    }
    return best;
}

/* A page must be asked for by name: what a bare wildcard accepts is a program's default, not a wish for HTML. */
static bool prefers_html(struct slice accept)
{
    int html = quality(accept, LIT("text/html"));
    int xhtml = quality(accept, LIT("application/xhtml+xml"));
    int page = html > xhtml ? html : xhtml;
    return page > 0 && page >= quality(accept, LIT("application/json")) &&
           page >= quality(accept, LIT("application/problem+json"));
}

static bool is_navigation(const struct asker *who)
{
    if (who->fetch_mode.len != 0)
        return slice_is_nocase(who->fetch_mode, LIT("navigate")) ||
               slice_is_nocase(who->fetch_mode, LIT("nested-navigate"));
    return who->requested_with.len == 0 && prefers_html(who->accept);
}

static bool is_framed(const struct asker *who)
{
    static const struct slice frames[] = {LIT_INIT("iframe"), LIT_INIT("frame"), LIT_INIT("fencedframe"),
                                          LIT_INIT("embed"), LIT_INIT("object")};
    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        if (slice_is_nocase(who->fetch_dest, frames[i])) return true;
    }
    return slice_is_nocase(who->fetch_mode, LIT("nested-navigate"));
}

enum wants negotiate(const struct asker *who)
{
    if (who->upgrade) return WANTS_BARE;
    /* "prefetch", "prefetch;prerender": nobody is looking */
    if (slice_is_nocase(slice_upto(who->purpose, 8), LIT("prefetch"))) return WANTS_BARE;
    if (!is_navigation(who)) return WANTS_JSON;
    if (is_framed(who)) return WANTS_FRAME;
    bool safe = slice_is(who->method, LIT("GET")) || slice_is(who->method, LIT("HEAD"));
    return safe ? WANTS_NAVIGATION : WANTS_PAGE;
}
