/* fuzz_profile.c -- a line of JSON as an id_token's claims, the rest as the userinfo answer: the identity that comes of it is fit for headers. */
#include "fuzz.h"
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct slice keep[] = {LIT_INIT("department"), LIT_INIT("/a/0/b")};
    static const struct provider providers[] = {
        {.id = LIT_INIT("op"),           .issuer = LIT_INIT("https://op.example"), .keep = keep, .keep_count = 2},
        { .id = LIT_INIT("op"),
         .issuer = LIT_INIT("https://op.example"),
         .require_verified_email = true,
         .claim_groups = LIT_INIT("/realm_access/roles"),
         .claim_subject = LIT_INIT("/oid"),
         .claim_email = LIT_INIT("/mail")}
    };
    if (size > USERINFO_MAX_BYTES) return 0;
    AUTO(arena_closep) struct arena *a = arena_open(64 << 20);
    struct slice rest = fuzz_slice(data, size), line = {0};
    struct doc *claims = NULL, *userinfo = NULL;
    (void)slice_cut(&rest, '\n', &line);
    if (doc_json(a, PROBLEM_PROVIDER_BROKEN, line, &claims) != NULL || claims->type != DOC_MAP) return 0;
    struct slice subject = doc_string(claims, LIT("sub"));
    if (userinfo_read(a, rest, subject, &userinfo) == NULL)
        must(slice_is(doc_string(userinfo, LIT("sub")), subject) && subject.len != 0);
    else
        must(userinfo == NULL);
    const struct doc *both = userinfo_merge(a, claims, userinfo);
    must(slice_is(doc_string(both, LIT("sub")), subject));
    for (size_t i = 0; i < sizeof providers / sizeof providers[0]; i++) {
        struct identity who = {0};
        if (profile_make(a, &providers[i], claims, userinfo, &who) != NULL) continue;
        judge(&who);
        must(!providers[i].require_verified_email || who.email_verified);
    }
    return 0;
}
