/* descriptor.h -- a platform as data: everything the flows need to know of it, compiled and immutable.
 *
 * A `struct descriptor` is made from providers/ID.yaml (built in, or from the operator's provider_folder), the file it `extends`, and what the
 * operator's own entry says: the three are laid upon each other as documents and compiled once, so what stands here is in force and nobody
 * asks again who said it. It lives in the arena of the snapshot; a request that is signed in never reads it. Made by
 * provider/descriptor_read.h. The vocabulary, key by key, stands in docs/add-a-provider.md; the names below are the keys' names.
 *
 * Absent: slices and templates empty (count 0), pairs and lists of count 0, map values MAP_NONE, predicates and picks not given, numbers 0.
 *
 * What the engine does for every platform, and what therefore is no key: spaces are sent as %20; parameters go out in the order client id,
 * redirect_uri, response_type, scope, state; scopes in answers are split at spaces and commas and may be a list; JSON or a form is told from the
 * body and not from its Content-Type; numbers may be strings; token_type may be absent.
 */
#ifndef PROVIDER_DESCRIPTOR_H
#define PROVIDER_DESCRIPTOR_H
#include "provider/map.h"
#include "provider/template.h"

enum protocol { /* protocol: oidc | oauth2 | oauth1 */
    PROTOCOL_OIDC,
    PROTOCOL_OAUTH2,
    PROTOCOL_OAUTH1
};

enum client_auth {           /* token.auth */
    CLIENT_AUTH_BASIC,       /* client_secret_basic */
    CLIENT_AUTH_POST,        /* client_secret_post */
    CLIENT_AUTH_NONE,        /* none: client_id in the body, no secret */
    CLIENT_AUTH_PRIVATE_KEY, /* private_key_jwt: client_assertion (RFC 7523) signed with client_key_file */
    CLIENT_AUTH_SECRET_JWT,  /* client_secret_jwt_es256: the same JWT, sent as the client secret */
    CLIENT_AUTH_OAUTH1       /* oauth1_hmac_sha1: RFC 5849 */
};
enum response_mode {
    RESPONSE_QUERY,
    RESPONSE_FORM_POST
};
enum pkce {
    PKCE_S256,
    PKCE_NONE,
    PKCE_S256_HEX /* the digest in hex instead of base64url */
};
enum nonce {        /* authorize.nonce */
    NONCE_DEMANDED, /* sent, and the id_token must hold it */
    NONCE_SENT,     /* sent; an id_token may be without, but not with another */
    NONCE_NONE
};
enum request_method {
    METHOD_GET,
    METHOD_POST,
    METHOD_DELETE,
    METHOD_PUT
};
enum request_auth {
    REQUEST_BEARER, /* Authorization: Bearer ACCESS_TOKEN */
    REQUEST_NONE,   /* what it needs stands in query, headers or body */
    REQUEST_OAUTH1, /* signed with the client's and the token's secrets */
    REQUEST_CLIENT, /* as token.auth says: client credentials in the body, as Basic, or signed */
    REQUEST_BASIC   /* Basic client_id:client_secret, whatever token.auth says */
};
enum body_format {
    BODY_FORM,
    BODY_JSON /* an object of strings */
};

struct declared_param { /* a query or form parameter, or a header */
    struct slice name;
    struct template value;
};
struct declared_params {
    const struct declared_param *at;
    size_t count;
};
struct text_list {
    const struct slice *at;
    size_t count;
};
struct pointers { /* JSON pointers; the first that has a value counts */
    const struct slice *at;
    size_t count;
};

/* A question the descriptor declares: a profile request, what a `require` check asks, exchange, refresh, revoke. */
struct declared_request {
    bool given;
    struct slice as; /* its name, in messages and metrics: "profile", "emails", "refresh" */
    int document;    /* where its answer stands in map_documents; -1: nowhere */
    struct template url;
    enum request_method method;
    enum request_auth auth;
    enum body_format format;
    struct declared_params query, headers, body;
    bool required; /* false: the sign-in survives its failure */
    bool if_known; /* left out when its URL needs an endpoint that discovery does not know */
    bool
        joins_claims; /* a userinfo answer: its sub must be the id_token's; document `claims` is the id_token joined with it */
    struct pick pick;                     /* which item of the answer is the document */
    struct predicate success, error_when; /* judged on the whole answer, before pick */
};

struct descriptor_error { /* token.error: how a refusal looks */
    struct pointers code, message;
    bool http200; /* an answer with status 200 may hold one: `code` is looked at there, too */
    struct predicate success, error_when;
};

struct descriptor_assertion { /* token.assertion: the JWT of private_key_jwt and client_secret_jwt_es256 */
    struct template issuer, subject, audience; /* default: client_id, client_id, the token endpoint */
    struct template key_id;                    /* header kid; may be empty */
    int lifetime_s;                            /* default 300 */
};

struct descriptor_token {
    enum request_method method; /* GET moves the same parameters to the query */
    enum client_auth auth;
    struct slice client_id_param, client_secret_param; /* never empty; client_id_param is for authorize, too */
    bool send_redirect_uri;
    struct declared_params headers, params;
    struct descriptor_assertion assertion;
    /* token.response: where the answer has things; defaults are RFC 6749's names ("/access_token" ...). token_secret: oauth1 */
    struct pointers access_token, refresh_token, id_token, expires_in, refresh_expires_in, scope, token_secret;
    int64_t expires_default_s; /* when the answer has no expires_in; 0: not known */
    struct descriptor_error error;
    struct declared_params stored; /* token.stored: values kept with the tokens, for {stored:name} */
};

struct
    descriptor_guard { /* id_token.guards: a claim must (not) have one of these values; those whose `when` does not apply are not here */
    struct slice claim;
    bool negated;
    struct text_list values;
};
struct descriptor_id_token {
    bool verified; /* there is an id_token section, or the protocol is oidc: one that comes is verified */
    bool required; /* an answer without one is refused */
    /* iss must be one of these; the first is `issuer`. They may hold {claim:x}, which is filled from the token's own claims, so the
     * text around it decides whose tokens are believed */
    const struct template *issuers;
    size_t issuer_count;
    struct slice
        discovered_issuer; /* what the discovery document calls itself, when that is not the issuer ("{{tenantid}}") */
    unsigned algorithms;   /* enum jose_alg bits */
    bool hs256_client_secret; /* HS256 with the client secret is accepted (id_token.hs256_key: client_secret) */
    const struct descriptor_guard *guards;
    size_t guard_count;
};

struct named_value {
    struct slice name;
    struct map_value value;
};
struct descriptor_profile {
    int source;                              /* the default document: where bare pointers look */
    const struct declared_request *requests; /* in order */
    size_t request_count;
    struct map_value subject, email, email_verified, name, given_name, family_name, username, picture, locale,
        profile_url, groups;
    /* What the operator's key of this name is when they do not give it: many platforms have no address, or do not say that it is
     * verified, and such an address counts for nothing anyway */
    bool require_verified_email;
    const struct named_value *extra; /* profile.extra: further attributes, for claims.keep and {me:name} */
    size_t extra_count;
};

/* A check an operator may configure by its name: require: { orgs: [example] }. */
enum require_compare {
    REQUIRE_ANY,   /* one of the configured values is among the person's */
    REQUIRE_ALL,   /* all of them are */
    REQUIRE_EQUALS /* the person has exactly one value, and it is one of the configured */
};
struct descriptor_require {
    struct slice name, meaning;
    struct text_list scopes;         /* asked for in addition when the check is configured */
    struct declared_request request; /* may be not given: values come from what is there */
    struct map_value values;
    enum require_compare compare;
    bool ignore_case;
    /* the operator's: what is demanded. Checks nobody configured are not in `struct descriptor` */
    struct text_list wanted;
};

enum refresh_kind {
    REFRESH_TOKEN,    /* RFC 6749 section 6 at the token endpoint, or `request` */
    REFRESH_EXCHANGE, /* the access token itself is exchanged, by `request` */
    REFRESH_NONE
};
struct descriptor_refresh {
    enum refresh_kind kind;
    struct declared_request first;   /* once, right after the code was redeemed: short-lived for long-lived */
    struct declared_request request; /* not given: the token endpoint with grant_type=refresh_token */
    struct declared_params params;   /* further parameters of the token endpoint's refresh */
    int64_t min_age_s;               /* a younger access token cannot be refreshed */
    int64_t refresh_lifetime_s;      /* of the refresh token when the answer does not tell; 0: not known */
};

enum revoke_which {
    REVOKE_REFRESH_THEN_ACCESS, /* the refresh token, or without one the access token (default) */
    REVOKE_ACCESS,
    REVOKE_BOTH
};
struct descriptor_revoke {
    struct declared_request request; /* not given: nothing can be revoked. {token_value}, {token_kind} */
    enum revoke_which which;
};

struct descriptor_logout { /* RP-initiated: a URL for the browser */
    struct template url;   /* default for oidc: "{end_session}" */
    struct declared_params
        params; /* {id_token} {client_id} {post_logout_redirect_uri} {state}; empty values are not sent */
};

struct descriptor_callback_param {
    struct slice name;
    bool json; /* parsed: document callback has it as a tree. Untrusted: it came through the browser */
};
struct descriptor_callback {
    const struct descriptor_callback_param *params; /* kept beside code, state, iss */
    size_t param_count;
    struct text_list error, error_description; /* parameter names; defaults "error", "error_description" */
    struct text_list denied;   /* values of error that mean the person said no; "access_denied" always does */
    struct slice denied_param; /* oauth1: its presence means the person said no */
    struct slice issuer;       /* RFC 9207 for oauth2: the iss that may come; for oidc the issuer is it */
    bool issuer_required;      /* an answer without iss is refused, whatever discovery says */
};

struct descriptor_event { /* lifecycle.*: a POST from the platform */
    bool given; /* type: signed_request, the only one: base64url(HMAC-SHA256(client_secret, payload)) "." payload */
    struct slice param;     /* of the form: signed_request */
    struct slice subject;   /* pointer into the payload: the person */
    struct slice issued_at; /* pointer; empty: the payload has no time */
    int64_t max_age_s;      /* of issued_at */
};
struct descriptor_lifecycle {
    struct descriptor_event deauthorize, data_deletion;
};

enum reset_form {
    RESET_UNIX,    /* seconds since 1970, may have a fraction */
    RESET_SECONDS, /* to go, may have a fraction */
    RESET_ISO8601
};
struct
    descriptor_rate_limit { /* api.rate_limit: how "too much" looks. Retry-After is always read, 429 always means it */
    const int *statuses;    /* further ones that mean it when the code below agrees, or when `remaining` is 0 */
    size_t status_count;
    struct pointers
        code; /* into the body; with http200 of token.error or status 200 in `statuses` looked at there, too */
    struct text_list codes;        /* "4", "17", "rateLimitExceeded"; "80001-80014": a range of whole numbers */
    struct slice remaining, reset; /* header names */
    enum reset_form reset_form;
    struct slice retry_after; /* pointer into the body: seconds to wait */
    struct text_list
        usage; /* headers of JSON percentages (an object, or objects of lists); 100 and more means too much */
};

struct descriptor_brand {
    struct slice label, mark, color, text_color, guidelines;
};

struct descriptor {
    struct slice id; /* of the file; the provider's own id may be another */
    struct slice name;
    enum protocol protocol;
    struct slice status; /* "current", "legacy" */
    struct slice origin; /* "built in", or the file's path */
    struct slice issuer; /* empty: none (oauth2, oauth1) */
    bool discover;       /* ask discovery for endpoints that are not given */
    struct template endpoints
        [ENDPOINT_NAMES]; /* count 0: not given. Fixed texts, but revocation, exchange and refresh may hold lookups */

    /* authorize */
    struct text_list
        scopes; /* with the operator's extra ones, those of checks, and the offline scope when tokens are kept */
    struct slice scope; /* the same joined by scope_separator, as it is sent; empty: no scope parameter */
    struct slice scope_separator;
    struct slice email_scope;
    struct declared_params
        authorize_params; /* constants; with the operator's, and the offline ones when tokens are kept */
    struct declared_params request_token_params; /* oauth1 */
    struct slice fragment;
    enum response_mode response_mode;
    enum pkce pkce;
    enum nonce nonce;

    struct descriptor_callback callback;
    struct descriptor_token token;
    struct descriptor_id_token id_token;
    struct descriptor_profile profile;
    const struct descriptor_require *require; /* configured ones only */
    size_t require_count;
    struct descriptor_refresh refresh;
    struct descriptor_revoke revoke;
    struct descriptor_logout logout;
    struct descriptor_lifecycle lifecycle;
    struct descriptor_rate_limit rate_limit;
    struct descriptor_brand brand;
    bool uses_http;                        /* an address of it is plain http (loopback only) */
    struct slice documents[DOCUMENTS_MAX]; /* names by number, for messages */
    size_t document_count;
};

/* The first pointer of p that leads to something in root, or NULL. */
const struct doc *pointers_find(const struct pointers *p, const struct doc *root);
const char *protocol_word(enum protocol p); /* "oidc" */

#endif
