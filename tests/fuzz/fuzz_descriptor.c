/* fuzz_descriptor.c -- any text as a provider file of an operator's: compiled, or at least one complaint, never both; what is compiled is fit for
 * use: addresses begin with a fixed scheme and host, and what is printed of it can be read again. */
#include "fuzz.h"
#include "provider/descriptor_print.h"
#include "provider/descriptor_read.h"
#include "text/doc.h"
#include "text/utf8.h"

#include "base/buf.h"

static void judge_url(const struct template *t)
{
    if (t->count == 0) return;
    must(t->is_url && (t->parts[0].kind == PART_TEXT || t->parts[0].kind == PART_ENDPOINT));
    must(t->parts[0].kind != PART_TEXT || slice_starts(t->parts[0].text, LIT("http")));
}

static void judge(const struct descriptor *d)
{
    must(d->profile.subject.kind == MAP_POINTER && d->document_count <= DOCUMENTS_MAX);
    must(d->profile.source >= 0 && (size_t)d->profile.source < d->document_count);
    for (size_t i = 0; i < ENDPOINT_NAMES; i++)
        judge_url(&d->endpoints[i]);
    for (size_t i = 0; i < d->profile.request_count; i++) {
        judge_url(&d->profile.requests[i].url);
        must(d->profile.requests[i].document >= DOCUMENT_FIRST_REQUEST);
    }
}

static bool compiled(struct slice text, struct buf *printed)
{
    struct arena *a = arena_open(512 << 20);
    struct complaints *c = complaint_list(a);
    struct descriptor_library *l = descriptor_library_open(c);
    descriptor_library_add(l, "p.d/it.yaml", text);
    struct descriptor_ask ask = {.complaints = c, .library = l, .id = LIT("it")};
    const struct doc *document = NULL;
    const struct descriptor *d = descriptor_read(&ask, &document);
    must((d != NULL) == (c->errors == 0));
    AUTO(buf_close) struct buf words = buf_open(16 << 20), json = buf_open(16 << 20);
    complaint_write_text(c, &words, false, LIT("not started"));
    complaint_write_json(c, &json);
    must(json.full || utf8_valid(buf_slice(&json)));
    if (d != NULL) judge(d);
    if (d != NULL && printed != NULL) descriptor_print(printed, document);
    bool good = d != NULL;
    arena_close(a);
    return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool ready;
    if (!ready) doc_init();
    ready = true;
    if (size > 16 * 1024) return 0;
    AUTO(buf_close) struct buf printed = buf_open(4 << 20);
    if (!compiled(fuzz_slice(data, size), &printed) || printed.full) return 0;
    must(compiled(buf_slice(&printed), NULL));
    return 0;
}
