/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cluster.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define BIN "/usr/lib/postgresql/15/bin/"

#define ROOT_VARIABLE "DEPLOYD_TEST_CLUSTERS"

static const char *root(void)
{
        const char *directory = getenv(ROOT_VARIABLE);

        if (!directory)
                abort();
        return directory;
}

static void die(const char *what)
{
        perror(what);
        abort();
}

/* The server refuses to run as root. */
static void become_unprivileged(void)
{
        const struct passwd *nobody = getpwnam("nobody");

        if (geteuid() != 0)
                return;
        if (!nobody || setgroups(0, NULL) < 0 ||
            setresgid(nobody->pw_gid, nobody->pw_gid, nobody->pw_gid) < 0 ||
            setresuid(nobody->pw_uid, nobody->pw_uid, nobody->pw_uid) < 0)
                die("nobody");
}

static pid_t spawn(const char *log, bool as_root, const char *const *argv)
{
        pid_t pid, parent = getpid();
        int fd;

        pid = fork();
        if (pid < 0)
                die("fork");
        if (pid > 0)
                return pid;

        if (!as_root)
                become_unprivileged();
        if (prctl(PR_SET_PDEATHSIG, SIGQUIT) < 0 || getppid() != parent)
                _exit(EXIT_FAILURE);
        fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
        if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0)
                _exit(EXIT_FAILURE);
        (void) execv(argv[0], (char *const *) (uintptr_t) argv);
        _exit(EXIT_FAILURE);
}

static int run(const char *log, bool as_root, const char *const *argv)
{
        int status;

        if (waitpid(spawn(log, as_root, argv), &status, 0) < 0)
                die("waitpid");
        return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}

void clusters_prepare(void)
{
        char directory[] = "/tmp/deployd-test-sql-XXXXXX", data[64], log[64];
        const struct passwd *nobody = getpwnam("nobody");

        if (!mkdtemp(directory) || chmod(directory, 0755) < 0 || setenv(ROOT_VARIABLE, directory, true) < 0)
                die(directory);
        if (geteuid() == 0 && (!nobody || chown(directory, nobody->pw_uid, nobody->pw_gid) < 0))
                die(directory);
        (void) snprintf(data, sizeof(data), "%s/template", directory);
        (void) snprintf(log, sizeof(log), "%s/log", directory);
        if (run(log, false,
                (const char *const[]){ BIN "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E",
                                       "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions",
                                       "--wal-segsize=1", NULL }) != 0)
                die("initdb");
}

static void remove_tree(const char *path)
{
        /* As root, for what a test put there. */
        if (run("/dev/null", true, (const char *const[]){ "/bin/rm", "-rf", path, NULL }) != 0)
                die(path);
}

void clusters_remove(void)
{
        remove_tree(root());
}

void cluster_make(Cluster *cluster)
{
        char from[64], log[64];

        cluster->pid = 0;
        (void) snprintf(from, sizeof(from), "%s/template", root());
        (void) snprintf(log, sizeof(log), "%s/log", root());
        (void) snprintf(cluster->directory, sizeof(cluster->directory), "%s/%d", root(), (int) getpid());
        if (run(log, false, (const char *const[]){ "/bin/cp", "-a", from, cluster->directory, NULL }) != 0)
                die(cluster->directory);
}

void cluster_start(Cluster *cluster)
{
        char log[80];

        (void) snprintf(log, sizeof(log), "%s/server.log", cluster->directory);
        cluster->pid = spawn(log, false,
                             (const char *const[]){ BIN "postgres", "-D", cluster->directory, "-k",
                                                    cluster->directory, "-c", "listen_addresses=", "-c",
                                                    "fsync=off", "-c", "max_wal_senders=0", "-c",
                                                    "log_error_verbosity=terse", NULL });
}

void cluster_kill(Cluster *cluster, int signal)
{
        if (cluster->pid <= 0)
                return;
        /* A killed postmaster leaves its children behind for a moment, and the next one refuses to start
         * beside them. */
        if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0 || kill(cluster->pid, signal) < 0)
                die("kill");
        while (waitpid(-1, NULL, 0) > 0)
                ;
        cluster->pid = 0;
}

void cluster_remove(Cluster *cluster)
{
        cluster_kill(cluster, SIGQUIT);
        remove_tree(cluster->directory);
}
