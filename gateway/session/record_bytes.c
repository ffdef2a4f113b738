#include "session/record_bytes.h"

void record_write_number(struct buf *to, uint64_t n, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--) {
        buf_byte(to, (char)(unsigned char)(n >> (8 * i)));
    }
}

void record_write_text(struct buf *to, struct slice s)
{
    must(s.len <= UINT32_MAX);
    record_write_number(to, s.len, 4);
    buf_add(to, s);
}

uint64_t record_read_number(struct record_reader *r, size_t bytes)
{
    if (r->bad || r->rest.len < bytes) {
        r->bad = true;
        return 0;
    }
    uint64_t n = 0;
    for (size_t i = 0; i < bytes; i++) {
        n = n << 8 | (unsigned char)r->rest.at[i];
    }
    r->rest = slice_from(r->rest, bytes);
    return n;
}

struct slice record_read_text(struct record_reader *r)
{
    size_t len = (size_t)record_read_number(r, 4);
    if (r->bad || len > r->rest.len) {
        r->bad = true;
        return (struct slice){NULL, 0};
    }
    if (len == 0) return (struct slice){NULL, 0};
    struct slice text = slice_upto(r->rest, len);
    r->rest = slice_from(r->rest, len);
    return text;
}

size_t record_read_count(struct record_reader *r, size_t most)
{
    uint64_t count = record_read_number(r, 4);
    if (count > most) r->bad = true;
    return r->bad ? 0 : (size_t)count;
}

bool record_read_ends(const struct record_reader *r)
{
    return !r->bad && r->rest.len == 0;
}
