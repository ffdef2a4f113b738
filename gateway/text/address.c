/* address.c -- every address becomes 16 bytes, so that comparing networks is comparing bits. */
#include "text/address.h"

#include <arpa/inet.h>
#include <string.h>

enum {
    MAPPED_BITS = 96
}; /* what stands before an IPv4 address in its mapped form */
static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

/* inet_pton wants a NUL behind; what does not fit is no address. */
static bool read_number(int family, struct slice text, void *ret_bytes)
{
    char copy[INET6_ADDRSTRLEN];
    if (text.len == 0 || text.len >= sizeof copy) return false;
    if (memchr(text.at, '\0', text.len) != NULL) return false;
    memcpy(copy, text.at, text.len);
    copy[text.len] = '\0';
    return inet_pton(family, copy, ret_bytes) == 1;
}

static bool read_ip4(struct slice text, struct address *ret_address)
{
    struct address x = {.is_ip = true, .is_ip4 = true};
    memcpy(x.bytes, mapped, sizeof mapped);
    if (!read_number(AF_INET, text, x.bytes + sizeof mapped)) return false;
    *ret_address = x;
    return true;
}

static bool read_ip6(struct slice text, struct address *ret_address)
{
    struct address x = {.is_ip = true};
    if (!read_number(AF_INET6, text, x.bytes)) return false;
    x.is_ip4 = memcmp(x.bytes, mapped, sizeof mapped) == 0;
    *ret_address = x;
    return true;
}

/* ":80"; the empty slice is port 0. */
static bool read_port(struct slice text, uint16_t *ret_port)
{
    uint64_t number = 0;
    if (text.len == 0) {
        *ret_port = 0;
        return true;
    }
    if (text.at[0] != ':' || !slice_number(slice_from(text, 1), &number)) return false;
    if (number == 0 || number > 65535) return false;
    *ret_port = (uint16_t)number;
    return true;
}

bool address_read(struct slice text, struct address *ret_address)
{
    struct address x;
    struct slice port = {NULL, 0};
    bool good;
    if (text.len != 0 && text.at[0] == '[') {
        size_t end = slice_index(text, ']');
        if (end == SLICE_NONE) return false;
        port = slice_from(text, end + 1);
        good = read_ip6(slice_upto(slice_from(text, 1), end - 1), &x);
    } else if (slice_index(text, '.') != SLICE_NONE && text.at[0] != ':' &&
               slice_index(text, ':') > slice_index(text, '.')) {
        size_t colon = slice_index(text, ':');
        if (colon != SLICE_NONE) port = slice_from(text, colon);
        good = read_ip4(slice_upto(text, colon), &x);
    } else {
        good = read_ip6(text, &x);
    }
    if (!good || !read_port(port, &x.port)) return false;
    *ret_address = x;
    return true;
}

/* By hand, for inet_ntop is a printf and this is done for every request. */
static struct slice ip4_text(struct arena *a, const unsigned char bytes[4])
{
    char *text = arena_bytes(a, sizeof "255.255.255.255"), *to = text;
    for (size_t i = 0; i < 4; i++) {
        unsigned n = bytes[i];
        if (i != 0) *to++ = '.';
        if (n >= 100) *to++ = (char)('0' + n / 100);
        if (n >= 10) *to++ = (char)('0' + n / 10 % 10);
        *to++ = (char)('0' + n % 10);
    }
    *to = '\0';
    return (struct slice){text, (size_t)(to - text)};
}

struct slice address_text(struct arena *a, const struct address *x)
{
    char out[INET6_ADDRSTRLEN];
    if (!x->is_ip) return LIT("unix");
    if (x->is_ip4) return ip4_text(a, x->bytes + sizeof mapped);
    const char *text = inet_ntop(AF_INET6, x->bytes, out, sizeof out);
    must(text != NULL);
    return arena_copy(a, slice_of(text));
}

static bool same_bits(const unsigned char *one, const unsigned char *other, int bits)
{
    size_t whole = (size_t)bits / 8;
    int rest = bits % 8;
    if (memcmp(one, other, whole) != 0) return false;
    return rest == 0 || (one[whole] ^ other[whole]) >> (8 - rest) == 0;
}

bool network_read(struct slice text, struct network *ret_network)
{
    struct network n = {.bits = 128};
    size_t slash = slice_index(text, '/');
    struct slice base = slice_upto(text, slash), bits = slice_from(text, slash + 1);
    uint64_t number = 0;
    if (base.len != 0 && base.at[0] == '[') return false;
    if (!address_read(base, &n.base) || n.base.port != 0) return false;
    bool dotted = slice_index(base, ':') == SLICE_NONE;
    if (slash != SLICE_NONE) {
        if (!slice_number(bits, &number) || number > (dotted ? 32u : 128u)) return false;
        n.bits = (int)number + (dotted ? MAPPED_BITS : 0);
    }
    struct address zeroed = {.is_ip = false};
    for (int bit = 0; bit < n.bits; bit++) {
        zeroed.bytes[bit / 8] |= (unsigned char)(n.base.bytes[bit / 8] & 0x80 >> bit % 8);
    }
    if (memcmp(zeroed.bytes, n.base.bytes, sizeof zeroed.bytes) != 0) return false;
    *ret_network = n;
    return true;
}

bool network_has(const struct network *n, const struct address *x)
{
    if (!x->is_ip || x->is_ip4 != n->base.is_ip4) return false;
    return same_bits(n->base.bytes, x->bytes, n->bits);
}

bool networks_have(const struct network *list, size_t count, const struct address *x)
{
    for (size_t i = 0; i < count; i++) {
        if (network_has(&list[i], x)) return true;
    }
    return false;
}

bool address_host_is_loopback(struct slice host)
{
    static const char *const nets[] = {"127.0.0.0/8", "::1"};
    struct address x;
    struct network n;
    if (slice_is(host, LIT("localhost")) || slice_ends(host, LIT(".localhost"))) return true;
    if (!address_read(host, &x) || !x.is_ip) return false;
    for (size_t i = 0; i < sizeof nets / sizeof nets[0]; i++) {
        if (network_read(slice_of(nets[i]), &n) && network_has(&n, &x)) return true;
    }
    return false;
}
