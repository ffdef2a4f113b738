/* keyring_master.c -- from the text of a key file to 32 bytes that nobody can guess.
 *
 * People make such files with `head -c 32 /dev/urandom`, `openssl rand -base64 32` or `openssl rand -hex 32`; all three
 * are read. Thirty-two characters of plain text are refused: they are a password, or 16 bytes in hex, and look strong only.
 */
#include <string.h>

#include <openssl/crypto.h>

#include "crypto/keyring.h"
#include "text/encode.h"

enum {
    FILE_BYTES = 256,   /* three times the longest spelling of a key */
    DISTINCT_BYTES = 12 /* 32 random bytes have fewer than 12 different ones once in 10^20 */
};

#define ADVICE "make one with: openssl rand -base64 32"

static void wipe(void *self)
{
    struct slice *s = self;
    OPENSSL_cleanse((void *)(uintptr_t)s->at, s->len);
}

/* Steps on the way to the key live in the caller's arena; they go when it goes, but not into the next one's hands. */
static void wipe_later(struct arena *a, struct slice s)
{
    struct slice *keep = arena_new(a, struct slice);
    *keep = s;
    arena_at_close(a, wipe, keep);
}

static struct slice trim(struct slice text)
{
    while (text.len != 0 && strchr(" \t\r\n", text.at[text.len - 1]) != NULL)
        text.len--;
    while (text.len != 0 && strchr(" \t\r\n", text.at[0]) != NULL)
        text = slice_from(text, 1);
    return text;
}

static bool is_text(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.at[i];
        if ((c < 0x20 && strchr("\t\r\n", c) == NULL) || c > 0x7e) return false;
    }
    return true;
}

static bool read_hex(struct arena *a, struct slice text, struct slice *ret_bytes)
{
    if (text.len % 2 != 0 || text.len == 0) return false;
    char *to = arena_bytes(a, text.len / 2);
    wipe_later(a, (struct slice){to, text.len / 2});
    for (size_t i = 0; i < text.len; i += 2) {
        int high = hex_digit(text.at[i]), low = hex_digit(text.at[i + 1]);
        if (high < 0 || low < 0) return false;
        to[i / 2] = (char)(unsigned char)(high * 16 + low);
    }
    *ret_bytes = (struct slice){to, text.len / 2};
    return true;
}

/* Both alphabets, with padding and without. */
static bool read_base64(struct arena *a, struct slice text, struct slice *ret_bytes)
{
    struct slice bare = text;
    while (bare.len != 0 && bare.at[bare.len - 1] == '=')
        bare.len--;
    if (text.len - bare.len > 2 || (text.len != bare.len && text.len % 4 != 0)) return false;
    size_t missing = (4 - bare.len % 4) % 4;
    struct slice padded = arena_print(a, "%.*s%.*s", SLICE_ARG(bare), (int)missing, "===");
    wipe_later(a, padded);
    if (!base64url_decode(a, bare, ret_bytes) && !base64_decode(a, padded, ret_bytes)) return false;
    wipe_later(a, *ret_bytes);
    return true;
}

static const struct err *read_spelling(struct arena *a, struct slice text, struct slice *ret_bytes)
{
    if (text.len == KEYRING_MASTER_BYTES && !is_text(text)) {
        *ret_bytes = text;
        return NULL;
    }
    struct slice word = trim(text);
    if (is_text(word) && word.len == KEYRING_MASTER_BYTES)
        return err_new(a, PROBLEM_CONFIG, "a key of 32 characters of text holds fewer than 32 random bytes; " ADVICE);
    if (read_hex(a, word, ret_bytes) || read_base64(a, word, ret_bytes)) return NULL;
    return err_new(a, PROBLEM_CONFIG, "a key must be 32 bytes, raw or as base64 or hex, this is neither; " ADVICE);
}

static size_t distinct(struct slice bytes)
{
    bool seen[256] = {false};
    size_t count = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        bool *slot = &seen[(unsigned char)bytes.at[i]];
        count += *slot ? 0 : 1;
        *slot = true;
    }
    return count;
}

static const struct err *judge(struct arena *a, struct slice bytes)
{
    if (bytes.len < KEYRING_MASTER_BYTES)
        return err_new(a, PROBLEM_CONFIG, "a key must be 32 bytes, this is %zu: too few to be safe; " ADVICE,
                       bytes.len);
    if (bytes.len > KEYRING_MASTER_BYTES)
        return err_new(a, PROBLEM_CONFIG, "a key must be 32 bytes, this is %zu; " ADVICE, bytes.len);
    if (distinct(bytes) < DISTINCT_BYTES)
        return err_new(a, PROBLEM_CONFIG, "a key must be random, this one repeats itself; " ADVICE);
    return NULL;
}

const struct err *keyring_read_master(struct arena *a, struct slice text, struct secret *ret_master)
{
    struct slice bytes;
    if (text.len > FILE_BYTES)
        return err_new(a, PROBLEM_CONFIG, "a key file of %zu bytes is too long; " ADVICE, text.len);
    const struct err *why = read_spelling(a, text, &bytes);
    if (why == NULL) why = judge(a, bytes);
    if (why == NULL) *ret_master = secret_in(a, bytes);
    return why;
}
