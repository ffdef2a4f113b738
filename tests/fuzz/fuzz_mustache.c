/* fuzz_mustache.c -- any text as a template with one partial and one text, compiled with and without the check of where values stand. In what
 * passed the check no value can leave its place: the mark inside the values never comes out unescaped. */
#include "fuzz.h"
#include "page/mustache.h"
#include "page/view.h"

static bool part(void *self, struct slice name, struct mustache_source *ret_source)
{
    (void)self;
    *ret_source =
        (struct mustache_source){.file = "p", .line = 1, .text = LIT("<b title=\"{{v}}\">{{#l}}{{>q}}{{/l}}</b>")};
    if (slice_is(name, LIT("q"))) ret_source->text = LIT("{{.}}\n");
    return slice_is(name, LIT("p")) || slice_is(name, LIT("q"));
}

static bool text(void *self, struct slice key, bool plain, struct mustache_source *ret_source)
{
    (void)self;
    *ret_source =
        (struct mustache_source){.file = "t", .line = 1, .text = plain ? LIT("t {{v}}") : LIT("<bdi>{{v}}</bdi>")};
    return slice_is(key, LIT("k"));
}

static const struct view *values(struct arena *a)
{
    static const struct slice evil = LIT_INIT("\"'><!--!");
    struct view *v = view_new(a);
    view_text(v, "v", evil);
    view_text(v, "u", LIT("javascript:alert(1)"));
    view_flag(v, "f", true);
    view_text(view_item(v, "l"), ".", evil);
    view_text(view_item(v, "l"), "v", evil);
    view_text(view_section(v, "m"), "v", evil);
    return v;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 8 * 1024) return 0;
    AUTO(arena_closep) struct arena *a = arena_open(64 << 20);
    const struct mustache_names names = {.partial = part, .text = text};
    const struct mustache_source source = {"fuzz.html", 1, fuzz_slice(data, size)};
    for (int html = 0; html < 2; html++) {
        const struct mustache *t = NULL;
        const struct err *e = mustache_compile(a, a, &source, &names, html != 0, &t);
        must((e == NULL) == (t != NULL) && (e == NULL || e->problem == PROBLEM_CONFIG));
        if (e != NULL) continue;
        AUTO(buf_close) struct buf out = buf_open(1 << 20);
        mustache_render(t, values(a), NULL, &out);
        must(slice_find(source.text, LIT("\"'><!--!")) != SLICE_NONE ||
             slice_find(buf_slice(&out), LIT("\"'><!--!")) == SLICE_NONE);
    }
    return 0;
}
