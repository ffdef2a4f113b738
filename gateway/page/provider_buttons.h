/* provider_buttons.h -- which sign-ins a page offers, in which order, how large.
 *
 * The one used last comes first and is marked; the first `primary` are full width with the whole sentence, the rest stand in pairs under
 * "or continue with". A single leftover is made full width too: half a pair looks like a mistake. A provider that does not answer goes to
 * the end and is named above the buttons; its button stays one, for the next try may find it back.
 */
#ifndef PAGE_PROVIDER_BUTTONS_H
#define PAGE_PROVIDER_BUTTONS_H
#include "page/page.h"

struct provider_button {
    struct slice name, href;
    struct slice icon; /* name of a mark; empty or unknown: a letter */
    struct slice id;   /* chooses its owner's colours among pages_conf.brands */
    struct slice
        label; /* its owner's sentence in English ("Sign in with Example"); empty: ours, in the page's language */
    bool last; /* used last on this browser */
    bool away; /* did not answer lately */
    bool told; /* ... and the page's banner says so already */
};

/* Fills `primary`, `others` and `away` of a view for PAGE_SIGN_IN. language is the page's: only an English page takes a label. Borrows the
 * texts. */
void provider_buttons(struct view *v, const struct pages *p, const struct provider_button *buttons, size_t count,
                      size_t primary, struct slice language);

#endif
