#include "page/letter.h"

struct slice letter_of(struct slice name)
{
    name = slice_trim(name);
    if (name.len == 0) return LIT("?");
    size_t len = 1;
    while (len < name.len && len < 4 && ((unsigned char)name.at[len] & 0xc0) == 0x80)
        len++;
    return slice_upto(name, len);
}
