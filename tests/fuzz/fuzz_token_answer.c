/* fuzz_token_answer.c -- any bytes as a token endpoint's answer; the first chooses status and dialect. No error repeats a secret of ours. */
#include "fuzz.h"
#include "provider/answer_tree.h"
#include "provider/token_answer.h"

static const struct slice code[] = {LIT_INIT("/error/code"), LIT_INIT("/error")}, message[] = {LIT_INIT("/error/message")},
                          token[] = {LIT_INIT("/data/access_token"), LIT_INIT("/access_token")},
                          codes[] = {LIT_INIT("4"), LIT_INIT("80001-80014")};
static const int limit_statuses[] = {403, 200};
static const struct descriptor descriptors[] = {
    {.protocol = PROTOCOL_OIDC, .id_token = {.verified = true, .required = true}},
    {.protocol = PROTOCOL_OAUTH2,
     .token = {.access_token = {token, 2},
               .expires_default_s = 60,
               .error = {.code = {code, 2}, .message = {message, 1}, .http200 = true}},
     .rate_limit = {.statuses = limit_statuses, .status_count = 2, .code = {code, 2}, .codes = {codes, 2}}},
    {.protocol = PROTOCOL_OAUTH1},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int statuses[] = {200, 400, 401, 403, 201, 429, 404, 200};
    static const struct slice secrets[MEANING_SECRETS] = {LIT_INIT("client-secret-1"), LIT_INIT("code-code-code"),
                                                          LIT_INIT("verifier-verifier")};
    if (size < 1 || size > TOKEN_TOLD_MAX_BYTES) return 0;
    AUTO(arena_closep) struct arena *a = arena_open(64 << 20);
    const struct descriptor *d = &descriptors[(data[0] >> 3) % 3];
    const struct fetch_answer answer = {
        .status = statuses[data[0] & 7], .body = fuzz_slice(data + 1, size - 1), .retry_after_s = -1, .max_age_s = -1};
    struct meaning_ask ask = {.descriptor = d, .is_token_answer = true, .answer = &answer, .secrets = secrets};
    ask.root = answer_tree(a, answer.body);
    struct meaning m = meaning_of(a, &ask);
    struct token_told t = {.why = NULL};
    const struct err *e = meaning_err(a, &m, "the token endpoint", answer.status);
    if (e == NULL) e = token_answer_read(a, d, ask.root, &t);
    if (e != NULL) {
        struct slice story = err_story(a, e);
        must(problem_status(e->problem) >= 400);
        for (size_t i = 0; i < MEANING_SECRETS; i++)
            must(secrets[i].len == 0 || slice_find(story, secrets[i]) == SLICE_NONE);
        for (size_t i = 0; i < story.len; i++)
            must((unsigned char)story.at[i] >= 0x20 && story.at[i] != 0x7f);
        return 0;
    }
    must(answer.status == 200 && t.id_token.len <= TOKEN_TOLD_TOKEN_MAX && t.access_token.len <= TOKEN_TOLD_TOKEN_MAX);
    must(t.refresh_token.len <= TOKEN_TOLD_TOKEN_MAX && t.scope_count <= TOKEN_TOLD_SCOPES_MAX);
    must(t.expires_in_s >= 0 && t.expires_in_s <= TOKEN_TOLD_EXPIRES_MAX_S);
    return 0;
}
