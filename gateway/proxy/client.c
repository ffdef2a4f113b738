#include "proxy/client.h"

enum {
    CHAIN_MAX = 1024 /* bytes of X-Forwarded-For that are looked at and passed on */
};

static bool well_formed_authority(struct slice s)
{
    if (s.len == 0 || s.len > 255) return false;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        bool fine = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
                    c == ':' || c == '[' || c == ']';
        if (!fine) return false;
    }
    return true;
}

static struct slice lower_case(struct arena *a, struct slice s)
{
    char *to = arena_bytes(a, s.len + 1);
    for (size_t i = 0; i < s.len; i++) {
        to[i] = (char)(s.at[i] >= 'A' && s.at[i] <= 'Z' ? s.at[i] + 32 : s.at[i]);
    }
    return (struct slice){to, s.len};
}

/* Walks the list from its right end: each trusted address vouches for the one to its left. */
static void walk(const struct client_rules *rules, struct slice list, struct client *c)
{
    while (list.len != 0) {
        size_t comma = list.len;
        while (comma > 0 && list.at[comma - 1] != ',') {
            comma--;
        }
        struct slice item = slice_trim(slice_from(list, comma));
        struct address one;
        if (!address_read(item, &one)) return;
        c->address = one;
        if (!networks_have(rules->trusted, rules->trusted_count, &one)) return;
        list = slice_upto(list, comma != 0 ? comma - 1 : 0);
    }
}

void client_find(const struct exchange *x, const struct client_rules *rules,
                 struct client *ret_client)
{
    struct client c = {.address = x->peer, .https = x->tls, .authority = x->authority};
    c.peer_trusted = !x->socket_peer.is_ip ||
                     networks_have(rules->trusted, rules->trusted_count, &x->socket_peer);
    struct slice list = {0};
    if (c.peer_trusted) {
        list = exchange_header(x, rules->ip_header);
        if (list.len > CHAIN_MAX) list = (struct slice){0};
        walk(rules, list, &c);
        struct slice proto = exchange_header(x, LIT("x-forwarded-proto"));
        if (slice_is_nocase(proto, LIT("https"))) c.https = true;
        if (slice_is_nocase(proto, LIT("http"))) c.https = false;
        struct slice host = lower_case(x->arena, exchange_header(x, LIT("x-forwarded-host")));
        if (well_formed_authority(host)) c.authority = host;
    }
    c.ip = address_text(x->arena, &c.address);
    struct slice peer = address_text(x->arena, &x->peer);
    const struct slice parts[] = {list, LIT(", "), peer};
    c.chain = list.len != 0 ? arena_join(x->arena, parts, 3) : peer;
    *ret_client = c;
}
