/* jws.c -- RFC 7515 compact serialization, read from the outside in.
 *
 * Length and number of parts come before any decoding; the header is parsed into memory of its own; the algorithm must be in the
 * caller's list and only then picks the key; the payload is parsed only behind a good signature. jku, jwk, x5u and x5c are
 * never looked at. RFC 8725 sections 2 and 3 say why each step is there.
 */
#include <openssl/evp.h>

#include "crypto/crypto_kit.h"
#include "crypto/digest.h"
#include "crypto/jwks.h"
#include "crypto/signature.h"
#include "text/encode.h"

enum {
    HEADER_MAX = 16 * 1024, /* certificates in x5c make headers long */
    SIGNATURE_MAX = 1400,   /* RSA-8192 in base64url is 1366 */
    TRIED_KEYS = 8,         /* each costs up to 0.1 ms */
    CLAIM_VALUES = 2048     /* bounds the tree; counted generously below */
};

struct parts {
    struct slice header, payload, signature, signed_part;
};

struct head {
    enum jose_alg alg;
    struct slice kid, typ;
};

static const struct err *bad(struct arena *a, const char *why)
{
    return err_new(a, PROBLEM_PROVIDER_BROKEN, "token: %s", why);
}

static const struct err *split(struct arena *a, struct slice token, struct parts *ret_parts)
{
    struct slice rest = token, header, payload;
    if (token.len > JOSE_MAX_TOKEN) return bad(a, "longer than 64 KiB");
    if (!slice_cut(&rest, '.', &header) || rest.at == NULL) return bad(a, "not three parts");
    if (!slice_cut(&rest, '.', &payload) || rest.at == NULL) return bad(a, "not three parts");
    if (slice_index(rest, '.') != SLICE_NONE) return bad(a, "not three parts");
    if (header.len == 0 || payload.len == 0 || rest.len == 0) return bad(a, "an empty part");
    if (header.len > HEADER_MAX || rest.len > SIGNATURE_MAX) return bad(a, "header or signature is too long");
    *ret_parts = (struct parts){header, payload, rest, slice_upto(token, header.len + 1 + payload.len)};
    return NULL;
}

static bool optional_string(const struct doc *json, struct slice name)
{
    const struct doc *d = doc_member(json, name);
    return d == NULL || doc_is_string(d);
}

static bool read_alg(struct slice name, unsigned allowed, enum jose_alg *ret_alg)
{
    if (allowed != JOSE_HS256 || !slice_is(name, LIT("HS256"))) return jose_alg_of(name, ret_alg);
    *ret_alg = JOSE_HS256;
    return true;
}

static const char *judge_head(const struct doc *json, unsigned allowed, struct head *to)
{
    if (json->type != DOC_MAP) return "header is no JSON object";
    if (!read_alg(doc_string(json, LIT("alg")), allowed, &to->alg)) return "alg is none we verify";
    if ((to->alg & allowed) == 0) return "alg is not allowed here";
    if (doc_member(json, LIT("crit")) != NULL) return "crit asks for what we do not know";
    if (doc_member(json, LIT("b64")) != NULL) return "b64 is not supported";
    if (!optional_string(json, LIT("kid"))) return "kid is no string";
    if (!optional_string(json, LIT("typ"))) return "typ is no string";
    return NULL;
}

/* The header is anybody's writing: its tree is kept out of the caller's arena. */
static const struct err *read_head(struct arena *a, struct slice text, unsigned allowed, struct head *ret_head)
{
    struct arena *scratch = arena_open(DOC_JSON_BYTES((size_t)HEADER_MAX) + 2 * HEADER_MAX + 4096);
    struct slice json_text;
    struct doc *json;
    struct head made = {0};
    const char *why = NULL;
    if (!base64url_decode(scratch, text, &json_text))
        why = "header is not base64url";
    else if (doc_json(scratch, PROBLEM_PROVIDER_BROKEN, json_text, &json) != NULL)
        why = "header is not JSON, or names something twice";
    else
        why = judge_head(json, allowed, &made);
    if (why == NULL) {
        made.kid = arena_copy(a, doc_string(json, LIT("kid")));
        made.typ = arena_copy(a, doc_string(json, LIT("typ")));
        *ret_head = made;
    }
    arena_close(scratch);
    return why != NULL ? bad(a, why) : NULL;
}

/* An empty kid in the token counts as none. A key without kid fits only a token without. */
static enum jose_verdict find_signer(const struct jwks *keys, const struct head *head, struct slice bytes,
                                     struct slice signature)
{
    size_t tried = 0;
    for (size_t i = 0; i < keys->count && tried < TRIED_KEYS; i++) {
        const struct jwk *key = &keys->keys[i];
        if ((key->algs & head->alg) == 0) continue;
        if (head->kid.len != 0 && !slice_is(key->kid, head->kid)) continue;
        tried++;
        if (signature_fits(head->alg, key->key, bytes, signature)) return JOSE_GOOD;
    }
    return tried == 0 ? JOSE_UNKNOWN_KEY : JOSE_BAD;
}

/* Every value but the first stands behind one of these; inside strings they count as well. */
static bool is_small_tree(struct slice json)
{
    size_t marks = 0;
    for (size_t i = 0; i < json.len; i++) {
        marks += json.at[i] == ',' || json.at[i] == '[' || json.at[i] == '{' ? 1 : 0;
    }
    return marks <= CLAIM_VALUES;
}

static const struct err *read_claims(struct arena *a, struct slice text, struct jws *to)
{
    if (!base64url_decode(a, text, &to->payload)) return bad(a, "claims are not base64url");
    if (!is_small_tree(to->payload)) return bad(a, "more than 2048 claims");
    const struct err *why = doc_json(a, PROBLEM_PROVIDER_BROKEN, to->payload, &to->claims);
    if (why != NULL) return err_over(a, why, "token: claims");
    return to->claims->type == DOC_MAP ? NULL : bad(a, "claims are no JSON object");
}

struct opened { /* a token whose header was judged */
    struct parts parts;
    struct head head;
    struct slice signature;
};

static const struct err *open_token(struct arena *a, struct slice token, unsigned allowed, struct opened *ret_opened)
{
    struct opened o = {0};
    const struct err *why = split(a, token, &o.parts);
    if (why == NULL) why = read_head(a, o.parts.header, allowed, &o.head);
    if (why == NULL && !base64url_decode(a, o.parts.signature, &o.signature))
        why = bad(a, "signature is not base64url");
    if (why == NULL) *ret_opened = o;
    return why;
}

/* Behind a good signature. */
static enum jose_verdict show(struct arena *a, const struct opened *o, struct jws *ret_jws, const struct err **ret_why)
{
    struct jws made = {.alg = o->head.alg, .kid = o->head.kid, .typ = o->head.typ};
    const struct err *why = read_claims(a, o->parts.payload, &made);
    if (why != NULL) {
        *ret_why = why;
        return JOSE_BAD;
    }
    *ret_jws = made;
    return JOSE_GOOD;
}

enum jose_verdict jws_verify(struct arena *a, struct slice token, const struct jwks *keys, unsigned allowed_algs,
                             struct jws *ret_jws, const struct err **ret_why)
{
    struct opened o;
    must((allowed_algs & ~(unsigned)JOSE_ASYMMETRIC) == 0);
    const struct err *why = open_token(a, token, allowed_algs, &o);
    if (why != NULL) {
        *ret_why = why;
        return JOSE_BAD;
    }
    enum jose_verdict verdict = find_signer(keys, &o.head, o.parts.signed_part, o.signature);
    if (verdict == JOSE_GOOD) return show(a, &o, ret_jws, ret_why);
    *ret_why = bad(a, verdict == JOSE_BAD ? "signature does not fit" : "no key of the set fits kid and alg");
    return verdict;
}

enum jose_verdict jws_verify_hs256(struct arena *a, struct slice token, struct slice secret, struct jws *ret_jws,
                                   const struct err **ret_why)
{
    struct opened o;
    unsigned char mac[DIGEST_SHA256_BYTES];
    const struct err *why = NULL;
    if (secret.len < JOSE_HS256_KEY_LEAST) why = bad(a, "the secret is shorter than the 32 bytes that HS256 needs");
    if (why == NULL) why = open_token(a, token, JOSE_HS256, &o);
    if (why == NULL) {
        digest_hmac_sha256(secret, o.parts.signed_part, mac);
        if (o.signature.len != sizeof mac || !digest_same(mac, o.signature.at, sizeof mac))
            why = bad(a, "signature does not fit");
    }
    if (why == NULL) return show(a, &o, ret_jws, ret_why);
    *ret_why = why;
    return JOSE_BAD;
}
