/* nearest.c -- Damerau's distance in the optimal string alignment form, three rows at a time. */
#include "text/nearest.h"

#include "base/must.h"

enum {
    WORD_MAX = 96
}; /* longer ones are not slips of a finger */

struct nearest nearest_to(struct slice given)
{
    return (struct nearest){
        given, {NULL, 0},
         SLICE_NONE
    };
}

static size_t least3(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

static size_t slips_between(struct slice s, struct slice t)
{
    size_t rows[3][WORD_MAX + 1];
    for (size_t j = 0; j <= t.len; j++) {
        rows[0][j] = j;
    }
    for (size_t i = 1; i <= s.len; i++) {
        size_t *now = rows[i % 3], *last = rows[(i + 2) % 3], *beforelast = rows[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= t.len; j++) {
            size_t change = s.at[i - 1] == t.at[j - 1] ? 0 : 1;
            now[j] = least3(last[j] + 1, now[j - 1] + 1, last[j - 1] + change);
            bool swapped = i > 1 && j > 1 && s.at[i - 1] == t.at[j - 2] && s.at[i - 2] == t.at[j - 1];
            if (swapped && beforelast[j - 2] + 1 < now[j]) now[j] = beforelast[j - 2] + 1;
        }
    }
    return rows[s.len % 3][t.len];
}

void nearest_try(struct nearest *n, struct slice word)
{
    if (word.len == 0 || word.len > WORD_MAX || n->given.len > WORD_MAX) return;
    size_t slips = slips_between(n->given, word);
    if (slips >= n->slips) return;
    n->slips = slips;
    n->best = word;
}

struct slice nearest_found(const struct nearest *n)
{
    size_t longer = n->given.len > n->best.len ? n->given.len : n->best.len;
    if (n->slips == SLICE_NONE || n->slips > (longer + 2) / 3) return (struct slice){NULL, 0};
    return n->best;
}
