/* session_form.c -- tokens for our own forms: 16 random bytes and a MAC over them and the session's key, in base64url.
 *
 * The random part makes each page's token look different, so that compressing an answer tells nothing about it. The token lives as long as
 * the session and the key ring's keys. Without a session it only shows that the form is ours.
 */
#include <string.h>

#include "crypto/random.h"
#include "session/sessions.h"
#include "text/encode.h"

enum {
    SALT_BYTES = 16,
    MAC_BYTES = 32,
    TOKEN_BYTES = SALT_BYTES + MAC_BYTES,
    BOUND_BYTES = SALT_BYTES + SESSION_KEY_BYTES
};

static const struct slice purpose = LIT_INIT("form");

static struct slice bound(const struct session *s, const unsigned char salt[SALT_BYTES], char room[BOUND_BYTES])
{
    memcpy(room, salt, SALT_BYTES);
    memset(room + SALT_BYTES, 0, SESSION_KEY_BYTES);
    if (s != NULL) memcpy(room + SALT_BYTES, session_held_of(s)->key, SESSION_KEY_BYTES);
    return (struct slice){room, BOUND_BYTES};
}

struct slice session_form_token(const struct sessions *all, struct arena *a, const struct session *s)
{
    unsigned char token[TOKEN_BYTES];
    char room[BOUND_BYTES];
    random_bytes(token, SALT_BYTES);
    keyring_mac(all->keys, purpose, bound(s, token, room), token + SALT_BYTES);
    return base64url_encode(a, (struct slice){(const char *)token, sizeof token});
}

bool session_form_token_fits(const struct sessions *all, const struct session *s, struct slice token)
{
    if (token.len != TOKEN_BYTES / 3 * 4) return false;
    AUTO(arena_closep) struct arena *a = arena_open(1024);
    struct slice bytes;
    if (!base64url_decode(a, token, &bytes) || bytes.len != TOKEN_BYTES) return false;
    const unsigned char *at = (const unsigned char *)bytes.at;
    char room[BOUND_BYTES];
    return keyring_mac_fits(all->keys, purpose, bound(s, at, room), at + SALT_BYTES);
}
