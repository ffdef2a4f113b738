/* callback_answer.c -- one state, and one code or one error; each at most once and of bounded size. */
#include "provider/callback_answer.h"

#include "crypto/digest.h"
#include "text/encode.h"
#include "text/utf8.h"

static const struct err *take(struct arena *a, const struct form *form, struct slice name, size_t max,
                              struct slice *ret_value)
{
    struct slice value = {0};
    switch (form_single(form, name, &value)) {
    case FORM_ABSENT: return NULL;
    case FORM_TWICE: return err_new(a, PROBLEM_BAD_REQUEST, "the answer has two %.*s", SLICE_ARG(name));
    case FORM_ONCE: break;
    }
    if (value.len > max)
        return err_new(a, PROBLEM_BAD_REQUEST, "%.*s has %zu bytes, more than %zu", SLICE_ARG(name), value.len, max);
    if (value.at == NULL) value = LIT("");
    *ret_value = value;
    return NULL;
}

/* The first of several names that came. */
static const struct err *take_first(struct arena *a, const struct form *form, const struct text_list *names, size_t max,
                                    struct slice *ret_value)
{
    const struct err *bad = NULL;
    for (size_t i = 0; i < names->count && bad == NULL && ret_value->len == 0; i++)
        bad = take(a, form, names->at[i], max, ret_value);
    return bad;
}

static bool is_plain(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.at[i] < 0x20 || s.at[i] > 0x7e) return false;
    return true;
}

/* ---- state ---- */

struct slice callback_state_oauth1(struct arena *a, struct slice token)
{
    unsigned char digest[DIGEST_SHA256_BYTES];
    digest_sha256(arena_join(a, (struct slice[]){LIT("oauth1 request token "), token}, 2), digest);
    return base64url_encode(a, (struct slice){(const char *)digest, sizeof digest});
}

/* RFC 5849 has no state: the answer is bound by its request token, which whoever says no brings under another name. */
static const struct err *read_token(struct arena *a, const struct descriptor *d, const struct form *form,
                                    struct callback_answer *c)
{
    struct slice denied = {0};
    const struct err *bad = take(a, form, LIT("oauth_token"), CALLBACK_CODE_MAX, &c->token);
    if (bad == NULL && d->callback.denied_param.len != 0)
        bad = take(a, form, d->callback.denied_param, CALLBACK_CODE_MAX, &denied);
    if (bad != NULL) return bad;
    c->denied = denied.at != NULL;
    if (c->token.len == 0) c->token = denied;
    if (c->token.len == 0) return err_new(a, PROBLEM_ATTEMPT_UNKNOWN, "the answer has no request token");
    c->state = callback_state_oauth1(a, c->token);
    return NULL;
}

static const struct err *read_state(struct arena *a, const struct descriptor *d, const struct form *form,
                                    struct callback_answer *c)
{
    if (d->protocol == PROTOCOL_OAUTH1) return read_token(a, d, form, c);
    const struct err *bad = take(a, form, LIT("state"), CALLBACK_STATE_MAX, &c->state);
    if (bad == NULL && c->state.len == 0) bad = err_new(a, PROBLEM_ATTEMPT_UNKNOWN, "the answer has no state");
    return bad;
}

/* ---- what the descriptor keeps beside ---- */

static void keep(struct doc *map, struct doc ***end, struct doc *value, struct slice name)
{
    value->key = name;
    value->next = NULL;
    **end = value;
    *end = &value->next;
    map->count++;
}

static const struct doc *read_params(struct arena *a, const struct descriptor_callback *c, const struct form *form)
{
    struct doc *map = arena_new(a, struct doc), **end = &map->first;
    map->type = DOC_MAP;
    for (size_t i = 0; i < c->param_count; i++) {
        struct slice value = {0};
        struct doc *d = NULL;
        const struct descriptor_callback_param *p = &c->params[i];
        if (take(a, form, p->name, CALLBACK_PARAM_MAX, &value) != NULL || value.len == 0 || !utf8_valid(value))
            continue;
        if (p->json && doc_json(a, PROBLEM_BAD_REQUEST, value, &d) != NULL) continue;
        if (!p->json) {
            d = arena_new(a, struct doc);
            *d = (struct doc){.type = DOC_STRING, .text = value};
        }
        keep(map, &end, d, p->name);
    }
    return map;
}

/* ---- code or error ---- */

static const struct err *read_rest(struct arena *a, const struct descriptor *d, const struct form *form,
                                   struct callback_answer *c)
{
    bool oauth1 = d->protocol == PROTOCOL_OAUTH1;
    const struct err *bad = take(a, form, oauth1 ? LIT("oauth_verifier") : LIT("code"), CALLBACK_CODE_MAX, &c->code);
    if (bad == NULL) bad = take(a, form, LIT("iss"), 1024, &c->iss);
    if (bad == NULL) bad = take_first(a, form, &d->callback.error, CALLBACK_ERROR_MAX, &c->error);
    if (bad == NULL)
        bad = take_first(a, form, &d->callback.error_description, CALLBACK_DESCRIPTION_MAX, &c->error_description);
    if (bad != NULL) return bad;
    if (!is_plain(c->code)) /* RFC 6749 appendix A.11 */
        return err_new(a, PROBLEM_BAD_REQUEST, "the code has a character that no code has");
    if (c->denied && c->error.len == 0) c->error = LIT("access_denied");
    if ((c->code.len != 0) == (c->error.len != 0))
        return err_new(a, PROBLEM_BAD_REQUEST, "the answer needs either a code or an error");
    for (size_t i = 0; i < d->callback.denied.count; i++)
        c->denied = c->denied || slice_is(d->callback.denied.at[i], c->error);
    c->denied = c->denied || slice_is(c->error, LIT("access_denied"));
    c->params = read_params(a, &d->callback, form);
    return NULL;
}

const struct err *callback_answer_read(struct arena *a, const struct descriptor *d, const struct form *form,
                                       struct callback_answer *ret_answer)
{
    *ret_answer = (struct callback_answer){.params = NULL};
    const struct err *bad = read_state(a, d, form, ret_answer);
    return bad != NULL ? bad : read_rest(a, d, form, ret_answer);
}

enum problem callback_answer_problem(const struct callback_answer *c)
{
    static const struct {
        struct slice error;
        enum problem problem;
    } errors[] = {
        {LIT_INIT("temporarily_unavailable"),   PROBLEM_PROVIDER_AWAY         },
        {LIT_INIT("server_error"),              PROBLEM_PROVIDER_AWAY         },
        {LIT_INIT("unauthorized_client"),       PROBLEM_PROVIDER_MISCONFIGURED},
        {LIT_INIT("invalid_client"),            PROBLEM_PROVIDER_MISCONFIGURED},
        {LIT_INIT("invalid_scope"),             PROBLEM_PROVIDER_MISCONFIGURED},
        {LIT_INIT("invalid_request"),           PROBLEM_PROVIDER_MISCONFIGURED},
        {LIT_INIT("redirect_uri_mismatch"),     PROBLEM_PROVIDER_MISCONFIGURED},
        {LIT_INIT("unsupported_response_type"), PROBLEM_PROVIDER_MISCONFIGURED},
    };
    if (c->denied) return PROBLEM_SIGN_IN_CANCELLED;
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
        if (slice_is(errors[i].error, c->error)) return errors[i].problem;
    return PROBLEM_PROVIDER_REFUSED;
}
