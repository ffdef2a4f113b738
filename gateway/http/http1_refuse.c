/* Refusing what HTTP/1 could not read, before there is an exchange: a short answer of the application's words, then the end of the
 * connection. What follows an unreadable request is not read as one. */
#include <sys/socket.h>

#include "http/http1_int.h"
#include "http/server_int.h"

static struct slice type_of(struct slice body)
{
    if (slice_starts(body, LIT("<"))) return LIT("text/html; charset=utf-8");
    if (slice_starts(body, LIT("{"))) return LIT("application/problem+json");
    return LIT("text/plain; charset=utf-8");
}

static void on_refusal_written(h2o_socket_t *socket, const char *error)
{
    struct connection *c = socket->on_close.data;
    c->http1.writing = false;
    if (error != NULL) {
        connection_doom(c);
        return;
    }
    /* closing with unread bytes in the kernel resets the connection and may take our answer with it: read on for a moment */
    if (!c->tls) shutdown(h2o_socket_get_fd(socket), SHUT_WR);
    connection_phase(c, PHASE_LINGER);
    http1_read_on(c, true);
}

void http1_refuse(struct connection *c, enum problem problem, const char *why)
{
    struct http1 *h = &c->http1;
    const struct http_app *app = &c->worker->server->conf.app;
    int status = problem_status(problem);
    connection_refused(c, problem, status, why);
    struct slice text = app->refusal_body != NULL ? app->refusal_body(problem) : (struct slice){0};
    if (h->arena == NULL) h->arena = exchange_int_arena();
    struct slice out =
        arena_print(h->arena,
                    "HTTP/1.1 %d %.*s\r\ncontent-type: %.*s\r\ncontent-length: %zu\r\n"
                    "cache-control: no-store\r\nconnection: close\r\n\r\n%.*s",
                    status, SLICE_ARG(http1_reason(status)), SLICE_ARG(type_of(text)), text.len, SLICE_ARG(text));
    http1_read_on(c, false);
    connection_phase(c, PHASE_LINGER);
    if (h->writing) { /* "100 Continue" is stuck: a client that reads nothing gets nothing */
        connection_doom(c);
        return;
    }
    h->writing = true;
    h2o_iovec_t piece = {(char *)(uintptr_t)out.at, out.len};
    h2o_socket_write(c->socket, &piece, 1, on_refusal_written);
}
