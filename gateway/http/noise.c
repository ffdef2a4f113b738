/* What libh2o prints to stderr by itself: parts of it come from clients, without limit. It goes on to descriptor 2 cleaned of control
 * bytes and held to a few lines a second. glibc lets a program give itself another stderr; a broken `must` always gets through. */
#include <stdio.h>
#include <unistd.h>

#include "http/server_int.h"

#include "base/now.h"

enum {
    NOISE_PER_SECOND = 20,
    NOISE_LINE_BYTES = 512
};

static ssize_t pass(void *unused, const char *bytes, size_t len)
{
    static _Atomic int64_t second;
    static _Atomic int count;
    char line[NOISE_LINE_BYTES];
    (void)unused;
    int64_t now = now_ms() / 1000;
    if (atomic_exchange(&second, now) != now) atomic_store(&count, 0);
    bool ours = len > 6 && memcmp(bytes, "must: ", 6) == 0;
    if (atomic_fetch_add(&count, 1) >= NOISE_PER_SECOND && !ours) return (ssize_t)len;
    size_t n = len < sizeof line ? len : sizeof line;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)bytes[i];
        line[i] = (c < 0x20 && c != '\n') || c == 0x7f ? '.' : bytes[i];
    }
    if (n < len) line[n - 1] = '\n';
    if (write(STDERR_FILENO, line, n) < 0) return (ssize_t)len; /* nowhere to complain */
    return (ssize_t)len;
}

void noise_capture(void)
{
    static bool captured;
    static char buffer[NOISE_LINE_BYTES];
    if (captured) return;
    FILE *file = fopencookie(NULL, "w", (cookie_io_functions_t){.write = pass});
    if (file == NULL) return;
    (void)setvbuf(file, buffer, _IOLBF, sizeof buffer);
    stderr = file;
    captured = true;
}
