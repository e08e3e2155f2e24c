/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The directories of its tree that an app keeps (its setting Persist): each is a directory of the app's
 * data, which stands in the place of that of the tree. */

#include "base/macro.h"

/* Directories, and bytes of the name of one: `/` and the app's id are in one file name with it. */
#define PERSIST_MAX      8
#define PERSIST_NAME_MAX 128
#define PERSIST_RULE                                                                                      \
        "has commas between directories of the tree, such as data,public/uploads: at most 8, each of at " \
        "most 128 of a-z, A-Z, 0-9, ., _, - and /, without empty, . or .. parts, and none inside another"

/* "" is legal: none. */
bool persist_is_valid(const char *persist);

/* The names of a legal value, into *ret (text_free_list()). 0 or -ENOMEM. */
int persist_split(const char *persist, char ***ret);

/* A name as the name of one file. Caller frees; NULL when out of memory. */
char *persist_flatten(const char *name);

/* Where one of them is, below STATE_PRIVATE: beside the directory of the app, in one that root owns, so that
 * the app cannot put a link in its place. Caller frees; NULL when out of memory. */
char *persist_directory(uint64_t app, const char *name);

/* Of an entry of PATH_APP_DATA that persist_directory() has named, the id of the app. 0 or -EINVAL. */
int persist_parse(const char *entry, uint64_t *ret_app);
