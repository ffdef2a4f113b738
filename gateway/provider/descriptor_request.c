/* descriptor_request.c -- the questions a file declares: profile requests, checks, refresh, revoke; and what it says of limits and events. */
#include "provider/descriptor_reading.h"

#define REQUEST_WORDS "as url method auth query headers body format required joins_claims pick success error_when"

enum {
    HEADERS_MAX = 5, /* three of the eight a question can have are ours */
    REQUESTS_MAX = 8,
    CHECKS_MAX = 8,
    BASE_KNOWS = 1 << TEMPLATE_CLIENT_ID | 1 << TEMPLATE_CLIENT_SECRET | 1 << TEMPLATE_ACCESS_TOKEN |
                 1 << TEMPLATE_RANDOM | 1 << TEMPLATE_PRODUCT,
    PROFILE_KNOWS = BASE_KNOWS | 1 << TEMPLATE_ID_TOKEN | KNOWS_TOKEN | KNOWS_CALLBACK | KNOWS_CLAIM,
    REFRESH_KNOWS = BASE_KNOWS | 1 << TEMPLATE_REFRESH_TOKEN | KNOWS_STORED | KNOWS_SUBJECT,
    FIRST_KNOWS = BASE_KNOWS | 1 << TEMPLATE_REFRESH_TOKEN | KNOWS_TOKEN | KNOWS_CALLBACK,
    REVOKE_KNOWS = REFRESH_KNOWS | 1 << TEMPLATE_TOKEN_VALUE | 1 << TEMPLATE_TOKEN_KIND
};

/* ---- one request ---- */

static void method_and_body(struct reading *r, const struct doc *node, struct declared_request *q)
{
    bool has_body = reading_member(node, "body") != NULL;
    q->method = (enum request_method)reading_word(r, node, "method", "GET POST DELETE PUT",
                                                  has_body ? METHOD_POST : METHOD_GET);
    q->format = (enum body_format)reading_word(r, node, "format", "form json", BODY_FORM);
    if (q->method == METHOD_GET && has_body)
        READING_ERROR(r, reading_member(node, "body"), "a GET request has no body: use query");
}

static void needed(struct reading *r, const struct doc *node, struct declared_request *q)
{
    const struct doc *d = reading_member(node, "required");
    if (d != NULL && d->type == DOC_STRING && slice_is(d->text, LIT("if_known")))
        q->if_known = q->required = true;
    else if (d != NULL && d->type != DOC_BOOL)
        READING_ERROR(r, d, "required must be true, false or if_known");
    else
        q->required = d == NULL || d->boolean;
}

struct declared_request reading_request(struct reading *r, const struct doc *node, const char *where, unsigned knows,
                                        enum request_auth auth)
{
    struct declared_request q = {.document = -1};
    bool revokes = (knows & TEMPLATE_BIT(TEMPLATE_TOKEN_VALUE)) != 0;
    if (node == NULL || !reading_section(r, node, where, revokes ? REQUEST_WORDS " which" : REQUEST_WORDS)) return q;
    q.given = true;
    q.as = slice_of(where);
    q.url = reading_template(r, node, "url", knows | KNOWS_IS_URL, NULL);
    if (reading_member(node, "url") == NULL) READING_ERROR(r, node, "%s needs a url", where);
    q.auth = (enum request_auth)reading_word(r, node, "auth", "bearer none oauth1 client basic", (int)auth);
    method_and_body(r, node, &q);
    q.query = reading_params(r, node, "query", knows, false);
    q.headers = reading_params(r, node, "headers", knows, true);
    q.body = reading_params(r, node, "body", knows, false);
    if (q.headers.count > HEADERS_MAX)
        READING_ERROR(r, reading_member(node, "headers"), "at most %d headers", (int)HEADERS_MAX);
    if (q.auth == REQUEST_OAUTH1 && r->d->protocol != PROTOCOL_OAUTH1)
        READING_ERROR(r, reading_member(node, "auth"), "only oauth1 has a signature for requests");
    needed(r, node, &q);
    q.joins_claims = reading_switch(r, node, "joins_claims", false);
    q.pick = reading_pick(r, node);
    q.success = reading_predicate(r, node, "success");
    q.error_when = reading_predicate(r, node, "error_when");
    return q;
}

/* The proof that whoever has the access token has the client secret, too. */
static void prove(struct reading *r, struct declared_request *q)
{
    const struct doc *api = reading_member(r->root, "api");
    const struct doc *name = api != NULL && api->type == DOC_MAP ? reading_member(api, "appsecret_proof") : NULL;
    bool carries = q->auth == REQUEST_BEARER;
    for (size_t i = 0; i < q->query.count; i++)
        carries = carries || template_uses(&q->query.at[i].value, TEMPLATE_ACCESS_TOKEN);
    if (!q->given || name == NULL || !reading_is_scalar(name) || !carries) return;
    struct doc proof = *name;
    proof.type = DOC_STRING;
    proof.text = LIT("{hmac_sha256_hex:client_secret:access_token}");
    reading_params_add(r, &q->query, name->text, reading_template_at(r, &proof, BASE_KNOWS));
}

/* ---- profile.requests ---- */

/* What stands before the colon in templates. */
static bool is_taken(struct slice name)
{
    static const struct slice spaces[] = {LIT_INIT("me"), LIT_INIT("cb"), LIT_INIT("stored"), LIT_INIT("claim")};
    for (size_t i = 0; i < sizeof spaces / sizeof spaces[0]; i++)
        if (slice_is(spaces[i], name)) return true;
    return false;
}

static void add_document(struct reading *r, const struct doc *node, struct slice name)
{
    if (is_taken(name))
        READING_ERROR(r, node, "\"%.*s\" means something else in templates: give it another name", SLICE_ARG(name));
    else if (reading_document(r, name) >= 0)
        READING_ERROR(r, node, "there are two documents \"%.*s\"", SLICE_ARG(slice_upto(name, 40)));
    else if (r->d->document_count == DOCUMENTS_MAX)
        READING_ERROR(r, node, "more than %d documents", (int)DOCUMENTS_MAX);
    else
        r->d->documents[r->d->document_count++] = name;
}

static void request_documents(struct reading *r, const struct doc *list)
{
    for (const struct doc *q = list->first; q != NULL; q = q->next) {
        const struct doc *as = q->type == DOC_MAP ? reading_member(q, "as") : NULL;
        struct doc named = {.key = as != NULL && reading_is_scalar(as) ? as->text : LIT("")};
        if (as == NULL) {
            READING_ERROR(r, q, "a request needs a name: as: profile");
            continue;
        }
        struct doc place = *as;
        place.key = named.key;
        if (reading_name(r, &place)) add_document(r, as, as->text);
    }
}

void reading_documents(struct reading *r)
{
    static const struct slice fixed[] = {LIT_INIT("token"), LIT_INIT("id_token"), LIT_INIT("claims"),
                                         LIT_INIT("callback")};
    const struct doc *profile = reading_member(r->root, "profile");
    const struct doc *requests = profile != NULL ? reading_member(profile, "requests") : NULL;
    const struct doc *checks = reading_member(r->root, "require");
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
        r->d->documents[r->d->document_count++] = fixed[i];
    if (requests != NULL && (requests->type != DOC_LIST || requests->count > REQUESTS_MAX))
        READING_ERROR(r, requests, "requests must be a list of at most %d", (int)REQUESTS_MAX);
    else if (requests != NULL)
        request_documents(r, requests);
    for (const struct doc *d = checks != NULL && checks->type == DOC_MAP ? checks->first : NULL; d != NULL; d = d->next)
        if (d->type == DOC_MAP && reading_member(d, "request") != NULL) add_document(r, d, d->key);
}

static void profile_requests(struct reading *r, const struct doc *profile)
{
    const struct doc *list = reading_member(profile, "requests");
    if (list == NULL || list->type != DOC_LIST || list->count > REQUESTS_MAX) return;
    struct declared_request *at = arena_array(r->a, struct declared_request, list->count + 1);
    size_t joining = 0;
    for (const struct doc *d = list->first; d != NULL; d = d->next) {
        struct declared_request q = reading_request(r, d, "a request", PROFILE_KNOWS, REQUEST_BEARER);
        const struct doc *as = d->type == DOC_MAP ? reading_member(d, "as") : NULL;
        if (!q.given || as == NULL || !reading_is_scalar(as)) continue;
        q.as = as->text;
        q.document = reading_document(r, as->text);
        joining += q.joins_claims ? 1 : 0;
        if (q.joins_claims && (joining > 1 || q.pick.given))
            READING_ERROR(r, d, "one request may join the claims, and it has no pick");
        prove(r, &q);
        at[r->d->profile.request_count++] = q;
    }
    r->d->profile.requests = at;
}

void reading_profile_requests(struct reading *r)
{
    const struct doc *profile = reading_member(r->root, "profile");
    if (profile != NULL && profile->type == DOC_MAP) profile_requests(r, profile);
}

/* ---- require ---- */

static struct descriptor_require check_at(struct reading *r, const struct doc *node)
{
    struct descriptor_require c = {.name = node->key};
    if (!reading_name(r, node) ||
        !reading_section(r, node, "a check", "meaning scopes request values compare ignore_case"))
        return c;
    c.meaning = reading_text(r, node, "meaning");
    c.scopes = reading_texts(r, node, "scopes");
    c.request =
        reading_request(r, reading_member(node, "request"), "request", PROFILE_KNOWS | KNOWS_ME, REQUEST_BEARER);
    if (c.request.given) {
        c.request.as = node->key;
        c.request.document = reading_document(r, node->key);
        prove(r, &c.request);
    }
    c.values = reading_value(r, node, "values");
    if (reading_member(node, "values") == NULL) READING_ERROR(r, node, "a check needs values: what is looked at");
    c.compare = (enum require_compare)reading_word(r, node, "compare", "any all equals", REQUIRE_ANY);
    c.ignore_case = reading_switch(r, node, "ignore_case", false);
    return c;
}

static void wanted(struct reading *r, struct descriptor_require *c, const struct doc *node)
{
    struct doc holder = {.type = DOC_MAP, .count = 1};
    struct doc *copy = arena_new(r->a, struct doc);
    *copy = *node;
    copy->next = NULL;
    holder.first = copy;
    const char *name = arena_text(r->a, node->key);
    c->wanted = reading_texts(r, &holder, name);
    if (c->wanted.count == 0) READING_ERROR(r, node, "require.%s is empty: nobody could sign in", name);
}

/* Operators must not believe in a check that is not there. */
static void unknown_checks(struct reading *r, const struct doc *checks)
{
    for (const struct doc *d = r->ask->require != NULL ? r->ask->require->first : NULL; d != NULL; d = d->next) {
        if (checks != NULL && reading_member(checks, arena_text(r->a, d->key)) != NULL) continue;
        struct slice known = {NULL, 0};
        for (const struct doc *c = checks != NULL ? checks->first : NULL; c != NULL; c = c->next)
            known = arena_print(r->a, "%.*s%s%.*s", SLICE_ARG(known), known.len != 0 ? ", " : "", SLICE_ARG(c->key));
        reading_error(r, d, COMPLAINT_KEY, LIT(""), "\"%.*s\" has no check \"%.*s\"; it has: %.*s", SLICE_ARG(r->d->id),
                      SLICE_ARG(d->key), SLICE_ARG(known.len != 0 ? known : LIT("none")));
    }
}

void reading_require(struct reading *r)
{
    const struct doc *checks = reading_member(r->root, "require");
    if (checks != NULL && (checks->type != DOC_MAP || checks->count > CHECKS_MAX)) {
        READING_ERROR(r, checks, "require must be at most %d named checks", (int)CHECKS_MAX);
        return;
    }
    struct descriptor_require *at = arena_array(r->a, struct descriptor_require, CHECKS_MAX);
    for (const struct doc *d = checks != NULL ? checks->first : NULL; d != NULL; d = d->next) {
        if (d->type == DOC_NULL) continue;
        struct descriptor_require c = check_at(r, d);
        const struct doc *asked = r->ask->require != NULL ? doc_member(r->ask->require, d->key) : NULL;
        if (asked == NULL) continue;
        wanted(r, &c, asked);
        at[r->d->require_count++] = c;
    }
    r->d->require = at;
    unknown_checks(r, checks);
}

/* ---- refresh, revoke ---- */

void reading_refresh(struct reading *r)
{
    const struct doc *s = reading_member(r->root, "refresh");
    struct descriptor_refresh *to = &r->d->refresh;
    to->kind = r->d->protocol == PROTOCOL_OAUTH1 ? REFRESH_NONE : REFRESH_TOKEN;
    if (s == NULL || !reading_section(r, s, "refresh", "kind first request params min_age_s lifetime_s")) return;
    to->kind = (enum refresh_kind)reading_word(r, s, "kind", "refresh_token exchange none", (int)to->kind);
    to->first = reading_request(r, reading_member(s, "first"), "first", FIRST_KNOWS, REQUEST_NONE);
    to->request = reading_request(r, reading_member(s, "request"), "request", REFRESH_KNOWS, REQUEST_NONE);
    to->params = reading_params(r, s, "params", REFRESH_KNOWS, false);
    to->min_age_s = reading_number(r, s, "min_age_s", 0, 366 * 86400, 0);
    to->refresh_lifetime_s = reading_number(r, s, "lifetime_s", 0, (int64_t)3660 * 86400, 0);
    to->first.as = LIT("exchange");
    to->request.as = LIT("refresh");
    if (to->kind == REFRESH_EXCHANGE && !to->request.given) READING_ERROR(r, s, "kind: exchange needs a request");
    if (to->params.count != 0 && to->request.given)
        READING_ERROR(r, s, "params are for the token endpoint; a request has its own");
}

void reading_revoke(struct reading *r)
{
    const struct doc *s = reading_member(r->root, "revoke");
    struct descriptor_revoke *to = &r->d->revoke;
    if (s == NULL) return;
    struct doc *url = arena_new(r->a, struct doc), *whole = arena_new(r->a, struct doc);
    *whole = *s;
    if (s->type == DOC_MAP && reading_member(s, "url") == NULL) {
        *url = (struct doc){.type = DOC_STRING,
                            .text = LIT("{revocation}"),
                            .key = LIT("url"),
                            .file = s->file,
                            .line = s->line,
                            .column = s->column,
                            .next = s->first};
        whole->first = url;
    }
    to->request = reading_request(r, whole, "revoke", REVOKE_KNOWS, REQUEST_CLIENT);
    if (!to->request.given) return;
    to->which = (enum revoke_which)reading_word(r, s, "which", "refresh_then_access access both", 0);
    if (reading_member(s, "method") == NULL) to->request.method = METHOD_POST;
    to->request.as = LIT("revoke");
    if (reading_member(s, "body") == NULL && to->request.method == METHOD_POST && to->request.query.count == 0) {
        struct doc token = {.type = DOC_STRING, .text = LIT("{token_value}")},
                   kind = {.type = DOC_STRING, .text = LIT("{token_kind}")};
        reading_params_add(r, &to->request.body, LIT("token"), reading_template_at(r, &token, REVOKE_KNOWS));
        reading_params_add(r, &to->request.body, LIT("token_type_hint"), reading_template_at(r, &kind, REVOKE_KNOWS));
    }
    prove(r, &to->request);
}

/* ---- lifecycle, api ---- */

static struct descriptor_event event_at(struct reading *r, const struct doc *lifecycle, const char *name)
{
    const struct doc *s = reading_member(lifecycle, name), *d;
    struct descriptor_event e = {.given = s != NULL, .param = LIT("signed_request"), .subject = LIT("/user_id")};
    if (s == NULL || !reading_section(r, s, name, "type param subject issued_at max_age_s"))
        return (struct descriptor_event){.given = false};
    if (reading_member(s, "type") == NULL) READING_ERROR(r, s, "%s needs type: signed_request", name);
    reading_word(r, s, "type", "signed_request", 0);
    if (reading_member(s, "param") != NULL) e.param = reading_text(r, s, "param");
    if ((d = reading_member(s, "subject")) != NULL && reading_pointer_at(r, d)) e.subject = d->text;
    if ((d = reading_member(s, "issued_at")) != NULL && reading_pointer_at(r, d)) e.issued_at = d->text;
    e.max_age_s = reading_number(r, s, "max_age_s", 60, 7 * 86400, 3600);
    return e;
}

void reading_lifecycle(struct reading *r)
{
    const struct doc *s = reading_member(r->root, "lifecycle");
    if (s == NULL || !reading_section(r, s, "lifecycle", "deauthorize data_deletion")) return;
    r->d->lifecycle.deauthorize = event_at(r, s, "deauthorize");
    r->d->lifecycle.data_deletion = event_at(r, s, "data_deletion");
}

static void statuses(struct reading *r, const struct doc *s, struct descriptor_rate_limit *to)
{
    struct text_list texts = reading_texts(r, s, "statuses");
    int *at = arena_array(r->a, int, texts.count + 1);
    for (size_t i = 0; i < texts.count; i++) {
        uint64_t number;
        if (slice_number(texts.at[i], &number) && number >= 200 && number <= 599)
            at[to->status_count++] = (int)number;
        else
            READING_ERROR(r, reading_member(s, "statuses"), "statuses are numbers from 200 to 599");
    }
    to->statuses = at;
}

void reading_api(struct reading *r)
{
    const struct doc *api = reading_member(r->root, "api"), *s, *d;
    struct descriptor_rate_limit *to = &r->d->rate_limit;
    if (api == NULL || !reading_section(r, api, "api", "appsecret_proof rate_limit")) return;
    reading_text(r, api, "appsecret_proof");
    s = reading_member(api, "rate_limit");
    if (s == NULL ||
        !reading_section(r, s, "rate_limit", "statuses code codes remaining reset reset_form retry_after usage"))
        return;
    statuses(r, s, to);
    to->code = reading_pointers(r, s, "code", NULL);
    to->codes = reading_texts(r, s, "codes");
    to->remaining = reading_text(r, s, "remaining");
    to->reset = reading_text(r, s, "reset");
    to->reset_form = (enum reset_form)reading_word(r, s, "reset_form", "unix seconds iso8601", 0);
    if ((d = reading_member(s, "retry_after")) != NULL && reading_pointer_at(r, d)) to->retry_after = d->text;
    to->usage = reading_texts(r, s, "usage");
    if (to->codes.count != 0 && to->code.count == 0) READING_ERROR(r, s, "codes need code: where they stand");
}
