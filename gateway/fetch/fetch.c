/* fetch.c -- the workers' side: checks the question, hands it to the egress thread, brings the answer home.
 *
 * What cannot be asked is refused here at once: a URL that is none, plain http, a private host behind a proxy. The answer arrives as a
 * message to the asking loop, where it is copied into the flow's arena before the flow is woken.
 */
#include "fetch/fetch.h"

#include "fetch/curl_library.h"
#include "fetch/egress.h"
#include "fetch/guard.h"
#include "text/url.h"

struct fetch {
    struct egress *egress;
    char *proxy, *no_proxy, *ca_file; /* NULL: none, none, the system's */
};

static char *kept(const char *text)
{
    if (text == NULL || text[0] == '\0') return NULL;
    size_t bytes = strlen(text) + 1;
    return memcpy(must_alloc(bytes), text, bytes);
}

void fetch_prepare(void)
{
    curl_library_prepare();
}

void fetch_load(void)
{
    curl_library_load();
}

static void free_fetch(struct fetch *x)
{
    free(x->proxy);
    free(x->no_proxy);
    free(x->ca_file);
    free(x);
}

static bool is_proxy_url(struct slice s)
{
    return s.len == 0 || slice_starts(s, LIT("http://")) || slice_starts(s, LIT("https://"));
}

const struct err *fetch_open(struct arena *a, const struct fetch_conf *conf, struct fetch **ret_fetch)
{
    if (!is_proxy_url(slice_of(conf->proxy)))
        return err_new(a, PROBLEM_CONFIG, "the proxy must be http://host:port or https://host:port");
    struct fetch *x = must_alloc(sizeof *x);
    x->proxy = kept(conf->proxy);
    x->no_proxy = kept(conf->no_proxy);
    x->ca_file = kept(conf->ca_file);
    struct transfer_conf lent = {x->proxy, x->no_proxy, x->ca_file};
    x->egress = egress_open(&lent);
    if (x->egress == NULL) {
        free_fetch(x);
        return err_new(a, PROBLEM_INTERNAL, "the thread that asks providers could not be started");
    }
    *ret_fetch = x;
    return NULL;
}

void fetch_close(struct fetch *x)
{
    if (x == NULL) return;
    egress_close(x->egress);
    free_fetch(x);
}

/* ---- the answer's way home ---- */

static void fill_answer(struct question *q, struct arena *a)
{
    bool good = q->problem == PROBLEM_NONE;
    if (!good && q->reply.status == 0) return;
    struct fetch_answer answer = {.status = q->reply.status, .retry_after_s = q->reply.retry_after_s, .max_age_s = -1};
    for (size_t i = 0; i < FETCH_KEPT; i++)
        if (q->reply.kept[i].found) answer.kept[i] = arena_copy(a, slice_of(q->reply.kept[i].value));
    if (good) {
        answer.max_age_s = q->reply.max_age_s;
        answer.body = arena_copy(a, buf_slice(&q->reply.body));
        answer.content_type = q->reply.type_odd ? LIT("") : arena_copy(a, slice_of(q->reply.content_type));
    }
    *q->ret_answer = answer;
}

static void on_answer(struct loop_post *p)
{
    struct question *q = (struct question *)(void *)((char *)p - offsetof(struct question, post));
    struct flow *f = q->flow;
    if (f == NULL) {
        question_release(q);
        return;
    }
    fill_answer(q, f->arena);
    const struct err *why = q->problem == PROBLEM_NONE ? NULL : err_new(f->arena, q->problem, "%s", q->why);
    question_release(q);
    flow_wake(f, why);
}

static void cancel(void *pending)
{
    struct question *q = pending;
    q->flow = NULL;
    if (!question_hang_up(q)) return;
    if (!q->forgotten) egress_wake(q->fetch->egress);
    question_release(q);
}

/* ---- asking ---- */

static const struct err *check_url(struct arena *a, const struct fetch_ask *ask, struct url *ret_url)
{
    must(slice_is(ask->method, LIT("GET")) || slice_is(ask->method, LIT("POST")) || slice_is(ask->method, LIT("PUT")) ||
         slice_is(ask->method, LIT("DELETE")));
    must(ask->timeout_ms > 0 && ask->max_bytes > 0);
    const struct err *bad = url_read(a, ask->url, ret_url);
    if (bad != NULL) return err_as(a, PROBLEM_PROVIDER_MISCONFIGURED, bad, "a provider's URL cannot be asked");
    if (!ret_url->https && !ask->allow_http)
        return err_new(a, PROBLEM_PROVIDER_MISCONFIGURED, "http://%.*s is not asked: plain http needs allow_http",
                       SLICE_ARG(ret_url->host));
    return NULL;
}

static const struct err *check_proxied_host(struct arena *a, const struct fetch_ask *ask, const struct url *u)
{
    enum guard_place place = guard_host(u->host);
    if (place == GUARD_PUBLIC || (place == GUARD_PRIVATE && ask->allow_private)) return NULL;
    return err_new(a, PROBLEM_PROVIDER_MISCONFIGURED,
                   "%.*s is not a host of the public network; allow_private lets the provider have one",
                   SLICE_ARG(u->host));
}

enum flow_next fetch_ask(struct flow *f, struct fetch *x, struct loop *l, const struct fetch_ask *ask,
                         struct fetch_answer *ret_answer)
{
    struct url u;
    const struct err *bad = check_url(f->arena, ask, &u);
    if (bad != NULL) return flow_fail(f, bad);
    bool proxied = x->proxy != NULL && !guard_listed(slice_of(x->no_proxy), u.host);
    if (proxied) bad = check_proxied_host(f->arena, ask, &u);
    if (bad != NULL) return flow_fail(f, bad);

    struct slice origin = url_origin(f->arena, &u);
    struct question *q = question_open(
        ask, arena_print(f->arena, "%.*s %.*s%.*s", SLICE_ARG(ask->method), SLICE_ARG(origin), SLICE_ARG(u.path)));
    q->fetch = x;
    q->flow = f;
    q->ret_answer = ret_answer;
    q->loop = l;
    q->post.run = on_answer;
    q->through_proxy = proxied;
    if (egress_ask(x->egress, q, origin)) return flow_wait(f, q, cancel);
    question_release(q);
    question_release(q);
    return flow_fail(f, err_new(f->arena, PROBLEM_PROVIDER_AWAY,
                                "%.*s is not asked: too many questions are waiting for an answer already",
                                SLICE_ARG(origin)));
}

bool fetch_type_is(struct slice content_type, struct slice type)
{
    return reply_type_is(content_type, type);
}
