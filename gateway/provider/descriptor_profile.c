/* descriptor_profile.c -- who somebody is, and how the button looks. */
#include "provider/descriptor_reading.h"

/* ---- profile ---- */

static bool is_of_browser(const struct map_value *m)
{
    bool is = (m->kind == MAP_POINTER || m->kind == MAP_EACH) && m->document == DOCUMENT_CALLBACK;
    for (size_t i = 0; i < m->template.count; i++) {
        const struct template_part *p = &m->template.parts[i];
        is = is || p->kind == PART_CALLBACK || (p->kind == PART_DOCUMENT && p->number == DOCUMENT_CALLBACK);
    }
    for (size_t i = 0; i < m->of_count; i++)
        is = is || is_of_browser(&m->of[i]);
    return is;
}

/* The callback came through the browser of the person it speaks of: good for a name, never for who they are. */
static void judge_trust(struct reading *r, const struct doc *map)
{
    const struct descriptor_profile *p = &r->d->profile;
    const struct {
        const char *name;
        const struct map_value *value;
    } trusted[] = {
        {"subject",        &p->subject       },
        {"email",          &p->email         },
        {"email_verified", &p->email_verified},
        {"groups",         &p->groups        }
    };
    for (size_t i = 0; i < sizeof trusted / sizeof trusted[0]; i++)
        if (is_of_browser(trusted[i].value))
            READING_ERROR(r, reading_member(map, trusted[i].name),
                          "%s cannot come from the callback: the person's own browser brought it", trusted[i].name);
}

static void attributes(struct reading *r, const struct doc *s)
{
    struct descriptor_profile *p = &r->d->profile;
    const struct doc *map = reading_member(s, "map");
    if (map == NULL) READING_ERROR(r, s, "a provider file needs profile.map with a subject");
    if (map == NULL || !reading_section(r, map, "profile.map",
                                        "subject email email_verified name given_name family_name username picture "
                                        "locale profile_url groups"))
        return;
    p->subject = reading_value(r, map, "subject");
    p->email = reading_value(r, map, "email");
    p->email_verified = reading_value(r, map, "email_verified");
    p->name = reading_value(r, map, "name");
    p->given_name = reading_value(r, map, "given_name");
    p->family_name = reading_value(r, map, "family_name");
    p->username = reading_value(r, map, "username");
    p->picture = reading_value(r, map, "picture");
    p->locale = reading_value(r, map, "locale");
    p->profile_url = reading_value(r, map, "profile_url");
    p->groups = reading_value(r, map, "groups");
    judge_trust(r, map);
    const struct doc *subject = reading_member(map, "subject");
    if (subject == NULL || subject->type != DOC_STRING)
        READING_ERROR(r, subject != NULL ? subject : map,
                      "subject must be one pointer: a list or a constant would make one person of two");
}

void reading_profile(struct reading *r)
{
    struct descriptor_profile *p = &r->d->profile;
    const struct doc *s = reading_part(r, "profile", "source requests map extra require_verified_email"), *extra;
    p->require_verified_email = reading_switch(r, s, "require_verified_email", false);
    attributes(r, s);
    reading_profile_requests(r);
    extra = reading_member(s, "extra");
    if (extra == NULL) return;
    if (extra->type != DOC_MAP) {
        READING_ERROR(r, extra, "extra must be names with values");
        return;
    }
    struct named_value *at = arena_array(r->a, struct named_value, extra->count + 1);
    for (const struct doc *d = extra->first; d != NULL; d = d->next)
        if (d->type != DOC_NULL) at[p->extra_count++] = (struct named_value){d->key, reading_value_at(r, d)};
    p->extra = at;
}

/* ---- brand ---- */

static struct slice color(struct reading *r, const struct doc *s, const char *name)
{
    struct slice text = reading_text(r, s, name);
    bool fine = text.len == 0 || (text.len == 7 && text.at[0] == '#');
    for (size_t i = 1; i < text.len && fine; i++)
        fine = strchr("0123456789abcdefABCDEF", text.at[i]) != NULL;
    if (!fine) READING_ERROR(r, reading_member(s, name), "%s is written as \"#RRGGBB\"", name);
    return fine ? text : (struct slice){NULL, 0};
}

void reading_brand(struct reading *r)
{
    const struct doc *s = reading_part(r, "brand", "label mark color text_color guidelines");
    r->d->brand = (struct descriptor_brand){.label = reading_text(r, s, "label"),
                                            .mark = reading_text(r, s, "mark"),
                                            .color = color(r, s, "color"),
                                            .text_color = color(r, s, "text_color"),
                                            .guidelines = reading_text(r, s, "guidelines")};
}
