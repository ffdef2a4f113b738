/* record_bytes.h -- how the records of session/ are spelled: numbers of a stated width, big-endian; a text is its length (4 bytes) and its
 * bytes; a list is preceded by its count (4 bytes). For session/ only.
 *
 * The reader never fails on the way: what does not fit marks it, and everything after reads as nothing; its owner looks once, at the end.
 */
#ifndef SESSION_RECORD_BYTES_H
#define SESSION_RECORD_BYTES_H
#include "base/arena.h"
#include "base/buf.h"

void record_write_number(struct buf *to, uint64_t n, int bytes);
void record_write_text(struct buf *to, struct slice s);

struct record_reader {
    struct slice rest;
    bool bad;
};
uint64_t record_read_number(struct record_reader *r, size_t bytes);
struct slice record_read_text(struct record_reader *r); /* points into the bytes; at NULL when empty */
size_t record_read_count(struct record_reader *r, size_t most);
bool record_read_ends(const struct record_reader *r); /* all was well, and nothing is left */

#endif
