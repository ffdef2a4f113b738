#include "session/session_record.h"

#include "session/record_bytes.h"

/* The texts in the order they stand in the record; a new one is a new version. */
enum {
    TEXTS = 15
};

static void list_texts(struct session *s, struct slice *texts[TEXTS])
{
    struct identity *who = &s->identity;
    struct slice *in_order[TEXTS] = {
        &who->provider,    &who->issuer,      &who->subject,  &who->email,    &who->name,
        &who->given_name,  &who->family_name, &who->username, &who->picture,  &who->locale,
        &who->profile_url, &s->provider_sid,  &s->address,    &s->user_agent, &s->site,
    };
    for (size_t i = 0; i < TEXTS; i++) {
        texts[i] = in_order[i];
    }
}

void session_record_write(struct buf *to, const struct session *s)
{
    struct session copy = *s;
    struct slice *texts[TEXTS];
    list_texts(&copy, texts);
    record_write_number(to, SESSION_RECORD_VERSION, 1);
    record_write_number(to, (uint64_t)s->created_s, 8);
    record_write_number(to, (uint64_t)s->expires_s, 8);
    record_write_number(to, (uint64_t)s->identity.auth_time_s, 8);
    record_write_number(to, s->identity.email_verified, 1);
    record_write_number(to, s->keeps_tokens, 1);
    for (size_t i = 0; i < TEXTS; i++) {
        record_write_text(to, *texts[i]);
    }
    record_write_text(to, s->identity.acr);
    record_write_number(to, s->identity.group_count, 4);
    for (size_t i = 0; i < s->identity.group_count; i++) {
        record_write_text(to, s->identity.groups[i]);
    }
    record_write_number(to, s->identity.kept_count, 4);
    for (size_t i = 0; i < s->identity.kept_count; i++) {
        record_write_text(to, s->identity.kept[i].name);
        record_write_text(to, s->identity.kept[i].value);
    }
}

static void read_groups(struct arena *a, struct record_reader *r, struct identity *who)
{
    who->group_count = record_read_count(r, IDENTITY_GROUPS_MAX);
    who->groups = arena_array(a, struct slice, who->group_count);
    for (size_t i = 0; i < who->group_count; i++) {
        who->groups[i] = record_read_text(r);
    }
}

static void read_kept(struct arena *a, struct record_reader *r, struct identity *who)
{
    who->kept_count = record_read_count(r, IDENTITY_KEEP_MAX);
    who->kept = arena_array(a, struct identity_claim, who->kept_count);
    for (size_t i = 0; i < who->kept_count; i++) {
        who->kept[i].name = record_read_text(r);
        who->kept[i].value = record_read_text(r);
    }
}

const struct err *session_record_read(struct arena *a, struct slice bytes, struct session *ret_session)
{
    struct record_reader r = {.rest = bytes};
    struct session s = {.memo = NULL};
    uint64_t version = record_read_number(&r, 1);
    if (r.bad || version != SESSION_RECORD_VERSION) {
        return err_new(a, PROBLEM_SESSION_ENDED, "session record of version %u, not %u", (unsigned)version,
                       (unsigned)SESSION_RECORD_VERSION);
    }
    s.created_s = (int64_t)record_read_number(&r, 8);
    s.expires_s = (int64_t)record_read_number(&r, 8);
    s.identity.auth_time_s = (int64_t)record_read_number(&r, 8);
    uint64_t verified = record_read_number(&r, 1), keeps_tokens = record_read_number(&r, 1);
    struct slice *texts[TEXTS];
    list_texts(&s, texts);
    for (size_t i = 0; i < TEXTS; i++) {
        *texts[i] = record_read_text(&r);
    }
    s.identity.acr = record_read_text(&r);
    read_groups(a, &r, &s.identity);
    read_kept(a, &r, &s.identity);
    if (!record_read_ends(&r) || verified > 1 || keeps_tokens > 1) {
        return err_new(a, PROBLEM_SESSION_ENDED, "session record of %zu bytes does not read", bytes.len);
    }
    s.identity.email_verified = verified == 1;
    s.keeps_tokens = keeps_tokens == 1;
    *ret_session = s;
    return NULL;
}
