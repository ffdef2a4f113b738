/* signing_keys.c -- the set the process signs with, and what an operator does to the folder it comes from.
 *
 * A key is published one rotation before it signs, and stays published after: backends that keep our JWKS for a while never
 * meet an assertion whose key they do not know.
 */
#include "crypto/signing_keys.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "crypto/signing_folder.h"

#include "base/buf.h"

enum {
    JWKS_BYTES = 512 * SIGNING_FOLDER_KEYS
}; /* one public key has 230 */

struct signing_keys {
    size_t count, current;
    struct signing_key *keys[SIGNING_FOLDER_KEYS];
    struct buf jwks;
};

static void write_jwks(struct signing_keys *k)
{
    struct arena *scratch = arena_open(64 * 1024);
    k->jwks = buf_open(JWKS_BYTES);
    buf_add(&k->jwks, LIT("{\"keys\":["));
    for (size_t i = 0; i < k->count; i++) {
        if (i != 0) buf_byte(&k->jwks, ',');
        buf_add(&k->jwks, signing_key_jwk(scratch, k->keys[i]));
    }
    buf_add(&k->jwks, LIT("]}"));
    must(!k->jwks.full);
    arena_close(scratch);
}

struct signing_keys *signing_keys_in_memory(int64_t now_s)
{
    (void)now_s; /* what lives in memory never rotates */
    struct signing_keys *k = must_alloc(sizeof *k);
    k->keys[k->count++] = signing_key_make();
    write_jwks(k);
    return k;
}

void signing_keys_close(struct signing_keys *k)
{
    if (k == NULL) return;
    for (size_t i = 0; i < k->count; i++) {
        signing_key_close(k->keys[i]);
    }
    buf_close(&k->jwks);
    free(k);
}

const struct signing_key *signing_keys_current(const struct signing_keys *k)
{
    return k->keys[k->current];
}

struct slice signing_keys_jwks(const struct signing_keys *k)
{
    return buf_slice(&k->jwks);
}

/* ---- from the folder ---- */

static bool is_over(const struct signing_entry *e, int64_t now_s)
{
    return e->retired_s != 0 && e->retired_s <= now_s;
}

static const struct err *make_first(struct arena *a, struct signing_folder *f, int64_t now_s)
{
    const struct err *why = NULL;
    must(now_s > 0); /* 0 would mean "next" */
    for (int i = 0; i < 2 && why == NULL; i++) {
        struct signing_key *key = signing_key_make();
        why = signing_folder_add(a, f, key, now_s, i == 0 ? now_s : 0);
        signing_key_close(key);
    }
    return why != NULL ? why : signing_folder_save(a, f);
}

static const struct err *take(struct arena *a, const struct signing_folder *f, int64_t now_s, struct signing_keys *to)
{
    for (size_t i = 0; i < f->count; i++) {
        const struct signing_entry *e = &f->entries[i];
        if (is_over(e, now_s)) continue;
        const struct err *why = signing_folder_key(a, f, e->kid, &to->keys[to->count]);
        if (why != NULL) return why;
        if (signing_entry_is_current(e)) to->current = to->count;
        to->count++;
    }
    write_jwks(to);
    return NULL;
}

static const struct err *open_or_make(struct arena *a, const char *folder, bool make, int64_t now_s,
                                      struct signing_folder *f)
{
    const struct err *why = signing_folder_open(a, folder, SIGNING_READ, f);
    if (why != NULL || f->count != 0) return why;
    if (!make) return err_new(a, PROBLEM_CONFIG, "%s has no signing keys yet", folder);
    /* another replica may be at the same point: only under the write lock it is sure that the folder is still empty */
    signing_folder_close(f);
    why = signing_folder_open(a, folder, SIGNING_WRITE, f);
    if (why != NULL || f->count != 0) return why;
    return make_first(a, f, now_s);
}

const struct err *signing_keys_read(struct arena *a, const char *folder, bool make, int64_t now_s,
                                    struct signing_keys **ret_keys)
{
    struct signing_folder f;
    if (make && mkdir(folder, 0700) != 0 && errno != EEXIST)
        return err_new(a, PROBLEM_CONFIG, "cannot make the folder %s: %s", folder, strerror(errno));
    struct signing_keys *k = must_alloc(sizeof *k);
    const struct err *why = open_or_make(a, folder, make, now_s, &f);
    if (why == NULL) why = take(a, &f, now_s, k);
    signing_folder_close(&f);
    if (why != NULL) {
        signing_keys_close(k);
        return why;
    }
    *ret_keys = k;
    return NULL;
}

/* ---- what an operator does ---- */

static const struct err *rotate(struct arena *a, struct signing_folder *f, int64_t now_s, int64_t published_s)
{
    for (size_t i = f->count; i-- > 0;) {
        if (is_over(&f->entries[i], now_s)) signing_folder_forget(f, i);
    }
    for (size_t i = 0; i < f->count; i++) {
        struct signing_entry *e = &f->entries[i];
        bool was_current = signing_entry_is_current(e), was_next = signing_entry_is_next(e);
        if (was_current) e->retired_s = now_s + published_s;
        if (was_next) e->active_s = now_s;
    }
    struct signing_key *next = signing_key_make();
    const struct err *why = signing_folder_add(a, f, next, now_s, 0);
    signing_key_close(next);
    if (why == NULL) why = signing_folder_save(a, f);
    if (why == NULL) signing_folder_sweep(f);
    return why;
}

const struct err *signing_keys_rotate(struct arena *a, const char *folder, int64_t now_s, int64_t published_s)
{
    struct signing_folder f;
    must(now_s > 0 && published_s > 0);
    const struct err *why = signing_folder_open(a, folder, SIGNING_WRITE, &f);
    if (why == NULL && f.count == 0)
        why = err_new(a, PROBLEM_CONFIG, "%s has no signing keys yet: there is nothing to rotate", folder);
    if (why == NULL) why = rotate(a, &f, now_s, published_s);
    signing_folder_close(&f);
    return why;
}

static struct slice state_of(const struct signing_entry *e)
{
    if (signing_entry_is_next(e)) return LIT("next");
    return signing_entry_is_current(e) ? LIT("current") : LIT("old");
}

const struct err *signing_keys_list(struct arena *a, const char *folder, int64_t now_s,
                                    struct signing_key_row **ret_rows, size_t *ret_count)
{
    struct signing_folder f;
    const struct err *why = signing_folder_open(a, folder, SIGNING_READ, &f);
    signing_folder_close(&f);
    if (why != NULL) return why;
    struct signing_key_row *rows = arena_array(a, struct signing_key_row, f.count + 1);
    size_t count = 0;
    for (size_t i = 0; i < f.count; i++) {
        const struct signing_entry *e = &f.entries[i];
        if (is_over(e, now_s)) continue;
        rows[count++] = (struct signing_key_row){arena_copy(a, slice_of(e->kid)), state_of(e), e->created_s,
                                                 e->active_s, e->retired_s};
    }
    *ret_rows = rows;
    *ret_count = count;
    return NULL;
}

static const struct err *retire(struct arena *a, struct signing_folder *f, struct slice kid)
{
    for (size_t i = 0; i < f->count; i++) {
        const struct signing_entry *e = &f->entries[i];
        if (!slice_is(slice_of(e->kid), kid)) continue;
        if (e->retired_s == 0)
            return err_new(a, PROBLEM_CONFIG, "the %s key cannot be retired; rotate first", state_of(e).at);
        signing_folder_forget(f, i);
        const struct err *why = signing_folder_save(a, f);
        if (why == NULL) signing_folder_sweep(f);
        return why;
    }
    return err_new(a, PROBLEM_CONFIG, "%s has no key of that id", f->path);
}

const struct err *signing_keys_retire(struct arena *a, const char *folder, struct slice kid)
{
    struct signing_folder f;
    const struct err *why = signing_folder_open(a, folder, SIGNING_WRITE, &f);
    if (why == NULL) why = retire(a, &f, kid);
    signing_folder_close(&f);
    return why;
}
