#include "cli/terminal.h"

#include <errno.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

bool terminal_line(struct arena *a, struct secret *ret_line)
{
    char room[TERMINAL_LINE_MAX];
    size_t len = 0;
    ssize_t n;
    while ((n = read(STDIN_FILENO, room + len, 1)) != 0) {
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 || room[len] == '\n') break;
        if (++len == sizeof room) break;
    }
    if (len > 0 && room[len - 1] == '\r') len--;
    bool fine = len > 0 && len < sizeof room;
    if (fine) *ret_line = secret_in(a, (struct slice){room, len});
    explicit_bzero(room, sizeof room);
    return fine;
}

bool terminal_unseen(struct arena *a, const char *prompt, struct secret *ret_typed)
{
    struct termios usual, unseen;
    if (tcgetattr(STDIN_FILENO, &usual) != 0) return terminal_line(a, ret_typed);
    unseen = usual;
    unseen.c_lflag &= (tcflag_t)~ECHO;
    (void)fprintf(stderr, "%s: ", prompt);
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &unseen);
    bool fine = terminal_line(a, ret_typed);
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &usual);
    (void)fputc('\n', stderr);
    return fine;
}
