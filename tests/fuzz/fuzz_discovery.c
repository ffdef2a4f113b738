/* fuzz_discovery.c -- any bytes as a provider's metadata: what is taken is of our issuer and holds https addresses only. */
#include "fuzz.h"
#include "provider/metadata.h"
#include "provider/oidc_discovery.h"
#include "text/url.h"

static void is_https(struct arena *a, struct slice url, bool may_be_empty)
{
    struct url u;
    if (may_be_empty && url.len == 0) return;
    must(url_read(a, url, &u) == NULL && u.https);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct metadata none;
    const struct oidc_discovery_rules rules = {LIT("https://op.example"), &none, false};
    if (size > 256 * 1024) return 0;
    AUTO(arena_closep) struct arena *a = arena_open(32 << 20);
    struct metadata m;
    if (oidc_discovery_read(a, &rules, fuzz_slice(data, size), &m) != NULL) return 0;
    is_https(a, m.authorize_url, false);
    is_https(a, m.token_url, false);
    is_https(a, m.jwks_url, false);
    is_https(a, m.userinfo_url, true);
    is_https(a, m.end_session_url, true);
    metadata_drop(metadata_make(&m));
    return 0;
}
