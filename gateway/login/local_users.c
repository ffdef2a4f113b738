#include "login/local_users.h"

#include <stdlib.h>

#include "crypto/digest.h"
#include "crypto/password.h"
#include "text/encode.h"

const struct slice local_provider = LIT_INIT("local");

static bool is_name(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    slice_index(LIT("._-@"), c) != SLICE_NONE;
        if (!fine) return false;
    }
    return s.len != 0 && s.len <= LOCAL_NAME_MAX;
}

static struct slice issuer_of(struct arena *a, struct slice hash)
{
    unsigned char digest[DIGEST_SHA256_BYTES];
    enum {
        FINGERPRINT = 9
    };
    digest_sha256(hash, digest);
    const struct slice parts[] = {LIT("urn:vestibule:local:"),
                                  base64url_encode(a, (struct slice){(const char *)digest, FINGERPRINT})};
    return arena_join(a, parts, 2);
}

static int by_name(const void *a, const void *b)
{
    const struct local_user *x = a, *y = b;
    return slice_compare(x->name, y->name);
}

static const struct err *read_line(struct arena *a, struct slice line, int number, struct local_user *to, int *ret_cost)
{
    struct slice rest = line, name;
    if (!slice_cut(&rest, ':', &name) || rest.at == NULL)
        return err_new(a, PROBLEM_CONFIG, "line %d is not NAME:HASH, as vestibule hash and htpasswd -B write it",
                       number);
    if (!is_name(name))
        return err_new(a, PROBLEM_CONFIG, "line %d: a name is 1 to %d of letters, digits and . _ - @", number,
                       LOCAL_NAME_MAX);
    if (!password_hash_is_fit(rest, ret_cost))
        return err_new(
            a, PROBLEM_CONFIG,
            "line %d: the hash of %.*s is not bcrypt of a cost from %d to %d; make one with vestibule hash, or "
            "htpasswd -B -C %d",
            number, SLICE_ARG(name), PASSWORD_COST_LEAST, PASSWORD_COST_MOST, PASSWORD_COST_USUAL);
    *to = (struct local_user){arena_copy(a, name), arena_text(a, rest), issuer_of(a, rest)};
    return NULL;
}

/* As costly as the costliest, so that a name that is not there takes as long as one that is. Nobody's: its 53 characters were never made of a
 * password. */
static const char *nobody(struct arena *a, int cost)
{
    return arena_print(a, "$2y$%02d$......................abcdefghijklmnopqrstuvwxyz01234", cost).at;
}

const struct err *local_users_read(struct arena *a, struct slice text, struct local_users *ret_users)
{
    struct local_users u = {.at = arena_array(a, struct local_user, LOCAL_USERS_MAX)};
    struct slice rest = text, line;
    int number = 0, most = PASSWORD_COST_LEAST;
    while (slice_cut(&rest, '\n', &line)) {
        int cost = 0;
        number++;
        if (slice_ends(line, LIT("\r"))) line.len--;
        if (line.len == 0 || line.at[0] == '#') continue;
        if (u.count == LOCAL_USERS_MAX) return err_new(a, PROBLEM_CONFIG, "more than %d people", LOCAL_USERS_MAX);
        const struct err *e = read_line(a, line, number, &u.at[u.count], &cost);
        if (e != NULL) return e;
        u.count++;
        if (cost > most) most = cost;
    }
    if (u.count == 0) return err_new(a, PROBLEM_CONFIG, "nobody stands in it");
    qsort(u.at, u.count, sizeof u.at[0], by_name);
    for (size_t i = 1; i < u.count; i++) {
        if (slice_is(u.at[i].name, u.at[i - 1].name))
            return err_new(a, PROBLEM_CONFIG, "%.*s stands in it twice", SLICE_ARG(u.at[i].name));
    }
    u.nobody = nobody(a, most);
    *ret_users = u;
    return NULL;
}

const struct local_user *local_users_find(const struct local_users *u, struct slice name)
{
    const struct local_user key = {.name = name};
    if (u == NULL || u->count == 0) return NULL;
    return bsearch(&key, u->at, u->count, sizeof u->at[0], by_name);
}

bool local_users_vouch(const struct local_users *u, const struct identity *who)
{
    if (u == NULL || !slice_is(who->provider, local_provider)) return false;
    const struct local_user *user = local_users_find(u, who->subject);
    return user != NULL && slice_is(user->issuer, who->issuer);
}
