/* fuzz_resp.c -- any bytes as Redis' replies, fed whole and in two parts: the same replies, the same end. */
#include "fuzz.h"
#include "store/resp.h"

struct heard {
    size_t replies;
    uint64_t sum; /* of everything that was said, in order */
};

static void walk(struct heard *h, const struct resp_reply *r, int depth)
{
    must(depth <= RESP_MAX_DEPTH && r->count <= RESP_MAX_ITEMS);
    h->sum = h->sum * 31 + (uint64_t)r->type + (uint64_t)r->integer;
    for (size_t i = 0; i < r->text.len; i++)
        h->sum = h->sum * 31 + (unsigned char)r->text.at[i];
    if (r->type == RESP_ERROR) must(resp_error_text(r).len <= r->text.len);
    for (size_t i = 0; r->type == RESP_ARRAY && i < r->count; i++) {
        struct resp_reply item = resp_item(r, i);
        walk(h, &item, depth + 1);
    }
}

static const char *hear(void *self, const struct resp_reply *reply)
{
    struct heard *h = self;
    h->replies++;
    walk(h, reply, 0);
    return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > 64 * 1024) return 0;
    struct slice whole = fuzz_slice(data + 1, size - 1);
    size_t cut = whole.len != 0 ? data[0] % whole.len : 0;
    struct heard once = {0}, twice = {0};
    struct resp_reader *r = resp_open();
    const char *end = resp_feed(r, whole, hear, &once);
    resp_close(r);
    r = resp_open();
    const char *again = resp_feed(r, slice_upto(whole, cut), hear, &twice);
    if (again == NULL) again = resp_feed(r, slice_from(whole, cut), hear, &twice);
    resp_close(r);
    must((end == NULL) == (again == NULL));
    must(once.replies == twice.replies && once.sum == twice.sum);
    return 0;
}
