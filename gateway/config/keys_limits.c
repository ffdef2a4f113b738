/* keys_limits.c -- how often somebody may try: rate_limit; and who may with a password of ours: local_users. */
#include "config/keys_tables.h"

static const struct key limits[] = {
    {.name = "sign_in",
     .type = KEY_TEXT,
     .fallback = "30/1m",
     .meaning =
         "sign-ins begun, and passwords shown, by one address (IPv6: one /64): how many in how long a time, or none. People who share "
         "an address share the limit: raise it for large offices, and name the proxies in front in trusted_proxies"},
    {.name = "callback", .type = KEY_TEXT, .fallback = "30/1m", .meaning = "returns from providers, by one address"},
    {.name = "auth_failures",
     .type = KEY_TEXT,
     .fallback = "60/1m",
     .meaning =
         "sign-ins, passwords, access tokens and logouts told of that failed, by one address: then nothing more is looked at for a while. Who is signed "
         "in is never asked to wait"},
    {.name = "provider",
     .type = KEY_TEXT,
     .fallback = "none",
     .example = "600/1m",
     .meaning =
         "sign-ins begun by one provider, by everybody: for providers that allow so many. Whoever begins many can use it up"},
};
const struct key_table keys_limits_table = KEY_ROWS(limits);

static const struct key local[] = {
    {.name = "file",
     .type = KEY_FILE,
     .required = true,
     .example = "local_users",
     .meaning =
         "lines NAME:HASH with bcrypt hashes, as vestibule hash and htpasswd -B write them; read again at a reload. Who is taken out "
         "of it, or gets another password, is signed out"},
    {.name = "groups",
     .type = KEY_LIST,
     .of = KEY_TEXT,
     .example = "[break-glass]",
     .meaning = "groups of everybody in it; rules name single ones as local/NAME under users"},
};
const struct key_table keys_local_table = KEY_ROWS(local);
