/* state.c -- see state.h. A secret is written to a file of its own, then linked to its name: link fails if somebody was faster. */
#include "config/state.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/random.h"

enum {
    SECRET_BYTES = 32
};

const char *state_folder(struct arena *a, struct slice state_directory)
{
    struct slice first = {NULL, 0};
    slice_cut(&state_directory, ':', &first);
    return first.len != 0 ? arena_text(a, first) : "/var/lib/vestibule";
}

const struct err *state_make_folder(struct arena *a, const char *folder)
{
    if (mkdir(folder, 0700) == 0 || errno == EEXIST) return NULL;
    return err_new(a, PROBLEM_CONFIG, "cannot make the state folder %s: %s; another one is named by STATE_DIRECTORY",
                   folder, strerror(errno));
}

static bool write_whole(int fd, struct slice text)
{
    while (text.len > 0) {
        ssize_t n = write(fd, text.at, text.len);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        text = slice_from(text, (size_t)n);
    }
    return fsync(fd) == 0;
}

const struct err *state_make_secret(struct arena *a, const char *folder, const char *name)
{
    const char *path = arena_print(a, "%s/%s", folder, name).at;
    char *draft = arena_bytes(a, strlen(path) + 16);
    const struct err *e = state_make_folder(a, folder);
    if (e != NULL) return e;
    snprintf(draft, strlen(path) + 16, "%s.XXXXXX", path);
    int fd = mkostemp(draft, O_CLOEXEC); /* 0600 */
    if (fd < 0) return err_new(a, PROBLEM_CONFIG, "cannot write into %s: %s", folder, strerror(errno));
    struct slice text = random_text(a, SECRET_BYTES);
    bool fine = write_whole(fd, text) && write_whole(fd, LIT("\n"));
    int why = errno;
    if (close(fd) != 0) fine = false;
    if (fine && link(draft, path) != 0) {
        fine = errno == EEXIST;
        why = errno;
    }
    unlink(draft);
    if (!fine) return err_new(a, PROBLEM_CONFIG, "cannot write %s: %s", path, strerror(why));
    return NULL;
}
