/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "archive/writer.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static char text[4096];

/* Writes lines `line 1` to `line n`, of 7 bytes each up to 9, and reads the log back into `text`. */
static void write_one_log(unsigned n, uint64_t max, bool is_packed)
{
        _cleanup_close_ int packed = memfd_create("packed", MFD_CLOEXEC),
                            plain = memfd_create("plain", MFD_CLOEXEC);
        _cleanup_(writer_done) Writer writer = {};
        ssize_t size;

        cr_assert_eq(writer_init(&writer, is_packed ? packed : plain, max, is_packed), 0);
        for (unsigned i = 1; i <= n; i++) {
                char line[32];

                (void) snprintf(line, sizeof(line), "line %u\n", i);
                cr_assert_eq(writer_add(&writer, line), 0);
        }
        cr_assert_eq(writer_end(&writer), 0);
        cr_assert_leq(writer.bytes, max);
        if (is_packed) {
                cr_assert_eq(lseek(packed, 0, SEEK_SET), 0);
                cr_assert_eq(packed_read(packed, plain), 0);
        }
        size = pread(plain, text, sizeof(text) - 1, 0);
        cr_assert_geq(size, 0);
        text[size] = '\0';
}

/* Packed and not, which must read the same. */
static void write_lines(unsigned n, uint64_t max)
{
        static char first[sizeof(text)];

        write_one_log(n, max, true);
        (void) strcpy(first, text);
        write_one_log(n, max, false);
        cr_assert_str_eq(text, first);
}

Test(archive_writer, what_fits_is_whole)
{
        write_lines(4, 28);
        cr_expect_str_eq(text, "line 1\nline 2\nline 3\nline 4\n");
}

Test(archive_writer, beginning_and_end_of_a_long_log_are_kept)
{
        write_lines(9, 28);
        cr_expect_str_eq(text, "line 1\nline 2\n"
                               "(5 lines are missing here: log-max of [runner] in deploy.conf is reached)\n"
                               "line 8\nline 9\n");
}

Test(archive_writer, one_line_too_many)
{
        write_lines(5, 28);
        cr_expect_str_eq(text, "line 1\nline 2\n"
                               "(1 line is missing here: log-max of [runner] in deploy.conf is reached)\n"
                               "line 4\nline 5\n");
}

Test(archive_writer, no_line_is_an_empty_log)
{
        write_lines(0, 28);
        cr_expect_str_eq(text, "");
}
