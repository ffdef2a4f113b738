/* app.c -- the application behind every proxy of a measurement: PORT BODY_BYTES.
 *
 * It and the load share one processor, and the server under test must be the slower side, or it waits, wakes for each request, and
 * seems to cost more than it does: so this is as little as an HTTP/1.1 server can be. Every head is answered with 200 and the same body; requests
 * have no bodies here, and nothing but this folder's own load comes along. One thread, epoll, one recv and one send a request.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    HEAD_MAX = 16384,
    CONNECTIONS_MAX = 40000,
    EVENTS = 256
};

struct connection {
    size_t len;
    char head[HEAD_MAX];
};
static struct connection *connections[CONNECTIONS_MAX];
static char answer[HEAD_MAX + 65536];
static size_t answer_len;

static void make_answer(size_t body)
{
    int head =
        snprintf(answer, HEAD_MAX,
                 "HTTP/1.1 200 OK\r\nServer: app\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n\r\n", body);
    memset(answer + head, 'x', body);
    answer_len = (size_t)head + body;
}

static void hang_up(int fd)
{
    free(connections[fd]);
    connections[fd] = NULL;
    close(fd);
}

/* False: the other side has gone, or sent what is no head. */
static int serve(int fd)
{
    struct connection *c = connections[fd];
    ssize_t n = recv(fd, c->head + c->len, HEAD_MAX - c->len, 0);
    if (n <= 0) return 0;
    c->len += (size_t)n;
    if (c->len < 4 || memcmp(c->head + c->len - 4, "\r\n\r\n", 4) != 0) return c->len < HEAD_MAX;
    c->len = 0;
    return send(fd, answer, answer_len, MSG_NOSIGNAL) == (ssize_t)answer_len;
}

static void take(int listener, int epoll)
{
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0) return;
    if (fd >= CONNECTIONS_MAX) {
        close(fd);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    connections[fd] = calloc(1, sizeof *connections[fd]);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    if (connections[fd] == NULL || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) hang_up(fd);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "app PORT BODY_BYTES\n");
        return 64;
    }
    size_t body = strtoul(argv[2], NULL, 10);
    struct sockaddr_in here = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), epoll = epoll_create1(EPOLL_CLOEXEC);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (body > 65536 || bind(listener, (struct sockaddr *)&here, sizeof here) != 0 || listen(listener, 4096) != 0) {
        perror("app");
        return 71;
    }
    make_answer(body);
    struct epoll_event first = {.events = EPOLLIN, .data.fd = listener}, events[EVENTS];
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &first);
    for (;;) {
        int count = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            int fd = events[i].data.fd;
            if (fd == listener)
                take(listener, epoll);
            else if (!serve(fd))
                hang_up(fd);
        }
    }
}
