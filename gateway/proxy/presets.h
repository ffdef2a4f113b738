/* presets.h -- the names under which backends learn who is asking, and which names a client may never send. Pure.
 *
 * A client's copy of any name any preset uses is removed on every route, public ones too. http/ has already dropped names with
 * `_`, `.` or anything else but letters, digits and '-', so folding leaves nothing to slip past.
 */
#ifndef PROXY_PRESETS_H
#define PROXY_PRESETS_H
#include "provider/identity.h"

enum header_preset {
    PRESET_STANDARD,
    PRESET_OAUTH2_PROXY,
    PRESET_AUTHELIA,
    PRESET_POMERIUM,
    PRESET_AUTH_REQUEST, /* oauth2-proxy's other names: on answers to a front proxy */
    PRESET_VOUCH,
    PRESET_NONE
};

enum token_form { /* the provider's access token for a backend */
    TOKEN_FORM_NONE,
    TOKEN_FORM_HEADER, /* X-Auth-Access-Token */
    TOKEN_FORM_BEARER  /* Authorization: Bearer, in place of the client's own */
};

enum preset_field {
    FIELD_USER,  /* a stable id: "PROVIDER:SUBJECT", or the subject alone (preset_user) */
    FIELD_EMAIL, /* only when verified */
    FIELD_NAME,
    FIELD_USERNAME,
    FIELD_GROUPS, /* comma-separated */
    FIELD_PROVIDER,
    FIELD_ASSERTION, /* the signed JWT */
    FIELD_EMAIL_OR_USER,
    FIELD_TRUE /* "true": somebody is signed in */
};
struct preset_header {
    struct slice name, lower_name;
    enum preset_field field;
};
enum {
    PRESET_HEADERS_MAX = 8
};

/* The headers of a preset, in order; lends a static table. */
const struct preset_header *preset_headers(enum header_preset preset, size_t *ret_count);
bool preset_of(struct slice word, enum header_preset *ret_preset); /* "standard", "oauth2-proxy", ... */

/* Is this (lower-case) name one that only the gateway may set? */
bool preset_is_identity(struct slice lower_name);

/* One value for a header: printable ASCII stays, anything else and '%' becomes %XX, so that it is never split, cut or
 * reinterpreted. In a list a ',' inside a member is %2C. Empty when the identity says nothing. Not FIELD_ASSERTION. */
struct slice preset_value(struct arena *a, enum preset_field field, const struct identity *who, bool subject_alone);

#endif
