/* config.h -- from files, environment and options to one immutable snapshot, or to every mistake at once.
 *
 *   config_read    files and folders merged, variables laid over, ${...} expanded, every value checked against the key tables
 *   config_build   what belongs together is judged, files are loaded, keys made; gives a snapshot when there was not one error
 *
 * Both complain into one list with file:line:column (text/complaint.h), so one run tells all. Nothing is logged here. Everything blocks (files):
 * call from the main thread. Precedence: option > environment > later file > earlier file > default.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H
#include "gate/snapshot.h"
#include "observe/records.h"
#include "text/complaint.h"

struct config;
struct descriptor_library;

struct config_text {  /* a document that is no file: the demo's */
    const char *name; /* stands where a file name would */
    struct slice text;
};
struct config_ask {
    const char *const *paths; /* --config, in order; a folder means its *.yaml by name */
    /* 0: $VESTIBULE_CONFIG (paths with ':' between), else /etc/vestibule/vestibule.yaml and conf.d */
    size_t path_count;
    const char *const *environment; /* environ; NULL: none */
    const char *const *set;         /* "session.lifetime=1h", from --set */
    size_t set_count;
    bool
        secrets_may_lack; /* a _file that is not there yet is no mistake: to tell addresses by, never to ask or to serve */
    const struct config_text *text; /* NULL: none; goes under the files, and makes the default files unnecessary */
};
/* Gives; never NULL. Strings of ask must outlive it. */
struct config *config_read(const struct config_ask *ask);
/* What was complained about so far; lends. errors == 0 after config_build means a snapshot was given. */
struct complaints *config_complaints(struct config *c);

enum config_purpose {
    CONFIG_CHECK, /* touches nothing: keys that are not there yet are made in memory only */
    CONFIG_RUN,   /* makes keys in the state folder at first start */
    CONFIG_DEMO   /* all keys in memory */
};
struct config_use {
    enum config_purpose purpose;
    const struct snapshot *old; /* NULL at start; provider states and the store's TLS context are shared with it */
    void (*handle)(struct exchange *x);         /* for public listeners */
    void (*handle_metrics)(struct exchange *x); /* for the metrics listener */
};
/* Gives a snapshot with one reference and generation old + 1, or NULL after complaints. Once per config. */
struct snapshot *config_build(struct config *c, const struct config_use *use);
/* before or after the snapshot was dropped; config_complaints and the others end with it */
void config_close(struct config *c);

/* No file, no variable, no option said anything. */
bool config_is_absent(const struct config *c);
/* Every provider file there is, built in or in provider_folder, and one of them by id with what it extends: NULL when there is none.
 * Complains into the list of c. Valid also when there were errors elsewhere. */
struct descriptor_library *config_provider_files(struct config *c);

/* The log section; valid also when there were errors elsewhere. `file` is lent for the life of the configuration. s: whose keys hide who
 * people are (log.identity); NULL: then nobody is written. */
struct records_conf config_records(const struct config *c, const struct snapshot *s);
bool config_log_format_is_auto(const struct config *c); /* the caller looks whether standard error is a terminal */
/* What a reload cannot change (listen, server.workers, session.store, metrics.listen): names of keys that differ, "a, b"; empty if none.
 * Lives in a. */
struct slice config_needs_restart(struct arena *a, const struct snapshot *now, const struct snapshot *next);

/* One plain value by its key's path ("metrics.listen"), as written or by default; empty if neither. A path no table knows is a must. */
struct slice config_text(const struct config *c, const char *path);
/* The folder of signing keys: token.keys, else keys in the state folder. */
const char *config_keys_folder(struct config *c);

/* The configuration as it is in force, as YAML, each value with where it came from; secrets are dots. */
void config_print(const struct config *c, struct buf *to);
/* A configuration with comments: the common keys, or all of them. */
void config_example(struct buf *to, bool full);
/* vestibule.yaml(5) in roff. */
void config_manual(struct buf *to);
/* JSON Schema of the same, for editors. */
void config_schema(struct buf *to);
/* Text for a manual page: what roff would read as its own is escaped. */
void config_roff(struct buf *to, const char *text);

#endif
