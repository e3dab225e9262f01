/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef MAIL_SIDE_H
#define MAIL_SIDE_H

#include "error-sink.h"
#include "location.h"

/* Looks up mailboxes in the mail tree. It keeps the directories on the way to
   the latest one open, and remembers which couldn't be opened or are empty, so
   that a walk in directory order opens each once. */
struct mail_side;

struct mail_side *mail_side_init(const struct location *location,
				 const struct error_sink *errors);
void mail_side_deinit(struct mail_side **side);

/* Returns what is there for a mailbox. is_dir_r is set to whether its name is
   a directory, in the sense of the name rules. */
enum mba_state mail_side_look(struct mail_side *side,
			      const struct location_path *path,
			      enum mba_reason *reason_r, bool *is_dir_r);

/* The same for whoever removes something: by the path from the mail root, and
   never from a directory that is held open or was remembered. */
enum mba_state mail_side_look_afresh(struct mail_side *side,
				     const struct location_path *path,
				     enum mba_reason *reason_r, bool *is_dir_r);

#endif
