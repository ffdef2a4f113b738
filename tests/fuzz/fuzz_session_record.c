/* fuzz_session_record.c -- any bytes as a session's record: one spelling per session, so what is read is written back to the byte. */
#include "fuzz.h"
#include "session/session_record.h"

#include "base/buf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 64 * 1024) return 0;
    AUTO(arena_closep) struct arena *a = arena_open(4 << 20);
    struct session s;
    if (session_record_read(a, fuzz_slice(data, size), &s) != NULL) return 0;
    AUTO(buf_close) struct buf back = buf_open(128 * 1024);
    session_record_write(&back, &s);
    must(!back.full && slice_is(buf_slice(&back), fuzz_slice(data, size)));
    return 0;
}
