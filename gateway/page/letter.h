/* letter.h -- the letter that stands for a name without a picture. */
#ifndef PAGE_LETTER_H
#define PAGE_LETTER_H
#include "base/slice.h"

/* The first character of a name, lent from it (ASCII letters as they are: the style sheet makes capitals); "?" for none. */
struct slice letter_of(struct slice name);

#endif
