/* nearest.h -- which known word did they mean? The smallest number of slips (swap, drop, add, change) wins, if it is small enough. */
#ifndef TEXT_NEAREST_H
#define TEXT_NEAREST_H
#include "base/slice.h"

struct nearest {
    struct slice given, best;
    size_t slips;
};

struct nearest nearest_to(struct slice given); /* borrows given and every word tried */
void nearest_try(struct nearest *n, struct slice word);
struct slice
nearest_found(const struct nearest *n); /* empty: nothing near enough (more than a third of it is different) */

#endif
