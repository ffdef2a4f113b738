/* fuzz_callback.c -- any query as what a browser brings back; the first byte chooses the dialect. What is taken is bounded and clean. */
#include "fuzz.h"
#include "provider/callback_answer.h"

static const struct slice errors[] = {LIT_INIT("error_code"), LIT_INIT("error")}, words[] = {LIT_INIT("error_description")},
                          denied[] = {LIT_INIT("user_cancelled")};
static const struct descriptor_callback_param params[] = {
    {LIT_INIT("user"), true }, {LIT_INIT("device"), false}
};
#define CALLBACK                                                                                                 \
    {.params = params, .param_count = 2, .error = {errors, 2}, .error_description = {words, 1}, .denied = {denied, 1}, \
     .denied_param = LIT_INIT("denied")}
static const struct descriptor descriptors[] = {
    {.protocol = PROTOCOL_OIDC, .callback = CALLBACK},
    {.protocol = PROTOCOL_OAUTH1, .callback = CALLBACK},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > 64 * 1024) return 0;
    AUTO(arena_closep) struct arena *a = arena_open(16 << 20);
    struct form form;
    struct callback_answer c;
    if (form_read(a, fuzz_slice(data + 1, size - 1), &form) != NULL) return 0;
    const struct err *e = callback_answer_read(a, &descriptors[data[0] & 1], &form, &c);
    must(c.state.len <= CALLBACK_STATE_MAX);
    if (e != NULL) return 0;
    must(c.state.len != 0 && c.code.len <= CALLBACK_CODE_MAX && c.error.len <= CALLBACK_ERROR_MAX);
    must((c.code.len != 0) != (c.error.len != 0));
    for (size_t i = 0; i < c.code.len; i++)
        must(c.code.at[i] >= 0x20 && c.code.at[i] <= 0x7e);
    must(c.params != NULL && c.params->count <= 2);
    must(!c.denied || callback_answer_problem(&c) == PROBLEM_SIGN_IN_CANCELLED);
    return 0;
}
