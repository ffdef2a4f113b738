/* build_people.c -- access[].allow: a word, or lists of people with any_of and all_of, judged against what there is. */
#include "config/config_int.h"
#include "text/json.h"
#include "text/nearest.h"

/* One list of people. An empty one was perhaps meant as "nobody", perhaps as "no limit": neither is guessed. */
static struct slices list(struct build *b, const struct setting *allow, const char *name, bool lower)
{
    const struct setting *at = setting_at(allow, name);
    struct slices all = {NULL, 0};
    struct slice *texts = setting_texts(b->a, allow, name, &all.count);
    if (at->node != NULL && at->count == 0 && !at->bad) {
        BUILD_ERROR(b, allow, name,
                    "allow.%s is empty; that never means everyone: write allow: signed_in, or allow: nobody", name);
    }
    for (size_t i = 0; lower && i < all.count; i++) {
        texts[i] = build_lower(b->a, texts[i]);
    }
    all.at = texts;
    return all;
}

bool build_knows_provider(const struct build *b, struct slice id)
{
    for (size_t i = 0; i < b->s->provider_count; i++) {
        if (slice_is(b->s->providers[i]->id, id)) return true;
    }
    for (size_t i = 0; i < b->s->bearer_issuer_count; i++) {
        if (slice_is(b->s->bearer_issuers[i].provider->id, id)) return true;
    }
    if (b->s->local_users != NULL && slice_is(id, local_provider)) return true;
    return b->s->provider_count == 0; /* then that is what is wrong */
}

void build_no_such_provider(struct build *b, const struct setting *where)
{
    struct nearest n = nearest_to(where->text);
    for (size_t i = 0; i < b->s->provider_count; i++) {
        nearest_try(&n, b->s->providers[i]->id);
    }
    complaint_at(b->c, COMPLAINT_ERROR, where->node, COMPLAINT_VALUE, nearest_found(&n),
                 "there is no provider with the id \"%.*s\"", SLICE_ARG(where->text));
}

static void known_providers(struct build *b, const struct setting *allow)
{
    for (const struct setting *p = setting_at(allow, "providers")->first; p != NULL; p = p->next) {
        if (!build_knows_provider(b, p->text)) build_no_such_provider(b, p);
    }
}

static void known_users(struct build *b, const struct setting *allow)
{
    for (const struct setting *u = setting_at(allow, "users")->first; u != NULL; u = u->next) {
        size_t joint = slice_index(u->text, '/');
        if (joint == SLICE_NONE || joint == 0 || joint + 1 == u->text.len) {
            complaint_at(b->c, COMPLAINT_ERROR, u->node, COMPLAINT_VALUE, LIT(""),
                         "users are written provider/subject, such as corp/4711; for addresses there is emails");
        } else if (!build_knows_provider(b, slice_upto(u->text, joint))) {
            complaint_at(b->c, COMPLAINT_ERROR, u->node, COMPLAINT_VALUE, LIT(""),
                         "there is no provider \"%.*s\", so nobody is this user",
                         SLICE_ARG(slice_upto(u->text, joint)));
        }
    }
}

static void shapes(struct build *b, const struct setting *allow)
{
    for (const struct setting *e = setting_at(allow, "emails")->first; e != NULL; e = e->next) {
        size_t sign = slice_index(e->text, '@');
        if (sign != SLICE_NONE && sign > 0 && build_host_name(slice_from(e->text, sign + 1))) continue;
        complaint_at(b->c, COMPLAINT_ERROR, e->node, COMPLAINT_VALUE, LIT(""), "\"%.*s\" is no e-mail address",
                     SLICE_ARG(e->text));
    }
    for (const struct setting *e = setting_at(allow, "email_domains")->first; e != NULL; e = e->next) {
        if (build_host_name(e->text) && slice_index(e->text, '.') != SLICE_NONE) continue;
        complaint_at(b->c, COMPLAINT_ERROR, e->node, COMPLAINT_VALUE, LIT(""),
                     "\"%.*s\" is no domain; write example.com", SLICE_ARG(e->text));
    }
}

/* A claim that no session keeps would never fit. */
static bool keeps(const struct provider *p, struct slice name)
{
    for (size_t k = 0; k < p->keep_count; k++) {
        if (slice_is(p->keep[k], name)) return true;
    }
    return false;
}

static bool is_kept(const struct build *b, struct slice name)
{
    for (size_t i = 0; i < b->s->provider_count; i++) {
        if (keeps(b->s->providers[i], name)) return true;
    }
    for (size_t i = 0; i < b->s->bearer_issuer_count; i++) {
        if (keeps(b->s->bearer_issuers[i].provider, name)) return true;
    }
    return b->s->provider_count == 0;
}

static struct slice quoted(struct arena *a, struct slice text)
{
    enum {
        QUOTED_MAX = 64 * 1024
    };
    AUTO(buf_close) struct buf to = buf_open(QUOTED_MAX);
    buf_byte(&to, '"');
    json_escape(&to, text);
    buf_byte(&to, '"');
    return arena_copy(a, buf_slice(&to));
}

static struct rule_claim claim(struct build *b, const struct setting *at)
{
    struct slice *values = arena_array(b->a, struct slice, at->count + 1);
    struct slice *quotes = arena_array(b->a, struct slice, at->count + 1);
    size_t count = 0;
    for (const struct setting *v = at->first; v != NULL; v = v->next) {
        values[count] = v->text;
        quotes[count++] = quoted(b->a, v->text);
    }
    if (count == 0 && at->text.len != 0) { /* from the environment: name=value */
        values[0] = at->text;
        quotes[0] = quoted(b->a, at->text);
        count = 1;
    }
    if (count == 0) {
        complaint_at(b->c, COMPLAINT_ERROR, at->node, COMPLAINT_VALUE, LIT(""),
                     "the claim \"%.*s\" has no value to be compared with; that never means any", SLICE_ARG(at->name));
    }
    if (!is_kept(b, at->name)) {
        complaint_at(b->c, COMPLAINT_ERROR, at->node, COMPLAINT_KEY, LIT(""),
                     "no session keeps the claim \"%.*s\": add it to claims.keep of the provider that tells it",
                     SLICE_ARG(at->name));
    }
    return (struct rule_claim){at->name, {values, count}, {quotes, count}};
}

static void claims(struct build *b, const struct setting *allow, struct people *to)
{
    const struct setting *map = setting_at(allow, "claims");
    struct rule_claim *all = arena_array(b->a, struct rule_claim, map->count + 1);
    if (map->node != NULL && map->count == 0 && !map->bad)
        BUILD_ERROR(b, allow, "claims", "allow.claims is empty; that never means everyone");
    for (const struct setting *m = map->first; m != NULL; m = m->next) {
        all[to->claim_count++] = claim(b, m);
    }
    to->claims = all;
}

static bool has_key(const struct setting *section, const char *name)
{
    for (const struct setting *m = section->first; m != NULL; m = m->next) {
        if (m->key != NULL && strcmp(m->key->name, name) == 0) return true;
    }
    return false;
}

static void people(struct build *b, const struct setting *at, struct people *to);

/* any_of, all_of: as deep as the key tables go. */
static const struct people *entries(struct build *b, const struct setting *at, const char *name, size_t *ret_count)
{
    if (!has_key(at, name)) return NULL;
    const struct setting *items = setting_at(at, name);
    struct people *all = arena_array(b->a, struct people, items->count + 1);
    if (items->node != NULL && items->count == 0 && !items->bad)
        BUILD_ERROR(b, at, name, "%s is empty; that never means everyone", name);
    for (const struct setting *one = items->first; one != NULL; one = one->next) {
        people(b, one, &all[(*ret_count)++]);
    }
    return all;
}

static void people(struct build *b, const struct setting *at, struct people *to)
{
    to->users = list(b, at, "users", false);
    to->emails = list(b, at, "emails", true);
    to->email_domains = list(b, at, "email_domains", true);
    to->groups = list(b, at, "groups", false);
    to->providers = list(b, at, "providers", false);
    claims(b, at, to);
    known_providers(b, at);
    known_users(b, at);
    shapes(b, at);
    to->any_of = entries(b, at, "any_of", &to->any_of_count);
    to->all_of = entries(b, at, "all_of", &to->all_of_count);
    bool given = false;
    for (const struct setting *m = at->first; m != NULL; m = m->next) {
        given = given || m->node != NULL;
    }
    if (!given && at->node != NULL && !at->bad)
        complaint_at(b->c, COMPLAINT_ERROR, at->node, COMPLAINT_VALUE, LIT(""),
                     "allow names nobody here; write everyone, signed_in, nobody, or lists of people");
}

void build_people(struct build *b, const struct setting *at, struct rule *to)
{
    static const enum allow_kind kinds[] = {ALLOW_EVERYONE, ALLOW_SIGNED_IN, ALLOW_NOBODY};
    const struct setting *allow = setting_at(at, "allow");
    to->allow = ALLOW_NOBODY;
    if (allow->bad) return;
    if (allow->number >= 0) {
        to->allow = kinds[allow->number];
        return;
    }
    to->allow = ALLOW_SOME;
    people(b, allow, &to->people);
}
