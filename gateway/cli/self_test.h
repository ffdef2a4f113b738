/* self_test.h -- a whole sign-in without a browser, each hop told: `vestibule demo --self-test`. */
#ifndef CLI_SELF_TEST_H
#define CLI_SELF_TEST_H
#include <stdbool.h>

struct self_test;
/* Starts a thread that walks the demonstration at these ports. Gives. */
struct self_test *self_test_start(int gateway_port, int provider_port);
bool self_test_over(struct self_test *t);  /* any thread */
bool self_test_close(struct self_test *t); /* waits for the thread; true: every hop was as it should be */

#endif
