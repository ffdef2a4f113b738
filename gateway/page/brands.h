/* brands.h -- the style sheet of buttons in their owners' colours. Private to page/. */
#ifndef PAGE_BRANDS_H
#define PAGE_BRANDS_H
#include "page/page.h"

/* "brand-ID": the class of a provider with colours of its own. ID holds nothing but [a-z0-9-] (a must). */
struct slice brands_class(struct arena *a, struct slice id);
/* One rule for each brand. PROBLEM_CONFIG when a colour is not # and six hex digits: it stands in a style sheet. */
const struct err *brands_sheet(struct arena *a, const struct page_brand *brands, size_t count, struct slice *ret_css);

#endif
