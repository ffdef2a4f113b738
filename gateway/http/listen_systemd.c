/* Sockets that systemd opened for us (sd_listen_fds(3)): descriptors from 3 on, their names in LISTEN_FDNAMES, meant for one process. */
#include <unistd.h>

#include "http/server.h"

enum {
    SYSTEMD_FIRST_FD = 3,
    SYSTEMD_MOST = 64 /* more listeners than any configuration has */
};

bool server_activated_fd(struct slice name, int *ret_fd)
{
    struct slice names = slice_of(getenv("LISTEN_FDNAMES")), one;
    uint64_t pid, count;
    if (!slice_number(slice_of(getenv("LISTEN_PID")), &pid) || pid != (uint64_t)getpid() ||
        !slice_number(slice_of(getenv("LISTEN_FDS")), &count) || count > SYSTEMD_MOST)
        return false;
    for (int i = 0; i < (int)count && slice_cut(&names, ':', &one); i++) {
        if (!slice_is(one, name)) continue;
        *ret_fd = SYSTEMD_FIRST_FD + i;
        return true;
    }
    return false;
}
