/* notify.h -- telling the service manager how we are: sd_notify(3) without its library (one datagram to a socket). */
#ifndef CLI_NOTIFY_H
#define CLI_NOTIFY_H
#include "base/slice.h"

/* "READY=1", "STOPPING=1", "RELOADING=1\nMONOTONIC_USEC=..."; nothing happens without NOTIFY_SOCKET. */
void notify_manager(const char *state);
/* Half of WATCHDOG_USEC in milliseconds; 0: no watchdog is asked for (or for another process). */
int64_t notify_watchdog_ms(void);

#endif
