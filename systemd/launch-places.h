/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What PID 1 cannot do for an app that may write into its tree. It has mounted the release at
 * PATH_APP_RELEASE. With --writable, PATH_APP_TREE is an empty directory in memory, and the tree is copied
 * into it. Each directory of --persist is mounted over that of the tree (with --writable at PATH_APP_KEPT,
 * and a link leads there), and gets what the tree has there when it is used for the first time: a file in
 * $STATE_DIRECTORY remembers that.
 *
 * `options` ends with NULL. 0, or a negative number when the reason has been logged. */
int launch_make_places(char *const options[]);
