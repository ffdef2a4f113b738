/* slice.h -- text from outside: a pointer and a length, by value.
 *
 * NUL never means the end. A slice owns nothing: it borrows from an arena, a request, a literal. An empty slice may
 * have at == NULL. Every comparison here is plain; secrets are compared in crypto/secret.h.
 */
#ifndef BASE_SLICE_H
#define BASE_SLICE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
    const char *at;
    size_t len;
};

/* LIT for expressions, LIT_INIT for static tables (a compound literal is no constant expression in C11). */
#define LIT(s) ((struct slice){(s), sizeof(s) - 1})
#define LIT_INIT(s)        \
    {                      \
        (s), sizeof(s) - 1 \
    }
/* For printf("%.*s", SLICE_ARG(s)). Never with text from outside in a log line: use the log writer. */
#define SLICE_ARG(s) (int)(s).len, (s).len != 0 ? (s).at : ""

#define SLICE_NONE ((size_t)-1)

struct slice slice_of(const char *text); /* borrows; NULL gives the empty slice */
static inline bool slice_is(struct slice s, struct slice t)
{
    return s.len == t.len && (s.len == 0 || memcmp(s.at, t.at, s.len) == 0);
}
bool slice_is_nocase(struct slice s, struct slice t); /* ASCII letters only */
bool slice_starts(struct slice s, struct slice head);
bool slice_ends(struct slice s, struct slice tail);
int slice_compare(struct slice s, struct slice t); /* bytewise order, for sorting and bsearch */

size_t slice_index(struct slice s, char c);             /* SLICE_NONE if absent */
size_t slice_find(struct slice s, struct slice needle); /* SLICE_NONE if absent */
struct slice slice_trim(struct slice s);                /* without spaces and tabs at both ends */

/* From start to the end; start may be past it. */
static inline struct slice slice_from(struct slice s, size_t start)
{
    if (s.at == NULL || start >= s.len) return (struct slice){s.at != NULL ? s.at + s.len : NULL, 0};
    return (struct slice){s.at + start, s.len - start};
}
/* The first len bytes, or all. */
static inline struct slice slice_upto(struct slice s, size_t len)
{
    return (struct slice){s.at, len < s.len ? len : s.len};
}

/* Cuts at the first c: *ret_head before it, *rest after it. Without c the head is all, the rest empty (at NULL).
 * Returns false when *rest was already used up (at == NULL), so `while (slice_cut(&rest, ',', &item))` visits all. */
bool slice_cut(struct slice *rest, char c, struct slice *ret_head);

/* Decimal digits only, no sign, no blanks; false on anything else or overflow. */
bool slice_number(struct slice s, uint64_t *ret_number);
/* The other way: digits at the end of room, which the slice borrows. */
enum {
    SLICE_DIGITS_MAX = 20 /* of 2^64 - 1 */
};
struct slice slice_digits(char room[SLICE_DIGITS_MAX], uint64_t number);

/* What may stand on a line of a head. Sixteen bytes at a time: every value of every header goes through these. */
bool slice_is_one_line(struct slice s);  /* no CR, LF or NUL */
bool slice_is_printable(struct slice s); /* no control byte but tab: nothing below 0x20, no 0x7f */
bool slice_is_one_word(struct slice s);  /* not empty, no byte up to and with the space */
size_t
slice_printable_len(struct slice s); /* how many bytes from the start are printable: where a line ends, or s.len */

#endif
