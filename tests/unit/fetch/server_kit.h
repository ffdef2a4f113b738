/* server_kit.h -- a scripted HTTP(S) server on a loopback port, a thread per connection, for tests that ask.
 *
 * The script sees each request and writes what it likes; returning false closes the connection. kit_stop shuts every connection and joins
 * every thread, so a test that ends leaves nothing behind.
 */
#ifndef TESTS_FETCH_SERVER_KIT_H
#define TESTS_FETCH_SERVER_KIT_H
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "base/arena.h"
#include "base/buf.h"

enum {
    KIT_CONNECTIONS = 8192,
    KIT_REQUEST_MAX = 64 * 1024
};

struct kit;
struct kit_request {
    struct kit *kit;
    struct slice method, path, head, body; /* path with its query */
    int fd;
    SSL *ssl;
};
typedef bool kit_script(struct kit_request *r);

struct kit {
    int fd, port;
    kit_script *script;
    void *self;
    SSL_CTX *tls; /* NULL: plain */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_t threads[KIT_CONNECTIONS];
    int fds[KIT_CONNECTIONS];
    int count;
    _Atomic int requests, connections;
    _Atomic bool stop;
};

struct kit_connection {
    struct kit *kit;
    int fd, place;
};

static inline void kit_write(struct kit_request *r, const char *text, size_t len)
{
    if (r->ssl != NULL)
        (void)SSL_write(r->ssl, text, (int)len);
    else
        (void)!send(r->fd, text, len, MSG_NOSIGNAL);
}

static inline void kit_text(struct kit_request *r, const char *text)
{
    kit_write(r, text, strlen(text));
}

/* An answer with its length; headers are whole lines or "". */
static inline void kit_answer(struct kit_request *r, int status, const char *headers, const char *body)
{
    struct buf b = buf_open(4 * 1024 * 1024);
    buf_print(&b, "HTTP/1.1 %d X\r\nContent-Length: %zu\r\n%s\r\n", status, strlen(body), headers);
    buf_add(&b, slice_of(body));
    kit_write(r, b.at, b.len);
    buf_close(&b);
}

static inline void kit_json(struct kit_request *r, int status, const char *body)
{
    kit_answer(r, status, "Content-Type: application/json\r\n", body);
}

static inline ssize_t kit_read(struct kit_request *r, char *to, size_t len)
{
    if (r->ssl != NULL) return SSL_read(r->ssl, to, (int)len);
    return recv(r->fd, to, len, 0);
}

static inline size_t kit_content_length(struct slice head)
{
    struct slice line;
    while (slice_cut(&head, '\n', &line)) {
        uint64_t n = 0;
        struct slice name;
        slice_cut(&line, ':', &name);
        if (line.len > 0 && line.at[line.len - 1] == '\r') line.len--;
        if (slice_is_nocase(name, LIT("content-length")) && slice_number(slice_trim(line), &n)) return (size_t)n;
    }
    return 0;
}

/* One request into `bytes`, which may hold the start of it; false at the end of the connection. */
static inline bool kit_receive(struct kit_request *r, char *bytes)
{
    size_t len = 0;
    for (;;) {
        struct slice all = {bytes, len};
        size_t end = slice_find(all, LIT("\r\n\r\n"));
        if (end != SLICE_NONE) {
            r->head = slice_upto(all, end);
            size_t want = kit_content_length(r->head);
            if (len >= end + 4 + want) {
                r->body = slice_upto(slice_from(all, end + 4), want);
                struct slice rest = r->head;
                slice_cut(&rest, ' ', &r->method);
                slice_cut(&rest, ' ', &r->path);
                return true;
            }
        }
        ssize_t n = len < KIT_REQUEST_MAX ? kit_read(r, bytes + len, KIT_REQUEST_MAX - len) : 0;
        if (n <= 0 || bytes[0] == 0x16) return false; /* a TLS handshake is no request */
        len += (size_t)n;
    }
}

static inline void *kit_serve(void *self)
{
    struct kit_connection *c = self;
    struct kit *kit = c->kit;
    struct kit_request r = {.kit = kit, .fd = c->fd};
    char *bytes = must_alloc(KIT_REQUEST_MAX);
    bool good = true;
    if (kit->tls != NULL) {
        r.ssl = SSL_new(kit->tls);
        SSL_set_fd(r.ssl, c->fd);
        good = SSL_accept(r.ssl) == 1;
    }
    while (good && !kit->stop && kit_receive(&r, bytes)) {
        kit->requests++;
        good = kit->script(&r);
    }
    SSL_free(r.ssl);
    pthread_mutex_lock(&kit->lock);
    kit->fds[c->place] = -1;
    close(c->fd);
    pthread_mutex_unlock(&kit->lock);
    free(bytes);
    free(c);
    arena_drain();
    return NULL;
}

static inline void *kit_accept(void *self)
{
    struct kit *kit = self;
    for (;;) {
        int fd = accept(kit->fd, NULL, NULL);
        if (fd < 0 || kit->stop || kit->count == KIT_CONNECTIONS) {
            if (fd >= 0) close(fd);
            if (kit->stop || fd < 0) return NULL;
            continue;
        }
        kit->connections++;
        struct kit_connection *c = must_alloc(sizeof *c);
        pthread_mutex_lock(&kit->lock);
        *c = (struct kit_connection){kit, fd, kit->count++};
        kit->fds[c->place] = fd;
        must(pthread_create(&kit->threads[c->place], NULL, kit_serve, c) == 0);
        pthread_mutex_unlock(&kit->lock);
    }
}

static inline struct kit *kit_start(kit_script *script, void *self, SSL_CTX *tls)
{
    struct kit *kit = must_alloc(sizeof *kit);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof at;
    signal(SIGPIPE, SIG_IGN); /* OpenSSL writes without MSG_NOSIGNAL */
    kit->script = script;
    kit->self = self;
    kit->tls = tls;
    must(pthread_mutex_init(&kit->lock, NULL) == 0);
    kit->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(kit->fd >= 0 && bind(kit->fd, (struct sockaddr *)&at, len) == 0 && listen(kit->fd, 256) == 0);
    must(getsockname(kit->fd, (struct sockaddr *)&at, &len) == 0);
    kit->port = ntohs(at.sin_port);
    must(pthread_create(&kit->thread, NULL, kit_accept, kit) == 0);
    return kit;
}

static inline void kit_stop(struct kit *kit)
{
    kit->stop = true;
    shutdown(kit->fd, SHUT_RDWR);
    pthread_join(kit->thread, NULL);
    pthread_mutex_lock(&kit->lock);
    for (int i = 0; i < kit->count; i++)
        if (kit->fds[i] >= 0) shutdown(kit->fds[i], SHUT_RDWR);
    pthread_mutex_unlock(&kit->lock);
    for (int i = 0; i < kit->count; i++)
        pthread_join(kit->threads[i], NULL);
    close(kit->fd);
    SSL_CTX_free(kit->tls);
    pthread_mutex_destroy(&kit->lock);
    free(kit);
}

#endif
