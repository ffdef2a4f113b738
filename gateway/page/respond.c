#include "page/respond.h"

#include "page/page_headers.h"
#include "page/problem_json.h"
#include "text/encode.h"

#include "base/buf.h"

static void common_headers(const struct responder *by)
{
    struct exchange *x = by->x;
    exchange_add(x, LIT("cache-control"), LIT("no-store"));
    exchange_add(x, LIT("referrer-policy"), LIT("no-referrer"));
    exchange_add(x, LIT("x-content-type-options"), LIT("nosniff"));
    if (by->request_id.len != 0) exchange_add(x, LIT("x-request-id"), by->request_id);
    if (by->hsts_s > 0) {
        exchange_add(x, LIT("strict-transport-security"), arena_print(x->arena, "max-age=%lld", (long long)by->hsts_s));
    }
}

static void page_headers(const struct responder *by)
{
    struct exchange *x = by->x;
    common_headers(by);
    struct slice policy = by->wants == WANTS_FRAME ? page_csp_framed : page_csp;
    if (by->form_action.len != 0) {
        const struct slice parts[] = {page_csp_with_form_action, by->form_action};
        policy = arena_join(x->arena, parts, 2);
    }
    if (by->elsewhere.len != 0) {
        const struct slice *gap = page_csp_elsewhere;
        const struct slice parts[] = {gap[0], by->elsewhere, gap[1], by->elsewhere, gap[2]};
        policy = arena_join(x->arena, parts, 5);
    }
    exchange_add(x, LIT("content-security-policy"), policy);
    exchange_add(x, LIT("cross-origin-opener-policy"), LIT("same-origin"));
    exchange_add(x, LIT("content-type"), LIT("text/html; charset=utf-8"));
    exchange_add(x, LIT("content-language"), by->language);
}

void respond_page(const struct responder *by, int status, enum page_kind kind, const struct view *v)
{
    page_headers(by);
    exchange_reply(by->x, status, pages_render(by->pages, by->x->arena, kind, by->language, v));
}

void respond_redirect(const struct responder *by, int status, struct slice location)
{
    common_headers(by);
    exchange_add(by->x, LIT("location"), location);
    exchange_reply(by->x, status, LIT(""));
}

void respond_onward(const struct responder *by, struct slice location)
{
    enum {
        ONWARD_MAX = 32 * 1024 /* a location is at most 2 KiB, and escaped at most six times as long */
    };
    struct exchange *x = by->x;
    AUTO(buf_close) struct buf page = buf_open(ONWARD_MAX);
    buf_add(&page, LIT("<!doctype html><meta charset=\"utf-8\"><title>...</title><a href=\""));
    html_escape(&page, location);
    buf_add(&page, LIT("\">...</a>\n"));
    page_headers(by);
    const struct slice parts[] = {LIT("0; url="), location};
    exchange_add(x, LIT("refresh"), arena_join(x->arena, parts, 2));
    exchange_reply(x, 200, arena_copy(x->arena, buf_slice(&page)));
}

void respond_data(const struct responder *by, int status, struct slice type, struct slice body)
{
    common_headers(by);
    exchange_add(by->x, LIT("content-type"), type);
    exchange_reply(by->x, status, body);
}

void respond_empty(const struct responder *by, int status)
{
    common_headers(by);
    exchange_reply(by->x, status, LIT(""));
}

struct slice respond_reference(struct arena *a, struct slice request_id)
{
    AUTO(buf_close) struct buf text = buf_open(64);
    for (size_t i = 0; i < request_id.len; i++) {
        if (i != 0 && i % 4 == 0) buf_byte(&text, '-');
        buf_byte(&text, request_id.at[i]);
    }
    return arena_copy(a, buf_slice(&text));
}

static enum page_kind page_of(enum problem problem, enum wants wants)
{
    if (problem == PROBLEM_NO_ACCESS) return PAGE_NO_ACCESS;
    if (problem == PROBLEM_SESSION_ENDED) return PAGE_SESSION_ENDED;
    if (problem == PROBLEM_SIGN_IN_REQUIRED && wants == WANTS_PAGE) return PAGE_SESSION_ENDED;
    return PAGE_ERROR;
}

static void problem_page(const struct responder *by, enum problem problem, int64_t retry_after_s)
{
    struct arena *a = by->x->arena;
    struct view *v = view_new(a);
    int status = problem_status(problem);
    view_text(v, "status", arena_print(a, "%d", status));
    view_text(v, "code", problem_word(problem));
    view_text(v, "problem_title", pages_problem_title(by->pages, by->language, problem));
    view_text(v, "problem_advice", pages_problem_advice(by->pages, by->language, problem));
    view_text(v, "reference", respond_reference(a, by->request_id));
    view_text(v, "home", by->home);
    view_text(v, "sign_in", by->sign_in);
    view_text(v, "switch_account", by->switch_account);
    if (status >= 500) view_text(v, "back", by->back);
    view_flag(v, "nobody", status == 401);
    view_text(v, "who", by->who);
    view_flag(v, "framed", by->wants == WANTS_FRAME);
    if (retry_after_s > 0) view_text(v, "retry_after", arena_print(a, "%lld", (long long)retry_after_s));
    respond_page(by, status, page_of(problem, by->wants), v);
}

static void problem_document(const struct responder *by, enum problem problem, int64_t retry_after_s)
{
    int status = problem_status(problem);
    const struct problem_details d = {.problem = problem,
                                      .language = by->language,
                                      .request_id = by->request_id,
                                      .sign_in = status == 401 ? by->sign_in : LIT(""),
                                      .retry_after_s = retry_after_s};
    respond_data(by, status, LIT("application/problem+json"), problem_json(by->pages, by->x->arena, &d));
}

void respond_problem(const struct responder *by, enum problem problem, int64_t retry_after_s)
{
    struct exchange *x = by->x;
    int status = problem_status(problem);
    if (retry_after_s > 0) {
        exchange_add(x, LIT("retry-after"), arena_print(x->arena, "%lld", (long long)retry_after_s));
    }
    if (by->wants == WANTS_BARE) {
        respond_empty(by, status);
        return;
    }
    /* RFC 6750 section 3: without credentials, the scheme alone and no error code */
    if (status == 401 && !by->challenged) exchange_add(x, LIT("www-authenticate"), LIT("Bearer"));
    if (by->wants == WANTS_JSON) {
        problem_document(by, problem, retry_after_s);
        return;
    }
    problem_page(by, problem, retry_after_s);
}
