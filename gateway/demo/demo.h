/* demo.h -- two stage props for `vestibule demo`: an OpenID provider and an application behind the gateway.
 *
 * The provider is strict like a real one: discovery, JWKS, authorize (PKCE S256 required), token (client_secret_basic or _post, codes
 * used once within 60 s), userinfo, end_session; ES256 id_tokens; `iss` in its answers (RFC 9207). Instead of a password its
 * page has people as buttons:
 *     ada    groups ops and staff, e-mail verified
 *     grace  group staff, e-mail verified
 *     linus  group staff, e-mail not verified
 *     eve    no group: the demo's rules refuse her
 * and "cancel" (access_denied) and "fail" (server_error). It keeps no session of its own: it asks every time. It must be an origin of its own.
 *
 * The application shows the headers that arrived, at /admin a page for the group ops, and echoes a form at /form. It believes the gateway.
 *
 * Threads: both handlers must run on one worker (listener.first_worker_only). State is in memory; everything is forgotten at the end.
 */
#ifndef DEMO_DEMO_H
#define DEMO_DEMO_H
#include "http/exchange.h"

struct demo;

struct demo_conf {
    struct slice issuer; /* "http://127.0.0.1:8081": the origin of the provider's listener, no trailing '/' */
    struct slice client_id, client_secret;
    struct slice redirect_uri; /* the only one: "http://localhost:8080/_vestibule/callback/demo" */
    /* "http://localhost:8080": where the gateway is; its name on the provider's page; sign-out may return there */
    struct slice app_origin;
    struct slice prefix; /* "/_vestibule": for the application's sign-in and sign-out links */
};

/* Copies conf; a is for the error. */
const struct err *demo_open(struct arena *a, const struct demo_conf *conf, struct demo **ret_demo);
void demo_close(struct demo *d); /* NULL is fine */

/* Which demo the handlers serve; before the listeners open and until they are closed. NULL: they answer 503. */
void demo_serve(struct demo *d);

/* For struct listener.handle. */
void demo_provider_handle(struct exchange *x);
void demo_app_handle(struct exchange *x);

#endif
