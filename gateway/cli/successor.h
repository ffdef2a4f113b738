/* successor.h -- the program started anew on the same listening sockets, and when the old one may go.
 *
 * The child gets the sockets by VESTIBULE_LISTEN_FDS and says that it serves by closing nothing and writing one byte to VESTIBULE_READY_FD. Until then
 * the old process serves on; if the child ends first, or has said nothing when its time is over, nothing has happened.
 */
#ifndef CLI_SUCCESSOR_H
#define CLI_SUCCESSOR_H
#include "http/server.h"

enum {
    SUCCESSOR_MS = 30000 /* a start takes a fraction of a second; a disk or a secret that hangs shall not hang us */
};

struct successor {
    pid_t pid;             /* 0: none is being started */
    int ready_fd;          /* readable: it serves, or has ended */
    int64_t give_up_at_ms; /* by now_ms() */
};
/* exe: the path of the program, as it was at start (a newer file may stand there now). */
const struct err *successor_start(struct arena *a, struct server *s, const char *exe, char *const *argv,
                                  struct successor *ret_successor);
enum successor_state {
    SUCCESSOR_NONE,
    SUCCESSOR_STARTING,
    SUCCESSOR_SERVING,
    SUCCESSOR_FAILED
};
/* Looks without waiting. After SERVING or FAILED the successor is forgotten; one that failed is gone, and the sockets are s's alone. */
enum successor_state successor_look(struct successor *one, struct server *s);
/* In the new process, when it serves. */
void successor_announce(void);

#endif
