/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Prints docs/STATE_MACHINE.md from the table that drives deployments; run to compare or to write it anew,
 * never installed. */

#include <stdio.h>
#include <stdlib.h>

#include "daemon/model/flow.h"

static bool is_reached(DeploymentStatus status)
{
        for (size_t i = 0; i < flow_table_size; i++)
                if (flow_table[i].to == status || flow_table[i].from == status)
                        return true;
        return false;
}

/* The statuses of a deployment that meets no trouble, in their order. */
static void print_path(void)
{
        static const FlowEvent forward[] = { FLOW_SLOT, FLOW_DONE, FLOW_REPLACED };
        DeploymentStatus status = DEPLOYMENT_QUEUED;

        (void) printf("    %s", deployment_status_to_string(status));
        for (size_t i = 0; i < ELEMENTSOF(forward);) {
                const FlowRow *row = flow_find(status, forward[i]);

                if (row) {
                        status = row->to;
                        (void) printf(" → %s", deployment_status_to_string(status));
                } else
                        i++;
        }
        (void) printf("\n");
}

static void print_rows(void)
{
        (void) printf("| row | from | event | to | sentence |\n| --- | --- | --- | --- | --- |\n");
        for (size_t i = 0; i < flow_table_size; i++) {
                const FlowRow *row = &flow_table[i];

                (void) printf("| %u | %s | %s | %s | %s |\n", row->row,
                              deployment_status_to_string(row->from), flow_event_to_string(row->event),
                              deployment_status_to_string(row->to), row->sentence);
        }
}

static void print_later(void)
{
        const char *separator = "";

        for (unsigned i = 0; i < DEPLOYMENT_STATUS_MAX; i++)
                if (!is_reached(i)) {
                        (void) printf("%s`%s`", separator, deployment_status_to_string(i));
                        separator = ", ";
                }
}

static const char head[] =
        "# The life of a deployment\n"
        "\n"
        "Printed from the table in `daemon/model/flow.c`; a test compares. To write it anew:\n"
        "`build/docs/state-machine > docs/STATE_MACHINE.md`.\n"
        "\n"
        "Without trouble:\n"
        "\n";

static const char rule[] = "\n"
                           "An event that has no row in the present status means nothing there and is\n"
                           "dropped: late events are normal. A row is committed, with its sentence in the\n"
                           "event log, before the work of the new status begins; how that work ends is the\n"
                           "next event.\n"
                           "\n";

static const char events[] =
        "\n"
        "- **slot**: its turn has come. One deployment of an app at a time, first come\n"
        "  first served, and `[runner] parallel` of them in all.\n"
        "- **done**, **failed**: how the work of the status ended. `failed` has a\n"
        "  sentence for people, the deployment's `ErrorSummary`.\n"
        "- **cancel**: somebody asked for its end, by `Deployment.Cancel` or `App.Stop`.\n"
        "- **replaced**: committed together with the newer deployment's step to `live`,\n"
        "  in one transaction.\n"
        "\n"
        "After `superseded`, `failed` and `cancelled` comes the cleaning up: units are\n"
        "stopped, ports are free, files are removed. A superseded deployment keeps its\n"
        "release, and its units have `drain-timeout` for the requests they have begun.\n"
        "\n"
        "Words of the D-Bus interface that no row reaches yet: ";

int main(void)
{
        (void) fputs(head, stdout);
        print_path();
        (void) fputs(rule, stdout);
        print_rows();
        (void) fputs(events, stdout);
        print_later();
        (void) fputs(".\n", stdout);
        return fclose(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
