/* records.h -- the access, audit and server streams: one line each, JSON or text, written by one thread, never blocking a worker.
 *
 * Each worker appends to its own ring (records_worker); a writer thread gathers and writes to standard error or a file. When a ring is full,
 * access lines are dropped and counted (vestibule_log_dropped_total); audit and server lines wait on a larger shared queue (32 MiB) and are
 * dropped, counted, only when that is full or the process ends. Text from outside is escaped by text/json.h, so a value cannot start a line. Query strings are never written.
 */
#ifndef OBSERVE_RECORDS_H
#define OBSERVE_RECORDS_H
#include "base/log.h"

enum records_format {
    RECORDS_JSON,
    RECORDS_TEXT
};
enum records_identity { /* how people are written: the fields user, actor, subject and email */
    RECORDS_IDENTITY_FULL,
    RECORDS_IDENTITY_HASHED, /* the same person alike in every line, and nobody can tell who without the key */
    RECORDS_IDENTITY_NONE
};
enum {
    RECORDS_HIDDEN = 16,
    RECORDS_HIDE_KEY = 32
};
struct records_conf {
    enum records_format format;
    enum records_identity identity;
    /* For HASHED: RECORDS_HIDDEN characters in place of a text. NULL: as NONE. */
    void (*hide)(const unsigned char key[RECORDS_HIDE_KEY], struct slice text, char ret_hidden[RECORDS_HIDDEN]);
    unsigned char hide_key[RECORDS_HIDE_KEY];
    const char *file; /* NULL: standard error */
    bool access;      /* write the access stream */
    enum log_level least;
};

/* Starts the writer thread and takes over base/log.h. Before other threads start. A file that cannot be opened is an err
 * (PROBLEM_CONFIG); a closed standard error is none: lines are then dropped and counted. conf is copied. */
const struct err *records_open(struct arena *a, const struct records_conf *conf);
/* for SIGUSR1, also in a signal handler: the file is opened anew, the old one kept if that fails */
void records_reopen(void);
void records_close(void); /* writes what is left, waits at most 2 s; after the other threads have ended */

struct access_record {
    struct slice request_id, trace_id, client_ip, method, scheme, authority, path, handler, decision, reason, rule,
        user, provider, session, backend, user_agent;
    unsigned version;
    int status, backend_status;
    uint64_t bytes_in, bytes_out;
    int64_t duration_us, backend_us;
    bool aborted;
};
bool records_want_access(void); /* false: records_access would do nothing */
/* Any thread; borrows r for the call. Empty slices and zero backend numbers are left out. A '?' and what is behind it is cut off path. */
void records_access(const struct access_record *r);

/* event: "signin.started", "signin.succeeded", "signin.failed", "signin.cancelled", "signout", "session.created", "session.expired",
 * "session.revoked", "logout.told", "logout.refused", "lifecycle.told", "lifecycle.refused", "access.refused", "callback.state_mismatch", "callback.replayed", "key.rotated", "config.reloaded", "config.reload_failed" */
struct audit_record {
    const char *event;
    struct slice request_id, actor, subject, email, provider, reason, client_ip, user_agent, session, target;
    const struct err *why;
};
void records_audit(const struct audit_record *r);

#endif
