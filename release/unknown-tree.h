/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A tree that nothing says how to run, and what somebody may have meant by it. */

/* Refuses the tree if it has a file that other platforms run by: -ENOENT with a sentence in *reterr
 * (release/refuse.h) that names the files and what would work here. 0 if it has none; -ENOMEM. */
int unknown_tree_refuse(int tree_fd, char **reterr);
