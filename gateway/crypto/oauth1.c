/* oauth1.c -- every name and value encoded once (RFC 3986, unreserved alone stay), sorted by encoded bytes, joined, encoded once more, signed.
 *
 * The same list of oauth_ parameters feeds the base string and the header, so that they cannot differ.
 */
#include "crypto/oauth1.h"

#include <stdlib.h>

#include "crypto/digest.h"
#include "text/encode.h"
#include "text/form.h"
#include "text/url.h"

struct param {
    struct slice name, value;
};
struct params {
    struct param list[OAUTH1_PARAMS_MAX];
    size_t count;
    bool full;
};

static void put(struct params *q, struct slice name, struct slice value)
{
    q->full = q->full || q->count == OAUTH1_PARAMS_MAX;
    if (!q->full) q->list[q->count++] = (struct param){name, value};
}

static void put_unless_empty(struct params *q, const char *name, struct slice value)
{
    if (value.len != 0) put(q, slice_of(name), value);
}

/* RFC 5849 section 3.1, realm and signature left out. */
static void put_protocol(struct arena *a, const struct oauth1_ask *ask, struct params *q)
{
    put_unless_empty(q, "oauth_callback", ask->callback);
    put(q, LIT("oauth_consumer_key"), ask->consumer_key);
    put(q, LIT("oauth_nonce"), ask->nonce);
    put(q, LIT("oauth_signature_method"), LIT("HMAC-SHA1"));
    put(q, LIT("oauth_timestamp"), arena_print(a, "%lld", (long long)ask->timestamp_s));
    put_unless_empty(q, "oauth_token", ask->token);
    put_unless_empty(q, "oauth_verifier", ask->verifier);
    put(q, LIT("oauth_version"), LIT("1.0"));
}

static const struct err *put_form(struct arena *a, struct slice text, const char *where, struct params *q)
{
    struct form form = {0};
    const struct err *bad = text.len != 0 ? form_read(a, text, &form) : NULL;
    if (bad != NULL) return err_as(a, PROBLEM_PROVIDER_MISCONFIGURED, bad, "%s cannot be signed", where);
    for (size_t i = 0; i < form.count; i++)
        put(q, form.fields[i].name, form.fields[i].value);
    return NULL;
}

static int by_bytes(const void *x, const void *y)
{
    const struct param *a = x, *b = y;
    int order = slice_compare(a->name, b->name);
    return order != 0 ? order : slice_compare(a->value, b->value);
}

/* Section 3.4.1.3.2. */
static struct slice normalized(struct arena *a, struct params *q)
{
    struct slice *parts = arena_array(a, struct slice, 4 * q->count + 1);
    size_t count = 0;
    for (size_t i = 0; i < q->count; i++)
        q->list[i] = (struct param){percent_encode(a, q->list[i].name), percent_encode(a, q->list[i].value)};
    qsort(q->list, q->count, sizeof q->list[0], by_bytes);
    for (size_t i = 0; i < q->count; i++) {
        if (i != 0) parts[count++] = LIT("&");
        parts[count++] = q->list[i].name;
        parts[count++] = LIT("=");
        parts[count++] = q->list[i].value;
    }
    return arena_join(a, parts, count);
}

/* What a parameter list for signing can be used for once only: normalized() changes it. */
static const struct err *collect(struct arena *a, const struct oauth1_ask *ask, const struct url *u, struct params *q)
{
    put_protocol(a, ask, q);
    const struct err *bad = put_form(a, u->query, "the URL's query", q);
    if (bad == NULL) bad = put_form(a, ask->form, "the form", q);
    if (bad == NULL && q->full)
        bad = err_new(a, PROBLEM_PROVIDER_MISCONFIGURED, "a signed request has at most %d parameters",
                      (int)OAUTH1_PARAMS_MAX);
    return bad;
}

const struct err *oauth1_base_string(struct arena *a, const struct oauth1_ask *ask, struct slice *ret_text)
{
    struct url u;
    struct params q = {.count = 0};
    const struct err *bad = url_read(a, ask->url, &u);
    if (bad != NULL) return err_as(a, PROBLEM_PROVIDER_MISCONFIGURED, bad, "this URL cannot be signed");
    bad = collect(a, ask, &u, &q);
    if (bad != NULL) return bad;
    struct slice uri = arena_join(a, (struct slice[]){url_origin(a, &u), u.path}, 2);
    *ret_text = arena_join(
        a,
        (struct slice[]){ask->method, LIT("&"), percent_encode(a, uri), LIT("&"), percent_encode(a, normalized(a, &q))},
        5);
    return NULL;
}

static void wipe(struct slice s)
{
    if (s.len != 0) explicit_bzero((void *)(uintptr_t)s.at, s.len);
}

static struct slice signature(struct arena *a, const struct oauth1_ask *ask, struct slice text)
{
    unsigned char mac[DIGEST_SHA1_BYTES];
    struct slice consumer = percent_encode(a, ask->consumer_secret), token = percent_encode(a, ask->token_secret);
    struct slice key = arena_join(a, (struct slice[]){consumer, LIT("&"), token}, 3);
    digest_hmac_sha1(key, text, mac);
    wipe(consumer);
    wipe(token);
    wipe(key);
    return base64_encode(a, (struct slice){(const char *)mac, sizeof mac});
}

const struct err *oauth1_authorization(struct arena *a, const struct oauth1_ask *ask, struct slice *ret_line)
{
    struct slice text;
    struct params q = {.count = 0};
    const struct err *bad = oauth1_base_string(a, ask, &text);
    if (bad != NULL) return bad;
    put_protocol(a, ask, &q);
    put(&q, LIT("oauth_signature"), signature(a, ask, text));
    struct slice line = LIT("Authorization: OAuth ");
    for (size_t i = 0; i < q.count; i++)
        line = arena_join(a,
                          (struct slice[]){line, i != 0 ? LIT(", ") : LIT(""), q.list[i].name, LIT("=\""),
                                           percent_encode(a, q.list[i].value), LIT("\"")},
                          6);
    *ret_line = line;
    return NULL;
}
