/* session_jwt.c -- signs and reads the session token with libjwt, which is shown only tokens shaped like our own.
 *
 * libjwt takes the algorithm from the token and its decoder copies the token to the stack. So a token first passes a gate:
 * length, alphabet, two dots, and a header segment equal to one this key ring emits. That comparison also picks the key, and
 * nothing of a stranger's header is ever parsed. Then libjwt checks the signature, then we judge the claims.
 */
#include "crypto/session_jwt.h"

#include <stdlib.h>
#include <string.h>

#include <jwt.h>
#include <openssl/crypto.h>

#include "crypto/digest.h"
#include "text/doc.h"
#include "text/encode.h"

enum {
    KEY_BYTES = 32,
    HEADER_BYTES = 128, /* {"alg":"HS256","kid":"01234567","typ":"JWT"} is 59 in base64url */
    SIGNATURE_CHARS = 43,
    SID_CHARS = 43,
    SID_BYTES = 32,
    AHEAD_S = 60 /* two replicas' clocks may differ that much */
};
#define PURPOSE LIT("session-jwt")

struct signer {
    unsigned char key[KEY_BYTES];
    char kid[KEYRING_ID_CHARS + 1];
    char header[HEADER_BYTES]; /* the first segment as libjwt writes it, with its dot */
    size_t header_len;
};

struct session_jwt {
    char *issuer;
    size_t count;
    struct signer signers[KEYRING_MASTERS];
};

/* The text is malloc'd by libjwt: free() it. NULL if libjwt failed. */
static char *emit(const struct session_jwt *j, const struct signer *s, const char *sid, int64_t iat, int64_t exp)
{
    jwt_t *jwt = NULL;
    if (jwt_new(&jwt) != 0) return NULL;
    bool good = jwt_set_alg(jwt, JWT_ALG_HS256, s->key, KEY_BYTES) == 0 && jwt_add_header(jwt, "kid", s->kid) == 0 &&
                jwt_add_grant(jwt, "iss", j->issuer) == 0 && jwt_add_grant(jwt, "sid", sid) == 0 &&
                jwt_add_grant_int(jwt, "iat", iat) == 0 && jwt_add_grant_int(jwt, "exp", exp) == 0;
    char *token = good ? jwt_encode_str(jwt) : NULL;
    jwt_free(jwt);
    return token;
}

static void signer_fill(struct session_jwt *j, const struct keyring *keys, size_t i)
{
    struct signer *s = &j->signers[i];
    struct slice kid = keyring_id(keys, i);
    must(kid.len < sizeof s->kid);
    memcpy(s->kid, kid.at, kid.len);
    keyring_purpose_key(keys, i, PURPOSE, s->key);
    char *sample = emit(j, s, "sample", 0, 0);
    size_t dot = slice_index(slice_of(sample), '.');
    must(sample != NULL && dot != SLICE_NONE && dot + 1 <= sizeof s->header);
    memcpy(s->header, sample, dot + 1);
    s->header_len = dot + 1;
    free(sample);
}

struct session_jwt *session_jwt_open(const struct keyring *keys, struct slice issuer)
{
    must(issuer.len != 0 && issuer.len <= SESSION_JWT_ISSUER_MAX);
    struct session_jwt *j = must_alloc(sizeof *j);
    j->issuer = must_alloc(issuer.len + 1);
    memcpy(j->issuer, issuer.at, issuer.len);
    j->count = keyring_count(keys);
    for (size_t i = 0; i < j->count; i++) {
        signer_fill(j, keys, i);
    }
    return j;
}

void session_jwt_close(struct session_jwt *j)
{
    if (j == NULL) return;
    free(j->issuer);
    OPENSSL_cleanse(j, sizeof *j);
    free(j);
}

/* ---- the gate ---- */

static bool only_token_characters(struct slice token, size_t *ret_dots)
{
    size_t dots = 0;
    for (size_t i = 0; i < token.len; i++) {
        char c = token.at[i];
        bool word = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
        if (!word && c != '.') return false;
        dots += c == '.' ? 1 : 0;
    }
    *ret_dots = dots;
    return true;
}

static const struct signer *signer_of(const struct session_jwt *j, struct slice token)
{
    for (size_t i = 0; i < j->count; i++) {
        const struct signer *s = &j->signers[i];
        if (slice_starts(token, (struct slice){s->header, s->header_len})) return s;
    }
    return NULL;
}

static const struct err *refuse(struct arena *a, const char *why)
{
    return err_new(a, PROBLEM_SESSION_ENDED, "session token: %s", why);
}

static const struct err *pass_gate(const struct session_jwt *j, struct arena *a, struct slice token,
                                   const struct signer **ret_signer, struct slice *ret_payload)
{
    size_t dots;
    if (token.len > SESSION_JWT_MAX) return refuse(a, "longer than any of ours");
    if (!only_token_characters(token, &dots)) return refuse(a, "a character that no token has");
    if (dots != 2) return refuse(a, "not three parts");
    const struct signer *s = signer_of(j, token);
    if (s == NULL) return refuse(a, "a header that is none of ours, or a key that is gone");
    struct slice rest = slice_from(token, s->header_len), payload;
    if (!slice_cut(&rest, '.', &payload) || payload.len == 0) return refuse(a, "no claims");
    if (rest.len != SIGNATURE_CHARS) return refuse(a, "a signature of the wrong length");
    *ret_signer = s;
    *ret_payload = payload;
    return NULL;
}

/* ---- behind the gate ---- */

static bool signature_fits(const struct signer *s, const char *token)
{
    jwt_t *jwt = NULL;
    if (jwt_decode(&jwt, token, s->key, KEY_BYTES) != 0) return false;
    bool good = jwt_get_alg(jwt) == JWT_ALG_HS256;
    jwt_free(jwt);
    return good;
}

static bool is_sid(struct arena *a, struct slice sid)
{
    struct slice raw;
    return sid.len == SID_CHARS && base64url_decode(a, sid, &raw) && raw.len == SID_BYTES;
}

static const struct err *judge(const struct session_jwt *j, struct arena *a, const struct doc *claims, int64_t now,
                               struct session_claims *ret_claims)
{
    const struct doc *iat = doc_member(claims, LIT("iat")), *exp = doc_member(claims, LIT("exp"));
    struct slice sid = doc_string(claims, LIT("sid"));
    if (claims->type != DOC_MAP) return refuse(a, "claims are no object");
    if (!slice_is(doc_string(claims, LIT("iss")), slice_of(j->issuer))) return refuse(a, "made by another issuer");
    if (!is_sid(a, sid)) return refuse(a, "sid is not 32 bytes of base64url");
    if (iat == NULL || iat->type != DOC_INT || exp == NULL || exp->type != DOC_INT)
        return refuse(a, "iat and exp must be integers");
    if (iat->integer < 0 || exp->integer <= iat->integer) return refuse(a, "exp is not after iat");
    if (now >= exp->integer) return refuse(a, "expired");
    if (iat->integer > now + AHEAD_S) return refuse(a, "made in the future");
    *ret_claims = (struct session_claims){sid, iat->integer, exp->integer};
    return NULL;
}

const struct err *session_jwt_read(const struct session_jwt *j, struct arena *a, struct slice token, int64_t now_s,
                                   struct session_claims *ret_claims)
{
    const struct signer *s = NULL;
    struct slice payload, json;
    struct doc *claims;
    const struct err *why = pass_gate(j, a, token, &s, &payload);
    if (why != NULL) return why;
    if (!signature_fits(s, arena_text(a, token))) return refuse(a, "signature does not fit");
    /* what was signed is read by our own strict reader: libjwt would let the last of two equal names win */
    if (!base64url_decode(a, payload, &json)) return refuse(a, "claims are not base64url");
    why = doc_json(a, PROBLEM_SESSION_ENDED, json, &claims);
    if (why != NULL) return err_over(a, why, "session token: claims");
    return judge(j, a, claims, now_s, ret_claims);
}

/* libjwt can give a wrong token when memory runs out; what cannot be read back is not handed on. */
const struct err *session_jwt_sign(const struct session_jwt *j, struct arena *a, const struct session_claims *claims,
                                   struct slice *ret_token)
{
    struct session_claims back;
    char *text = emit(j, &j->signers[0], arena_text(a, claims->sid), claims->iat, claims->exp);
    if (text == NULL) return err_new(a, PROBLEM_INTERNAL, "libjwt could not sign a session token");
    struct slice token = arena_copy(a, slice_of(text));
    free(text);
    const struct err *why = session_jwt_read(j, a, token, claims->iat, &back);
    if (why != NULL) return err_as(a, PROBLEM_INTERNAL, why, "a session token just signed");
    if (!slice_is(back.sid, claims->sid) || back.iat != claims->iat || back.exp != claims->exp)
        return err_new(a, PROBLEM_INTERNAL, "libjwt signed other claims than it was given");
    *ret_token = token;
    return NULL;
}
