/* token_answer.c -- an error first, whatever the status says; then the tokens, each judged. */
#include "provider/token_answer.h"

#include <math.h>

#include "text/doc.h"
#include "text/utf8.h"

enum {
    CODE_MAX = 64,
    DESCRIPTION_MAX = 200
};

/* ---- errors ---- */

static const struct {
    struct slice code;
    enum problem problem;
    const char *what_to_do;
} errors[] = {
    {LIT_INIT("invalid_client"),             PROBLEM_PROVIDER_MISCONFIGURED, "check client_id, client_secret and client_auth"},
    {LIT_INIT("unauthorized_client"),        PROBLEM_PROVIDER_MISCONFIGURED,
     "allow this client the authorization code grant at the provider"                                                        },
    {LIT_INIT("unsupported_grant_type"),     PROBLEM_PROVIDER_MISCONFIGURED,
     "the provider must offer the authorization code grant at token_url"                                                     },
    {LIT_INIT("invalid_scope"),              PROBLEM_PROVIDER_MISCONFIGURED,
     "ask only for scopes that the provider grants this client"                                                              },
    {LIT_INIT("redirect_uri_mismatch"),      PROBLEM_PROVIDER_MISCONFIGURED,
     "register exactly our callback URL at the provider"                                                                     },
    {LIT_INIT("invalid_grant"),              PROBLEM_PROVIDER_BROKEN,
     "the code was expired, used before, or issued for another redirect_uri or client"                                       },
    {LIT_INIT("invalid_request"),            PROBLEM_PROVIDER_BROKEN,
     "the provider wants another request: client_auth or pkce may not be what it expects"                                    },
    {LIT_INIT("access_denied"),              PROBLEM_PROVIDER_REFUSED,       "the provider or the person said no"            },
    {LIT_INIT("login_required"),             PROBLEM_PROVIDER_REFUSED,       "the person must sign in at the provider"       },
    {LIT_INIT("consent_required"),           PROBLEM_PROVIDER_REFUSED,       "the person must agree at the provider"         },
    {LIT_INIT("interaction_required"),       PROBLEM_PROVIDER_REFUSED,       "the person must do something at the provider"  },
    {LIT_INIT("account_selection_required"), PROBLEM_PROVIDER_REFUSED,
     "the person must choose an account at the provider"                                                                     },
    {LIT_INIT("server_error"),               PROBLEM_PROVIDER_AWAY,          "the provider has a fault of its own"           },
    {LIT_INIT("temporarily_unavailable"),    PROBLEM_PROVIDER_AWAY,          "the provider is busy"                          },
    {LIT_INIT("slow_down"),                  PROBLEM_PROVIDER_AWAY,          "the provider wants fewer requests"             },
};

static bool repeats(struct slice text, const struct slice secrets[TOKEN_ANSWER_SECRETS])
{
    for (size_t i = 0; i < TOKEN_ANSWER_SECRETS; i++)
        if (secrets[i].len != 0 && slice_find(text, secrets[i]) != SLICE_NONE) return true;
    return false;
}

static struct slice plain_code(struct arena *a, struct slice code, const struct slice secrets[TOKEN_ANSWER_SECRETS])
{
    if (code.len == 0) return LIT("an error without a name");
    if (repeats(code, secrets)) return LIT("(a secret of ours)");
    struct slice copy = arena_copy(a, slice_upto(code, CODE_MAX));
    for (size_t i = 0; i < copy.len; i++)
        if (copy.at[i] < 0x20 || copy.at[i] > 0x7e) return LIT("(not readable)");
    return copy;
}

static struct slice told_description(struct arena *a, const struct doc *root,
                                     const struct slice secrets[TOKEN_ANSWER_SECRETS])
{
    struct slice text = doc_string(root, LIT("error_description"));
    struct slice told = utf8_for_people(a, text, DESCRIPTION_MAX); /* may close up what was apart */
    if (repeats(text, secrets) || repeats(told, secrets)) return LIT("(its description repeats a secret of ours)");
    return told;
}

/* Providers that have no code of their own for a wrong callback URL name the parameter in their description. */
static bool is_about_redirect(struct slice code, struct slice description)
{
    if (!slice_is(code, LIT("invalid_grant")) && !slice_is(code, LIT("invalid_request"))) return false;
    return slice_find(description, LIT("redirect_uri")) != SLICE_NONE ||
           slice_find(description, LIT("redirect URI")) != SLICE_NONE ||
           slice_find(description, LIT("reply URL")) != SLICE_NONE;
}

static const struct err *error_of(struct arena *a, const struct doc *root, struct slice code,
                                  const struct slice secrets[TOKEN_ANSWER_SECRETS])
{
    enum problem problem = PROBLEM_PROVIDER_BROKEN;
    const char *what_to_do = "no error we know";
    struct slice description = told_description(a, root, secrets);
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        if (!slice_is(errors[i].code, code)) continue;
        problem = errors[i].problem;
        what_to_do = errors[i].what_to_do;
    }
    if (is_about_redirect(code, description)) {
        problem = PROBLEM_PROVIDER_MISCONFIGURED;
        what_to_do = "register exactly our callback URL at the provider";
    }
    return err_new(a, problem, "the token endpoint answered %.*s: %s%s%.*s", SLICE_ARG(plain_code(a, code, secrets)),
                   what_to_do, description.len != 0 ? "; it says: " : "", SLICE_ARG(description));
}

static const struct err *unreadable(struct arena *a, int status, const char *why)
{
    if (status == 401 || status == 403)
        return err_new(a, PROBLEM_PROVIDER_MISCONFIGURED,
                       "the token endpoint answered %d: check client_id, client_secret and client_auth", status);
    return err_new(a, PROBLEM_PROVIDER_BROKEN, "the token endpoint answered %d: %s", status, why);
}

/* ---- tokens ---- */

static const struct err *broken(struct arena *a, const char *why)
{
    return err_new(a, PROBLEM_PROVIDER_BROKEN, "the token answer: %s", why);
}

/* Visible ASCII (RFC 6749 appendix A.12): it will stand in a header of ours. */
static bool is_token(struct slice s)
{
    if (s.len == 0 || s.len > TOKEN_ANSWER_TOKEN_MAX) return false;
    for (size_t i = 0; i < s.len; i++)
        if (s.at[i] <= 0x20 || s.at[i] > 0x7e) return false;
    return true;
}

/* A number, or digits in a string; whatever else it is, we were not told. */
static int64_t expires_in(const struct doc *d)
{
    int64_t whole = 0;
    uint64_t digits = 0;
    if (d == NULL) return 0;
    if (d->type == DOC_INT) whole = d->integer;
    if (d->type == DOC_REAL && isfinite(d->real))
        whole = d->real >= TOKEN_ANSWER_EXPIRES_MAX_S ? TOKEN_ANSWER_EXPIRES_MAX_S : d->real < 0 ? 0 : (int64_t)d->real;
    if (d->type == DOC_STRING && slice_number(d->text, &digits))
        whole = digits > TOKEN_ANSWER_EXPIRES_MAX_S ? TOKEN_ANSWER_EXPIRES_MAX_S : (int64_t)digits;
    if (whole < 0) return 0;
    return whole > TOKEN_ANSWER_EXPIRES_MAX_S ? TOKEN_ANSWER_EXPIRES_MAX_S : whole;
}

static const struct err *read_tokens(struct arena *a, const struct doc *root, struct token_answer *ret_tokens)
{
    struct token_answer t = {.id_token = doc_string(root, LIT("id_token")),
                             .access_token = doc_string(root, LIT("access_token")),
                             .expires_in_s = expires_in(doc_member(root, LIT("expires_in")))};
    if (!is_token(t.access_token)) return broken(a, "it has no usable access_token");
    if (!slice_is_nocase(doc_string(root, LIT("token_type")), LIT("bearer")))
        return broken(a, "its token_type is not Bearer");
    if (!is_token(t.id_token)) return broken(a, "it has no usable id_token; is openid among the scopes?");
    const struct doc *refresh = doc_member(root, LIT("refresh_token"));
    if (refresh != NULL && refresh->type != DOC_NULL) {
        if (!doc_is_string(refresh) || !is_token(refresh->text)) return broken(a, "its refresh_token is not usable");
        t.refresh_token = refresh->text;
    }
    *ret_tokens = t;
    return NULL;
}

const struct err *token_answer_read(struct arena *a, const struct fetch_answer *answer,
                                    const struct slice secrets[TOKEN_ANSWER_SECRETS], struct token_answer *ret_tokens)
{
    struct doc *root;
    if (!fetch_type_is(answer->content_type, LIT("application/json")))
        return unreadable(a, answer->status, "its answer is not JSON by its media type");
    const struct err *bad = doc_json(a, PROBLEM_PROVIDER_BROKEN, answer->body, &root);
    if (bad != NULL || root->type != DOC_MAP) return unreadable(a, answer->status, "its answer is not a JSON object");
    const struct doc *error = doc_member(root, LIT("error"));
    if (error != NULL && error->type != DOC_NULL)
        return error_of(a, root, doc_is_string(error) ? error->text : LIT(""), secrets);
    if (answer->status != 200) return unreadable(a, answer->status, "it does not say why");
    return read_tokens(a, root, ret_tokens);
}
