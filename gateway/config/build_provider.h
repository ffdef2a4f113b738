/* build_provider.h -- what the files that build one provider share. Own files of config/ only. */
#ifndef CONFIG_BUILD_PROVIDER_H
#define CONFIG_BUILD_PROVIDER_H
#include "config/config_int.h"
#include "provider/descriptor_read.h"

/* The library of the built-in files and provider_folder's, each of which is looked at by itself. */
struct descriptor_library *build_library(struct build *b);
/* The entry in the words of provider files. */
const struct doc *build_overlay(struct build *b, const struct setting *at, const struct doc *file);
/* Are the addresses the entry gives fit to be used? Complains. */
bool build_addresses(struct build *b, const struct setting *at, const struct provider *p);
/* From p->descriptor into p. */
void build_endpoints(struct build *b, const struct setting *at, struct provider *p);
/* A claim's name or path as a JSON pointer. */
struct slice build_pointer(struct arena *a, struct slice path);

#endif
