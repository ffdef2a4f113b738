/* Who listens on a port: /proc/net/tcp gives the inode of the socket, /proc/PID/fd the process that holds it. For an error message, so
 * everything that cannot be read is simply not known. */
#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

#include "http/listen_int.h"

static bool find_inode(const char *table, unsigned port, unsigned long *ret_inode)
{
    char line[512];
    bool found = false;
    FILE *file = fopen(table, "re");
    if (file == NULL) return false;
    while (!found && fgets(line, sizeof line, file) != NULL) {
        unsigned its_port, state;
        unsigned long inode;
        int got = sscanf(line, " %*d: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x %*s %*s %*s %*u %*u %lu", &its_port, &state,
                         &inode);
        if (got == 3 && its_port == port && state == 0x0a) {
            *ret_inode = inode;
            found = true;
        }
    }
    (void)fclose(file);
    return found;
}

static bool holds(const char *pid, const char *wanted)
{
    char path[300], target[64];
    bool found = false;
    (void)snprintf(path, sizeof path, "/proc/%s/fd", pid);
    DIR *dir = opendir(path);
    if (dir == NULL) return false;
    for (const struct dirent *d; !found && (d = readdir(dir)) != NULL;) {
        ssize_t n = readlinkat(dirfd(dir), d->d_name, target, sizeof target - 1);
        if (n > 0) {
            target[n] = '\0';
            found = strcmp(target, wanted) == 0;
        }
    }
    (void)closedir(dir);
    return found;
}

static void name_of(const char *pid, char name[32])
{
    char path[300];
    (void)snprintf(path, sizeof path, "/proc/%s/comm", pid);
    FILE *file = fopen(path, "re");
    if (file == NULL || fgets(name, 32, file) == NULL) (void)snprintf(name, 32, "?");
    if (file != NULL) (void)fclose(file);
    name[strcspn(name, "\n")] = '\0';
}

const char *listen_holder(struct arena *a, const struct listener *l)
{
    unsigned long inode;
    char wanted[64], name[32];
    if (l->kind != LISTENER_TCP || (!find_inode("/proc/net/tcp", l->address.port, &inode) &&
                                    !find_inode("/proc/net/tcp6", l->address.port, &inode)))
        return "";
    (void)snprintf(wanted, sizeof wanted, "socket:[%lu]", inode);
    DIR *dir = opendir("/proc");
    const char *text = "";
    if (dir == NULL) return text;
    for (const struct dirent *d; *text == '\0' && (d = readdir(dir)) != NULL;) {
        if (d->d_name[0] < '1' || d->d_name[0] > '9' || !holds(d->d_name, wanted)) continue;
        name_of(d->d_name, name);
        text = arena_print(a, " by %s (pid %s)", name, d->d_name).at;
    }
    (void)closedir(dir);
    return text;
}
