#include "proxy/assertion.h"

#include "crypto/random.h"
#include "text/encode.h"
#include "text/json.h"

enum {
    CLAIMS_MAX =
        64 *
        1024 /* 256 groups of 128 bytes, escaped; the header stays within what backends read only if groups are few */
};

static void optional(struct json *j, const char *name, struct slice value)
{
    if (value.len != 0) json_string(j, name, value);
}

static void who_claims(struct json *j, struct arena *a, const struct identity *who)
{
    const struct slice parts[] = {who->provider, LIT(":"), who->subject};
    json_string(j, "sub", arena_join(a, parts, 3));
    json_string(j, "provider", who->provider);
    if (who->email_verified) optional(j, "email", who->email);
    optional(j, "name", who->name);
    optional(j, "preferred_username", who->username);
    if (who->group_count != 0) {
        json_open_list(j, "groups");
        for (size_t i = 0; i < who->group_count; i++) {
            json_string(j, NULL, who->groups[i]);
        }
        json_close_list(j);
    }
    if (who->auth_time_s != 0) json_number(j, "auth_time", who->auth_time_s);
    optional(j, "acr", who->acr);
    if (who->kept_count == 0) return;
    json_open_object(j, "claims"); /* below a name of their own: none can pass for one of ours */
    for (size_t i = 0; i < who->kept_count; i++) {
        json_string(j, arena_text(a, who->kept[i].name), who->kept[i].value);
    }
    json_close_object(j);
}

struct slice assertion_mint(struct arena *a, const struct signing_keys *keys, const struct assertion_ask *ask)
{
    AUTO(buf_close) struct buf text = buf_open(CLAIMS_MAX);
    struct json j = json_into(&text);
    unsigned char jti[16];
    random_bytes(jti, sizeof jti);
    json_open_object(&j, NULL);
    json_string(&j, "iss", ask->issuer);
    json_string(&j, "aud", ask->audience);
    json_number(&j, "iat", ask->now_s);
    json_number(&j, "nbf", ask->now_s);
    json_number(&j, "exp", ask->now_s + ask->lifetime_s);
    json_string(&j, "jti", base64url_encode(a, (struct slice){(const char *)jti, sizeof jti}));
    optional(&j, "sid", ask->session);
    who_claims(&j, a, ask->who);
    json_close_object(&j);
    if (text.full) return LIT(""); /* better none than a cut one */
    return jws_sign(a, signing_keys_current(keys), LIT("vestibule-assertion+jwt"), buf_slice(&text));
}
