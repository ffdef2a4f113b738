/* command_status.c -- asks the gateway on this machine whether it is ready: GET /ready on the metrics listener. Also a container's health check.
 *
 * One blocking question over a plain socket, in all at most a few seconds: no client library is needed for a status line.
 */
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/commands.h"
#include "text/address.h"
#include "text/json.h"

enum {
    PATIENCE_S = 3,
    ANSWER_MAX = 4096
};

static int dial_unix(struct slice path)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    if (path.len >= sizeof to.sun_path) return -1;
    memcpy(to.sun_path, path.at, path.len);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) == 0) return fd;
    if (fd >= 0) close(fd);
    return -1;
}

/* An address to listen on is one to call, but for "all": that is called on the loopback. */
static int dial_ip(const struct address *x)
{
    static const unsigned char zero[16] = {0};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(x->port)};
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(x->port)};
    memcpy(&six.sin6_addr, x->bytes, 16);
    memcpy(&four.sin_addr, x->bytes + 12, 4);
    if (x->is_ip4 && memcmp(x->bytes + 12, zero, 4) == 0) four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (!x->is_ip4 && memcmp(x->bytes, zero, 16) == 0) six.sin6_addr = in6addr_loopback;
    struct timeval patience = {.tv_sec = PATIENCE_S};
    int fd = socket(x->is_ip4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    const struct sockaddr *to = x->is_ip4 ? (struct sockaddr *)&four : (struct sockaddr *)&six;
    if (connect(fd, to, x->is_ip4 ? sizeof four : sizeof six) == 0) return fd;
    close(fd);
    return -1;
}

static int dial(struct arena *a, struct slice where)
{
    struct address x;
    if (slice_starts(where, LIT("unix:"))) return dial_unix(slice_from(where, 5));
    if (slice_starts(where, LIT("localhost:"))) {
        where = arena_print(a, "127.0.0.1:%.*s", SLICE_ARG(slice_from(where, 10)));
    }
    if (slice_starts(where, LIT(":")) || slice_starts(where, LIT("*:"))) {
        where = arena_print(a, "127.0.0.1%.*s", SLICE_ARG(slice_from(where, slice_index(where, ':'))));
    }
    return address_read(where, &x) && x.is_ip && x.port != 0 ? dial_ip(&x) : -1;
}

/* The HTTP status of /ready, or 0. */
static int ask(int fd)
{
    static const char question[] = "GET /ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    char answer[ANSWER_MAX];
    size_t len = 0;
    uint64_t status = 0;
    struct timeval patience = {.tv_sec = PATIENCE_S};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (send(fd, question, sizeof question - 1, MSG_NOSIGNAL) != (ssize_t)sizeof question - 1) return 0;
    while (len < 12) {
        ssize_t n = recv(fd, answer + len, sizeof answer - len, 0);
        if (n <= 0) return 0;
        len += (size_t)n;
    }
    struct slice head = {answer, len};
    if (!slice_starts(head, LIT("HTTP/1.")) || !slice_number(slice_upto(slice_from(head, 9), 3), &status)) return 0;
    return (int)status;
}

static void tell(const struct command_line *line, struct slice where, const char *word)
{
    struct buf out = buf_open(ANSWER_MAX);
    if (command_json(line)) {
        struct json j = json_into(&out);
        json_open_object(&j, NULL);
        json_string(&j, "status", slice_of(word));
        json_string(&j, "asked", where);
        json_close_object(&j);
        buf_byte(&out, '\n');
    } else if (!command_has(line, "quiet")) {
        buf_print(&out, "%s\n", word);
    }
    command_out(&out);
    buf_close(&out);
}

int command_status(const struct command_line *line)
{
    struct config *c = command_config(line, NULL);
    struct arena *a = arena_open(64 * 1024);
    struct slice where = config_text(c, "metrics.listen");
    int status = 0;
    bool none = slice_is(where, LIT("none"));
    if (none) command_say("metrics.listen is none: there is nobody to ask");
    int fd = none ? -1 : dial(a, where);
    if (fd >= 0) {
        status = ask(fd);
        close(fd);
    }
    tell(line, where, status == 200 ? "ready" : status != 0 ? "not ready" : "not running");
    config_close(c);
    arena_close(a);
    return status == 200 ? EXIT_FINE : EXIT_UNAVAILABLE;
}
