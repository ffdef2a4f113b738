/* demo_authorize.c -- the demo provider's question "who are you?" and its answer to the client (RFC 6749 section 4.1, RFC 7636, RFC 9207).
 *
 * As a real provider does: a wrong client or redirect_uri is told to the person and never redirected; every other mistake goes back to the
 * client. The form posts to the same address with the same query, which is judged again: nothing is remembered in between.
 */
#include "crypto/random.h"
#include "demo/demo_state.h"
#include "page/letter.h"
#include "text/encode.h"
#include "text/url.h"

#include "base/now.h"

struct authorize {
    struct form query;
    struct slice state, nonce, challenge;
};

static struct slice field(const struct form *f, const char *name)
{
    struct slice value = {0};
    return form_single(f, slice_of(name), &value) == FORM_ONCE ? value : (struct slice){0};
}

static bool has_word(struct slice list, struct slice word)
{
    struct slice item = {0};
    while (slice_cut(&list, ' ', &item)) {
        if (slice_is(item, word)) return true;
    }
    return false;
}

static void show_refusal(struct demo *d, const struct demo_ask *ask, const char *error, const char *why,
                         struct demo_answer *to)
{
    struct view *v = view_new(ask->arena);
    view_flag(v, "refused", true);
    view_text(v, "refused_error", slice_of(error));
    view_text(v, "refused_why", slice_of(why));
    demo_page(d, ask, 400, PAGE_DEMO_PROVIDER, v, to);
}

/* Back to the client with code or error, and always state and iss. */
static void send_back(const struct demo *d, const struct demo_ask *ask, const struct authorize *q, const char *name,
                      struct slice value, const char *description, struct demo_answer *to)
{
    AUTO(buf_close) struct buf query = buf_open(32 * 1024);
    form_add(&query, slice_of(name), value);
    if (description != NULL) form_add(&query, LIT("error_description"), slice_of(description));
    if (q->state.len != 0) form_add(&query, LIT("state"), q->state);
    form_add(&query, LIT("iss"), d->conf.issuer);
    struct slice text = arena_copy(ask->arena, buf_slice(&query));
    demo_redirect(to, url_with_query(ask->arena, d->conf.redirect_uri, text));
}

static const char *twice(const struct form *f)
{
    static const char *const names[] = {"client_id", "redirect_uri", "response_type",  "scope",
                                        "state",     "nonce",        "code_challenge", "code_challenge_method",
                                        "prompt",    "response_mode"};
    struct slice ignored = {0};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (form_single(f, slice_of(names[i]), &ignored) == FORM_TWICE) return names[i];
    }
    return NULL;
}

/* What is wrong with the request, as an error for the client; NULL if nothing. */
static const char *judge(const struct authorize *q, const char **ret_why)
{
    const struct form *f = &q->query;
    *ret_why = "response_type must be code";
    if (!slice_is(field(f, "response_type"), LIT("code"))) return "unsupported_response_type";
    struct slice mode = field(f, "response_mode");
    *ret_why = "response_mode can only be query";
    if (mode.len != 0 && !slice_is(mode, LIT("query"))) return "invalid_request";
    *ret_why = "scope must hold openid";
    if (!has_word(field(f, "scope"), LIT("openid"))) return "invalid_scope";
    *ret_why = "PKCE with S256 is required";
    if (!slice_is(field(f, "code_challenge_method"), LIT("S256"))) return "invalid_request";
    if (q->challenge.len != DEMO_SECRET_CHARACTERS) return "invalid_request";
    *ret_why = "nonce is too long";
    if (q->nonce.len > DEMO_NONCE_MAX) return "invalid_request";
    *ret_why = "nobody is signed in";
    if (has_word(field(f, "prompt"), LIT("none"))) return "login_required";
    *ret_why = NULL;
    return NULL;
}

struct demo_grant *demo_grant_new(struct demo *d, struct arena *a)
{
    struct demo_grant *g = &d->grants[d->next_grant];
    d->next_grant = (d->next_grant + 1) % DEMO_GRANTS;
    *g = (struct demo_grant){.made_s = now_s(), .has_code = true};
    struct slice code = random_text(a, 32);
    must(code.len == sizeof g->code);
    memcpy(g->code, code.at, sizeof g->code);
    return g;
}

static void grant(struct demo *d, const struct demo_ask *ask, const struct authorize *q,
                  const struct demo_person *person, struct demo_answer *to)
{
    struct demo_grant *g = demo_grant_new(d, ask->arena);
    g->person = person;
    memcpy(g->challenge, q->challenge.at, sizeof g->challenge);
    if (q->nonce.len != 0) memcpy(g->nonce, q->nonce.at, q->nonce.len);
    g->nonce_len = q->nonce.len;
    send_back(d, ask, q, "code", (struct slice){g->code, sizeof g->code}, NULL, to);
}

static void show_people(struct demo *d, const struct demo_ask *ask, struct demo_answer *to)
{
    struct view *v = view_new(ask->arena);
    view_flag(v, "asking", true);
    view_text(v, "client", d->conf.app_origin);
    view_text(v, "action", arena_print(ask->arena, "/authorize?%.*s", SLICE_ARG(ask->query)));
    for (size_t i = 0; i < demo_people_count; i++) {
        const struct demo_person *p = &demo_people[i];
        struct view *item = view_item(v, "people");
        bool ops = p->group_count != 0 && slice_is(p->groups[0], LIT("ops"));
        view_text(item, "id", p->id);
        view_text(item, "name", p->name);
        view_text(item, "email", p->email);
        view_text(item, "letter", letter_of(p->name));
        view_flag(item, "note_ops", ops);
        view_flag(item, "note_staff", p->group_count != 0 && !ops && p->email_verified);
        view_flag(item, "note_unverified", !p->email_verified);
        view_flag(item, "note_refused", p->group_count == 0);
    }
    demo_page(d, ask, 200, PAGE_DEMO_PROVIDER, v, to);
}

static void answer_person(struct demo *d, const struct demo_ask *ask, const struct authorize *q, struct demo_answer *to)
{
    struct form form = {0};
    struct slice chosen = {0};
    if (form_read(ask->arena, ask->body, &form) == NULL) chosen = field(&form, "person");
    const struct demo_person *person = demo_person_find(chosen);
    if (person != NULL) {
        grant(d, ask, q, person, to);
    } else if (slice_is(chosen, LIT("cancel"))) {
        send_back(d, ask, q, "error", LIT("access_denied"), "The person pressed cancel.", to);
    } else if (slice_is(chosen, LIT("fail"))) {
        send_back(d, ask, q, "error", LIT("server_error"), "The person asked for a failure.", to);
    } else {
        show_refusal(d, ask, "invalid_request", "There is nobody of this name.", to);
    }
}

void demo_authorize_answer(struct demo *d, const struct demo_ask *ask, struct demo_answer *to)
{
    struct authorize q = {0};
    if (form_read(ask->arena, ask->query, &q.query) != NULL || twice(&q.query) != NULL) {
        show_refusal(d, ask, "invalid_request", "The query cannot be read, or a parameter appears twice.", to);
        return;
    }
    if (!slice_is(field(&q.query, "client_id"), d->conf.client_id)) {
        show_refusal(d, ask, "unauthorized_client", "The client_id is unknown.", to);
        return;
    }
    if (!slice_is(field(&q.query, "redirect_uri"), d->conf.redirect_uri)) {
        show_refusal(d, ask, "invalid_request", "The redirect_uri is not registered for this client.", to);
        return;
    }
    q.state = field(&q.query, "state");
    q.nonce = field(&q.query, "nonce");
    q.challenge = field(&q.query, "code_challenge");
    const char *why = NULL;
    const char *error = judge(&q, &why);
    if (error != NULL)
        send_back(d, ask, &q, "error", slice_of(error), why, to);
    else if (slice_is(ask->method, LIT("POST")))
        answer_person(d, ask, &q, to);
    else
        show_people(d, ask, to);
}
