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

/* In a kept list, which is compact JSON of our own writing: one member at its top level is exactly this JSON string. */
static bool json_list_has(struct slice list, struct slice quoted)
{
    int depth = 0;
    for (size_t i = 0; i < list.len; i++) {
        char c = list.at[i];
        if (c == '[' || c == '{') depth++;
        if (c == ']' || c == '}') depth--;
        if (c != '"') continue;
        size_t end = i + 1;
        while (end < list.len && list.at[end] != '"') {
            end += list.at[end] == '\\' ? 2 : 1;
        }
        if (end >= list.len) return false;
        if (depth == 1 && slice_is(slice_upto(slice_from(list, i), end + 1 - i), quoted)) return true;
        i = end;
    }
    return false;
}

static bool claim_fits(const struct rule_claim *c, const struct person *p)
{
    if (p->claim == NULL) return false;
    struct slice value = p->claim(p->claims, c->name);
    if (list_has(&c->values, value)) return true;
    for (size_t i = 0; slice_starts(value, LIT("[")) && i < c->quoted.count; i++) {
        if (json_list_has(value, c->quoted.at[i])) return true;
    }
    return false;
}

static bool lists_have(const struct people *some, const struct person *p)
{
    struct slice email = p->email_verified ? p->email : (struct slice){NULL, 0};
    if (users_have(&some->users, p) || list_has(&some->providers, p->provider)) return true;
    if (list_has_nocase(&some->emails, email)) return true;
    if (list_has_nocase(&some->email_domains, domain_of(email))) return true;
    for (size_t i = 0; some->groups.count != 0 && i < p->groups.count; i++) {
        if (list_has(&some->groups, p->groups.at[i])) return true;
    }
    for (size_t i = 0; i < some->claim_count; i++) {
        if (claim_fits(&some->claims[i], p)) return true;
    }
    return false;
}

/* As deep as the configuration's shape allows: any_of holds all_of, and that holds lists. */
static bool people_have(const struct people *some, const struct person *p)
{
    if (lists_have(some, p)) return true;
    for (size_t i = 0; i < some->any_of_count; i++) {
        if (people_have(&some->any_of[i], p)) return true;
    }
    for (size_t i = 0; i < some->all_of_count; i++) {
        if (!people_have(&some->all_of[i], p)) return false;
    }
    return some->all_of_count != 0;
}

/* A token of an issuer that the rule does not name speaks for nobody here. */
static bool is_heard(const struct rule *rule, const struct person *p)
{
    return p != NULL && (p->issuer.len == 0 || list_has(&rule->bearer, p->issuer));
}

static bool is_allowed(const struct rule *rule, const struct person *person)
{
    switch (rule->allow) {
    case ALLOW_EVERYONE: return true;
    case ALLOW_SIGNED_IN: return person != NULL;
    case ALLOW_SOME: return person != NULL && people_have(&rule->people, person);
    case ALLOW_NOBODY:
    default: return false;
    }
}

/* A time in the future proves nothing; clocks of ours and of providers may differ a little. */
static bool is_fresh(const struct person *p, int64_t max_age_s, int64_t now_s)
{
    enum {
        SKEW_S = 60
    };
    int64_t since = p->auth_time_s != 0 ? p->auth_time_s : p->signed_in_s;
    return since <= now_s + SKEW_S && now_s - since <= max_age_s;
}

bool route_takes_provider(const struct rule *rule, struct slice provider)
{
    return rule == NULL || rule->providers.count == 0 || list_has(&rule->providers, provider);
}

struct slice route_step_up(const struct rule *rule, const struct person *person, int64_t now_s)
{
    if (!route_takes_provider(rule, person->provider)) return LIT("provider");
    if (rule->acr.count != 0 && !list_has(&rule->acr, person->acr)) return LIT("acr");
    if (rule->max_age_s != 0 && !is_fresh(person, rule->max_age_s, now_s)) return LIT("max_age");
    return LIT("");
}

enum verdict route_judge(const struct rule *rule, const struct person *person, int64_t now_s)
{
    if (rule == NULL) return VERDICT_REFUSE;
    if (!is_heard(rule, person)) person = NULL;
    bool steps = rule->max_age_s != 0 || rule->acr.count != 0 || rule->providers.count != 0;
    bool allowed = is_allowed(rule, person);
    bool enough =
        !steps || rule->allow == ALLOW_EVERYONE || (person != NULL && route_step_up(rule, person, now_s).len == 0);
    if (allowed && enough) return VERDICT_ALLOW;
    if (rule->otherwise == OTHERWISE_HIDE) return VERDICT_HIDE;
    bool by_token = person != NULL && person->issuer.len != 0;
    /* Another provider may say other things of the same human: then the rule's own ones are asked, once. */
    bool elsewhere = person != NULL && !route_takes_provider(rule, person->provider);
    if (!by_token && (allowed || (elsewhere && rule->allow == ALLOW_SOME))) return VERDICT_STEP_UP;
    bool could_help = person == NULL && rule->allow != ALLOW_NOBODY;
    return could_help && rule->otherwise == OTHERWISE_SIGN_IN ? VERDICT_SIGN_IN : VERDICT_REFUSE;
}
