/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef DOVEADM_MAILBOX_AUDIT_PLUGIN_H
#define DOVEADM_MAILBOX_AUDIT_PLUGIN_H

struct mail_namespace;
struct mail_user;
struct mba_location;
struct doveadm_cmd_ver2;
struct module;

extern const char *doveadm_mailbox_audit_plugin_version;
extern struct doveadm_cmd_ver2 doveadm_cmd_mailbox_audit;
extern struct doveadm_cmd_ver2 doveadm_cmd_mailbox_clean;
extern struct doveadm_cmd_ver2 doveadm_cmd_mailbox_inspect;

/* Returns TRUE if a namespace only tells how those of other users are made: its
   roots are Dovecot's own directories. */
bool doveadm_namespace_is_template(const struct mail_namespace *ns);
/* Get the directories that hold the indexes of all that others share with the
   user, and of all that he shares with them, private flags and caches included.
   Returns how many there are, at most DOVEADM_TEMPLATE_LOCATIONS, none where
   the mails are; -1 if the template can't be expanded. */
int doveadm_template_locations_get(struct mail_namespace *ns,
				   struct mba_location *locations_r,
				   const char **error_r);
/* Returns TRUE if a namespace has mails and indexes anywhere. */
bool doveadm_namespace_has_location(const struct mail_namespace *ns);
/* Returns a user's path as an absolute one, NULL for NULL: sessions begin in
   the home, and so does doveadm for one user, but not for several. */
const char *doveadm_path_from_home(struct mail_user *user, const char *path);
/* Sets location_r to where a namespace's mails and indexes are. Strings belong
   to the namespace or the data stack. */
void doveadm_location_get(struct mail_namespace *ns,
			  struct mba_location *location_r);

/* Free what a server keeps from one user's clean to the next one's. */
void doveadm_clean_users_unload(void);

void doveadm_mailbox_audit_plugin_init(struct module *module);
void doveadm_mailbox_audit_plugin_deinit(void);

#endif
