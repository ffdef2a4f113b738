#include "session/session_record.h"

/* The texts in the order they stand in the record; a new one is a new version. */
enum {
    TEXTS = 15
};

static void list_texts(struct session *s, struct slice *texts[TEXTS])
{
    struct identity *who = &s->identity;
    struct slice *in_order[TEXTS] = {
        &who->provider,    &who->issuer,      &who->subject,    &who->email,       &who->name,
        &who->given_name,  &who->family_name, &who->username,   &who->picture,     &who->locale,
        &who->profile_url, &s->id_token,      &s->access_token, &s->refresh_token, &s->provider_sid,
    };
    for (size_t i = 0; i < TEXTS; i++) {
        texts[i] = in_order[i];
    }
}

/* ---- writing */

static void write_number(struct buf *to, uint64_t n, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--) {
        buf_byte(to, (char)(unsigned char)(n >> (8 * i)));
    }
}

static void write_text(struct buf *to, struct slice s)
{
    must(s.len <= UINT32_MAX);
    write_number(to, s.len, 4);
    buf_add(to, s);
}

void session_record_write(struct buf *to, const struct session *s)
{
    struct session copy = *s;
    struct slice *texts[TEXTS];
    list_texts(&copy, texts);
    write_number(to, SESSION_RECORD_VERSION, 1);
    write_number(to, (uint64_t)s->created_s, 8);
    write_number(to, (uint64_t)s->expires_s, 8);
    write_number(to, (uint64_t)s->access_expires_s, 8);
    write_number(to, (uint64_t)s->identity.auth_time_s, 8);
    write_number(to, s->identity.email_verified, 1);
    for (size_t i = 0; i < TEXTS; i++) {
        write_text(to, *texts[i]);
    }
    write_text(to, s->identity.acr);
    write_number(to, s->identity.group_count, 4);
    for (size_t i = 0; i < s->identity.group_count; i++) {
        write_text(to, s->identity.groups[i]);
    }
    write_number(to, s->identity.kept_count, 4);
    for (size_t i = 0; i < s->identity.kept_count; i++) {
        write_text(to, s->identity.kept[i].name);
        write_text(to, s->identity.kept[i].value);
    }
}

/* ---- reading: what does not fit marks the reader, and everything after reads as nothing */

struct reader {
    struct arena *arena;
    struct slice rest;
    bool bad;
};

static uint64_t read_number(struct reader *r, size_t bytes)
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

static struct slice read_text(struct reader *r)
{
    size_t len = (size_t)read_number(r, 4);
    if (r->bad || len > r->rest.len) {
        r->bad = true;
        return (struct slice){NULL, 0};
    }
    if (len == 0) return (struct slice){NULL, 0};
    struct slice text = slice_upto(r->rest, len);
    r->rest = slice_from(r->rest, len);
    return text;
}

static size_t read_count(struct reader *r, size_t most)
{
    uint64_t count = read_number(r, 4);
    if (count > most) r->bad = true;
    return r->bad ? 0 : (size_t)count;
}

static void read_groups(struct reader *r, struct identity *who)
{
    who->group_count = read_count(r, IDENTITY_GROUPS_MAX);
    who->groups = arena_array(r->arena, struct slice, who->group_count);
    for (size_t i = 0; i < who->group_count; i++) {
        who->groups[i] = read_text(r);
    }
}

static void read_kept(struct reader *r, struct identity *who)
{
    who->kept_count = read_count(r, IDENTITY_KEEP_MAX);
    who->kept = arena_array(r->arena, struct identity_claim, who->kept_count);
    for (size_t i = 0; i < who->kept_count; i++) {
        who->kept[i].name = read_text(r);
        who->kept[i].value = read_text(r);
    }
}

const struct err *session_record_read(struct arena *a, struct slice bytes, struct session *ret_session)
{
    struct reader r = {.arena = a, .rest = bytes};
    struct session s = {.memo = NULL};
    uint64_t version = read_number(&r, 1);
    if (r.bad || version != SESSION_RECORD_VERSION) {
        return err_new(a, PROBLEM_SESSION_ENDED, "session record of version %u, not %u", (unsigned)version,
                       (unsigned)SESSION_RECORD_VERSION);
    }
    s.created_s = (int64_t)read_number(&r, 8);
    s.expires_s = (int64_t)read_number(&r, 8);
    s.access_expires_s = (int64_t)read_number(&r, 8);
    s.identity.auth_time_s = (int64_t)read_number(&r, 8);
    uint64_t verified = read_number(&r, 1);
    struct slice *texts[TEXTS];
    list_texts(&s, texts);
    for (size_t i = 0; i < TEXTS; i++) {
        *texts[i] = read_text(&r);
    }
    s.identity.acr = read_text(&r);
    read_groups(&r, &s.identity);
    read_kept(&r, &s.identity);
    if (r.bad || r.rest.len != 0 || verified > 1) {
        return err_new(a, PROBLEM_SESSION_ENDED, "session record of %zu bytes does not read", bytes.len);
    }
    s.identity.email_verified = verified == 1;
    *ret_session = s;
    return NULL;
}
