/* log.h -- the operator's one line with the cause: the `server` stream.
 *
 * Modules up to text, crypto, route, provider and page never log; they return err. Those that live (http, store, fetch, session, login,
 * gate, config, main) log each thing once, at the place that decides. A line is `event` (a stable word to grep for), a
 * sentence, and fields; text from outside goes into fields, where it is escaped (no byte below 0x20, no ESC, valid UTF-8).
 * Lines are handed to one writer: a callback, set once at start by observe/ (default: JSON lines to standard error). The
 * writer never blocks a worker.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H
#include "base/err.h"

enum log_level {
    LOG_LEVEL_DEBUG,
    LOG_LEVEL_INFO,
    LOG_LEVEL_WARN,
    LOG_LEVEL_ERROR
};

struct log_field {
    const char *name;
    struct slice value;
};

/* fields: count of them; the sentence is for people and must be a constant. err may be NULL; its story and places are added. */
void log_event(enum log_level level, const char *event, const char *sentence, const struct err *why,
               const struct log_field *fields, size_t count);
#define LOG(level, event, sentence, why, ...)                                               \
    log_event((level), (event), (sentence), (why), (const struct log_field[]){__VA_ARGS__}, \
              sizeof((const struct log_field[]){__VA_ARGS__}) / sizeof(struct log_field))
#define LOG_PLAIN(level, event, sentence, why) log_event((level), (event), (sentence), (why), NULL, 0)

typedef void log_writer(enum log_level level, const char *event, const char *sentence, const struct err *why,
                        const struct log_field *fields, size_t count);
/* Before threads start. */
void log_to(log_writer *writer);
void log_threshold(enum log_level least);

#endif
