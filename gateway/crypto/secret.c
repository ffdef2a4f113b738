/* secret.c -- secrets own their bytes: copied in, wiped on the way out. */
#include "crypto/secret.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "crypto/digest.h"

struct secret secret_copy(struct slice bytes)
{
    if (bytes.len == 0) return (struct secret){NULL, 0};
    struct secret s = {must_alloc(bytes.len), bytes.len};
    memcpy(s.at_, bytes.at, bytes.len);
    return s;
}

void secret_close(struct secret *s)
{
    if (s->at_ == NULL) return;
    OPENSSL_cleanse(s->at_, s->len_);
    free(s->at_);
    *s = (struct secret){NULL, 0};
}

static void wipe(void *self)
{
    struct secret *s = self;
    OPENSSL_cleanse(s->at_, s->len_);
}

struct secret secret_in(struct arena *a, struct slice bytes)
{
    if (bytes.len == 0) return (struct secret){NULL, 0};
    struct secret *s = arena_new(a, struct secret);
    *s = (struct secret){arena_bytes(a, bytes.len), bytes.len};
    memcpy(s->at_, bytes.at, bytes.len);
    arena_at_close(a, wipe, s);
    return *s;
}

bool secret_is_empty(struct secret s)
{
    return s.len_ == 0;
}

bool secret_same(struct secret s, struct slice other)
{
    return s.len_ == other.len && digest_same(s.at_, other.at, s.len_);
}

struct slice secret_reveal(struct secret s)
{
    return (struct slice){(const char *)s.at_, s.len_};
}
