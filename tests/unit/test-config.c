/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The configuration as a whole: files and drop-ins on disk, warnings, refusals. */

#include "tests/unit/test-config.h"

#include <syslog.h>

TestSuite(config, .init = make_directory, .fini = remove_directory);

static void expect_error(int error, const char *expected)
{
        _cleanup_free_ char *sentence = NULL;
        Config *config = NULL;

        cr_expect_eq(config_load(path, &config, &sentence), error);
        cr_assert_not_null(sentence);
        cr_expect_str_eq(sentence, expected, "%s", sentence);
        cr_expect_null(config);
        cr_expect(text_is_clean(sentence, false));
}

/* Loading a deploy.conf of `text` fails with PATH and `expected`. */
static void expect_refused(const char *text, const char *expected)
{
        _cleanup_free_ char *sentence = text_format("%s%s", path, expected);

        write_file(path, text);
        expect_error(-EINVAL, sentence);
}

Test(config, the_later_value_counts)
{
        _cleanup_(config_freep) Config *config = NULL;

        write_file(path, "[runner]\nparallel = 3\n[git]\nschemes = http\n[runner]\nparallel = "
                         "4\n[git]\nschemes = git\n");
        config = load();
        cr_expect_eq(config->parallel, 4);
        expect_list(config->git_schemes, (const char *const[]){ "git", NULL });
}

Test(config, drop_ins_follow_in_the_order_of_their_names)
{
        _cleanup_(config_freep) Config *config = NULL;

        write_file(path, "[runner]\nparallel = 3\nkeep-logs = 3\nkeep-releases = 3\n");
        write_drop_in("b.conf", "[runner]\nparallel = 5\n");
        write_drop_in("a.conf", "[runner]\nparallel = 4\nkeep-logs = 4\n");
        write_drop_in("B.conf", "[runner]\nparallel = 6\nkeep-logs = 6\nkeep-releases =\n");
        config = load();
        cr_expect_eq(config->parallel, 5);
        cr_expect_eq(config->keep_logs, 4);
        cr_expect_eq(config->keep_releases, 5);
}

Test(config, drop_ins_count_without_a_main_file)
{
        _cleanup_(config_freep) Config *config = NULL;

        write_drop_in("a.conf", "[runner]\nparallel = 4\n");
        config = load();
        cr_expect_eq(config->parallel, 4);
}

Test(config, other_files_beside_the_drop_ins_are_left_alone)
{
        static const char *const names[] = { "a.conf~", "a.conf.dpkg-new", ".a.conf",
                                             ".conf",   "README",          "conf" };
        _cleanup_(config_freep) Config *config = NULL;

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                write_drop_in(names[i], "rubbish\n");
        config = load();
        cr_expect_eq(config->n_warnings, 0);
}

Test(config, a_section_does_not_reach_into_the_next_file)
{
        _cleanup_(config_freep) Config *config = NULL;
        _cleanup_free_ char *expected =
                text_format("%s.d/a.conf:1: Ignoring keep-logs in [], it belongs in [runner].", path);

        write_file(path, "[runner]\nkeep-logs = 4\n");
        write_drop_in("a.conf", "keep-logs = 6\n");
        config = load();
        cr_expect_eq(config->keep_logs, 4);
        cr_assert_eq(config->n_warnings, 1);
        cr_expect_str_eq(config->warnings[0], expected);
}

Test(config, a_bad_value_in_a_drop_in_is_named_with_its_file)
{
        _cleanup_free_ char *expected = text_format("%s.d/a.conf:3: [runner] parallel cannot be many, "
                                                    "it must be a whole number, from 1 to 64.",
                                                    path);

        write_drop_in("a.conf", "\n[runner]\nparallel = many\n");
        expect_error(-EINVAL, expected);
}

Test(config, a_bad_value_of_each_kind_says_what_is_allowed)
{
        static const struct {
                const char *text, *expected;
        } cases[] = {
                { "[runner]\nparallel = 0\n",
                  ":2: [runner] parallel cannot be 0, it must be a whole number, from 1 to 64." },
                { "[runner]\n\nstart-timeout = 0\n", ":3: [runner] start-timeout cannot be 0, it must be a "
                                                     "time span in us, ms, s, min, h, d or w, such as "
                                                     "90s, 1.5h or 1h 30min, from 100ms to 1d." },
                { "[runner]\nbuild-memory-max = 512\n", ":2: [runner] build-memory-max cannot be 512, it "
                                                        "must be a size in bytes or with K, M, G, T or P, "
                                                        "such as 512M, 512MiB or 1.5G, from 1M to 1P." },
                { "[runner]\napp-cpu-quota = 2\n", ":2: [runner] app-cpu-quota cannot be 2, it must be a "
                                                   "share of one CPU's time such as 50% or 150%, "
                                                   "from 1% to 100000%." },
                { "[ports]\nrange = 80-90\n", ":2: [ports] range cannot be 80-90, it must be two port "
                                              "numbers, the lower one first, such as "
                                              "20000-29999, from 1024 to 65535." },
                { "[git]\nprivate-networks = maybe\n",
                  ":2: [git] private-networks cannot be maybe, it must be yes or no." },
                { "[runner]\nbuild-space = tape\n",
                  ":2: [runner] build-space cannot be tape, it must be one of disk or memory." },
                { "[git]\nschemes = https ftp\n", ":2: [git] schemes cannot be https ftp, it must be none, "
                                                  "or one or several, with blanks between them, "
                                                  "of https, ssh, http or git." },
                { "[git]\nlocal-paths = /srv/%i\n",
                  ":2: [git] local-paths cannot be /srv/%i, it must be none, or absolute paths of "
                  "directories with "
                  "blanks between them, each without . or .. or an empty part, not / itself, and of "
                  "letters, digits "
                  "and /._- only, because they become properties of units." },
                { "[git]\nproxy = socks5://ada:secret@proxy\n",
                  ":2: [git] proxy cannot be this value, it must be http:// or https:// and HOST:PORT, with "
                  "USER:PASSWORD@ before that if the proxy asks for it, without a path." },
                { "[access]\ninternal-networks = lan\n",
                  ":2: [access] internal-networks cannot be lan, it must be none, or IP addresses or "
                  "networks with "
                  "blanks between them, such as 10.0.0.0/8 or fd00::/8." },
                { "[ingress]\nhttp = 80\n",
                  ":2: [ingress] http cannot be 80, it must be ADDRESS:PORT, such as *:80, 192.0.2.1:80 or "
                  "[2001:db8::1]:80." },
                { "[frontend]\nbase-url = https://a/\n", ":2: [frontend] base-url cannot be https://a/, it "
                                                         "must be http:// or https:// and the name of a "
                                                         "host, without port, path or slash at the end." },
                { "[log]\nlevel = loud\n", ":2: [log] level cannot be loud, it must be one of emerg, alert, "
                                           "crit, err, warning, notice, info or "
                                           "debug." },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                expect_refused(cases[i].text, cases[i].expected);
}

Test(config, a_database_url_is_never_shown)
{
        expect_refused("[database]\nurl = mysql://u:sesame@h/d\n",
                       ":2: [database] url cannot be this value, it must be a URL that begins with "
                       "postgresql:// or "
                       "postgres:// and has no blanks.");
}

Test(config, a_long_bad_value_is_cut_in_the_sentence)
{
        expect_refused(
                "[runner]\nparallel = "
                "0123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 x\n",
                ":2: [runner] parallel cannot be "
                "0123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456…"
                ", it must be a whole number, from 1 to 64.");
}

Test(config, keys_that_were_indented_are_explained)
{
        expect_refused("[runner]\n  parallel = 2\n  keep-logs = 5\n",
                       ":2: [runner] parallel cannot be 2 keep-logs = 5 (joined with the indented lines "
                       "that follow), "
                       "it must be a whole number, from 1 to 64.");
}

Test(config, a_value_may_go_on_in_indented_lines)
{
        _cleanup_(config_freep) Config *config = NULL;

        write_file(path,
                   "[git]\nlocal-paths = /srv/a ; first\n   /srv/b\n# comment\n   /srv/c\nschemes = git\n");
        config = load();
        expect_list(config->git_local_paths, (const char *const[]){ "/srv/a", "/srv/b", "/srv/c", NULL });
        expect_list(config->git_schemes, (const char *const[]){ "git", NULL });
}

Test(config, a_semicolon_inside_a_value_is_kept)
{
        _cleanup_(config_freep) Config *config = NULL;

        write_file(path, "[database]\nurl = postgresql://u:a;b#c@h/d ; the office\n");
        config = load();
        cr_expect_str_eq(config->database_url, "postgresql://u:a;b#c@h/d");
}

Test(config, what_is_unknown_is_a_warning)
{
        static const char *const expected[] = {
                ":1: Ignoring key a in unknown section [].",
                ":3: Ignoring unknown key paralel in [runner].",
                ":4: Ignoring schemes in [runner], it belongs in [git].",
                ":7: Ignoring key colour in unknown section [web].",
                ":8: Ignoring level in [web], it belongs in [log].",
        };
        _cleanup_(config_freep) Config *config = NULL;

        write_file(path, "a = 1\n[runner]\nparalel = 3\nschemes = ftp\nparallel = 3\n[web]\ncolour = "
                         "red\nlevel = debug\n");
        config = load();
        cr_expect_eq(config->parallel, 3);
        cr_expect_eq(config->log_level, LOG_INFO);
        cr_assert_eq(config->n_warnings, ELEMENTSOF(expected));
        for (size_t i = 0; i < ELEMENTSOF(expected); i++) {
                _cleanup_free_ char *sentence = text_format("%s%s", path, expected[i]);

                cr_expect_str_eq(config->warnings[i], sentence);
        }
        cr_expect_null(config->warnings[ELEMENTSOF(expected)]);
}

Test(config, a_file_of_something_else_does_not_flood_the_journal)
{
        _cleanup_(config_freep) Config *config = NULL;
        _cleanup_free_ char *text = strdup("");

        for (int i = 0; i < 500; i++) {
                char *longer = text_format("%skey%d = 1\n", text, i);

                free(text);
                text = longer;
        }
        write_file(path, text);
        config = load();
        cr_assert_eq(config->n_warnings, 51);
        cr_expect_str_eq(config->warnings[50], "There are more warnings about the configuration.");
        cr_expect_null(config->warnings[51]);
}

Test(config, ranges_that_overlap_are_refused)
{
        static const char *const stable[] = { "29999-30010", "19990-20000", "20005-20006", "10000-40000",
                                              "20000-29999" };

        for (size_t i = 0; i < ELEMENTSOF(stable); i++) {
                _cleanup_free_ char *text = text_format("[ports]\nstable-range = %s\n", stable[i]),
                                    *expected =
                                            text_format("[ports] range = 20000-29999 and stable-range = %s "
                                                        "overlap, no port may be in both.",
                                                        stable[i]);

                write_file(path, text);
                expect_error(-EINVAL, expected);
        }
}

Test(config, ranges_that_touch_are_not)
{
        _cleanup_(config_freep) Config *config = NULL;

        write_file(path, "[ports]\nstable-range = 19000-19999\n");
        config = load();
        cr_expect_eq(config->stable_range.high, 19999);
        cr_expect_eq(config->n_warnings, 0);
}

Test(config, a_range_among_the_ports_the_kernel_gives_out_is_a_warning)
{
        _cleanup_(config_freep) Config *config = NULL;

        write_file(path, "[ports]\nstable-range = 30000-32768\n");
        config = load();
        cr_assert_eq(config->n_warnings, 1);
        cr_expect_not_null(strstr(config->warnings[0], "stable-range = 30000-32768"), "%s",
                           config->warnings[0]);
}

Test(config, the_ingress_takes_no_port_of_the_apps)
{
        write_file(path, "[ingress]\nhttps = [::]:30000\n");
        expect_error(
                -EINVAL,
                "[ingress] https has port 30000 of [ports] stable-range = 30000-32767, it must be another.");
        write_file(path, "[ingress]\nhttp = *:80\nhttps = [::]:80\n");
        expect_error(-EINVAL, "[ingress] http and https have the same port 80, they must differ.");
}

Test(config, the_default_of_apps_is_within_their_limit)
{
        _cleanup_(config_freep) Config *config = NULL;

        write_file(path, "[runner]\napp-memory-limit = 511M\n");
        expect_error(-EINVAL, "[runner] app-memory-max is more than app-memory-limit, it must not be, "
                              "or app-memory-limit must be 0.");
        write_file(path, "[runner]\napp-tasks-limit = 255\n");
        expect_error(-EINVAL, "[runner] app-tasks-max is more than app-tasks-limit, it must not be, "
                              "or app-tasks-limit must be 0.");
        write_file(path, "[runner]\napp-memory-limit = 512M\napp-tasks-limit = 256\n");
        config = load();
        cr_expect_eq(config->app_tasks_limit, 256);
}

Test(config, values_are_judged_together_only_when_all_files_are_read)
{
        _cleanup_(config_freep) Config *config = NULL;

        write_file(path, "[ports]\nrange = 30000-31000\n");
        write_drop_in("a.conf", "[ports]\nstable-range = 31001-32000\n");
        config = load();
        cr_expect_eq(config->port_range.low, 30000);
}

Test(config, a_directory_in_the_place_of_the_file_is_an_error)
{
        _cleanup_free_ char *expected = text_format("%s: Cannot be read: Is a directory.", path);

        cr_assert_eq(mkdir(path, 0755), 0);
        expect_error(-EISDIR, expected);
}

Test(config, a_file_in_the_place_of_the_drop_ins_is_an_error)
{
        _cleanup_free_ char *drop_ins = text_format("%s.d", path),
                            *expected = text_format("%s: Cannot be read: Not a directory.", drop_ins);

        write_file(drop_ins, "");
        expect_error(-ENOTDIR, expected);
}

/* The user nobody of every Linux system. */
#define UID_NOBODY 65534

/* Root reads everything, so be somebody else for a moment. */
static void expect_unreadable(const char *expected)
{
        bool is_root = geteuid() == 0;

        cr_assert_eq(chmod(directory, 0755), 0);
        if (is_root)
                cr_assert_eq(seteuid(UID_NOBODY), 0);
        expect_error(-EACCES, expected);
        if (is_root)
                cr_assert_eq(seteuid(0), 0);
}

Test(config, an_unreadable_file_is_an_error)
{
        _cleanup_free_ char *expected = text_format("%s: Cannot be read: Permission denied.", path);

        write_file(path, "");
        cr_assert_eq(chmod(path, 0), 0);
        expect_unreadable(expected);
}

Test(config, unreadable_drop_ins_are_an_error)
{
        _cleanup_free_ char *drop_ins = text_format("%s.d", path),
                            *expected = text_format("%s: Cannot be read: Permission denied.", drop_ins);

        write_drop_in("a.conf", "");
        cr_assert_eq(chmod(drop_ins, 0), 0);
        expect_unreadable(expected);
        cr_assert_eq(chmod(drop_ins, 0700), 0);
}

Test(config, a_drop_in_that_points_nowhere_is_an_error)
{
        _cleanup_free_ char *file = text_format("%s.d/b.conf", path),
                            *expected = text_format("%s: Cannot be read: No such file or directory.", file);

        write_drop_in("a.conf", "");
        cr_assert_eq(symlink("/nonexistent", file), 0);
        expect_error(-ENOENT, expected);
}

Test(config, there_may_be_256_drop_ins_and_no_more)
{
        _cleanup_(config_freep) Config *config = NULL;
        _cleanup_free_ char *expected = text_format("%s.d: There are over 256 drop-ins.", path);
        char name[sizeof("000.conf") + 8];

        for (int i = 0; i < 256; i++) {
                (void) snprintf(name, sizeof(name), "%03d.conf", i);
                write_drop_in(name, i == 255 ? "[runner]\nparallel = 9\n" : "");
        }
        config = load();
        cr_expect_eq(config->parallel, 9);
        write_drop_in("256.conf", "");
        expect_error(-EFBIG, expected);
}

Test(config, free_accepts_null)
{
        cr_expect_null(config_free(NULL));
}
