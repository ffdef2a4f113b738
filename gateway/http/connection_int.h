/* connection_int.h -- one accepted connection, from accept to the closing of its socket.
 *
 * For http/'s own files. The record hangs on libh2o's socket (on_close) and is freed by it: whatever closes the socket, ours or
 * libh2o's, ends here. The worker's sweep looks at every record about once a second and ends phases that last too long.
 */
#ifndef HTTP_CONNECTION_INT_H
#define HTTP_CONNECTION_INT_H
#include "http/exchange_int.h"
#include "http/http1_head.h"

enum connection_phase {
    PHASE_PROXY_LINE, /* waiting for the PROXY line */
    PHASE_HANDSHAKE,  /* TLS */
    PHASE_IDLE,       /* HTTP/1: nothing of a next request has come */
    PHASE_HEAD,       /* HTTP/1: part of a head */
    PHASE_BODY,       /* HTTP/1: part of a body */
    PHASE_ANSWER,     /* HTTP/1: an exchange is under way */
    PHASE_TUNNEL,     /* the upstream owns the socket */
    PHASE_HTTP2,      /* libh2o owns the socket */
    PHASE_LINGER,     /* answered, reading what the client still sends so that it can read our answer */
    PHASE_CLOSING     /* handed to libh2o for closing */
};

/* HTTP/1's part, used by http1.c alone. */
struct http1 {
    struct http1_head head;
    struct arena *arena; /* of the request being read; becomes the exchange's */
    size_t scanned;      /* of the input: searched for the end of the head */
    struct http1_chunks chunks;
    char *body;
    size_t body_len, body_room, head_bytes;
    uint64_t body_left;
    struct exchange_int *exchange;
    char *out; /* the answer's head, not yet written */
    size_t out_len;
    int64_t began_us;
    int at_once; /* requests answered since something was read or others had their turn */
    bool keep_alive, chunked, body_done, writing, last, reading, more_to_come, served;
    char chunk_line[24];
    void (*tunnel_ready)(struct exchange_int *e, h2o_socket_t *client);
};

struct connection {
    struct worker *worker;
    const struct listener *listener;
    struct listening *listening;
    h2o_socket_t *socket;
    struct address peer, socket_peer;
    char *tls_name; /* SNI; NULL if none */
    /* What TLS was begun with, kept by us: libh2o holds no reference before the first bytes have come. NULL: plain. */
    tls_context *tls_begun;
    enum connection_phase phase;
    int64_t since_ms;    /* when the phase began */
    int64_t progress_ms; /* start of the current window of a body's minimum rate */
    uint64_t progress_bytes;
    bool tls, doomed, counted;
    bool unnamed;           /* see exchange.peer_unnamed */
    struct loop_later end;  /* closes at the end of the turn */
    struct loop_timer turn; /* HTTP/1: the next of many requests that came at once */
    struct exchange_int *exchanges;
    struct http1 http1;
    /* HTTP/2: streams that ended before their answer began, in the current window */
    int resets;
    int64_t resets_since_ms;
    int pieces;           /* of answers, with libh2o: at most one a stream */
    int64_t taken_ms;     /* when the last one left, or the first came */
    int uploads;          /* requests whose body is still coming; counted by the sweep */
    uint64_t received;    /* bytes of TLS records */
    uint64_t upload_from; /* `received` when there were none of these, plus what came whole since */
    struct connection *next, **previous;
};

/* Takes the socket. The record is in the worker's list; phase PHASE_HANDSHAKE. */
struct connection *connection_open(struct worker *w, struct listening *from, h2o_socket_t *socket);
void connection_phase(struct connection *c, enum connection_phase phase);
/* Counts the peer (once it is known); false: too many from that address. */
bool connection_count(struct connection *c);
/* Closes at the end of this turn; never from inside a caller's back. Nothing more is read or answered. */
void connection_doom(struct connection *c);
struct connection *connection_of(h2o_socket_t *socket); /* NULL: not one of ours */
/* Tells the application that a request (or connection: status 0) was refused. */
void connection_refused(struct connection *c, enum problem problem, int status, const char *why);
/* What has come so far: of the body (HTTP/1), of all bytes (HTTP/2). */
uint64_t connection_received(const struct connection *c);
/* The sweep of one worker. */
void connection_sweep(struct worker *w);
/* Stop: idle ones end; force: all end. Returns how many exchanges were cut. */
int connection_stop(struct worker *w, bool force);

/* ---- http1.c, http2.c ---- */
void http1_open(struct connection *c);
void http1_closed(struct connection *c); /* frees what a half-read request holds */
void http2_open(struct connection *c);
void http2_count(struct connection *c,
                 SSL *ssl);         /* from here on what comes is counted: to be told as soon as it speaks HTTP/2 */
void http2_setup(struct worker *w); /* context, before the first connection */
void http2_limits(struct worker *w);
void http2_stop(struct worker *w); /* GOAWAY */
void http2_close(struct worker *w);
void http2_sweep(struct worker *w);

#endif
