/* names.c -- the values of each page, as paths: "primary/name" is `name` inside the list `primary`; "primary/" says it is a scope. */
#include "page/names.h"

/* Given to every page, by page.c or by the caller. */
static const char *const common[] = {"lang",
                                     "dir",
                                     "prefix",
                                     "name",
                                     "letter",
                                     "logo",
                                     "style",
                                     "accent",
                                     "help",
                                     "terms",
                                     "privacy",
                                     "message",
                                     "language_name",
                                     "languages/",
                                     "languages/tag",
                                     "languages/label",
                                     "languages/dir",
                                     "languages/current",
                                     "reference",
                                     "code",
                                     "home",
                                     "keep_query",
                                     "has_legal",
                                     "here",
                                     NULL};

static const char *const sign_in[] = {"provider",
                                      "destination",
                                      "problem_title",
                                      "problem_advice",
                                      "primary/",
                                      "primary/name",
                                      "primary/href",
                                      "primary/mark",
                                      "primary/letter",
                                      "primary/last",
                                      "primary/brand",
                                      "primary/label",
                                      "primary/unavailable",
                                      "others/",
                                      "others/list/",
                                      "others/list/name",
                                      "others/list/href",
                                      "others/list/mark",
                                      "others/list/letter",
                                      "others/list/last",
                                      "others/list/brand",
                                      "others/list/label",
                                      "others/list/unavailable",
                                      "away/",
                                      "away/list/",
                                      "away/list/name",
                                      "away/some",
                                      "brands",
                                      "local/",
                                      "local/action",
                                      "local/token",
                                      "local/rd",
                                      NULL};

static const char *const sign_out[] = {"action", "token", "rd", "who", "provider", NULL};
static const char *const signed_out[] = {"provider", "sign_in", NULL};
static const char *const account[] = {"person",
                                      "email",
                                      "provider",
                                      "mark",
                                      "provider_letter",
                                      "action",
                                      "token",
                                      "others",
                                      "sign_out",
                                      "sessions/",
                                      "sessions/id",
                                      "sessions/browser",
                                      "sessions/system",
                                      "sessions/address",
                                      "sessions/current",
                                      "sessions/began/",
                                      "sessions/began/now",
                                      "sessions/began/minutes",
                                      "sessions/began/hours",
                                      "sessions/began/days",
                                      "sessions/seen/",
                                      "sessions/seen/now",
                                      "sessions/seen/minutes",
                                      "sessions/seen/hours",
                                      "sessions/seen/days",
                                      NULL};
static const char *const deletion[] = {"provider", "date", "confirmation", "done", NULL};
static const char *const no_access[] = {"who",    "destination",   "switch_account", "sign_in",
                                        "status", "problem_title", "problem_advice", NULL};
static const char *const session_ended[] = {"sign_in", "who", "status", "problem_title", "problem_advice", NULL};
static const char *const error[] = {"status", "problem_title", "problem_advice", "retry_after",    "back", "sign_in",
                                    "framed", "who",           "nobody",         "switch_account", NULL};

static const char *const demo_provider[] = {"client",
                                            "action",
                                            "people/",
                                            "people/id",
                                            "people/name",
                                            "people/email",
                                            "people/note_ops",
                                            "people/note_staff",
                                            "people/note_unverified",
                                            "people/note_refused",
                                            "people/letter",
                                            "refused",
                                            "refused_error",
                                            "refused_why",
                                            "signed_out",
                                            "back",
                                            "asking",
                                            NULL};
static const char *const demo_app[] = {"user",
                                       "email",
                                       "provider",
                                       "groups",
                                       "ops",
                                       "admin",
                                       "sign_out",
                                       "sign_in",
                                       "account",
                                       "path",
                                       "identity/",
                                       "identity/name",
                                       "identity/value",
                                       "headers/",
                                       "headers/name",
                                       "headers/value",
                                       "assertion",
                                       "assertion_head",
                                       "assertion_claims",
                                       "posted",
                                       "posted_body",
                                       NULL};

static const char *const *const pages[PAGES] = {
    [PAGE_SIGN_IN] = sign_in,
    [PAGE_SIGN_OUT] = sign_out,
    [PAGE_SIGNED_OUT] = signed_out,
    [PAGE_ACCOUNT] = account,
    [PAGE_DELETION] = deletion,
    [PAGE_NO_ACCESS] = no_access,
    [PAGE_SESSION_ENDED] = session_ended,
    [PAGE_ERROR] = error,
    [PAGE_DEMO_PROVIDER] = demo_provider,
    [PAGE_DEMO_APP] = demo_app,
};

enum {
    PATH_MAX_BYTES = 256
}; /* the longest known path is 23; longer ones are unknown */

static size_t append(char *path, size_t len, struct slice part, char end)
{
    if (len + part.len + 1 >= PATH_MAX_BYTES) return PATH_MAX_BYTES;
    if (part.len != 0) memcpy(path + len, part.at, part.len);
    len += part.len;
    if (end != '\0') path[len++] = end;
    return len;
}

static bool is_listed(const char *const *list, struct slice path)
{
    for (; *list != NULL; list++) {
        if (slice_is(slice_of(*list), path)) return true;
    }
    return false;
}

static bool is_known(enum page_kind kind, struct slice path)
{
    return is_listed(common, path) || is_listed(pages[kind], path);
}

/* Inside the scopes from `outer` on; dotted names are paths. */
static enum mustache_meaning meaning_in(enum page_kind kind, const struct slice *scopes, size_t count,
                                        struct slice name)
{
    char path[PATH_MAX_BYTES] = {0};
    size_t len = 0;
    for (size_t i = 0; i < count && len < PATH_MAX_BYTES; i++)
        len = append(path, len, scopes[i], '/');
    if (len < PATH_MAX_BYTES) len = append(path, len, name, '/');
    if (len >= PATH_MAX_BYTES) return MUSTACHE_UNKNOWN;
    for (size_t i = 0; i < len; i++)
        path[i] = path[i] == '.' ? '/' : path[i];
    if (is_known(kind, (struct slice){path, len})) return MUSTACHE_SCOPE;
    return is_known(kind, (struct slice){path, len - 1}) ? MUSTACHE_VALUE : MUSTACHE_UNKNOWN;
}

enum mustache_meaning names_meaning(enum page_kind kind, const struct slice *scopes, size_t count, struct slice name)
{
    for (size_t from = 0; from <= count; from++) {
        enum mustache_meaning m = meaning_in(kind, scopes + from, count - from, name);
        if (m != MUSTACHE_UNKNOWN) return m;
    }
    /* nested scopes look outwards, one level at a time: a list's sibling seen from inside another list */
    return count > 1 ? names_meaning(kind, scopes, count - 1, name) : MUSTACHE_UNKNOWN;
}
