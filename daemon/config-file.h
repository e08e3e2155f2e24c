/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/macro.h"

/* One `key = value`. `path` is fit to be shown; `section` is empty before the first section. The value may
 * be empty; it is joined of the lines from `first` to `last`. 0, or a negative errno with a sentence in
 * *reterr, which ends the reading. */
typedef int (*ConfigAssign)(void *userdata, const char *path, unsigned first, unsigned last,
                            const char *section, const char *name, const char *value, char **reterr);

/* Calls `assign` for each key of the file in its order. 0; what `assign` returned; -ENOENT if there is no
 * such file; -EINVAL if a line is too long, is not clean UTF-8 text or is neither a section nor a key;
 * -EFBIG if the file is over 256 KiB; other -errno. With a sentence in *reterr (caller frees; NULL for
 * -ENOMEM). */
int config_file_read(const char *path, ConfigAssign assign, void *userdata, char **reterr);
