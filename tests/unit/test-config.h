/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A directory for one test's deploy.conf and drop-ins: TestSuite(…, .init = make_directory, .fini =
 * remove_directory). */

#include <criterion/criterion.h>
#include <errno.h>
#include <ftw.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "daemon/config.h"

static char directory[] = "/tmp/deployd-test-XXXXXX";
static char path[sizeof(directory) + sizeof("/deploy.conf")];

static inline void make_directory(void)
{
        cr_assert_not_null(mkdtemp(directory));
        (void) snprintf(path, sizeof(path), "%s/deploy.conf", directory);
}

static inline int remove_entry(const char *entry, const struct stat *st _unused_, int type _unused_,
                               struct FTW *ftw _unused_)
{
        return remove(entry);
}

static inline void remove_directory(void)
{
        cr_expect_eq(nftw(directory, remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static inline void write_file(const char *file, const char *text)
{
        _cleanup_file_ FILE *stream = fopen(file, "we");

        cr_assert_not_null(stream);
        cr_assert_geq(fputs(text, stream), 0);
}

static inline void write_drop_in(const char *name, const char *text)
{
        _cleanup_free_ char *drop_ins = text_format("%s.d", path),
                            *file = text_format("%s/%s", drop_ins, name);

        cr_assert(mkdir(drop_ins, 0755) == 0 || errno == EEXIST);
        write_file(file, text);
}

static inline Config *load(void)
{
        _cleanup_free_ char *sentence = NULL;
        Config *config = NULL;
        int r = config_load(path, &config, &sentence);

        cr_assert_eq(r, 0, "%s", text_or_empty(sentence));
        cr_assert_null(sentence);
        return config;
}

static inline void expect_list(char **list, const char *const *expected)
{
        size_t n = 0;

        for (; expected[n]; n++) {
                cr_assert_not_null(list[n]);
                cr_expect_str_eq(list[n], expected[n]);
        }
        cr_expect_null(list[n]);
}
