/* lifecycle.c -- a platform tells us that a person took back what they had allowed, or wants to be forgotten: PREFIX/deauthorize/ID and
 * PREFIX/data-deletion/ID, where the platform's file declares them (provider/descriptor.h: lifecycle).
 *
 *     read_request   one signed_request in a form
 *     verify         signature, age, whom it is about
 *     look_back      what was carried out before is answered as it was then, and ends nothing again         asks the store, waits
 *     note_begun     a deletion has a code from here on                                                    asks the store, waits
 *     erase          all sessions of the person with their tokens, on every replica                        asks the store, waits
 *     note_done                                                                                            asks the store, waits
 *     remember       last of all, for what failed half-way must be possible to repeat                       asks the store, waits
 *     say_done       deauthorize: 200; data deletion: where its state can be seen, and its code
 *
 * PREFIX/data-deletion/status?code= is for the person: what became of it. The store knows codes by their hashes, with a state, a time and the
 * provider's id; nothing of whom it was about is left, which is the point.
 */
#include "crypto/digest.h"
#include "crypto/random.h"
#include "login/ended.h"
#include "login/login.h"
#include "login/told.h"
#include "observe/metrics.h"
#include "provider/signed_request.h"
#include "text/encode.h"
#include "text/form.h"
#include "text/json.h"

#include "base/now.h"

enum {
    CODE_BYTES = 16,
    CODE_MAX = 64,
    ANSWER_MAX = 4096
};
static const int64_t state_kept_ms = (int64_t)90 * 86400 * 1000; /* people ask weeks later */

static struct metric told = {
    .name = "vestibule_lifecycle_requests_total",
    .help = "What platforms told of their people, by provider, kind and outcome.",
    .kind = METRIC_COUNTER,
    .labels = {"provider", "kind", "outcome"}
};

struct lifecycle {
    struct visit *v;
    const struct provider *provider;
    const struct descriptor_event *event;
    const char *kind; /* "deauthorize" or "data_deletion" */
    bool deletion;
    struct slice text, key, before, code;
    struct signed_request request;
    struct session_ids ended;
    bool put;
    struct flow flow;
};

static void count(const struct lifecycle *c, const char *outcome)
{
    const struct slice values[] = {c->provider->id, slice_of(c->kind), slice_of(outcome)};
    metric_add(metric_series(&told, values), 1);
}

static struct slice state_key(struct arena *a, struct slice code)
{
    unsigned char hash[DIGEST_SHA256_BYTES];
    digest_sha256(code, hash);
    struct slice text = base64url_encode(a, (struct slice){(const char *)hash, sizeof hash});
    return arena_join(a, (struct slice[]){LIT("d:"), text}, 2);
}

/* ---- the platform tells ---- */

static enum flow_next read_request(struct flow *f)
{
    struct lifecycle *c = f->self;
    const struct exchange *x = c->v->x;
    struct form form;
    if (told_by_browser(c->v) || visit_is_limited(c->v, LIMIT_AUTH_FAILURES, LIT(""))) return FLOW_DONE;
    if (!fetch_type_is(exchange_header(x, LIT("content-type")), LIT("application/x-www-form-urlencoded"))) {
        return flow_fail(f, err_new(f->arena, PROBLEM_BAD_REQUEST, "it is not a form by its media type"));
    }
    const struct err *e = form_read(f->arena, x->body, &form);
    if (e == NULL && form_single(&form, c->event->param, &c->text) != FORM_ONCE) {
        e = err_new(f->arena, PROBLEM_BAD_REQUEST, "the form needs one %.*s", SLICE_ARG(c->event->param));
    }
    return e != NULL ? flow_fail(f, err_as(f->arena, PROBLEM_BAD_REQUEST, e, "%s", c->kind)) : FLOW_NEXT;
}

static enum flow_next verify(struct flow *f)
{
    struct lifecycle *c = f->self;
    struct doc *payload = NULL;
    const struct err *e = signed_request_open(f->arena, c->provider->client_secret, c->text, &payload);
    if (e == NULL) e = signed_request_judge(f->arena, c->event, payload, now_s(), &c->request);
    return e != NULL ? flow_fail(f, e) : FLOW_NEXT;
}

static enum flow_next look_back(struct flow *f)
{
    struct lifecycle *c = f->self;
    c->key = told_key(f->arena, c->kind, c->provider->id, c->text);
    return store_get(f, c->v->store, c->key, &c->before);
}

static enum flow_next note(struct flow *f, const char *state)
{
    struct lifecycle *c = f->self;
    struct slice text = arena_print(f->arena, "%s %lld %.*s", state, (long long)now_s(), SLICE_ARG(c->provider->id));
    return store_put(f, c->v->store, state_key(f->arena, c->code), text, state_kept_ms, STORE_ALWAYS, &c->put);
}

static void answer(struct lifecycle *c)
{
    struct visit *v = c->v;
    struct arena *a = v->x->arena;
    if (!c->deletion) {
        respond_empty(&v->answer, 200);
        return;
    }
    AUTO(buf_close) struct buf text = buf_open(ANSWER_MAX);
    struct json j = json_into(&text);
    struct slice url = visit_url(v, LIT("/data-deletion/status?code="));
    json_open_object(&j, NULL);
    json_string(&j, "url", arena_join(a, (struct slice[]){url, c->code}, 2));
    json_string(&j, "confirmation_code", c->code);
    json_close_object(&j);
    respond_data(&v->answer, 200, LIT("application/json"), arena_copy(a, buf_slice(&text)));
}

static enum flow_next note_begun(struct flow *f)
{
    struct lifecycle *c = f->self;
    if (c->before.at != NULL) {
        c->code = c->before;
        count(c, "repeated");
        answer(c);
        return FLOW_DONE;
    }
    c->code = random_text(f->arena, CODE_BYTES);
    return c->deletion ? note(f, "begun") : FLOW_NEXT;
}

static enum flow_next erase(struct flow *f)
{
    struct lifecycle *c = f->self;
    const struct session_giving *giving = ended_giving(c->v, c->provider->id, c->request.subject);
    return session_revoke_person(f, c->v->sessions, c->provider->id, c->request.subject, (struct slice){NULL, 0},
                                 giving, &c->ended);
}

static enum flow_next note_done(struct flow *f)
{
    struct lifecycle *c = f->self;
    return c->deletion ? note(f, "done") : FLOW_NEXT;
}

static enum flow_next remember(struct flow *f)
{
    struct lifecycle *c = f->self;
    return store_put(f, c->v->store, c->key, c->code, told_left_ms(c->request.until_s), STORE_ALWAYS, &c->put);
}

/* One record that the platform spoke, and one for each session that ended. */
static void tell(const struct lifecycle *c, const struct err *why)
{
    struct audit_record r = visit_audit(c->v, why == NULL ? "lifecycle.told" : "lifecycle.refused");
    r.actor = c->provider->id;
    r.subject = c->request.subject;
    r.reason = slice_of(c->kind);
    r.why = why;
    records_audit(&r);
    if (why != NULL && why->problem == PROBLEM_BAD_REQUEST) visit_failed(c->v, c->v->conf->limits);
    count(c, why == NULL ? "success" : why->problem == PROBLEM_BAD_REQUEST ? "refused" : "failed");
    if (why == NULL) ended_tell(c->v, &c->ended, c->provider->id, c->request.subject, c->kind);
}

static enum flow_next say_done(struct flow *f)
{
    struct lifecycle *c = f->self;
    tell(c, NULL);
    answer(c);
    return FLOW_DONE;
}

static const struct flow_step steps[] = {
    {"lifecycle/read_request", read_request}, /* */
    {"lifecycle/verify",       verify      }, /* */
    {"lifecycle/look_back",    look_back   }, /* waits */
    {"lifecycle/note_begun",   note_begun  }, /* may wait */
    {"lifecycle/erase",        erase       }, /* waits */
    {"lifecycle/note_done",    note_done   }, /* may wait */
    {"lifecycle/remember",     remember    }, /* waits */
    {"lifecycle/say_done",     say_done    }, /* */
};

static void lifecycle_failed(struct visit *v, const struct err *why)
{
    tell(v->endpoint, why);
    told_refuse(v, why);
}

static enum flow_next begin(struct flow *f, struct visit *v, struct slice provider_id, bool deletion)
{
    const struct provider *p = visit_provider(v, provider_id);
    struct lifecycle *c = arena_new(f->arena, struct lifecycle);
    if (p == NULL) return flow_fail(f, err_new(f->arena, PROBLEM_NOT_FOUND, "no such provider"));
    const struct descriptor_lifecycle *both = &p->descriptor->lifecycle;
    *c = (struct lifecycle){.v = v,
                            .provider = p,
                            .event = deletion ? &both->data_deletion : &both->deauthorize,
                            .kind = deletion ? "data_deletion" : "deauthorize",
                            .deletion = deletion};
    if (!c->event->given)
        return flow_fail(f, err_new(f->arena, PROBLEM_NOT_FOUND, "this provider has no such callback"));
    v->provider = p->id;
    v->endpoint = c;
    v->failed = lifecycle_failed;
    return flow_call(f, &c->flow, steps, sizeof steps / sizeof steps[0], c);
}

enum flow_next login_deauthorize(struct flow *f, struct visit *v, struct slice provider_id)
{
    return begin(f, v, provider_id, false);
}

enum flow_next login_data_deletion(struct flow *f, struct visit *v, struct slice provider_id)
{
    return begin(f, v, provider_id, true);
}

/* ---- the person asks ---- */

struct status {
    struct visit *v;
    struct slice code, state;
    struct flow flow;
};

static enum flow_next ask_state(struct flow *f)
{
    struct status *s = f->self;
    struct form form;
    if (form_read(f->arena, s->v->x->query, &form) != NULL || form_single(&form, LIT("code"), &s->code) != FORM_ONCE ||
        s->code.len == 0 || s->code.len > CODE_MAX) {
        return flow_fail(f, err_new(f->arena, PROBLEM_NOT_FOUND, "there is no code in the address"));
    }
    return store_get(f, s->v->store, state_key(f->arena, s->code), &s->state);
}

static enum flow_next show_state(struct flow *f)
{
    struct status *s = f->self;
    struct visit *v = s->v;
    struct slice rest = s->state, word, when;
    uint64_t seconds = 0;
    char date[25];
    if (s->state.at == NULL || !slice_cut(&rest, ' ', &word) || !slice_cut(&rest, ' ', &when) ||
        !slice_number(when, &seconds)) {
        return flow_fail(f, err_new(f->arena, PROBLEM_NOT_FOUND, "no deletion has that code, or it was long ago"));
    }
    const struct provider *p = visit_provider(v, rest);
    struct view *view = view_new(f->arena);
    now_rfc3339((int64_t)seconds * 1000, date);
    view_flag(view, "done", slice_is(word, LIT("done")));
    view_text(view, "date", arena_copy(f->arena, slice_upto(slice_of(date), 10)));
    view_text(view, "provider", p != NULL ? p->name : rest);
    view_text(view, "confirmation", arena_copy(f->arena, s->code));
    view_text(view, "home", v->answer.home);
    const struct slice keep[] = {LIT("code="), percent_encode(f->arena, s->code), LIT("&")};
    view_text(view, "keep_query", arena_join(f->arena, keep, 3));
    respond_page(&v->answer, 200, PAGE_DELETION, view);
    return FLOW_DONE;
}

static const struct flow_step status_steps[] = {
    {"deletion/ask_state",  ask_state }, /* waits */
    {"deletion/show_state", show_state}, /* */
};

enum flow_next login_data_deletion_status(struct flow *f, struct visit *v)
{
    struct status *s = arena_new(f->arena, struct status);
    s->v = v;
    return flow_call(f, &s->flow, status_steps, sizeof status_steps / sizeof status_steps[0], s);
}
