/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* deployd-launch PROCESS LOG-RATE [--writable] [--persist=NAME:NAME...]: makes the places where the process
 * may write into its tree (launch-places.h), and becomes `/bin/sh -c LINE`, LINE being the command line of
 * the process as the import stored it, with the environment as it is, and what .profile.d/ and .profile of
 * the tree make of it. Its output goes to the journal through a relay (relay.h), LOG-RATE bytes in a minute
 * at most. This is the constant that units of apps have as ExecStart=: no text of an app's enters a unit,
 * where it would be read as something else. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/names.h"
#include "base/text.h"
#include "release/procfile.h"
#include "systemd/launch-places.h"
#include "systemd/relay.h"

/* The status PID 1 reports when a program cannot be executed (EXIT_EXEC, systemd.exec(5)). The shell in our
 * place would have been PID 1's to execute, and 1 or 127 could be the app's own, about which something else
 * has to be said. */
#define EXIT_EXEC 203

/* What buildpacks of Heroku's interface leave for run time, in Heroku's order (its documentation of
 * .profile). In a function: `set --` in a profile leaves the line alone. */
#define PROFILES ".profile.d"
#define PROFILE  ".profile"
#define READ_THEM                                                              \
        "read_profiles() { local deployd_profile; "                            \
        "for deployd_profile in " PROFILES "/*.sh " PROFILE "; do "            \
        "[ ! -r \"$deployd_profile\" ] || . \"./$deployd_profile\"; done; }; " \
        "read_profiles; exec /bin/sh -c -- \"$1\""

/* Reads the file into `line`, NUL-terminated. 0; -EBADMSG if that is no command line; -errno. */
static int launch_read_line(const char *directory, const char *process,
                            char line[static PROCESS_COMMAND_MAX + 1])
{
        _cleanup_close_ int directory_fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
        _cleanup_close_ int fd = -1;
        size_t size = 0;
        ssize_t n;

        if (directory_fd < 0)
                return -errno;
        fd = openat(directory_fd, process, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        while ((n = read(fd, line + size, PROCESS_COMMAND_MAX + 1 - size)) != 0) {
                if (n < 0 && errno != EINTR)
                        return -errno;
                size += n > 0 ? (size_t) n : 0;
                if (size > PROCESS_COMMAND_MAX)
                        return -EBADMSG;
        }
        line[size] = '\0';
        return size > 0 && strlen(line) == size ? 0 : -EBADMSG;
}

static int launch_process(const char *directory, const char *process, const char *log_rate)
{
        static char line[PROCESS_COMMAND_MAX + 1];
        uint64_t rate;
        int r;

        if (!process_name_is_valid(process)) {
                log_error("deployd-launch: not the name of a process");
                return EXIT_EXEC;
        }
        if (log_rate && text_to_u64(log_rate, INT64_MAX, &rate) < 0) {
                log_error("deployd-launch: not a number of bytes");
                return EXIT_EXEC;
        }
        r = launch_read_line(directory, process, line);
        if (r < 0) {
                log_error("deployd-launch: cannot read %s/%s: %s", directory, process, strerror(-r));
                return EXIT_EXEC;
        }
        r = log_rate ? relay_start(rate) : 0;
        if (r < 0)
                log_warning("deployd-launch: output goes to the journal without a bound: %s", strerror(-r));
        else if (log_rate) /* by which programs know that standard error is the journal:
                              sd_journal_stream_fd(3) */
                (void) unsetenv("JOURNAL_STREAM");
        /* The -- keeps a line that begins with a dash from being read as options of the shell. Profiles are
         * written for bash. */
        if (access(PROFILES, F_OK) == 0 || access(PROFILE, F_OK) == 0)
                (void) execl("/bin/bash", "/bin/bash", "-c", "--", READ_THEM, "deployd-launch", line, NULL);
        else
                (void) execl("/bin/sh", "/bin/sh", "-c", "--", line, NULL);
        log_error("deployd-launch: cannot execute a shell: %s", strerror(errno));
        return EXIT_EXEC;
}

int main(int argc, char *argv[])
{
        /* Units that a deployd without log-rate has started: PID 1 starts them again as they are. */
        if (argc == 2)
                return launch_process(PATH_APP_PROCESSES, argv[1], NULL);
        if (argc < 3) {
                log_error("usage: deployd-launch PROCESS LOG-RATE [--writable] [--persist=NAME:NAME...]");
                return EXIT_EXEC;
        }
        if (launch_make_places(argv + 3) < 0)
                return EXIT_EXEC;
        return launch_process(PATH_APP_PROCESSES, argv[1], argv[2]);
}
