/* judge.c -- what a rule says of a person. Every way that is not "allowed" ends in a refusal. */
#include "route/route.h"

static bool list_has(const struct slices *list, struct slice word)
{
    for (size_t i = 0; word.len != 0 && i < list->count; i++) {
        if (slice_is(list->at[i], word)) return true;
    }
    return false;
}

static bool list_has_nocase(const struct slices *list, struct slice word)
{
    for (size_t i = 0; word.len != 0 && i < list->count; i++) {
        if (slice_is_nocase(list->at[i], word)) return true;
    }
    return false;
}

/* "provider/subject", or with ':' as identity headers show it. A subject alone says nothing: every provider numbers its
 * people itself. Provider ids hold neither sign, so there is one reading. */
static bool users_have(const struct slices *users, const struct person *p)
{
    if (p->provider.len == 0 || p->subject.len == 0) return false;
    for (size_t i = 0; i < users->count; i++) {
        struct slice user = users->at[i];
        if (user.len != p->provider.len + 1 + p->subject.len || !slice_starts(user, p->provider)) continue;
        user = slice_from(user, p->provider.len);
        bool joint = user.at[0] == '/' || user.at[0] == ':';
        if (joint && slice_is(slice_from(user, 1), p->subject)) return true;
    }
    return false;
}

/* The part behind the only '@'; empty when the address is of any odder kind, which then belongs to no domain. */
static struct slice domain_of(struct slice email)
{
    const struct slice none = {NULL, 0};
    size_t at = slice_index(email, '@');
    if (at == SLICE_NONE || at == 0) return none;
    struct slice domain = slice_from(email, at + 1);
    return slice_index(domain, '@') == SLICE_NONE ? domain : none;
}

static bool is_some(const struct rule *rule, const struct person *p)
{
    struct slice email = p->email_verified ? p->email : (struct slice){NULL, 0};
    if (users_have(&rule->users, p) || list_has(&rule->providers, p->provider)) return true;
    if (list_has_nocase(&rule->emails, email)) return true;
    if (list_has_nocase(&rule->email_domains, domain_of(email))) return true;
    for (size_t i = 0; i < p->groups.count; i++) {
        if (list_has(&rule->groups, p->groups.at[i])) return true;
    }
    return false;
}

static bool is_allowed(const struct rule *rule, const struct person *person)
{
    switch (rule->allow) {
    case ALLOW_EVERYONE: return true;
    case ALLOW_SIGNED_IN: return person != NULL;
    case ALLOW_SOME: return person != NULL && is_some(rule, person);
    case ALLOW_NOBODY:
    default: return false;
    }
}

enum verdict route_judge(const struct rule *rule, const struct person *person)
{
    if (rule == NULL) return VERDICT_REFUSE;
    if (is_allowed(rule, person)) return VERDICT_ALLOW;
    if (rule->otherwise == OTHERWISE_HIDE) return VERDICT_HIDE;
    bool could_help = person == NULL && rule->allow != ALLOW_NOBODY;
    return could_help && rule->otherwise == OTHERWISE_SIGN_IN ? VERDICT_SIGN_IN : VERDICT_REFUSE;
}
