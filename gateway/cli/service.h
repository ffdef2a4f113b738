/* service.h -- the server from boot to exit: configuration, store, egress, workers, signals.
 *
 *     boot ── serving ── draining ── gone
 *      │        │ HUP  the configuration is read anew; a bad one changes nothing
 *      │        │ USR1 log files are opened anew
 *      │        │ USR2 the program is started anew on the same sockets, then this one drains
 *      │        └ TERM, INT: drain; a second one exits at once
 *      └ any failure: one message, an exit status of sysexits.h
 *
 * Signals are blocked in every thread and waited for in main. Systemd is told by NOTIFY_SOCKET (READY, RELOADING, STOPPING, WATCHDOG).
 */
#ifndef CLI_SERVICE_H
#define CLI_SERVICE_H
#include "config/config.h"

struct service_ask {
    struct config_ask config; /* read again at each HUP */
    enum config_purpose purpose;
    void (*serving)(void *self); /* called once, when the listeners are open and the workers run; may be NULL */
    bool (*waiting)(void *self); /* called about four times a second while serving; true: drain now. May be NULL */
    void *self;
};

/* Before anything else in main: no core files, no SIGPIPE, signals blocked, libraries made ready. */
void service_prepare(char *const *argv); /* keeps argv: the program is started anew with it */
/* Blocks until the server has gone; gives the exit status. */
int service_run(const struct service_ask *ask);

#endif
