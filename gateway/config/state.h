/* state.h -- the folder where the gateway keeps what it makes for itself: 0700, files 0600, written whole or not at all. */
#ifndef CONFIG_STATE_H
#define CONFIG_STATE_H
#include "base/err.h"

/* $STATE_DIRECTORY as systemd gives it (the first of a list), or /var/lib/vestibule when empty. */
const char *state_folder(struct arena *a, struct slice state_directory);
const struct err *state_make_folder(struct arena *a, const char *folder); /* fine if it is there */
/* A file with 32 random bytes in base64url. Two processes that start together end up with the same one. */
const struct err *state_make_secret(struct arena *a, const char *folder, const char *name);

#endif
