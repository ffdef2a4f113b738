/* tree.h -- small changes to document trees while a configuration is put together: members added, replaced, merged. */
#ifndef CONFIG_TREE_H
#define CONFIG_TREE_H
#include "config/keys.h"
#include "text/doc.h"

struct doc *tree_member(struct doc *map, struct slice key); /* NULL if absent */
struct doc *tree_map(struct arena *a, const char *file);    /* an empty map without a place */
struct doc *tree_scalar(struct arena *a, const char *file, struct slice text);
void tree_set(struct doc *map, struct slice key,
              struct doc *value);                     /* takes; replaces a member of that name in its place */
void tree_append(struct doc *list, struct doc *item); /* takes */

/* Lays `over` upon `under`, by the tables: maps key by key, lists whose items all have an id by id, all else replaced. Takes both. */
struct doc *tree_merge(struct doc *under, struct doc *over, const struct key_table *by);
/* The id of an item: its member id, else use; empty if neither. */
struct slice tree_id(const struct doc *item);

#endif
