#ifndef SUBSCRIPTIONS_H
#define SUBSCRIPTIONS_H

#include "location.h"

/* Calls back for each storage name in the location's subscription file that
   could name a mailbox. Returns 0 if ok (also if there is no file), -1 if it
   couldn't be read: *op_r and errno say why, and *path_r (the caller frees it)
   says where. */
int subscriptions_read(const struct location *location,
		       void (*name)(const char *storage_name, void *context),
		       void *context, const char **op_r, char **path_r);

#endif
