/* ban.h -- functions nobody here may call; forced into every file of ours by the build.
 *
 * They write past buffers, keep hidden state, or hide a failure as zero. `rand` and `alloca` cannot be
 * poisoned (OpenSSL and glibc use the words); tests/rules/words.sh looks for those.
 */
#ifndef BASE_BAN_H
#define BASE_BAN_H
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#undef sprintf /* glibc makes macros of these under FORTIFY */
#undef vsprintf
#undef strcpy
#undef strcat
#undef strncpy
#undef strncat
#pragma GCC poison strcpy strcat strncpy strncat strtok sprintf vsprintf gets
#pragma GCC poison gmtime localtime ctime asctime atoi atol atoll
#endif
