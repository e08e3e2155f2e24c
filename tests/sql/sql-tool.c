/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>

#include "daemon/report-print.h"
#include "sql/tool.h"

static int verify(const char *conninfo, FILE *out)
{
        _cleanup_report_ Report report = {};
        int status = tool_verify(conninfo, &report);

        if (status != 0)
                return status;
        report_print(&report, out);
        return report_status(&report);
}

static const struct {
        const char *name;
        int (*run)(const char *conninfo, FILE *out);
} verbs[] = {
        { "migrate", tool_migrate },
        { "migrations", tool_migrations },
        { "plan", tool_plan },
        { "verify", verify },
};

/* sql-tool VERB CONNINFO: what `deployd` does with its configuration's URL. */
int main(int argc, char *argv[])
{
        for (size_t i = 0; argc == 3 && i < sizeof(verbs) / sizeof(verbs[0]); i++)
                if (strcmp(verbs[i].name, argv[1]) == 0)
                        return verbs[i].run(argv[2], stdout);
        return 64;
}
