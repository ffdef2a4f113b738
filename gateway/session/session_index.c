#include "session/session_index.h"

#include "text/encode.h"

static const struct slice purpose = LIT_INIT("index");

/* kind | length of the provider's id (1 byte) | the id | text: no two questions have one answer. */
static struct session_names names(struct arena *a, const struct keyring *keys, const char *kind, struct slice provider,
                                  struct slice text)
{
    struct session_names n = {.count = keyring_count(keys)};
    struct slice said = arena_print(a, "%s:%zu:", kind, provider.len);
    said = arena_join(a, (struct slice[]){said, provider, text}, 3);
    for (size_t i = 0; i < n.count; i++) {
        unsigned char key[32], mac[DIGEST_SHA256_BYTES];
        keyring_purpose_key(keys, i, purpose, key);
        digest_hmac_sha256((struct slice){(const char *)key, sizeof key}, said, mac);
        explicit_bzero(key, sizeof key);
        struct slice hash = base64url_encode(a, (struct slice){(const char *)mac, sizeof mac});
        n.at[i] = arena_join(a, (struct slice[]){slice_upto(slice_of(kind), 1), LIT(":"), hash}, 3);
    }
    return n;
}

struct session_names session_index_person(struct arena *a, const struct keyring *keys, struct slice provider,
                                          struct slice subject)
{
    return names(a, keys, "u", provider, subject);
}

struct session_names session_index_elsewhere(struct arena *a, const struct keyring *keys, struct slice provider,
                                             struct slice sid, struct slice subject)
{
    return sid.len != 0 ? names(a, keys, "p", provider, sid) : names(a, keys, "p-none", provider, subject);
}

struct slice session_index_mark(struct arena *a, struct slice name)
{
    return arena_join(a, (struct slice[]){LIT("g:"), slice_upto(name, 1), slice_from(name, 2)}, 3);
}

size_t session_index_lists(struct arena *a, const struct keyring *keys, const struct session *s,
                           struct slice ret_lists[SESSION_INDEX_LISTS])
{
    const struct identity *who = &s->identity;
    struct session_names person = session_index_person(a, keys, who->provider, who->subject);
    struct session_names elsewhere = session_index_elsewhere(a, keys, who->provider, s->provider_sid, who->subject);
    size_t count = 0;
    for (size_t i = 0; i < person.count; i++) {
        ret_lists[count++] = person.at[i];
        ret_lists[count++] = elsewhere.at[i];
    }
    return count;
}

struct slice session_index_key(struct arena *a, struct slice id)
{
    return arena_join(a, (struct slice[]){LIT("s:"), id}, 2);
}

struct slice session_index_id(struct slice key)
{
    return slice_from(key, 2);
}
