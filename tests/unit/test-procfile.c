/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "release/procfile.h"

static Procfile *parse(const char *text)
{
        _cleanup_free_ char *error = NULL;
        Procfile *procfile = NULL;

        cr_assert_eq(procfile_parse(text, strlen(text), &procfile, &error), 0, "%s: %s", text, error);
        cr_assert_null(error);
        return procfile;
}

static void expect(const Procfile *procfile, size_t i, const char *name, const char *command)
{
        cr_assert_lt(i, procfile->n_processes);
        cr_assert_str_eq(procfile->processes[i].name, name);
        cr_assert_str_eq(procfile->processes[i].command, command);
}

static void refused(const char *text, size_t size, const char *sentence)
{
        _cleanup_free_ char *error = NULL;
        Procfile *procfile = NULL;

        cr_assert_eq(procfile_parse(text, size, &procfile, &error), -EINVAL, "%s", text);
        cr_assert_null(procfile);
        cr_assert_str_eq(error, sentence);
}

Test(procfile, every_byte_of_a_command_is_kept)
{
        static const char *const commands[] = {
                "node server.js",        "sh -c 'a \"b\"'",   "a; b && c | d > e &",     "%n %% %",
                "$HOME $$ ${X:-y}",      "\\ \\\\ \\n",       "grün e\xcc\x81 日本語",   "a\tb",
                "blanks at the end  \t", "# no comment here", ": # ' \" ` $( { [ * ? !", "-x",
        };

        for (size_t i = 0; i < ELEMENTSOF(commands); i++) {
                char text[200];

                (void) snprintf(text, sizeof(text), "web: %s\n", commands[i]);
                _cleanup_(procfile_freep) Procfile *procfile = parse(text);
                cr_assert_eq(procfile->n_processes, 1);
                expect(procfile, 0, "web", commands[i]);
        }
}

Test(procfile, a_byte_order_mark_is_skipped_at_the_begin_only)
{
        _cleanup_(procfile_freep) Procfile *procfile = parse("\xef\xbb\xbfweb: a\n");
        _cleanup_(procfile_freep) Procfile *empty = parse("\xef\xbb\xbf");

        cr_assert_eq(procfile->n_processes, 1);
        expect(procfile, 0, "web", "a");
        cr_assert_eq(empty->n_processes, 0);
        refused("\xef\xbb\xbf\xef\xbb\xbfweb: a\n", strlen("\xef\xbb\xbf\xef\xbb\xbfweb: a\n"),
                "Procfile line 1: " PROCESS_NAME_FAULT);
}

Test(procfile, processes_keep_their_order)
{
        _cleanup_(procfile_freep) Procfile *procfile = parse("web: a\nworker: b\nclock: c\n");

        cr_assert_eq(procfile->n_processes, 3);
        expect(procfile, 0, "web", "a");
        expect(procfile, 1, "worker", "b");
        expect(procfile, 2, "clock", "c");
}

Test(procfile, lines_may_end_with_CR_LF_and_the_last_with_nothing)
{
        _cleanup_(procfile_freep) Procfile *procfile = parse("web: a\r\n\r\nworker: b");

        cr_assert_eq(procfile->n_processes, 2);
        expect(procfile, 0, "web", "a");
        expect(procfile, 1, "worker", "b");
}

Test(procfile, blank_lines_and_comments_are_skipped)
{
        _cleanup_(procfile_freep) Procfile *procfile = parse("\n# web: x\n  \t\n  # y\nweb: a\n#");

        cr_assert_eq(procfile->n_processes, 1);
        expect(procfile, 0, "web", "a");
}

Test(procfile, blanks_after_the_colon_may_be_many_or_none)
{
        _cleanup_(procfile_freep) Procfile *procfile = parse("a:x\nb: \t y\nc: d: e\n");

        expect(procfile, 0, "a", "x");
        expect(procfile, 1, "b", "y");
        expect(procfile, 2, "c", "d: e");
}

Test(procfile, nothing_is_an_empty_procfile)
{
        _cleanup_(procfile_freep) Procfile *procfile = parse("");

        cr_assert_eq(procfile->n_processes, 0);
}

Test(procfile, anything_else_is_refused_with_its_line)
{
        static const char name[] =
                "its name is not of letters, digits, _ and single dashes, at most 32, from a letter";
        static const char clean[] = "it is not UTF-8 without control characters";
        static const struct {
                const char *text;
                unsigned line;
                const char *fault;
        } cases[] = {
                { "web", 1, "it is not of the form NAME: command" },
                { "web: a\n<<<<<<< HEAD\n", 2, "it is not of the form NAME: command" },
                { "web: a\n// no comment\n", 2, "it is not of the form NAME: command" },
                { "web:\n", 1, "its command is empty" },
                { "web: \t \r\n", 1, "its command is empty" },
                { "\nweb: a\n\nweb: b\n", 4, "its name is there already" },
                { "_web: a", 1, name },
                { " web: a", 1, name },
                { "web : a", 1, name },
                { ": a", 1, name },
                { "we%b: a", 1, name },
                { "1web: a", 1, name },
                { "-web: a", 1, name },
                { "web-: a", 1, name },
                { "we--b: a", 1, name },
                { "../web: a", 1, name },
                { "wéb: a", 1, name },
                { "web: a\rb\n", 1, clean },
                { "web: a\r", 1, clean },
                { "web: a\r\r\n", 1, clean },
                { "web: \x1b[2J", 1, clean },
                { "web: \x7f", 1, clean },
                { "web: caf\xe9", 1, clean },
                { "# caf\xe9", 1, clean },
                { "w\xff\xfe: a", 1, clean },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char sentence[200];

                (void) snprintf(sentence, sizeof(sentence), "Procfile line %u: %s", cases[i].line,
                                cases[i].fault);
                refused(cases[i].text, strlen(cases[i].text), sentence);
        }
}

Test(procfile, a_NUL_byte_is_refused_wherever_it_is)
{
        static const char middle[] = "web: a\0b\n", comment[] = "web: a\n#\0\n", last[] = "web: a\0";

        refused(middle, sizeof(middle) - 1, "Procfile line 1: it has a NUL byte");
        refused(comment, sizeof(comment) - 1, "Procfile line 2: it has a NUL byte");
        refused(last, sizeof(last) - 1, "Procfile line 1: it has a NUL byte");
}

Test(procfile, what_is_behind_the_size_is_not_read)
{
        _cleanup_(procfile_freep) Procfile *procfile = NULL;
        _cleanup_free_ char *error = NULL;

        cr_assert_eq(procfile_parse("web: ab", 6, &procfile, &error), 0);
        expect(procfile, 0, "web", "a");
}

Test(procfile, the_longest_command_fits_and_one_byte_more_does_not)
{
        static char text[PROCESS_COMMAND_MAX + 10];
        size_t size = strlen("web: ") + PROCESS_COMMAND_MAX;
        _cleanup_(procfile_freep) Procfile *procfile = NULL;
        _cleanup_free_ char *error = NULL;

        memset(stpcpy(text, "web: "), 'x', PROCESS_COMMAND_MAX + 1);
        cr_assert_eq(procfile_parse(text, size, &procfile, &error), 0);
        cr_assert_eq(strlen(procfile->processes[0].command), PROCESS_COMMAND_MAX);
        refused(text, size + 1, "Procfile line 1: its command is too long");
}

Test(procfile, there_may_be_so_many_processes_and_no_more)
{
        char text[PROCFILE_PROCESSES_MAX * 20], *end = text;
        size_t fits;

        for (unsigned i = 0; i < PROCFILE_PROCESSES_MAX; i++)
                end += sprintf(end, "p%u: x\n", i);
        fits = (size_t) (end - text);
        (void) sprintf(end, "one-more: x\n");

        _cleanup_(procfile_freep) Procfile *procfile = NULL;
        _cleanup_free_ char *error = NULL;
        cr_assert_eq(procfile_parse(text, fits, &procfile, &error), 0);
        cr_assert_eq(procfile->n_processes, PROCFILE_PROCESSES_MAX);
        refused(text, strlen(text), "Procfile line 65: it is one process too many");
}
