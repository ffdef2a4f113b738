/* guard.h -- which addresses a question may reach: the fence against being made to ask inside our own network. Pure. */
#ifndef FETCH_GUARD_H
#define FETCH_GUARD_H
#include "text/address.h"

enum guard_place {
    GUARD_PUBLIC,
    GUARD_PRIVATE, /* loopback, link-local, private, shared, documentation, tunnels: with the operator's word only */
    GUARD_NOWHERE  /* unspecified, multicast, broadcast, reserved: never */
};
/* Looks through IPv4-mapped, IPv4-compatible, NAT64 and 6to4 forms at the IPv4 address inside. */
enum guard_place guard_place(const struct address *x);
/* For a host that a proxy will look up, so that only its spelling can be judged: IP literals in any spelling an old resolver takes
 * (decimal, octal, hexadecimal) and localhost names. */
enum guard_place guard_host(struct slice host);
/* Is host (lower case, no port) in a list such as "internal.example, .corp, 10.0.0.0/8, *"? */
bool guard_listed(struct slice list, struct slice host);

#endif
