/* Forms: what was read can be written and is read again the same. */
#include "fuzz.h"
#include "text/encode.h"
#include "text/form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_closep) struct arena *a = arena_open(64 << 20);
    struct form form, again;
    if (form_read(a, fuzz_slice(data, size), &form) != NULL) return 0;
    AUTO(buf_close) struct buf written = buf_open(1 << 20);
    for (size_t i = 0; i < form.count; i++) {
        form_add(&written, form.fields[i].name, form.fields[i].value);
    }
    must(form_read(a, buf_slice(&written), &again) == NULL && again.count == form.count);
    for (size_t i = 0; i < form.count; i++) {
        must(slice_is(form.fields[i].name, again.fields[i].name));
        must(slice_is(form.fields[i].value, again.fields[i].value));
    }
    return 0;
}
