#include "base/err.h"

#include <string.h>

const struct err *err_make(struct arena *a, enum problem problem, const struct err *cause, const char *file, int line,
                           const char *format, ...)
{
    struct err *e = arena_new(a, struct err);
    va_list args;
    va_start(args, format);
    *e = (struct err){problem, arena_vprint(a, format, args), file, line, cause};
    va_end(args);
    return e;
}

struct slice err_story(struct arena *a, const struct err *e)
{
    struct slice story = e->text;
    for (e = e->cause; e != NULL; e = e->cause) {
        story = arena_print(a, "%.*s: %.*s", SLICE_ARG(story), SLICE_ARG(e->text));
    }
    return story;
}

static const char *base_name(const char *file)
{
    const char *slash = strrchr(file, '/');
    return slash != NULL ? slash + 1 : file;
}

struct slice err_places(struct arena *a, const struct err *e)
{
    struct slice places = arena_print(a, "%s:%d", base_name(e->file), e->line);
    for (e = e->cause; e != NULL; e = e->cause) {
        places = arena_print(a, "%s:%d < %.*s", base_name(e->file), e->line, SLICE_ARG(places));
    }
    return places;
}
