/* environment.c -- from a variable's name to a place in the tree, and variables inside values.
 *
 * A name is read against the key tables: at each table the keys are tried whole, then as the head of what is left. Below a list with ids the
 * shortest id that leaves a known key wins.
 */
#include "config/environment.h"

#include "text/nearest.h"

enum {
    NAME_MAX_BYTES = 160, /* a key path in upper case; the longest real one has about 60 */
    VALUE_MAX_BYTES = 64 * 1024
};

struct setter { /* one assignment on its way to its place */
    struct complaints *c;
    const char *told; /* the variable's name or the option: origin of the value */
    struct slice value;
};

/* "client_id" against "CLIENT_ID_FILE": how many bytes of rest the key's name takes, 0 if it does not fit. */
static size_t fits(const char *name, struct slice rest)
{
    size_t len = strlen(name);
    if (rest.len < len) return 0;
    for (size_t i = 0; i < len; i++) {
        char c = name[i] >= 'a' && name[i] <= 'z' ? (char)(name[i] - 32) : name[i];
        if (rest.at[i] != c) return 0;
    }
    return rest.len == len || rest.at[len] == '_' ? len : 0;
}

static struct slice lower_id(struct arena *a, struct slice part)
{
    char *to = arena_bytes(a, part.len + 1);
    for (size_t i = 0; i < part.len; i++) {
        char c = part.at[i];
        to[i] = c == '_' ? '-' : (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
    }
    to[part.len] = '\0';
    return (struct slice){to, part.len};
}

static struct doc *inner(struct setter *s, struct doc *map, const struct key *k, enum doc_type type)
{
    struct slice name = slice_of(k->name);
    struct doc *d = tree_member(map, name);
    if (d != NULL && d->type == type) return d;
    d = tree_map(s->c->arena, s->told);
    d->type = type;
    tree_set(map, name, d);
    return d;
}

/* The item of that id, made at the end if there is none. A new provider speaks OpenID Connect unless it says otherwise. */
static struct doc *item_of(struct setter *s, struct doc *list, const struct key *k, struct slice id)
{
    for (struct doc *d = list->first; d != NULL; d = d->next) {
        if (slice_is(tree_id(d), id)) return d;
    }
    struct doc *d = tree_map(s->c->arena, s->told);
    tree_set(d, LIT("id"), tree_scalar(s->c->arena, s->told, id));
    if (keys_find(k->inside, "use", 3) != NULL) {
        tree_set(d, LIT("use"), tree_scalar(s->c->arena, s->told, LIT("oidc")));
    }
    tree_append(list, d);
    return d;
}

static void put(struct setter *s, struct doc *map, struct slice name)
{
    tree_set(map, arena_copy(s->c->arena, name), tree_scalar(s->c->arena, s->told, s->value));
}

/* A secret from here replaces a secret from below in either spelling; both from the environment is caught by the walker. */
static void put_secret(struct setter *s, struct doc *map, const struct key *k, bool file)
{
    struct slice plain = slice_of(k->name), twin = arena_print(s->c->arena, "%s_file", k->name);
    struct doc *other = tree_member(map, file ? plain : twin);
    bool from_file_below = other != NULL && other->line != 0;
    for (struct doc **at = &map->first; from_file_below && *at != NULL; at = &(*at)->next) {
        if (*at != other) continue;
        *at = other->next;
        map->count--;
        break;
    }
    put(s, map, file ? twin : plain);
}

static bool can_place(const struct key_table *in, struct slice rest)
{
    for (size_t i = 0; i < in->count; i++) {
        const struct key *k = &in->at[i];
        size_t used = fits(k->name, rest);
        if (used == 0) continue;
        struct slice tail = slice_from(rest, used + 1);
        if (used == rest.len || (k->type == KEY_SECRET && slice_is(tail, LIT("FILE")))) return true;
        if ((k->type == KEY_SECTION || k->type == KEY_EITHER) && can_place(k->inside, tail)) return true;
        for (size_t j = 1; k->has_id && j < tail.len; j++) {
            if (tail.at[j] == '_' && can_place(k->inside, slice_from(tail, j + 1))) return true;
        }
    }
    return false;
}

static bool place(struct setter *s, struct doc *map, const struct key_table *in, struct slice rest);

static bool place_item(struct setter *s, struct doc *map, const struct key *k, struct slice tail)
{
    for (size_t j = 1; j < tail.len; j++) {
        if (tail.at[j] != '_' || !can_place(k->inside, slice_from(tail, j + 1))) continue;
        struct slice id = lower_id(s->c->arena, slice_upto(tail, j));
        struct doc *item = item_of(s, inner(s, map, k, DOC_LIST), k, id);
        if (item->type != DOC_MAP) return true; /* the walker says what is wrong with it */
        return place(s, item, k->inside, slice_from(tail, j + 1));
    }
    return false;
}

static bool place(struct setter *s, struct doc *map, const struct key_table *in, struct slice rest)
{
    for (size_t i = 0; i < in->count; i++) {
        const struct key *k = &in->at[i];
        size_t used = fits(k->name, rest);
        if (used == 0) continue;
        struct slice tail = slice_from(rest, used + 1);
        if (used == rest.len || (k->type == KEY_SECRET && slice_is(tail, LIT("FILE")))) {
            if (k->type == KEY_SECRET)
                put_secret(s, map, k, used != rest.len);
            else
                put(s, map, slice_of(k->name));
            return true;
        }
        bool section = k->type == KEY_SECTION || k->type == KEY_EITHER;
        if (section && can_place(k->inside, tail)) {
            return place(s, inner(s, map, k, DOC_MAP), k->inside, tail);
        }
        if (k->has_id && place_item(s, map, k, tail)) return true;
    }
    return false;
}

/* ---------------------------------------------------------------------------------------------- unknown names */

static void try_names(struct arena *a, struct nearest *n, struct slice head, const struct key_table *in,
                      struct slice rest)
{
    for (size_t i = 0; i < in->count; i++) {
        const struct key *k = &in->at[i];
        struct slice name = arena_print(a, "%.*s%s", SLICE_ARG(head), k->name);
        char *upper = arena_bytes(a, name.len + 1);
        for (size_t j = 0; j < name.len; j++) {
            upper[j] = (char)(name.at[j] >= 'a' && name.at[j] <= 'z' ? name.at[j] - 32 : name.at[j]);
        }
        name.at = upper;
        nearest_try(n, name);
        if (k->type == KEY_SECRET) nearest_try(n, arena_print(a, "%.*s_FILE", SLICE_ARG(name)));
        if (k->inside == NULL) continue;
        struct slice below = arena_print(a, "%.*s_", SLICE_ARG(name));
        if (k->type != KEY_ITEMS) try_names(a, n, below, k->inside, rest);
        size_t id = slice_index(slice_from(rest, below.len), '_');
        if (!k->has_id || !slice_starts(rest, below) || id == SLICE_NONE) continue;
        try_names(a, n, slice_upto(rest, below.len + id + 1), k->inside, rest);
    }
}

static void unknown(struct setter *s, struct slice rest)
{
    struct nearest n = nearest_to(rest);
    try_names(s->c->arena, &n, LIT(""), keys_root(), rest);
    struct slice found = nearest_found(&n);
    if (found.len != 0) found = arena_print(s->c->arena, "VESTIBULE_%.*s", SLICE_ARG(found));
    struct doc *at = tree_map(s->c->arena, s->told);
    complaint_at(s->c, COMPLAINT_ERROR, at, COMPLAINT_KEY, found, "this variable stands for no key%s",
                 found.len != 0 ? ""
                                : ": names are a key's path in capitals, such as VESTIBULE_SESSION_STORE or "
                                  "VESTIBULE_PROVIDERS_<ID>_CLIENT_SECRET");
}

/* A Service called vestibule makes Kubernetes set VESTIBULE_PORT, VESTIBULE_SERVICE_HOST, VESTIBULE_PORT_80_TCP_ADDR ... in every pod. */
static bool not_ours(struct slice rest)
{
    static const struct slice own[] = {LIT_INIT("CONFIG"), LIT_INIT("LISTEN_FDS"), LIT_INIT("READY_FD")};
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        if (slice_is(rest, own[i])) return true;
    }
    return slice_starts(rest, LIT("PORT")) || slice_starts(rest, LIT("SERVICE_")) ||
           slice_find(rest, LIT("_TCP")) != SLICE_NONE;
}

void environment_apply(struct complaints *c, struct doc *root, const char *const *environment)
{
    for (const char *const *e = environment; e != NULL && *e != NULL; e++) {
        struct slice name, value = slice_of(*e);
        if (!slice_starts(value, LIT("VESTIBULE_"))) continue;
        slice_cut(&value, '=', &name);
        struct setter s = {c, arena_text(c->arena, name), value};
        struct slice rest = slice_from(name, sizeof "VESTIBULE_" - 1);
        struct doc *at = tree_map(c->arena, s.told);
        if (value.len > VALUE_MAX_BYTES || rest.len > NAME_MAX_BYTES) {
            complaint_at(c, COMPLAINT_ERROR, at, COMPLAINT_KEY, LIT(""), "this variable is longer than %d bytes",
                         VALUE_MAX_BYTES);
            continue;
        }
        if (can_place(keys_root(), rest))
            place(&s, root, keys_root(), rest);
        else if (!not_ours(rest))
            unknown(&s, rest);
    }
}

void environment_apply_one(struct complaints *c, struct doc *root, const char *told, const char *assignment)
{
    struct slice path, value = slice_of(assignment);
    bool assigned = slice_index(value, '=') != SLICE_NONE;
    slice_cut(&value, '=', &path);
    char *upper = arena_bytes(c->arena, path.len + 1);
    for (size_t i = 0; i < path.len; i++) {
        char b = path.at[i];
        upper[i] = b == '.' || b == '-' ? '_' : (char)(b >= 'a' && b <= 'z' ? b - 32 : b);
    }
    struct slice rest = {upper, path.len};
    struct setter s = {c, arena_text(c->arena, arena_print(c->arena, "%s %.*s", told, SLICE_ARG(path))), value};
    if (assigned && path.len <= NAME_MAX_BYTES && can_place(keys_root(), rest)) {
        place(&s, root, keys_root(), rest);
        return;
    }
    complaint_at(c, COMPLAINT_ERROR, tree_map(c->arena, s.told), COMPLAINT_KEY, LIT(""), "%s",
                 assigned ? "there is no such key" : "write it as key.path=value");
}

struct slice environment_get(const char *const *environment, struct slice name)
{
    for (const char *const *e = environment; e != NULL && *e != NULL; e++) {
        struct slice entry = slice_of(*e);
        if (slice_starts(entry, name) && entry.len > name.len && entry.at[name.len] == '=') {
            return slice_from(entry, name.len + 1);
        }
    }
    return (struct slice){NULL, 0};
}

/* ---------------------------------------------------------------------------------------------- ${NAME} */

static bool variable_name(struct slice s)
{
    if (s.len == 0 || (s.at[0] >= '0' && s.at[0] <= '9')) return false;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
        if (!word) return false;
    }
    return true;
}

/* What stands between "${" and "}". */
static struct slice variable(struct complaints *c, const struct doc *d, struct slice inside,
                             const char *const *environment)
{
    size_t dash = slice_find(inside, LIT(":-"));
    struct slice name = dash != SLICE_NONE ? slice_upto(inside, dash) : inside;
    struct slice value = environment_get(environment, name);
    if (!variable_name(name)) {
        complaint_at(c, COMPLAINT_ERROR, d, COMPLAINT_VALUE, LIT(""),
                     "\"${%.*s}\" is no variable; write $${ for a plain ${", SLICE_ARG(inside));
    } else if (dash != SLICE_NONE) {
        return value.len != 0 ? value : slice_from(inside, dash + 2);
    } else if (value.at == NULL) {
        complaint_at(c, COMPLAINT_ERROR, d, COMPLAINT_VALUE, LIT(""),
                     "the variable %.*s is not set; ${%.*s:-value} gives it a default", SLICE_ARG(name),
                     SLICE_ARG(name));
    }
    return value;
}

static void expand(struct complaints *c, struct doc *d, const char *const *environment)
{
    struct slice rest = d->text;
    if (slice_find(rest, LIT("${")) == SLICE_NONE) return;
    struct buf out = buf_open(VALUE_MAX_BYTES);
    for (size_t at; (at = slice_find(rest, LIT("${"))) != SLICE_NONE;) {
        bool escaped = at > 0 && rest.at[at - 1] == '$';
        buf_add(&out, slice_upto(rest, escaped ? at - 1 : at));
        if (escaped) {
            buf_add(&out, LIT("${"));
            rest = slice_from(rest, at + 2);
            continue;
        }
        size_t end = slice_index(slice_from(rest, at), '}');
        if (end == SLICE_NONE) {
            complaint_at(c, COMPLAINT_ERROR, d, COMPLAINT_VALUE, LIT(""),
                         "\"${\" has no \"}\"; write $${ for a plain ${");
            break;
        }
        buf_add(&out, variable(c, d, slice_upto(slice_from(rest, at + 2), end - 2), environment));
        rest = slice_from(rest, at + end + 1);
    }
    buf_add(&out, rest);
    if (out.full)
        complaint_at(c, COMPLAINT_ERROR, d, COMPLAINT_VALUE, LIT(""), "longer than %d bytes", VALUE_MAX_BYTES);
    d->text = arena_copy(c->arena, buf_slice(&out));
    d->type = DOC_STRING;
    buf_close(&out);
}

void environment_expand(struct complaints *c, struct doc *root, const char *const *environment)
{
    if (root->type == DOC_STRING) expand(c, root, environment);
    for (struct doc *d = root->first; d != NULL; d = d->next) {
        environment_expand(c, d, environment);
    }
}
