#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct buf buf_open(size_t max_bytes)
{
    return (struct buf){.max = max_bytes};
}

struct buf buf_over(char *memory, size_t bytes)
{
    return (struct buf){.at = memory, .room = bytes, .max = bytes};
}

void buf_close(struct buf *b)
{
    free(b->at);
    *b = (struct buf){.max = b->max};
}

void buf_clear(struct buf *b)
{
    b->len = 0;
    b->full = false;
}

char *buf_room(struct buf *b, size_t more)
{
    if (b->full || more > b->max || b->len > b->max - more) {
        b->full = true;
        return NULL;
    }
    size_t need = b->len + more;
    if (need > b->room || b->at == NULL) { /* a place, also for nothing */
        size_t room = b->room != 0 ? b->room : 256;
        while (room < need) {
            room *= 2;
        }
        b->at = must_realloc(b->at, room);
        b->room = room;
    }
    return b->at + b->len;
}

void buf_add(struct buf *b, struct slice s)
{
    char *to = buf_room(b, s.len);
    if (to == NULL || s.len == 0) return;
    memcpy(to, s.at, s.len);
    b->len += s.len;
}

void buf_byte(struct buf *b, char c)
{
    char *to = b->len < b->room && !b->full ? b->at + b->len : buf_room(b, 1);
    if (to == NULL) return;
    *to = c;
    b->len++;
}

void buf_number(struct buf *b, int64_t n)
{
    char room[SLICE_DIGITS_MAX];
    if (n < 0) buf_byte(b, '-');
    buf_add(b, slice_digits(room, n < 0 ? 0 - (uint64_t)n : (uint64_t)n));
}

void buf_print(struct buf *b, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, again);
    va_end(again);
    must(len >= 0);
    char *to = buf_room(b, (size_t)len + 1); /* vsnprintf ends with a NUL, which is not counted */
    if (to != NULL) {
        must(vsnprintf(to, (size_t)len + 1, format, args) == len);
        b->len += (size_t)len;
    }
    va_end(args);
}

struct slice buf_slice(const struct buf *b)
{
    return (struct slice){b->at, b->len};
}
