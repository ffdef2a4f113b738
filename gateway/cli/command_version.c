/* command_version.c -- our version, and the library files this process has really loaded (their headers belong to other modules). */
#include <limits.h>
#include <link.h>

#include "cli/commands.h"
#include "fetch/fetch.h"
#include "text/json.h"

enum {
    TEXT_MAX = 64 * 1024
};

struct listing {
    struct json j;
    struct buf *to;
    bool as_json;
};

static bool is_interesting(struct slice name)
{
    static const struct slice names[] = {
        LIT_INIT("libh2o"),  LIT_INIT("libcurl"), LIT_INIT("libhiredis"), LIT_INIT("libjansson"), LIT_INIT("libjwt"),
        LIT_INIT("libyaml"), LIT_INIT("libpsl"),  LIT_INIT("libssl"),     LIT_INIT("libcrypto"),  LIT_INIT("libc.")};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (slice_starts(name, names[i])) return true;
    }
    return false;
}

/* "libcurl.so.4" is a link; the file behind it bears the version. */
static int one(struct dl_phdr_info *info, size_t size, void *self)
{
    struct listing *l = self;
    char real[PATH_MAX];
    (void)size;
    if (info->dlpi_name == NULL || realpath(info->dlpi_name, real) == NULL) return 0;
    const char *slash = strrchr(real, '/');
    struct slice file = slice_of(slash != NULL ? slash + 1 : real);
    if (!is_interesting(file)) return 0;
    if (l->as_json)
        json_string(&l->j, NULL, file);
    else
        buf_print(l->to, "  %.*s\n", SLICE_ARG(file));
    return 0;
}

int command_version(const struct command_line *line)
{
    struct buf out = buf_open(TEXT_MAX);
    struct listing l = {json_into(&out), &out, command_json(line)};
    if (l.as_json) {
        json_open_object(&l.j, NULL);
        json_string(&l.j, "version", LIT(VESTIBULE_VERSION));
        json_string(&l.j, "compiler", LIT(__VERSION__));
        json_open_list(&l.j, "libraries");
    } else {
        buf_add(&out, LIT("vestibule " VESTIBULE_VERSION "\n"));
    }
    fetch_load();
    dl_iterate_phdr(one, &l);
    if (l.as_json) {
        json_close_list(&l.j);
        json_close_object(&l.j);
        buf_byte(&out, '\n');
    }
    command_out(&out);
    buf_close(&out);
    return EXIT_FINE;
}
