/* signing_folder.h -- for the signing_keys files only: the folder as it lies on disk.
 *
 * keys.json is the truth, the .pem files are what it points to. Whoever changes the folder holds its lock, writes new .pem files
 * first, then keys.json under another name and renames it, then removes what nothing points to: a crash in between leaves
 * either the old state or the new one.
 */
#ifndef CRYPTO_SIGNING_FOLDER_H
#define CRYPTO_SIGNING_FOLDER_H
#include "crypto/jose.h"

enum {
    SIGNING_FOLDER_KEYS = 32, /* one rotation a day with a month of publication */
    SIGNING_FOLDER_KID_CHARS = 43
};

struct signing_entry {
    char kid[SIGNING_FOLDER_KID_CHARS + 1];
    int64_t created_s;
    int64_t active_s;  /* from when it signs; 0: it is the next one */
    int64_t retired_s; /* until when it is published; 0: no end yet */
};

struct signing_folder {
    const char *path;
    int fd; /* of the folder, locked */
    size_t count;
    struct signing_entry entries[SIGNING_FOLDER_KEYS]; /* in the order of their making */
};

enum signing_lock {
    SIGNING_READ,
    SIGNING_WRITE
};

/* Opens and locks; reads keys.json and judges it (exactly one current and one next key). Without keys.json count is 0, and a
 * .pem file without it is an error. The caller closes it either way. */
const struct err *signing_folder_open(struct arena *a, const char *path, enum signing_lock lock,
                                      struct signing_folder *to);
void signing_folder_close(struct signing_folder *f);
const struct err *signing_folder_key(struct arena *a, const struct signing_folder *f, const char *kid,
                                     struct signing_key **ret_key);
/* Writes the private key and appends an entry; signing_folder_save makes it count. */
const struct err *signing_folder_add(struct arena *a, struct signing_folder *f, const struct signing_key *key,
                                     int64_t now_s, int64_t active_s);
/* Forgets entry i. Its file goes with signing_folder_sweep, after the save. */
void signing_folder_forget(struct signing_folder *f, size_t i);
const struct err *signing_folder_save(struct arena *a, const struct signing_folder *f);
/* Removes .pem files that no entry names, and unfinished new files. What cannot be removed stays. */
void signing_folder_sweep(const struct signing_folder *f);

bool signing_entry_is_next(const struct signing_entry *e);
bool signing_entry_is_current(const struct signing_entry *e);

#endif
