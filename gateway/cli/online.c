/* online.c -- asks every outside part once, on a loop of its own, with an end in sight. */
#include "cli/online.h"

#include <stdio.h>

#include "fetch/fetch.h"
#include "http/stream.h"

#include "base/log.h"

enum {
    PATIENCE_MS = 15000,
    TURN_MS = 50
};

struct question {
    struct flow flow;
    struct arena *arena;
    struct loop *loop;
    const struct provider *provider;
    const struct provider_env *env;
    struct store_link *link;
    bool ended;
    const struct err *why;
};

static void question_end(struct flow *f, const struct err *why)
{
    struct question *q = f->self;
    q->ended = true;
    q->why = why;
}

static enum flow_next ask_provider(struct flow *f)
{
    struct question *q = f->self;
    return provider_probe(f, q->provider, q->env);
}

static enum flow_next ask_store(struct flow *f)
{
    struct question *q = f->self;
    return store_ping(f, q->link);
}

static const struct flow_step provider_steps[] = {{"online/provider", ask_provider}};
static const struct flow_step store_steps[] = {{"online/store", ask_store}};

static bool told(struct question *q, const char *kind, struct slice name)
{
    if (q->why == NULL && q->ended) {
        printf("ok       %s %.*s\n", kind, SLICE_ARG(name));
        return true;
    }
    struct slice why = q->why != NULL ? err_story(q->arena, q->why) : LIT("no answer in time");
    printf("trouble  %s %.*s: %.*s\n", kind, SLICE_ARG(name), SLICE_ARG(why));
    return false;
}

static void wait_for(struct question *q, const struct flow_step *steps)
{
    q->ended = false;
    q->why = NULL;
    flow_start(&q->flow, q->arena, steps, 1, question_end, q);
    for (int waited = 0; !q->ended && waited < PATIENCE_MS; waited += TURN_MS) {
        loop_turn(q->loop, TURN_MS);
    }
    if (!q->ended) flow_drop(&q->flow);
}

/* ---- a backend: can it be connected to ---- */

struct knock {
    bool ended;
    char why[256];
};

static void knock_open(void *self)
{
    ((struct knock *)self)->ended = true;
}

static void knock_bytes(void *self, struct slice bytes)
{
    (void)self;
    (void)bytes;
}

static void knock_closed(void *self, const char *why)
{
    struct knock *k = self;
    k->ended = true;
    snprintf(k->why, sizeof k->why, "%s", why);
}

static bool knock_at(struct loop *l, const struct backend *b)
{
    static const struct stream_events events = {knock_open, knock_bytes, knock_closed};
    const struct stream_target to = {b->host, b->port, b->unix_path, b->tls, b->connect_ms};
    struct knock k = {0};
    struct stream *s = stream_open(l, &to, &events, &k);
    for (int waited = 0; !k.ended && waited < PATIENCE_MS; waited += TURN_MS) {
        loop_turn(l, TURN_MS);
    }
    bool fine = k.ended && k.why[0] == '\0';
    if (fine || !k.ended) stream_close(s);
    printf("%s  backend %.*s%s%s\n", fine ? "ok     " : "trouble", SLICE_ARG(b->id), fine ? "" : ": ", k.why);
    return fine;
}

static bool ask_all(struct question *q, struct snapshot *s, struct fetch *fetch)
{
    const struct provider_env env = {fetch, q->loop};
    bool fine = true;
    q->env = &env;
    for (size_t i = 0; i < s->provider_count; i++) {
        q->provider = s->providers[i];
        wait_for(q, provider_steps);
        fine = told(q, "provider", q->provider->id) && fine;
    }
    for (size_t i = 0; i < s->backend_count; i++) {
        fine = knock_at(q->loop, &s->backends[i].backend) && fine;
    }
    return fine;
}

static bool ask_the_store(struct question *q, struct snapshot *s)
{
    struct store *store;
    const struct err *e = store_open(q->arena, &s->store, &store);
    if (e != NULL) {
        q->why = e;
        return told(q, "store", s->store.told);
    }
    q->link = store_link(store, q->loop);
    for (int waited = 0; !store_up(store) && waited < PATIENCE_MS / 5; waited += TURN_MS) {
        loop_turn(q->loop, TURN_MS);
    }
    wait_for(q, store_steps);
    bool fine = told(q, "store", s->store.told);
    store_unlink(q->link);
    store_close(store);
    return fine;
}

int online_check(const struct command_line *line, struct snapshot *snapshot)
{
    AUTO(arena_closep) struct arena *a = arena_open(8 << 20);
    struct question q = {.arena = a, .loop = loop_open()};
    const struct fetch_conf conf = {.proxy = snapshot->provider_proxy};
    struct fetch *fetch;
    (void)line;
    const struct err *e = fetch_open(a, &conf, &fetch);
    if (e != NULL) return command_failed(a, e);
    log_threshold(LOG_LEVEL_ERROR); /* what the parts would tell a log is told here */
    bool fine = ask_all(&q, snapshot, fetch);
    fine = ask_the_store(&q, snapshot) && fine;
    fetch_close(fetch);
    loop_turn(q.loop, 0); /* streams that were closed go in a turn of their own */
    loop_close(q.loop);
    return fine ? EXIT_FINE : EXIT_UNAVAILABLE;
}
