/* command_sessions.c -- `sessions list`, `show`, `revoke`: who is signed in, and their end.
 *
 * Directly on the store, with the configuration and the keys the gateway itself has, and not through the running process. So it works beside any
 * number of replicas and also when none of them runs; there is no further door into the process that had to be guarded; and who may use it
 * is who may read the keys, which is what it takes to be the gateway anyway. The replicas hear of each end from the store, as they hear of each
 * other's. What it cannot reach is a store in a process's memory, which nobody else can.
 *
 * Ends are told in the audit stream of the configured log, by the name of who ran the command.
 */
#include <pwd.h>
#include <unistd.h>

#include "cli/session_desk.h"
#include "text/json.h"
#include "text/utf8.h"

#include "base/log.h"
#include "base/now.h"

enum {
    ROW_MAX = 64 * 1024,
    SHOWN = 60 /* characters of a name on a line */
};

/* ---- showing them ---- */

static void json_of(struct json *j, const struct session_listed *x)
{
    json_open_object(j, NULL);
    json_string(j, "id", x->id);
    json_string(j, "provider", x->provider);
    json_string(j, "subject", x->subject);
    json_string(j, "email", x->email);
    json_string(j, "name", x->name);
    json_number(j, "began", x->created_s);
    if (x->seen_s != 0) json_number(j, "seen", x->seen_s);
    json_number(j, "expires", x->expires_s);
    json_string(j, "address", x->address);
    json_string(j, "user_agent", x->user_agent);
    json_close_object(j);
}

static void minute(int64_t seconds, char out[17])
{
    char whole[25];
    memcpy(out, "-", 2);
    if (seconds == 0) return;
    now_rfc3339(seconds * 1000, whole);
    memcpy(out, whole, 16);
    out[10] = ' ';
    out[16] = '\0';
}

static int list_one(struct desk *by, const struct session_listed *x)
{
    AUTO(arena_closep) struct arena *a = arena_open(ROW_MAX);
    char began[17], seen[17];
    if (by->json) {
        AUTO(buf_close) struct buf out = buf_open(ROW_MAX);
        struct json j = json_into(&out);
        if (by->count++ != 0) buf_add(&out, LIT(",\n"));
        json_of(&j, x);
        command_out(&out);
        return EXIT_FINE;
    }
    minute(x->created_s, began);
    minute(x->seen_s, seen);
    if (by->count++ == 0) printf("%-8s  %-16s  %-16s  %-24s  %s\n", "id", "began (UTC)", "last seen", "address", "who");
    struct slice who =
        arena_print(a, "%.*s/%.*s  %.*s", SLICE_ARG(x->provider), SLICE_ARG(x->subject), SLICE_ARG(x->email));
    who = utf8_for_people(a, who, 2 * SHOWN);
    printf("%.*s  %-16s  %-16s  %-24.*s  %.*s\n", SLICE_ARG(slice_upto(x->id, DESK_REFERENCE)), began, seen,
           SLICE_ARG(x->address), SLICE_ARG(who));
    return EXIT_FINE;
}

int command_sessions_list(const struct command_line *line)
{
    struct desk by;
    int status = session_desk_open(&by, line, false);
    if (status != EXIT_FINE) return status;
    if (by.json) printf("[");
    status = session_desk_each(&by, list_one);
    if (by.json) printf("]\n");
    if (status == EXIT_FINE && by.count == 0 && !by.json) command_say("nobody is signed in");
    return session_desk_close(&by, status);
}

static int show_one(struct desk *by, const struct session_listed *x)
{
    AUTO(arena_closep) struct arena *a = arena_open(ROW_MAX);
    AUTO(buf_close) struct buf out = buf_open(ROW_MAX);
    char began[17], seen[17], ends[17];
    by->count++;
    if (by->json) {
        struct json j = json_into(&out);
        json_of(&j, x);
        buf_byte(&out, '\n');
        command_out(&out);
        return EXIT_FINE;
    }
    minute(x->created_s, began);
    minute(x->seen_s, seen);
    minute(x->expires_s, ends);
    const struct {
        const char *what;
        struct slice text;
    } rows[] = {
        {"id", x->id},
        {"provider", x->provider},
        {"subject", x->subject},
        {"e-mail", x->email},
        {"name", x->name},
        {"address", x->address},
        {"user agent", x->user_agent},
        {"began", slice_of(began)},
        {"last seen", slice_of(seen)},
        {"ends", slice_of(ends)},
        {"at theirs", x->provider_sid},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].text.len == 0) continue;
        printf("%-11s %.*s\n", rows[i].what, SLICE_ARG(utf8_for_people(a, rows[i].text, SESSION_USER_AGENT_MAX)));
    }
    return EXIT_FINE;
}

int command_sessions_show(const struct command_line *line)
{
    struct desk by;
    if (command_value(line, "id") == NULL) {
        command_say("say which: --id ID, as `sessions list` shows it");
        return EXIT_USAGE;
    }
    int status = session_desk_open(&by, line, true);
    if (status != EXIT_FINE) return status;
    status = session_desk_each(&by, show_one);
    if (status == EXIT_FINE && by.count == 0) {
        command_say("there is no such session");
        status = EXIT_FAILED;
    }
    return session_desk_close(&by, status);
}

/* ---- ending them ---- */

static struct slice operator_name(struct arena *a)
{
    const struct passwd *who = getpwuid(getuid());
    return who != NULL ? arena_print(a, "operator:%s", who->pw_name)
                       : arena_print(a, "operator:%u", (unsigned)getuid());
}

static struct audit_record record_of(struct arena *a, struct slice provider, struct slice subject)
{
    return (struct audit_record){.event = "session.revoked",
                                 .actor = operator_name(a),
                                 .provider = provider,
                                 .subject = subject,
                                 .reason = LIT("command")};
}

static void tell_end(struct desk *by, struct slice id, struct audit_record r)
{
    r.session = slice_upto(id, DESK_REFERENCE);
    records_audit(&r);
    by->count++;
}

static int revoke_one(struct desk *by, const struct session_listed *x)
{
    AUTO(arena_closep) struct arena *a = arena_open(DESK_PAGE);
    bool was_there = false;
    const struct audit_record who = record_of(a, x->provider, x->subject);
    int status = session_desk_revoke(by, a, x, &who, &was_there);
    if (status == EXIT_FINE && was_there) tell_end(by, x->id, who);
    return status;
}

static void tell_persons(struct desk *by, struct slice id)
{
    tell_end(by, id, record_of(by->arena, by->provider, by->subject));
}

static int revoke_person(struct desk *by)
{
    const struct audit_record who = record_of(by->arena, by->provider, by->subject);
    return session_desk_revoke_person(by, &who, tell_persons);
}

static void tell_count(const struct desk *by)
{
    if (by->json)
        printf("{\"ended\":%zu}\n", by->count);
    else if (!command_has(by->line, "quiet"))
        printf("%zu session%s ended\n", by->count, by->count == 1 ? "" : "s");
}

int command_sessions_revoke(const struct command_line *line)
{
    struct desk by;
    int status = session_desk_open(&by, line, true);
    if (status != EXIT_FINE) return status;
    struct records_conf records = config_records(by.config, by.s);
    if (config_log_format_is_auto(by.config)) records.format = isatty(STDERR_FILENO) ? RECORDS_TEXT : RECORDS_JSON;
    if (records.least < LOG_LEVEL_WARN) records.least = LOG_LEVEL_WARN;
    const struct err *e = records_open(by.arena, &records);
    if (e != NULL) return session_desk_close(&by, command_failed(by.arena, e));
    status = by.subject.len != 0 ? revoke_person(&by) : session_desk_each(&by, revoke_one);
    if (status == EXIT_FINE && by.id.len != 0 && by.count == 0) {
        command_say("there is no such session");
        status = EXIT_FAILED;
    } else if (status == EXIT_FINE)
        tell_count(&by);
    give_back_finish(&by.back); /* while it can still be told how that went */
    records_close();
    return session_desk_close(&by, status);
}
