#include "session/token_record.h"

#include <string.h>

#include "session/record_bytes.h"
#include "store/store.h"

enum {
    PROVIDER_MAX = 255
};

static const struct slice purpose = LIT_INIT("tokens");

/* ---- keys */

struct slice token_record_key(struct arena *a, struct slice session_key)
{
    must(slice_starts(session_key, LIT("s:")));
    return arena_join(a, (struct slice[]){LIT("t:"), slice_from(session_key, 2)}, 2);
}

struct slice token_record_lock_key(struct arena *a, struct slice session_key, int64_t turn)
{
    must(slice_starts(session_key, LIT("s:")));
    return arena_print(a, "r:%.*s.%lld", SLICE_ARG(slice_from(session_key, 2)), (long long)turn);
}

/* ---- bytes */

void token_record_write(struct buf *to, const struct token_record *r)
{
    const struct tokens *t = &r->tokens;
    record_write_number(to, TOKEN_RECORD_VERSION, 1);
    record_write_number(to, (uint64_t)r->turn, 8);
    record_write_number(to, (uint64_t)t->obtained_s, 8);
    record_write_number(to, (uint64_t)t->expires_s, 8);
    record_write_number(to, (uint64_t)r->retry_ms, 8);
    record_write_number(to, (uint64_t)r->failures, 4);
    record_write_number(to, r->over, 1);
    record_write_text(to, t->access_token);
    record_write_text(to, t->refresh_token);
    record_write_text(to, t->id_token);
    record_write_text(to, t->access_secret);
    record_write_number(to, t->value_count, 4);
    for (size_t i = 0; i < t->value_count; i++) {
        record_write_text(to, t->values[i].name);
        record_write_text(to, t->values[i].value);
    }
}

static void read_tokens(struct arena *a, struct record_reader *r, struct tokens *t)
{
    t->access_token = record_read_text(r);
    t->refresh_token = record_read_text(r);
    t->id_token = record_read_text(r);
    t->access_secret = record_read_text(r);
    t->value_count = record_read_count(r, TOKENS_VALUES_MAX);
    struct tokens_value *values = arena_array(a, struct tokens_value, t->value_count);
    for (size_t i = 0; i < t->value_count; i++) {
        values[i].name = record_read_text(r);
        values[i].value = record_read_text(r);
    }
    t->values = values;
}

const struct err *token_record_read(struct arena *a, struct slice bytes, struct token_record *ret_record)
{
    struct record_reader r = {.rest = bytes};
    struct token_record t = {.turn = 0};
    uint64_t version = record_read_number(&r, 1);
    if (r.bad || version != TOKEN_RECORD_VERSION) {
        return err_new(a, PROBLEM_INTERNAL, "record of tokens of version %u, not %u", (unsigned)version,
                       (unsigned)TOKEN_RECORD_VERSION);
    }
    t.turn = (int64_t)record_read_number(&r, 8);
    t.tokens.obtained_s = (int64_t)record_read_number(&r, 8);
    t.tokens.expires_s = (int64_t)record_read_number(&r, 8);
    t.retry_ms = (int64_t)record_read_number(&r, 8);
    t.failures = (int64_t)record_read_number(&r, 4);
    uint64_t over = record_read_number(&r, 1);
    read_tokens(a, &r, &t.tokens);
    if (!record_read_ends(&r) || over > 1 || t.turn < 0) {
        return err_new(a, PROBLEM_INTERNAL, "record of tokens of %zu bytes does not read", bytes.len);
    }
    t.over = over == 1;
    *ret_record = t;
    return NULL;
}

/* ---- sealed */

/* A key has no blank in it, so no two pairs of key and id give the same context. */
static struct slice context_of(struct arena *a, struct slice key, struct slice provider)
{
    return arena_join(a, (struct slice[]){key, LIT(" "), provider}, 3);
}

const struct err *token_record_seal(struct arena *a, const struct keyring *keys, struct slice key,
                                    const struct token_record *r, struct slice *ret_value)
{
    struct slice id = r->provider;
    must(id.len <= PROVIDER_MAX);
    char len = (char)(unsigned char)id.len;
    struct buf plain = buf_open(STORE_MAX_VALUE - KEYRING_OVERHEAD - PROVIDER_MAX - 1);
    token_record_write(&plain, r);
    const struct err *e = NULL;
    if (plain.full) {
        e = err_new(a, PROBLEM_INTERNAL, "the provider's tokens are too large to be kept");
    } else {
        struct slice sealed = keyring_seal(keys, a, purpose, context_of(a, key, id), buf_slice(&plain));
        *ret_value = arena_join(a,
                                (struct slice[]){
                                    {&len, 1},
                                    id, sealed
        },
                                3);
    }
    explicit_bzero(plain.at, plain.len);
    buf_close(&plain);
    return e;
}

struct wiped {
    struct slice text;
};

static void wipe(void *self)
{
    struct wiped *w = self;
    explicit_bzero((char *)(uintptr_t)w->text.at, w->text.len); /* ours, in our arena */
}

const struct err *token_record_open(struct arena *a, const struct keyring *keys, struct slice key, struct slice value,
                                    struct token_record *ret_record)
{
    size_t len = value.len != 0 ? (unsigned char)value.at[0] : 0;
    if (value.len < 1 + len) return err_new(a, PROBLEM_INTERNAL, "record of tokens of %zu bytes", value.len);
    struct slice id = slice_upto(slice_from(value, 1), len), plain;
    const struct err *e =
        keyring_open_sealed(keys, a, purpose, context_of(a, key, id), slice_from(value, 1 + len), &plain);
    if (e != NULL) return e;
    struct wiped *w = arena_new(a, struct wiped);
    w->text = plain;
    arena_at_close(a, wipe, w);
    e = token_record_read(a, plain, ret_record);
    if (e != NULL) return e;
    ret_record->provider = arena_copy(a, id);
    return NULL;
}
