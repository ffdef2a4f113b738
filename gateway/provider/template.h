/* template.h -- "{api_base}/user?id={me:subject}": the one way a descriptor says a text that is not known before somebody signs in.
 *
 *     {name}              a value of the request at hand (enum template_name: client_id, code, access_token ...), a variable, an endpoint
 *     {token:/ptr}        JSON pointer into the token endpoint's answer
 *     {DOCUMENT:/ptr}     in map values: into any document of the sign-in (map.h)
 *     {cb:name}           parameter of the callback that the descriptor declares under callback.params
 *     {stored:name}       kept with the tokens since the sign-in (token.stored)
 *     {claim:name}        claim of the verified id_token
 *     {me:name}           attribute of the person, already mapped (profile.map and profile.extra)
 *     {hmac_sha256_hex:K:M}   K and M are names of the first kind: HMAC-SHA256 of M's value with the key K's value, in hex
 *     {{ and }}           a brace itself
 *
 * There are no expressions. Compiling replaces variables and known endpoints by their text, so what is left at run time is a short list of
 * parts. A name nobody sets at that place is an error at `check`, never an empty text at sign-in. What a provider or a person said is data:
 * it is looked up, percent-encoded where the place is a URL, and never read as a template itself; the scheme and host of a URL never
 * come from it.
 */
#ifndef PROVIDER_TEMPLATE_H
#define PROVIDER_TEMPLATE_H
#include "text/doc.h"

enum template_name {
    TEMPLATE_CLIENT_ID,
    TEMPLATE_CLIENT_SECRET,
    TEMPLATE_REDIRECT_URI,
    TEMPLATE_STATE,
    TEMPLATE_CODE,
    TEMPLATE_CODE_VERIFIER,
    TEMPLATE_ACCESS_TOKEN,
    TEMPLATE_REFRESH_TOKEN,
    TEMPLATE_ID_TOKEN,
    TEMPLATE_TOKEN_VALUE,              /* of revoke: the token to revoke */
    TEMPLATE_TOKEN_KIND,               /* of revoke: "access_token" or "refresh_token" */
    TEMPLATE_RANDOM,                   /* fresh random text, base64url of 16 bytes */
    TEMPLATE_PRODUCT,                  /* our User-Agent */
    TEMPLATE_POST_LOGOUT_REDIRECT_URI, /* of logout */
    TEMPLATE_NAMES
};
#define TEMPLATE_BIT(name) (1u << (name))

/* Endpoints: given by the descriptor or the operator (then they are compiled in), or found by discovery (then looked up). */
enum endpoint_name {
    ENDPOINT_AUTHORIZATION,
    ENDPOINT_TOKEN,
    ENDPOINT_USERINFO,
    ENDPOINT_JWKS,
    ENDPOINT_REVOCATION,
    ENDPOINT_END_SESSION,
    ENDPOINTS_DISCOVERED, /* those before this one are what discovery can tell */
    ENDPOINT_DISCOVERY = ENDPOINTS_DISCOVERED,
    ENDPOINT_REQUEST_TOKEN, /* oauth1 */
    ENDPOINT_EXCHANGE,      /* short-lived token for a long-lived one */
    ENDPOINT_REFRESH,       /* where refreshing is not the token endpoint's work */
    ENDPOINT_NAMES
};

enum template_part_kind {
    PART_TEXT,     /* text as it is */
    PART_VALUE,    /* number: enum template_name */
    PART_ENDPOINT, /* number: enum endpoint_name; a URL, put in as it is */
    PART_TOKEN,    /* text: JSON pointer */
    PART_CALLBACK, /* text: name */
    PART_STORED,   /* text: name */
    PART_CLAIM,    /* text: name */
    PART_ME,       /* text: name */
    PART_DOCUMENT, /* number: of map_documents (map.h); text: JSON pointer */
    PART_HMAC      /* number: the key's enum template_name, message: the message's */
};
struct template_part {
    enum template_part_kind kind;
    int number, message;
    struct slice text;
};
struct template
{
    const struct template_part *parts;
    size_t count;        /* 0: the empty text; for optional templates: not given */
    bool is_url;         /* values are percent-encoded (RFC 3986 unreserved stay) */
    struct slice source; /* as written, for messages */
};

struct map_documents;
struct template_pair {
    struct slice name, value;
};
/* What is known when a template is expanded; everything may be empty. Nothing is copied. */
struct template_values {
    struct slice at[TEMPLATE_NAMES];
    struct slice endpoints[ENDPOINTS_DISCOVERED]; /* found by discovery */
    const struct doc *token, *callback, *claims;  /* maps, or NULL */
    const struct map_documents *documents;        /* for map values, or NULL */
    const struct template_pair *me, *stored;
    size_t me_count, stored_count;
};

enum {
    TEMPLATE_VALUE_MAX = 64 * 1024, /* an id_token as id_token_hint */
    TEMPLATE_SOURCE_MAX = 2048,     /* of one template as written */
    TEMPLATE_PARTS_MAX = 32
};
/* The text, in a; it may hold a secret when t names one (template_uses). A value that is absent is the empty text; *ret_missing (may be
 * NULL) says the first one that was, as written ("cb:device_id"; empty: none). Values with a control byte, or longer than
 * TEMPLATE_VALUE_MAX, count as absent. */
struct slice template_expand(struct arena *a, const struct template *t, const struct template_values *v,
                             struct slice *ret_missing);
bool template_uses(const struct template *t, enum template_name name);
/* Empty, or only text: known without anything. */
bool template_is_fixed(const struct template *t);
/* The text of a template that is fixed. */
struct slice template_text(const struct template *t);

const char *template_name_word(enum template_name name); /* "client_id" */
const char *endpoint_word(enum endpoint_name name);      /* "authorization" */

#endif
