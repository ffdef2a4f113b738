#include "page/assets.h"

struct slice assets_hash(struct arena *a, struct slice body)
{
    uint64_t hash = 0xcbf29ce484222325U;
    for (size_t i = 0; i < body.len; i++)
        hash = (hash ^ (unsigned char)body.at[i]) * 0x100000001b3U;
    return arena_print(a, "%016llx", (unsigned long long)hash);
}

void assets_add(struct assets *s, struct slice name, struct slice type, struct slice body)
{
    struct asset_row *row = arena_new(s->arena, struct asset_row);
    struct slice hash = assets_hash(s->arena, body);
    *row = (struct asset_row){
        .name = name, .asset = {.type = type, .body = body},
             .next = s->first
    };
    row->path = arena_print(s->arena, "%.*s/%.*s", SLICE_ARG(hash), SLICE_ARG(name));
    row->url = arena_print(s->arena, "%.*s/assets/%.*s", SLICE_ARG(s->prefix), SLICE_ARG(row->path));
    s->first = row;
}

const struct asset_row *assets_by_name(const struct assets *s, struct slice name)
{
    for (const struct asset_row *row = s->first; row != NULL; row = row->next) {
        if (slice_is(row->name, name)) return row;
    }
    return NULL;
}

const struct asset_row *assets_by_path(const struct assets *s, struct slice path)
{
    for (const struct asset_row *row = s->first; row != NULL; row = row->next) {
        if (slice_is(row->path, path)) return row;
    }
    return NULL;
}
