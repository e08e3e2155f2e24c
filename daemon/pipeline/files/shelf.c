/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/files/shelf.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "daemon/model/persist.h"

static bool shelf_entry_parse(const char *name, ShelfEntry *ret)
{
        if (text_to_u64(name, INT64_MAX, &ret->id) < 0 && persist_parse(name, &ret->id) < 0)
                return false;
        (void) snprintf(ret->behind, sizeof(ret->behind), "%s", name + strspn(name, "0123456789"));
        return true;
}

int shelf_read(const char *path, ShelfEntry **ret)
{
        struct dirent **entries;
        int n = scandir(path, &entries, NULL, NULL), n_found = 0;

        assert(ret);

        if (n < 0)
                return errno == ENOENT ? 0 : -errno;
        *ret = calloc((size_t) n + 1, sizeof(ShelfEntry));
        for (int i = 0; i < n; i++) {
                if (*ret && shelf_entry_parse(entries[i]->d_name, &(*ret)[n_found]))
                        n_found++;
                free(entries[i]);
        }
        free(entries);
        return *ret ? n_found : -ENOMEM;
}
