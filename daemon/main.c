/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "base/log.h"
#include "base/names.h"
#include "base/text.h"
#include "daemon/config.h"
#include "daemon/manager.h"
#include "daemon/report-print.h"
#include "dbus/adopt-bus.h"
#include "dbus/verify-bus.h"
#include "sql/pg.h"
#include "sql/tool.h"

/* Stops at SIGTERM and SIGINT; keeps the watchdog of the unit content. */
static int make_event(sd_event **ret)
{
        _cleanup_(sd_event_unrefp) sd_event *event = NULL;
        int r;

        r = sd_event_default(&event);
        if (r >= 0)
                r = sd_event_set_watchdog(event, true);
        if (r >= 0)
                r = sd_event_add_signal(event, NULL, SIGTERM | SD_EVENT_SIGNAL_PROCMASK, NULL, NULL);
        if (r >= 0)
                r = sd_event_add_signal(event, NULL, SIGINT | SD_EVENT_SIGNAL_PROCMASK, NULL, NULL);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(event);
        return 0;
}

static int options_load(const char *path, Config **ret)
{
        _cleanup_free_ char *sentence = NULL;
        int r;

        r = config_load(path, ret, &sentence);
        if (r < 0)
                log_error("%s", sentence ? sentence : strerror(-r));
        return r;
}

static int run_daemon(const char *config_path)
{
        _cleanup_(sd_event_unrefp) sd_event *event = NULL;
        _cleanup_(manager_freep) Manager *manager = NULL;
        _cleanup_free_ char *sentence = NULL;
        Config *config;
        int r;

        if (options_load(config_path, &config) < 0)
                return EX_CONFIG;
        r = make_event(&event);
        if (r < 0) {
                config_free(config);
                log_error("Cannot make an event loop: %s", strerror(-r));
                return EXIT_FAILURE;
        }
        r = manager_new(event, config, config_path, &manager, &sentence);
        if (r < 0) {
                log_error("%s", sentence ? sentence : strerror(-r));
                return r == -EINVAL ? EX_CONFIG : EXIT_FAILURE;
        }
        r = sd_event_loop(event);
        (void) sd_notify(false, "STOPPING=1\nSTATUS=Stopping; the apps go on");
        if (r < 0)
                log_error("The event loop failed: %s", strerror(-r));
        return r < 0 ? EXIT_FAILURE : r;
}

static int run_migrations(const char *config_path, bool option)
{
        _cleanup_(config_freep) Config *config = NULL;

        (void) option;
        return options_load(config_path, &config) < 0 ? EX_CONFIG
                                                      : tool_migrations(config->database_url, stdout);
}

static int run_migrate(const char *config_path, bool plan)
{
        _cleanup_(config_freep) Config *config = NULL;

        if (options_load(config_path, &config) < 0)
                return EX_CONFIG;
        return plan ? tool_plan(config->database_url, stdout) : tool_migrate(config->database_url, stdout);
}

/* Root is refused by nobody but the bus, and that only without our policy: it is check 8 then. */
static void blame_bus(Report *report, const char *sentence)
{
        report_fail(report, CHECK_CONFIGURATION,
                    "the bus refuses to ask deployd, as if /usr/share/dbus-1/system.d/" BUS_NAME
                    ".conf was missing (%s): install the package deployd again",
                    sentence);
        report_end(report, CHECK_CONFIGURATION);
}

/* Without a deployd that could look at units and files, checks 1 to 7 are made here. */
static int verify_alone(const char *config_path, int asked, const char *why, Report *report)
{
        _cleanup_(config_freep) Config *config = NULL;
        int status;

        if (options_load(config_path, &config) < 0)
                return EX_CONFIG;
        log_info("deployd was not asked (%s): the checks marked '-' are not made", why);
        status = tool_verify(config->database_url, report);
        if (status == 0 && asked == -EACCES)
                blame_bus(report, why);
        return status;
}

static int run_verify(const char *config_path, bool json)
{
        _cleanup_report_ Report report = {};
        _cleanup_free_ char *sentence = NULL;
        int r, status;

        r = verify_bus_ask(&report, &sentence);
        if (r == -EHOSTDOWN || (r == -EACCES && geteuid() == 0)) {
                status = verify_alone(config_path, r, text_or_empty(sentence), &report);
                if (status != 0)
                        return status;
        } else if (r < 0) {
                log_error("%s", sentence ? sentence : strerror(-r));
                return r == -EACCES ? EX_NOPERM : EX_OSERR;
        }
        if (!json)
                report_print(&report, stdout);
        else if (report_print_json(&report, stdout) < 0)
                report.out_of_memory = true;
        if (fflush(stdout) != 0 || report.out_of_memory) {
                log_error("The report could not be written");
                return EX_OSERR;
        }
        return report_status(&report);
}

/* Nothing is decided without a terminal or --yes. */
static bool ask_to_go_on(void)
{
        char line[16];

        if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)) {
                log_error("Nothing was done: 'deployd adopt --yes' does what is listed");
                return false;
        }
        (void) fprintf(stderr, "Type yes to do this: ");
        if (fgets(line, sizeof(line), stdin) && strcmp(line, "yes\n") == 0)
                return true;
        log_error("Nothing was done");
        return false;
}

static int run_adopt(const char *config_path, bool yes)
{
        _cleanup_free_ char *sentence = NULL;
        char **lines = NULL;
        int r;

        (void) config_path;
        r = adopt_bus_ask(/* really= */ false, &lines, &sentence);
        if (r >= 0 && !lines) {
                (void) printf(
                        "There is nothing to decide: the database knows all that is on this machine.\n");
                return EXIT_SUCCESS;
        }
        for (char **line = lines; r >= 0 && *line; line++)
                (void) printf("%s\n", *line);
        (void) fflush(stdout);
        lines = text_free_list(lines);
        if (r >= 0 && !yes && !ask_to_go_on())
                return EXIT_FAILURE;
        if (r >= 0)
                r = adopt_bus_ask(/* really= */ true, &lines, &sentence);
        text_free_list(lines);
        if (r < 0) {
                log_error("%s", sentence ? sentence : strerror(-r));
                return r == -EACCES ? EX_NOPERM : EXIT_FAILURE;
        }
        (void) printf("Done: deployd goes on with this database.\n");
        return EXIT_SUCCESS;
}

/* For the ExecCondition= of deployd-postgres.service: 0 = the private cluster is wanted, 1 = an own database
 * is set. */
static int run_private_database(const char *config_path, bool option)
{
        _cleanup_(config_freep) Config *config = NULL;

        (void) option;
        /* A broken file is deployd's to tell; the database of those that worked before goes on. */
        if (options_load(config_path, &config) < 0)
                return 0;
        return text_is_empty(config->database_url) ? 0 : 1;
}

/* For the programs of PostgreSQL that `deployctl backup` and `deployctl restore` run. */
static int run_database_service(const char *config_path, bool option)
{
        _cleanup_(config_freep) Config *config = NULL;
        int r;

        (void) option;
        if (options_load(config_path, &config) < 0)
                return EX_CONFIG;
        r = pg_print_service(config->database_url, stdout);
        if (r >= 0 && fflush(stdout) != 0)
                r = -errno;
        if (r < 0)
                log_error("The database cannot be written as a connection service: %s", strerror(-r));
        return r < 0 ? EX_OSERR : EXIT_SUCCESS;
}

static const struct {
        const char *name;
        const char *option; /* that it takes; NULL = none */
        int (*run)(const char *config_path, bool option);
        const char *help;
} verbs[] = {
        { "migrations", NULL, run_migrations, "list the migrations: [X] applied, [ ] missing, [!] changed" },
        { "migrate", "--plan", run_migrate,
          "apply what is missing and exit; --plan: print its SQL instead" },
        { "verify", "--json", run_verify, "check database, installation and units; --json: for programs" },
        { "adopt", "--yes", run_adopt,
          "list data that the database does not know, and move it aside; --yes: do not ask" },
        { "private-database", NULL, run_private_database,
          "exit with 0 if the private cluster is to run, else with 1" },
        { "database-service", NULL, run_database_service,
          "print the database as a connection service of libpq, for psql" },
};

static int options_help(void)
{
        (void) printf("deployd [--config FILE] [VERB]\n\n"
                      "Without a verb: the daemon, as systemd starts it.\n\n");
        for (size_t i = 0; i < ELEMENTSOF(verbs); i++)
                (void) printf("  %-18s %s\n", verbs[i].name, verbs[i].help);
        (void) printf("\n  --config FILE      read FILE and FILE.d/*.conf instead of %s\n"
                      "  --help             show this\n"
                      "  --version          show the version\n\n"
                      "See deployd(8) and deployctl(1).\n",
                      PATH_CONFIG);
        return EXIT_SUCCESS;
}

static int run_verb(const char *config_path, const char *name, const char *option)
{
        for (size_t i = 0; i < ELEMENTSOF(verbs); i++) {
                if (strcmp(verbs[i].name, name) != 0)
                        continue;
                if (option && (!verbs[i].option || strcmp(verbs[i].option, option) != 0)) {
                        log_error("%s has no option %s: deployd --help lists them", name, option);
                        return EX_USAGE;
                }
                return verbs[i].run(config_path, option);
        }
        log_error("Unknown verb %s: deployd --help lists them", name);
        return EX_USAGE;
}

int main(int argc, char **argv)
{
        static const struct option options[] = {
                { "config", required_argument, NULL, 'c' },
                { "help", no_argument, NULL, 'h' },
                { "json", no_argument, NULL, 'j' },
                { "plan", no_argument, NULL, 'p' },
                { "version", no_argument, NULL, 'v' },
                { "yes", no_argument, NULL, 'y' },
                {},
        };
        const char *config_path = PATH_CONFIG, *of_verb = NULL;
        int option;

        while ((option = getopt_long(argc, argv, "h", options, NULL)) >= 0)
                switch (option) {
                case 'c':
                        config_path = optarg;
                        if (access(config_path, R_OK) < 0) {
                                log_error("Cannot read %s: %m", config_path);
                                return EX_CONFIG;
                        }
                        break;
                case 'h':
                        return options_help();
                case 'j':
                        of_verb = "--json";
                        break;
                case 'p':
                        of_verb = "--plan";
                        break;
                case 'y':
                        of_verb = "--yes";
                        break;
                case 'v':
                        (void) puts("deployd " DEPLOYD_VERSION);
                        return EXIT_SUCCESS;
                default:
                        return EX_USAGE;
                }

        if (optind < argc - 1) {
                log_error("One verb at a time: deployd --help lists them");
                return EX_USAGE;
        }
        if (optind == argc - 1)
                return run_verb(config_path, argv[optind], of_verb);
        if (of_verb) {
                log_error("%s belongs to a verb: deployd --help lists them", of_verb);
                return EX_USAGE;
        }
        return run_daemon(config_path);
}
