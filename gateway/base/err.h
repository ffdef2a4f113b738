/* err.h -- an error is one pointer: NULL is success.
 *
 * The problem (base/problem.h) decides what the visitor sees; the text is for the operator and may name what went
 * wrong in plain words, never a secret; file and line are for the developer; the cause is the error underneath. It lives in
 * an arena, so nobody frees it and telling it cannot fail.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H
#include "base/arena.h"
#include "base/problem.h"

struct err {
    enum problem problem;
    struct slice text;
    const char *file;
    int line;
    const struct err *cause;
};

/* Gives an err that lives in a. err_over keeps the problem of its cause. */
#define err_new(a, problem, ...) err_make((a), (problem), NULL, __FILE__, __LINE__, __VA_ARGS__)
#define err_over(a, cause, ...)  err_make((a), (cause)->problem, (cause), __FILE__, __LINE__, __VA_ARGS__)
/* Same with another problem than the cause's: what was a broken answer below may be "provider away" above. */
#define err_as(a, problem, cause, ...) err_make((a), (problem), (cause), __FILE__, __LINE__, __VA_ARGS__)

const struct err *err_make(struct arena *a, enum problem problem, const struct err *cause, const char *file, int line,
                           const char *format, ...) PRINTF(6, 7);

/* "id_token of 812 bytes: signature does not match": the texts from the top down, for the operator. */
struct slice err_story(struct arena *a, const struct err *e);
/* "verify.c:88 < callback.c:120": the places, for the developer. */
struct slice err_places(struct arena *a, const struct err *e);

#endif
