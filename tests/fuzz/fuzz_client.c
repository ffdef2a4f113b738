/* fuzz_client.c -- lines of any bytes as what a proxy says of the client it speaks for: believed only from those we trust, and always an address. */
#include "fuzz.h"
#include "http/screen.h"
#include "proxy/client.h"

static struct exchange exchange(struct arena *a, const char *peer, const struct header *headers)
{
    struct exchange x = {.arena = a, .authority = LIT("app.example"), .headers = headers, .header_count = 4};
    must(address_read(slice_of(peer), &x.peer));
    x.socket_peer = x.peer;
    return x;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 8 * 1024) return 0;
    AUTO(arena_closep) struct arena *a = arena_open(256 * 1024);
    struct network trusted[2];
    must(network_read(LIT("10.0.0.0/8"), &trusted[0]) && network_read(LIT("fd00::/8"), &trusted[1]));
    const struct client_rules rules = {trusted, 2, LIT("x-forwarded-for")};
    struct slice rest = fuzz_slice(data, size);
    struct header headers[4] = {
        {LIT("x-forwarded-for"),   {0}},
        {LIT("x-forwarded-proto"), {0}},
        {LIT("x-forwarded-host"),  {0}},
        {LIT("x-forwarded-for"),   {0}}
    };
    for (size_t i = 0; i < 4 && slice_cut(&rest, '\n', &headers[i].value); i++)
        headers[i].value = slice_trim(headers[i].value);
    struct client c, again;
    struct exchange x = exchange(a, "192.0.2.7", headers);
    client_find(&x, &rules, &c);
    must(!c.peer_trusted && slice_is(c.ip, LIT("192.0.2.7")) && slice_is(c.chain, c.ip) && !c.https);
    must(slice_is(c.authority, LIT("app.example")));
    x = exchange(a, "10.0.0.1", headers);
    client_find(&x, &rules, &c);
    must(c.peer_trusted && c.address.is_ip && c.ip.len != 0 && slice_ends(c.chain, LIT("10.0.0.1")));
    must(screen_authority(c.authority));
    /* only the text to the right of the answer was looked at: cutting what is left of it changes nothing */
    struct slice list = headers[0].value;
    for (size_t i = 0; i < list.len; i++) {
        if (list.at[i] != ',' || i % 4 != 0) continue;
        headers[0].value = slice_from(list, i + 1);
        client_find(&x, &rules, &again);
        must(again.peer_trusted && (slice_is(again.ip, c.ip) || networks_have(trusted, 2, &again.address)));
    }
    return 0;
}
