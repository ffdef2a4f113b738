/* Opening the listening sockets, before any worker runs: one per worker and TCP address (SO_REUSEPORT), one shared by all for unix and
 * inherited sockets. A process that was started by its predecessor finds the predecessor's sockets in VESTIBULE_LISTEN_FDS as
 * "name=fd,name=fd" and goes on with their queues, so that no client is turned away between the two. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "http/listen_int.h"
#include "http/server_int.h"

enum {
    LISTEN_BACKLOG = 4096 /* the kernel clips it to somaxconn */
};

static bool take_inherited(struct slice *list, struct slice name, int *ret_fd)
{
    struct slice rest = *list, item;
    while (slice_cut(&rest, ',', &item)) {
        struct slice head;
        uint64_t fd;
        /* names may hold '=': the number is behind the last one */
        size_t cut = item.len;
        while (cut > 0 && item.at[cut - 1] != '=')
            cut--;
        head = slice_upto(item, cut > 0 ? cut - 1 : 0);
        if (!slice_is(head, name) || !slice_number(slice_from(item, cut), &fd) || fd > 1 << 20) continue;
        if (fcntl((int)fd, F_GETFD) < 0) continue;
        *ret_fd = (int)fd;
        memset((char *)(uintptr_t)item.at, ',', item.len); /* taken: the copy is ours */
        return true;
    }
    return false;
}

/* What the machine refuses may be different in a second: no fault of the configuration, and a supervisor may try again. */
static const struct err *cannot(struct arena *a, const struct listener *l, const char *what, int error)
{
    if (error == EADDRINUSE)
        return err_new(a, PROBLEM_INTERNAL, "%.*s is in use%s; stop it or choose another address", SLICE_ARG(l->name),
                       listen_holder(a, l));
    if (error == EACCES && l->kind == LISTENER_TCP)
        return err_new(a, PROBLEM_INTERNAL,
                       "%.*s: no permission; ports below 1024 need CAP_NET_BIND_SERVICE or a socket from systemd",
                       SLICE_ARG(l->name));
    if (error == EADDRNOTAVAIL)
        return err_new(a, PROBLEM_INTERNAL, "%.*s: no interface of this machine has that address; 0.0.0.0 is every one",
                       SLICE_ARG(l->name));
    return err_new(a, PROBLEM_INTERNAL, "%.*s: %s: %s", SLICE_ARG(l->name), what, strerror(error));
}

static socklen_t tcp_address(const struct listener *l, int port, struct sockaddr_storage *ret)
{
    memset(ret, 0, sizeof *ret);
    if (l->address.is_ip4) {
        struct sockaddr_in *in = (struct sockaddr_in *)(void *)ret;
        in->sin_family = AF_INET;
        in->sin_port = htons((uint16_t)port);
        memcpy(&in->sin_addr, l->address.bytes + 12, 4);
        return sizeof *in;
    }
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)(void *)ret;
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons((uint16_t)port);
    memcpy(&in6->sin6_addr, l->address.bytes, 16);
    return sizeof *in6;
}

static int bound_port(int fd)
{
    struct sockaddr_storage at = {0};
    socklen_t len = sizeof at;
    if (getsockname(fd, (struct sockaddr *)(void *)&at, &len) != 0) return 0;
    if (at.ss_family == AF_INET) return ntohs(((struct sockaddr_in *)(void *)&at)->sin_port);
    return at.ss_family == AF_INET6 ? ntohs(((struct sockaddr_in6 *)(void *)&at)->sin6_port) : 0;
}

/* Without SO_REUSEPORT first: with it, two gateways of one user would share a port in silence, each with its own mind. */
static const struct err *probe(struct arena *a, const struct listener *l)
{
    struct sockaddr_storage at;
    socklen_t len = tcp_address(l, l->address.port, &at);
    int fd = socket(at.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    if (fd < 0) return cannot(a, l, "socket", errno);
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (at.ss_family == AF_INET6) (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    int rc = bind(fd, (struct sockaddr *)(void *)&at, len), error = errno;
    close(fd);
    return rc == 0 ? NULL : cannot(a, l, "bind", error);
}

static const struct err *open_tcp(struct arena *a, const struct listener *l, int port, int *ret_fd)
{
    struct sockaddr_storage at;
    socklen_t len = tcp_address(l, port, &at);
    int fd = socket(at.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;
    if (fd < 0) return cannot(a, l, "socket", errno);
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    if (at.ss_family == AF_INET6) (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)(void *)&at, len) != 0 || listen(fd, LISTEN_BACKLOG) != 0) {
        int error = errno;
        close(fd);
        return cannot(a, l, "listen", error);
    }
    *ret_fd = fd;
    return NULL;
}

static bool is_other_file(const struct sockaddr_un *un)
{
    struct stat file;
    return lstat(un->sun_path, &file) == 0 && !S_ISSOCK(file.st_mode);
}

/* A socket file that nobody answers behind is left over from a crash. Any other file is somebody's, and refuses to be connected to just
 * the same. */
static bool left_over(const struct sockaddr_un *un)
{
    if (is_other_file(un)) return false;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return false;
    int rc = connect(fd, (const struct sockaddr *)(const void *)un, sizeof *un), error = errno;
    close(fd);
    return rc != 0 && error == ECONNREFUSED;
}

static const struct err *open_unix(struct arena *a, const struct listener *l, int *ret_fd)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    if (l->unix_path.len >= sizeof un.sun_path)
        return err_new(a, PROBLEM_CONFIG, "%.*s: the path of a unix socket has at most %zu bytes", SLICE_ARG(l->name),
                       sizeof un.sun_path - 1);
    memcpy(un.sun_path, l->unix_path.at, l->unix_path.len);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return cannot(a, l, "socket", errno);
    if (left_over(&un)) (void)unlink(un.sun_path);
    mode_t before = umask(0117); /* 0660 from its first moment */
    int rc = bind(fd, (struct sockaddr *)(void *)&un, sizeof un), error = errno;
    umask(before);
    if (rc == 0) {
        rc = listen(fd, LISTEN_BACKLOG);
        error = errno;
    }
    if (rc != 0) {
        close(fd);
        if (error == EADDRINUSE && is_other_file(&un))
            return err_new(a, PROBLEM_CONFIG, "%.*s: a file that is no socket stands there; choose another path",
                           SLICE_ARG(l->name));
        return cannot(a, l, "listen", error);
    }
    *ret_fd = fd;
    return NULL;
}

static const struct err *check_inherited(struct arena *a, const struct listener *l, int fd)
{
    int listening = 0;
    socklen_t len = sizeof listening;
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) != 0 || !listening)
        return err_new(a, PROBLEM_CONFIG, "%.*s: descriptor %d is not a listening socket", SLICE_ARG(l->name), fd);
    (void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    return NULL;
}

struct opening {
    struct server *server;
    size_t index;
    const struct listener *listener;
    struct slice inherited;
};

static int *slot(struct opening *o, int worker)
{
    return &o->server->fds[(size_t)worker * o->server->conf.listener_count + o->index];
}

/* One socket for all workers: each gets a copy. */
static const struct err *share(struct arena *a, struct opening *o, int fd)
{
    *slot(o, 0) = fd;
    for (int i = 1; i < o->server->worker_count && !o->listener->first_worker_only; i++) {
        *slot(o, i) = fcntl(fd, F_DUPFD_CLOEXEC, 0);
        if (*slot(o, i) < 0) return cannot(a, o->listener, "dup", errno);
    }
    return NULL;
}

static const struct err *open_shared(struct arena *a, struct opening *o)
{
    const struct err *e = NULL;
    int fd = o->listener->fd, other;
    bool lent = take_inherited(&o->inherited, o->listener->name, &fd);
    o->server->lent[o->index] = lent;
    if (lent || o->listener->kind == LISTENER_FD)
        e = check_inherited(a, o->listener, fd);
    else
        e = open_unix(a, o->listener, &fd);
    if (e != NULL) return e;
    while (take_inherited(&o->inherited, o->listener->name, &other))
        close(other); /* the predecessor's copies of the same socket */
    return share(a, o, fd);
}

static const struct err *open_each(struct arena *a, struct opening *o)
{
    struct server *s = o->server;
    int count = o->listener->first_worker_only ? 1 : s->worker_count, port = o->listener->address.port, fd;
    bool taken = false;
    for (int i = 0; i < count; i++) {
        const struct err *e = NULL;
        if (take_inherited(&o->inherited, o->listener->name, &fd)) {
            e = check_inherited(a, o->listener, fd);
            taken = true;
        } else {
            e = i == 0 && !taken && port != 0 ? probe(a, o->listener) : NULL;
            if (e == NULL) e = open_tcp(a, o->listener, port, &fd);
        }
        if (e != NULL) return e;
        *slot(o, i) = fd;
        port = bound_port(fd);
    }
    s->ports[o->index] = port;
    /* fewer workers than before: the queues of the surplus sockets are served by the first worker */
    while (take_inherited(&o->inherited, o->listener->name, &fd)) {
        s->spare = must_realloc(s->spare, (s->spare_count + 1) * sizeof *s->spare);
        s->spare_listener = must_realloc(s->spare_listener, (s->spare_count + 1) * sizeof *s->spare_listener);
        s->spare_listener[s->spare_count] = o->index;
        s->spare[s->spare_count++] = fd;
        const struct err *e = check_inherited(a, o->listener, fd);
        if (e != NULL) return e;
    }
    return NULL;
}

/* What nobody asked for any more would keep its queue for ever. */
static void close_unclaimed(struct slice list)
{
    struct slice item;
    uint64_t fd;
    while (slice_cut(&list, ',', &item)) {
        size_t cut = item.len;
        while (cut > 0 && item.at[cut - 1] != '=')
            cut--;
        if (cut > 0 && slice_number(slice_from(item, cut), &fd) && fd > 2 && fd <= 1 << 20) close((int)fd);
    }
}

const struct err *listen_open(struct arena *a, struct server *s)
{
    size_t count = s->conf.listener_count * (size_t)s->worker_count;
    s->fds = must_alloc(count * sizeof *s->fds);
    s->ports = must_alloc(s->conf.listener_count * sizeof *s->ports);
    s->lent = must_alloc(s->conf.listener_count * sizeof *s->lent);
    for (size_t i = 0; i < count; i++)
        s->fds[i] = -1;
    struct opening o = {.server = s, .inherited = arena_copy(a, slice_of(getenv("VESTIBULE_LISTEN_FDS")))};
    (void)unsetenv("VESTIBULE_LISTEN_FDS"); /* not for children of ours, nor for the next server of this process */
    const struct err *e = NULL;
    for (o.index = 0; o.index < s->conf.listener_count && e == NULL; o.index++) {
        o.listener = &s->conf.listeners[o.index];
        e = o.listener->kind == LISTENER_TCP ? open_each(a, &o) : open_shared(a, &o);
    }
    close_unclaimed(o.inherited);
    if (e != NULL) listen_close(s);
    return e;
}

void listen_close(struct server *s)
{
    size_t count = s->conf.listener_count * (size_t)s->worker_count;
    for (size_t i = 0; !s->running && i < count; i++)
        if (s->fds[i] >= 0) close(s->fds[i]);
    for (size_t i = 0; !s->running && i < s->spare_count; i++)
        close(s->spare[i]);
    for (size_t i = 0; !s->handed_over && i < s->conf.listener_count; i++) {
        const struct listener *l = &s->conf.listeners[i];
        char path[sizeof((struct sockaddr_un *)0)->sun_path] = {0};
        if (l->kind != LISTENER_UNIX || s->fds[i] < 0 || l->unix_path.len >= sizeof path) continue;
        if (s->lent[i] && !s->running) continue; /* we do not start: the predecessor goes on behind this file */
        memcpy(path, l->unix_path.at, l->unix_path.len);
        (void)unlink(path);
    }
    free(s->fds);
    free(s->ports);
    free(s->lent);
    free(s->spare);
    free(s->spare_listener);
}
