/* descriptor_head.c -- what the rest of a file is built from: variables with the operator's values, and the endpoints. */
#include "provider/descriptor_reading.h"
#include "text/address.h"
#include "text/nearest.h"
#include "text/url.h"

/* ---- addresses ---- */

bool reading_url(struct reading *r, const struct doc *node, struct slice text, const char *what)
{
    struct url u;
    const struct err *why = url_read(r->a, text, &u);
    if (why != NULL) {
        READING_ERROR(r, node, "%s is no URL: %.*s", what, SLICE_ARG(err_story(r->a, why)));
        return false;
    }
    if (!u.https && !address_host_is_loopback(u.host)) {
        READING_ERROR(r, node, "%s must be https: secrets and tokens travel there", what);
        return false;
    }
    r->d->uses_http = r->d->uses_http || !u.https;
    return true;
}

/* ---- variables ---- */

enum kind {
    KIND_TEXT,
    KIND_PATH,
    KIND_HOST,
    KIND_URL
};
static const char kinds[] = "text path host url";

/* No brace, no space, nothing that ends a segment or begins a query: what an operator writes stays where the file puts it. */
static bool is_plain(struct slice s, const char *more)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!alnum && (c == '\0' || strchr("._~-", c) == NULL) && (c == '\0' || strchr(more, c) == NULL)) return false;
    }
    return true;
}

static bool is_path(struct slice s)
{
    return s.len == 0 || (s.at[0] == '/' && s.at[s.len - 1] != '/' && is_plain(s, "/") &&
                          slice_find(s, LIT("//")) == SLICE_NONE && slice_find(s, LIT("/.")) == SLICE_NONE);
}

static bool is_host(struct reading *r, struct slice s)
{
    struct url u;
    return is_plain(s, ":") && url_read(r->a, arena_print(r->a, "https://%.*s", SLICE_ARG(s)), &u) == NULL;
}

static struct slice checked(struct reading *r, const struct doc *node, enum kind kind, struct slice text)
{
    struct url u;
    struct slice nothing = {NULL, 0};
    if (text.len > 512 || !slice_is_printable(text)) {
        READING_ERROR(r, node, "a variable is one line of at most 512 bytes");
        return nothing;
    }
    if (kind == KIND_URL && text.len != 0) {
        if (!reading_url(r, node, text, "the variable")) return nothing;
        if (url_read(r->a, text, &u) == NULL && u.query.at == NULL) {
            while (slice_ends(text, LIT("/")))
                text.len--;
            return text;
        }
        READING_ERROR(r, node, "this variable is an address without a query");
        return nothing;
    }
    if (kind == KIND_PATH && !is_path(text))
        READING_ERROR(r, node,
                      "this variable is a path: it begins with '/', does not end with one, and has letters, "
                      "digits and . _ ~ -");
    else if (kind == KIND_HOST && text.len != 0 && !is_host(r, text))
        READING_ERROR(r, node, "this variable is a host, such as login.example.org");
    else if (kind == KIND_TEXT && !is_plain(text, ""))
        READING_ERROR(r, node, "this variable has letters, digits and . _ ~ - only");
    else
        return text;
    return nothing;
}

/* For a file that is looked at by itself, and after a complaint. */
static struct slice made_up(enum kind kind)
{
    static const struct slice values[] = {LIT_INIT("unset"), LIT_INIT("/unset"), LIT_INIT("unset.example"),
                                          LIT_INIT("https://unset.example")};
    return values[kind];
}

static struct slice value_of(struct reading *r, const struct doc *declared, enum kind kind, const struct doc *given)
{
    const struct doc *usual = reading_member(declared, "default"), *from = given != NULL ? given : usual;
    bool required = reading_switch(r, declared, "required", false);
    struct slice note = reading_text(r, declared, "note"), value = {NULL, 0};
    size_t before = r->errors;
    if (from != NULL && reading_is_scalar(from))
        value = checked(r, from, kind, from->text);
    else if (from != NULL)
        READING_ERROR(r, from, "a variable is one plain value");
    else if (required && r->ask->place != NULL)
        READING_ERROR(r, NULL, "provider \"%.*s\" needs variables: { %.*s: ... }%s%.*s%s", SLICE_ARG(r->ask->provider),
                      SLICE_ARG(declared->key), note.len != 0 ? " (" : "", SLICE_ARG(note), note.len != 0 ? ")" : "");
    /* what is built from a wrong one must not be told as wrong, too */
    bool alone = from == NULL && r->ask->place == NULL;
    return alone || r->errors != before ? made_up(kind) : value;
}

static void unknown_variables(struct reading *r)
{
    for (const struct doc *d = r->ask->variables != NULL ? r->ask->variables->first : NULL; d != NULL; d = d->next) {
        if (reading_find(&r->variables, d->key) >= 0) continue;
        struct nearest n = nearest_to(d->key);
        for (size_t i = 0; i < r->variables.count; i++)
            nearest_try(&n, r->variables.at[i]);
        reading_error(r, d, COMPLAINT_KEY, nearest_found(&n), "\"%.*s\" has no variable \"%.*s\"", SLICE_ARG(r->d->id),
                      SLICE_ARG(slice_upto(d->key, 40)));
    }
}

void reading_variables(struct reading *r)
{
    const struct doc *section = reading_member(r->root, "variables");
    if (section != NULL && section->type != DOC_MAP) {
        READING_ERROR(r, section, "variables must be names with sections");
        section = NULL;
    }
    for (const struct doc *d = section != NULL ? section->first : NULL; d != NULL; d = d->next) {
        if (d->type == DOC_NULL || !reading_name(r, d)) continue;
        if (!reading_section(r, d, "a variable", "default kind note required")) continue;
        enum kind kind = (enum kind)reading_word(r, d, "kind", kinds, KIND_TEXT);
        const struct doc *given = r->ask->variables != NULL ? doc_member(r->ask->variables, d->key) : NULL;
        reading_add(r, &r->variables, d, value_of(r, d, kind, given));
    }
    unknown_variables(r);
}

/* ---- endpoints ---- */

static bool is_fixed_one(enum endpoint_name e)
{
    return e != ENDPOINT_REVOCATION && e != ENDPOINT_EXCHANGE && e != ENDPOINT_REFRESH;
}

static void known_endpoints(struct reading *r, const struct doc *section)
{
    for (int i = 0; i < ENDPOINT_NAMES; i++) {
        enum endpoint_name e = (enum endpoint_name)i;
        const struct doc *d = reading_member(section, endpoint_word(e));
        unsigned knows = is_fixed_one(e) ? 0u : (unsigned)(KNOWS_SUBJECT | 1 << TEMPLATE_CLIENT_ID);
        if (d != NULL) r->d->endpoints[i] = reading_template_at(r, d, KNOWS_IS_URL | knows);
    }
}

/* Under names of the file's own; what they may hold is judged where they are used. */
void reading_endpoints(struct reading *r)
{
    const struct doc *section = reading_member(r->root, "endpoints");
    if (section == NULL) return;
    if (section->type != DOC_MAP) {
        READING_ERROR(r, section, "endpoints must be names with addresses");
        return;
    }
    for (const struct doc *d = section->first; d != NULL; d = d->next) {
        if (d->type == DOC_NULL || !reading_name(r, d)) continue;
        if (reading_is_scalar(d))
            reading_add(r, &r->endpoints, d, d->text);
        else
            READING_ERROR(r, d, "an endpoint is one address");
    }
    known_endpoints(r, section);
}
