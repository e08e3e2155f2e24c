/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Small files that are read and replaced whole. */

/* The whole file, up to a NUL, which no text has; "" if it is not there. Caller frees. 0 or -errno. */
int text_file_read(const char *path, char **ret);

/* Replaces the file by `text`: readers see the old one or the new one. It is for its owner to write and for
 * its group to read, for deployd is in that of haproxy's user. 0 or -errno. */
int text_file_write(const char *path, const char *text);
