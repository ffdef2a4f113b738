/* process.c -- read from /proc at each scrape; what cannot be read is left out. */
#include "observe/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "observe/metrics.h"
#include "text/utf8.h"

#include "base/now.h"

static struct slice built_from[3]; /* revision, openssl, h2o */

void metrics_build(struct slice revision, struct slice openssl, struct slice h2o)
{
    built_from[0] = revision;
    built_from[1] = openssl;
    built_from[2] = h2o;
}

void process_heading(struct buf *to, const char *name, const char *help, const char *kind)
{
    buf_print(to, "# HELP %s ", name);
    for (const char *c = help != NULL ? help : ""; *c != '\0'; c++) {
        if (*c == '\n' || *c == '\\') buf_byte(to, '\\');
        buf_byte(to, *c == '\n' ? 'n' : *c);
    }
    buf_print(to, "\n# TYPE %s %s\n", name, kind);
}

void process_label(struct buf *to, const char *name, struct slice value)
{
    struct slice bytes;
    uint32_t c;
    buf_print(to, "%s=\"", name);
    while (utf8_next(&value, &c, &bytes)) {
        if (c == '\n') {
            buf_add(to, LIT("\\n"));
            continue;
        }
        if (c == '"' || c == '\\') buf_byte(to, '\\');
        bool odd = utf8_is_control(c) || (c == UTF8_REPLACEMENT && bytes.len == 1);
        buf_add(to, odd ? LIT("\xEF\xBF\xBD") : bytes);
    }
    buf_byte(to, '"');
}

static void put_gauge(struct buf *to, const char *name, const char *help, int64_t value)
{
    process_heading(to, name, help, "gauge");
    buf_print(to, "%s %lld\n", name, (long long)value);
}

static void put_cpu(struct buf *to)
{
    struct rusage use;
    if (getrusage(RUSAGE_SELF, &use) != 0) return;
    int64_t us =
        (int64_t)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1000000 + use.ru_utime.tv_usec + use.ru_stime.tv_usec;
    process_heading(to, "process_cpu_seconds_total", "User and system CPU time.", "counter");
    buf_print(to, "process_cpu_seconds_total %lld.%06lld\n", (long long)(us / 1000000), (long long)(us % 1000000));
}

/* The n-th number (from 0) of a short file of blank-separated words; -1 if it is not there. */
static int64_t proc_number(const char *file, size_t n)
{
    char text[1024];
    uint64_t number = 0;
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -1;
    ssize_t len = read(fd, text, sizeof text);
    close(fd);
    struct slice rest = {text, len > 0 ? (size_t)len : 0}, word = {NULL, 0};
    size_t name_end = slice_index(rest, ')'); /* of stat: behind the process's own name */
    if (name_end != SLICE_NONE) rest = slice_from(rest, name_end + 2);
    for (size_t i = 0; i <= n; i++) {
        if (!slice_cut(&rest, ' ', &word)) return -1;
    }
    return slice_number(word, &number) ? (int64_t)number : -1;
}

static void put_memory(struct buf *to)
{
    int64_t page = sysconf(_SC_PAGESIZE), size = proc_number("/proc/self/statm", 0);
    int64_t resident = proc_number("/proc/self/statm", 1);
    if (size < 0 || resident < 0) return;
    put_gauge(to, "process_virtual_memory_bytes", "Virtual memory size.", size * page);
    put_gauge(to, "process_resident_memory_bytes", "Resident memory size.", resident * page);
}

static void put_files(struct buf *to)
{
    struct rlimit limit;
    DIR *folder = opendir("/proc/self/fd");
    if (folder != NULL) {
        int64_t count = -3; /* ".", ".." and the folder itself */
        while (readdir(folder) != NULL) {
            count++;
        }
        closedir(folder);
        put_gauge(to, "process_open_fds", "Open file descriptors.", count);
    }
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        put_gauge(to, "process_max_fds", "How many file descriptors may be open.",
                  limit.rlim_cur == RLIM_INFINITY ? -1 : (int64_t)limit.rlim_cur);
}

/* When this process began: ticks since boot in its stat, and what the boot clock says now. */
static int64_t start_s(void)
{
    enum {
        START_FIELD = 19
    }; /* of stat, counted behind the name */
    struct timespec boot;
    int64_t ticks = proc_number("/proc/self/stat", START_FIELD), per_second = sysconf(_SC_CLK_TCK);
    if (ticks < 0 || per_second <= 0 || clock_gettime(CLOCK_BOOTTIME, &boot) != 0) return now_s();
    return now_s() - (boot.tv_sec - ticks / per_second);
}

static void put_start(struct buf *to)
{
    static _Atomic int64_t known; /* asked once, or it would move by a second now and then */
    if (known == 0) known = start_s();
    put_gauge(to, "process_start_time_seconds", "Start of the process since the Unix epoch.", known);
    put_gauge(to, "vestibule_start_time_seconds", "Start of vestibule since the Unix epoch.", known);
}

static void put_build(struct buf *to)
{
    static const char *const names[] = {"revision", "openssl", "h2o"};
    process_heading(to, "vestibule_build_info", "What is running; always 1.", "gauge");
    buf_print(to, "vestibule_build_info{");
    process_label(to, "version", LIT(VESTIBULE_VERSION));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        buf_byte(to, ',');
        process_label(to, names[i], built_from[i]);
    }
    buf_print(to, "} 1\n");
}

void process_write(struct buf *to)
{
    put_cpu(to);
    put_memory(to);
    put_files(to);
    put_start(to);
    put_build(to);
}
