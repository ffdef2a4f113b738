#include "store/resp.h"

#include <pthread.h>

#include <hiredis/hiredis.h>
#include <hiredis/read.h>

enum {
    WORDS_MAX = 8,         /* SET key value PX ttl NX is six */
    FEED_BYTES = 16 * 1024 /* the limit on a reply is looked at after so many */
};

#if HIREDIS_MAJOR >= 1
typedef size_t array_count;
#else
typedef int array_count;
#endif

struct resp_reader {
    redisReader *native;
    size_t unfinished; /* bytes fed since a reply was complete */
};

/* ---- commands */

bool resp_command(struct buf *to, const struct slice *words, size_t count)
{
    const char *at[WORDS_MAX];
    size_t len[WORDS_MAX];
    must(count > 0 && count <= WORDS_MAX);
    for (size_t i = 0; i < count; i++) {
        at[i] = words[i].len != 0 ? words[i].at : "";
        len[i] = words[i].len;
    }
    char *command = NULL;
    long long bytes = redisFormatCommandArgv(&command, (int)count, at, len);
    must(bytes > 0);
    char *place = buf_room(to, (size_t)bytes);
    if (place != NULL) {
        memcpy(place, command, (size_t)bytes);
        to->len += (size_t)bytes;
    }
    to->full = false; /* nothing was added: what is inside is whole commands */
    redisFreeCommand(command);
    return place != NULL;
}

/* ---- replies: hiredis' own objects, with the sizes judged before they are made */

static redisReplyObjectFunctions theirs;

static void *judged_array(const redisReadTask *task, array_count count)
{
    int depth = 1;
    for (const redisReadTask *above = task->parent; above != NULL; above = above->parent) {
        depth++;
    }
    if (depth > RESP_MAX_DEPTH || (unsigned long long)count > RESP_MAX_ITEMS) return NULL;
    return theirs.createArray(task, count);
}

/* hiredis skips the two bytes behind a text without looking; they are in its buffer by then. */
static void *judged_text(const redisReadTask *task, char *text, size_t len)
{
    if (text[len] != '\r' || text[len + 1] != '\n') return NULL;
    return theirs.createString(task, text, len);
}

/* hiredis makes the same of `$-1` and `*-1`; a nil where a list belongs is told by `integer`. */
static void *marked_nil(const redisReadTask *task)
{
    redisReply *r = theirs.createNil(task);
    if (r != NULL) r->integer = task->type == REDIS_REPLY_ARRAY;
    return r;
}

static redisReplyObjectFunctions ours;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make_ours(void)
{
    redisReader *sample = redisReaderCreate();
    must(sample != NULL);
    theirs = *sample->fn;
    redisReaderFree(sample);
    ours = theirs;
    ours.createString = judged_text;
    ours.createArray = judged_array;
    ours.createNil = marked_nil;
}

struct resp_reader *resp_open(void)
{
    pthread_once(&once, make_ours);
    struct resp_reader *r = must_alloc(sizeof *r);
    r->native = redisReaderCreate();
    must(r->native != NULL);
    r->native->fn = &ours;
    return r;
}

void resp_close(struct resp_reader *r)
{
    if (r == NULL) return;
    redisReaderFree(r->native);
    free(r);
}

/* false: a kind RESP2 does not have. */
static bool translate(const redisReply *native, struct resp_reply *ret_reply)
{
    struct resp_reply r = {.native_ = native};
    switch (native->type) {
    case REDIS_REPLY_STRING: r.type = RESP_BULK; break;
    case REDIS_REPLY_STATUS: r.type = RESP_STATUS; break;
    case REDIS_REPLY_ERROR: r.type = RESP_ERROR; break;
    case REDIS_REPLY_NIL: r.type = native->integer != 0 ? RESP_NIL_ARRAY : RESP_NIL; break;
    case REDIS_REPLY_INTEGER:
        r.type = RESP_INTEGER;
        r.integer = native->integer;
        break;
    case REDIS_REPLY_ARRAY:
        r.type = RESP_ARRAY;
        r.count = native->elements;
        break;
    default: return false;
    }
    if (r.type == RESP_BULK || r.type == RESP_STATUS || r.type == RESP_ERROR) {
        r.text = (struct slice){native->str, (size_t)native->len};
    }
    *ret_reply = r;
    return true;
}

struct resp_reply resp_item(const struct resp_reply *array, size_t i)
{
    must(array->type == RESP_ARRAY && i < array->count);
    const redisReply *native = array->native_;
    struct resp_reply item;
    if (translate(native->element[i], &item)) return item;
    return (struct resp_reply){.type = RESP_ERROR, .text = LIT("a kind of reply we do not know")};
}

bool resp_says(const struct resp_reply *r, enum resp_type type, struct slice text)
{
    return r->type == type && slice_is(r->text, text);
}

struct slice resp_error_text(const struct resp_reply *r)
{
    enum {
        TELLING = 100
    };
    struct slice text = slice_upto(r->text, TELLING);
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        if (c == ',' || c == '`' || c == '\'' || c == '"') return slice_upto(text, i);
    }
    return text;
}

static const char *drain(struct resp_reader *r, const char *(*each)(void *self, const struct resp_reply *reply),
                         void *self)
{
    for (;;) {
        void *native = NULL;
        if (redisReaderGetReply(r->native, &native) != REDIS_OK) return "bytes that are no reply";
        if (native == NULL) return NULL;
        r->unfinished = 0;
        struct resp_reply reply;
        const char *why = "a kind of reply we do not know";
        if (translate(native, &reply)) why = each(self, &reply);
        freeReplyObject(native);
        if (why != NULL) return why;
    }
}

const char *resp_feed(struct resp_reader *r, struct slice bytes,
                      const char *(*each)(void *self, const struct resp_reply *reply), void *self)
{
    while (bytes.len != 0) {
        struct slice piece = slice_upto(bytes, FEED_BYTES);
        bytes = slice_from(bytes, piece.len);
        r->unfinished += piece.len;
        if (redisReaderFeed(r->native, piece.at, piece.len) != REDIS_OK) return "bytes that are no reply";
        const char *why = drain(r, each, self);
        if (why != NULL) return why;
        if (r->unfinished > RESP_MAX_BYTES) return "a reply longer than any of ours can be";
    }
    return NULL;
}
