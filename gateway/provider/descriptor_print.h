/* descriptor_print.h -- a provider file as it is in force, as YAML that can be read back, each value followed by where it was written. */
#ifndef PROVIDER_DESCRIPTOR_PRINT_H
#define PROVIDER_DESCRIPTOR_PRINT_H
#include "text/doc.h"

#include "base/buf.h"

/* `extends` is left out: what it brought stands in the document. */
void descriptor_print(struct buf *to, const struct doc *document);

#endif
