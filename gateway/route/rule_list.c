/* rule_list.c -- compiling, then looking up, then who covers whom. */
#include "route/rule_list.h"

enum {
    FEW = 4,      /* rules that are looked at one by one */
    SEGMENTS = 8, /* of a path that have sets; later ones are left to the patterns */
    METHOD_OTHER = 7,
    METHODS = 8
};

static const struct slice method_names[METHOD_OTHER] = {LIT_INIT("GET"),    LIT_INIT("POST"),   LIT_INIT("HEAD"),
                                                        LIT_INIT("PUT"),    LIT_INIT("DELETE"), LIT_INIT("PATCH"),
                                                        LIT_INIT("OPTIONS")};

typedef uint64_t bits; /* of a set: `words` of them, bit i is rule i */

struct set_key {
    uint32_t hash;
    bool used;
    struct slice text; /* decoded */
    bits *set;
};

struct set_table { /* open addressing, never full */
    struct set_key *keys;
    size_t size;  /* power of two; 0: nothing is constrained here */
    bits *others; /* for a text that no rule names */
};

struct rule_sets {
    size_t words;
    struct set_table hosts, segments[SEGMENTS];
    bits *none[SEGMENTS]; /* for a path that has no such segment */
    bits *methods[METHODS];
};

/* ---- compiling */

static unsigned method_number(struct slice name)
{
    unsigned i = 0;
    while (i < METHOD_OTHER && !slice_is(method_names[i], name)) {
        i++;
    }
    return i;
}

/* Methods are case-sensitive (RFC 9110 section 9.1): "get" in a rule would silently never match. */
static bool is_method(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        bool letter = s.at[i] >= 'A' && s.at[i] <= 'Z';
        if (!letter && slice_index(LIT("-_0123456789"), s.at[i]) == SLICE_NONE) return false;
    }
    return s.len != 0;
}

static const struct err *compile_rule(struct arena *a, const struct rule *rule, struct compiled_rule *to)
{
    to->rule = rule;
    to->methods = rule->methods.count == 0 ? (1u << METHODS) - 1 : 0;
    for (size_t i = 0; i < rule->methods.count; i++) {
        struct slice method = rule->methods.at[i];
        if (!is_method(method))
            return err_new(a, PROBLEM_CONFIG, "method '%.*s' is not written in capital letters", SLICE_ARG(method));
        to->methods |= 1u << method_number(method);
    }
    return pattern_compile(a, rule->host, rule->path, &to->pattern);
}

static void put(bits *set, size_t i)
{
    set[i >> 6] |= (bits)1 << (i & 63);
}

static struct set_key *slot(const struct set_table *t, uint32_t hash, struct slice text)
{
    size_t at = hash & (t->size - 1);
    while (t->keys[at].used && (t->keys[at].hash != hash || !slice_is(t->keys[at].text, text))) {
        at = (at + 1) & (t->size - 1);
    }
    return &t->keys[at];
}

static uint32_t plain_hash(struct slice text)
{
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < text.len; i++) {
        h = (h ^ (unsigned char)text.at[i]) * 16777619u;
    }
    return h;
}

/* What a rule demands at one place: a text, anything, or that there be nothing (false: it can have no such segment). */
struct demand {
    bool text, anything, nothing;
    struct slice wanted;
};

static struct demand host_demand(const struct pattern *p)
{
    bool text = p->host.len != 0 && !p->host_below;
    return (struct demand){.text = text, .anything = !text, .wanted = p->host};
}

static struct demand segment_demand(const struct pattern *p, size_t at)
{
    if (p->regex != NULL && at >= p->count) return (struct demand){.anything = true, .nothing = true};
    if (at >= p->count) return (struct demand){.anything = p->rest, .nothing = true};
    if (p->segments[at].star) return (struct demand){.anything = true};
    return (struct demand){.text = true, .wanted = p->segments[at].head};
}

/* place: SEGMENTS is the host. */
static struct demand demand_at(const struct pattern *p, size_t place)
{
    return place == SEGMENTS ? host_demand(p) : segment_demand(p, place);
}

static void make_table(struct arena *a, const struct rule_list *list, size_t words, size_t place, struct set_table *t)
{
    t->size = 4;
    while (t->size < 2 * list->count) {
        t->size *= 2;
    }
    t->keys = arena_array(a, struct set_key, t->size);
    t->others = arena_array(a, bits, words);
    for (size_t i = 0; i < list->count; i++) {
        struct demand d = demand_at(&list->rules[i].pattern, place);
        if (d.anything) put(t->others, i);
        if (!d.text) continue;
        uint32_t hash = plain_hash(d.wanted);
        struct set_key *key = slot(t, hash, d.wanted);
        if (!key->used) *key = (struct set_key){hash, true, d.wanted, arena_array(a, bits, words)};
        put(key->set, i);
    }
    for (size_t k = 0; k < t->size; k++) {
        for (size_t w = 0; t->keys[k].used && w < words; w++) {
            t->keys[k].set[w] |= t->others[w];
        }
    }
}

static const struct rule_sets *make_sets(struct arena *a, const struct rule_list *list)
{
    struct rule_sets *s = arena_new(a, struct rule_sets);
    s->words = (list->count + 63) / 64;
    make_table(a, list, s->words, SEGMENTS, &s->hosts);
    for (size_t place = 0; place < SEGMENTS; place++) {
        make_table(a, list, s->words, place, &s->segments[place]);
        s->none[place] = arena_array(a, bits, s->words);
        for (size_t i = 0; i < list->count; i++) {
            if (segment_demand(&list->rules[i].pattern, place).nothing) put(s->none[place], i);
        }
    }
    for (size_t m = 0; m < METHODS; m++) {
        s->methods[m] = arena_array(a, bits, s->words);
        for (size_t i = 0; i < list->count; i++) {
            if ((list->rules[i].methods >> m & 1) != 0) put(s->methods[m], i);
        }
    }
    return s;
}

const struct err *rule_list_compile(struct arena *a, const struct rule *rules, size_t count, struct rule_list *to)
{
    if (count > ROUTE_RULES_MAX)
        return err_new(a, PROBLEM_CONFIG, "%zu rules are more than %d", count, ROUTE_RULES_MAX);
    *to = (struct rule_list){.rules = arena_array(a, struct compiled_rule, count), .count = count};
    for (size_t i = 0; i < count; i++) {
        const struct err *e = compile_rule(a, &rules[i], &to->rules[i]);
        if (e != NULL) return err_over(a, e, "rule %zu (%.*s)", i, SLICE_ARG(rules[i].id));
    }
    if (count > FEW) to->sets = make_sets(a, to);
    return NULL;
}

/* ---- looking up */

static bool has_method(const struct slices *methods, struct slice method)
{
    for (size_t i = 0; i < methods->count; i++) {
        if (slice_is(methods->at[i], method)) return true;
    }
    return methods->count == 0;
}

static bool is_from(const struct rule *rule, const struct address *client)
{
    return rule->client_ip_count == 0 ||
           (client != NULL && networks_have(rule->client_ip, rule->client_ip_count, client));
}

enum route_fit rule_list_fit(const struct compiled_rule *c, const struct route_ask *ask, enum pattern_reading reading)
{
    if (!pattern_has_host(&c->pattern, ask->host)) return ROUTE_OTHER_HOST;
    if (!pattern_has_path(&c->pattern, ask->path, reading)) return ROUTE_OTHER_PATH;
    if (!has_method(&c->rule->methods, ask->method)) return ROUTE_OTHER_METHOD;
    return is_from(c->rule, ask->client) ? ROUTE_FITS : ROUTE_OTHER_CLIENT;
}

static const bits *set_for_segment(const struct set_table *t, struct slice segment)
{
    uint32_t hash = pattern_segment_hash(segment);
    size_t at = hash & (t->size - 1);
    while (t->keys[at].used) {
        if (t->keys[at].hash == hash && pattern_segment_is(segment, t->keys[at].text)) return t->keys[at].set;
        at = (at + 1) & (t->size - 1);
    }
    return t->others;
}

static const bits *set_for_host(const struct set_table *t, struct slice host)
{
    const struct set_key *key = slot(t, plain_hash(host), host);
    return key->used ? key->set : t->others;
}

static const struct rule *first_of_sets(const struct rule_list *list, const struct route_ask *ask,
                                        enum pattern_reading reading)
{
    const struct rule_sets *s = list->sets;
    const bits *sets[SEGMENTS + 2];
    struct slice rest = slice_from(ask->path, 1), segment;
    if (ask->path.len == 0) return NULL;
    for (size_t place = 0; place < SEGMENTS; place++) {
        bool there = slice_cut(&rest, '/', &segment);
        sets[place] =
            there ? set_for_segment(&s->segments[place], pattern_segment_read(segment, reading)) : s->none[place];
    }
    sets[SEGMENTS] = set_for_host(&s->hosts, ask->host);
    sets[SEGMENTS + 1] = s->methods[method_number(ask->method)];
    for (size_t w = 0; w < s->words; w++) {
        bits left = sets[0][w];
        for (size_t k = 1; k < SEGMENTS + 2; k++) {
            left &= sets[k][w];
        }
        for (; left != 0; left &= left - 1) {
            const struct compiled_rule *c = &list->rules[w * 64 + (size_t)__builtin_ctzll(left)];
            if (rule_list_fit(c, ask, reading) == ROUTE_FITS) return c->rule;
        }
    }
    return NULL;
}

const struct rule *rule_list_first(const struct rule_list *list, const struct route_ask *ask,
                                   enum pattern_reading reading)
{
    if (list->sets != NULL) return first_of_sets(list, ask, reading);
    for (size_t i = 0; i < list->count; i++) {
        if (rule_list_fit(&list->rules[i], ask, reading) == ROUTE_FITS) return list->rules[i].rule;
    }
    return NULL;
}

/* ---- who covers whom */

static bool networks_cover(const struct rule *wide, const struct rule *narrow)
{
    if (wide->client_ip_count == 0) return true;
    for (size_t i = 0; i < narrow->client_ip_count; i++) {
        bool inside = false;
        for (size_t k = 0; k < wide->client_ip_count; k++) {
            inside = inside || (wide->client_ip[k].bits <= narrow->client_ip[i].bits &&
                                network_has(&wide->client_ip[k], &narrow->client_ip[i].base));
        }
        if (!inside) return false;
    }
    return narrow->client_ip_count != 0;
}

static bool covers(const struct compiled_rule *wide, const struct compiled_rule *narrow)
{
    return networks_cover(wide->rule, narrow->rule) && pattern_covers(&wide->pattern, &narrow->pattern);
}

/* The first rule above that covers the pattern for this method; SIZE_MAX when there is none. An empty method: for any. */
static size_t coverer(const struct rule_list *list, size_t i, struct slice method)
{
    for (size_t k = 0; k < i; k++) {
        const struct slices *methods = &list->rules[k].rule->methods;
        bool fits = method.len == 0 ? methods->count == 0 : has_method(methods, method);
        if (fits && covers(&list->rules[k], &list->rules[i])) return k;
    }
    return SIZE_MAX;
}

size_t rule_list_shadow(const struct rule_list *list, size_t i, const struct rule **ret_by, size_t room)
{
    must(i < list->count && room > 0);
    const struct slices *methods = &list->rules[i].rule->methods;
    size_t count = 0, questions = methods->count != 0 ? methods->count : 1;
    for (size_t m = 0; m < questions; m++) {
        size_t k = coverer(list, i, methods->count != 0 ? methods->at[m] : LIT(""));
        if (k == SIZE_MAX) return 0;
        bool known = false;
        for (size_t n = 0; n < count; n++) {
            known = known || ret_by[n] == list->rules[k].rule;
        }
        if (!known && count < room) ret_by[count++] = list->rules[k].rule;
    }
    return count;
}
