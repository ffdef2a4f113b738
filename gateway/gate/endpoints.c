/* endpoints.c -- the gateway's own addresses, one row each. */
#include "gate/visitor.h"
#include "login/login.h"
#include "page/page_headers.h"

static enum flow_next sign_in(struct flow *f, struct visitor *w)
{
    return login_sign_in(f, &w->v);
}

static enum flow_next start(struct flow *f, struct visitor *w)
{
    return login_start(f, &w->v, w->endpoint_tail);
}

static enum flow_next callback(struct flow *f, struct visitor *w)
{
    return login_callback(f, &w->v, w->endpoint_tail);
}

static enum flow_next sign_out(struct flow *f, struct visitor *w)
{
    return login_sign_out(f, &w->v);
}

static enum flow_next signed_out(struct flow *f, struct visitor *w)
{
    return login_signed_out(f, &w->v);
}

static enum flow_next me(struct flow *f, struct visitor *w)
{
    return login_me(f, &w->v);
}

static enum flow_next session(struct flow *f, struct visitor *w)
{
    return login_session(f, &w->v);
}

/* The keys that verify assertions: public, and cacheable for as long as a key is announced before it signs. */
static enum flow_next jwks(struct flow *f, struct visitor *w)
{
    struct exchange *x = w->v.x;
    (void)f;
    exchange_add(x, LIT("content-type"), LIT("application/jwk-set+json"));
    exchange_add(x, LIT("cache-control"), LIT("public, max-age=300"));
    exchange_add(x, LIT("x-content-type-options"), LIT("nosniff"));
    exchange_reply(x, 200, signing_keys_jwks(w->snapshot->signing_keys));
    return FLOW_DONE;
}

static enum flow_next assets(struct flow *f, struct visitor *w)
{
    struct exchange *x = w->v.x;
    struct asset asset;
    if (!pages_asset(w->snapshot->pages, w->endpoint_tail, &asset)) {
        return flow_fail(f, err_new(f->arena, PROBLEM_NOT_FOUND, "no such asset"));
    }
    exchange_add(x, LIT("content-type"), asset.type);
    exchange_add(x, LIT("cache-control"), page_asset_cache);
    exchange_add(x, LIT("content-security-policy"), page_csp_asset);
    exchange_add(x, LIT("x-content-type-options"), LIT("nosniff"));
    exchange_reply(x, 200, asset.body);
    return FLOW_DONE;
}

static const struct endpoint endpoints[] = {
    {LIT_INIT("/sign-in"),               LIT_INIT("GET, HEAD"),         LIT_INIT("sign_in"),  true,  sign_in   }, /* */
    {LIT_INIT("/start/"),                LIT_INIT("GET"),               LIT_INIT("start"),    false, start     }, /* */
    {LIT_INIT("/callback/"),             LIT_INIT("GET, POST"),         LIT_INIT("callback"), false, callback  }, /* */
    {LIT_INIT("/sign-out"),              LIT_INIT("GET, HEAD, POST"),   LIT_INIT("sign_out"), true,  sign_out  }, /* */
    {LIT_INIT("/signed-out"),            LIT_INIT("GET, HEAD"),         LIT_INIT("sign_out"), false, signed_out}, /* */
    {LIT_INIT("/me"),                    LIT_INIT("GET, HEAD"),         LIT_INIT("api"),      true,  me        }, /* */
    {LIT_INIT("/session"),               LIT_INIT("GET, HEAD, DELETE"), LIT_INIT("api"),      true,  session   }, /* */
    {LIT_INIT("/jwks.json"),             LIT_INIT("GET, HEAD"),         LIT_INIT("api"),      false, jwks      }, /* */
    {LIT_INIT("/.well-known/jwks.json"), LIT_INIT("GET, HEAD"),         LIT_INIT("api"),      false, jwks      }, /* */
    {LIT_INIT("/assets/"),               LIT_INIT("GET, HEAD"),         LIT_INIT("assets"),   false, assets    }, /* */
};

const struct endpoint *endpoint_find(struct slice below_prefix, struct slice *ret_tail)
{
    for (size_t i = 0; i < sizeof endpoints / sizeof endpoints[0]; i++) {
        const struct endpoint *e = &endpoints[i];
        bool takes_tail = slice_ends(e->path, LIT("/"));
        if (takes_tail && slice_starts(below_prefix, e->path) && below_prefix.len > e->path.len) {
            *ret_tail = slice_from(below_prefix, e->path.len);
            return e;
        }
        if (!takes_tail && slice_is(below_prefix, e->path)) return e;
    }
    return NULL;
}

bool endpoint_takes(const struct endpoint *e, struct slice method)
{
    struct slice rest = e->methods, one;
    while (slice_cut(&rest, ',', &one)) {
        if (slice_is(slice_trim(one), method)) return true;
    }
    return false;
}
