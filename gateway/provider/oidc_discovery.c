/* oidc_discovery.c -- reads the metadata document: the issuer must be ours to the byte, every endpoint an https URL. */
#include "provider/oidc_discovery.h"

#include "text/doc.h"
#include "text/url.h"

enum {
    DISCOVERY_MAX_BYTES = 256 * 1024 /* the largest seen is about 8 KiB */
};

static const struct err *broken(struct arena *a, const char *member, const char *what)
{
    return err_new(a, PROBLEM_PROVIDER_BROKEN, "the provider's metadata: %s %s", member, what);
}

static const struct err *check_issuer(struct arena *a, const struct doc *root, struct slice issuer)
{
    struct slice said = doc_string(root, LIT("issuer"));
    if (said.len == 0) return broken(a, "issuer", "is missing");
    if (slice_is(said, issuer)) return NULL;
    return err_new(a, PROBLEM_PROVIDER_BROKEN,
                   "the provider's metadata: its issuer is \"%.*s\", not the configured \"%.*s\": they must be equal "
                   "letter for letter",
                   SLICE_ARG(slice_upto(said, 200)), SLICE_ARG(issuer));
}

static const struct err *check_endpoint(struct arena *a, const char *member, struct slice url, bool allow_http)
{
    struct url u;
    const struct err *bad = url_read(a, url, &u);
    if (bad != NULL)
        return err_as(a, PROBLEM_PROVIDER_BROKEN, bad, "the provider's metadata: %s is no URL to ask", member);
    if (!u.https && !allow_http) return broken(a, member, "is not https");
    return NULL;
}

struct endpoint {
    const char *member;
    struct slice configured, *ret_url;
    bool required;
};

static const struct err *read_endpoint(struct arena *a, const struct doc *root, const struct endpoint *e,
                                       bool allow_http)
{
    if (e->configured.len != 0) {
        *e->ret_url = e->configured;
        return NULL;
    }
    const struct doc *said = doc_member(root, slice_of(e->member));
    if (said == NULL || said->type == DOC_NULL) return e->required ? broken(a, e->member, "is missing") : NULL;
    if (!doc_is_string(said)) return broken(a, e->member, "is not a string");
    const struct err *bad = check_endpoint(a, e->member, said->text, allow_http);
    if (bad == NULL) *e->ret_url = said->text;
    return bad;
}

static const struct err *read_sends_iss(struct arena *a, const struct doc *root, bool *ret_sends)
{
    static const char member[] = "authorization_response_iss_parameter_supported";
    const struct doc *said = doc_member(root, slice_of(member));
    if (said == NULL) return NULL;
    if (said->type != DOC_BOOL) return broken(a, member, "is not true or false");
    *ret_sends = said->boolean;
    return NULL;
}

const struct err *oidc_discovery_read(struct arena *a, const struct oidc_discovery_rules *rules, struct slice json,
                                      struct metadata *ret_draft)
{
    struct doc *root;
    struct metadata m = {0};
    const struct metadata *c = rules->configured;
    const struct err *bad = doc_json(a, PROBLEM_PROVIDER_BROKEN, json, &root);
    if (bad != NULL) return err_over(a, bad, "the provider's metadata is not JSON");
    if (root->type != DOC_MAP) return broken(a, "the document", "is not a JSON object");
    bad = check_issuer(a, root, rules->issuer);
    const struct endpoint endpoints[] = {
        {"authorization_endpoint", c->authorize_url,   &m.authorize_url,   true },
        {"token_endpoint",         c->token_url,       &m.token_url,       true },
        {"jwks_uri",               c->jwks_url,        &m.jwks_url,        true },
        {"userinfo_endpoint",      c->userinfo_url,    &m.userinfo_url,    false},
        {"end_session_endpoint",   c->end_session_url, &m.end_session_url, false},
        {"revocation_endpoint",    c->revocation_url,  &m.revocation_url,  false},
    };
    for (size_t i = 0; bad == NULL && i < sizeof endpoints / sizeof endpoints[0]; i++)
        bad = read_endpoint(a, root, &endpoints[i], rules->allow_http);
    if (bad == NULL) bad = read_sends_iss(a, root, &m.sends_iss);
    if (bad == NULL) *ret_draft = m;
    return bad;
}

struct slice oidc_discovery_url(struct arena *a, struct slice issuer)
{
    while (issuer.len != 0 && issuer.at[issuer.len - 1] == '/')
        issuer.len--;
    return arena_print(a, "%.*s/.well-known/openid-configuration", SLICE_ARG(issuer));
}

/* ---- as a learned document ---- */

static const struct err *kind_read(struct provider_state *s, struct arena *a, struct slice body, void **ret_value)
{
    struct oidc_discovery_rules rules = {slice_of(s->issuer), s->configured, s->allow_http};
    struct metadata draft;
    const struct err *bad = oidc_discovery_read(a, &rules, body, &draft);
    if (bad == NULL) *ret_value = metadata_make(&draft);
    return bad;
}

static void *kind_keep(void *value)
{
    return metadata_keep(value);
}

static void kind_drop(void *value)
{
    metadata_drop(value);
}

const struct learned_kind oidc_discovery_kind = {"discovery", DISCOVERY_MAX_BYTES, kind_read, kind_keep, kind_drop};

typedef enum flow_next learn_fn(struct flow *f, struct learned *l, const struct learned_source *from, void **ret_value);

static enum flow_next metadata_by(learn_fn *learn, struct flow *f, const struct provider *p,
                                  const struct provider_env *env, struct metadata **ret_metadata)
{
    if (p->state->fixed != NULL) {
        *ret_metadata = metadata_keep(p->state->fixed);
        arena_at_close(f->arena, kind_drop, *ret_metadata);
        return FLOW_NEXT;
    }
    struct slice told = template_text(&p->descriptor->endpoints[ENDPOINT_DISCOVERY]);
    struct learned_source from = {p, env, told.len != 0 ? told : oidc_discovery_url(f->arena, p->descriptor->issuer)};
    return learn(f, &p->state->metadata, &from, (void **)ret_metadata);
}

enum flow_next oidc_discovery_need(struct flow *f, const struct provider *p, const struct provider_env *env,
                                   struct metadata **ret_metadata)
{
    return metadata_by(learned_need, f, p, env, ret_metadata);
}

enum flow_next oidc_discovery_now(struct flow *f, const struct provider *p, const struct provider_env *env,
                                  struct metadata **ret_metadata)
{
    return metadata_by(learned_now, f, p, env, ret_metadata);
}
