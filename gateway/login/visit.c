#include "login/visit.h"

#include "text/form.h"

const struct provider *visit_provider(const struct visit *v, struct slice id)
{
    for (size_t i = 0; i < v->conf->provider_count; i++) {
        if (slice_is(v->conf->providers[i]->id, id)) return v->conf->providers[i];
    }
    return NULL;
}

struct slice visit_url(const struct visit *v, struct slice below_prefix)
{
    const struct slice parts[] = {v->conf->public_url, v->conf->prefix, below_prefix};
    return arena_join(v->x->arena, parts, 3);
}

struct slice visit_return_url(const struct visit *v)
{
    struct form query;
    struct slice asked = {0};
    bool refused;
    if (v->x->query.at != NULL && form_read(v->x->arena, v->x->query, &query) == NULL) {
        if (form_single(&query, LIT("rd"), &asked) != FORM_ONCE) asked = (struct slice){0};
    }
    return return_to(v->x->arena, v->conf->return_rules, asked, &refused);
}

void visit_set_cookie(const struct visit *v, struct slice name, struct slice value, int64_t max_age_s,
                      enum cookie_same_site same_site)
{
    const struct cookie_attributes with = {.path = LIT("/"),
                                           .max_age_s = max_age_s,
                                           .secure = v->conf->secure_cookies,
                                           .http_only = true,
                                           .same_site = same_site};
    exchange_add(v->x, LIT("set-cookie"), cookie_set(v->x->arena, name, value, &with));
}

bool visit_is_same_origin(const struct visit *v)
{
    struct slice site = exchange_header(v->x, LIT("sec-fetch-site"));
    if (site.at != NULL) return slice_is(site, LIT("same-origin"));
    return slice_is(exchange_header(v->x, LIT("origin")), v->conf->public_origin);
}

struct audit_record visit_audit(const struct visit *v, const char *event)
{
    return (struct audit_record){.event = event,
                                 .request_id = v->request_id,
                                 .provider = v->provider,
                                 .client_ip = v->client_ip,
                                 .user_agent = exchange_header(v->x, LIT("user-agent"))};
}
