/* require.h -- the checks an operator has switched on (`require: { orgs: [example] }`): asks what they need, and compares. */
#ifndef PROVIDER_REQUIRE_H
#define PROVIDER_REQUIRE_H
#include "provider/gather.h"

/* All of the descriptor's, in order; the first that is not met ends the flow with PROBLEM_NOT_A_MEMBER. values: with `me`. */
enum flow_next require_all(struct flow *f, struct gather *g, const struct template_values *values);

/* Pure: does a person with these values pass? */
bool require_holds(const struct descriptor_require *r, const struct slice *values, size_t count);

#endif
