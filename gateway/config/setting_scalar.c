/* setting_scalar.c -- see setting_scalar.h. */
#include "config/setting_scalar.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/value.h"
#include "text/nearest.h"
#include "text/url.h"

enum {
    SECRET_MAX = 8192, /* keys and passwords; a larger file is the wrong file */
    TEXT_MAX = 8192
};

bool setting_scalar_is(const struct doc *d)
{
    return d->type != DOC_LIST && d->type != DOC_MAP && d->type != DOC_NULL;
}

/* ---------------------------------------------------------------------------------------------- files */

static struct slice folder_of(const struct doc *d, const struct setting_folders *folders)
{
    if (d != NULL && d->line != 0 && d->file != NULL) {
        const char *slash = strrchr(d->file, '/');
        return slash == NULL ? LIT(".") : (struct slice){d->file, slash == d->file ? 1 : (size_t)(slash - d->file)};
    }
    return folders->beside != NULL ? slice_of(folders->beside) : LIT(".");
}

/* Relative names: among the credentials first, then beside the file that names it. */
static struct slice resolve(struct arena *a, const struct doc *d, struct slice name,
                            const struct setting_folders *folders)
{
    struct slice found;
    if (name.len > 0 && name.at[0] == '/') return arena_copy(a, name);
    if (folders->credentials != NULL) {
        found = arena_print(a, "%s/%.*s", folders->credentials, SLICE_ARG(name));
        if (access(found.at, F_OK) == 0) return found;
    }
    return arena_print(a, "%.*s/%.*s", SLICE_ARG(folder_of(d, folders)), SLICE_ARG(name));
}

/* The one that a service meets whose unit gives it a user of its own. */
static const char *cure(int why)
{
    return why == EACCES ? "; it must be this user's own, or a credential of the service (LoadCredential= in systemd)"
                         : "";
}

static bool read_small(int fd, char *to, size_t room, size_t *ret_len)
{
    size_t len = 0;
    for (ssize_t n; len < room && (n = read(fd, to + len, room - len)) != 0;) {
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return false;
        len += (size_t)n;
    }
    *ret_len = len;
    return true;
}

struct slice setting_scalar_secret_text(struct slice text)
{
    if (text.len > 0 && text.at[text.len - 1] == '\n') text.len--;
    if (text.len > 0 && text.at[text.len - 1] == '\r') text.len--;
    return text;
}

bool setting_scalar_secret_file(struct complaints *c, const struct doc *d, const struct setting_folders *folders,
                                struct secret *ret_secret)
{
    char bytes[SECRET_MAX + 1];
    size_t len = 0;
    struct stat st;
    struct slice path = resolve(c->arena, d, d->text, folders);
    int fd = open(path.at, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    bool fine = fd >= 0 && fstat(fd, &st) == 0 && read_small(fd, bytes, sizeof bytes, &len);
    int why = errno;
    if (fd >= 0) close(fd);
    if (!fine && why == ENOENT && folders->secrets_may_lack) {
        *ret_secret = secret_in(c->arena, LIT("it comes when the client is registered"));
        return true;
    }
    if (!fine) {
        complaint_at(c, COMPLAINT_ERROR, d, COMPLAINT_KEY, LIT(""), "cannot read %s: %s%s", path.at, strerror(why),
                     cure(why));
        return false;
    }
    len = setting_scalar_secret_text((struct slice){bytes, len}).len;
    if (len == 0 || len >= SECRET_MAX) {
        complaint_at(c, COMPLAINT_ERROR, d, COMPLAINT_KEY, LIT(""), "%s is %s", path.at,
                     len == 0 ? "empty" : "too large for a secret");
        explicit_bzero(bytes, sizeof bytes);
        return false;
    }
    if ((st.st_mode & S_IROTH) != 0) {
        complaint_at(c, COMPLAINT_WARNING, d, COMPLAINT_KEY, LIT(""),
                     "%s can be read by everybody on this machine: chmod 600", path.at);
    }
    *ret_secret = secret_in(c->arena, (struct slice){bytes, len});
    explicit_bzero(bytes, sizeof bytes);
    return true;
}

/* ---------------------------------------------------------------------------------------------- one value */

static bool in_words(const char *words, struct slice text, int64_t *ret_index)
{
    struct slice rest = slice_of(words), word;
    for (int64_t i = 0; slice_cut(&rest, ' ', &word); i++) {
        if (!slice_is(word, text)) continue;
        *ret_index = i;
        return true;
    }
    return false;
}

struct reading { /* one value on its way */
    struct complaints *c;
    const struct key *k;
    const struct doc *d;
    struct slice where;
};

static void wrong_word(const struct reading *r, struct slice text)
{
    struct slice rest = slice_of(r->k->words), word, list = {NULL, 0};
    struct nearest n = nearest_to(text);
    while (slice_cut(&rest, ' ', &word)) {
        nearest_try(&n, word);
        list = list.len == 0 ? word : arena_print(r->c->arena, "%.*s, %.*s", SLICE_ARG(list), SLICE_ARG(word));
    }
    const char *more = r->k->type == KEY_EITHER ? ", or lists of people" : "";
    complaint_at(r->c, COMPLAINT_ERROR, r->d, COMPLAINT_VALUE, nearest_found(&n),
                 "%.*s cannot be \"%.*s\"; it can be %.*s%s", SLICE_ARG(r->where), SLICE_ARG(text), SLICE_ARG(list),
                 more);
}

/* In the largest unit that fits. */
static struct slice limit_text(struct arena *a, enum key_type type, int64_t n)
{
    static const struct {
        const char *name;
        int64_t size;
    } units[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}},
      sizes[] = {{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1024}};
    bool duration = type == KEY_DURATION;
    size_t count = duration ? 5 : type == KEY_SIZE ? 3 : 0;
    for (size_t i = 0; n != 0 && i < count; i++) {
        int64_t size = duration ? units[i].size : sizes[i].size;
        if (n % size != 0) continue;
        return arena_print(a, "%lld%s", (long long)(n / size), duration ? units[i].name : sizes[i].name);
    }
    return arena_print(a, "%lld", (long long)n);
}

static bool within(const struct reading *r, enum key_type type, int64_t number)
{
    bool no_limits = r->k->least == 0 && r->k->most == 0;
    if (number >= r->k->least && (no_limits ? number >= 0 : number <= r->k->most)) return true;
    complaint_at(r->c, COMPLAINT_ERROR, r->d, COMPLAINT_VALUE, LIT(""), "%.*s must be between %.*s and %.*s",
                 SLICE_ARG(r->where), SLICE_ARG(limit_text(r->c->arena, type, r->k->least)),
                 SLICE_ARG(limit_text(r->c->arena, type, r->k->most)));
    return false;
}

static bool read_number(const struct reading *r, enum key_type type, struct slice text, int64_t *ret_number)
{
    int64_t number = 0;
    bool on = false, fine = false;
    if (type == KEY_SWITCH)
        fine = value_switch(text, &on);
    else if (type == KEY_DURATION)
        fine = value_duration(text, &number);
    else if (type == KEY_SIZE)
        fine = value_size(text, &number);
    else
        fine = value_integer(text, &number);
    if (!fine) {
        complaint_at(r->c, COMPLAINT_ERROR, r->d, COMPLAINT_VALUE, LIT(""), "%.*s cannot be \"%.*s\": write %s",
                     SLICE_ARG(r->where), SLICE_ARG(text), keys_type_words(type));
        return false;
    }
    *ret_number = type == KEY_SWITCH ? on : number;
    return type == KEY_SWITCH || within(r, type, number);
}

static bool read_file_name(const struct reading *r, const struct setting_folders *folders, enum key_type type,
                           struct slice *text)
{
    struct stat st;
    *text = resolve(r->c->arena, r->d, *text, folders);
    if (type == KEY_PATH) return true;
    bool there = stat(text->at, &st) == 0, folder = there && S_ISDIR(st.st_mode);
    if (there && access(text->at, R_OK) == 0 && !folder) return true;
    int why = folder ? EISDIR : errno;
    complaint_at(r->c, COMPLAINT_ERROR, r->d, COMPLAINT_VALUE, LIT(""), "%.*s: cannot read %s: %s%s",
                 SLICE_ARG(r->where), text->at, folder ? "it is a folder" : strerror(why), cure(why));
    return false;
}

static bool plain_text(const struct reading *r, struct slice text)
{
    bool fine = text.len <= TEXT_MAX;
    for (size_t i = 0; i < text.len; i++) {
        fine = fine && (unsigned char)text.at[i] >= 0x20 && text.at[i] != 0x7f;
    }
    if (fine) return true;
    complaint_at(r->c, COMPLAINT_ERROR, r->d, COMPLAINT_KEY, LIT(""),
                 "%.*s holds control characters or is longer than %d bytes", SLICE_ARG(r->where), TEXT_MAX);
    return false;
}

static bool read_shaped(const struct reading *r, enum key_type type, struct slice text)
{
    struct url u;
    const struct err *why = type == KEY_URL ? url_read(r->c->arena, text, &u) : NULL;
    bool fine = why == NULL && (type != KEY_ID || value_id(text)) && (type != KEY_HEADER || value_header_name(text));
    if (fine) return true;
    if (complaint_holds_password(text)) text = LIT("•••");
    struct slice story = why != NULL ? err_story(r->c->arena, why) : slice_of(keys_type_words(type));
    complaint_at(r->c, COMPLAINT_ERROR, r->d, COMPLAINT_VALUE, LIT(""), "%.*s cannot be \"%.*s\": %s%.*s",
                 SLICE_ARG(r->where), SLICE_ARG(text), why != NULL ? "" : "write ", SLICE_ARG(story));
    return false;
}

static bool read_value(const struct reading *r, enum key_type type, const struct setting_folders *folders,
                       struct setting *s)
{
    if (!plain_text(r, s->text)) return false;
    if (s->text.len == 0) {
        complaint_at(r->c, COMPLAINT_ERROR, r->d, COMPLAINT_KEY, LIT(""), "%.*s is empty", SLICE_ARG(r->where));
        return false;
    }
    switch (type) {
    case KEY_WORD:
        if (in_words(r->k->words, s->text, &s->number)) return true;
        wrong_word(r, s->text);
        return false;
    case KEY_SWITCH:
    case KEY_INTEGER:
    case KEY_DURATION:
    case KEY_SIZE: return read_number(r, type, s->text, &s->number);
    case KEY_FILE:
    case KEY_PATH: return read_file_name(r, folders, type, &s->text);
    case KEY_URL:
    case KEY_HEADER:
    case KEY_ID: return read_shaped(r, type, s->text);
    case KEY_TEXT:
    case KEY_SECRET:
    case KEY_LIST:
    case KEY_MAP:
    case KEY_SECTION:
    case KEY_EITHER:
    case KEY_ITEMS: break;
    }
    return true;
}

struct setting *setting_scalar(struct complaints *c, const struct key *k, enum key_type type, const struct doc *d,
                               struct slice text, struct slice where, const struct setting_folders *folders)
{
    struct setting *s = arena_new(c->arena, struct setting);
    struct reading r = {c, k, d, where};
    s->key = k;
    s->node = d;
    s->number = -1;
    if (d == NULL && text.len == 0) return s;
    s->text = arena_copy(c->arena, text);
    s->bad = !read_value(&r, type, folders, s);
    if (!s->bad || d == NULL || type != k->type) return s;
    /* go on with what would have been without it, so that the rest can be judged */
    struct setting *fallback = setting_scalar(c, k, type, NULL, slice_of(k->fallback), where, folders);
    fallback->node = d;
    fallback->bad = true;
    return fallback;
}
