/* userinfo.c -- an answer without a signature: it is believed because of TLS and its sub, and for nothing that the token says itself. */
#include "provider/userinfo.h"

enum {
    CLAIMS_MAX = 512 /* joining them with the token's is quadratic */
};

static const struct slice of_the_token[] = {
    LIT_INIT("iss"),       LIT_INIT("sub"), LIT_INIT("aud"), LIT_INIT("azp"),    LIT_INIT("exp"),
    LIT_INIT("iat"),       LIT_INIT("nbf"), LIT_INIT("sid"), LIT_INIT("nonce"),  LIT_INIT("at_hash"),
    LIT_INIT("auth_time"), LIT_INIT("acr"), LIT_INIT("amr"), LIT_INIT("c_hash"), LIT_INIT("jti"),
};

static bool is_of_the_token(struct slice name)
{
    for (size_t i = 0; i < sizeof of_the_token / sizeof of_the_token[0]; i++)
        if (slice_is(of_the_token[i], name)) return true;
    return false;
}

static bool is_elsewhere(struct slice name)
{
    return slice_is(name, LIT("_claim_names")) || slice_is(name, LIT("_claim_sources"));
}

const struct err *userinfo_check(struct arena *a, const struct doc *answer, struct slice subject)
{
    if (answer == NULL || answer->type != DOC_MAP)
        return err_new(a, PROBLEM_PROVIDER_BROKEN, "the userinfo answer is not a JSON object");
    if (answer->count > CLAIMS_MAX)
        return err_new(a, PROBLEM_PROVIDER_BROKEN, "the userinfo answer has more than %d claims", (int)CLAIMS_MAX);
    const struct doc *sub = doc_member(answer, LIT("sub"));
    if (!doc_is_string(sub)) return err_new(a, PROBLEM_PROVIDER_BROKEN, "the userinfo answer has no sub");
    if (subject.len == 0 || !slice_is(sub->text, subject))
        return err_new(a, PROBLEM_PROVIDER_BROKEN, "the userinfo answer is about another sub than the id_token");
    return NULL;
}

static void append(struct arena *a, struct doc *map, struct doc ***end, const struct doc *claim)
{
    struct doc *copy = arena_new(a, struct doc);
    *copy = *claim; /* its own children are shared: nobody changes them */
    copy->next = NULL;
    **end = copy;
    *end = &copy->next;
    map->count++;
}

const struct doc *userinfo_merge(struct arena *a, const struct doc *id_claims, const struct doc *userinfo)
{
    struct doc *map = arena_new(a, struct doc), **end = &map->first;
    map->type = DOC_MAP;
    for (const struct doc *c = id_claims->first; c != NULL; c = c->next)
        if (!is_elsewhere(c->key) && (is_of_the_token(c->key) || doc_member(userinfo, c->key) == NULL))
            append(a, map, &end, c);
    for (const struct doc *c = userinfo == NULL ? NULL : userinfo->first; c != NULL; c = c->next)
        if (!is_elsewhere(c->key) && !is_of_the_token(c->key)) append(a, map, &end, c);
    return map;
}
