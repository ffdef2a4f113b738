/* signing_folder.c -- reads and writes the folder through one descriptor, so that it cannot be exchanged on the way. */
#include "crypto/signing_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/secret.h"
#include "text/encode.h"
#include "text/json.h"

#include "base/buf.h"

enum {
    LIST_BYTES = 16 * 1024, /* 32 entries of some 150 bytes */
    KEY_BYTES = 4096,
    NAME_BYTES = 64
};
#define LIST_FILE  "keys.json"
#define NEW_SUFFIX ".new"

bool signing_entry_is_next(const struct signing_entry *e)
{
    return e->active_s == 0 && e->retired_s == 0;
}

bool signing_entry_is_current(const struct signing_entry *e)
{
    return e->active_s != 0 && e->retired_s == 0;
}

static const struct err *cannot(struct arena *a, const char *verb, const char *folder, const char *name)
{
    return err_new(a, PROBLEM_CONFIG, "cannot %s %s/%s: %s", verb, folder, name, strerror(errno));
}

static bool is_private(const struct stat *s)
{
    return (s->st_mode & (S_IRWXO | S_IWGRP)) == 0;
}

/* ---- one file ---- */

static const struct err *read_into(struct arena *a, const struct signing_folder *f, int fd, const char *name,
                                   size_t max, struct secret *ret_content)
{
    struct stat s;
    if (fstat(fd, &s) != 0 || !S_ISREG(s.st_mode))
        return err_new(a, PROBLEM_CONFIG, "%s/%s is not a plain file", f->path, name);
    if (!is_private(&s))
        return err_new(a, PROBLEM_CONFIG, "%s/%s may be used by others; run: chmod 600 %s/%s", f->path, name, f->path,
                       name);
    if (s.st_size <= 0 || (uint64_t)s.st_size > max)
        return err_new(a, PROBLEM_CONFIG, "%s/%s is empty or longer than %zu bytes", f->path, name, max);
    struct secret content = {must_alloc((size_t)s.st_size), (size_t)s.st_size};
    ssize_t n = pread(fd, content.at_, content.len_, 0);
    bool whole = n >= 0 && (size_t)n == content.len_;
    if (whole) *ret_content = secret_in(a, secret_reveal(content));
    secret_close(&content);
    return whole ? NULL : err_new(a, PROBLEM_CONFIG, "%s/%s cannot be read whole", f->path, name);
}

static const struct err *read_file(struct arena *a, const struct signing_folder *f, const char *name, size_t max,
                                   struct secret *ret_content)
{
    int fd = openat(f->fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) return cannot(a, "open", f->path, name);
    const struct err *why = read_into(a, f, fd, name, max, ret_content);
    close(fd);
    return why;
}

static bool write_whole(int fd, struct slice content)
{
    while (content.len != 0) {
        ssize_t n = write(fd, content.at, content.len);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        content = slice_from(content, (size_t)n);
    }
    return fsync(fd) == 0;
}

/* An operator who rotates as root writes for the gateway, whose folder it is: it must be able to read what is there at its next start.
 * Where root may not give files away it is root who serves.
 */
static void give_to_owner(const struct signing_folder *f, int fd)
{
    struct stat s;
    if (geteuid() != 0 || fstat(f->fd, &s) != 0 || s.st_uid == 0) return;
    (void)!fchown(fd, s.st_uid, s.st_gid);
}

/* Written beside, made durable, then renamed over the old one. */
static const struct err *write_file(struct arena *a, const struct signing_folder *f, const char *name,
                                    struct slice content)
{
    const char *fresh = arena_print(a, "%s" NEW_SUFFIX, name).at;
    if (unlinkat(f->fd, fresh, 0) != 0 && errno != ENOENT) return cannot(a, "replace", f->path, fresh);
    int fd = openat(f->fd, fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return cannot(a, "write", f->path, fresh);
    give_to_owner(f, fd);
    bool good = write_whole(fd, content);
    const struct err *why = good ? NULL : cannot(a, "write", f->path, fresh);
    close(fd);
    if (why != NULL) return why;
    if (renameat(f->fd, fresh, f->fd, name) != 0 || fsync(f->fd) != 0) return cannot(a, "rename", f->path, fresh);
    return NULL;
}

static const char *pem_name(struct arena *a, const char *kid)
{
    return arena_print(a, "%s.pem", kid).at;
}

/* ---- keys.json ---- */

static bool is_time(const struct doc *d)
{
    return d != NULL && d->type == DOC_INT && d->integer >= 0;
}

/* A kid becomes a file name: only a thumbprint may. */
static bool is_kid(struct arena *a, struct slice kid)
{
    struct slice raw;
    return kid.len == SIGNING_FOLDER_KID_CHARS && base64url_decode(a, kid, &raw) && raw.len == 32;
}

static bool read_entry(struct arena *a, const struct doc *d, struct signing_entry *to)
{
    const struct doc *created = doc_member(d, LIT("created_s"));
    const struct doc *active = doc_member(d, LIT("active_s"));
    const struct doc *retired = doc_member(d, LIT("retired_s"));
    struct slice kid = doc_string(d, LIT("kid"));
    if (!is_kid(a, kid) || !is_time(created) || !is_time(active) || !is_time(retired)) return false;
    *to = (struct signing_entry){
        .created_s = created->integer, .active_s = active->integer, .retired_s = retired->integer};
    memcpy(to->kid, kid.at, SIGNING_FOLDER_KID_CHARS);
    return true;
}

static const struct err *judge(struct arena *a, const struct signing_folder *f)
{
    size_t next = 0, current = 0;
    for (size_t i = 0; i < f->count; i++) {
        next += signing_entry_is_next(&f->entries[i]) ? 1 : 0;
        current += signing_entry_is_current(&f->entries[i]) ? 1 : 0;
    }
    if (next == 1 && current == 1) return NULL;
    return err_new(a, PROBLEM_CONFIG, "%s/" LIST_FILE " must name one current and one next key", f->path);
}

static const struct err *read_list(struct arena *a, struct signing_folder *f)
{
    struct secret text;
    struct doc *root;
    const struct err *why = read_file(a, f, LIST_FILE, LIST_BYTES, &text);
    if (why == NULL) why = doc_json(a, PROBLEM_CONFIG, secret_reveal(text), &root);
    if (why != NULL) return err_over(a, why, "signing keys");
    const struct doc *keys = doc_member(root, LIT("keys"));
    if (keys == NULL || keys->type != DOC_LIST || keys->count > SIGNING_FOLDER_KEYS)
        return err_new(a, PROBLEM_CONFIG, "%s/" LIST_FILE " lists no keys, or too many", f->path);
    for (const struct doc *d = keys->first; d != NULL; d = d->next) {
        if (!read_entry(a, d, &f->entries[f->count]))
            return err_new(a, PROBLEM_CONFIG, "%s/" LIST_FILE ": entry %zu is not whole", f->path, f->count + 1);
        f->count++;
    }
    return judge(a, f);
}

const struct err *signing_folder_save(struct arena *a, const struct signing_folder *f)
{
    struct buf text = buf_open(LIST_BYTES);
    struct json j = json_into(&text);
    json_open_object(&j, NULL);
    json_open_list(&j, "keys");
    for (size_t i = 0; i < f->count; i++) {
        const struct signing_entry *e = &f->entries[i];
        json_open_object(&j, NULL);
        json_string(&j, "kid", slice_of(e->kid));
        json_number(&j, "created_s", e->created_s);
        json_number(&j, "active_s", e->active_s);
        json_number(&j, "retired_s", e->retired_s);
        json_close_object(&j);
    }
    json_close_list(&j);
    json_close_object(&j);
    buf_byte(&text, '\n');
    must(!text.full);
    const struct err *why = write_file(a, f, LIST_FILE, buf_slice(&text));
    buf_close(&text);
    return why;
}

/* ---- the folder ---- */

static bool ends_with(const char *name, struct slice tail)
{
    return slice_ends(slice_of(name), tail);
}

static bool is_named(const struct signing_folder *f, const char *file)
{
    for (size_t i = 0; i < f->count; i++) {
        size_t len = strlen(f->entries[i].kid);
        if (strncmp(f->entries[i].kid, file, len) == 0 && strcmp(file + len, ".pem") == 0) return true;
    }
    return false;
}

static bool is_left_over(const struct signing_folder *f, const char *file)
{
    if (ends_with(file, LIT(NEW_SUFFIX))) return true;
    return ends_with(file, LIT(".pem")) && !is_named(f, file);
}

/* Visits the folder; removes left-overs if asked to. Returns how many .pem files there are that no entry names. */
static size_t visit(const struct signing_folder *f, bool clean)
{
    size_t strangers = 0;
    int fd = openat(f->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (dir == NULL) {
        if (fd >= 0) close(fd);
        return 0;
    }
    for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
        if (!is_left_over(f, e->d_name)) continue;
        strangers += ends_with(e->d_name, LIT(".pem")) ? 1 : 0;
        if (clean) (void)unlinkat(f->fd, e->d_name, 0);
    }
    closedir(dir);
    return strangers;
}

void signing_folder_sweep(const struct signing_folder *f)
{
    (void)visit(f, true);
}

static const struct err *look_at(struct arena *a, const struct signing_folder *f)
{
    struct stat s;
    if (fstat(f->fd, &s) != 0) return cannot(a, "look at", f->path, ".");
    if (is_private(&s)) return NULL;
    return err_new(a, PROBLEM_CONFIG, "the folder %s holds signing keys and may be used by others; run: chmod 700 %s",
                   f->path, f->path);
}

const struct err *signing_folder_open(struct arena *a, const char *path, enum signing_lock lock,
                                      struct signing_folder *to)
{
    *to = (struct signing_folder){.path = path, .fd = -1};
    to->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (to->fd < 0) return cannot(a, "open the folder", path, "");
    const struct err *why = look_at(a, to);
    if (why != NULL) return why;
    while (flock(to->fd, lock == SIGNING_WRITE ? LOCK_EX : LOCK_SH) != 0) {
        if (errno == EINTR) continue;
        /* a read-only mount may know no locks; whoever writes must have one */
        if (lock == SIGNING_WRITE) return cannot(a, "lock", path, "");
        break;
    }
    if (faccessat(to->fd, LIST_FILE, F_OK, AT_SYMLINK_NOFOLLOW) == 0) return read_list(a, to);
    if (visit(to, false) == 0) return NULL;
    return err_new(a, PROBLEM_CONFIG,
                   "%s has keys but no " LIST_FILE "; put it back, or remove the .pem files to begin anew", path);
}

void signing_folder_close(struct signing_folder *f)
{
    if (f->fd >= 0) close(f->fd);
    f->fd = -1;
}

const struct err *signing_folder_key(struct arena *a, const struct signing_folder *f, const char *kid,
                                     struct signing_key **ret_key)
{
    struct secret pem;
    struct signing_key *key;
    const char *name = pem_name(a, kid);
    const struct err *why = read_file(a, f, name, KEY_BYTES, &pem);
    if (why != NULL) return why;
    why = signing_key_read(a, secret_reveal(pem), &key);
    if (why != NULL) return err_over(a, why, "%s/%s", f->path, name);
    if (!slice_is(signing_key_id(key), slice_of(kid))) {
        signing_key_close(key);
        return err_new(a, PROBLEM_CONFIG, "%s/%s holds another key than its name says", f->path, name);
    }
    *ret_key = key;
    return NULL;
}

const struct err *signing_folder_add(struct arena *a, struct signing_folder *f, const struct signing_key *key,
                                     int64_t now_s, int64_t active_s)
{
    struct slice kid = signing_key_id(key);
    must(kid.len == SIGNING_FOLDER_KID_CHARS);
    if (f->count == SIGNING_FOLDER_KEYS)
        return err_new(a, PROBLEM_CONFIG, "%s publishes %zu keys already; retire one first", f->path, f->count);
    struct signing_entry e = {.created_s = now_s, .active_s = active_s};
    memcpy(e.kid, kid.at, kid.len);
    const struct err *why = write_file(a, f, pem_name(a, e.kid), signing_key_pem(a, key));
    if (why == NULL) f->entries[f->count++] = e;
    return why;
}

void signing_folder_forget(struct signing_folder *f, size_t i)
{
    must(i < f->count);
    f->count--;
    memmove(&f->entries[i], &f->entries[i + 1], (f->count - i) * sizeof f->entries[0]);
}
