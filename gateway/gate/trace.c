#include "gate/trace.h"

#include <endian.h>
#include <string.h>

#include "crypto/random.h"
#include "text/encode.h"

enum {
    PARENT_BYTES = 55,
    TRACE_AT = 3,
    TRACE_LEN = 32,
    SPAN_AT = 36,
    SPAN_LEN = 16,
    FLAGS_AT = 53
};

void trace_seed(struct trace_source *s)
{
    random_bytes((unsigned char *)s, sizeof *s);
    if (s->a == 0 && s->b == 0) s->a = 1; /* the one state the generator cannot leave */
}

/* xorshift128+ (Vigna): two words of state, a few instructions. */
static uint64_t next(struct trace_source *s)
{
    uint64_t x = s->a, y = s->b;
    s->a = y;
    x ^= x << 23;
    s->b = x ^ y ^ (x >> 17) ^ (y >> 26);
    return s->b + y;
}

struct slice trace_request_id(struct trace_source *s, struct arena *a)
{
    uint64_t words[2] = {next(s), next(s)};
    unsigned char bytes[16];
    memcpy(bytes, words, sizeof bytes);
    return base32_id(a, bytes);
}

/* Eight digits at a time: the nibbles are spread over the bytes of a word, and each becomes '0' + n, or 'a' - 10 + n above nine. */
static uint64_t eight_digits(uint32_t half)
{
    const uint64_t each = UINT64_C(0x0101010101010101);
    uint64_t n = (uint64_t)half;
    n = (n << 16 | n) & UINT64_C(0x0000ffff0000ffff);
    n = (n << 8 | n) & UINT64_C(0x00ff00ff00ff00ff);
    n = (n << 4 | n) & (each * 15);
    uint64_t above_nine = (n + each * 6) >> 4 & each;
    return htobe64(n + each * '0' + above_nine * ('a' - '0' - 10));
}

static void put_hex(char *to, uint64_t word)
{
    const uint64_t digits[2] = {eight_digits((uint32_t)(word >> 32)), eight_digits((uint32_t)word)};
    memcpy(to, digits, sizeof digits);
}

struct slice trace_parent(struct trace_source *s, struct arena *a, struct slice parent)
{
    char *to = arena_bytes(a, PARENT_BYTES);
    bool known = trace_is_parent(parent);
    memcpy(to, known ? parent.at : "00-00000000000000000000000000000000-0000000000000000-00", PARENT_BYTES);
    if (!known) {
        put_hex(to + TRACE_AT, next(s));
        put_hex(to + TRACE_AT + 16, next(s) | 1); /* all zero is not a trace */
        to[FLAGS_AT + 1] = '2';                   /* the trace id is random (Trace Context level 2) */
    }
    put_hex(to + SPAN_AT, next(s) | 1);
    return (struct slice){to, PARENT_BYTES};
}

bool trace_is_request_id(struct slice s)
{
    if (s.len == 0 || s.len > 64) return false;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
                    c == '_' || c == '-';
        if (!fine) return false;
    }
    return true;
}

static bool is_hex(struct slice s)
{
    bool zero = true;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return false;
        zero = zero && c == '0';
    }
    return !zero;
}

bool trace_is_parent(struct slice s)
{
    if (s.len != PARENT_BYTES || !slice_starts(s, LIT("00-"))) return false;
    if (s.at[SPAN_AT - 1] != '-' || s.at[FLAGS_AT - 1] != '-') return false;
    if (!is_hex((struct slice){s.at + TRACE_AT, TRACE_LEN})) return false;
    if (!is_hex((struct slice){s.at + SPAN_AT, SPAN_LEN})) return false;
    struct slice flags = {s.at + FLAGS_AT, 2};
    return slice_is(flags, LIT("00")) || is_hex(flags);
}
