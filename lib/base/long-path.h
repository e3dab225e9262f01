/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef LONG_PATH_H
#define LONG_PATH_H

/* Paths that are longer than a system call takes. */

/* Open directories of a path until what is left of it is short enough, with
   room for some names more. Returns the last one's descriptor, AT_FDCWD if all
   of the path is short, -1 with errno if one can't be opened; *rest_r is what
   is left, a part of path. long_path_close() the descriptor, which keeps
   errno. */
int long_path_open(const char *path, const char **rest_r);
void long_path_close(int fd);

#endif
