/* Escaping: whatever goes in, JSON stays one line of valid UTF-8 that reads back, and HTML stays text. */
#include "fuzz.h"
#include "text/doc.h"
#include "text/encode.h"
#include "text/json.h"
#include "text/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_closep) struct arena *a = arena_open(64 << 20);
    AUTO(buf_close) struct buf json = buf_open(6 * size + 64), html = buf_open(6 * size + 64);
    struct slice s = fuzz_slice(data, size), out;
    struct doc *root = NULL;
    struct json j = json_into(&json);
    json_string(&j, NULL, s);
    out = buf_slice(&json);
    must(!json.full && utf8_valid(out));
    for (size_t i = 0; i < out.len; i++) {
        must((unsigned char)out.at[i] >= 0x20 && out.at[i] != 0x7F);
    }
    if (slice_index(s, '\0') == SLICE_NONE) { /* our reader refuses NUL */
        must(doc_json(a, PROBLEM_INTERNAL, out, &root) == NULL);
        must(!utf8_valid(s) || slice_is(root->text, s));
    }
    html_escape(&html, s);
    out = buf_slice(&html);
    must(!html.full && utf8_valid(out));
    for (size_t i = 0; i < out.len; i++) {
        must(slice_index(LIT("<>\"'"), out.at[i]) == SLICE_NONE);
    }
    must(utf8_valid(utf8_for_people(a, s, 20)));
    return 0;
}
