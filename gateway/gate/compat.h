/* compat.h -- addresses that other gateways had, for the day of the switch and as long as anybody likes. Private to gate/.
 *
 * oauth2-proxy (below the prefix, which is then /oauth2): start, sign_in, sign_out, auth, userinfo; /ping, /ready, /robots.txt. The first
 * provider comes back to PREFIX/callback. Authelia: /api/authz/{forward-auth,auth-request,ext-authz/} and /api/verify. vouch: /validate,
 * /login, /logout, /healthcheck.
 *
 * auth and /validate are not told what is asked about (gate/inquiry.h): rules for paths want PREFIX/auth/nginx or its kin. Where people return
 * to is rd (vouch: url); also unescaped, as the peers' own manuals have it: what begins with '/' or a scheme then goes on to the end of the
 * query. Else X-Auth-Request-Redirect, else X-Forwarded-Uri, from trusted peers. All of it is judged like any other (route/return_to.h).
 */
#ifndef GATE_COMPAT_H
#define GATE_COMPAT_H
#include "gate/visitor.h"

const struct endpoint *compat_below_prefix(size_t *ret_count);
const struct endpoint *compat_elsewhere(size_t *ret_count);

#endif
