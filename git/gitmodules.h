/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "git/problem.h"

/* Where the submodule at `path` comes from, by the text of a .gitmodules: sections of git-config(1), of
 * which `path` and `url` count. No file is included, unlike by libgit2's reader. 0 with the URL in *ret,
 * which the caller frees; or a negative errno with *problem set, also if the text says nothing of it. */
int gitmodules_find(const char *text, size_t size, const char *path, char **ret, Problem *problem);

/* What a URL that begins with ./ or ../ means in a repository with the address `base`; a copy of any other.
 * 0 or negative, as above. */
int gitmodules_resolve(const char *base, const char *url, char **ret, Problem *problem);
