/* accent.h -- the operator's one colour, made readable: a small style sheet with a shade for light and one for dark pages. */
#ifndef PAGE_ACCENT_H
#define PAGE_ACCENT_H
#include "base/err.h"

/* "#0a6b6b" -> custom properties --accent, --accent-soft, --on-accent. The colour is darkened (or lightened, for dark pages) until it has
 * 4.5:1 against what it stands on, so a pale brand colour cannot make a page unreadable. Anything but #RRGGBB is PROBLEM_CONFIG. */
const struct err *accent_sheet(struct arena *a, struct slice colour, struct slice *ret_css);

/* "#0a6b6b": a number sign and six hex digits. */
bool accent_is_colour(struct slice text);

#endif
