/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the files in the root of a tree say of how it runs. */

#include "base/ticket.h"
#include "release/app-scripts.h"
#include "release/procfile.h"

/* 0; -ENOENT without a sentence if there is no Procfile; -errno with one in *reterr; -ENOMEM. */
int tree_files_read_procfile(int tree_fd, Procfile **ret, char **reterr);

/* As app_json_parse() has it, of the file app.json; nothing is added where there is none. 0; -errno with a
 * sentence in *reterr; -ENOMEM. */
int tree_files_read_app_json(int tree_fd, Ticket *answer, AppScripts *scripts, char **reterr);

/* Puts the scripts of app.json around the release command. 0; -EINVAL with a sentence in *reterr; -ENOMEM.
 */
int tree_files_add_scripts(Procfile *procfile, const AppScripts *scripts, char **reterr);
