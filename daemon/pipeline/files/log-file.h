/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The files of archived logs: PATH_LOGS/APP/DEPLOYMENT.zst, by their ids. */

#include "daemon/model/model.h"

/* Caller frees; NULL when out of memory. */
char *log_file_path(uint64_t app, uint64_t deployment);
/* Makes the directory of an app, if need be; the caller frees *ret. 0 or -errno. */
int log_directory_make(uint64_t app, char **ret);
/* Gives the unnamed file `fd` of that directory its name, whole or not at all; one that is there is
 * replaced. 0 or -errno. */
int log_file_commit(int fd, const char *path);
/* Removes all but the newest `keep` logs of an app, and with the last its directory. What fails is logged.
 */
void log_files_prune(uint64_t app, uint64_t keep);
