/* curl_library.c -- each function of libcurl that we call, handed on to the loaded library. */
#include "fetch/curl_library.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <curl/curl.h>

#include "base/must.h"

/* the macros check types, then call the functions below */
#undef curl_easy_setopt
#undef curl_easy_getinfo
#undef curl_multi_setopt

enum {
    EXIT_UNAVAILABLE = 69 /* as cli/commands.h has it */
};

/* Values of options are pointers, longs and curl_off_t, all passed alike where these have one size. */
_Static_assert(sizeof(long) == sizeof(void *) && sizeof(curl_off_t) == sizeof(void *), "LP64");

static struct {
    CURLcode (*global_init)(long);
    void (*global_cleanup)(void);
    CURL *(*easy_init)(void);
    CURLcode (*easy_setopt)(CURL *, CURLoption, ...);
    CURLcode (*easy_getinfo)(CURL *, CURLINFO, ...);
    void (*easy_reset)(CURL *);
    void (*easy_cleanup)(CURL *);
    const char *(*easy_strerror)(CURLcode);
    CURLM *(*multi_init)(void);
    CURLMcode (*multi_setopt)(CURLM *, CURLMoption, ...);
    CURLMcode (*multi_add_handle)(CURLM *, CURL *);
    CURLMcode (*multi_remove_handle)(CURLM *, CURL *);
    CURLMcode (*multi_perform)(CURLM *, int *);
    CURLMcode (*multi_poll)(CURLM *, struct curl_waitfd[], unsigned int, int, int *);
    CURLMcode (*multi_wakeup)(CURLM *);
    CURLMsg *(*multi_info_read)(CURLM *, int *);
    CURLMcode (*multi_cleanup)(CURLM *);
    struct curl_slist *(*slist_append)(struct curl_slist *, const char *);
    void (*slist_free_all)(struct curl_slist *);
} curl;

static const struct {
    const char *name;
    void *to;
} functions[] = {
    {"curl_global_init",         (void *)&curl.global_init        },
    {"curl_global_cleanup",      (void *)&curl.global_cleanup     },
    {"curl_easy_init",           (void *)&curl.easy_init          },
    {"curl_easy_setopt",         (void *)&curl.easy_setopt        },
    {"curl_easy_getinfo",        (void *)&curl.easy_getinfo       },
    {"curl_easy_reset",          (void *)&curl.easy_reset         },
    {"curl_easy_cleanup",        (void *)&curl.easy_cleanup       },
    {"curl_easy_strerror",       (void *)&curl.easy_strerror      },
    {"curl_multi_init",          (void *)&curl.multi_init         },
    {"curl_multi_setopt",        (void *)&curl.multi_setopt       },
    {"curl_multi_add_handle",    (void *)&curl.multi_add_handle   },
    {"curl_multi_remove_handle", (void *)&curl.multi_remove_handle},
    {"curl_multi_perform",       (void *)&curl.multi_perform      },
    {"curl_multi_poll",          (void *)&curl.multi_poll         },
    {"curl_multi_wakeup",        (void *)&curl.multi_wakeup       },
    {"curl_multi_info_read",     (void *)&curl.multi_info_read    },
    {"curl_multi_cleanup",       (void *)&curl.multi_cleanup      },
    {"curl_slist_append",        (void *)&curl.slist_append       },
    {"curl_slist_free_all",      (void *)&curl.slist_free_all     },
};

void curl_library_prepare(void)
{
    must(setenv("GNUTLS_NO_IMPLICIT_INIT", "1", 0) == 0);
}

static _Noreturn void give_up(void)
{
    (void)fprintf(stderr, "vestibule: libcurl cannot be used: %s; install it (Debian: libcurl4)\n", dlerror());
    _exit(EXIT_UNAVAILABLE);
}

/* Never unloaded: what came along does not bear it, and the process needs it to its end. */
static void load_once(void)
{
    void *library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) give_up();
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        void *found = dlsym(library, functions[i].name);
        if (found == NULL) give_up();
        *(void **)functions[i].to = found;
    }
}

void curl_library_load(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    must(pthread_once(&once, load_once) == 0);
}

CURLcode curl_global_init(long flags)
{
    return curl.global_init(flags);
}

void curl_global_cleanup(void)
{
    curl.global_cleanup();
}

CURL *curl_easy_init(void)
{
    return curl.easy_init();
}

CURLcode curl_easy_setopt(CURL *easy, CURLoption option, ...)
{
    va_list rest;
    va_start(rest, option);
    void *value = va_arg(rest, void *);
    va_end(rest);
    return curl.easy_setopt(easy, option, value);
}

CURLcode curl_easy_getinfo(CURL *easy, CURLINFO info, ...)
{
    va_list rest;
    va_start(rest, info);
    void *to = va_arg(rest, void *);
    va_end(rest);
    return curl.easy_getinfo(easy, info, to);
}

void curl_easy_reset(CURL *easy)
{
    curl.easy_reset(easy);
}

void curl_easy_cleanup(CURL *easy)
{
    curl.easy_cleanup(easy);
}

const char *curl_easy_strerror(CURLcode code)
{
    return curl.easy_strerror(code);
}

CURLM *curl_multi_init(void)
{
    return curl.multi_init();
}

CURLMcode curl_multi_setopt(CURLM *multi, CURLMoption option, ...)
{
    va_list rest;
    va_start(rest, option);
    void *value = va_arg(rest, void *);
    va_end(rest);
    return curl.multi_setopt(multi, option, value);
}

CURLMcode curl_multi_add_handle(CURLM *multi, CURL *easy)
{
    return curl.multi_add_handle(multi, easy);
}

CURLMcode curl_multi_remove_handle(CURLM *multi, CURL *easy)
{
    return curl.multi_remove_handle(multi, easy);
}

CURLMcode curl_multi_perform(CURLM *multi, int *running)
{
    return curl.multi_perform(multi, running);
}

CURLMcode curl_multi_poll(CURLM *multi, struct curl_waitfd extra[], unsigned int extra_count, int at_most_ms,
                          int *ret_count)
{
    return curl.multi_poll(multi, extra, extra_count, at_most_ms, ret_count);
}

CURLMcode curl_multi_wakeup(CURLM *multi)
{
    return curl.multi_wakeup(multi);
}

CURLMsg *curl_multi_info_read(CURLM *multi, int *left)
{
    return curl.multi_info_read(multi, left);
}

CURLMcode curl_multi_cleanup(CURLM *multi)
{
    return curl.multi_cleanup(multi);
}

struct curl_slist *curl_slist_append(struct curl_slist *list, const char *text)
{
    return curl.slist_append(list, text);
}

void curl_slist_free_all(struct curl_slist *list)
{
    curl.slist_free_all(list);
}
