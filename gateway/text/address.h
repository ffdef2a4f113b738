/* address.h -- IP addresses and networks as text and as bytes; no look-ups. */
#ifndef TEXT_ADDRESS_H
#define TEXT_ADDRESS_H
#include "base/arena.h"

struct address {
    unsigned char bytes[16]; /* IPv4 in IPv6-mapped form */
    bool is_ip;              /* false: a unix socket peer, or unknown */
    bool is_ip4;
    uint16_t port; /* 0 if none */
};
struct network {
    struct address base;
    int bits; /* 0-128, of the mapped form */
};

bool address_read(struct slice text,
                  struct address *ret_address); /* "192.0.2.1", "2001:db8::1", "[::1]:80", "192.0.2.1:80" */
/* A URL's host: localhost, *.localhost, 127.0.0.0/8, ::1. */
bool address_host_is_loopback(struct slice host);
struct slice address_text(struct arena *a, const struct address *x); /* without port; "unix" when not an IP */
bool network_read(struct slice text, struct network *ret_network);   /* "10.0.0.0/8", "::1"; host bits must be zero */
/* An IPv6 network, "::/0" too, holds no IPv4 address: whoever trusts one family has not spoken of the other. */
bool network_has(const struct network *n, const struct address *x);
bool networks_have(const struct network *list, size_t count, const struct address *x);

#endif
