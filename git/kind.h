/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "git/problem.h"

/* Whether a local repository is of a kind that can be fetched from: complete, with names of SHA-1.
 * `directory` is its bare repository, or the .git of a working tree. 0, also if it cannot be read; or a
 * negative errno with *problem set, which says what to do. */
int kind_check(const char *directory, Problem *problem);
