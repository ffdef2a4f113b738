/* token_give.c -- the tokens of a session that somebody ends are taken out of the store and handed on to be revoked.
 *
 *     learn_whose    when nobody told: a provider may name only its own session        asks the store, waits
 *     take           out of the store: only one who ends it ever gets them             asks the store, waits
 *     hand_on        to the worker's queue (token_revoke.c), which copies them
 *     let_go         each in an arena of its own, for hundreds may be ended at once
 */
#include "session/token_give.h"

#include "provider/revoke.h"
#include "session/session_index.h"

struct token_give {
    struct sessions *sessions;
    struct arena *scratch, *kept;
    struct slice id;
    const struct session_giving *by;
    struct audit_record who;
    struct session_listed one;
    struct session_left left;
    struct flow flow;
};

static enum flow_next learn_whose(struct flow *f)
{
    struct token_give *g = f->self;
    f->arena = g->scratch;
    return g->who.subject.len == 0 ? session_read(f, g->sessions, g->id, &g->one) : FLOW_NEXT;
}

static enum flow_next take(struct flow *f)
{
    struct token_give *g = f->self;
    if (g->who.subject.len == 0) g->who.subject = g->one.subject;
    return session_tokens_take(f, g->sessions, g->id, &g->left);
}

static enum flow_next hand_on(struct flow *f)
{
    struct token_give *g = f->self;
    (void)f;
    session_tokens_revoke(g->sessions, &g->left, &g->by->from, &g->who);
    return FLOW_NEXT;
}

static void close_scratch(void *self)
{
    struct token_give *g = self;
    flow_drop(&g->flow);
    arena_close(g->scratch);
    g->scratch = NULL;
}

static enum flow_next let_go(struct flow *f)
{
    struct token_give *g = f->self;
    f->arena = g->kept;
    arena_close(g->scratch);
    g->scratch = NULL;
    return FLOW_NEXT;
}

static const struct flow_step steps[] = {
    {"token_give/learn_whose", learn_whose}, /* may wait */
    {"token_give/take",        take       }, /* waits */
    {"token_give/hand_on",     hand_on    }, /* */
    {"token_give/let_go",      let_go     }, /* */
};

bool token_give_can(const struct session_giving *by)
{
    return by != NULL && by->from.provider->revokes && provider_can_revoke(by->from.provider);
}

struct token_give *token_give_open(struct arena *a)
{
    struct token_give *g = arena_new(a, struct token_give);
    arena_at_close(a, close_scratch, g);
    return g;
}

enum flow_next token_give(struct flow *f, struct token_give *g, struct sessions *s, struct slice id,
                          const struct session_giving *by)
{
    enum {
        BUDGET = 4 * 1024 * 1024 /* two sealed records and the open ones, 256 KiB each, and errors */
    };
    *g = (struct token_give){.sessions = s, .kept = f->arena, .id = id, .by = by, .who = by->who};
    g->who.session = slice_upto(id, SESSION_REFERENCE_CHARS);
    g->scratch = arena_open(BUDGET);
    return flow_call(f, &g->flow, steps, sizeof steps / sizeof *steps, g);
}
