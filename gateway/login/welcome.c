#include "login/welcome.h"

#include "login/ended.h"
#include "login/login.h"

void welcome(struct visit *v, const struct identity *who, const struct session_begun *begun, int64_t took_us)
{
    struct audit_record r = visit_audit(v, "signin.succeeded");
    const struct slice user[] = {who->provider, LIT(":"), who->subject};
    r.actor = arena_join(v->x->arena, user, 3);
    r.subject = who->subject;
    r.email = who->email;
    r.session = begun->reference;
    records_audit(&r);
    ended_tell(v, &begun->displaced, who->provider, who->subject, "max_per_user");
    login_count(v->provider, "success", PROBLEM_NONE, took_us);
    visit_set_session(v, begun->token);
}
