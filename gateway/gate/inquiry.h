/* inquiry.h -- "may this request pass?", asked by another proxy in front: the answer is the same as if the request had come to us. Private to gate/.
 *
 *     PREFIX/auth/nginx      200, 401, 403 and nothing else; the way to sign in stands in Location and X-Auth-Location, why not in X-Auth-Reason
 *     PREFIX/auth/forward    200, or the answer the browser is to get
 *     PREFIX/auth/envoy/...  200, or the answer the browser is to get; what is asked about stands behind our address
 *
 * Only a peer in trusted_proxies (or on a unix socket) may ask. What is asked about is read by proxy/asked.h and then goes the way of every
 * request: the same canonical path, the same rule, the same session, the same judge. A yes names the person in the preset's headers, each of
 * them once, also when it says nothing: a copying proxy then overwrites what a client sent. It sets no cookie and says no-store.
 *
 * The query of our own address may narrow, never widen: rule=ID must allow the person too; groups=, emails=, email_domains= (also with
 * allowed_ before them) hold lists with commas of which one must fit. What is empty, given twice or names no rule lets nobody pass. Envoy's
 * query is the client's own and is not read.
 *
 * Some compatible addresses are not told what is asked about (ASKED_UNTOLD), or only by headers that a client may have written. Then somebody
 * must be signed in and every rule that does not allow everyone must allow them. Where such a rule, or one that the query names, asks for another
 * sign-in (max_age, acr, provider), it refuses: that belongs to the rule of the address itself.
 */
#ifndef GATE_INQUIRY_H
#define GATE_INQUIRY_H
#include "gate/visitor.h"

enum inquiry_no {
    NO_WHOLE,        /* what we answer reaches the browser */
    NO_BARE,         /* 401 and 403 only; the way to sign in for those whom a redirect helps */
    NO_BARE_FOR_ALL, /* the same, and the way for everybody: the proxy asks them to go without looking */
    NO_TEXT          /* the same with a word as the body, without the way */
};
struct inquiry {
    enum asked_how how;
    int yes; /* the status */
    enum inquiry_no no;
    bool whole_with_rd; /* NO_WHOLE when the query says rd=: so the proxy carries whole answers */
    bool own_preset;    /* preset; else the configured one */
    enum header_preset preset;
};

/* Steps of the gate, for visitors with is_inquiry: who asks about what; what the rules say (person NULL: nobody is signed in; w->rule becomes
 * the rule that says it); yes. */
enum flow_next inquiry_hear(struct flow *f, struct visitor *w);
enum verdict inquiry_judge(struct visitor *w, const struct person *person, int64_t now_s);
enum flow_next inquiry_yes(struct flow *f, struct visitor *w);
/* No, for those whose front proxy carries no whole answer; false: this one's does. may_redirect: the rule lets people go and sign in. */
bool inquiry_no(struct visitor *w, enum problem problem, bool may_redirect);

/* PREFIX/auth/... */
extern const struct inquiry inquiry_nginx, inquiry_forward, inquiry_envoy;

#endif
