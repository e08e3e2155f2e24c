/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What `deployd verify` prints. */

#include <stdio.h>

#include "daemon/model/report.h"

/* A line for each check, `✓`, `✗`, or `-` for one that was not made, and its detail indented below it. */
void report_print(const Report *report, FILE *out);

/* The same for programs: {"passed": …, "checks": [{"id": …, "title": …, "passed": …, "detail": [LINE, …]},
 * …]}; the `passed` of a check that was not made is null. 0 or -ENOMEM. */
int report_print_json(const Report *report, FILE *out);

/* Exit status: 0 if all checks have passed, 1 if one has failed, 2 if none has failed but some were not
 * made. */
int report_status(const Report *report);
