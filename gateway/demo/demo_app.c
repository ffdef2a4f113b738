/* demo_app.c -- the demo application: shows what the gateway tells it. It stands for any backend, so it knows headers and nothing else. */
#include "demo/demo_state.h"
#include "text/encode.h"
#include "text/utf8.h"

enum {
    SHOWN_CHARACTERS = 4096
}; /* of one header's value or a form */

static bool is_identity(struct slice name)
{
    return slice_starts(name, LIT("x-auth-"));
}

/* x-auth-email -> X-Auth-Email, as people write it. */
static struct slice written(struct arena *a, struct slice name)
{
    char *out = arena_bytes(a, name.len + 1);
    for (size_t i = 0; i < name.len; i++) {
        bool first = i == 0 || name.at[i - 1] == '-';
        out[i] = first && name.at[i] >= 'a' && name.at[i] <= 'z' ? (char)(name.at[i] - 'a' + 'A') : name.at[i];
    }
    return (struct slice){out, name.len};
}

static void add_headers(const struct demo_ask *ask, struct view *v)
{
    for (size_t i = 0; i < ask->header_count; i++) {
        const struct header *h = &ask->headers[i];
        struct view *item = view_item(v, is_identity(h->name) ? "identity" : "headers");
        view_text(item, "name", written(ask->arena, h->name));
        view_text(item, "value", utf8_for_people(ask->arena, h->value, SHOWN_CHARACTERS));
    }
}

/* Only made readable; a real application would check the signature with the keys at PREFIX/jwks.json. */
static void add_assertion(const struct demo_ask *ask, struct view *v)
{
    struct slice rest = demo_header(ask, LIT("x-auth-assertion")), part = {0}, head = {0}, claims = {0};
    if (!slice_cut(&rest, '.', &part) || !base64url_decode(ask->arena, part, &head)) return;
    if (!slice_cut(&rest, '.', &part) || !base64url_decode(ask->arena, part, &claims)) return;
    view_flag(v, "assertion", true);
    view_text(v, "assertion_head", utf8_for_people(ask->arena, head, SHOWN_CHARACTERS));
    view_text(v, "assertion_claims", utf8_for_people(ask->arena, claims, SHOWN_CHARACTERS));
}

static bool is_in_group(const struct demo_ask *ask, struct slice wanted)
{
    struct slice groups = demo_header(ask, LIT("x-auth-groups")), group = {0};
    while (slice_cut(&groups, ',', &group)) {
        if (slice_is(slice_trim(group), wanted)) return true;
    }
    return false;
}

static struct slice user_of(const struct demo_ask *ask)
{
    static const struct slice names[] = {LIT_INIT("x-auth-name"), LIT_INIT("x-auth-email"), LIT_INIT("x-auth-user")};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct slice value = demo_header(ask, names[i]);
        if (value.len != 0) return utf8_for_people(ask->arena, value, 200);
    }
    return (struct slice){0};
}

static struct slice link(const struct demo *d, const struct demo_ask *ask, const char *page, struct slice back)
{
    return arena_print(ask->arena, "%.*s/%s?rd=%.*s", SLICE_ARG(d->conf.prefix), page,
                       SLICE_ARG(percent_encode(ask->arena, back)));
}

static void show(const struct demo *d, const struct demo_ask *ask, bool admin, struct demo_answer *to)
{
    struct view *v = view_new(ask->arena);
    view_text(v, "user", user_of(ask));
    view_flag(v, "ops", is_in_group(ask, LIT("ops")));
    view_flag(v, "admin", admin);
    view_text(v, "account", link(d, ask, "account", LIT("/")));
    view_text(v, "sign_out", link(d, ask, "sign-out", LIT("/")));
    view_text(v, "sign_in", link(d, ask, "sign-in", ask->path));
    view_text(v, "path", arena_print(ask->arena, "%.*s %.*s", SLICE_ARG(ask->method), SLICE_ARG(ask->path)));
    if (slice_is(ask->method, LIT("POST"))) {
        view_flag(v, "posted", true);
        view_text(v, "posted_body",
                  utf8_for_people(ask->arena, slice_upto(ask->body, SHOWN_CHARACTERS), SHOWN_CHARACTERS));
    }
    add_headers(ask, v);
    add_assertion(ask, v);
    demo_page(d, ask, 200, PAGE_DEMO_APP, v, to);
}

/* The gateway's rules keep others out; an application that can check, checks. */
static void refuse(const struct demo *d, const struct demo_ask *ask, struct demo_answer *to)
{
    struct view *v = view_new(ask->arena);
    view_text(v, "who", user_of(ask));
    view_text(v, "home", LIT("/"));
    demo_page(d, ask, 403, PAGE_NO_ACCESS, v, to);
}

void demo_app_answer(struct demo *d, const struct demo_ask *ask, struct demo_answer *to)
{
    bool get = slice_is(ask->method, LIT("GET")) || slice_is(ask->method, LIT("HEAD"));
    bool admin = slice_is(ask->path, LIT("/admin")) || slice_starts(ask->path, LIT("/admin/"));
    if (!get && !slice_is(ask->method, LIT("POST")))
        demo_method(to, LIT("GET, HEAD, POST"));
    else if (get && slice_starts(ask->path, LIT("/assets/")))
        demo_asset(d, slice_from(ask->path, 8), to);
    else if (admin && !is_in_group(ask, LIT("ops")))
        refuse(d, ask, to);
    else
        show(d, ask, admin, to);
}
