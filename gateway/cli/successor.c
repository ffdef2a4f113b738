#include "cli/successor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/now.h"

extern char **environ;

/* The environment of the child: ours, with two names of its own. */
static char **child_environment(struct arena *a, const char *sockets, int ready_fd)
{
    size_t count = 0, kept = 0;
    while (environ[count] != NULL) {
        count++;
    }
    char **to = arena_array(a, char *, count + 3);
    for (size_t i = 0; i < count; i++) {
        struct slice v = slice_of(environ[i]);
        if (slice_starts(v, LIT("VESTIBULE_LISTEN_FDS=")) || slice_starts(v, LIT("VESTIBULE_READY_FD="))) continue;
        if (slice_starts(v, LIT("WATCHDOG_PID=")) || slice_starts(v, LIT("LISTEN_"))) continue;
        to[kept++] = environ[i];
    }
    to[kept++] = (char *)(uintptr_t)arena_print(a, "VESTIBULE_LISTEN_FDS=%s", sockets).at;
    to[kept++] = (char *)(uintptr_t)arena_print(a, "VESTIBULE_READY_FD=%d", ready_fd).at;
    return to;
}

const struct err *successor_start(struct arena *a, struct server *s, const char *exe, char *const *argv,
                                  struct successor *ret_successor)
{
    int pipe_fd[2];
    const char *sockets = server_handover(s, a);
    if (pipe2(pipe_fd, O_NONBLOCK) != 0) {
        server_handover_failed(s);
        return err_new(a, PROBLEM_INTERNAL, "no pipe for the new process: %s", strerror(errno));
    }
    fcntl(pipe_fd[0], F_SETFD, FD_CLOEXEC);
    char **env = child_environment(a, sockets, pipe_fd[1]);
    pid_t pid = fork();
    if (pid == 0) {
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        execve(exe, argv, env);
        _exit(127);
    }
    close(pipe_fd[1]);
    server_handover_made(s);
    if (pid < 0) {
        server_handover_failed(s);
        close(pipe_fd[0]);
        return err_new(a, PROBLEM_INTERNAL, "the new process cannot be made: %s", strerror(errno));
    }
    *ret_successor = (struct successor){pid, pipe_fd[0], now_ms() + SUCCESSOR_MS};
    return NULL;
}

enum successor_state successor_look(struct successor *one, struct server *s)
{
    char byte;
    if (one->pid == 0) return SUCCESSOR_NONE;
    ssize_t n = read(one->ready_fd, &byte, 1);
    bool silent = n < 0 && (errno == EAGAIN || errno == EINTR);
    if (silent && now_ms() < one->give_up_at_ms) return SUCCESSOR_STARTING;
    close(one->ready_fd);
    pid_t pid = one->pid;
    *one = (struct successor){.ready_fd = -1};
    if (n == 1) return SUCCESSOR_SERVING;
    kill(pid, SIGKILL); /* its end of the pipe is closed, so it has ended or is about to; or its time is over */
    waitpid(pid, NULL, 0);
    server_handover_failed(s);
    return SUCCESSOR_FAILED;
}

void successor_announce(void)
{
    const char *text = getenv("VESTIBULE_READY_FD");
    uint64_t fd;
    if (text == NULL || !slice_number(slice_of(text), &fd) || fd < 3 || fd > 1 << 20) return;
    (void)!write((int)fd, "1", 1);
    close((int)fd);
    unsetenv("VESTIBULE_READY_FD");
}
