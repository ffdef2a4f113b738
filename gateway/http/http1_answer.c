/* Answers on HTTP/1: the head as text, the body by length, in chunks, or until the connection ends; one system call for head and first
 * piece. Chunks for every status of unknown length (libh2o's own encoder knows only 200 and closes after the others). An HTTP/1.0
 * client gets no chunks: the end of the connection ends the body, so it is never kept. */
#include <stdio.h>

#include "http/http1_int.h"
#include "http/server_int.h"

#include "base/now.h"

static void put(char **at, struct slice s)
{
    if (s.len != 0) memcpy(*at, s.at, s.len);
    *at += s.len;
}

struct slice http1_reason(int status)
{
    static const struct {
        int status;
        struct slice words;
    } reasons[] = {
        {101, LIT_INIT("Switching Protocols")            },
        {200, LIT_INIT("OK")                             },
        {201, LIT_INIT("Created")                        },
        {204, LIT_INIT("No Content")                     },
        {206, LIT_INIT("Partial Content")                },
        {301, LIT_INIT("Moved Permanently")              },
        {302, LIT_INIT("Found")                          },
        {303, LIT_INIT("See Other")                      },
        {304, LIT_INIT("Not Modified")                   },
        {307, LIT_INIT("Temporary Redirect")             },
        {308, LIT_INIT("Permanent Redirect")             },
        {400, LIT_INIT("Bad Request")                    },
        {401, LIT_INIT("Unauthorized")                   },
        {403, LIT_INIT("Forbidden")                      },
        {404, LIT_INIT("Not Found")                      },
        {405, LIT_INIT("Method Not Allowed")             },
        {413, LIT_INIT("Content Too Large")              },
        {414, LIT_INIT("URI Too Long")                   },
        {429, LIT_INIT("Too Many Requests")              },
        {431, LIT_INIT("Request Header Fields Too Large")},
        {500, LIT_INIT("Internal Server Error")          },
        {502, LIT_INIT("Bad Gateway")                    },
        {503, LIT_INIT("Service Unavailable")            },
        {504, LIT_INIT("Gateway Timeout")                },
    };
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].status == status) return reasons[i].words;
    return LIT("Status"); /* the words carry no meaning (RFC 9112 4) */
}

static size_t room_for(const struct header *list, size_t count)
{
    size_t room = 0;
    for (size_t i = 0; i < count; i++)
        room += list[i].name.len + list[i].value.len + 4;
    return room;
}

static bool put_all(char **at, const struct header *list, size_t count)
{
    bool date = false;
    for (size_t i = 0; i < count; i++) {
        put(at, list[i].name);
        put(at, LIT(": "));
        put(at, list[i].value);
        put(at, LIT("\r\n"));
        date = date || slice_is(list[i].name, LIT("date"));
    }
    return date;
}

/* The date, made once a second. */
static struct slice date_of(struct worker *w)
{
    int64_t s = now_s();
    if (w->date_s != s) {
        time_t at = (time_t)s;
        struct tm tm;
        w->date_s = s;
        w->date_len = strftime(w->date, sizeof w->date, "date: %a, %d %b %Y %H:%M:%S GMT\r\n", gmtime_r(&at, &tm));
    }
    return (struct slice){w->date, w->date_len};
}

static void put_framing(char **at, struct exchange_int *e, struct http1 *h)
{
    char digits[SLICE_DIGITS_MAX];
    if (e->status == 204 || e->status == 101) return;
    if (e->length != ANSWER_UNKNOWN) {
        put(at, LIT("content-length: "));
        put(at, slice_digits(digits, e->length));
        put(at, LIT("\r\n"));
    } else if (h->chunked) {
        put(at, LIT("transfer-encoding: chunked\r\n"));
    }
}

static void make_head(struct exchange_int *e, const struct header *headers, size_t count)
{
    struct http1 *h = &e->connection->http1;
    size_t room = 256 + room_for(headers, count) + room_for(e->added, e->added_count);
    char *at = h->out = arena_bytes(e->x.arena, room), digits[SLICE_DIGITS_MAX];
    put(&at, LIT("HTTP/1.1 "));
    put(&at, slice_digits(digits, (uint64_t)e->status));
    put(&at, LIT(" "));
    put(&at, http1_reason(e->status));
    put(&at, LIT("\r\n"));
    bool date = put_all(&at, headers, count);
    date = put_all(&at, e->added, e->added_count) || date;
    if (!date) put(&at, date_of(e->worker));
    put_framing(&at, e, h);
    if (e->status != 101) {
        if (!h->keep_alive)
            put(&at, LIT("connection: close\r\n"));
        else if (e->x.version == 10)
            put(&at, LIT("connection: keep-alive\r\n"));
    }
    put(&at, LIT("\r\n"));
    h->out_len = (size_t)(at - h->out);
}

static void start(struct exchange_int *e, int status, const struct header *headers, size_t count, uint64_t length)
{
    struct http1 *h = &e->connection->http1;
    (void)status;
    if (e->worker->stopping) h->keep_alive = false;
    h->chunked = length == ANSWER_UNKNOWN && !e->bodiless && e->x.version == 11;
    if (length == ANSWER_UNKNOWN && !e->bodiless && e->x.version == 10) h->keep_alive = false;
    make_head(e, headers, count);
}

static bool head_waits(const struct exchange_int *e)
{
    return e->connection->http1.out_len != 0;
}

static void write_all(struct exchange_int *e, h2o_iovec_t *pieces, size_t count)
{
    struct connection *c = e->connection;
    for (size_t i = 0; i < count; i++)
        e->bytes_out += pieces[i].len;
    must(!c->http1.writing);
    c->http1.writing = true;
    h2o_socket_write(c->socket, pieces, count, http1_written);
}

static h2o_iovec_t piece(struct slice s)
{
    return (h2o_iovec_t){(char *)(uintptr_t)s.at, s.len};
}

static void body(struct exchange_int *e, struct slice bytes, bool last)
{
    struct http1 *h = &e->connection->http1;
    h2o_iovec_t pieces[5];
    size_t count = 0;
    h->last = last;
    if (e->connection->doomed) return;
    if (h->out_len != 0) pieces[count++] = (h2o_iovec_t){h->out, h->out_len};
    h->out_len = 0;
    if (h->chunked && bytes.len != 0) {
        int n = snprintf(h->chunk_line, sizeof h->chunk_line, "%zx\r\n", bytes.len);
        pieces[count++] = (h2o_iovec_t){h->chunk_line, (size_t)n};
    }
    if (bytes.len != 0) pieces[count++] = piece(bytes);
    if (h->chunked && bytes.len != 0)
        pieces[count++] = piece(last ? LIT("\r\n0\r\n\r\n") : LIT("\r\n"));
    else if (h->chunked && last)
        pieces[count++] = piece(LIT("0\r\n\r\n"));
    if (count == 0) { /* the end of a body whose last byte was taken before */
        http1_finish(e->connection);
        return;
    }
    write_all(e, pieces, count);
}

static void abort_answer(struct exchange_int *e)
{
    connection_doom(e->connection);
}

static void tunnel(struct exchange_int *e, const struct header *headers, size_t count,
                   void (*ready)(struct exchange_int *e, h2o_socket_t *client))
{
    struct connection *c = e->connection;
    if (c->doomed) return;
    make_head(e, headers, count);
    c->http1.tunnel_ready = ready;
    h2o_iovec_t head = {c->http1.out, c->http1.out_len};
    c->http1.out_len = 0;
    write_all(e, &head, 1);
}

const struct answer_wire http1_wire = {start, body, abort_answer, tunnel, head_waits};
