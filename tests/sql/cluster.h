/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Throw-away PostgreSQL servers. A template is made once; each test starts a server of its own on a copy,
 * which dies with the test's process. All functions abort when they fail. */

#include <sys/types.h>

typedef struct Cluster {
        char directory[64]; /* also of its socket */
        pid_t pid;          /* of the postmaster, 0 = not running */
} Cluster;

/* Before the first and after the last test. Their directory is handed to the processes of the tests by
 * environment. */
void clusters_prepare(void);
void clusters_remove(void);

/* A copy of the template, not running. */
void cluster_make(Cluster *cluster);
void cluster_start(Cluster *cluster);
void cluster_kill(Cluster *cluster, int signal); /* and waits for the end */
void cluster_remove(Cluster *cluster);
