/* config_schema.c -- the JSON Schema (draft 7) of vestibule.yaml from the key tables, for editors: names, kinds and words of keys, and what they mean.
 *
 * It never refuses what `check` takes: a file may be one of several, so nothing is demanded that another may hold; a scalar may be a variable
 * (${NAME}); YAML's plain 1.2 and 4711 are numbers to an editor and text to us. What only the whole can tell is for `check`.
 */
#include "config/config.h"
#include "config/keys.h"
#include "text/json.h"

enum {
    DESCRIPTION_MAX = 4096
};

static void table(struct json *j, const struct key_table *t);

static void refer(struct json *j, const char *to)
{
    json_open_object(j, NULL);
    json_string(j, "$ref", slice_of(to));
    json_close_object(j);
}

static bool is_number(struct slice word)
{
    for (size_t i = 0; i < word.len; i++) {
        if (!(word.at[i] >= '0' && word.at[i] <= '9') && word.at[i] != '.') return false;
    }
    return word.len != 0;
}

/* One of these words, also where YAML takes one for a number. */
static void words(struct json *j, const char *all)
{
    struct slice rest = slice_of(all), word;
    json_open_object(j, NULL);
    json_open_list(j, "enum");
    while (slice_cut(&rest, ' ', &word)) {
        json_string(j, NULL, word);
        if (is_number(word)) json_raw(j, NULL, word);
    }
    json_close_list(j);
    json_close_object(j);
}

static void integer(struct json *j, const struct key *k)
{
    bool no_limits = k->least == 0 && k->most == 0;
    json_open_object(j, NULL);
    json_string(j, "type", LIT("integer"));
    json_number(j, "minimum", k->least);
    if (!no_limits) json_number(j, "maximum", k->most);
    json_close_object(j);
    refer(j, "#/definitions/digits");
}

/* What may stand for one value, as members of an anyOf. */
static void scalar(struct json *j, const struct key *k, enum key_type type)
{
    switch (type) {
    case KEY_WORD:
    case KEY_EITHER: words(j, k->words); break;
    case KEY_INTEGER: integer(j, k); break;
    case KEY_URL: refer(j, "#/definitions/url"); break;
    case KEY_SWITCH: refer(j, "#/definitions/switch"); break;
    case KEY_DURATION: refer(j, "#/definitions/duration"); break;
    case KEY_SIZE: refer(j, "#/definitions/size"); break;
    case KEY_HEADER: refer(j, "#/definitions/header"); break;
    case KEY_ID: refer(j, "#/definitions/id"); break;
    case KEY_TEXT:
    case KEY_FILE:
    case KEY_PATH:
    case KEY_SECRET:
    case KEY_LIST:
    case KEY_MAP:
    case KEY_SECTION:
    case KEY_ITEMS: refer(j, "#/definitions/text"); return; /* a variable is text */
    }
    refer(j, "#/definitions/variable");
}

static void list_of(struct json *j, const struct key *k, enum key_type of)
{
    json_open_object(j, NULL);
    json_string(j, "type", LIT("array"));
    json_open_object(j, "items");
    json_open_list(j, "anyOf");
    scalar(j, k, of);
    json_close_list(j);
    json_close_object(j);
    json_close_object(j);
}

static void map(struct json *j, const struct key *k)
{
    json_open_object(j, NULL);
    json_string(j, "type", LIT("object"));
    json_open_object(j, "additionalProperties");
    json_open_list(j, "anyOf");
    refer(j, "#/definitions/text");
    if (k->of == KEY_LIST) list_of(j, k, KEY_TEXT);
    json_close_list(j);
    json_close_object(j);
    json_close_object(j);
}

static void section(struct json *j, const struct key *k)
{
    json_open_object(j, NULL);
    table(j, k->inside);
    json_close_object(j);
}

static void items(struct json *j, const struct key *k)
{
    if (k->scalar != NULL) refer(j, "#/definitions/text");
    json_open_object(j, NULL);
    json_string(j, "type", LIT("array"));
    json_open_object(j, "items");
    json_open_list(j, "anyOf");
    if (k->scalar != NULL) refer(j, "#/definitions/text");
    section(j, k);
    json_close_list(j);
    json_close_object(j);
    json_close_object(j);
}

/* "what it means. Default 7d. Required." */
static void describe(struct json *j, const struct key *k)
{
    AUTO(buf_close) struct buf text = buf_open(DESCRIPTION_MAX);
    buf_add(&text, slice_of(k->meaning));
    if (k->fallback != NULL) buf_print(&text, ". Default %s", k->fallback);
    if (k->required) buf_add(&text, LIT(". Required"));
    json_string(j, "description", buf_slice(&text));
}

static void property(struct json *j, const struct key *k)
{
    json_open_object(j, k->name);
    describe(j, k);
    json_open_list(j, "anyOf");
    switch (k->type) {
    case KEY_SECTION: section(j, k); break;
    case KEY_ITEMS: items(j, k); break;
    case KEY_MAP: map(j, k); break;
    case KEY_LIST:
        scalar(j, k, k->of);
        list_of(j, k, k->of);
        break;
    case KEY_EITHER:
        scalar(j, k, k->type);
        section(j, k);
        break;
    case KEY_TEXT:
    case KEY_URL:
    case KEY_WORD:
    case KEY_SWITCH:
    case KEY_INTEGER:
    case KEY_DURATION:
    case KEY_SIZE:
    case KEY_HEADER:
    case KEY_ID:
    case KEY_FILE:
    case KEY_PATH:
    case KEY_SECRET: scalar(j, k, k->type); break;
    }
    json_close_list(j);
    json_close_object(j);
}

static void twin(struct json *j, const struct key *k)
{
    char name[100];
    snprintf(name, sizeof name, "%s_file", k->name);
    json_open_object(j, name);
    json_string(j, "description", LIT("the file that holds it: relative to $CREDENTIALS_DIRECTORY, else to this file"));
    json_string(j, "type", LIT("string"));
    json_close_object(j);
}

static void table(struct json *j, const struct key_table *t)
{
    json_string(j, "type", LIT("object"));
    json_open_object(j, "properties");
    for (size_t i = 0; i < t->count; i++) {
        property(j, &t->at[i]);
        if (t->at[i].type == KEY_SECRET) twin(j, &t->at[i]);
    }
    json_close_object(j);
    json_bool(j, "additionalProperties", false);
}

/* ---- shapes that stand in many places ---- */

static void shape(struct json *j, const char *name, const char *pattern, const char *also)
{
    json_open_object(j, name);
    json_open_list(j, "anyOf");
    json_open_object(j, NULL);
    json_string(j, "type", LIT("string"));
    json_string(j, "pattern", slice_of(pattern));
    json_close_object(j);
    if (also != NULL) json_raw(j, NULL, slice_of(also));
    json_close_list(j);
    json_close_object(j);
}

static void definitions(struct json *j)
{
    json_open_object(j, "definitions");
    json_raw(j, "text", LIT("{\"type\":[\"string\",\"number\",\"boolean\"],\"minLength\":1}"));
    shape(j, "variable", "\\$\\{", NULL);
    shape(j, "digits", "^-?[0-9]+$", NULL);
    shape(j, "url", "^[Hh][Tt][Tt][Pp][Ss]?://", NULL);
    shape(j, "switch", "^(true|false)$", "{\"type\":\"boolean\"}");
    shape(j, "duration", "^([0-9]+(ms|s|m|h|d))+$|^0$", "{\"const\":0}");
    shape(j, "size", "^[0-9]+([kmgKMG]|KiB|MiB|GiB)?$", "{\"type\":\"integer\",\"minimum\":0}");
    shape(j, "header", "^[A-Za-z0-9-]{1,64}$", "{\"type\":\"integer\",\"minimum\":0}");
    shape(j, "id", "^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$", "{\"type\":\"integer\",\"minimum\":0}");
    json_close_object(j);
}

void config_schema(struct buf *to)
{
    struct json j = json_into(to);
    json_open_object(&j, NULL);
    json_string(&j, "$schema", LIT("http://json-schema.org/draft-07/schema#"));
    json_string(&j, "title", LIT("vestibule.yaml"));
    json_string(&j, "description",
                LIT("configuration of the vestibule gateway; `vestibule check` judges what a schema cannot"));
    definitions(&j);
    table(&j, keys_root());
    json_close_object(&j);
    buf_byte(to, '\n');
}
