/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What all units have that run a process of an app: its user, its directories, its tree; and how the line
 * that it has printed last is shown. */

#include "daemon/pipeline/internal.h"

typedef struct AppUnit {
        char *slice, *user, *directory, *tree, *processes, *log_rate, *persist;
        char **kept, **sources, **targets; /* of the directories of its tree that it keeps */
        UnitSpec spec;                     /* refers to them, and to the arguments of app_unit_make() */
} AppUnit;

/* What one instance may use: the app's own setting, or the configured one. */
typedef struct AppLimits {
        uint64_t memory_max, tasks_max, cpu_quota_usec; /* as in AppSettings; cpu_quota_usec 0 = no limit */
} AppLimits;

AppLimits app_unit_limits(const Pipeline *pipeline, const App *app);

/* `process` is the process type, `dyno` its name in the journal, `environment` the path of its environment.
 * 0 or -ENOMEM. */
int app_unit_make(const Pipeline *pipeline, const Deployment *deployment, UnitKind kind, const char *unit,
                  const char *process, const char *dyno, const char *environment, AppUnit *ret);
void app_unit_done(AppUnit *unit);
/* Ends the sentence about how a unit of an app has ended: QUOTE_MARK, `: ` and the line, which is changed,
 * without values of its variables; nothing if the line is empty. A hint follows a line that says that a file
 * system is read-only. Caller frees; NULL when out of memory. */
char *app_unit_quote(const Deployment *deployment, char *line);
#define _cleanup_app_unit_ _cleanup_(app_unit_done)
