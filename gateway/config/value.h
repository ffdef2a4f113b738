/* value.h -- the scalars people write: durations, sizes, numbers, switches. Strict: one meaning per spelling, or false. */
#ifndef CONFIG_VALUE_H
#define CONFIG_VALUE_H
#include "base/slice.h"

bool value_duration(struct slice s, int64_t *ret_ms); /* "500ms" "30s" "10m" "12h" "7d", "0"; also "1h30m" */
bool value_size(struct slice s, int64_t *ret_bytes);  /* "512" "32k" "10MiB": k, KiB, m, MiB, g, GiB, all of 1024 */
bool value_integer(struct slice s, int64_t *ret_number);
bool value_switch(struct slice s, bool *ret_on); /* true, false */
bool value_id(struct slice s);                   /* 1 to 40 of a-z 0-9 and '-', not at the ends */
bool value_header_name(struct slice s);          /* RFC 9110 token of letters, digits and '-' */

#endif
