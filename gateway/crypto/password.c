#include "crypto/password.h"

#include <crypt.h>
#include <stdlib.h>

#include "crypto/digest.h"
#include "crypto/random.h"

bool password_hash_is_fit(struct slice hash, int *ret_cost)
{
    bool kind = slice_starts(hash, LIT("$2y$")) || slice_starts(hash, LIT("$2b$")) || slice_starts(hash, LIT("$2a$"));
    uint64_t cost;
    if (!kind || hash.len != PASSWORD_HASH_BYTES || hash.at[6] != '$' ||
        !slice_number(slice_upto(slice_from(hash, 4), 2), &cost))
        return false;
    for (size_t i = 7; i < hash.len; i++) {
        char c = hash.at[i];
        bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '/';
        if (!fine) return false;
    }
    *ret_cost = (int)cost;
    return cost >= PASSWORD_COST_LEAST && cost <= PASSWORD_COST_MOST;
}

/* crypt takes its text with a NUL behind it; the copy and all of crypt's own room are wiped. */
static bool crypt_with(struct secret password, const char *setting, char out[PASSWORD_HASH_BYTES + 1])
{
    struct slice text = secret_reveal(password);
    char room[PASSWORD_MAX + 1] = "";
    if (text.len > PASSWORD_MAX || slice_index(text, '\0') != SLICE_NONE) return false;
    if (text.len != 0) memcpy(room, text.at, text.len);
    struct crypt_data *data = must_alloc(sizeof *data); /* 32 KiB: too much for a stack */
    const char *made = crypt_r(room, setting, data);
    bool fine = made != NULL && made[0] == '$' && strlen(made) == PASSWORD_HASH_BYTES;
    if (fine) memcpy(out, made, PASSWORD_HASH_BYTES + 1);
    explicit_bzero(room, sizeof room);
    explicit_bzero(data, sizeof *data);
    free(data);
    return fine;
}

bool password_fits(const char *hash, struct secret password)
{
    char made[PASSWORD_HASH_BYTES + 1];
    struct secret nothing = {NULL, 0};
    struct slice text = secret_reveal(password);
    bool possible = text.len <= PASSWORD_MAX && slice_index(text, '\0') == SLICE_NONE;
    /* one that cannot be right takes its time all the same */
    bool made_one = crypt_with(possible ? password : nothing, hash, made);
    return made_one && possible && digest_same(made, hash, PASSWORD_HASH_BYTES);
}

const struct err *password_hash(struct arena *a, struct secret password, int cost, struct slice *ret_hash)
{
    unsigned char salt[16];
    char setting[CRYPT_GENSALT_OUTPUT_SIZE], made[PASSWORD_HASH_BYTES + 1];
    must(cost >= PASSWORD_COST_LEAST && cost <= PASSWORD_COST_MOST);
    random_bytes(salt, sizeof salt);
    const char *begun =
        crypt_gensalt_rn("$2y$", (unsigned long)cost, (const char *)salt, sizeof salt, setting, sizeof setting);
    if (begun == NULL || !crypt_with(password, setting, made))
        return err_new(a, PROBLEM_INTERNAL, "this system's libcrypt makes no bcrypt hash of it");
    *ret_hash = arena_copy(a, (struct slice){made, PASSWORD_HASH_BYTES});
    return NULL;
}
