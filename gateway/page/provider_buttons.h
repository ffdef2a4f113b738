/* provider_buttons.h -- which sign-ins a page offers, in which order, how large.
 *
 * The one used last comes first and is marked; the first `primary` are full width with the whole sentence, the rest stand in pairs under
 * "or continue with". A single leftover is made full width too: half a pair looks like a mistake.
 */
#ifndef PAGE_PROVIDER_BUTTONS_H
#define PAGE_PROVIDER_BUTTONS_H
#include "page/page.h"

struct provider_button {
    struct slice name, href;
    struct slice icon; /* name of a mark; empty or unknown: a letter */
    bool last;         /* used last on this browser */
};

/* Fills `primary` and `others` of a view for PAGE_SIGN_IN. Borrows the texts. */
void provider_buttons(struct view *v, const struct pages *p, const struct provider_button *buttons, size_t count,
                      size_t primary);

#endif
