/* builtin.h -- the files of templates/ as they stand in the binary; made by cmake/embed.cmake, sorted by name. Private to page/. */
#ifndef PAGE_BUILTIN_H
#define PAGE_BUILTIN_H
#include <stddef.h>

struct builtin_file {
    const char *name; /* "parts/head.html" */
    const unsigned char *bytes;
    size_t len;
};

extern const struct builtin_file builtin_templates[];
extern const size_t builtin_templates_count;

#endif
