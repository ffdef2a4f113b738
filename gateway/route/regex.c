/* regex.c -- three steps at configuration time: text to tree (regex_tree.c), tree to an automaton with choices (Thompson's construction), that to a
 * table without choices (subset construction). After it, matching is regex_next. */
#include "route/regex_tree.h"

enum {
    WORDS = REGEX_NODES_MAX / 64,
    DEAD = 0
};

struct regex {
    uint8_t class_of[256];
    size_t classes;
    uint16_t *next; /* state * classes + class */
    bool *ends;
    size_t states;
};

/* ---- an automaton with choices ---- */

enum {
    NODE_END = 0, /* the one node that matches */
    NODE_NONE = UINT16_MAX
};

struct node { /* either a set and where it leads, or two ways that cost nothing */
    bool free_ways;
    struct byte_set set;
    uint16_t to, other;
};

struct automaton {
    struct node *nodes;
    size_t count;
    bool full;
};

static uint16_t node_add(struct automaton *n, struct node node)
{
    if (n->count == REGEX_NODES_MAX) {
        n->full = true;
        return NODE_END;
    }
    n->nodes[n->count] = node;
    return (uint16_t)n->count++;
}

static uint16_t both(struct automaton *n, uint16_t one, uint16_t other)
{
    return node_add(n, (struct node){.free_ways = true, .to = one, .other = other});
}

static uint16_t write_tree(struct automaton *n, const struct tree *t, uint16_t then);

/* From the back: first what may come any number of times or as often as is left, then what must. */
static uint16_t write_repeat(struct automaton *n, const struct tree *t, uint16_t then)
{
    uint16_t at = then;
    if (t->most < 0) {
        at = both(n, then, NODE_NONE);
        uint16_t body = write_tree(n, t->first, at);
        if (!n->full) n->nodes[at].other = body;
    }
    for (int i = t->least; i < t->most && !n->full; i++) {
        at = both(n, write_tree(n, t->first, at), then);
    }
    for (int i = 0; i < t->least && !n->full; i++) {
        at = write_tree(n, t->first, at);
    }
    return at;
}

static uint16_t write_tree(struct automaton *n, const struct tree *t, uint16_t then)
{
    if (n->full) return NODE_END;
    switch (t->kind) {
    case TREE_NOTHING: return then;
    case TREE_SET: return node_add(n, (struct node){.set = t->set, .to = then});
    case TREE_THEN: return write_tree(n, t->first, write_tree(n, t->second, then));
    case TREE_OR: return both(n, write_tree(n, t->first, then), write_tree(n, t->second, then));
    case TREE_REPEAT: return write_repeat(n, t, then);
    }
    return then;
}

/* ---- the table ---- */

struct places { /* where the automaton may be at once */
    uint64_t bits[WORDS];
};

struct table {
    struct arena *arena;
    const struct automaton *n;
    struct regex *r;
    struct places *places; /* of each state */
    uint64_t *hashes;
    unsigned char byte_of[256]; /* one of each class */
};

static void reach(const struct automaton *n, struct places *p, uint16_t from)
{
    uint16_t stack[REGEX_NODES_MAX];
    size_t height = 0;
    if (from == NODE_NONE) return;
    stack[height++] = from;
    p->bits[from >> 6] |= (uint64_t)1 << (from & 63);
    while (height != 0) {
        const struct node *node = &n->nodes[stack[--height]];
        const uint16_t ways[] = {node->to, node->other};
        for (size_t i = 0; node->free_ways && i < 2; i++) {
            uint16_t w = ways[i];
            if (w == NODE_NONE || (p->bits[w >> 6] >> (w & 63) & 1) != 0) continue;
            p->bits[w >> 6] |= (uint64_t)1 << (w & 63);
            stack[height++] = w; /* each node once */
        }
    }
}

static uint64_t hash_of(const struct places *p)
{
    uint64_t h = 0;
    for (size_t i = 0; i < WORDS; i++) {
        h = (h ^ p->bits[i]) * 0x9e3779b97f4a7c15u;
        h ^= h >> 29;
    }
    return h;
}

static bool is_empty(const struct places *p)
{
    uint64_t any = 0;
    for (size_t i = 0; i < WORDS; i++) {
        any |= p->bits[i];
    }
    return any == 0;
}

/* The state that stands for these places; a new one when there is none yet. SIZE_MAX: there are too many. */
static size_t state_of(struct table *t, const struct places *p)
{
    if (is_empty(p)) return DEAD;
    uint64_t hash = hash_of(p);
    for (size_t i = 1; i < t->r->states; i++) {
        if (t->hashes[i] == hash && memcmp(&t->places[i], p, sizeof *p) == 0) return i;
    }
    if (t->r->states == REGEX_STATES_MAX) return SIZE_MAX;
    size_t s = t->r->states++;
    t->places[s] = *p;
    t->hashes[s] = hash;
    t->r->ends[s] = (p->bits[0] & 1) != 0; /* NODE_END */
    return s;
}

static bool fill_row(struct table *t, size_t state)
{
    for (size_t c = 0; c < t->r->classes; c++) {
        struct places to = {{0}};
        for (size_t i = 0; i < t->n->count; i++) {
            const struct node *node = &t->n->nodes[i];
            bool here = (t->places[state].bits[i >> 6] >> (i & 63) & 1) != 0;
            if (here && !node->free_ways && i != NODE_END && byte_set_has(&node->set, t->byte_of[c]))
                reach(t->n, &to, node->to);
        }
        size_t s = state_of(t, &to);
        if (s == SIZE_MAX) return false;
        t->r->next[state * t->r->classes + c] = (uint16_t)s;
    }
    return true;
}

static bool same_to_all(const struct automaton *n, unsigned char a, unsigned char b)
{
    for (size_t i = 1; i < n->count; i++) {
        const struct node *node = &n->nodes[i];
        if (!node->free_ways && byte_set_has(&node->set, a) != byte_set_has(&node->set, b)) return false;
    }
    return true;
}

/* Bytes that no set tells apart share a column. */
static void classes(struct table *t)
{
    for (unsigned b = 0; b < 256; b++) {
        size_t c = 0;
        while (c < t->r->classes && !same_to_all(t->n, (unsigned char)b, t->byte_of[c])) {
            c++;
        }
        if (c == t->r->classes) t->byte_of[t->r->classes++] = (unsigned char)b;
        t->r->class_of[b] = (uint8_t)c;
    }
}

static bool tabulate(struct table *t, uint16_t start)
{
    struct regex *r = t->r;
    classes(t);
    r->ends = arena_array(t->arena, bool, REGEX_STATES_MAX);
    r->next = arena_array(t->arena, uint16_t, arena_product(REGEX_STATES_MAX, r->classes));
    r->states = 1; /* DEAD leads nowhere: its row is zeros */
    struct places first = {{0}};
    reach(t->n, &first, start);
    if (state_of(t, &first) == SIZE_MAX) return false;
    for (size_t s = 1; s < r->states; s++) {
        if (!fill_row(t, s)) return false;
    }
    return true;
}

static const struct err *refuse(struct arena *a, struct slice text, const char *why)
{
    return err_new(a, PROBLEM_CONFIG, "the expression '%.*s' cannot be used: %s", SLICE_ARG(slice_upto(text, 200)),
                   why);
}

const struct err *regex_compile(struct arena *a, struct slice text, struct regex **ret_regex)
{
    AUTO(arena_closep) struct arena *scratch = arena_open(64 << 20);
    if (text.len == 0 || text.len > REGEX_TEXT_MAX) return refuse(a, text, "it is empty or longer than 512 characters");
    const char *why = NULL;
    const struct tree *tree = regex_tree_read(scratch, text, &why);
    if (tree == NULL) return refuse(a, text, why);
    struct automaton n = {.nodes = arena_array(scratch, struct node, REGEX_NODES_MAX)};
    node_add(&n, (struct node){.to = NODE_NONE, .other = NODE_NONE}); /* NODE_END */
    uint16_t start = write_tree(&n, tree, NODE_END);
    if (n.full) return refuse(a, text, "its repeats make it too large");
    struct regex *regex = arena_new(a, struct regex);
    struct table t = {.arena = scratch, .n = &n, .r = regex};
    t.places = arena_array(scratch, struct places, REGEX_STATES_MAX);
    t.hashes = arena_array(scratch, uint64_t, REGEX_STATES_MAX);
    if (!tabulate(&t, start))
        return refuse(a, text, "it needs too many states; make it simpler, or write several rules");
    if (regex_dead(regex_next(regex, regex_begin(regex), '/')))
        return refuse(a, text, "no path fits it: paths begin with /");
    const uint16_t *table = regex->next;
    const bool *ends = regex->ends;
    size_t cells = arena_product(regex->states, regex->classes);
    regex->next = arena_array(a, uint16_t, cells);
    regex->ends = arena_array(a, bool, regex->states);
    memcpy(regex->next, table, cells * sizeof *table);
    memcpy(regex->ends, ends, regex->states * sizeof *ends);
    *ret_regex = regex;
    return NULL;
}

regex_state regex_begin(const struct regex *r)
{
    return r->states > 1 ? 1 : DEAD;
}

regex_state regex_next(const struct regex *r, regex_state at, unsigned char byte)
{
    return r->next[(size_t)at * r->classes + r->class_of[byte]];
}

bool regex_dead(regex_state at)
{
    return at == DEAD;
}

bool regex_ends(const struct regex *r, regex_state at)
{
    return r->ends[at];
}

/* The one byte that leads on from here; -1 when there are several, or none is needed. */
static int only_way(const struct regex *r, regex_state at)
{
    int only = -1;
    for (int b = 0; b < 256; b++) {
        if (regex_dead(regex_next(r, at, (unsigned char)b))) continue;
        if (only >= 0) return -1;
        only = b;
    }
    return r->ends[at] ? -1 : only;
}

struct slice regex_head(struct arena *a, const struct regex *r)
{
    char *to = arena_bytes(a, REGEX_TEXT_MAX);
    size_t len = 0;
    regex_state at = regex_begin(r);
    for (int b = only_way(r, at); b >= 0 && len < REGEX_TEXT_MAX; b = only_way(r, at)) {
        to[len++] = (char)b;
        at = regex_next(r, at, (unsigned char)b);
    }
    return (struct slice){to, len};
}
