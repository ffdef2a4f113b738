#include "proxy/presets.h"

#include <string.h>

static const struct preset_header standard[] = {
    {LIT_INIT("X-Auth-User"),      LIT_INIT("x-auth-user"),      FIELD_USER     }, /* */
    {LIT_INIT("X-Auth-Email"),     LIT_INIT("x-auth-email"),     FIELD_EMAIL    }, /* */
    {LIT_INIT("X-Auth-Name"),      LIT_INIT("x-auth-name"),      FIELD_NAME     }, /* */
    {LIT_INIT("X-Auth-Groups"),    LIT_INIT("x-auth-groups"),    FIELD_GROUPS   }, /* */
    {LIT_INIT("X-Auth-Provider"),  LIT_INIT("x-auth-provider"),  FIELD_PROVIDER }, /* */
    {LIT_INIT("X-Auth-Assertion"), LIT_INIT("x-auth-assertion"), FIELD_ASSERTION}, /* */
};
static const struct preset_header oauth2_proxy[] = {
    {LIT_INIT("X-Forwarded-User"),               LIT_INIT("x-forwarded-user"),               FIELD_USER     }, /* */
    {LIT_INIT("X-Forwarded-Email"),              LIT_INIT("x-forwarded-email"),              FIELD_EMAIL    }, /* */
    {LIT_INIT("X-Forwarded-Preferred-Username"), LIT_INIT("x-forwarded-preferred-username"), FIELD_USERNAME }, /* */
    {LIT_INIT("X-Forwarded-Groups"),             LIT_INIT("x-forwarded-groups"),             FIELD_GROUPS   }, /* */
    {LIT_INIT("X-Auth-Assertion"),               LIT_INIT("x-auth-assertion"),               FIELD_ASSERTION}, /* ours, beside theirs */
};
static const struct preset_header authelia[] = {
    {LIT_INIT("Remote-User"),      LIT_INIT("remote-user"),      FIELD_USER     }, /* */
    {LIT_INIT("Remote-Email"),     LIT_INIT("remote-email"),     FIELD_EMAIL    }, /* */
    {LIT_INIT("Remote-Name"),      LIT_INIT("remote-name"),      FIELD_NAME     }, /* */
    {LIT_INIT("Remote-Groups"),    LIT_INIT("remote-groups"),    FIELD_GROUPS   }, /* */
    {LIT_INIT("X-Auth-Assertion"), LIT_INIT("x-auth-assertion"), FIELD_ASSERTION}, /* ours, beside theirs */
};
static const struct preset_header pomerium[] = {
    {LIT_INIT("X-Pomerium-Jwt-Assertion"), LIT_INIT("x-pomerium-jwt-assertion"), FIELD_ASSERTION}, /* */
    {LIT_INIT("X-Pomerium-Claim-User"),    LIT_INIT("x-pomerium-claim-user"),    FIELD_USER     }, /* */
    {LIT_INIT("X-Pomerium-Claim-Email"),   LIT_INIT("x-pomerium-claim-email"),   FIELD_EMAIL    }, /* */
    {LIT_INIT("X-Pomerium-Claim-Name"),    LIT_INIT("x-pomerium-claim-name"),    FIELD_NAME     }, /* */
    {LIT_INIT("X-Pomerium-Claim-Groups"),  LIT_INIT("x-pomerium-claim-groups"),  FIELD_GROUPS   }, /* */
};
static const struct preset_header auth_request[] = {
    {LIT_INIT("X-Auth-Request-User"),               LIT_INIT("x-auth-request-user"),               FIELD_USER         }, /* */
    {LIT_INIT("X-Auth-Request-Email"),              LIT_INIT("x-auth-request-email"),              FIELD_EMAIL        }, /* */
    {LIT_INIT("X-Auth-Request-Preferred-Username"), LIT_INIT("x-auth-request-preferred-username"),
     FIELD_USERNAME                                                                                                   }, /* */
    {LIT_INIT("X-Auth-Request-Groups"),             LIT_INIT("x-auth-request-groups"),             FIELD_GROUPS       }, /* */
    {LIT_INIT("GAP-Auth"),                          LIT_INIT("gap-auth"),                          FIELD_EMAIL_OR_USER}, /* */
    {LIT_INIT("X-Auth-Assertion"),                  LIT_INIT("x-auth-assertion"),                  FIELD_ASSERTION    }, /* ours, beside theirs */
};
static const struct preset_header vouch[] = {
    {LIT_INIT("X-Vouch-User"),              LIT_INIT("x-vouch-user"),              FIELD_EMAIL_OR_USER}, /* */
    {LIT_INIT("X-Vouch-Success"),           LIT_INIT("x-vouch-success"),           FIELD_TRUE         }, /* */
    {LIT_INIT("X-Vouch-IdP-Claims-Sub"),    LIT_INIT("x-vouch-idp-claims-sub"),    FIELD_USER         }, /* */
    {LIT_INIT("X-Vouch-IdP-Claims-Email"),  LIT_INIT("x-vouch-idp-claims-email"),  FIELD_EMAIL        }, /* */
    {LIT_INIT("X-Vouch-IdP-Claims-Name"),   LIT_INIT("x-vouch-idp-claims-name"),   FIELD_NAME         }, /* */
    {LIT_INIT("X-Vouch-IdP-Claims-Groups"), LIT_INIT("x-vouch-idp-claims-groups"), FIELD_GROUPS       }, /* */
    {LIT_INIT("X-Auth-Assertion"),          LIT_INIT("x-auth-assertion"),          FIELD_ASSERTION    }, /* ours, beside theirs */
};

static const struct {
    struct slice word;
    const struct preset_header *headers;
    size_t count;
} presets[] = {
    [PRESET_STANDARD] = {LIT_INIT("standard"),     standard,     sizeof standard / sizeof standard[0]        },
    [PRESET_OAUTH2_PROXY] = {LIT_INIT("oauth2-proxy"), oauth2_proxy, sizeof oauth2_proxy / sizeof oauth2_proxy[0]},
    [PRESET_AUTHELIA] = {LIT_INIT("authelia"),     authelia,     sizeof authelia / sizeof authelia[0]        },
    [PRESET_POMERIUM] = {LIT_INIT("pomerium"),     pomerium,     sizeof pomerium / sizeof pomerium[0]        },
    [PRESET_AUTH_REQUEST] = {LIT_INIT(""),             auth_request, sizeof auth_request / sizeof auth_request[0]},
    [PRESET_VOUCH] = {LIT_INIT(""),             vouch,        sizeof vouch / sizeof vouch[0]              },
    [PRESET_NONE] = {LIT_INIT("none"),         NULL,         0                                           },
};

/* Whole families: what a preset uses today, and what its kin use, so that a backend that also listens to a neighbour's name
 * is not fooled. */
static const struct slice families[] = {
    LIT_INIT("x-auth-"),      /* ours, and X-Auth-Request-* of oauth2-proxy */
    LIT_INIT("x-pomerium-"),  /* */
    LIT_INIT("x-vouch-"),     /* */
    LIT_INIT("x-authentik-"), /* */
    LIT_INIT("oidc-claim-"),  /* mod_auth_openidc */
    LIT_INIT("x-webauth-"),   /* */
    LIT_INIT("x-vestibule-"), /* */
};
static const struct slice names[] = {
    LIT_INIT("remote-user"),
    LIT_INIT("remote-email"),
    LIT_INIT("remote-name"),
    LIT_INIT("remote-groups"),
    LIT_INIT("x-remote-user"),
    LIT_INIT("x-remote-group"),
    LIT_INIT("x-remote-groups"),
    LIT_INIT("x-remote-email"),
    LIT_INIT("x-forwarded-user"),
    LIT_INIT("x-forwarded-email"),
    LIT_INIT("x-forwarded-groups"),
    LIT_INIT("x-forwarded-preferred-username"),
    LIT_INIT("x-forwarded-access-token"),
    LIT_INIT("x-forwarded-id-token"),
    LIT_INIT("x-forwarded-name"),
    LIT_INIT("x-forwarded-roles"),
    LIT_INIT("x-forwarded-client-cert"),
    LIT_INIT("x-user"),
    LIT_INIT("x-email"),
    LIT_INIT("gap-auth"),
};

const struct preset_header *preset_headers(enum header_preset preset, size_t *ret_count)
{
    must(preset < sizeof presets / sizeof presets[0]);
    *ret_count = presets[preset].count;
    return presets[preset].headers;
}

bool preset_of(struct slice word, enum header_preset *ret_preset)
{
    for (size_t i = 0; i < sizeof presets / sizeof presets[0]; i++) {
        if (word.len == 0 || !slice_is(word, presets[i].word)) continue;
        *ret_preset = (enum header_preset)i;
        return true;
    }
    return false;
}

bool preset_is_identity(struct slice lower_name)
{
    /* asked of every header of every request and answer: nearly all of them end here */
    const char first = lower_name.len != 0 ? lower_name.at[0] : '\0';
    if (first != 'x' && first != 'r' && first != 'o' && first != 'g') return false;
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
        if (slice_starts(lower_name, families[i])) return true;
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (slice_is(lower_name, names[i])) return true;
    }
    return false;
}

static bool stays(unsigned char c, bool in_list)
{
    if (c == '%' || c < 0x20 || c > 0x7e) return false;
    return !(in_list && c == ',');
}

/* Encoded at most thrice as long; a space at either end would be trimmed by the reader, so it is encoded too. */
static size_t encode(char *to, struct slice s, bool in_list)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t at = 0;
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.at[i];
        bool edge = c == ' ' && (i == 0 || i == s.len - 1);
        if (stays(c, in_list) && !edge) {
            to[at++] = (char)c;
            continue;
        }
        to[at++] = '%';
        to[at++] = digits[c >> 4];
        to[at++] = digits[c & 15];
    }
    return at;
}

static struct slice encoded(struct arena *a, struct slice s)
{
    char *to = arena_bytes(a, arena_product(s.len, 3) + 1);
    return (struct slice){to, encode(to, s, false)};
}

static struct slice group_list(struct arena *a, const struct identity *who)
{
    size_t room = 1;
    for (size_t i = 0; i < who->group_count; i++) {
        room += arena_product(who->groups[i].len, 3) + 1;
    }
    char *to = arena_bytes(a, room);
    size_t at = 0;
    for (size_t i = 0; i < who->group_count; i++) {
        if (i != 0) to[at++] = ',';
        at += encode(to + at, who->groups[i], true);
    }
    return (struct slice){to, at};
}

struct slice preset_value(struct arena *a, enum preset_field field, const struct identity *who, bool subject_alone)
{
    switch (field) {
    case FIELD_USER: {
        const struct slice parts[] = {who->provider, LIT(":"), who->subject};
        return encoded(a, subject_alone ? who->subject : arena_join(a, parts, 3));
    }
    case FIELD_EMAIL: return who->email_verified ? encoded(a, who->email) : LIT("");
    case FIELD_NAME: return encoded(a, who->name);
    case FIELD_USERNAME: return encoded(a, who->username);
    case FIELD_GROUPS: return group_list(a, who);
    case FIELD_PROVIDER: return encoded(a, who->provider);
    case FIELD_EMAIL_OR_USER:
        return preset_value(a, who->email_verified && who->email.len != 0 ? FIELD_EMAIL : FIELD_USER, who,
                            subject_alone);
    case FIELD_TRUE: return LIT("true");
    case FIELD_ASSERTION: break;
    }
    return LIT("");
}
