#include "proxy/forwarding.h"

#include "http/request_head.h"
#include "proxy/memo.h"

enum {
    OURS_MAX = 8 /* X-Forwarded-* and the rest that forwarding adds, beside the session's lines */
};

/* Asked of every header of every request, so the list is for one first letter: most names of a browser do not begin with x. */
static const struct slice never_passed_x[] = {
    /* the address, again */
    LIT_INIT("x-real-ip"),
    LIT_INIT("x-original-url"),
    LIT_INIT("x-original-uri"),
    LIT_INIT("x-original-host"),
    LIT_INIT("x-rewrite-url"),
    LIT_INIT("x-host"),
    LIT_INIT("x-http-host-override"),
    /* other words for the method: a rule may have let GET pass and nothing else */
    LIT_INIT("x-http-method"),
    LIT_INIT("x-http-method-override"),
    LIT_INIT("x-method-override"),
    LIT_INIT("x-original-method"),
};

static bool is_among(const struct slice *list, size_t count, struct slice name)
{
    for (size_t i = 0; i < count; i++) {
        if (name.len == list[i].len && slice_is(name, list[i])) return true;
    }
    return false;
}

static bool is_never_passed(struct slice name)
{
    if (slice_starts(name, LIT("x-")))
        return slice_starts(name, LIT("x-forwarded-")) || slice_is(name, LIT("x-request-id")) ||
               is_among(never_passed_x, sizeof never_passed_x / sizeof never_passed_x[0], name);
    /* another word for "the address that was really asked for"; and what becomes HTTP_PROXY where headers become environment variables */
    return slice_is(name, LIT("forwarded")) || slice_is(name, LIT("proxy")) || request_is_hop_by_hop(name);
}

static bool connection_names(struct slice connection, struct slice name)
{
    struct slice item;
    while (slice_cut(&connection, ',', &item)) {
        if (slice_is_nocase(slice_trim(item), name)) return true;
    }
    return false;
}

static bool passes(const struct forwarding *f, struct slice name)
{
    if (is_never_passed(name) || slice_is(name, f->request_id_header)) return false;
    if (slice_is(name, LIT("traceparent")) || slice_is(name, LIT("tracestate"))) return false;
    if (preset_is_identity(name)) return false;
    bool not_theirs = f->token_form == TOKEN_FORM_BEARER || f->drop_authorization;
    if (not_theirs && slice_is(name, LIT("authorization"))) return false;
    for (size_t i = 0; i < f->strip_count; i++) {
        if (slice_is(name, f->strip[i])) return false;
    }
    return true;
}

static bool is_our_cookie(void *sessions, struct slice name)
{
    return session_cookie_is_ours(sessions, name);
}

static struct slice others_cookies(const struct forwarding *f, struct slice cookies)
{
    struct buf left = buf_over(arena_bytes(f->x->arena, cookies.len + 1), cookies.len + 1);
    cookie_strip(&left, cookies, is_our_cookie, (void *)(uintptr_t)f->sessions);
    return buf_slice(&left);
}

static struct header token_header(const struct forwarding *f)
{
    if (f->token_form == TOKEN_FORM_HEADER)
        return (struct header){f->preset == PRESET_OAUTH2_PROXY ? LIT("X-Forwarded-Access-Token")
                                                                : LIT("X-Auth-Access-Token"),
                               f->access_token};
    const struct slice parts[] = {LIT("Bearer "), f->access_token};
    return (struct header){LIT("Authorization"), arena_join(f->x->arena, parts, 2)};
}

void forwarding_headers(const struct forwarding *f, struct forward *ret_forward)
{
    const struct exchange *x = f->x;
    struct header *to = arena_array(x->arena, struct header, x->header_count + OURS_MAX);
    size_t n = 0;
    struct slice connection = exchange_header(x, LIT("connection"));
    for (size_t i = 0; i < x->header_count; i++) {
        const struct header *h = &x->headers[i];
        if (!passes(f, h->name)) continue;
        if (connection.len != 0 && connection_names(connection, h->name)) continue;
        struct slice value = h->value;
        if (slice_is(h->name, LIT("cookie"))) value = others_cookies(f, value);
        if (value.len == 0 && h->value.len != 0) continue;
        to[n++] = (struct header){h->name, value};
    }
    const struct client *c = f->client;
    to[n++] = (struct header){LIT("X-Forwarded-For"), c->chain};
    to[n++] = (struct header){LIT("X-Forwarded-Proto"), c->https ? LIT("https") : LIT("http")};
    to[n++] = (struct header){LIT("X-Forwarded-Host"), c->authority};
    to[n++] = (struct header){LIT("X-Real-IP"), c->ip};
    to[n++] = (struct header){LIT("X-Request-Id"), f->request_id};
    to[n++] = (struct header){LIT("traceparent"), f->traceparent};
    if (f->tracestate.len != 0) to[n++] = (struct header){LIT("tracestate"), f->tracestate};
    if (f->session != NULL && f->token_form != TOKEN_FORM_NONE && slice_is_one_word(f->access_token))
        to[n++] = token_header(f);
    ret_forward->headers = to;
    ret_forward->header_count = n;
    ret_forward->lines = f->session != NULL ? memo_lines(f) : LIT("");
}

size_t forwarding_identity(const struct forwarding *f, struct header *ret_headers)
{
    size_t count;
    const struct preset_header *row = preset_headers(f->preset, &count);
    if (f->session != NULL) memo_headers(f, ret_headers);
    for (size_t i = 0; i < count; i++) {
        ret_headers[i].name = row[i].lower_name; /* HTTP/2 has no others */
        if (f->session == NULL) ret_headers[i].value = LIT("");
    }
    return count;
}

bool forwarding_keeps(void *sessions, struct slice lower_name, struct slice value)
{
    if (!slice_is(lower_name, LIT("set-cookie"))) return !preset_is_identity(lower_name);
    /* "=NAME=VALUE" has no name for the browser that keeps it, and NAME for whoever it is sent to */
    value = slice_trim(value);
    while (slice_starts(value, LIT("=")))
        value = slice_trim(slice_from(value, 1));
    struct slice name = slice_upto(value, slice_index(value, '='));
    name = slice_upto(name, slice_index(name, ';'));
    return !session_cookie_is_ours(sessions, slice_trim(name));
}
