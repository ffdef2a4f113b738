#include "login/told.h"

#include "crypto/digest.h"
#include "text/encode.h"
#include "text/json.h"

#include "base/now.h"

struct slice told_key(struct arena *a, const char *kind, struct slice provider, struct slice what)
{
    unsigned char hash[DIGEST_SHA256_BYTES];
    digest_sha256(arena_join(a, (struct slice[]){slice_of(kind), LIT("\n"), provider, LIT("\n"), what}, 5), hash);
    struct slice text = base64url_encode(a, (struct slice){(const char *)hash, sizeof hash});
    return arena_join(a, (struct slice[]){LIT("j:"), text}, 2);
}

int64_t told_left_ms(int64_t until_s)
{
    int64_t left_ms = 1000 * (until_s - now_s() + 1);
    return left_ms > 1000 ? left_ms : 1000;
}

bool told_by_browser(const struct visit *v)
{
    if (!visit_is_foreign(v)) return false;
    told_refuse(v, err_new(v->x->arena, PROBLEM_BAD_REQUEST, "a browser told it"));
    return true;
}

void told_refuse(const struct visit *v, const struct err *why)
{
    enum {
        ANSWER_MAX = 1024,
        PATIENCE_S = 5
    };
    struct arena *a = v->x->arena;
    bool theirs = why->problem == PROBLEM_BAD_REQUEST;
    AUTO(buf_close) struct buf text = buf_open(ANSWER_MAX);
    struct json j = json_into(&text);
    json_open_object(&j, NULL);
    json_string(&j, "error", theirs ? LIT("invalid_request") : LIT("temporarily_unavailable"));
    json_string(&j, "error_description",
                theirs ? LIT("it was not accepted; our log says why") : LIT("it could not be carried out; try again"));
    json_close_object(&j);
    if (!theirs) exchange_add(v->x, LIT("retry-after"), arena_print(a, "%d", PATIENCE_S));
    respond_data(&v->answer, theirs ? 400 : 503, LIT("application/json"), arena_copy(a, buf_slice(&text)));
}
