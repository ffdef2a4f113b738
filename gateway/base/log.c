#include "base/log.h"

#include <stdatomic.h>
#include <stdio.h>

/* Until observe/ takes over (and in unit tests): one plain line, text from outside with every odd byte as a dot. */
static void plain_writer(enum log_level level, const char *event, const char *sentence, const struct err *why,
                         const struct log_field *fields, size_t count)
{
    static const char *const words[] = {"debug", "info", "warn", "error"};
    char line[2048];
    size_t at = 0;
    int n = snprintf(line, sizeof line, "%s %s %s", words[level], event, sentence);
    if (n > 0) at = (size_t)n < sizeof line ? (size_t)n : sizeof line - 1;
    for (size_t i = 0; i < count && at < sizeof line - 1; i++) {
        n = snprintf(line + at, sizeof line - at, " %s=%.*s", fields[i].name, SLICE_ARG(fields[i].value));
        if (n > 0) at += (size_t)n < sizeof line - at ? (size_t)n : sizeof line - at - 1;
    }
    for (; why != NULL && at < sizeof line - 1; why = why->cause) {
        n = snprintf(line + at, sizeof line - at, " (%s:%d %.*s)", why->file, why->line, SLICE_ARG(why->text));
        if (n > 0) at += (size_t)n < sizeof line - at ? (size_t)n : sizeof line - at - 1;
    }
    for (size_t i = 0; i < at; i++) {
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f) line[i] = '.';
    }
    fprintf(stderr, "%.*s\n", (int)at, line);
}

static log_writer *writer_now = plain_writer;
static _Atomic int least_now = LOG_LEVEL_INFO;

void log_event(enum log_level level, const char *event, const char *sentence, const struct err *why,
               const struct log_field *fields, size_t count)
{
    if ((int)level < atomic_load_explicit(&least_now, memory_order_relaxed)) return;
    writer_now(level, event, sentence, why, fields, count);
}

void log_to(log_writer *writer)
{
    writer_now = writer != NULL ? writer : plain_writer;
}

void log_threshold(enum log_level least)
{
    atomic_store_explicit(&least_now, (int)least, memory_order_relaxed);
}
