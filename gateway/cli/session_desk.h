/* session_desk.h -- where an operator asks for sessions: the store, opened by the command line, asked one question after the other. For
 * `vestibule sessions` alone. What goes wrong has been told when a function gives another status than EXIT_FINE.
 */
#ifndef CLI_SESSION_DESK_H
#define CLI_SESSION_DESK_H
#include "cli/commands.h"
#include "cli/give_back.h"

enum {
    DESK_REFERENCE = 8,          /* characters that logs tell of an id */
    DESK_PAGE = 16 * 1024 * 1024 /* the budget of one answer's arena */
};

struct desk {
    const struct command_line *line;
    struct config *config;
    struct snapshot *s;
    struct arena *arena;
    struct loop *loop;
    struct store *store;
    struct store_link *link;
    struct sessions *sessions;
    struct slice id, provider, subject; /* what was asked for; empty: not by that */
    bool all, json;
    size_t count;
    struct give_back back;
};

/* needs_one: something must be named. EXIT_FINE, or all is closed again. */
int session_desk_open(struct desk *by, const struct command_line *line, bool needs_one);
int session_desk_close(struct desk *by, int status); /* gives status back */

/* Each session that was asked for, until one gives another status than EXIT_FINE. */
typedef int session_desk_fn(struct desk *by, const struct session_listed *x);
int session_desk_each(struct desk *by, session_desk_fn *each);
/* Ends one that was listed; its tokens go back in the name of who. */
int session_desk_revoke(struct desk *by, struct arena *a, const struct session_listed *x,
                        const struct audit_record *who, bool *ret_was_there);
/* Ends all of the person that was asked for, and tells of each. */
typedef void session_desk_ended_fn(struct desk *by, struct slice id);
int session_desk_revoke_person(struct desk *by, const struct audit_record *who, session_desk_ended_fn *each);

#endif
