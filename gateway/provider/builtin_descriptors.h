/* builtin_descriptors.h -- the files of providers/ as they stand in the binary; made by cmake/embed.cmake, sorted by name. Private to provider/. */
#ifndef PROVIDER_BUILTIN_DESCRIPTORS_H
#define PROVIDER_BUILTIN_DESCRIPTORS_H
#include <stddef.h>

struct builtin_descriptor {
    const char *name; /* "oidc.yaml" */
    const unsigned char *bytes;
    size_t len;
};

extern const struct builtin_descriptor builtin_descriptors[];
extern const size_t builtin_descriptors_count;

#endif
