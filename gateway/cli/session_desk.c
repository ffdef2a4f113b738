#include "cli/session_desk.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/now.h"

enum {
    PATIENCE_MS = 15000, /* of one question; the store's own limit is far shorter */
    TURN_MS = 10,
    IDS_BUDGET = 512 * 1024 * 1024, /* five million sessions */
    ID = 43
};

/* ---- one question to the store ---- */

struct question {
    struct desk *by;
    enum flow_next (*ask)(struct flow *f, struct question *q);
    struct slice id;
    struct store_scan scan;
    struct session_listed listed;
    struct session_roll roll;
    struct session_ids ended;
    const struct session *known;
    const struct session_giving *giving;
    bool was_there, over;
    const struct err *why;
    struct flow flow;
};

static enum flow_next ask(struct flow *f)
{
    struct question *q = f->self;
    return q->ask(f, q);
}

static const struct flow_step steps[] = {{"sessions/ask", ask}};

static void answered(struct flow *f, const struct err *why)
{
    struct question *q = f->self;
    q->over = true;
    q->why = why;
}

/* EXIT_FINE, or why not: told already. Answers live in a. */
static int put(struct desk *by, struct arena *a, struct question *q)
{
    q->by = by;
    flow_start(&q->flow, a, steps, 1, answered, q);
    for (int64_t end = now_ms() + PATIENCE_MS; !q->over && now_ms() < end;) {
        loop_turn(by->loop, TURN_MS);
    }
    if (q->over && q->why == NULL) return EXIT_FINE;
    if (!q->over) {
        flow_drop(&q->flow);
        command_say("the store does not answer");
        return EXIT_UNAVAILABLE;
    }
    command_failed(a, q->why);
    return q->why->problem == PROBLEM_STORE_AWAY ? EXIT_UNAVAILABLE : EXIT_FAILED;
}

static enum flow_next ask_walk(struct flow *f, struct question *q)
{
    return session_walk(f, q->by->sessions, q->by->id, &q->scan);
}

static enum flow_next ask_read(struct flow *f, struct question *q)
{
    return session_read(f, q->by->sessions, q->id, &q->listed);
}

static enum flow_next ask_roll(struct flow *f, struct question *q)
{
    return session_roll(f, q->by->sessions, q->by->provider, q->by->subject, &q->roll);
}

static enum flow_next ask_revoke(struct flow *f, struct question *q)
{
    return session_revoke(f, q->by->sessions, q->id, q->known, q->giving, &q->was_there);
}

static enum flow_next ask_revoke_person(struct flow *f, struct question *q)
{
    return session_revoke_person(f, q->by->sessions, q->by->provider, q->by->subject, (struct slice){NULL, 0},
                                 q->giving, &q->ended);
}

/* ---- getting there and back ---- */

static bool is_id(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", text.at[i]) == NULL)
            return false;
    }
    return text.len >= DESK_REFERENCE && text.len <= ID;
}

static bool read_options(struct desk *by, bool needs_one)
{
    struct slice user = slice_of(command_value(by->line, "user"));
    by->id = slice_of(command_value(by->line, "id"));
    by->provider = slice_of(command_value(by->line, "provider"));
    by->all = command_has(by->line, "all");
    by->json = command_json(by->line);
    int ways = (user.len != 0) + (by->id.len != 0) + (by->provider.len != 0) + by->all;
    if (ways > 1 || (needs_one && ways == 0)) {
        command_say("say whose, in one way: --id ID, --user PROVIDER/SUBJECT, --provider ID or --all");
        return false;
    }
    if (by->id.len != 0 && !is_id(by->id)) {
        command_say("--id is what `sessions list` shows: the first %d characters of an id, or more of it",
                    DESK_REFERENCE);
        return false;
    }
    if (user.len == 0) return true;
    slice_cut(&user, '/', &by->provider);
    by->subject = user;
    if (by->provider.len != 0 && by->subject.len != 0) return true;
    command_say(
        "--user is written PROVIDER/SUBJECT: a provider's id and its name for the person, as `sessions list` shows them");
    return false;
}

int session_desk_close(struct desk *by, int status)
{
    if (by->sessions != NULL) give_back_finish(&by->back);
    if (by->sessions != NULL) sessions_close(by->sessions);
    if (by->sessions != NULL) give_back_close(&by->back);
    if (by->link != NULL) store_unlink(by->link);
    if (by->loop != NULL) loop_turn(by->loop, 0); /* connections that were closed go in a turn of their own */
    if (by->store != NULL) store_close(by->store);
    if (by->loop != NULL) loop_close(by->loop);
    snapshot_drop(by->s);
    if (by->config != NULL) config_close(by->config);
    arena_close(by->arena);
    return status;
}

static int refuse(struct desk *by, const char *why)
{
    command_say("%s", why);
    return session_desk_close(by, EXIT_CONFIG);
}

/* EXIT_FINE, or all is closed again. */
int session_desk_open(struct desk *by, const struct command_line *line, bool needs_one)
{
    *by = (struct desk){.line = line};
    if (!read_options(by, needs_one)) return EXIT_USAGE;
    by->arena = arena_open(IDS_BUDGET);
    by->config = command_config(line, NULL);
    by->s = config_build(by->config, &(struct config_use){.purpose = CONFIG_CHECK});
    if (by->s == NULL) {
        command_complain(line, by->config, LIT("mend the configuration first"));
        return session_desk_close(by, EXIT_CONFIG);
    }
    if (by->s->store.kind == STORE_MEMORY) {
        return refuse(
            by, "session.store is memory://: sessions live in the gateway's own memory, and only it can end them. "
                "Stop it, or let people use PREFIX/account");
    }
    if (by->s->keys_are_new) {
        return refuse(by, "the key that sessions are sealed with is not here: run this as the gateway's user, with its "
                          "STATE_DIRECTORY or session.keys");
    }
    const struct err *e = store_open(by->arena, &by->s->store, &by->store);
    if (e != NULL) return session_desk_close(by, command_failed(by->arena, e));
    log_threshold(LOG_LEVEL_WARN); /* that the store answers is seen by the answer */
    by->loop = loop_open();
    by->link = store_link(by->store, by->loop);
    by->sessions = sessions_open(by->link, by->loop, by->s->session_jwt, by->s->keys, &by->s->session);
    by->back = (struct give_back){.snapshot = by->s, .loop = by->loop, .sessions = by->sessions, .arena = by->arena};
    for (int64_t end = now_ms() + PATIENCE_MS / 5; !store_up(by->store) && now_ms() < end;) {
        loop_turn(by->loop, TURN_MS);
    }
    return EXIT_FINE;
}

/* ---- finding them ---- */

static int by_bytes(const void *x, const void *y)
{
    return slice_compare(*(const struct slice *)x, *(const struct slice *)y);
}

/* All ids that may be meant, each once, in by->arena. */
static int find_ids(struct desk *by, struct session_ids *ret)
{
    char cursor[32] = "0";
    size_t room = 0;
    int status = EXIT_FINE;
    do {
        struct arena *a = arena_open(DESK_PAGE);
        struct question q = {.ask = ask_walk, .scan = {.cursor = slice_of(cursor)}};
        status = put(by, a, &q);
        if (status == EXIT_FINE && ret->count + q.scan.count > room) {
            room = 2 * (ret->count + q.scan.count);
            struct slice *grown = arena_array(by->arena, struct slice, room);
            if (ret->count != 0) memcpy(grown, ret->at, ret->count * sizeof *grown);
            ret->at = grown;
        }
        for (size_t i = 0; status == EXIT_FINE && i < q.scan.count; i++) {
            ret->at[ret->count++] = arena_copy(by->arena, q.scan.keys[i]);
        }
        snprintf(cursor, sizeof cursor, "%.*s", SLICE_ARG(q.scan.cursor));
        arena_close(a);
    } while (status == EXIT_FINE && strcmp(cursor, "0") != 0);
    if (ret->count > 1) qsort(ret->at, ret->count, sizeof *ret->at, by_bytes);
    size_t unique = 0;
    for (size_t i = 0; i < ret->count; i++) {
        if (unique == 0 || !slice_is(ret->at[unique - 1], ret->at[i])) ret->at[unique++] = ret->at[i];
    }
    ret->count = unique;
    return status;
}

static int each_of_person(struct desk *by, session_desk_fn *each)
{
    struct question q = {.ask = ask_roll};
    int status = put(by, by->arena, &q);
    for (size_t i = 0; status == EXIT_FINE && i < q.roll.count; i++) {
        status = each(by, &q.roll.at[i]);
    }
    return status;
}

int session_desk_each(struct desk *by, session_desk_fn *each)
{
    struct session_ids ids = {.count = 0};
    if (by->subject.len != 0) return each_of_person(by, each);
    int status = find_ids(by, &ids);
    if (status == EXIT_FINE && by->id.len != 0 && ids.count > 1) {
        command_say("%zu sessions begin with that id: give more of it", ids.count);
        return EXIT_FAILED;
    }
    for (size_t i = 0; status == EXIT_FINE && i < ids.count; i++) {
        struct arena *a = arena_open(DESK_PAGE);
        struct question q = {.ask = ask_read, .id = ids.at[i]};
        status = put(by, a, &q);
        bool meant = q.listed.id.len != 0 && (by->provider.len == 0 || slice_is(by->provider, q.listed.provider));
        if (status == EXIT_FINE && meant) status = each(by, &q.listed);
        arena_close(a);
    }
    return status;
}

/* ---- ending them ---- */

int session_desk_revoke(struct desk *by, struct arena *a, const struct session_listed *x,
                        const struct audit_record *who, bool *ret_was_there)
{
    const struct session known = {.identity = {.provider = x->provider, .subject = x->subject},
                                  .provider_sid = x->provider_sid};
    struct question q = {
        .ask = ask_revoke, .id = x->id, .known = &known, .giving = give_back(&by->back, a, x->provider, who)};
    int status = put(by, a, &q);
    *ret_was_there = q.was_there;
    return status;
}

int session_desk_revoke_person(struct desk *by, const struct audit_record *who, session_desk_ended_fn *each)
{
    struct question q = {.ask = ask_revoke_person, .giving = give_back(&by->back, by->arena, by->provider, who)};
    int status = put(by, by->arena, &q);
    for (size_t i = 0; i < q.ended.count; i++) {
        each(by, q.ended.at[i]);
    }
    return status;
}
