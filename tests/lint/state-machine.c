/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Prints docs/STATE_MACHINE.md from the table that drives deployments; run to compare or to write it again,
 * never installed. */

#include <stdio.h>
#include <stdlib.h>

#include "daemon/model/flow.h"

/* The statuses of a deployment that meets no trouble, in their order: each of these events happens as often
 * as it can, one after another. */
static void print_path(const FlowEvent forward[], size_t n)
{
        DeploymentStatus status = DEPLOYMENT_QUEUED;

        (void) printf("    %s", deployment_status_to_string(status));
        for (size_t i = 0; i < n;) {
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

static void print_paths(void)
{
        static const FlowEvent whole[] = { FLOW_SLOT, FLOW_BUILD, FLOW_COMMAND, FLOW_DONE, FLOW_REPLACED };
        static const FlowEvent usual[] = { FLOW_SLOT, FLOW_BUILD, FLOW_DONE, FLOW_REPLACED };
        static const FlowEvent without[] = { FLOW_SLOT, FLOW_DONE, FLOW_REPLACED };
        static const FlowEvent again[] = { FLOW_REUSE, FLOW_DONE, FLOW_REPLACED };

        (void) printf("Without trouble, also of a tree that turns out to run as it is:\n\n");
        print_path(usual, ELEMENTSOF(usual));
        (void) printf("\nOf one that has a release command:\n\n");
        print_path(whole, ELEMENTSOF(whole));
        (void) printf(
                "\nOf a commit that was built before, and with `buildpack=none` without a command:\n\n");
        print_path(without, ELEMENTSOF(without));
        (void) printf("\nOf a release that is kept:\n\n");
        print_path(again, ELEMENTSOF(again));
}

static const char head[] =
        "# The life of a deployment\n"
        "\n"
        "Printed from the table in `daemon/model/flow.c`; a test compares. To write it again:\n"
        "`build/tests/lint/state-machine > docs/STATE_MACHINE.md`.\n"
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
        "- **reuse**: the same, for `Redeploy`, `Rollback` and `SetEnvironment`: there is\n"
        "  nothing to fetch.\n"
        "- **build**: the tree is there, and was not built before. Whether there is\n"
        "  something to build only a build can tell, so that it is skipped for\n"
        "  `buildpack=none` without a command alone.\n"
        "- **command**: the release is there, and it has a process type `release`, which\n"
        "  is run once before anything else of it.\n"
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
        "What a verb, a crash or a reboot does to the app is in [STATES.md](STATES.md).\n";

int main(void)
{
        (void) fputs(head, stdout);
        print_paths();
        (void) fputs(rule, stdout);
        print_rows();
        (void) fputs(events, stdout);
        return fclose(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
