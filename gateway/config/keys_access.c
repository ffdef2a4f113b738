/* keys_access.c -- who may pass where: access[], and the same of a backend. */
#include "config/keys_tables.h"

/* Lists of people, which stand in allow itself, in any_of and in all_of. */
#define LISTS                                                                                                         \
    {.name = "users", .type = KEY_LIST, .of = KEY_TEXT, .example = "[corp/4711]", .meaning = "provider/subject"},     \
        {.name = "emails",                                                                                            \
         .type = KEY_LIST,                                                                                            \
         .of = KEY_TEXT,                                                                                              \
         .example = "[ada@example.com]",                                                                              \
         .meaning = "verified addresses"},                                                                            \
        {.name = "email_domains",                                                                                     \
         .type = KEY_LIST,                                                                                            \
         .of = KEY_TEXT,                                                                                              \
         .example = "[example.com]",                                                                                  \
         .meaning = "of verified addresses; exact, not what is below"},                                               \
        {.name = "groups",                                                                                            \
         .type = KEY_LIST,                                                                                            \
         .of = KEY_TEXT,                                                                                              \
         .example = "[ops]",                                                                                          \
         .meaning = "as the provider names them"},                                                                    \
        {.name = "providers",                                                                                         \
         .type = KEY_LIST,                                                                                            \
         .of = KEY_TEXT,                                                                                              \
         .example = "[corp]",                                                                                         \
         .meaning = "everybody who came by these"},                                                                   \
    {                                                                                                                 \
        .name = "claims", .type = KEY_MAP, .of = KEY_LIST, .example = "{/realm_access/roles: [admin, editor]}",       \
        .meaning = "names as in providers[].claims.keep, each with one value or a list: who has one of them, as the " \
                   "claim itself or as a member of it"                                                                \
    }

static const struct key lists[] = {LISTS};

static const struct key lists_or_all[] = {
    LISTS,
    {.name = "all_of",
     .type = KEY_ITEMS,
     .inside = KEY_TABLE(lists),
     .like = "access[].allow",
     .example = "[{ groups: [ops] }, { email_domains: [example.com] }]",
     .meaning = "lists of people again: who is in one list of each entry"},
};

static const struct key allow[] = {
    LISTS,
    {.name = "any_of",
     .type = KEY_ITEMS,
     .inside = KEY_TABLE(lists_or_all),
     .like = "access[].allow",
     .example = "[{ users: [corp/4711] }, { groups: [ops] }]",
     .meaning = "lists of people again: who is in one list of one entry"},
    {.name = "all_of",
     .type = KEY_ITEMS,
     .inside = KEY_TABLE(lists),
     .like = "access[].allow",
     .example = "[{ groups: [ops] }, { email_domains: [example.com] }]",
     .meaning = "lists of people again: who is in one list of each entry"},
};

static const struct key access[] = {
    {.name = "id",
     .rank = KEY_SHOWN,
     .type = KEY_ID,
     .example = "everything",
     .meaning = "in logs and metrics; the position when not given"},
    {.name = "path",
     .rank = KEY_SHOWN,
     .type = KEY_TEXT,
     .fallback = "/**",
     .meaning =
         "/exact, /below/** (also /below itself), * within one segment; or ~ and a regular expression, which always means the "
         "whole path"},
    {.name = "host",
     .type = KEY_TEXT,
     .example = "app.example.com",
     .meaning = "exact, or *.example.com; any when not given"},
    {.name = "methods", .type = KEY_LIST, .of = KEY_TEXT, .example = "[GET, HEAD]", .meaning = "any when not given"},
    {.name = "client_ip",
     .type = KEY_LIST,
     .of = KEY_TEXT,
     .example = "[10.0.0.0/8, 2001:db8::/32]",
     .meaning =
         "networks the client must be in (see trusted_proxies); any when not given. Who comes by a unix socket without "
         "saying for whom is in none"},
    {.name = "allow",
     .rank = KEY_SHOWN,
     .type = KEY_EITHER,
     .words = "everyone signed_in nobody",
     .fallback = "nobody",
     .example = "signed_in",
     .inside = KEY_TABLE(allow),
     .meaning =
         "one of the words, or lists of people; who is in one of the lists may pass. An empty list is refused: it never "
         "means everyone"},
    {.name = "otherwise",
     .rank = KEY_COMMON,
     .type = KEY_WORD,
     .words = "sign_in refuse hide",
     .fallback = "sign_in",
     .meaning = "what others get: the way to sign in, 401 or 403, or 404"},
    {.name = "max_age",
     .type = KEY_DURATION,
     .least = 10000,
     .most = (int64_t)400 * 86400 * 1000,
     .example = "15m",
     .meaning =
         "who proved to the provider longer ago who they are signs in again; of a provider that does not tell when "
         "(auth_time), the sign-in here counts"},
    {.name = "acr",
     .type = KEY_LIST,
     .of = KEY_TEXT,
     .example = "[phr, phrh]",
     .meaning =
         "who did not sign in in one of these ways, as the provider names them (acr), signs in again and the provider is "
         "asked for them"},
    {.name = "provider",
     .type = KEY_LIST,
     .of = KEY_TEXT,
     .example = "[corp]",
     .meaning = "who came by another provider signs in by one of these; the sign-in page offers them alone"},
    {.name = "bearer",
     .type = KEY_LIST,
     .of = KEY_TEXT,
     .example = "[machines]",
     .meaning =
         "ids from bearer_issuers: programs may show an access token of these in place of a session. Not given: the header "
         "Authorization is passed on as it is"},
    {.name = "pass_bearer",
     .type = KEY_SWITCH,
     .fallback = "false",
     .meaning = "such a token also goes on to the backend"},
};
const struct key_table keys_access_table = KEY_ROWS(access);
