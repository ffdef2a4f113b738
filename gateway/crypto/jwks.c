/* jwks.c -- a provider's key set, RFC 7517 section 5: read once, counted, never changed.
 *
 * The document is read into memory of its own, because its size and shape are the provider's choice and the caller's arena
 * has a budget for ordinary answers.
 */
#include "crypto/jwks.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "crypto/crypto_kit.h"

/* The document's nodes, the decoded numbers of at most JWKS_MAX_KEYS keys, and one refusal for each. */
#define SCRATCH_BYTES (DOC_JSON_BYTES((size_t)JWKS_MAX_BYTES) + 2 * JWKS_MAX_BYTES + 64 * 1024)

static void add_key(struct jwks *set, struct jwk key)
{
    if (key.kid.len != 0) {
        char *copy = must_alloc(key.kid.len);
        memcpy(copy, key.kid.at, key.kid.len);
        key.kid.at = copy;
    }
    set->keys[set->count++] = key;
}

/* scratch holds the tree and all reasons; *ret_last is the last of them. */
static const char *fill(struct arena *scratch, struct slice json, struct jwks *set, const struct err **ret_last)
{
    struct doc *root;
    const struct err *why = doc_json(scratch, PROBLEM_PROVIDER_BROKEN, json, &root);
    *ret_last = why;
    if (why != NULL) return "key set is not JSON";
    const struct doc *keys = doc_member(root, LIT("keys"));
    if (keys == NULL || keys->type != DOC_LIST) return "key set has no list \"keys\"";
    if (keys->count > JWKS_MAX_KEYS) return "key set lists more than 100 keys";
    for (const struct doc *d = keys->first; d != NULL; d = d->next) {
        struct jwk key;
        why = jwk_read(scratch, d, &key);
        if (why == NULL) add_key(set, key);
        if (why != NULL) *ret_last = why;
    }
    return set->count != 0 ? NULL : "key set has no key that we can use";
}

const struct err *jwks_read(struct arena *a, struct slice json, struct jwks **ret_keys)
{
    if (json.len > JWKS_MAX_BYTES)
        return err_new(a, PROBLEM_PROVIDER_BROKEN, "key set of %zu bytes is too long", json.len);
    struct jwks *set = must_alloc(sizeof *set);
    atomic_init(&set->references, 1);
    struct arena *scratch = arena_open(SCRATCH_BYTES);
    const struct err *last = NULL, *why = NULL;
    const char *broken = fill(scratch, json, set, &last);
    if (broken != NULL) {
        struct slice detail = last != NULL ? last->text : LIT("nothing in it");
        why = err_new(a, PROBLEM_PROVIDER_BROKEN, "%s: %.*s", broken, SLICE_ARG(detail));
    }
    arena_close(scratch);
    if (why != NULL) {
        jwks_drop(set);
        return why;
    }
    *ret_keys = set;
    return NULL;
}

struct jwks *jwks_keep(struct jwks *k)
{
    atomic_fetch_add_explicit(&k->references, 1, memory_order_relaxed);
    return k;
}

void jwks_drop(struct jwks *k)
{
    if (k == NULL || atomic_fetch_sub_explicit(&k->references, 1, memory_order_acq_rel) != 1) return;
    for (size_t i = 0; i < k->count; i++) {
        EVP_PKEY_free(k->keys[i].key);
        free((void *)(uintptr_t)k->keys[i].kid.at);
    }
    free(k);
}

size_t jwks_count(const struct jwks *k)
{
    return k->count;
}
