/* answer_tree.h -- a platform's answer as a tree: JSON, or a form (`access_token=x&expires=5`), told apart by what it is and not by its
 * Content-Type, which some platforms get wrong. Pure. */
#ifndef PROVIDER_ANSWER_TREE_H
#define PROVIDER_ANSWER_TREE_H
#include "text/doc.h"

/* NULL when it is neither: a page, broken JSON, a member or field that stands there twice, nothing at all. A form becomes a map of texts. */
const struct doc *answer_tree(struct arena *a, struct slice body);

#endif
