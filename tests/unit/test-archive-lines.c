/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "archive/lines.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/test-journal.h"

static const struct {
        const char *unit, *deployment, *message;
} entries[] = {
        { "deployd.service", "7", "begins" },
        { "deployd-fetch-shop-3.service", "7", "fetched" },
        { "deployd-fetch-shop-4.service", "8", "of another deployment" },
        { "deployd-build-shop-7.service", "7", "built" },
        { "deployd-build-shop-7.service", "8", "built, with another number" },
        { "deployd-build-evil-9.service", "7", "forged by a build" },
        { "deployd-release-evil-9.service", "7", "forged by a release command" },
        { "deployd-build-shop-77.service", "7", "forged by a build of the same app" },
        { "deployd-app-shop-7.web.1.service", "7", "of the app itself" },
        { "deployd-release-shop-7.service", "7", "migrated" },
        { "ssh.service", "7", "of another program" },
        { "deployd.service", "7", "ends" },
        { "deployd.service", "8", "begins another" },
};

static char text[4096];

static int collect_line(const char *line, _unused_ void *userdata)
{
        const char *author = strchr(line, 'Z');

        cr_assert(author);
        (void) strcat(text, author + 2);
        return 0;
}

static void read_lines(const char *fetch)
{
        char directory[] = "/tmp/deployd-test-XXXXXX";
        _cleanup_free_ char *written = NULL, *journal = NULL;
        FILE *file;

        cr_assert(mkdtemp(directory));
        written = text_format("%s/entries", directory);
        journal = text_format("%s/x.journal", directory);
        file = fopen(written, "we");
        cr_assert(file);
        for (unsigned i = 0; i < ELEMENTSOF(entries); i++)
                (void) fprintf(
                        file,
                        "__REALTIME_TIMESTAMP=%u000000\n__MONOTONIC_TIMESTAMP=%u000000\n"
                        "_BOOT_ID=11111111111111111111111111111111\n_SYSTEMD_UNIT=%s\nDEPLOYD_DEPLOYMENT=%s\n"
                        "MESSAGE=%s\n\n",
                        1000000 + i, 1 + i, entries[i].unit, entries[i].deployment, entries[i].message);
        cr_assert_eq(fclose(file), 0);
        make_journal(written, journal);
        text[0] = '\0';
        cr_assert_eq(lines_foreach(&(LinesParams){ .app = "shop",
                                                   .deployment = "7",
                                                   .fetch = fetch,
                                                   .directory = directory },
                                   collect_line, NULL),
                     0);
        cr_assert_eq(unlink(written), 0);
        cr_assert_eq(unlink(journal), 0);
        cr_assert_eq(rmdir(directory), 0);
}

#define LINES_OF_SEVEN                        \
        "deployd: begins\n"                   \
        "fetch: fetched\n"                    \
        "build: built\n"                      \
        "build: built, with another number\n" \
        "release: migrated\n"                 \
        "deployd: ends\n"

Test(archive_lines, a_number_that_another_unit_claims_does_not_count)
{
        read_lines("deployd-fetch-shop-3.service");
        cr_expect_str_eq(text, LINES_OF_SEVEN);
}

Test(archive_lines, a_fetch_whose_name_is_not_known_is_found_by_the_number)
{
        read_lines(NULL);
        cr_expect_str_eq(text, LINES_OF_SEVEN);
}
