#ifndef ACCESS_WRITE_H
#define ACCESS_WRITE_H

struct access;
struct event;

/* Write the line and the event "imap_mailbox_access" of a finished command.
   event is the command's own: its fields are in the new event too. */
void access_write(const struct access *access, struct event *event);

#endif
