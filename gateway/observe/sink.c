/* sink.c -- writes never block for long: poll first, and to a pipe no more at once than it promises to take whole. */
#include "observe/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/now.h"

enum {
    FILE_CHUNK = 256 * 1024
};

static int open_fd(const char *file)
{
    if (file == NULL) return fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    const int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK; /* a FIFO without a reader */
    return open(file, flags, 0640);
}

static void take_fd(struct sink *s, int fd)
{
    struct stat about;
    s->fd = fd;
    s->is_regular = fstat(fd, &about) == 0 && S_ISREG(about.st_mode);
}

/* Libraries write to number 2 whatever it is: it must not become a visitor's connection. */
static void hold_stderr(void)
{
    int fd = open("/dev/null", O_WRONLY | O_NOCTTY);
    if (fd < 0 || fd == STDERR_FILENO) return;
    dup2(fd, STDERR_FILENO);
    close(fd);
}

const struct err *sink_open(struct arena *a, struct sink *s, const char *file, size_t max_bytes)
{
    int fd = open_fd(file);
    if (fd < 0 && file != NULL)
        return err_new(a, PROBLEM_CONFIG, "log file %s cannot be opened: %s", file, strerrordesc_np(errno));
    *s = (struct sink){.file = file, .fd = -1, .waiting = buf_open(max_bytes)};
    if (fd >= 0) {
        take_fd(s, fd);
    } else {
        hold_stderr();
    }
    return NULL;
}

/* Back to the beginning of the line that was cut by a failed write. */
static size_t line_start(const struct sink *s)
{
    size_t at = s->written;
    while (at > 0 && s->waiting.at[at - 1] != '\n') {
        at--;
    }
    return at;
}

bool sink_reopen(struct sink *s)
{
    if (s->file == NULL) return true;
    int fd = open_fd(s->file);
    if (fd < 0) return false;
    if (s->fd >= 0) close(s->fd);
    take_fd(s, fd);
    s->written = line_start(s);
    return true;
}

/* The most that may be written without blocking, ending in a line if one ends there. */
static size_t chunk_len(const struct sink *s)
{
    size_t left = s->waiting.len - s->written, most = s->is_regular ? FILE_CHUNK : PIPE_BUF;
    if (left <= most) return left;
    const char *from = s->waiting.at + s->written, *end = memrchr(from, '\n', most);
    return end != NULL ? (size_t)(end - from) + 1 : most;
}

static bool may_recover(int error)
{
    return error == EAGAIN || error == EINTR || error == ENOSPC || error == EDQUOT || error == EIO || error == EFBIG;
}

static enum sink_state give_up(struct sink *s)
{
    for (size_t i = line_start(s); i < s->waiting.len; i++) {
        s->lost += s->waiting.at[i] == '\n';
    }
    buf_clear(&s->waiting);
    s->written = 0;
    return SINK_GONE;
}

static bool is_ready(const struct sink *s, int64_t deadline)
{
    struct pollfd p = {.fd = s->fd, .events = POLLOUT};
    int64_t left = deadline - now_ms();
    return poll(&p, 1, left > 0 ? (int)left : 0) == 1;
}

enum sink_state sink_write(struct sink *s, int wait_ms)
{
    int64_t deadline = now_ms() + wait_ms;
    if (s->fd < 0) return give_up(s);
    while (s->written < s->waiting.len) {
        if (!is_ready(s, deadline)) return SINK_BUSY;
        ssize_t n = write(s->fd, s->waiting.at + s->written, chunk_len(s));
        if (n < 0) return may_recover(errno) ? SINK_LATER : give_up(s);
        s->written += (size_t)n;
    }
    buf_clear(&s->waiting);
    s->written = 0;
    return SINK_EMPTY;
}

void sink_close(struct sink *s)
{
    if (s->fd >= 0) close(s->fd);
    s->fd = -1;
    buf_close(&s->waiting);
}
