/* member_list.h -- a list of the memory store as the bytes of one record, in the order of the members' numbers. For store/ only.
 *
 * order 8 bytes big-endian | length 1 | name, one member after the other. Written by us alone, so what is read is trusted.
 */
#ifndef STORE_MEMBER_LIST_H
#define STORE_MEMBER_LIST_H
#include "store/store.h"

#include "base/buf.h"

enum {
    MEMBER_LIST_BYTES = STORE_MEMBERS * (8 + 1 + STORE_MAX_MEMBER)
};

/* The list with this member in its place (once, with its new number). A full one loses its first: the oldest. */
void member_list_add(struct buf *to, struct slice list, const struct store_member *member);
void member_list_cut(struct buf *to, struct slice list, const struct slice *names, size_t count);
void member_list_read(struct arena *a, struct slice list, struct store_members *ret_members);

#endif
