#include "login/ended.h"

#include "observe/metrics.h"

static struct metric revoked = {.name = "vestibule_sessions_revoked_total",
                                .help = "Sessions that were ended otherwise than by their own sign-out, by cause.",
                                .kind = METRIC_COUNTER,
                                .labels = {"cause"}};

static struct slice who_asked(const struct visit *v, struct slice provider)
{
    if (v->session == NULL) return provider;
    const struct identity *who = &v->session->identity;
    return arena_join(v->x->arena, (struct slice[]){who->provider, LIT(":"), who->subject}, 3);
}

const struct session_giving *ended_giving(const struct visit *v, struct slice provider, struct slice subject)
{
    struct session_giving *g = arena_new(v->x->arena, struct session_giving);
    g->from = v->conf->tokens;
    g->from.provider = visit_provider(v, provider);
    g->who = visit_audit(v, "");
    g->who.actor = who_asked(v, provider);
    g->who.subject = subject;
    return g->from.provider != NULL ? g : NULL;
}

void ended_tell(const struct visit *v, const struct session_ids *ids, struct slice provider, struct slice subject,
                const char *why)
{
    enum {
        REFERENCE = 8
    };
    struct audit_record r = visit_audit(v, "session.revoked");
    r.provider = provider;
    r.subject = subject;
    r.reason = slice_of(why);
    r.actor = who_asked(v, provider);
    for (size_t i = 0; i < ids->count; i++) {
        r.session = slice_upto(ids->at[i], REFERENCE);
        records_audit(&r);
        metric_add(metric_series(&revoked, &r.reason), 1);
    }
}
