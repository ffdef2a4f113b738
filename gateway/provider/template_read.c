/* template_read.c -- "{name}" by "{name}": what a template may name where it stands, and what that is replaced by. */
#include "provider/descriptor_reading.h"
#include "text/address.h"
#include "text/nearest.h"
#include "text/url.h"

#include "base/buf.h"

struct compiling {
    struct reading *r;
    const struct doc *node; /* for complaints */
    unsigned knows;
    struct template_part parts[TEMPLATE_PARTS_MAX];
    size_t count;
    struct buf text; /* of the part under way */
    bool is_inside_endpoint, bad;
};

static void wrong(struct compiling *t, struct slice hint, const char *format, ...) PRINTF(3, 4);
static void wrong(struct compiling *t, struct slice hint, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct slice sentence = arena_vprint(t->r->a, format, args);
    va_end(args);
    if (!t->bad) reading_error(t->r, t->node, COMPLAINT_VALUE, hint, "%.*s", SLICE_ARG(sentence));
    t->bad = true;
}

/* ---- parts ---- */

static void put(struct compiling *t, struct template_part part)
{
    if (t->count == TEMPLATE_PARTS_MAX) {
        wrong(t, LIT(""), "a template has at most %d parts", (int)TEMPLATE_PARTS_MAX);
        return;
    }
    t->parts[t->count++] = part;
}

static void end_text(struct compiling *t)
{
    if (t->text.len != 0)
        put(t, (struct template_part){.kind = PART_TEXT, .text = arena_copy(t->r->a, buf_slice(&t->text))});
    buf_clear(&t->text);
}

static void put_lookup(struct compiling *t, struct template_part part)
{
    end_text(t);
    put(t, part);
}

/* ---- names ---- */

static int value_of(struct slice name)
{
    for (int i = 0; i < TEMPLATE_NAMES; i++)
        if (slice_is(slice_of(template_name_word((enum template_name)i)), name)) return i;
    return -1;
}

static int endpoint_of(struct slice name)
{
    for (int i = 0; i < ENDPOINT_NAMES; i++)
        if (slice_is(slice_of(endpoint_word((enum endpoint_name)i)), name)) return i;
    return -1;
}

static void try_all(struct nearest *n, const struct reading_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        nearest_try(n, names->at[i]);
}

static void unknown(struct compiling *t, struct slice name)
{
    struct nearest n = nearest_to(name);
    for (int i = 0; i < TEMPLATE_NAMES; i++)
        if ((t->knows & TEMPLATE_BIT((unsigned)i)) != 0)
            nearest_try(&n, slice_of(template_name_word((enum template_name)i)));
    try_all(&n, &t->r->variables);
    try_all(&n, &t->r->endpoints);
    int value = value_of(name);
    if (value >= 0)
        wrong(t, LIT(""), "{%.*s} is not known yet at this place", SLICE_ARG(name));
    else
        wrong(t, nearest_found(&n), "nobody sets {%.*s}: it is no value of this place, no variable and no endpoint",
              SLICE_ARG(name));
}

static void compile(struct compiling *t, struct slice source);

static void put_endpoint(struct compiling *t, struct slice name)
{
    int own = reading_find(&t->r->endpoints, name), number = endpoint_of(name);
    if (own >= 0 && !t->is_inside_endpoint) {
        t->is_inside_endpoint = true;
        compile(t, t->r->endpoints.text[own]);
        t->is_inside_endpoint = false;
    } else if (own >= 0) {
        wrong(t, LIT(""), "an endpoint cannot be made of another one");
    } else if (number >= 0 && number < ENDPOINTS_DISCOVERED && t->r->d->discover) {
        put_lookup(t, (struct template_part){.kind = PART_ENDPOINT, .number = number});
    } else if (number >= 0 && t->r->ask->place == NULL) { /* the operator's entry will say it */
        buf_print(&t->text, "https://unset.example/%s", endpoint_word((enum endpoint_name)number));
    } else if (number >= 0) {
        reading_error(t->r, NULL, COMPLAINT_VALUE, LIT(""), "provider \"%.*s\" has no address for %s",
                      SLICE_ARG(t->r->ask->provider), endpoint_word((enum endpoint_name)number));
        t->bad = true;
    } else {
        unknown(t, name);
    }
}

static void put_name(struct compiling *t, struct slice name)
{
    int value = value_of(name), variable = reading_find(&t->r->variables, name);
    if (value >= 0 && (t->knows & TEMPLATE_BIT((unsigned)value)) != 0)
        put_lookup(t, (struct template_part){.kind = PART_VALUE, .number = value});
    else if (variable >= 0)
        buf_add(&t->text, t->r->variables.text[variable]);
    else if (slice_is(name, LIT("issuer")) && t->r->d->issuer.len != 0)
        buf_add(&t->text, t->r->d->issuer);
    else
        put_endpoint(t, name);
}

struct space {
    const char *name;
    unsigned knows;
    enum template_part_kind kind;
};
static const struct space spaces[] = {
    {"token",  KNOWS_TOKEN,    PART_TOKEN   },
    {"cb",     KNOWS_CALLBACK, PART_CALLBACK},
    {"stored", KNOWS_STORED,   PART_STORED  },
    {"claim",  KNOWS_CLAIM,    PART_CLAIM   },
    {"me",     KNOWS_ME,       PART_ME      },
};

static const struct reading_names *set_of(const struct compiling *t, enum template_part_kind kind)
{
    if (kind == PART_CALLBACK) return &t->r->callback;
    if (kind == PART_STORED) return &t->r->stored;
    return kind == PART_ME ? &t->r->me : NULL;
}

static void put_spaced(struct compiling *t, const struct space *s, struct slice name)
{
    const struct reading_names *set = set_of(t, s->kind);
    bool subject = s->kind == PART_ME && (t->knows & KNOWS_SUBJECT) != 0 && slice_is(name, LIT("subject"));
    if ((t->knows & s->knows) == 0 && !subject) {
        wrong(t, LIT(""), "{%s:...} is not known yet at this place", s->name);
    } else if (s->kind == PART_TOKEN && (name.len == 0 || name.at[0] != '/')) {
        wrong(t, LIT(""), "{token:...} takes a JSON pointer, which begins with '/'");
    } else if (set != NULL && reading_find(set, name) < 0) {
        struct nearest n = nearest_to(name);
        try_all(&n, set);
        wrong(t, nearest_found(&n), "nobody sets {%s:%.*s}", s->name, SLICE_ARG(name));
    } else if (name.len == 0) {
        wrong(t, LIT(""), "{%s:...} needs a name", s->name);
    } else {
        put_lookup(t, (struct template_part){.kind = s->kind, .text = name});
    }
}

static void put_hmac(struct compiling *t, struct slice arguments)
{
    struct slice key;
    slice_cut(&arguments, ':', &key);
    int k = value_of(key), m = value_of(arguments);
    bool known =
        k >= 0 && m >= 0 && (t->knows & TEMPLATE_BIT((unsigned)k)) != 0 && (t->knows & TEMPLATE_BIT((unsigned)m)) != 0;
    if (known)
        put_lookup(t, (struct template_part){.kind = PART_HMAC, .number = k, .message = m});
    else
        wrong(t, LIT(""), "{hmac_sha256_hex:KEY:MESSAGE} takes two values that are known at this place");
}

static void put_named_space(struct compiling *t, struct slice space, struct slice name)
{
    if (slice_is(space, LIT("hmac_sha256_hex"))) {
        put_hmac(t, name);
        return;
    }
    for (size_t i = 0; i < sizeof spaces / sizeof spaces[0]; i++) {
        if (!slice_is(space, slice_of(spaces[i].name))) continue;
        put_spaced(t, &spaces[i], name);
        return;
    }
    int document = (t->knows & KNOWS_DOCUMENTS) != 0 ? reading_document(t->r, space) : -1;
    if (document >= 0 && name.len != 0 && name.at[0] == '/')
        put_lookup(t, (struct template_part){.kind = PART_DOCUMENT, .number = document, .text = name});
    else
        wrong(t, LIT(""), "{%.*s:...} is nothing a template knows at this place", SLICE_ARG(space));
}

static void put_braces(struct compiling *t, struct slice inside)
{
    struct slice space;
    bool fine = inside.len != 0 && inside.at[0] >= 'a' && inside.at[0] <= 'z';
    for (size_t i = 0; i < inside.len && fine; i++)
        fine = inside.at[i] > ' ' && inside.at[i] != '{';
    if (!fine) {
        wrong(t, LIT(""), "braces hold one name; a brace itself is written twice: {{ or }}");
    } else if (slice_index(inside, ':') == SLICE_NONE) {
        put_name(t, inside);
    } else {
        slice_cut(&inside, ':', &space);
        put_named_space(t, space, inside);
    }
}

static void compile(struct compiling *t, struct slice source)
{
    while (source.len != 0 && !t->bad) {
        char c = source.at[0];
        bool twice = source.len > 1 && source.at[1] == c;
        size_t end = slice_index(source, '}');
        if ((c == '{' || c == '}') && twice) {
            buf_byte(&t->text, c);
            source = slice_from(source, 2);
        } else if (c == '{' && end != SLICE_NONE) {
            put_braces(t, slice_upto(slice_from(source, 1), end - 1));
            source = slice_from(source, end + 1);
        } else if (c == '{' || c == '}') {
            wrong(t, LIT(""), "a brace without its partner; a brace itself is written twice: {{ or }}");
        } else {
            buf_byte(&t->text, c);
            source = slice_from(source, 1);
        }
    }
}

/* ---- URLs ---- */

/* Scheme and host are fixed before anybody signs in: an answer can never say where a secret is sent. */
static bool begins_with_host(const struct compiling *t)
{
    if (t->count == 0 || t->parts[0].kind == PART_ENDPOINT) return t->count != 0;
    struct slice s = t->parts[0].text;
    size_t host = slice_find(s, LIT("://"));
    if (t->parts[0].kind != PART_TEXT || host == SLICE_NONE) return false;
    struct slice rest = slice_from(s, host + 3);
    bool has_end = slice_index(rest, '/') != SLICE_NONE || slice_index(rest, '?') != SLICE_NONE;
    return t->count == 1 || has_end;
}

static void judge_url(struct compiling *t)
{
    if (t->bad) return;
    if (!begins_with_host(t))
        wrong(t, LIT(""),
              "an address begins with https://, a host and a '/', or with an endpoint: "
              "no answer may decide where it leads");
    else if (t->parts[0].kind == PART_TEXT && !reading_url(t->r, t->node, t->parts[0].text, "the address"))
        t->bad = true;
}

/* ---- for the sections ---- */

static struct template whole(struct reading *r, const struct doc *node, struct slice source, unsigned knows)
{
    struct template made = {.source = source, .is_url = (knows & KNOWS_IS_URL) != 0};
    struct compiling t = {.r = r, .node = node, .knows = knows, .text = buf_open((size_t)4 * TEMPLATE_SOURCE_MAX)};
    if (source.len > TEMPLATE_SOURCE_MAX || !slice_is_printable(source))
        wrong(&t, LIT(""), "a template is one line of at most %d bytes", (int)TEMPLATE_SOURCE_MAX);
    else
        compile(&t, source);
    if (t.text.full) wrong(&t, LIT(""), "with its variables filled in the template is too long");
    end_text(&t);
    if (made.is_url) judge_url(&t);
    buf_close(&t.text);
    if (t.bad || t.count == 0) return made;
    struct template_part *parts = arena_array(r->a, struct template_part, t.count);
    memcpy(parts, t.parts, t.count * sizeof parts[0]);
    made.parts = parts;
    made.count = t.count;
    /* pictures and profiles are addresses, too: a name with a '/' in it is one segment all the same */
    made.is_url = made.is_url || (parts[0].kind == PART_TEXT && slice_starts(parts[0].text, LIT("https://")));
    return made;
}

struct template reading_template_at(struct reading *r, const struct doc *node, unsigned knows)
{
    if (reading_is_scalar(node)) return whole(r, node, node->text, knows);
    READING_ERROR(r, node, "%.*s must be one line of text", SLICE_ARG(node->key));
    return (struct template){.count = 0};
}

struct template reading_template(struct reading *r, const struct doc *map, const char *name, unsigned knows,
                                 const char *usual)
{
    const struct doc *d = reading_member(map, name);
    if (d != NULL) return reading_template_at(r, d, knows);
    return usual != NULL ? whole(r, map, slice_of(usual), knows) : (struct template){.count = 0};
}

static bool is_header_name(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && c != '-') return false;
    }
    return s.len != 0;
}

/* Set by the gateway for every request; a file that sets them, too, would make two readings of one message. */
static bool is_ours(struct slice name)
{
    static const struct slice ours[] = {LIT_INIT("Authorization"),  LIT_INIT("Content-Type"),     LIT_INIT("Host"),
                                        LIT_INIT("Content-Length"), LIT_INIT("Connection"),       LIT_INIT("Cookie"),
                                        LIT_INIT("Expect"),         LIT_INIT("Transfer-Encoding")};
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
        if (slice_is_nocase(ours[i], name)) return true;
    return false;
}

struct declared_params reading_params(struct reading *r, const struct doc *map, const char *name, unsigned knows,
                                      bool headers)
{
    const struct doc *section = reading_member(map, name);
    struct declared_params made = {NULL, 0};
    if (section == NULL) return made;
    if (section->type != DOC_MAP) {
        READING_ERROR(r, section, "%s must be names with values", name);
        return made;
    }
    for (const struct doc *d = section->first; d != NULL; d = d->next) {
        if (d->type == DOC_NULL) continue;
        if (d->key.len == 0 || !slice_is_printable(d->key) || (headers && !is_header_name(d->key)))
            reading_error(r, d, COMPLAINT_KEY, LIT(""), "no name of a %s", headers ? "header" : "parameter");
        else if (headers && is_ours(d->key))
            reading_error(r, d, COMPLAINT_KEY, LIT(""), "%.*s is set by the gateway", SLICE_ARG(d->key));
        else
            reading_params_add(r, &made, d->key, reading_template_at(r, d, knows));
    }
    return made;
}

void reading_params_add(struct reading *r, struct declared_params *to, struct slice name, struct template value)
{
    struct declared_param *at = arena_array(r->a, struct declared_param, to->count + 1);
    for (size_t i = 0; i < to->count; i++)
        at[i] = to->at[i];
    at[to->count] = (struct declared_param){name, value};
    to->at = at;
    to->count++;
}
