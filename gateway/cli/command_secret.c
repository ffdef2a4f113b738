/* command_secret.c -- one random secret in base64url on standard output. */
#include "cli/commands.h"
#include "config/value.h"
#include "crypto/random.h"

enum {
    LEAST = 16,
    MOST = 1024,
    USUAL = 32
};

int command_secret(const struct command_line *line)
{
    const char *given = command_value(line, "bytes");
    int64_t bytes = USUAL;
    bool fine = given == NULL || value_integer(slice_of(given), &bytes);
    if (!fine || bytes < LEAST || bytes > MOST) {
        command_say("--bytes is a number from %d to %d", LEAST, MOST);
        return EXIT_USAGE;
    }
    struct arena *a = arena_open(64 * 1024);
    struct slice text = random_text(a, (size_t)bytes);
    printf("%.*s\n", SLICE_ARG(text));
    arena_close(a);
    return EXIT_FINE;
}
