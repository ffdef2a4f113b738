/* private_file.c -- open, look at the mode of what was opened, read: in this order, so that nobody can swap the file. */
#include "crypto/private_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct err *cannot(struct arena *a, const char *verb, const char *path)
{
    return err_new(a, PROBLEM_CONFIG, "cannot %s %s: %s", verb, path, strerror(errno));
}

static const struct err *judge(struct arena *a, const char *path, const struct stat *s, size_t max)
{
    unsigned mode = s->st_mode & 0777u;
    if (!S_ISREG(s->st_mode)) return err_new(a, PROBLEM_CONFIG, "%s is not a plain file", path);
    if ((mode & (S_IRWXO | S_IWGRP)) != 0)
        return err_new(a, PROBLEM_CONFIG,
                       "%s holds a secret and has mode %04o, so others may use it; run: chmod 600 %s", path, mode,
                       path);
    if (s->st_size <= 0) return err_new(a, PROBLEM_CONFIG, "%s is empty", path);
    if ((uint64_t)s->st_size > max) return err_new(a, PROBLEM_CONFIG, "%s is longer than %zu bytes", path, max);
    return NULL;
}

static const struct err *read_all(struct arena *a, int fd, const char *path, char *to, size_t len)
{
    size_t done = 0;
    while (done < len) {
        ssize_t n = read(fd, to + done, len - done);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return cannot(a, "read", path);
        if (n == 0) return err_new(a, PROBLEM_CONFIG, "%s became shorter while it was read", path);
        done += (size_t)n;
    }
    return NULL;
}

const struct err *private_file_read(struct arena *a, const char *path, size_t max_bytes, struct secret *ret_content)
{
    struct stat s;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not hold us up */
    if (fd < 0) return cannot(a, "open", path);
    const struct err *why = fstat(fd, &s) == 0 ? judge(a, path, &s, max_bytes) : cannot(a, "look at", path);
    if (why != NULL) {
        close(fd);
        return why;
    }
    struct secret content = {must_alloc((size_t)s.st_size), (size_t)s.st_size};
    why = read_all(a, fd, path, (char *)content.at_, content.len_);
    close(fd);
    if (why == NULL) *ret_content = secret_in(a, secret_reveal(content));
    secret_close(&content);
    return why;
}
