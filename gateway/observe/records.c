/* records.c -- what stands in each stream's line, and where it is handed in. */
#include "observe/records.h"

#include <stdio.h>
#include <string.h>

#include "observe/metrics.h"
#include "observe/record_line.h"
#include "observe/writer.h"

enum {
    PATH_MOST = 2048, /* bytes of a value before escaping */
    TEXT_MOST = 512,
    FIELD_MOST = 1024,
    STORY_MOST = 4096,
    FIELDS_MOST = 10 /* of a server line; so that any line fits LINE_MAX_BYTES */
};

static struct metric dropped = {.name = "vestibule_log_dropped_total",
                                .help = "Log lines that could not be written.",
                                .kind = METRIC_COUNTER,
                                .labels = {"stream"}};

static struct {
    bool is_text, access;
    enum records_identity identity;
    void (*hide)(const unsigned char key[RECORDS_HIDE_KEY], struct slice text, char ret_hidden[RECORDS_HIDDEN]);
    unsigned char hide_key[RECORDS_HIDE_KEY];
    struct series *dropped_access, *dropped_audit, *dropped_server, *dropped_sink;
} conf_now;

static void count(struct series *s, uint64_t lines)
{
    if (s != NULL && lines != 0) metric_add(s, (int64_t)lines);
}

/* The writer's own losses are of any stream; they are looked up when somebody asks. */
static void refresh_lost(void *self)
{
    (void)self;
    count(conf_now.dropped_sink, writer_lost());
}

/* ---- the causes of an error, outermost first, as base/err.h tells them, without an arena */

static void put_story(struct record_line *l, const struct err *why)
{
    struct buf story = buf_open(STORY_MOST), places = buf_open(STORY_MOST);
    for (const struct err *e = why; e != NULL; e = e->cause) {
        if (e != why) buf_add(&story, LIT(": "));
        buf_add(&story, slice_upto(e->text, FIELD_MOST));
        if (e != why) buf_add(&places, LIT(" < "));
        buf_print(&places, "%s:%d", e->file, e->line);
    }
    record_line_text(l, "cause", buf_slice(&story), STORY_MOST);
    record_line_text(l, "places", buf_slice(&places), STORY_MOST);
    buf_close(&story);
    buf_close(&places);
}

/* ---- people */

static void put_person(struct record_line *l, const char *name, struct slice who)
{
    char hidden[RECORDS_HIDDEN];
    if (conf_now.identity == RECORDS_IDENTITY_FULL)
        record_line_text(l, name, who, FIELD_MOST);
    else if (conf_now.identity == RECORDS_IDENTITY_HASHED && who.len != 0) {
        conf_now.hide(conf_now.hide_key, who, hidden);
        record_line_text(l, name, (struct slice){hidden, sizeof hidden}, FIELD_MOST);
    }
}

/* A provider, "operator:NAME", which is no visitor, or "PROVIDER:SUBJECT": then the subject as it stands in its own field. */
static void put_actor(struct record_line *l, struct slice actor)
{
    size_t colon = slice_index(actor, ':');
    bool person = colon != SLICE_NONE && !slice_starts(actor, LIT("operator:"));
    if (!person || conf_now.identity == RECORDS_IDENTITY_FULL) {
        record_line_text(l, "actor", actor, FIELD_MOST);
        return;
    }
    char text[FIELD_MOST], hidden[RECORDS_HIDDEN];
    bool hashed = conf_now.identity == RECORDS_IDENTITY_HASHED;
    if (hashed) conf_now.hide(conf_now.hide_key, slice_from(actor, colon + 1), hidden);
    struct slice provider = slice_upto(actor, colon < FIELD_MOST / 2 ? colon : FIELD_MOST / 2);
    int len = snprintf(text, sizeof text, "%.*s%s%.*s", SLICE_ARG(provider), hashed ? ":" : "",
                       hashed ? RECORDS_HIDDEN : 0, hidden);
    record_line_text(l, "actor", (struct slice){text, (size_t)len}, FIELD_MOST);
}

/* ---- server */

static void write_server(enum log_level level, const char *event, const char *sentence, const struct err *why,
                         const struct log_field *fields, size_t field_count)
{
    static const char *const words[] = {"debug", "info", "warn", "error"};
    struct record_line l = record_line_begin(writer_scratch(), conf_now.is_text, words[level], "server", event);
    record_line_text(&l, "msg", slice_of(sentence), FIELD_MOST);
    for (size_t i = 0; i < field_count && i < FIELDS_MOST; i++) {
        record_line_text(&l, fields[i].name, fields[i].value, FIELD_MOST);
    }
    if (why != NULL) record_line_text(&l, "reason", problem_word(why->problem), TEXT_MOST);
    if (why != NULL) put_story(&l, why);
    if (!record_line_end(&l) || !writer_queue(buf_slice(l.to))) count(conf_now.dropped_server, 1);
}

/* ---- access */

static void put_access(struct record_line *l, const struct access_record *r)
{
    static const struct slice none = {NULL, 0};
    record_line_text(l, "request_id", r->request_id, TEXT_MOST);
    record_line_text(l, "trace_id", r->trace_id, TEXT_MOST);
    record_line_text(l, "client_ip", r->client_ip, TEXT_MOST);
    record_line_text(l, "method", r->method, TEXT_MOST);
    record_line_text(l, "scheme", r->scheme, TEXT_MOST);
    record_line_text(l, "authority", r->authority, TEXT_MOST);
    record_line_text(l, "path", slice_upto(r->path, slice_index(r->path, '?')), PATH_MOST);
    struct slice protocol = r->version >= 0x200   ? LIT("HTTP/2")
                            : r->version == 0x101 ? LIT("HTTP/1.1")
                            : r->version == 0x100 ? LIT("HTTP/1.0")
                                                  : none;
    record_line_text(l, "protocol", protocol, TEXT_MOST);
    record_line_number(l, "status", r->status);
    record_line_number(l, "bytes_in", (int64_t)r->bytes_in);
    record_line_number(l, "bytes_out", (int64_t)r->bytes_out);
    record_line_ms(l, "duration_ms", r->duration_us);
    record_line_text(l, "handler", r->handler, TEXT_MOST);
    record_line_text(l, "decision", r->decision, TEXT_MOST);
    record_line_text(l, "reason", r->reason, TEXT_MOST);
    record_line_text(l, "rule", r->rule, TEXT_MOST);
    put_person(l, "user", r->user);
    record_line_text(l, "provider", r->provider, TEXT_MOST);
    record_line_text(l, "session", r->session, TEXT_MOST);
    record_line_text(l, "backend", r->backend, TEXT_MOST);
    if (r->backend_status != 0) record_line_number(l, "backend_status", r->backend_status);
    if (r->backend_us != 0) record_line_ms(l, "backend_duration_ms", r->backend_us);
    record_line_text(l, "user_agent", r->user_agent, TEXT_MOST);
    if (r->aborted) record_line_true(l, "aborted");
}

bool records_want_access(void)
{
    return conf_now.access;
}

void records_access(const struct access_record *r)
{
    if (!conf_now.access) return;
    struct record_line l = record_line_begin(writer_scratch(), conf_now.is_text, "info", "access", "request");
    put_access(&l, r);
    if (!record_line_end(&l) || !writer_ring(buf_slice(l.to))) count(conf_now.dropped_access, 1);
}

/* ---- audit */

void records_audit(const struct audit_record *r)
{
    const char *level = r->why != NULL || r->reason.len != 0 ? "warn" : "info";
    struct record_line l = record_line_begin(writer_scratch(), conf_now.is_text, level, "audit", r->event);
    record_line_text(&l, "request_id", r->request_id, TEXT_MOST);
    put_actor(&l, r->actor);
    put_person(&l, "subject", r->subject);
    put_person(&l, "email", r->email);
    record_line_text(&l, "provider", r->provider, TEXT_MOST);
    record_line_text(&l, "reason", r->reason.len != 0 || r->why == NULL ? r->reason : problem_word(r->why->problem),
                     TEXT_MOST);
    record_line_text(&l, "client_ip", r->client_ip, TEXT_MOST);
    record_line_text(&l, "user_agent", r->user_agent, TEXT_MOST);
    record_line_text(&l, "session", r->session, TEXT_MOST);
    record_line_text(&l, "target", slice_upto(r->target, slice_index(r->target, '?')), PATH_MOST);
    if (r->why != NULL) put_story(&l, r->why);
    if (!record_line_end(&l) || !writer_queue(buf_slice(l.to))) count(conf_now.dropped_audit, 1);
}

/* ---- opening and closing */

const struct err *records_open(struct arena *a, const struct records_conf *conf)
{
    static bool refreshed;
    const struct err *e = writer_open(a, conf->file);
    if (e != NULL) return e;
    conf_now.is_text = conf->format == RECORDS_TEXT;
    conf_now.access = conf->access;
    bool cannot = conf->identity == RECORDS_IDENTITY_HASHED && conf->hide == NULL;
    conf_now.identity = cannot ? RECORDS_IDENTITY_NONE : conf->identity;
    conf_now.hide = conf->hide;
    memcpy(conf_now.hide_key, conf->hide_key, sizeof conf_now.hide_key);
    conf_now.dropped_access = metric_series(&dropped, &(struct slice)LIT_INIT("access"));
    conf_now.dropped_audit = metric_series(&dropped, &(struct slice)LIT_INIT("audit"));
    conf_now.dropped_server = metric_series(&dropped, &(struct slice)LIT_INIT("server"));
    conf_now.dropped_sink = metric_series(&dropped, &(struct slice)LIT_INIT("any"));
    if (!refreshed) metric_refresh(refresh_lost, NULL);
    refreshed = true;
    log_threshold(conf->least);
    log_to(write_server);
    return NULL;
}

void records_reopen(void)
{
    writer_reopen();
}

void records_close(void)
{
    log_to(NULL);
    conf_now.access = false;
    writer_close();
}
