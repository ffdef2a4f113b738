/* crypto.h -- makes OpenSSL ready: every algorithm is looked up once for the whole process.
 *
 * Looking an algorithm up by name costs more than hashing a cookie, so it is done here and never on the way of a request.
 * Everything in this module calls crypto_start by itself; main calls it before threads start, so that a broken OpenSSL
 * ends the process at once and not at the first visitor.
 */
#ifndef CRYPTO_CRYPTO_H
#define CRYPTO_CRYPTO_H

void crypto_start(void); /* any thread, any number of times; an OpenSSL without our algorithms is a must */

#endif
