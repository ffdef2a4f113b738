/* http1_int.h -- what http1.c (reading) and http1_answer.c (writing) share. */
#ifndef HTTP_HTTP1_INT_H
#define HTTP_HTTP1_INT_H
#include "http/connection_int.h"

extern const struct answer_wire http1_wire;
void http1_written(h2o_socket_t *socket, const char *error);
/* The answer is on its way completely: end the exchange, then the next request or the end of the connection. Later, not at once. */
void http1_finish(struct connection *c);
struct slice http1_reason(int status);
void http1_read_on(struct connection *c, bool on);
/* Answers with the problem's status, reads on for a moment so that the client can read that, closes. */
void http1_refuse(struct connection *c, enum problem problem, const char *why);

#endif
