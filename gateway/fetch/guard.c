/* guard.c -- one table of networks, the special-purpose registries of IANA (RFC 6890 and what came after).
 *
 * Addresses stand in IPv6 form, IPv4 ones mapped, so one comparison serves both. The first row that fits decides; what fits none is
 * public.
 */
#include "fetch/guard.h"

#include <string.h>

struct row {
    unsigned char base[16];
    int bits;
    enum guard_place place;
};
#define IP4(a, b, c, d, n, place)                                               \
    {                                                                           \
        {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d}, 96 + (n), place \
    }

static const struct row rows[] = {
    IP4(0, 0, 0, 0, 8, GUARD_NOWHERE),
    IP4(10, 0, 0, 0, 8, GUARD_PRIVATE),
    IP4(100, 64, 0, 0, 10, GUARD_PRIVATE),
    IP4(127, 0, 0, 0, 8, GUARD_PRIVATE),
    IP4(169, 254, 0, 0, 16, GUARD_PRIVATE),
    IP4(172, 16, 0, 0, 12, GUARD_PRIVATE),
    IP4(192, 0, 0, 0, 24, GUARD_PRIVATE),
    IP4(192, 0, 2, 0, 24, GUARD_PRIVATE),
    IP4(192, 88, 99, 0, 24, GUARD_PRIVATE),
    IP4(192, 168, 0, 0, 16, GUARD_PRIVATE),
    IP4(198, 18, 0, 0, 15, GUARD_PRIVATE),
    IP4(198, 51, 100, 0, 24, GUARD_PRIVATE),
    IP4(203, 0, 113, 0, 24, GUARD_PRIVATE),
    IP4(224, 0, 0, 0, 4, GUARD_NOWHERE),
    IP4(240, 0, 0, 0, 4, GUARD_NOWHERE),
    {{0},                                  128, GUARD_NOWHERE}, /* :: */
    {{[15] = 1},                           128, GUARD_PRIVATE}, /* ::1 */
    {{0x00, 0x64, 0xff, 0x9b, 0x00, 0x01}, 48,  GUARD_PRIVATE}, /* 64:ff9b:1::/48, local NAT64 */
    {{0x01, 0x00},                         64,  GUARD_NOWHERE}, /* 100::/64, discard */
    {{0x20, 0x01, 0x00, 0x00},             23,  GUARD_PRIVATE}, /* 2001::/23: Teredo and other protocols */
    {{0x20, 0x01, 0x0d, 0xb8},             32,  GUARD_PRIVATE}, /* documentation */
    {{0x3f, 0xff},                         20,  GUARD_PRIVATE}, /* documentation */
    {{0x5f, 0x00},                         16,  GUARD_PRIVATE}, /* segment routing */
    {{0xfc},                               7,   GUARD_PRIVATE}, /* unique local */
    {{0xfe, 0x80},                         10,  GUARD_PRIVATE}, /* link-local */
    {{0xfe, 0xc0},                         10,  GUARD_PRIVATE}, /* site-local */
    {{0xff},                               8,   GUARD_NOWHERE}, /* multicast */
};

static const struct {
    unsigned char base[12];
    size_t head, inside; /* bytes that must be equal; where the IPv4 address begins */
} wrappings[] = {
    {{0},                                        12, 12}, /* ::a.b.c.d */
    {{0x00, 0x64, 0xff, 0x9b},                   12, 12}, /* 64:ff9b::a.b.c.d, NAT64 (RFC 6052) */
    {{0x20, 0x02},                               2,  2 }, /* 6to4 */
    {{0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0}, 12, 12}, /* ::ffff:0:a.b.c.d (RFC 2765) */
};

static bool fits(const struct row *r, const unsigned char *bytes)
{
    size_t whole = (size_t)r->bits / 8;
    int rest = r->bits % 8;
    if (memcmp(r->base, bytes, whole) != 0) return false;
    return rest == 0 || (r->base[whole] ^ bytes[whole]) >> (8 - rest) == 0;
}

static enum guard_place place_of(const unsigned char *bytes)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (fits(&rows[i], bytes)) return rows[i].place;
    return GUARD_PUBLIC;
}

enum guard_place guard_place(const struct address *x)
{
    if (!x->is_ip) return GUARD_NOWHERE;
    enum guard_place place = place_of(x->bytes);
    if (place != GUARD_PUBLIC) return place;
    for (size_t i = 0; i < sizeof wrappings / sizeof wrappings[0]; i++) {
        if (memcmp(x->bytes, wrappings[i].base, wrappings[i].head) != 0) continue;
        unsigned char mapped[16] = {[10] = 0xff, [11] = 0xff};
        memcpy(mapped + 12, x->bytes + wrappings[i].inside, 4);
        return place_of(mapped);
    }
    return GUARD_PUBLIC;
}

static struct slice last_label(struct slice host)
{
    size_t start = host.len;
    while (start != 0 && host.at[start - 1] != '.')
        start--;
    return slice_from(host, start);
}

enum guard_place guard_host(struct slice host)
{
    struct address x;
    if (host.len != 0 && host.at[host.len - 1] == '.') host.len--;
    if (host.len == 0) return GUARD_NOWHERE;
    if (address_read(host, &x)) return guard_place(&x);
    struct slice last = last_label(host);
    if (slice_is_nocase(last, LIT("localhost")) || slice_is_nocase(last, LIT("local")) ||
        slice_is_nocase(last, LIT("internal")))
        return GUARD_PRIVATE;
    /* no top-level domain begins with a digit: this is a number an old resolver would take for an address */
    if (last.len == 0 || (last.at[0] >= '0' && last.at[0] <= '9')) return GUARD_NOWHERE;
    return GUARD_PUBLIC;
}

static bool item_fits(struct slice item, struct slice host)
{
    struct address x, y;
    struct network n;
    if (slice_is(item, LIT("*"))) return true;
    if (address_read(host, &x)) {
        if (address_read(item, &y)) return memcmp(x.bytes, y.bytes, sizeof x.bytes) == 0;
        return network_read(item, &n) && network_has(&n, &x);
    }
    if (item.len != 0 && item.at[0] == '.') item = slice_from(item, 1);
    if (item.len == 0 || host.len < item.len) return false;
    if (!slice_is_nocase(slice_from(host, host.len - item.len), item)) return false;
    return host.len == item.len || host.at[host.len - item.len - 1] == '.';
}

bool guard_listed(struct slice list, struct slice host)
{
    struct slice item;
    while (slice_cut(&list, ',', &item))
        if (item.len != 0 && item_fits(slice_trim(item), host)) return true;
    return false;
}
