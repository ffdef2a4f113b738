/* template.c -- one part after the other: text as it is, values looked up and, in a URL, percent-encoded. */
#include "provider/template.h"

#include "crypto/digest.h"
#include "provider/map.h"

#include "base/buf.h"

enum {
    EXPANDED_MAX = 256 * 1024 /* an id_token, encoded, and what stands around it */
};

static bool is_fit(struct slice s)
{
    return s.len <= TEMPLATE_VALUE_MAX && slice_is_printable(s);
}

static struct slice named(const struct template_pair *pairs, size_t count, struct slice name)
{
    for (size_t i = 0; i < count; i++)
        if (slice_is(pairs[i].name, name)) return pairs[i].value;
    return (struct slice){NULL, 0};
}

static struct slice hmac_hex(struct arena *a, struct slice key, struct slice message)
{
    unsigned char digest[DIGEST_SHA256_BYTES];
    struct slice hex = {NULL, 0};
    if (key.len == 0 || message.len == 0) return hex;
    digest_hmac_sha256(key, message, digest);
    for (size_t i = 0; i < sizeof digest; i++)
        hex = arena_print(a, "%.*s%02x", SLICE_ARG(hex), digest[i]);
    return hex;
}

static struct slice from_document(struct arena *a, const struct template_part *p, const struct map_documents *docs)
{
    const struct doc *root = docs->at[p->number];
    return root == NULL ? (struct slice){NULL, 0} : doc_text(a, doc_at(root, p->text));
}

static struct slice value_of(struct arena *a, const struct template_part *p, const struct template_values *v)
{
    switch (p->kind) {
    case PART_TEXT: return p->text;
    case PART_VALUE: return v->at[p->number];
    case PART_ENDPOINT: return v->endpoints[p->number];
    case PART_TOKEN: return doc_text(a, doc_at(v->token, p->text));
    case PART_CALLBACK: return doc_text(a, doc_member(v->callback, p->text));
    case PART_STORED: return named(v->stored, v->stored_count, p->text);
    case PART_CLAIM: return doc_text(a, doc_member(v->claims, p->text));
    case PART_ME: return named(v->me, v->me_count, p->text);
    case PART_DOCUMENT: return v->documents == NULL ? (struct slice){NULL, 0} : from_document(a, p, v->documents);
    case PART_HMAC: return hmac_hex(a, v->at[p->number], v->at[p->message]);
    }
    return (struct slice){NULL, 0};
}

static const char *const names[TEMPLATE_NAMES] = {
    "client_id",    "client_secret",           "redirect_uri", "state",       "code",       "code_verifier",
    "access_token", "refresh_token",           "id_token",     "token_value", "token_kind", "random",
    "product",      "post_logout_redirect_uri"};
static const char *const endpoints[ENDPOINT_NAMES] = {"authorization", "token",       "userinfo",  "jwks",
                                                      "revocation",    "end_session", "discovery", "request_token",
                                                      "exchange",      "refresh"};

const char *template_name_word(enum template_name name)
{
    return names[name];
}

const char *endpoint_word(enum endpoint_name name)
{
    return endpoints[name];
}

static struct slice word_of(struct arena *a, const struct template_part *p)
{
    switch (p->kind) {
    case PART_VALUE: return slice_of(names[p->number]);
    case PART_ENDPOINT: return slice_of(endpoints[p->number]);
    case PART_TOKEN: return arena_print(a, "token:%.*s", SLICE_ARG(p->text));
    case PART_CALLBACK: return arena_print(a, "cb:%.*s", SLICE_ARG(p->text));
    case PART_STORED: return arena_print(a, "stored:%.*s", SLICE_ARG(p->text));
    case PART_CLAIM: return arena_print(a, "claim:%.*s", SLICE_ARG(p->text));
    case PART_ME: return arena_print(a, "me:%.*s", SLICE_ARG(p->text));
    case PART_DOCUMENT: return p->text;
    case PART_HMAC: return LIT("hmac_sha256_hex");
    case PART_TEXT: break;
    }
    return (struct slice){NULL, 0};
}

/* What RFC 3986 calls unreserved stays, so that a value can neither end its segment nor begin a query. */
static void add_encoded(struct buf *to, struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.at[i];
        bool alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (alnum || c == '-' || c == '.' || c == '_' || c == '~')
            buf_byte(to, s.at[i]);
        else
            buf_print(to, "%%%02X", c);
    }
}

struct slice template_expand(struct arena *a, const struct template *t, const struct template_values *v,
                             struct slice *ret_missing)
{
    struct slice missing = {NULL, 0};
    if (ret_missing == NULL) ret_missing = &missing;
    *ret_missing = (struct slice){NULL, 0};
    if (t->count == 1 && t->parts[0].kind == PART_TEXT) return t->parts[0].text;
    struct buf to = buf_open(EXPANDED_MAX);
    for (size_t i = 0; i < t->count; i++) {
        const struct template_part *p = &t->parts[i];
        struct slice s = value_of(a, p, v);
        if (p->kind != PART_TEXT && !is_fit(s)) s.len = 0;
        if (s.len == 0 && ret_missing->len == 0) *ret_missing = word_of(a, p);
        if (t->is_url && p->kind != PART_TEXT && p->kind != PART_ENDPOINT)
            add_encoded(&to, s);
        else
            buf_add(&to, s);
    }
    if (to.full && ret_missing->len == 0) *ret_missing = LIT("a text short enough");
    struct slice text = to.full ? (struct slice){NULL, 0} : arena_copy(a, buf_slice(&to));
    if (to.at != NULL) explicit_bzero(to.at, to.len);
    buf_close(&to);
    return text;
}

bool template_uses(const struct template *t, enum template_name name)
{
    for (size_t i = 0; i < t->count; i++) {
        const struct template_part *p = &t->parts[i];
        bool by_value = p->kind == PART_VALUE && p->number == (int)name;
        bool by_hmac = p->kind == PART_HMAC && (p->number == (int)name || p->message == (int)name);
        if (by_value || by_hmac) return true;
    }
    return false;
}

bool template_is_fixed(const struct template *t)
{
    return t->count == 0 || (t->count == 1 && t->parts[0].kind == PART_TEXT);
}

struct slice template_text(const struct template *t)
{
    must(template_is_fixed(t));
    return t->count == 0 ? (struct slice){NULL, 0} : t->parts[0].text;
}
