/* metadata.h -- a provider's endpoints, as one immutable, reference-counted record that any thread may read. */
#ifndef PROVIDER_METADATA_H
#define PROVIDER_METADATA_H
#include "base/slice.h"

struct metadata {
    struct slice authorize_url, token_url, jwks_url;
    struct slice userinfo_url, end_session_url, revocation_url; /* empty: it has none */
    bool sends_iss; /* authorization_response_iss_parameter_supported (RFC 9207) */
    _Atomic int references_;
};

struct metadata *metadata_make(const struct metadata *draft); /* copies every slice; gives one reference */
struct metadata *metadata_keep(struct metadata *m);
void metadata_drop(struct metadata *m); /* NULL is fine */

#endif
