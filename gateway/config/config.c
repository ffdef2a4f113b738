/* config.c -- reading: files and folders, merged, with variables laid over, then the walk; building: one part after the other. */
#include "config/config.h"

#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/build_provider.h"
#include "config/config_int.h"
#include "config/environment.h"
#include "config/state.h"
#include "config/yaml_files.h"
#include "crypto/digest.h"
#include "crypto/keyring.h"

enum {
    ARENA_BUDGET = 512 << 20, /* a ceiling only: 1 MiB of YAML makes some 20 MiB of tree, pages and logos come on top */
    FILE_MAX = 1 << 20        /* what doc_yaml takes */
};

struct reader {
    struct config *config;
    struct doc *root;
    const char *first_file;
    size_t read;
};

static void report(void *self, const char *file, int line, int column, struct slice sentence)
{
    struct reader *r = self;
    complaint_in(r->config->complaints, COMPLAINT_ERROR, file, line, column, sentence);
}

static void read_text(struct reader *r, const char *name, struct slice text)
{
    struct config *c = r->config;
    struct doc *root = NULL;
    int before = c->complaints->errors;
    complaint_add_file(c->complaints, name, text);
    r->read++;
    const struct err *why = doc_yaml(c->arena, name, text, report, r, &root);
    if (why != NULL) {
        c->readable = false;
        if (c->complaints->errors == before) {
            complaint_in(c->complaints, COMPLAINT_ERROR, name, 0, 0, err_story(c->arena, why));
        }
        return;
    }
    if (root->type != DOC_MAP) {
        complaint_at(c->complaints, COMPLAINT_ERROR, root, COMPLAINT_VALUE, LIT(""),
                     "a configuration is a map of keys and values");
        c->readable = false;
        return;
    }
    r->root = r->root == NULL ? root : tree_merge(r->root, root, keys_root());
}

static void cannot_read(struct reader *r, const char *path, const char *why)
{
    struct slice sentence = arena_print(r->config->arena, "cannot read it: %s", why);
    complaint_in(r->config->complaints, COMPLAINT_ERROR, path, 0, 0, sentence);
    r->config->readable = false;
}

static void read_file(struct reader *r, const char *path)
{
    struct slice text;
    const char *why = yaml_files_read(r->config->arena, path, FILE_MAX, &text);
    if (why != NULL) {
        cannot_read(r, path, why);
        return;
    }
    if (r->first_file == NULL) r->first_file = path;
    read_text(r, path, text);
}

static void read_folder(struct reader *r, const char *path)
{
    const char *names[YAML_FILES_MAX];
    size_t count = 0;
    const char *why = yaml_files_in(r->config->arena, path, names, &count);
    if (why != NULL) cannot_read(r, path, why);
    for (size_t i = 0; i < count; i++) {
        read_file(r, names[i]);
    }
}

static void read_path(struct reader *r, const char *path)
{
    struct stat st;
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        read_folder(r, path);
    else
        read_file(r, path);
}

/* Nobody said where: never the current folder, a service must not pick up somebody else's file. */
static void read_usual(struct reader *r, const struct config_ask *ask)
{
    struct slice list = environment_get(ask->environment, LIT("VESTIBULE_CONFIG")), path;
    if (list.len != 0) {
        while (slice_cut(&list, ':', &path)) {
            if (path.len != 0) read_path(r, arena_text(r->config->arena, path));
        }
        return;
    }
    if (ask->text != NULL) return;
    if (access("/etc/vestibule/vestibule.yaml", F_OK) == 0) read_path(r, "/etc/vestibule/vestibule.yaml");
    if (access("/etc/vestibule/conf.d", F_OK) == 0) read_path(r, "/etc/vestibule/conf.d");
}

static const char *folder_of(struct arena *a, const char *file)
{
    const char *slash = file != NULL ? strrchr(file, '/') : NULL;
    if (slash == NULL) return NULL;
    return arena_text(a, (struct slice){file, slash == file ? 1 : (size_t)(slash - file)});
}

static const char *text_or_null(struct arena *a, struct slice s)
{
    return s.len != 0 ? arena_text(a, s) : NULL;
}

struct config *config_read(const struct config_ask *ask)
{
    struct config *c = must_alloc(sizeof *c);
    c->arena = arena_open(ARENA_BUDGET);
    c->complaints = complaint_list(c->arena);
    c->readable = true;
    c->environment = ask->environment;
    struct reader r = {.config = c};
    if (ask->text != NULL) read_text(&r, ask->text->name, ask->text->text);
    for (size_t i = 0; i < ask->path_count; i++) {
        read_path(&r, ask->paths[i]);
    }
    if (ask->path_count == 0) read_usual(&r, ask);
    if (r.root == NULL) r.root = tree_map(c->arena, NULL);
    environment_expand(c->complaints, r.root, ask->environment);
    environment_apply(c->complaints, r.root, ask->environment);
    for (size_t i = 0; i < ask->set_count; i++) {
        environment_apply_one(c->complaints, r.root, "--set", ask->set[i]);
    }
    if (!c->readable) { /* half a document would be told as many missing keys */
        r.root = NULL;
    } else if (r.root->first == NULL && r.read == 0) {
        complaint_in(c->complaints, COMPLAINT_ERROR, NULL, 0, 0,
                     LIT("no configuration: give --config FILE, or write /etc/vestibule/vestibule.yaml "
                         "(vestibule config example shows one)"));
        c->readable = false;
        c->absent = true;
        r.root = NULL;
    }
    struct setting_folders folders = {
        text_or_null(c->arena, environment_get(ask->environment, LIT("CREDENTIALS_DIRECTORY"))),
        folder_of(c->arena, r.first_file), ask->secrets_may_lack};
    c->root = setting_walk(c->complaints, r.root, keys_root(), &folders);
    return c;
}

bool config_is_absent(const struct config *c)
{
    return c->absent;
}

struct descriptor_library *config_provider_files(struct config *c)
{
    struct build b = {.a = c->arena, .c = c->complaints, .root = c->root};
    return build_library(&b);
}

struct complaints *config_complaints(struct config *c)
{
    return c->complaints;
}

void config_close(struct config *c)
{
    if (c == NULL) return;
    if (!c->taken) arena_close(c->arena);
    free(c);
}

struct snapshot *config_build(struct config *c, const struct config_use *use)
{
    must(!c->taken);
    if (!c->readable) return NULL;
    struct snapshot *s = arena_new(c->arena, struct snapshot);
    struct build b = {
        .a = c->arena, .c = c->complaints, .root = c->root, .use = use, .environment = c->environment, .s = s};
    atomic_init(&s->references, 1);
    s->arena = c->arena;
    s->generation = use->old != NULL ? use->old->generation + 1 : 1;
    build_public(&b);
    build_server(&b);
    build_providers(&b);
    build_store(&b);
    build_backends(&b);
    build_bearer(&b);
    build_limits(&b);
    build_local(&b);
    build_access(&b);
    build_sign_in(&b);
    build_sites(&b);
    if (c->complaints->errors == 0) build_keys(&b);
    c->taken = true;
    if (c->complaints->errors == 0) return s;
    /* its parts go, the tree of complaints must stay */
    s->arena = NULL;
    snapshot_drop(s);
    c->taken = false;
    return NULL;
}

/* ---------------------------------------------------------------------------------------------- logs, restarts */

static void hide(const unsigned char key[RECORDS_HIDE_KEY], struct slice text, char ret_hidden[RECORDS_HIDDEN])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char mac[DIGEST_SHA256_BYTES];
    digest_hmac_sha256((struct slice){(const char *)key, RECORDS_HIDE_KEY}, text, mac);
    for (size_t i = 0; i < RECORDS_HIDDEN; i++) {
        ret_hidden[i] = digits[i % 2 == 0 ? mac[i / 2] >> 4 : mac[i / 2] & 15];
    }
}

struct records_conf config_records(const struct config *c, const struct snapshot *s)
{
    const struct setting *log = setting_at(c->root, "log");
    static const enum log_level levels[] = {LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR};
    struct records_conf conf = {.format = setting_number(log, "format") == 2 ? RECORDS_TEXT : RECORDS_JSON,
                                .access = setting_number(log, "access") == 0,
                                .least = levels[setting_number(log, "level") & 3]};
    if (setting_number(log, "to") == 1) conf.file = setting_path(log, "file");
    conf.identity = (enum records_identity)setting_number(log, "identity");
    if (s != NULL) {
        conf.hide = hide;
        keyring_purpose_key(s->keys, 0, LIT("log"), conf.hide_key);
    }
    return conf;
}

struct slice config_text(const struct config *c, const char *path)
{
    return setting_text(c->root, path);
}

const char *config_keys_folder(struct config *c)
{
    const char *given = setting_path(c->root, "token.keys"), *state = setting_path(c->root, "state");
    if (given != NULL) return given;
    if (state == NULL) {
        state = state_folder(c->arena, environment_get(c->environment, LIT("STATE_DIRECTORY")));
    }
    return arena_print(c->arena, "%s/keys", state).at;
}

bool config_log_format_is_auto(const struct config *c)
{
    return setting_number(c->root, "log.format") == 0;
}

static bool same_listeners(const struct snapshot *x, const struct snapshot *y, bool metrics)
{
    size_t xn = x->listener_count - x->has_metrics_listener, yn = y->listener_count - y->has_metrics_listener;
    if (metrics) {
        if (x->has_metrics_listener != y->has_metrics_listener) return false;
        return !x->has_metrics_listener || slice_is(x->listeners[xn].name, y->listeners[yn].name);
    }
    if (xn != yn) return false;
    for (size_t i = 0; i < xn; i++) {
        const struct listener *l = &x->listeners[i], *m = &y->listeners[i];
        bool same = slice_is(l->name, m->name) && (l->tls != NULL) == (m->tls != NULL) && l->http2 == m->http2 &&
                    l->proxy_protocol == m->proxy_protocol;
        if (!same) return false;
    }
    return true;
}

/* How the store is reached: connections that break are opened anew as they were opened first. */
static size_t store_changes(const struct store_conf *now, const struct store_conf *next, const char **names)
{
    size_t count = 0;
    if (!slice_is(now->told, next->told)) {
        names[count++] = "session.store";
        return count;
    }
    if (now->kind == STORE_MEMORY) return count;
    if (!slice_is(now->username, next->username)) names[count++] = "session.store_username";
    if (!secret_same(now->password, secret_reveal(next->password))) names[count++] = "session.store_password";
    if (!slice_is(now->key_prefix, next->key_prefix)) names[count++] = "session.store_key_prefix";
    if (now->timeout_ms != next->timeout_ms) names[count++] = "session.store_timeout";
    return count;
}

struct slice config_needs_restart(struct arena *a, const struct snapshot *now, const struct snapshot *next)
{
    const char *names[8];
    size_t count = 0;
    struct slice told = {NULL, 0};
    if (!same_listeners(now, next, false)) names[count++] = "listen";
    if (!same_listeners(now, next, true)) names[count++] = "metrics.listen";
    if (now->workers != next->workers) names[count++] = "server.workers";
    count += store_changes(&now->store, &next->store, names + count);
    for (size_t i = 0; i < count; i++) {
        told = arena_print(a, "%.*s%s%s", SLICE_ARG(told), i > 0 ? ", " : "", names[i]);
    }
    return told;
}
