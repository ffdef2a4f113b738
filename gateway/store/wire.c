#include "store/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/random.h"

#include "base/now.h"

enum {
    BACKOFF_FIRST_MS = 50,
    BACKOFF_LAST_MS = 2000,
    HEARTBEAT_MS = 2000 /* under half of the staleness a session cache falls back to */
};

static const struct stream_events events;
static void connect_now(struct loop_timer *t);
static void look_at_the_clock(struct loop_timer *t);

#define OWNER(pointer, type, member) ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

void wire_open(struct wire *w)
{
    line_open(&w->line);
    w->line.unasked = w->unasked;
    w->line.self = w;
    w->backoff_ms = BACKOFF_FIRST_MS;
    connect_now(&w->retry);
}

void wire_close(struct wire *w)
{
    must(!w->feeding);
    w->state = WIRE_AWAY;
    loop_timer_stop(w->loop, &w->retry);
    loop_timer_stop(w->loop, &w->watch);
    loop_later_cancel(w->loop, &w->flush);
    if (w->stream != NULL) stream_close(TAKE(w->stream));
    line_lose(&w->line, "the store is being closed");
    line_close(&w->line);
}

/* ---- connecting and greeting */

static void connect_now(struct loop_timer *t)
{
    struct wire *w = OWNER(t, struct wire, retry);
    w->state = WIRE_OPENING;
    w->refusal[0] = '\0';
    w->stream = stream_open(w->loop, &w->conf->target, &events, w);
}

static void write_out(struct loop_later *later)
{
    struct wire *w = OWNER(later, struct wire, flush);
    if (w->stream == NULL || w->line.out.len == 0) return;
    stream_write(w->stream, buf_slice(&w->line.out));
    buf_clear(&w->line.out);
}

static bool ask(struct wire *w, struct line_question *q, const struct line_command *commands, size_t count)
{
    q->deadline_ms = now_ms() + w->conf->timeout_ms;
    if (!line_ask(&w->line, q, commands, count)) return false;
    w->flush.run = write_out;
    loop_later(w->loop, &w->flush);
    if (!loop_timer_is_set(&w->watch) || w->watch.at_ms > q->deadline_ms) {
        loop_timer_set(w->loop, &w->watch, w->conf->timeout_ms, look_at_the_clock);
    }
    return true;
}

bool wire_ask(struct wire *w, struct line_question *q, const struct line_command *commands, size_t count)
{
    return w->state == WIRE_READY && ask(w, q, commands, count);
}

/* A question of the wire's own: greetings and heartbeats. */
struct own_question {
    struct line_question super;
    struct wire *wire;
    bool last_greeting;
};

static void own_lost(struct line_question *q, const char *why)
{
    (void)why;
    free(q);
}

static const char *greeted(struct line_question *q, const struct resp_reply *reply, int left)
{
    (void)left; /* one reply each */
    struct own_question *own = (struct own_question *)q;
    struct wire *w = own->wire;
    bool last = own->last_greeting;
    free(own);
    if (reply->type == RESP_ERROR) {
        snprintf(w->refusal, sizeof w->refusal, "Redis says: %.*s", SLICE_ARG(resp_error_text(reply)));
        return w->refusal;
    }
    if (!resp_says(reply, RESP_STATUS, last ? LIT("PONG") : LIT("OK"))) return "a greeting answered oddly";
    if (!last) return NULL;
    w->state = WIRE_READY;
    w->backoff_ms = BACKOFF_FIRST_MS;
    w->ready(w);
    return NULL;
}

static void greet_with(struct wire *w, const struct slice *words, size_t count, bool last)
{
    struct own_question *own = must_alloc(sizeof *own);
    *own = (struct own_question){
        .super = {.answer = greeted, .lost = own_lost},
          .wire = w, .last_greeting = last
    };
    must(ask(w, &own->super, &(struct line_command){words, count}, 1));
}

static void opened(void *self)
{
    struct wire *w = self;
    w->state = WIRE_GREETING;
    w->heard_ms = now_ms();
    if (!secret_is_empty(w->conf->password)) {
        struct slice words[3] = {LIT("AUTH")};
        size_t count = 1;
        if (w->conf->username.len != 0) words[count++] = w->conf->username;
        words[count++] = secret_reveal(w->conf->password);
        greet_with(w, words, count, false);
    }
    if (w->select && w->conf->database != 0) {
        char number[16];
        int len = snprintf(number, sizeof number, "%d", w->conf->database);
        greet_with(w,
                   (struct slice[]){
                       LIT("SELECT"), {number, (size_t)len}
        },
                   2, false);
    }
    greet_with(w, (struct slice[]){LIT("PING")}, 1, true);
}

/* ---- listening */

static void heard(void *self, struct slice bytes)
{
    struct wire *w = self;
    w->heard_ms = now_ms();
    w->feeding = true;
    const char *why = line_feed(&w->line, bytes);
    w->feeding = false;
    if (why != NULL) wire_drop(w, why);
}

/* In a subscription the answer is ["pong", ""], else +PONG. */
static const char *beaten(struct line_question *q, const struct resp_reply *reply, int left)
{
    (void)left;
    free(q);
    if (resp_says(reply, RESP_STATUS, LIT("PONG"))) return NULL;
    if (reply->type != RESP_ARRAY || reply->count != 2) return "a heartbeat answered oddly";
    struct resp_reply word = resp_item(reply, 0);
    return resp_says(&word, RESP_BULK, LIT("pong")) ? NULL : "a heartbeat answered oddly";
}

static void look_at_the_clock(struct loop_timer *t)
{
    struct wire *w = OWNER(t, struct wire, watch);
    int64_t now = now_ms(), next = line_deadline_ms(&w->line);
    if (next <= now) {
        wire_drop(w, "an answer is late");
        return;
    }
    if (w->line.first == NULL) {
        if (w->state == WIRE_READY && now - w->heard_ms >= HEARTBEAT_MS) {
            struct own_question *own = must_alloc(sizeof *own);
            *own = (struct own_question){
                .super = {.answer = beaten, .lost = own_lost},
                  .wire = w
            };
            must(ask(w, &own->super, &(struct line_command){(struct slice[]){LIT("PING")}, 1}, 1));
            return; /* ask has set the clock */
        }
        next = w->heard_ms + HEARTBEAT_MS;
    }
    loop_timer_set(w->loop, &w->watch, next > now ? next - now : 1, look_at_the_clock);
}

/* ---- breaking */

static void go_away(struct wire *w, const char *why)
{
    w->state = WIRE_AWAY;
    loop_timer_stop(w->loop, &w->watch);
    loop_later_cancel(w->loop, &w->flush);
    uint32_t dice;
    random_bytes((unsigned char *)&dice, sizeof dice);
    int64_t wait = w->backoff_ms / 2 + (int64_t)(dice % (uint32_t)(w->backoff_ms + 1));
    w->backoff_ms = 2 * w->backoff_ms < BACKOFF_LAST_MS ? 2 * w->backoff_ms : BACKOFF_LAST_MS;
    loop_timer_set(w->loop, &w->retry, wait, connect_now);
    w->gone(w, why);
    line_lose(&w->line, why);
}

void wire_drop(struct wire *w, const char *why)
{
    must(!w->feeding);
    if (w->stream == NULL) return;
    stream_close(TAKE(w->stream));
    w->hung_up = false;
    go_away(w, why);
}

static void closed(void *self, const char *why)
{
    struct wire *w = self;
    w->stream = NULL;
    w->hung_up = true;
    go_away(w, why);
}

static const struct stream_events events = {.on_open = opened, .on_bytes = heard, .on_close = closed};
