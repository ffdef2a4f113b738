/* keys_tables.h -- the tables keys.c puts together; for the files of tables only. */
#ifndef CONFIG_KEYS_TABLES_H
#define CONFIG_KEYS_TABLES_H
#include "config/keys.h"

#define KEY_ROWS(rows)                           \
    {                                            \
        (rows), sizeof(rows) / sizeof((rows)[0]) \
    }
/* At file scope: a table that lives for ever. */
#define KEY_TABLE(rows) (&(const struct key_table)KEY_ROWS(rows))

extern const struct key_table keys_provider_table, keys_access_table, keys_bearer_table, keys_limits_table,
    keys_local_table;
extern const struct key_table keys_provider_claims;
extern const struct key_table keys_server_table, keys_server_listener, keys_server_log, keys_server_metrics;

#endif
