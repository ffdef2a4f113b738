/* fuzz_token_answer.c -- any bytes as a token endpoint's answer; the first two choose status and type. No error repeats a secret of ours. */
#include "fuzz.h"
#include "provider/token_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int statuses[] = {200, 400, 401, 403, 201, 302, 404, 200};
    static const struct slice secrets[TOKEN_ANSWER_SECRETS] = {LIT_INIT("client-secret-1"), LIT_INIT("code-code-code"),
                                                               LIT_INIT("verifier-verifier")};
    if (size < 1 || size > TOKEN_ANSWER_MAX_BYTES) return 0;
    AUTO(arena_closep) struct arena *a = arena_open(32 << 20);
    const struct fetch_answer answer = {.status = statuses[data[0] & 7],
                                        .body = fuzz_slice(data + 1, size - 1),
                                        .content_type = LIT("application/json"),
                                        .retry_after_s = -1,
                                        .max_age_s = -1};
    struct token_answer t = {0};
    const struct err *e = token_answer_read(a, &answer, secrets, &t);
    if (e != NULL) {
        struct slice story = err_story(a, e);
        must(problem_status(e->problem) >= 400);
        for (size_t i = 0; i < TOKEN_ANSWER_SECRETS; i++)
            must(secrets[i].len == 0 || slice_find(story, secrets[i]) == SLICE_NONE);
        for (size_t i = 0; i < story.len; i++)
            must((unsigned char)story.at[i] >= 0x20 && story.at[i] != 0x7f);
        return 0;
    }
    must(answer.status == 200 && t.id_token.len != 0 && t.access_token.len != 0);
    must(t.id_token.len <= TOKEN_ANSWER_TOKEN_MAX && t.access_token.len <= TOKEN_ANSWER_TOKEN_MAX);
    must(t.refresh_token.len <= TOKEN_ANSWER_TOKEN_MAX);
    must(t.expires_in_s >= 0 && t.expires_in_s <= TOKEN_ANSWER_EXPIRES_MAX_S);
    return 0;
}
