/* metadata.c -- the record and its text in one piece of memory. */
#include "provider/metadata.h"

#include <stdatomic.h>

#include "base/must.h"

static struct slice moved(char **to, struct slice s)
{
    char *at = *to;
    if (s.len == 0) return (struct slice){0};
    memcpy(at, s.at, s.len);
    *to += s.len;
    return (struct slice){at, s.len};
}

struct metadata *metadata_make(const struct metadata *draft)
{
    size_t bytes = draft->authorize_url.len + draft->token_url.len + draft->jwks_url.len + draft->userinfo_url.len +
                   draft->end_session_url.len + draft->revocation_url.len;
    struct metadata *m = must_alloc(sizeof *m + bytes);
    char *to = (char *)(m + 1);
    m->authorize_url = moved(&to, draft->authorize_url);
    m->token_url = moved(&to, draft->token_url);
    m->jwks_url = moved(&to, draft->jwks_url);
    m->userinfo_url = moved(&to, draft->userinfo_url);
    m->end_session_url = moved(&to, draft->end_session_url);
    m->revocation_url = moved(&to, draft->revocation_url);
    m->sends_iss = draft->sends_iss;
    atomic_init(&m->references_, 1);
    return m;
}

struct metadata *metadata_keep(struct metadata *m)
{
    atomic_fetch_add(&m->references_, 1);
    return m;
}

void metadata_drop(struct metadata *m)
{
    if (m != NULL && atomic_fetch_sub(&m->references_, 1) == 1) free(m);
}
