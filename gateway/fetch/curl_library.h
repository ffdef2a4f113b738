/* curl_library.h -- libcurl, loaded with the first question to a provider instead of before main. For fetch/ alone.
 *
 * libcurl brings thirty libraries along that it needs for protocols we never speak: a quarter of the time from exec to the first answer, and a
 * quarter of the memory at rest. The egress thread loads it when somebody asks; `check` loads it to see that it can be. transfer.c calls the curl_ functions by their
 * names as always; this file's are what it is linked with, so its calls are type-checked by libcurl's own headers.
 */
#ifndef FETCH_CURL_LIBRARY_H
#define FETCH_CURL_LIBRARY_H
#include <stdbool.h>

/* Before threads start, for it changes the environment: one of the libraries that come along (GnuTLS) then starts only when used, which it
 * is not, and spares a megabyte. */
void curl_library_prepare(void);
/* Any thread, once or more. A libcurl that is not there ends the process with a line on standard error, as the loader would have. */
void curl_library_load(void);

#endif
