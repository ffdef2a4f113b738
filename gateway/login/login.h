/* login.h -- the gateway's own addresses for people: sign in, start, callback, sign out, who am I.
 *
 * Each is an endpoint: it runs as part of the visit's flow and has answered (or hung up) when the flow ends. A failed sign-in is shown on the
 * sign-in page with a banner and a reference, leaves no session, no attempt cookie, and one audit record.
 */
#ifndef LOGIN_LOGIN_H
#define LOGIN_LOGIN_H
#include "login/visit.h"

/* GET PREFIX/sign-in?rd=: the page; straight back when signed in; straight to the only provider if so configured. */
enum flow_next login_sign_in(struct flow *f, struct visit *v);
/* POST PREFIX/sign-in: the name and password of one of local_users. */
enum flow_next login_local(struct flow *f, struct visit *v);
/* GET PREFIX/start/ID?rd=: an attempt cookie and 302 to the provider. */
enum flow_next login_start(struct flow *f, struct visit *v, struct slice provider_id);
/* GET or POST PREFIX/callback/ID: the visitor comes back. */
enum flow_next login_callback(struct flow *f, struct visit *v, struct slice provider_id);
/* GET PREFIX/sign-out asks, POST does it. */
enum flow_next login_sign_out(struct flow *f, struct visit *v);
/* At once, without a page: for addresses whose users know no other way. 302 to where they want to be; nobody signed in is no obstacle. */
enum flow_next login_sign_out_now(struct flow *f, struct visit *v);
enum flow_next login_signed_out(struct flow *f, struct visit *v);
/* GET PREFIX/me: JSON; GET/HEAD PREFIX/session: 200 or 401; DELETE PREFIX/session: 204. */
enum flow_next login_me(struct flow *f, struct visit *v);
enum flow_next login_session(struct flow *f, struct visit *v);

/* GET PREFIX/account: a person and their sessions; POST PREFIX/account/sessions/revoke ends some of them. */
enum flow_next login_account(struct flow *f, struct visit *v);
enum flow_next login_account_revoke(struct flow *f, struct visit *v);
/* POST PREFIX/backchannel-logout/ID, GET PREFIX/frontchannel-logout/ID: the provider has signed somebody out. */
enum flow_next login_backchannel_logout(struct flow *f, struct visit *v, struct slice provider_id);
enum flow_next login_frontchannel_logout(struct flow *f, struct visit *v, struct slice provider_id);
/* POST PREFIX/deauthorize/ID, PREFIX/data-deletion/ID: a platform says that a person took back what they allowed, or wants to be forgotten. */
enum flow_next login_deauthorize(struct flow *f, struct visit *v, struct slice provider_id);
enum flow_next login_data_deletion(struct flow *f, struct visit *v, struct slice provider_id);
/* GET PREFIX/data-deletion/status?code=: what became of it, for the person. */
enum flow_next login_data_deletion_status(struct flow *f, struct visit *v);

/* The address of the sign-in page that returns to `to`. */
struct slice login_page_url(const struct visit *v, struct slice to);
/* The same by way of signing out: for those who want another account. */
struct slice login_switch_url(const struct visit *v, struct slice to);
/* Straight to this provider, also for those who are signed in: a rule asks for more than their session has. */
struct slice login_start_url(const struct visit *v, struct slice provider, struct slice to);
/* Shows the sign-in page; problem PROBLEM_NONE: no banner. provider: whom the banner is about, may be NULL. */
void login_show_page(struct visit *v, struct slice return_url, enum problem problem, const struct provider *provider);

/* Declares the metrics that login counts. */
void login_count(struct slice provider, const char *outcome, enum problem reason, int64_t took_us);

#endif
