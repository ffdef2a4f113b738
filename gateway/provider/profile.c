/* profile.c -- one attribute after the other; those that are known already may be named by the templates of later ones. */
#include "provider/profile.h"

#include "text/json.h"
#include "text/url.h"

enum {
    WRITE_DEPTH_MAX = 16 /* deeper lists and objects are not kept */
};

/* ---- values ---- */

static bool is_fit(struct slice s)
{
    return s.len != 0 && s.len <= IDENTITY_VALUE_MAX && slice_index(s, '\t') == SLICE_NONE && slice_is_printable(s);
}

static struct slice text_of(struct arena *a, const struct map_value *m, const struct profile_ask *ask)
{
    struct slice s = map_text(a, m, &ask->docs, &ask->values);
    return is_fit(s) ? s : (struct slice){NULL, 0};
}

static struct slice link_of(struct arena *a, const struct map_value *m, const struct profile_ask *ask)
{
    struct url u;
    struct slice s = text_of(a, m, ask);
    return s.len != 0 && url_read(a, s, &u) == NULL && u.https ? s : (struct slice){NULL, 0};
}

/* ---- the address ---- */

static bool is_address(struct slice s)
{
    size_t at = slice_index(s, '@');
    if (at == SLICE_NONE || at == 0 || at + 1 == s.len) return false;
    if (slice_index(slice_from(s, at + 1), '@') != SLICE_NONE) return false;
    for (size_t i = 0; i < s.len; i++)
        if (s.at[i] <= 0x20 || s.at[i] > 0x7e || strchr("\"(),:;<>[\\]", s.at[i]) != NULL) return false;
    return true;
}

/* A pointer's word is taken strictly: what a platform sends for "verified" without being asked how it means it. */
static bool is_true(struct arena *a, const struct map_value *m, const struct profile_ask *ask)
{
    if (m->kind == MAP_NONE) return false;
    if (m->kind != MAP_POINTER && m->kind != MAP_FIRST) return map_true(a, m, &ask->docs, &ask->values);
    const struct doc *d = map_node(a, m, &ask->docs);
    if (d == NULL) return false;
    return (d->type == DOC_BOOL && d->boolean) || (doc_is_string(d) && slice_is(d->text, LIT("true")));
}

/* Do address and word come from one document? Those that are made of several (-1) are as the descriptor says. */
static bool is_its_word(struct arena *a, const struct descriptor_profile *map, const struct profile_ask *ask)
{
    int address = map_source(a, &map->email, &ask->docs), word = map_source(a, &map->email_verified, &ask->docs);
    return address < 0 || word < 0 || address == word;
}

static void read_from(struct arena *a, const struct profile_ask *ask, struct identity *to)
{
    const struct descriptor_profile *map = &ask->provider->descriptor->profile;
    struct slice address = text_of(a, &map->email, ask);
    if (!is_address(address)) return;
    to->email = address;
    to->email_verified = is_its_word(a, map, ask) && is_true(a, &map->email_verified, ask);
}

static void read_email(struct arena *a, const struct profile_ask *ask, struct identity *to)
{
    const struct descriptor_profile *map = &ask->provider->descriptor->profile;
    if (ask->userinfo == NULL || map_source(a, &map->email, &ask->docs) != DOCUMENT_CLAIMS) {
        read_from(a, ask, to);
        return;
    }
    /* joined claims: each side speaks for itself, userinfo first */
    struct profile_ask side = *ask;
    struct identity theirs = {.email_verified = false}, tokens = theirs;
    side.docs.at[DOCUMENT_CLAIMS] = ask->docs.at[DOCUMENT_ID_TOKEN];
    read_from(a, &side, &tokens);
    side.docs.at[DOCUMENT_CLAIMS] = ask->userinfo;
    bool theirs_has = map_text(a, &map->email, &side.docs, &side.values).len != 0;
    read_from(a, &side, &theirs);
    bool silent = map_node(a, &map->email_verified, &side.docs) == NULL;
    if (silent && theirs.email.len != 0 && slice_is(theirs.email, tokens.email))
        theirs.email_verified = tokens.email_verified; /* the very same address, so the word is about it */
    const struct identity *side_of = theirs_has ? &theirs : &tokens;
    to->email = side_of->email;
    to->email_verified = side_of->email_verified;
}

/* ---- groups ---- */

static void read_groups(struct arena *a, const struct profile_ask *ask, struct identity *to)
{
    size_t count = 0;
    const struct map_value *from = &ask->provider->descriptor->profile.groups;
    const struct doc *node = map_node(a, from, &ask->docs);
    if (node != NULL && node->type == DOC_BOOL) return;
    struct slice *found = map_texts(a, from, &ask->docs, &ask->values, &count);
    to->groups = arena_array(a, struct slice, count < IDENTITY_GROUPS_MAX ? count + 1 : IDENTITY_GROUPS_MAX);
    for (size_t i = 0; i < count && to->group_count < IDENTITY_GROUPS_MAX; i++)
        if (is_fit(found[i])) to->groups[to->group_count++] = found[i];
}

/* ---- claims.keep ---- */

static void write_scalar(struct json *j, const struct doc *d, const char *name)
{
    char number[40];
    switch (d->type) {
    case DOC_BOOL: json_bool(j, name, d->boolean); return;
    case DOC_INT: json_number(j, name, d->integer); return;
    case DOC_STRING: json_string(j, name, d->text); return;
    case DOC_REAL:
        (void)snprintf(number, sizeof number, "%.17g", d->real);
        json_raw(j, name, slice_of(number));
        return;
    default: json_null(j, name); return;
    }
}

/* False: too deep. */
static bool write_doc(struct arena *a, struct json *j, const struct doc *d, const char *name, int depth)
{
    bool is_map = d->type == DOC_MAP;
    if (!is_map && d->type != DOC_LIST) {
        write_scalar(j, d, name);
        return true;
    }
    if (depth > WRITE_DEPTH_MAX || j->to->full) return false;
    if (is_map)
        json_open_object(j, name);
    else
        json_open_list(j, name);
    for (const struct doc *c = d->first; c != NULL; c = c->next)
        if (!write_doc(a, j, c, is_map ? arena_text(a, c->key) : NULL, depth + 1)) return false;
    if (is_map)
        json_close_object(j);
    else
        json_close_list(j);
    return true;
}

/* Text as it is, everything else as JSON. Empty: not kept. A text that looks like a list or an object is not kept either: access rules look
 * into lists, and some texts people choose themselves. */
static struct slice plain_text(struct slice s)
{
    bool looks_like_json = slice_starts(s, LIT("[")) || slice_starts(s, LIT("{"));
    return is_fit(s) && !looks_like_json ? s : (struct slice){0};
}

static struct slice kept_text(struct arena *a, const struct doc *d)
{
    if (d->type == DOC_STRING) return plain_text(d->text);
    struct buf to = buf_open(IDENTITY_VALUE_MAX);
    struct json j = json_into(&to);
    bool whole = write_doc(a, &j, d, NULL, 0) && !to.full;
    struct slice text = whole ? arena_copy(a, buf_slice(&to)) : (struct slice){0};
    buf_close(&to);
    return text;
}

static struct slice named(const struct template_values *v, struct slice name)
{
    for (size_t i = 0; i < v->me_count; i++)
        if (slice_is(v->me[i].name, name)) return v->me[i].value;
    return (struct slice){NULL, 0};
}

static bool is_extra(const struct descriptor_profile *map, struct slice name)
{
    for (size_t i = 0; i < map->extra_count; i++)
        if (slice_is(map->extra[i].name, name)) return true;
    return false;
}

static struct slice kept_value(struct arena *a, const struct profile_ask *ask, struct slice name)
{
    const struct descriptor_profile *map = &ask->provider->descriptor->profile;
    if (is_extra(map, name)) return plain_text(named(&ask->values, name));
    const struct doc *source = ask->docs.at[map->source];
    const struct doc *d = slice_starts(name, LIT("/")) ? doc_at(source, name) : doc_member(source, name);
    return d != NULL && d->type != DOC_NULL ? kept_text(a, d) : (struct slice){NULL, 0};
}

static void read_kept(struct arena *a, const struct profile_ask *ask, struct identity *to)
{
    const struct provider *p = ask->provider;
    size_t most = p->keep_count < IDENTITY_KEEP_MAX ? p->keep_count : IDENTITY_KEEP_MAX;
    if (most == 0) return;
    to->kept = arena_array(a, struct identity_claim, most);
    for (size_t i = 0; i < most; i++) {
        struct slice value = kept_value(a, ask, p->keep[i]);
        if (value.len != 0) to->kept[to->kept_count++] = (struct identity_claim){p->keep[i], value};
    }
}

/* ---- all of it ---- */

struct me {
    struct template_pair list[PROFILE_ME_MAX];
    struct profile_ask *ask;
};

static void add_me(struct me *me, struct slice name, struct slice value)
{
    struct template_values *v = &me->ask->values;
    if (value.len == 0 || v->me_count == PROFILE_ME_MAX) return;
    me->list[v->me_count++] = (struct template_pair){name, value};
}

struct attribute {
    const char *name;
    const struct map_value *from;
    struct slice *to;
};

static void read_attributes(struct arena *a, struct me *me, const struct attribute *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        *list[i].to = text_of(a, list[i].from, me->ask);
        add_me(me, slice_of(list[i].name), *list[i].to);
    }
}

/* Extras stand before all that is likely to be made of them: addresses of pictures and profiles. */
static void read_names(struct arena *a, struct me *me, struct identity *to)
{
    const struct descriptor_profile *map = &me->ask->provider->descriptor->profile;
    const struct attribute first[] = {
        {"username", &map->username, &to->username}
    };
    const struct attribute then[] = {
        {"name",        &map->name,        &to->name       },
        {"given_name",  &map->given_name,  &to->given_name },
        {"family_name", &map->family_name, &to->family_name},
        {"locale",      &map->locale,      &to->locale     },
    };
    read_attributes(a, me, first, 1);
    for (size_t i = 0; i < map->extra_count; i++)
        add_me(me, map->extra[i].name, text_of(a, &map->extra[i].value, me->ask));
    read_attributes(a, me, then, sizeof then / sizeof then[0]);
    to->picture = link_of(a, &map->picture, me->ask);
    to->profile_url = link_of(a, &map->profile_url, me->ask);
    add_me(me, LIT("picture"), to->picture);
    add_me(me, LIT("profile_url"), to->profile_url);
}

/* What only a token says of itself. */
static void read_token_claims(const struct profile_ask *ask, struct identity *to)
{
    const struct doc *claims = ask->docs.at[DOCUMENT_ID_TOKEN];
    struct slice acr = doc_string(claims, LIT("acr"));
    if (is_fit(acr)) to->acr = acr;
    if (!doc_whole(doc_member(claims, LIT("auth_time")), &to->auth_time_s)) to->auth_time_s = 0;
}

static const struct err *check(struct arena *a, const struct provider *p, const struct identity *who)
{
    struct slice place = p->descriptor->profile.subject.text;
    if (who->subject.len == 0)
        return err_new(a, PROBLEM_PROVIDER_BROKEN,
                       "the provider names no usable subject at %.*s (text of at most %d bytes)", SLICE_ARG(place),
                       (int)IDENTITY_VALUE_MAX);
    if (p->require_verified_email && (who->email.len == 0 || !who->email_verified))
        return err_new(a, PROBLEM_EMAIL_UNVERIFIED,
                       "the provider does not say that it verified the e-mail address (require_verified_email: false "
                       "lets such people in)");
    return NULL;
}

const struct err *profile_make(struct arena *a, struct profile_ask *ask, struct identity *ret_identity)
{
    const struct provider *p = ask->provider;
    struct identity who = {.provider = p->id, .issuer = p->issuer};
    struct me *me = arena_new(a, struct me);
    me->ask = ask;
    ask->values.me = me->list;
    ask->values.me_count = 0;
    const struct doc *subject = map_node(a, &p->descriptor->profile.subject, &ask->docs);
    if (subject == NULL || subject->type != DOC_BOOL) who.subject = text_of(a, &p->descriptor->profile.subject, ask);
    add_me(me, LIT("subject"), who.subject);
    read_email(a, ask, &who);
    add_me(me, LIT("email"), who.email);
    read_names(a, me, &who);
    read_groups(a, ask, &who);
    read_kept(a, ask, &who);
    read_token_claims(ask, &who);
    const struct err *bad = check(a, p, &who);
    if (bad == NULL) *ret_identity = who;
    return bad;
}
