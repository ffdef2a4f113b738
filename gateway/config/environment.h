/* environment.h -- VESTIBULE_* variables and --set options, laid over the files' tree.
 *
 * VESTIBULE_ + the key's path in upper case, dots as underscores. Lists of sections are reached by id: VESTIBULE_PROVIDERS_CORP_CLIENT_ID
 * makes or changes the provider "corp" ('_' in an id stands for '-'). Names we do not know are errors with the nearest one, but for those
 * that Kubernetes injects for a Service called vestibule, and our own process variables. A value never changes the structure.
 */
#ifndef CONFIG_ENVIRONMENT_H
#define CONFIG_ENVIRONMENT_H
#include "config/tree.h"
#include "text/complaint.h"

void environment_apply(struct complaints *c, struct doc *root, const char *const *environment);
/* "session.lifetime=1h"; `told` names the origin ("--set"). */
void environment_apply_one(struct complaints *c, struct doc *root, const char *told, const char *assignment);
/* The value of NAME in an environment array; at NULL if unset. */
struct slice environment_get(const char *const *environment, struct slice name);
/* ${NAME} and ${NAME:-default} in every scalar below root; $${ is a plain ${. */
void environment_expand(struct complaints *c, struct doc *root, const char *const *environment);

#endif
