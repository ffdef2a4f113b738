/* question.c -- copies what was asked, and wipes it: a body holds a code and a verifier, a header a client secret, an answer tokens. */
#include "fetch/question.h"

#include <stdarg.h>
#include <stdatomic.h>

#include "base/now.h"

static char *copied(struct slice s)
{
    char *text = must_alloc(s.len + 1);
    if (s.len != 0) memcpy(text, s.at, s.len);
    return text;
}

static void wiped(char *text)
{
    if (text == NULL) return;
    explicit_bzero(text, strlen(text));
    free(text);
}

static char *header_line(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        must(s.at[i] != '\r' && s.at[i] != '\n' && s.at[i] != '\0');
    return copied(s);
}

static void copy_headers(struct question *q, const struct fetch_ask *ask)
{
    size_t count = 0;
    for (size_t i = 0; i < FETCH_HEADERS; i++)
        if (ask->headers[i].len != 0) q->headers[count++] = header_line(ask->headers[i]);
    if (ask->accept_type.len == 0) return;
    struct buf line = buf_open(256);
    buf_print(&line, "Accept: %.*s", SLICE_ARG(ask->accept_type));
    must(!line.full);
    q->headers[count] = header_line(buf_slice(&line));
    buf_close(&line);
}

struct question *question_open(const struct fetch_ask *ask, struct slice place)
{
    struct question *q = must_alloc(sizeof *q);
    atomic_init(&q->references, 2);
    must(ask->method.len < sizeof q->method);
    memcpy(q->method, ask->method.at, ask->method.len);
    q->once = ask->once || !slice_is(ask->method, LIT("GET"));
    q->url = copied(ask->url);
    q->place = copied(place);
    copy_headers(q, ask);
    q->body = buf_open(ask->body.len + 1);
    buf_add(&q->body, ask->body);
    q->accept_type = copied(ask->accept_type);
    q->ca_file = ask->ca_file == NULL ? NULL : copied(slice_of(ask->ca_file));
    q->accept_errors = ask->accept_errors;
    q->accept_statuses = ask->accept_statuses;
    q->allow_private = ask->allow_private;
    q->allow_http = ask->allow_http;
    q->connect_ms = ask->connect_ms > 0 ? ask->connect_ms : ask->timeout_ms;
    q->deadline_ms = now_ms() + ask->timeout_ms;
    q->reply = reply_open(ask->max_bytes);
    for (size_t i = 0; i < FETCH_KEPT; i++)
        reply_keep(&q->reply, i, ask->kept[i]);
    must(pthread_mutex_init(&q->lock, NULL) == 0);
    return q;
}

void question_release(struct question *q)
{
    if (atomic_fetch_sub(&q->references, 1) != 1) return;
    for (size_t i = 0; i < sizeof q->headers / sizeof q->headers[0]; i++)
        wiped(q->headers[i]);
    if (q->body.at != NULL) explicit_bzero(q->body.at, q->body.len);
    buf_close(&q->body);
    reply_close(&q->reply);
    wiped(q->url); /* some providers want tokens in the query */
    free(q->place);
    free(q->accept_type);
    free(q->ca_file);
    pthread_mutex_destroy(&q->lock);
    free(q);
}

void question_send_home(struct question *q)
{
    pthread_mutex_lock(&q->lock);
    q->posted = !q->dropped;
    if (q->posted) loop_post(q->loop, &q->post);
    pthread_mutex_unlock(&q->lock);
    question_release(q);
}

bool question_hang_up(struct question *q)
{
    pthread_mutex_lock(&q->lock);
    q->dropped = true;
    bool posted = q->posted;
    pthread_mutex_unlock(&q->lock);
    return !posted;
}

void question_forget(struct question *q)
{
    pthread_mutex_lock(&q->lock);
    q->dropped = true;
    q->forgotten = true;
    pthread_mutex_unlock(&q->lock);
}

void question_refuse(struct question *q, enum problem problem, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(q->why, sizeof q->why, format, args);
    va_end(args);
    q->problem = problem;
}
