/* meaning.c -- one question after the other, in the order of meaning.h's table; the first that says something decides. */
#include "provider/meaning.h"

#include <math.h>

#include "fetch/http_date.h"
#include "text/doc.h"
#include "text/json.h"
#include "text/utf8.h"

#define CLIENT_ADVICE "check client_id, client_secret and client_auth"

/* ---- error codes: RFC 6749 sections 4.1.2.1 and 5.2, OpenID Connect Core 3.1.2.6, and what several platforms say in their place ---- */

static const struct {
    struct slice code;
    enum meaning_kind kind;
    const char *advice;
} codes[] = {
    {LIT_INIT("invalid_client"),               MEANING_MISCONFIGURED, CLIENT_ADVICE                                             },
    {LIT_INIT("incorrect_client_credentials"), MEANING_MISCONFIGURED, "check client_id and client_secret"                       },
    {LIT_INIT("invalid_client_id"),            MEANING_MISCONFIGURED, "check client_id"                                         },
    {LIT_INIT("bad_client_secret"),            MEANING_MISCONFIGURED, "check client_secret"                                     },
    {LIT_INIT("unauthorized_client"),          MEANING_MISCONFIGURED,
     "allow this client the authorization code grant at the provider"                                                           },
    {LIT_INIT("unsupported_grant_type"),       MEANING_MISCONFIGURED,
     "the provider must offer the authorization code grant at token_url"                                                        },
    {LIT_INIT("invalid_scope"),                MEANING_MISCONFIGURED, "ask only for scopes that the provider grants this client"},
    {LIT_INIT("insufficient_scope"),           MEANING_MISCONFIGURED, "ask for the scope that this question needs"              },
    {LIT_INIT("redirect_uri_mismatch"),        MEANING_MISCONFIGURED, "register exactly our callback URL at the provider"       },
    {LIT_INIT("bad_redirect_uri"),             MEANING_MISCONFIGURED, "register exactly our callback URL at the provider"       },
    {LIT_INIT("invalid_grant"),                MEANING_BROKEN,
     "the code was expired, used before, or issued for another redirect_uri or client"                                          },
    {LIT_INIT("bad_verification_code"),        MEANING_BROKEN,        "the code was expired or used before"                     },
    {LIT_INIT("invalid_code"),                 MEANING_BROKEN,        "the code was expired or used before"                     },
    {LIT_INIT("invalid_request"),              MEANING_BROKEN,
     "the provider wants another request: client_auth or pkce may not be what it expects"                                       },
    {LIT_INIT("access_denied"),                MEANING_DENIED,        "the provider or the person said no"                      },
    {LIT_INIT("login_required"),               MEANING_DENIED,        "the person must sign in at the provider"                 },
    {LIT_INIT("consent_required"),             MEANING_DENIED,        "the person must agree at the provider"                   },
    {LIT_INIT("interaction_required"),         MEANING_DENIED,        "the person must do something at the provider"            },
    {LIT_INIT("account_selection_required"),   MEANING_DENIED,        "the person must choose an account at the provider"       },
    {LIT_INIT("server_error"),                 MEANING_RETRYABLE,     "the provider has a fault of its own"                     },
    {LIT_INIT("temporarily_unavailable"),      MEANING_RETRYABLE,     "the provider is busy"                                    },
    {LIT_INIT("slow_down"),                    MEANING_RATE_LIMITED,  "the provider wants fewer requests"                       },
};

enum {
    KEPT_REMAINING,
    KEPT_RESET,
    KEPT_DATE,
    KEPT_USAGE, /* and those after it */
    WAIT_WITHOUT_WORD_S = -1
};

void meaning_kept(const struct descriptor *d, struct slice kept[FETCH_KEPT])
{
    kept[KEPT_REMAINING] = d->rate_limit.remaining;
    kept[KEPT_RESET] = d->rate_limit.reset;
    kept[KEPT_DATE] = LIT("Date");
    for (size_t i = 0; i < d->rate_limit.usage.count && KEPT_USAGE + i < FETCH_KEPT; i++)
        kept[KEPT_USAGE + i] = d->rate_limit.usage.at[i];
}

/* ---- too much ---- */

static bool number_of(struct slice text, double *ret_number)
{
    char copy[40], *end;
    if (text.len == 0 || text.len >= sizeof copy) return false;
    memcpy(copy, text.at, text.len);
    copy[text.len] = '\0';
    *ret_number = strtod(copy, &end);
    return *end == '\0' && isfinite(*ret_number);
}

static int64_t bounded(double seconds)
{
    if (!(seconds > 0)) return 0;
    return seconds >= MEANING_WAIT_MOST_S ? MEANING_WAIT_MOST_S
                                          : (int64_t)seconds + ((double)(int64_t)seconds < seconds ? 1 : 0);
}

/* "2026-11-22T19:00:00Z", with a fraction or not: days counted as the Gregorian calendar does (RFC 3339). */
static bool iso_time(struct slice text, double *ret_s)
{
    int year, month, day, hour, minute, second, end = 0;
    char copy[40];
    if (text.len < 20 || text.len >= sizeof copy || (text.at[text.len - 1] | 0x20) != 'z') return false;
    memcpy(copy, text.at, text.len);
    copy[text.len] = '\0';
    if (sscanf(copy, "%4d-%2d-%2d%*1[Tt ]%2d:%2d:%2d%n", &year, &month, &day, &hour, &minute, &second, &end) != 6 ||
        end == 0)
        return false;
    if (year < 1970 || year > 9999 || month < 1 || month > 12 || day < 1 || day > 31) return false;
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return false;
    int64_t y = month <= 2 ? year - 1 : year, m = month <= 2 ? month + 9 : month - 3;
    int64_t days = 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
    *ret_s = (double)(days * 86400 + hour * 3600 + minute * 60 + second);
    return true;
}

/* What the reset header says, as seconds from now. */
static bool reset_wait(const struct meaning_ask *ask, int64_t *ret_wait_s)
{
    double told;
    struct slice text = slice_trim(ask->answer->kept[KEPT_RESET]);
    enum reset_form form = ask->descriptor->rate_limit.reset_form;
    bool read = form == RESET_ISO8601 ? iso_time(text, &told) : number_of(text, &told);
    if (!read) return false;
    *ret_wait_s = bounded(form == RESET_SECONDS ? told : told - (double)ask->now_s);
    return true;
}

static int64_t wait_of(struct arena *a, const struct meaning_ask *ask, bool too_much)
{
    int64_t told_s;
    double number;
    if (ask->answer->retry_after_s >= 0) return bounded((double)ask->answer->retry_after_s);
    struct slice pointer = ask->descriptor->rate_limit.retry_after;
    if (pointer.len != 0) {
        const struct doc *d = doc_at(ask->root, pointer);
        if (d != NULL && d->type == DOC_REAL && isfinite(d->real)) return bounded(d->real);
        if (number_of(doc_text(a, d), &number)) return bounded(number);
    }
    return too_much && reset_wait(ask, &told_s) ? told_s : WAIT_WITHOUT_WORD_S;
}

/* "80001-80014": both ends are in it. */
static bool in_range(struct slice range, struct slice code)
{
    struct slice rest = range, first;
    uint64_t from, to, number;
    return slice_cut(&rest, '-', &first) && slice_number(first, &from) && slice_number(rest, &to) &&
           slice_number(code, &number) && number >= from && number <= to;
}

static bool has_limit_code(struct arena *a, const struct meaning_ask *ask)
{
    const struct descriptor_rate_limit *r = &ask->descriptor->rate_limit;
    struct slice code = doc_text(a, pointers_find(&r->code, ask->root));
    for (size_t i = 0; code.len != 0 && i < r->codes.count; i++)
        if (slice_is(r->codes.at[i], code) || in_range(r->codes.at[i], code)) return true;
    return false;
}

/* An object of percentages, or one of lists of such objects: the largest number in it that is a percentage by its place. */
static double usage_of(const struct doc *d, int depth)
{
    double most = 0;
    for (const struct doc *c = d->first; c != NULL; c = c->next) {
        double one = 0;
        if (c->type == DOC_INT) one = (double)c->integer;
        if (c->type == DOC_REAL) one = c->real;
        if (slice_find(c->key, LIT("time_to_regain")) != SLICE_NONE) one = 0; /* minutes, no percentage */
        if ((c->type == DOC_MAP || c->type == DOC_LIST) && depth < 4) one = usage_of(c, depth + 1);
        if (one > most) most = one;
    }
    return most;
}

static bool is_used_up(struct arena *a, const struct meaning_ask *ask)
{
    double left;
    struct doc *usage;
    const struct fetch_answer *answer = ask->answer;
    if (number_of(slice_trim(answer->kept[KEPT_REMAINING]), &left) && left <= 0) return true;
    for (size_t i = KEPT_USAGE; i < FETCH_KEPT; i++)
        if (answer->kept[i].len != 0 && doc_json(a, PROBLEM_PROVIDER_BROKEN, answer->kept[i], &usage) == NULL &&
            usage_of(usage, 0) >= 100)
            return true;
    return false;
}

static bool is_too_much(struct arena *a, const struct meaning_ask *ask)
{
    const struct descriptor_rate_limit *r = &ask->descriptor->rate_limit;
    int status = ask->answer->status;
    if (status == 429) return true;
    for (size_t i = 0; i < r->status_count; i++) {
        if (r->statuses[i] != status) continue;
        if (has_limit_code(a, ask)) return true;
        /* an answer that is good stays good, however little is left afterwards */
        if (status >= 400 && (is_used_up(a, ask) || ask->answer->retry_after_s > 0)) return true;
    }
    return status == 200 && ask->is_token_answer && ask->descriptor->token.error.http200 && has_limit_code(a, ask);
}

/* ---- an error in words ---- */

static struct slice error_code(struct arena *a, const struct meaning_ask *ask)
{
    const struct descriptor_error *e = &ask->descriptor->token.error;
    const struct doc *d = e->code.count != 0 ? pointers_find(&e->code, ask->root) : NULL;
    if (d == NULL) d = doc_member(ask->root, LIT("error"));
    if (d == NULL || d->type == DOC_NULL) return (struct slice){NULL, 0};
    struct slice text = doc_text(a, d);
    return text.len != 0 ? text : LIT("an error without a name");
}

static struct slice error_message(struct arena *a, const struct meaning_ask *ask)
{
    const struct descriptor_error *e = &ask->descriptor->token.error;
    const struct doc *d = e->message.count != 0 ? pointers_find(&e->message, ask->root) : NULL;
    if (d == NULL) d = doc_member(ask->root, LIT("error_description"));
    return doc_text(a, d);
}

static bool repeats(struct slice text, const struct slice *secrets)
{
    for (size_t i = 0; secrets != NULL && i < MEANING_SECRETS; i++)
        if (secrets[i].len != 0 && slice_find(text, secrets[i]) != SLICE_NONE) return true;
    return false;
}

static struct slice shown_code(struct arena *a, struct slice code, const struct slice *secrets)
{
    if (repeats(code, secrets)) return LIT("(a secret of ours)");
    struct slice copy = arena_copy(a, slice_upto(code, MEANING_CODE_MAX));
    for (size_t i = 0; i < copy.len; i++)
        if (copy.at[i] < 0x20 || copy.at[i] > 0x7e) return LIT("(not readable)");
    return copy;
}

static struct slice shown_message(struct arena *a, struct slice text, const struct slice *secrets)
{
    struct slice told = utf8_for_people(a, text, MEANING_MESSAGE_MAX); /* may close up what was apart */
    return repeats(text, secrets) || repeats(told, secrets) ? LIT("(its description repeats a secret of ours)") : told;
}

static bool mentions(struct slice text, const char *const *words)
{
    for (; *words != NULL; words++)
        if (slice_find(text, slice_of(*words)) != SLICE_NONE) return true;
    return false;
}

/* Platforms that have no code of their own for a wrong callback URL or secret say what is wrong in their message. */
static void read_message(struct meaning *v)
{
    static const char *const redirect[] = {"redirect_uri", "redirect URI", "redirect uri",
                                           "reply URL",    "Callback URL", NULL};
    static const char *const client[] = {"client_secret", "client secret", "client_id",
                                         "client id",     "app secret",    NULL};
    if (v->kind != MEANING_BROKEN) return;
    if (mentions(v->message, redirect)) {
        v->kind = MEANING_MISCONFIGURED;
        v->advice = "register exactly our callback URL at the provider";
    } else if (!slice_is(v->code, LIT("invalid_grant")) && mentions(v->message, client)) {
        v->kind = MEANING_MISCONFIGURED;
        v->advice = CLIENT_ADVICE;
    }
}

static void read_error(struct arena *a, const struct meaning_ask *ask, struct meaning *v)
{
    bool known = false;
    v->kind = MEANING_BROKEN;
    v->advice = "no error we know";
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if (!slice_is(codes[i].code, v->code)) continue;
        known = true;
        v->kind = codes[i].kind;
        v->advice = codes[i].advice;
    }
    v->shown = shown_code(a, v->code, ask->secrets);
    v->message = shown_message(a, error_message(a, ask), ask->secrets);
    if (ask->is_token_answer) read_message(v);
    if (!known && ask->is_token_answer && v->kind == MEANING_BROKEN && ask->answer->status == 401) {
        v->kind = MEANING_MISCONFIGURED; /* RFC 6749 section 5.2 has it for the client alone */
        v->advice = CLIENT_ADVICE;
    }
}

/* ---- all of it ---- */

/* Tokens and people come with 200 (RFC 6749 section 5.1); a 201 or 204 there is something else. Where nobody looks at the answer any 2xx will do. */
static bool is_success(const struct meaning_ask *ask)
{
    int status = ask->answer->status;
    bool any = ask->request != NULL && ask->request->document < 0;
    return status == 200 || (any && status >= 200 && status <= 299);
}

/* A predicate that is given and says no. */
static bool fails(const struct predicate *success, const struct predicate *error_when, const struct doc *root)
{
    return (success->given && !predicate_holds(success, root)) ||
           (error_when->given && predicate_holds(error_when, root));
}

static bool is_error_by_rule(const struct meaning_ask *ask)
{
    const struct descriptor_error *e = &ask->descriptor->token.error;
    if (ask->request != NULL && fails(&ask->request->success, &ask->request->error_when, ask->root)) return true;
    return ask->is_token_answer && fails(&e->success, &e->error_when, ask->root);
}

/* In an answer with status 200 an error is looked for at the token endpoint: RFC 6749's member always, the descriptor's with http200. */
static bool may_hold_error(struct arena *a, const struct meaning_ask *ask)
{
    if (!is_success(ask)) return true;
    if (is_error_by_rule(ask)) return true;
    if (!ask->is_token_answer) return false;
    if (ask->descriptor->token.error.success.given || ask->descriptor->token.error.error_when.given)
        return false; /* the rule has spoken */
    if (ask->descriptor->token.error.http200) return error_code(a, ask).len != 0;
    const struct doc *standard = doc_member(ask->root, LIT("error"));
    return standard != NULL && standard->type != DOC_NULL;
}

static void judge_status(const struct meaning_ask *ask, struct meaning *v)
{
    int status = ask->answer->status;
    v->kind = MEANING_BROKEN;
    v->advice = "it does not say why";
    if (status == 403 || (status == 401 && ask->is_token_answer)) {
        v->kind = MEANING_MISCONFIGURED;
        v->advice = ask->is_token_answer ? CLIENT_ADVICE
                                         : "the client is not allowed to ask this: check its scopes and permissions";
    } else if (status == 401) {
        v->advice = "the access token is not taken";
    } else if (status == 404 || status == 410) {
        v->advice = "there is nothing at this address";
    }
}

/* What nobody looks at may be anything: revocations answer with nothing, a page, a word. */
static bool needs_tree(const struct meaning_ask *ask)
{
    return ask->request == NULL || ask->request->document >= 0;
}

struct meaning meaning_of(struct arena *a, const struct meaning_ask *ask)
{
    struct meaning v = {.kind = MEANING_GOOD, .wait_s = WAIT_WITHOUT_WORD_S};
    if (!http_date_read(slice_trim(ask->answer->kept[KEPT_DATE]), &v.date_s)) v.date_s = 0;
    int status = ask->answer->status;
    bool error = may_hold_error(a, ask);
    if (error) v.code = error_code(a, ask);
    if (error && v.code.len != 0) read_error(a, ask, &v);
    if (is_too_much(a, ask)) {
        v.kind = MEANING_RATE_LIMITED;
        v.advice = "the provider wants fewer requests";
    } else if (status == 408 || (status >= 500 && status <= 599)) {
        v.kind = MEANING_RETRYABLE;
        v.advice = "the provider cannot answer just now";
    } else if (v.code.len == 0 && !is_success(ask)) {
        judge_status(ask, &v);
    } else if (v.code.len == 0 && error) {
        v.kind = MEANING_BROKEN;
        v.advice = "the answer says that it failed, and not why";
    } else if (ask->root == NULL && v.kind == MEANING_GOOD && needs_tree(ask)) {
        v.kind = MEANING_BROKEN;
        v.advice = "the answer cannot be read: it is neither JSON nor a form";
    }
    if (v.kind == MEANING_RATE_LIMITED || v.kind == MEANING_RETRYABLE)
        v.wait_s = wait_of(a, ask, v.kind == MEANING_RATE_LIMITED);
    return v;
}

enum meaning_kind meaning_of_silence(const struct err *why)
{
    if (why->problem == PROBLEM_PROVIDER_AWAY) return MEANING_RETRYABLE;
    return why->problem == PROBLEM_PROVIDER_MISCONFIGURED ? MEANING_MISCONFIGURED : MEANING_BROKEN;
}

static const struct {
    struct slice word;
    enum problem problem;
} kinds[MEANINGS] = {
    [MEANING_GOOD] = {LIT_INIT("good"),          PROBLEM_NONE                  },
    [MEANING_RATE_LIMITED] = {LIT_INIT("rate_limited"),  PROBLEM_PROVIDER_AWAY         },
    [MEANING_RETRYABLE] = {LIT_INIT("retryable"),     PROBLEM_PROVIDER_AWAY         },
    [MEANING_MISCONFIGURED] = {LIT_INIT("misconfigured"), PROBLEM_PROVIDER_MISCONFIGURED},
    [MEANING_DENIED] = {LIT_INIT("denied"),        PROBLEM_PROVIDER_REFUSED      },
    [MEANING_BROKEN] = {LIT_INIT("broken"),        PROBLEM_PROVIDER_BROKEN       },
};

enum problem meaning_problem(enum meaning_kind kind)
{
    return kinds[kind].problem;
}

struct slice meaning_word(enum meaning_kind kind)
{
    return kinds[kind].word;
}

const struct err *meaning_err(struct arena *a, const struct meaning *v, const char *what, int status)
{
    if (v->kind == MEANING_GOOD) return NULL;
    struct slice wait = LIT("");
    if (v->wait_s > 0) wait = arena_print(a, " (for %lld s)", (long long)v->wait_s);
    struct slice named = v->shown.len != 0 ? v->shown : arena_print(a, "%d", status);
    return err_new(a, meaning_problem(v->kind), "%s answered %.*s: %s%.*s%s%.*s", what, SLICE_ARG(named),
                   v->advice != NULL ? v->advice : "not what was asked for", SLICE_ARG(wait),
                   v->message.len != 0 ? "; it says: " : "", SLICE_ARG(v->message));
}
