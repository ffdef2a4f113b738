/* profile.c -- merged claims, one value after the other. */
#include "provider/profile.h"

#include "provider/userinfo.h"
#include "text/json.h"
#include "text/url.h"

enum {
    WRITE_DEPTH_MAX = 16 /* deeper lists and objects are not kept */
};

/* ---- values ---- */

static struct slice pointer_or(struct slice configured, const char *standard)
{
    return configured.len != 0 ? configured : slice_of(standard);
}

static bool is_fit(struct slice s)
{
    if (s.len == 0 || s.len > IDENTITY_VALUE_MAX) return false;
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.at[i];
        if (c < 0x20 || c == 0x7f) return false;
    }
    return true;
}

/* Strings and whole numbers are text; nothing else is. */
static struct slice text_of(struct arena *a, const struct doc *d)
{
    if (doc_is_string(d)) return d->text;
    if (d != NULL && d->type == DOC_INT) return arena_print(a, "%lld", (long long)d->integer);
    return (struct slice){0};
}

static struct slice text_at(struct arena *a, const struct doc *claims, struct slice pointer)
{
    struct slice s = text_of(a, doc_at(claims, pointer));
    return is_fit(s) ? s : (struct slice){0};
}

static struct slice link_at(struct arena *a, const struct doc *claims, struct slice pointer)
{
    struct url u;
    struct slice s = text_at(a, claims, pointer);
    return s.len != 0 && url_read(a, s, &u) == NULL && u.https ? s : (struct slice){0};
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

static bool is_true(const struct doc *d)
{
    if (d == NULL) return false;
    return (d->type == DOC_BOOL && d->boolean) || (doc_is_string(d) && slice_is(d->text, LIT("true")));
}

static void read_email(struct arena *a, const struct provider *p, const struct doc *id_claims,
                       const struct doc *userinfo, struct identity *to)
{
    struct slice email = pointer_or(p->claim_email, "/email");
    struct slice verified = pointer_or(p->claim_email_verified, "/email_verified");
    const struct doc *source = userinfo != NULL && doc_at(userinfo, email) != NULL ? userinfo : id_claims;
    struct slice address = text_at(a, source, email);
    if (!is_address(address)) return;
    const struct doc *word = doc_at(source, verified);
    if (word == NULL && source == userinfo && slice_is(text_at(a, id_claims, email), address))
        word = doc_at(id_claims, verified); /* the very same address, so the word is about it */
    to->email = address;
    to->email_verified = is_true(word);
}

/* ---- groups ---- */

static void read_groups(struct arena *a, const struct doc *claims, struct slice pointer, struct identity *to)
{
    const struct doc *d = doc_at(claims, pointer);
    if (d == NULL || (d->type != DOC_LIST && d->type != DOC_STRING)) return;
    size_t most = d->type == DOC_STRING ? 1 : d->count;
    if (most > IDENTITY_GROUPS_MAX) most = IDENTITY_GROUPS_MAX;
    to->groups = arena_array(a, struct slice, most);
    const struct doc *one = d->type == DOC_LIST ? d->first : d;
    while (one != NULL && to->group_count < most) {
        if (doc_is_string(one) && is_fit(one->text)) to->groups[to->group_count++] = one->text;
        one = d->type == DOC_LIST ? one->next : NULL;
    }
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
static struct slice kept_text(struct arena *a, const struct doc *d)
{
    bool looks_like_json = slice_starts(d->text, LIT("[")) || slice_starts(d->text, LIT("{"));
    if (d->type == DOC_STRING) return is_fit(d->text) && !looks_like_json ? d->text : (struct slice){0};
    struct buf to = buf_open(IDENTITY_VALUE_MAX);
    struct json j = json_into(&to);
    bool whole = write_doc(a, &j, d, NULL, 0) && !to.full;
    struct slice text = whole ? arena_copy(a, buf_slice(&to)) : (struct slice){0};
    buf_close(&to);
    return text;
}

static void read_kept(struct arena *a, const struct provider *p, const struct doc *claims, struct identity *to)
{
    size_t most = p->keep_count < IDENTITY_KEEP_MAX ? p->keep_count : IDENTITY_KEEP_MAX;
    if (most == 0) return;
    to->kept = arena_array(a, struct identity_claim, most);
    for (size_t i = 0; i < most; i++) {
        struct slice name = p->keep[i];
        bool is_pointer = slice_starts(name, LIT("/"));
        const struct doc *d = is_pointer ? doc_at(claims, name) : doc_member(claims, name);
        if (d == NULL || d->type == DOC_NULL) continue;
        struct slice value = kept_text(a, d);
        if (value.len != 0) to->kept[to->kept_count++] = (struct identity_claim){name, value};
    }
}

/* ---- all of it ---- */

static void read_names(struct arena *a, const struct provider *p, const struct doc *claims, struct identity *to)
{
    to->name = text_at(a, claims, pointer_or(p->claim_name, "/name"));
    to->given_name = text_at(a, claims, LIT("/given_name"));
    to->family_name = text_at(a, claims, LIT("/family_name"));
    to->username = text_at(a, claims, pointer_or(p->claim_username, "/preferred_username"));
    to->locale = text_at(a, claims, LIT("/locale"));
    to->acr = text_at(a, claims, LIT("/acr"));
    to->picture = link_at(a, claims, pointer_or(p->claim_picture, "/picture"));
    to->profile_url = link_at(a, claims, LIT("/profile"));
}

static const struct err *check(struct arena *a, const struct provider *p, const struct identity *who)
{
    if (who->subject.len == 0)
        return err_new(a, PROBLEM_PROVIDER_BROKEN,
                       "the provider names no usable subject at %.*s (text of at most %d bytes)",
                       SLICE_ARG(pointer_or(p->claim_subject, "/sub")), (int)IDENTITY_VALUE_MAX);
    if (p->require_verified_email && (who->email.len == 0 || !who->email_verified))
        return err_new(a, PROBLEM_EMAIL_UNVERIFIED, "the provider does not say that it verified the e-mail address");
    return NULL;
}

const struct err *profile_make(struct arena *a, const struct provider *p, const struct doc *id_claims,
                               const struct doc *userinfo, struct identity *ret_identity)
{
    const struct doc *claims = userinfo_merge(a, id_claims, userinfo);
    struct identity who = {.provider = p->id, .issuer = p->issuer};
    who.subject = text_at(a, claims, pointer_or(p->claim_subject, "/sub"));
    read_names(a, p, claims, &who);
    read_email(a, p, id_claims, userinfo, &who);
    read_groups(a, claims, pointer_or(p->claim_groups, "/groups"), &who);
    read_kept(a, p, claims, &who);
    if (!doc_whole(doc_member(claims, LIT("auth_time")), &who.auth_time_s)) who.auth_time_s = 0;
    const struct err *bad = check(a, p, &who);
    if (bad == NULL) *ret_identity = who;
    return bad;
}
