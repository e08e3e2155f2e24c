/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A journal of entries that a test has written in the export format (systemd.journal-export-formats). */

#include <criterion/criterion.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"

/* Makes the journal file `journal` of the entries in the file `written`. */
static inline void make_journal(const char *written, const char *journal)
{
        _cleanup_free_ char *output = text_format("--output=%s", journal);
        pid_t pid = fork();
        int status;

        cr_assert_geq(pid, 0);
        if (pid == 0) {
                int entries = open(written, O_RDONLY | O_CLOEXEC),
                    null = open("/dev/null", O_WRONLY | O_CLOEXEC);

                if (dup2(entries, STDIN_FILENO) >= 0 && dup2(null, STDOUT_FILENO) >= 0 &&
                    dup2(null, STDERR_FILENO) >= 0)
                        (void) execl(JOURNAL_REMOTE, JOURNAL_REMOTE, output, "-", NULL);
                _exit(127);
        }
        cr_assert_eq(waitpid(pid, &status, 0), pid);
        cr_assert_eq(status, 0);
}
