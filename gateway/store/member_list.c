#include "store/member_list.h"

enum {
    HEAD = 8 + 1
};

static void write_member(struct buf *to, const struct store_member *m)
{
    for (int i = 7; i >= 0; i--) {
        buf_byte(to, (char)(unsigned char)((uint64_t)m->order >> (8 * i)));
    }
    buf_byte(to, (char)(unsigned char)m->name.len);
    buf_add(to, m->name);
}

/* The first of the rest; false: that was all. The name lends from the list. */
static bool next_member(struct slice *rest, struct store_member *ret)
{
    if (rest->len < HEAD) return false;
    uint64_t order = 0;
    for (int i = 0; i < 8; i++) {
        order = order << 8 | (unsigned char)rest->at[i];
    }
    size_t len = (unsigned char)rest->at[8];
    must(len <= rest->len - HEAD);
    *ret = (struct store_member){slice_upto(slice_from(*rest, HEAD), len), (int64_t)order};
    *rest = slice_from(*rest, HEAD + len);
    return true;
}

static size_t count_of(struct slice list)
{
    struct store_member m;
    size_t count = 0;
    while (next_member(&list, &m)) {
        count++;
    }
    return count;
}

void member_list_add(struct buf *to, struct slice list, const struct store_member *member)
{
    struct store_member m;
    bool written = false;
    if (count_of(list) >= STORE_MEMBERS) must(next_member(&list, &m));
    while (next_member(&list, &m)) {
        if (slice_is(m.name, member->name)) continue;
        if (!written && m.order > member->order) {
            write_member(to, member);
            written = true;
        }
        write_member(to, &m);
    }
    if (!written) write_member(to, member);
    must(!to->full);
}

void member_list_cut(struct buf *to, struct slice list, const struct slice *names, size_t count)
{
    struct store_member m;
    while (next_member(&list, &m)) {
        size_t i = 0;
        while (i < count && !slice_is(names[i], m.name)) {
            i++;
        }
        if (i == count) write_member(to, &m);
    }
}

void member_list_read(struct arena *a, struct slice list, struct store_members *ret_members)
{
    struct slice bytes = arena_copy(a, list);
    size_t room = count_of(bytes);
    struct store_members all = {arena_array(a, struct store_member, room), 0};
    while (next_member(&bytes, &all.at[all.count])) {
        all.count++;
        if (all.count == room) break;
    }
    *ret_members = all;
}
