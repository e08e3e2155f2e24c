/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The defaults, and the example that shows them. */

#include "tests/unit/test-config.h"

#include <syslog.h>

TestSuite(config_example, .init = make_directory, .fini = remove_directory);

/* The contract: the listed defaults, written here once more by hand. */
static void expect_defaults(const Config *config)
{
        const uint64_t second = USEC_PER_SEC, mebi = UINT64_C(1) << 20, gibi = UINT64_C(1) << 30;
        static const char *const schemes[] = { "https", "ssh", NULL }, *const none[] = { NULL };
        static const char *const networks[] = { "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fd00::/8",
                                                NULL };

        cr_expect_str_eq(config->database_url, "");
        cr_expect_eq(config->port_range.low, 20000);
        cr_expect_eq(config->port_range.high, 29999);
        cr_expect_eq(config->stable_range.low, 30000);
        cr_expect_eq(config->stable_range.high, 32767);
        cr_expect_eq(config->parallel, 2);
        cr_expect_eq(config->queue_max, 10000);
        cr_expect_eq(config->queue_max_per_user, 100);
        cr_expect_eq(config->calls_max_per_user, 64);
        cr_expect_eq(config->questions_max_per_user, 8);
        cr_expect_eq(config->calls_burst_per_user, 200);
        cr_expect_eq(config->calls_rate_per_user, 50);
        cr_expect_eq(config->keep_releases, 5);
        cr_expect_eq(config->min_free_space, gibi);
        cr_expect_eq(config->require_sandbox, true);
        cr_expect_eq(config->fetch_timeout, 300 * second);
        cr_expect_eq(config->fetch_stall_timeout, 60 * second);
        cr_expect_eq(config->fetch_max_bytes, 2 * gibi);
        cr_expect_eq(config->fetch_max_files, 200000);
        cr_expect_eq(config->fetch_max_depth, 64);
        cr_expect_eq(config->build_timeout, 900 * second);
        cr_expect_eq(config->build_memory_max, gibi);
        cr_expect_eq(config->build_tasks_max, 512);
        cr_expect_eq(config->build_disk_max, 4 * gibi);
        cr_expect_eq(config->build_space, BUILD_SPACE_DISK);
        cr_expect_eq(config->build_files_max, 200000);
        cr_expect_eq(config->release_timeout, 300 * second);
        cr_expect_eq(config->build_network, true);
        cr_expect_eq(config->keep_logs, 100);
        cr_expect_eq(config->start_timeout, 60 * second);
        cr_expect_eq(config->check_successes, 2);
        cr_expect_eq(config->stop_timeout, 30 * second);
        cr_expect_eq(config->drain_timeout, 30 * second);
        cr_expect_eq(config->restart_pause, second);
        cr_expect_eq(config->restart_burst, 5);
        cr_expect_eq(config->restart_give_up, 10);
        cr_expect_eq(config->app_memory_max, 512 * mebi);
        cr_expect_eq(config->app_tasks_max, 256);
        cr_expect_eq(config->app_ports_max, 128);
        cr_expect_eq(config->writable_tree_max, (uint64_t) 512 << 20);
        cr_expect_eq(config->shm_max, 64 * mebi);
        cr_expect_eq(config->app_cpu_quota, 0);
        cr_expect_eq(config->app_memory_limit, 0);
        cr_expect_eq(config->app_tasks_limit, 0);
        expect_list(config->git_schemes, schemes);
        expect_list(config->git_local_paths, none);
        cr_expect_eq(config->git_private_networks, false);
        cr_expect_str_eq(config->git_proxy, "");
        expect_list(config->git_no_proxy, none);
        expect_list(config->internal_networks, networks);
        expect_list(config->trusted_proxies, none);
        cr_expect_str_eq(config->ingress_http, "");
        cr_expect_str_eq(config->ingress_https, "");
        cr_expect_eq(config->access_log, false);
        cr_expect_eq(config->apps_max, 3000);
        cr_expect_eq(config->connections_max, 6000);
        cr_expect_eq(config->app_connections_max, 2048);
        cr_expect_eq(config->body_timeout, 30 * second);
        cr_expect_eq(config->reload_keep, 86400 * second);
        cr_expect_eq(config->reload_keep_max, 50);
        cr_expect_str_eq(config->frontend_base_url, "");
        cr_expect_eq(config->log_level, LOG_INFO);
        cr_expect_eq(config->n_warnings, 0);
}

Test(config_example, without_any_file_there_are_the_defaults)
{
        _cleanup_(config_freep) Config *config = load();

        expect_defaults(config);
}

Test(config_example, an_empty_file_gives_the_defaults)
{
        _cleanup_(config_freep) Config *config = NULL;

        write_file(path, "");
        config = load();
        expect_defaults(config);
}

static char *print_example(void)
{
        char *text = NULL;
        size_t size;
        FILE *stream = open_memstream(&text, &size);

        cr_assert_not_null(stream);
        cr_assert_eq(config_print_example(stream), 0);
        cr_assert_eq(fclose(stream), 0);
        return text;
}

Test(config_example, the_example_as_it_is_gives_the_defaults)
{
        _cleanup_free_ char *example = print_example();
        _cleanup_(config_freep) Config *config = NULL;

        write_file(path, example);
        config = load();
        expect_defaults(config);
}

/* The commented keys are `#key = value`, other comments have a blank after the mark. Each key is first set
 * to something else by the main file, so that one that is missing in the example would be seen. */
Test(config_example, the_example_with_its_keys_uncommented_gives_the_defaults)
{
        _cleanup_free_ char *example = print_example();
        _cleanup_(config_freep) Config *config = NULL;
        size_t n_keys = 0;

        for (char *mark = example; (mark = strstr(mark, "\n#")); mark++)
                if (mark[2] >= 'a' && mark[2] <= 'z') {
                        memmove(mark + 1, mark + 2, strlen(mark + 2) + 1);
                        n_keys++;
                }
        cr_expect_eq(n_keys, 65);
        write_file(path, "[runner]\nkeep-logs = 7\n[log]\nlevel = debug\n[git]\nlocal-paths = /srv\n"
                         "[ingress]\nhttp = *:80\n[runner]\napp-cpu-quota = 10%\n");
        write_drop_in("example.conf", example);
        config = load();
        expect_defaults(config);
}

Test(config_example, the_example_fits_a_terminal_and_shows_every_bound)
{
        _cleanup_free_ char *example = print_example();

        cr_expect_not_null(strstr(example, "(1024 to 65535)\n#range = 20000-29999\n"));
        cr_expect_not_null(strstr(example, "(disk or memory)\n#build-space = disk\n"));
        for (char *line = example; *line; line += strcspn(line, "\n") + 1)
                cr_expect_leq(strcspn(line, "\n"), 80, "%.*s", (int) strcspn(line, "\n"), line);
}

Test(config_example, printing_the_example_to_a_full_disk_fails)
{
        _cleanup_file_ FILE *stream = fopen("/dev/full", "we");

        cr_assert_not_null(stream);
        cr_expect_eq(config_print_example(stream), -EIO);
}
