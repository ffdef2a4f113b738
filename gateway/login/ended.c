#include "login/ended.h"

#include "observe/metrics.h"

static struct metric revoked = {.name = "vestibule_sessions_revoked_total",
                                .help = "Sessions that were ended otherwise than by their own sign-out, by cause.",
                                .kind = METRIC_COUNTER,
                                .labels = {"cause"}};

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
    r.actor = provider;
    if (v->session != NULL) {
        const struct identity *who = &v->session->identity;
        r.actor = arena_join(v->x->arena, (struct slice[]){who->provider, LIT(":"), who->subject}, 3);
    }
    for (size_t i = 0; i < ids->count; i++) {
        r.session = slice_upto(ids->at[i], REFERENCE);
        records_audit(&r);
        metric_add(metric_series(&revoked, &r.reason), 1);
    }
}
