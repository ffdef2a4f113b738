/* setting_scalar.h -- one plain value: from text to what its key's type says; for setting.c. */
#ifndef CONFIG_SETTING_SCALAR_H
#define CONFIG_SETTING_SCALAR_H
#include "config/setting.h"

bool setting_scalar_is(const struct doc *d);
/* type: the key's own, or of its items. d NULL: text is the fallback (at NULL: nothing given). Complains, then gives the fallback and bad. */
struct setting *setting_scalar(struct complaints *c, const struct key *k, enum key_type type, const struct doc *d,
                               struct slice text, struct slice where, const struct setting_folders *folders);
/* A secret as it is meant: one line end behind it, which editors and echo put into files, and clusters from there into variables, is no part of it. */
struct slice setting_scalar_secret_text(struct slice text);
/* The file a _file key names, as it is meant; others-readable files are warned about. False after a complaint. */
bool setting_scalar_secret_file(struct complaints *c, const struct doc *d, const struct setting_folders *folders,
                                struct secret *ret_secret);

#endif
