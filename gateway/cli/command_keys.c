/* command_keys.c -- the folder of signing keys: make, list, rotate, retire, publish. Works on files; a running gateway reads them at SIGHUP. */
#include "cli/commands.h"
#include "config/value.h"
#include "crypto/signing_keys.h"
#include "text/json.h"

#include "base/now.h"

enum {
    KEYS_BUDGET = 16 << 20,
    TEXT_MAX = 1 << 20,
    PUBLISHED_S = 3600 /* twelve times the longest token, and what clients keep of a key set */
};

struct keys { /* one command's stay in the folder */
    struct arena *a;
    struct config *config;
    const char *folder;
};

/* --folder, else what the configuration says; false after words. */
static bool enter(const struct command_line *line, struct keys *k)
{
    *k = (struct keys){arena_open(KEYS_BUDGET), NULL, command_value(line, "folder")};
    if (k->folder != NULL) return true;
    k->config = command_config(line, NULL);
    if (config_complaints(k->config)->errors > 0) {
        command_complain(line, k->config, LIT("give --folder, or mend the configuration"));
        return false;
    }
    k->folder = config_keys_folder(k->config);
    return true;
}

static int leave(struct keys *k, int status)
{
    config_close(k->config);
    arena_close(k->a);
    return status;
}

static int done(const struct command_line *line, struct keys *k, const struct err *why, const char *word)
{
    if (why != NULL) return leave(k, command_failed(k->a, why));
    if (!command_has(line, "quiet")) command_say("%s in %s; a running gateway reads it at SIGHUP", word, k->folder);
    return leave(k, EXIT_FINE);
}

int command_keys_generate(const struct command_line *line)
{
    struct keys k;
    struct signing_keys *keys = NULL;
    if (!enter(line, &k)) return leave(&k, EXIT_CONFIG);
    const struct err *why = signing_keys_read(k.a, k.folder, true, now_s(), &keys);
    if (why == NULL) signing_keys_close(keys);
    return done(line, &k, why, "there are signing keys");
}

static void date(int64_t seconds, char out[11])
{
    char whole[25];
    now_rfc3339(seconds * 1000, whole);
    memcpy(out, whole, 10);
    out[10] = '\0';
}

static void list_text(const struct signing_key_row *rows, size_t count)
{
    printf("%-10s %-12s %-12s %-14s %s\n", "state", "made", "signs from", "published till", "kid");
    for (size_t i = 0; i < count; i++) {
        char made[11], from[11], till[11] = "-";
        date(rows[i].created_s, made);
        date(rows[i].active_s, from);
        if (rows[i].retired_s > 0) date(rows[i].retired_s, till);
        printf("%-10.*s %-12s %-12s %-14s %.*s\n", SLICE_ARG(rows[i].state), made, rows[i].active_s > 0 ? from : "-",
               till, SLICE_ARG(rows[i].kid));
    }
}

static void list_json(const struct signing_key_row *rows, size_t count)
{
    struct buf out = buf_open(TEXT_MAX);
    struct json j = json_into(&out);
    json_open_list(&j, NULL);
    for (size_t i = 0; i < count; i++) {
        json_open_object(&j, NULL);
        json_string(&j, "kid", rows[i].kid);
        json_string(&j, "state", rows[i].state);
        json_number(&j, "created", rows[i].created_s);
        json_number(&j, "active", rows[i].active_s);
        json_number(&j, "retired", rows[i].retired_s);
        json_close_object(&j);
    }
    json_close_list(&j);
    buf_byte(&out, '\n');
    command_out(&out);
    buf_close(&out);
}

int command_keys_list(const struct command_line *line)
{
    struct keys k;
    struct signing_key_row *rows = NULL;
    size_t count = 0;
    if (!enter(line, &k)) return leave(&k, EXIT_CONFIG);
    const struct err *why = signing_keys_list(k.a, k.folder, now_s(), &rows, &count);
    if (why != NULL) return leave(&k, command_failed(k.a, why));
    if (command_json(line))
        list_json(rows, count);
    else
        list_text(rows, count);
    return leave(&k, EXIT_FINE);
}

int command_keys_rotate(const struct command_line *line)
{
    struct keys k;
    const char *publish = command_value(line, "publish");
    int64_t ms = (int64_t)PUBLISHED_S * 1000;
    bool fine = publish == NULL || value_duration(slice_of(publish), &ms);
    if (!fine || ms < 300 * 1000) {
        command_say("--publish is a duration of at least 5m, for tokens live so long");
        return EXIT_USAGE;
    }
    if (!enter(line, &k)) return leave(&k, EXIT_CONFIG);
    return done(line, &k, signing_keys_rotate(k.a, k.folder, now_s(), ms / 1000), "keys rotated");
}

int command_keys_retire(const struct command_line *line)
{
    struct keys k;
    if (!enter(line, &k)) return leave(&k, EXIT_CONFIG);
    return done(line, &k, signing_keys_retire(k.a, k.folder, slice_of(line->words[0])), "key retired");
}

int command_keys_jwks(const struct command_line *line)
{
    struct keys k;
    struct signing_keys *keys = NULL;
    if (!enter(line, &k)) return leave(&k, EXIT_CONFIG);
    const struct err *why = signing_keys_read(k.a, k.folder, false, now_s(), &keys);
    if (why != NULL) return leave(&k, command_failed(k.a, why));
    printf("%.*s\n", SLICE_ARG(signing_keys_jwks(keys)));
    signing_keys_close(keys);
    return leave(&k, EXIT_FINE);
}
