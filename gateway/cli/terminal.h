/* terminal.h -- what a person types: a line, or one that the screen does not show. From standard input, which may be a file all the same. */
#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H
#include "crypto/secret.h"

enum {
    TERMINAL_LINE_MAX = 512
};

/* Up to a newline, which is not part of it; read byte by byte, so that what follows stays for whoever reads next. False: nothing came, or too
 * much. Wiped with a. */
bool terminal_line(struct arena *a, struct secret *ret_line);
/* The same, unseen, after "PROMPT: " on standard error; without a terminal nothing is asked, only read. */
bool terminal_unseen(struct arena *a, const char *prompt, struct secret *ret_typed);

#endif
