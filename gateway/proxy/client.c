#include "proxy/client.h"

#include "http/screen.h"

enum {
    CHAIN_MAX = 1024 /* bytes of X-Forwarded-For that are looked at and passed on */
};

/* All lines of that name as one list, in the order they came: a proxy may add a line of its own behind the client's. */
static struct slice whole_list(const struct exchange *x, struct slice name)
{
    if (exchange_header_count(x, name) <= 1) return exchange_header(x, name);
    struct slice *parts = arena_array(x->arena, struct slice, 2 * x->header_count);
    size_t count = 0;
    for (size_t i = 0; i < x->header_count; i++) {
        if (!slice_is(x->headers[i].name, name)) continue;
        if (count != 0) parts[count++] = LIT(", ");
        parts[count++] = x->headers[i].value;
    }
    return arena_join(x->arena, parts, count);
}

/* The whole addresses in the last CHAIN_MAX bytes: a client that writes a long list must not push what proxies added out of sight. */
static struct slice tail(struct slice list)
{
    if (list.len <= CHAIN_MAX) return list;
    list = slice_from(list, list.len - CHAIN_MAX);
    size_t comma = slice_index(list, ',');
    return comma != SLICE_NONE ? slice_trim(slice_from(list, comma + 1)) : (struct slice){0};
}

/* Its value if there is one line of that name; of two nobody can say which the trusted proxy wrote. */
static struct slice single(const struct exchange *x, struct slice name)
{
    return exchange_header_count(x, name) == 1 ? exchange_header(x, name) : (struct slice){0};
}

/* Walks the list from its right end: each trusted address vouches for the one to its left. Gives the part of it that can be read, which
 * is all that is passed on. */
static struct slice walk(const struct client_rules *rules, struct slice list, struct client *c)
{
    size_t at = list.len;
    bool vouched = true;
    for (;;) {
        size_t end = at;
        while (at > 0 && list.at[at - 1] != ',') {
            at--;
        }
        struct address one;
        if (!address_read(slice_trim(slice_upto(slice_from(list, at), end - at)), &one))
            return slice_trim(slice_from(list, end + 1));
        if (vouched) c->address = one;
        vouched = vouched && networks_have(rules->trusted, rules->trusted_count, &one);
        if (at == 0) return slice_trim(list);
        at--;
    }
}

void client_find(const struct exchange *x, const struct client_rules *rules, struct client *ret_client)
{
    struct client c = {.address = x->peer, .https = x->tls, .authority = x->authority};
    /* Whom a PROXY line names is who speaks HTTP to us: the proxy that wrote the line may have passed on every byte of a client. When it
     * names nobody, nobody vouches for what stands in the headers. */
    c.peer_trusted =
        !x->peer_unnamed && (!x->peer.is_ip || networks_have(rules->trusted, rules->trusted_count, &x->peer));
    struct slice list = {0};
    if (c.peer_trusted) {
        list = whole_list(x, rules->ip_header);
        list = tail(list);
        if (list.len != 0) list = walk(rules, list, &c);
        struct slice proto = single(x, LIT("x-forwarded-proto"));
        if (slice_is_nocase(proto, LIT("https"))) c.https = true;
        if (slice_is_nocase(proto, LIT("http"))) c.https = false;
        struct slice host = single(x, LIT("x-forwarded-host"));
        if (screen_authority(host)) c.authority = arena_lower(x->arena, host);
    }
    c.ip = c.chain = address_text(x->arena, &x->peer);
    if (list.len != 0) {
        const struct slice parts[] = {list, LIT(", "), c.chain};
        c.chain = arena_join(x->arena, parts, 3);
        c.ip = address_text(x->arena, &c.address);
    }
    *ret_client = c;
}
