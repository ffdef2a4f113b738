/* descriptor.c -- small readers of a compiled descriptor. */
#include "provider/descriptor.h"

const struct doc *pointers_find(const struct pointers *p, const struct doc *root)
{
    for (size_t i = 0; i < p->count && root != NULL; i++) {
        const struct doc *d = doc_at(root, p->at[i]);
        if (d != NULL && d->type != DOC_NULL) return d;
    }
    return NULL;
}

const char *protocol_word(enum protocol p)
{
    static const char *const words[] = {"oidc", "oauth2", "oauth1"};
    return words[p];
}
