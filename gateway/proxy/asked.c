/* asked.c -- four ways to describe a request, one reading of what they describe: method and host by http/screen.h, path by route/path.h. */
#include "proxy/asked.h"

#include "http/screen.h"
#include "route/path.h"

/* Everything that some proxy or application takes for the address that was asked for. */
static const struct slice addresses[] = {
    LIT_INIT("x-original-url"),
    LIT_INIT("x-original-uri"),
    LIT_INIT("x-forwarded-uri"),
    LIT_INIT("x-rewrite-url"),
};

static const struct err *refuse(const struct exchange *x, const char *why)
{
    return err_new(x->arena, PROBLEM_BAD_REQUEST, "what the front proxy asks for cannot be read: %s", why);
}

struct slice asked_host(struct slice authority)
{
    if (slice_starts(authority, LIT("["))) return slice_upto(authority, slice_index(authority, ']') + 1);
    return slice_upto(authority, slice_index(authority, ':'));
}

/* Its value; of none, or of two, there is none. */
static struct slice only(const struct exchange *x, struct slice name)
{
    struct slice value = {0};
    size_t count = 0;
    for (size_t i = 0; i < x->header_count; i++) {
        if (x->headers[i].name.len != name.len || !slice_is(x->headers[i].name, name)) continue;
        value = x->headers[i].value;
        count++;
    }
    return count == 1 ? value : (struct slice){0};
}

static bool cut_scheme(struct slice *url, bool *ret_https)
{
    size_t end = slice_find(slice_upto(*url, 8), LIT("://"));
    if (end == SLICE_NONE) return false;
    struct slice scheme = slice_upto(*url, end);
    *ret_https = slice_is_nocase(scheme, LIT("https"));
    *url = slice_from(*url, end + 3);
    return *ret_https || slice_is_nocase(scheme, LIT("http"));
}

/* "https://host/path" from its path on; a path as it is. */
static struct slice target_of(struct slice address)
{
    bool https;
    if (!cut_scheme(&address, &https)) return address;
    return slice_from(address, slice_index(address, '/'));
}

/* No other name says that something else is asked for, nor at another host. */
static bool agrees(struct slice address, const struct asked *a)
{
    bool https;
    if (!slice_is(target_of(address), a->target)) return false;
    if (!cut_scheme(&address, &https)) return true;
    return slice_is_nocase(slice_upto(address, slice_index(address, '/')), a->authority);
}

static bool names_agree(const struct exchange *x, const struct asked *a)
{
    for (size_t i = 0; i < x->header_count; i++) {
        const struct header *h = &x->headers[i];
        if (h->name.len < 13 || h->name.at[0] != 'x') continue;
        for (size_t k = 0; k < sizeof addresses / sizeof addresses[0]; k++) {
            if (slice_is(h->name, addresses[k]) && !agrees(h->value, a)) return false;
        }
    }
    return true;
}

static const struct err *read_nginx(const struct exchange *x, struct asked *a)
{
    struct slice url = only(x, LIT("x-original-url"));
    a->method = only(x, LIT("x-original-method"));
    if (!cut_scheme(&url, &a->https)) return refuse(x, "X-Original-URL is not one address with http:// or https://");
    size_t slash = slice_index(url, '/');
    a->authority = slice_upto(url, slash);
    a->target = slice_from(url, slash);
    return NULL;
}

static bool read_scheme(struct slice word, bool *ret_https)
{
    bool https = slice_is_nocase(word, LIT("https")) || slice_is_nocase(word, LIT("wss"));
    if (!https && !slice_is_nocase(word, LIT("http")) && !slice_is_nocase(word, LIT("ws"))) return false;
    *ret_https = https;
    return true;
}

static const struct err *read_forward(const struct exchange *x, struct asked *a)
{
    a->method = only(x, LIT("x-forwarded-method"));
    a->authority = only(x, LIT("x-forwarded-host"));
    a->target = only(x, LIT("x-forwarded-uri"));
    if (!read_scheme(only(x, LIT("x-forwarded-proto")), &a->https))
        return refuse(x, "X-Forwarded-Proto is not one of http and https");
    return NULL;
}

static const struct err *read_either(const struct exchange *x, struct asked *a)
{
    bool forward = exchange_header(x, LIT("x-forwarded-uri")).at != NULL;
    const struct err *e = forward ? read_forward(x, a) : read_nginx(x, a);
    if (!forward && a->method.len == 0) a->method = only(x, LIT("x-forwarded-method"));
    return e;
}

static const struct err *read_envoy(const struct exchange *x, struct slice address, struct asked *a)
{
    /* Our own part has one spelling, or the rest of the line would not be what it seems. */
    if (!slice_starts(x->target, address)) return refuse(x, "our own address is not spelled as it is configured");
    struct slice scheme = exchange_header(x, LIT("x-forwarded-proto"));
    a->method = x->method;
    a->authority = x->authority;
    a->target = slice_from(x->target, address.len);
    if (scheme.at != NULL && !read_scheme(only(x, LIT("x-forwarded-proto")), &a->https))
        return refuse(x, "X-Forwarded-Proto is not one of http and https");
    return NULL;
}

const struct err *asked_read(const struct exchange *x, enum asked_how how, struct slice address, bool https,
                             struct asked *ret_asked)
{
    struct asked a = {.how = how, .https = https};
    const struct err *e = NULL;
    switch (how) {
    case ASKED_NGINX: e = read_nginx(x, &a); break;
    case ASKED_FORWARD: e = read_forward(x, &a); break;
    case ASKED_EITHER: e = read_either(x, &a); break;
    case ASKED_ENVOY: e = read_envoy(x, address, &a); break;
    case ASKED_SELF:
    case ASKED_UNTOLD: must(false);
    }
    if (e != NULL) return e;
    if (!screen_method(a.method)) return refuse(x, "there is not one method in capital letters");
    if (!screen_authority(a.authority)) return refuse(x, "there is not one host");
    if (!screen_target(a.target)) return refuse(x, "there is not one path");
    if (!names_agree(x, &a)) return refuse(x, "two headers name different addresses");
    a.authority = arena_lower(x->arena, a.authority);
    a.host = asked_host(a.authority);
    a.raw_path = slice_upto(a.target, slice_index(a.target, '?'));
    *ret_asked = a;
    return path_canonical(x->arena, a.raw_path, &ret_asked->path);
}
