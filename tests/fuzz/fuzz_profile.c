/* fuzz_profile.c -- a line of JSON as an id_token's claims, the rest as the userinfo answer: the identity that comes of it is fit for headers. */
#include "fuzz.h"
#include "provider/answer_tree.h"
#include "provider/profile.h"
#include "provider/userinfo.h"
#include "text/utf8.h"

static void is_fit(struct slice s)
{
    must(s.len <= IDENTITY_VALUE_MAX && utf8_valid(s));
    for (size_t i = 0; i < s.len; i++)
        must((unsigned char)s.at[i] >= 0x20 && s.at[i] != 0x7f);
}

static void judge(const struct identity *who)
{
    const struct slice all[] = {who->subject,  who->email,   who->name,   who->given_name,  who->family_name,
                                who->username, who->picture, who->locale, who->profile_url, who->acr};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        is_fit(all[i]);
    must(who->subject.len != 0 && who->group_count <= IDENTITY_GROUPS_MAX);
    must(!who->email_verified || who->email.len != 0);
    must(who->picture.len == 0 || slice_starts(who->picture, LIT("https://")) ||
         slice_is_nocase(slice_upto(who->picture, 8), LIT("https://")));
    for (size_t i = 0; i < who->group_count; i++)
        is_fit(who->groups[i]);
    must(who->kept_count <= IDENTITY_KEEP_MAX);
    for (size_t i = 0; i < who->kept_count; i++)
        must(who->kept[i].value.len != 0 && who->kept[i].value.len <= IDENTITY_VALUE_MAX);
}

#define AT(place) {.kind = MAP_POINTER, .document = DOCUMENT_CLAIMS, .text = LIT_INIT(place)}

/* The standard claims, and others that are made of several. */
static const struct map_value several[] = {AT("/mail"), AT("/email")};
static const struct template_part parts[] = {
    {.kind = PART_TEXT, .text = LIT_INIT("https://p.example/")}, {.kind = PART_ME, .text = LIT_INIT("username")}};
static const struct descriptor descriptors[] = {
    {.profile = {.source = DOCUMENT_CLAIMS,
                 .subject = AT("/sub"),
                 .email = AT("/email"),
                 .email_verified = AT("/email_verified"),
                 .name = AT("/name"),
                 .given_name = AT("/given_name"),
                 .family_name = AT("/family_name"),
                 .username = AT("/preferred_username"),
                 .picture = AT("/picture"),
                 .locale = AT("/locale"),
                 .profile_url = AT("/profile"),
                 .groups = AT("/groups")}},
    {.profile = {.source = DOCUMENT_CLAIMS,
                 .subject = AT("/oid"),
                 .email = {.kind = MAP_FIRST, .of = several, .of_count = 2},
                 .email_verified = AT("/ok"),
                 .name = {.kind = MAP_JOIN, .of = several, .of_count = 2, .text = LIT_INIT(" ")},
                 .username = AT("/login"),
                 .picture = {.kind = MAP_TEMPLATE, .template = {.parts = parts, .count = 2, .is_url = true}},
                 .groups = {.kind = MAP_EACH, .document = DOCUMENT_CLAIMS, .text = LIT_INIT("/roles"), .of = several, .of_count = 1}}},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct slice keep[] = {LIT_INIT("department"), LIT_INIT("/a/0/b")};
    static const struct provider providers[] = {
        {.id = LIT_INIT("op"), .descriptor = &descriptors[0], .keep = keep, .keep_count = 2},
        {.id = LIT_INIT("op"), .descriptor = &descriptors[1], .require_verified_email = true},
    };
    if (size > 128 * 1024) return 0;
    AUTO(arena_closep) struct arena *a = arena_open(64 << 20);
    struct slice rest = fuzz_slice(data, size), line = {0};
    struct doc *claims = NULL;
    (void)slice_cut(&rest, '\n', &line);
    if (doc_json(a, PROBLEM_PROVIDER_BROKEN, line, &claims) != NULL || claims->type != DOC_MAP) return 0;
    struct slice subject = doc_string(claims, LIT("sub"));
    const struct doc *userinfo = answer_tree(a, rest);
    if (userinfo_check(a, userinfo, subject) == NULL)
        must(slice_is(doc_string(userinfo, LIT("sub")), subject) && subject.len != 0);
    else
        userinfo = NULL;
    const struct doc *both = userinfo_merge(a, claims, userinfo);
    must(slice_is(doc_string(both, LIT("sub")), subject));
    for (size_t i = 0; i < sizeof providers / sizeof providers[0]; i++) {
        struct identity who = {0};
        struct profile_ask ask = {.provider = &providers[i], .userinfo = userinfo};
        ask.docs.at[DOCUMENT_ID_TOKEN] = claims;
        ask.docs.at[DOCUMENT_CLAIMS] = both;
        if (profile_make(a, &ask, &who) != NULL) continue;
        judge(&who);
        must(!providers[i].require_verified_email || who.email_verified);
    }
    return 0;
}
