/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One build, from the source to the built tree. */

#include "base/ticket.h"
#include "release/unpack.h"

typedef struct Request {
        const char *buildpack, *command; /* "" = none given */
        UnpackLimits limits;
        uint64_t max_tasks, min_free, log_max;
} Request;

/* Builds, and writes the tree to `archive_fd`; the comment of main.c says what is asked and answered. 0, or
 * -errno with a sentence in *reterr, which must be NULL before. The work directory is empty afterwards. */
int build_run(const Request *request, int archive_fd, Ticket *answer, char **reterr);
