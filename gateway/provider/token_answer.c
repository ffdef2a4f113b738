/* token_answer.c -- each member judged by itself; nothing is taken from an answer that has one wrong. */
#include "provider/token_answer.h"

#include <math.h>

static const struct err *broken(struct arena *a, const char *member, const char *why)
{
    return err_new(a, PROBLEM_PROVIDER_BROKEN, "the token answer: %s %s", member, why);
}

static const struct doc *find(const struct doc *root, const struct pointers *p, const char *usual)
{
    return p->count != 0 ? pointers_find(p, root) : doc_member(root, slice_of(usual));
}

/* Visible ASCII (RFC 6749 appendix A.12): it will stand in a header of ours. */
static bool is_token(struct slice s)
{
    if (s.len == 0 || s.len > TOKEN_TOLD_TOKEN_MAX) return false;
    for (size_t i = 0; i < s.len; i++)
        if (s.at[i] <= 0x20 || s.at[i] > 0x7e) return false;
    return true;
}

static const struct err *read_token(struct arena *a, const struct doc *d, const char *member, struct slice *ret_token)
{
    if (d == NULL || d->type == DOC_NULL || (doc_is_string(d) && d->text.len == 0)) return NULL;
    if (!doc_is_string(d) || !is_token(d->text)) return broken(a, member, "is not usable");
    *ret_token = d->text;
    return NULL;
}

/* A number, or digits in a string; whatever else it is, we were not told. */
static int64_t seconds_of(const struct doc *d)
{
    int64_t whole = 0;
    uint64_t digits = 0;
    const int64_t most = TOKEN_TOLD_EXPIRES_MAX_S;
    if (d == NULL) return 0;
    if (d->type == DOC_INT) whole = d->integer;
    if (d->type == DOC_REAL && isfinite(d->real))
        whole = d->real >= (double)most ? most : d->real < 0 ? 0 : (int64_t)d->real;
    if (d->type == DOC_STRING && slice_number(d->text, &digits))
        whole = digits > (uint64_t)most ? most : (int64_t)digits;
    if (whole < 0) return 0;
    return whole > most ? most : whole;
}

/* OpenID Connect providers must say it (Core section 3.1.3.3); many others leave it out, but whoever says something else means it. */
static bool is_bearer(enum protocol protocol, const struct doc *type)
{
    if (protocol == PROTOCOL_OAUTH1) return true;
    if (protocol != PROTOCOL_OIDC && (type == NULL || type->type == DOC_NULL)) return true;
    return doc_is_string(type) && slice_is_nocase(type->text, LIT("bearer"));
}

static void add_scopes(struct slice text, struct token_told *to)
{
    struct slice rest = text;
    while (rest.len != 0 && to->scope_count < TOKEN_TOLD_SCOPES_MAX) {
        size_t len = 0;
        while (len < rest.len && rest.at[len] != ' ' && rest.at[len] != ',')
            len++;
        if (len != 0) to->scopes[to->scope_count++] = slice_upto(rest, len);
        rest = slice_from(rest, len + 1);
    }
}

/* A text with spaces or commas between, or a list of texts. */
static void read_scopes(struct arena *a, const struct doc *d, struct token_told *to)
{
    to->scopes = arena_array(a, struct slice, TOKEN_TOLD_SCOPES_MAX);
    to->scope_count = 0;
    if (doc_is_string(d)) add_scopes(d->text, to);
    for (const struct doc *c = d != NULL && d->type == DOC_LIST ? d->first : NULL; c != NULL; c = c->next)
        if (doc_is_string(c)) add_scopes(c->text, to);
}

const struct err *token_answer_read(struct arena *a, const struct descriptor *d, const struct doc *root,
                                    struct token_told *ret_told)
{
    const struct descriptor_token *t = &d->token;
    struct token_told told = *ret_told;
    if (root == NULL || root->type != DOC_MAP) return broken(a, "it", "is not an object");
    const struct err *bad =
        read_token(a, find(root, &t->access_token, "access_token"), "access_token", &told.access_token);
    if (bad == NULL)
        bad = read_token(a, find(root, &t->refresh_token, "refresh_token"), "its refresh_token", &told.refresh_token);
    if (bad == NULL && d->id_token.verified)
        bad = read_token(a, find(root, &t->id_token, "id_token"), "its id_token", &told.id_token);
    if (bad == NULL && d->protocol == PROTOCOL_OAUTH1)
        bad = read_token(a, find(root, &t->token_secret, "oauth_token_secret"), "its oauth_token_secret",
                         &told.token_secret);
    if (bad == NULL && !is_bearer(d->protocol, doc_member(root, LIT("token_type"))))
        bad = broken(a, "its token_type", "is not Bearer");
    if (bad != NULL) return bad;
    told.expires_in_s = seconds_of(find(root, &t->expires_in, "expires_in"));
    if (told.expires_in_s == 0) told.expires_in_s = t->expires_default_s;
    told.refresh_expires_in_s = seconds_of(find(root, &t->refresh_expires_in, "refresh_expires_in"));
    read_scopes(a, find(root, &t->scope, "scope"), &told);
    *ret_told = told;
    return NULL;
}
