/* endpoints.c -- the gateway's own addresses, one row each. */
#include "gate/compat.h"
#include "gate/inquiry.h"
#include "login/login.h"
#include "page/page_headers.h"

static enum flow_next sign_in(struct flow *f, struct visitor *w)
{
    bool password = slice_is(w->v.x->method, LIT("POST"));
    if (password && w->snapshot->local_users == NULL) {
        exchange_add(w->v.x, LIT("allow"), LIT("GET, HEAD"));
        return flow_fail(f, err_new(f->arena, PROBLEM_METHOD, "there are no local users"));
    }
    return password ? login_local(f, &w->v) : login_sign_in(f, &w->v);
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

static enum flow_next account(struct flow *f, struct visitor *w)
{
    return login_account(f, &w->v);
}

static enum flow_next account_revoke(struct flow *f, struct visitor *w)
{
    return login_account_revoke(f, &w->v);
}

static enum flow_next deauthorize(struct flow *f, struct visitor *w)
{
    return login_deauthorize(f, &w->v, w->endpoint_tail);
}

static enum flow_next data_deletion(struct flow *f, struct visitor *w)
{
    return login_data_deletion(f, &w->v, w->endpoint_tail);
}

static enum flow_next data_deletion_status(struct flow *f, struct visitor *w)
{
    return login_data_deletion_status(f, &w->v);
}

static enum flow_next backchannel_logout(struct flow *f, struct visitor *w)
{
    return login_backchannel_logout(f, &w->v, w->endpoint_tail);
}

static enum flow_next frontchannel_logout(struct flow *f, struct visitor *w)
{
    return login_frontchannel_logout(f, &w->v, w->endpoint_tail);
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

/* What a front proxy that carries no page of ours shows in place of its own 403. */
static enum flow_next no_access(struct flow *f, struct visitor *w)
{
    (void)f;
    respond_problem(&w->v.answer, PROBLEM_NO_ACCESS, 0);
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
    {.path = LIT_INIT("/auth/nginx"),
     .methods = LIT_INIT("*"),
     .handler = LIT_INIT("auth_nginx"),
     .wants_session = true,
     .inquiry = &inquiry_nginx},
    {.path = LIT_INIT("/auth/forward"),
     .methods = LIT_INIT("*"),
     .handler = LIT_INIT("auth_forward"),
     .wants_session = true,
     .inquiry = &inquiry_forward},
    {.path = LIT_INIT("/auth/envoy/"),
     .methods = LIT_INIT("*"),
     .handler = LIT_INIT("auth_envoy"),
     .wants_session = true,
     .inquiry = &inquiry_envoy},
    {.path = LIT_INIT("/sign-in"),
     .methods = LIT_INIT("GET, HEAD, POST"),
     .handler = LIT_INIT("sign_in"),
     .wants_session = true,
     .run = sign_in},
    {.path = LIT_INIT("/start/"),         .methods = LIT_INIT("GET"),                                                          .handler = LIT_INIT("start"),                                                                                                                                                   .run = start                                                                                                                                                                                                                                                                                                       },
    {.path = LIT_INIT("/callback/"),
     .methods = LIT_INIT("GET, POST"),
     .handler = LIT_INIT("callback"),
     .run = callback},
    {.path = LIT_INIT("/sign-out"),
     .methods = LIT_INIT("GET, HEAD, POST"),
     .handler = LIT_INIT("sign_out"),
     .wants_session = true,
     .run = sign_out},
    {.path = LIT_INIT("/signed-out"),
     .methods = LIT_INIT("GET, HEAD"),
     .handler = LIT_INIT("sign_out"),
     .run = signed_out                                                                                                                                                                                                                                                                                                        },
    {.path = LIT_INIT("/account"),
     .methods = LIT_INIT("GET, HEAD"),
     .handler = LIT_INIT("account"),
     .wants_session = true,
     .run = account},
    {.path = LIT_INIT("/account/sessions/revoke"),
     .methods = LIT_INIT("POST"),
     .handler = LIT_INIT("account"),
     .wants_session = true,
     .run = account_revoke},
    {.path = LIT_INIT("/deauthorize/"),
     .methods = LIT_INIT("POST"),
     .handler = LIT_INIT("lifecycle"),
     .run = deauthorize                                                                                                                                                                                                                                                                                         },
    {.path = LIT_INIT("/data-deletion/status"),
     .methods = LIT_INIT("GET, HEAD"),
     .handler = LIT_INIT("lifecycle"),
     .run = data_deletion_status                                                                                                                                                                                                                                                                                            },
    {.path = LIT_INIT("/data-deletion/"),
     .methods = LIT_INIT("POST"),
     .handler = LIT_INIT("lifecycle"),
     .run = data_deletion                                                                                                                                                                                                                                                                                       },
    {.path = LIT_INIT("/backchannel-logout/"),
     .methods = LIT_INIT("POST"),
     .handler = LIT_INIT("logout"),
     .run = backchannel_logout                                                                                                                                                                                                                                                                                            },
    {.path = LIT_INIT("/frontchannel-logout/"),
     .methods = LIT_INIT("GET"),
     .handler = LIT_INIT("logout"),
     .run = frontchannel_logout                                                                                                                                                                                                                                                                                            },
    {.path = LIT_INIT("/me"),
     .methods = LIT_INIT("GET, HEAD"),
     .handler = LIT_INIT("api"),
     .wants_session = true,
     .run = me},
    {.path = LIT_INIT("/session"),
     .methods = LIT_INIT("GET, HEAD, DELETE"),
     .handler = LIT_INIT("api"),
     .wants_session = true,
     .run = session},
    {.path = LIT_INIT("/jwks.json"),                  .methods = LIT_INIT("GET, HEAD"),                                                                      .handler = LIT_INIT("api"),                                                                                                                                                      .run = jwks                                                                                                                                                                                                                                                                               },
    {.path = LIT_INIT("/.well-known/jwks.json"),
     .methods = LIT_INIT("GET, HEAD"),
     .handler = LIT_INIT("api"),
     .run = jwks                                                                                                                                                                                                                                                                                                       },
    {.path = LIT_INIT("/no-access"),
     .methods = LIT_INIT("GET, HEAD"),
     .handler = LIT_INIT("no_access"),
     .wants_session = true,
     .run = no_access},
    {.path = LIT_INIT("/assets/"),       .methods = LIT_INIT("GET, HEAD"),                                                     .handler = LIT_INIT("assets"),                                                                                                                                                      .run = assets   },
};

static bool is_there(const struct snapshot *s, const struct endpoint *e)
{
    if (e->inquiry != NULL && s->mode == MODE_PROXY) return false;
    if ((e->flags & ENDPOINT_ONLY_MODE_AUTH) != 0 && s->mode != MODE_AUTH) return false;
    return e->compat == 0 || (e->compat & s->compat) != 0;
}

static const struct endpoint *find(const struct snapshot *s, const struct endpoint *among, size_t count,
                                   struct slice path, struct slice *ret_tail)
{
    for (size_t i = 0; i < count; i++) {
        const struct endpoint *e = &among[i];
        bool takes_tail = e->path.at[e->path.len - 1] == '/' && e->path.len > 1;
        /* Envoy's tail is another request's whole path: it may be "/" alone */
        size_t least = e->path.len + (e->inquiry == NULL);
        if (takes_tail ? path.len < least || !slice_starts(path, e->path) : !slice_is(path, e->path)) continue;
        if (!is_there(s, e)) continue;
        *ret_tail = takes_tail ? slice_from(path, e->path.len) : (struct slice){0};
        return e;
    }
    return NULL;
}

/* Whoever asks for a provider's redirect address comes back from it, wherever it was registered. */
static const struct endpoint *find_callback(const struct snapshot *s, struct slice path, struct slice *ret_tail)
{
    static const struct endpoint back = {
        .methods = LIT_INIT("GET, POST"), .handler = LIT_INIT("callback"), .run = callback};
    for (size_t i = 0; i < s->provider_count; i++) {
        if (!slice_is(s->providers[i]->callback, path)) continue;
        *ret_tail = s->providers[i]->id;
        return &back;
    }
    return NULL;
}

const struct endpoint *endpoint_find(const struct snapshot *s, struct slice below_prefix, struct slice *ret_tail)
{
    size_t count;
    const struct endpoint *theirs = compat_below_prefix(&count);
    const struct endpoint *e = s->compat != 0 ? find(s, theirs, count, below_prefix, ret_tail) : NULL;
    if (e != NULL) return e;
    return find(s, endpoints, sizeof endpoints / sizeof endpoints[0], below_prefix, ret_tail);
}

const struct endpoint *endpoint_elsewhere(const struct snapshot *s, struct slice path, struct slice *ret_tail)
{
    size_t count;
    const struct endpoint *theirs = compat_elsewhere(&count);
    const struct endpoint *e = find_callback(s, path, ret_tail);
    return e != NULL ? e : find(s, theirs, count, path, ret_tail);
}

bool endpoint_takes(const struct endpoint *e, struct slice method)
{
    struct slice rest = e->methods, one;
    if (slice_is(rest, LIT("*"))) return true;
    while (slice_cut(&rest, ',', &one)) {
        if (slice_is(slice_trim(one), method)) return true;
    }
    return false;
}
