/* gather.h -- asks a list of declared requests, one after the other, and puts their answers where the descriptor's map looks for them. */
#ifndef PROVIDER_GATHER_H
#define PROVIDER_GATHER_H
#include "provider/declared.h"

struct gather {
    const struct provider *provider;
    const struct provider_env *env;
    const struct template_values *values;
    struct slice access_secret; /* oauth1 */
    struct map_documents *docs; /* answers go here; joined claims, too */
    struct slice subject;       /* of the id_token, for answers that join its claims */
    const struct doc *userinfo; /* set when one did */
};
/* In order. A request that is required and fails ends the flow with its error; another leaves its document absent. g lasts until the flow goes
 * on. */
enum flow_next gather_requests(struct flow *f, struct gather *g, const struct declared_request *requests, size_t count);

#endif
