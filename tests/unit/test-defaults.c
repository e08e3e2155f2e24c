/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "builder/defaults.h"

#include <criterion/criterion.h>
#include <errno.h>

/* What is read of a text, as a Procfile would have it; or the sentence. */
static char *read_text(const char *text)
{
        _cleanup_(procfile_freep) Procfile *procfile = calloc(1, sizeof(Procfile));
        char *error = NULL, *list = NULL;
        size_t size;
        FILE *stream = open_memstream(&list, &size);
        int r = defaults_read(text, procfile, &error);

        cr_assert_eq(r, error ? -EINVAL : 0);
        for (size_t i = 0; i < procfile->n_processes && !error; i++)
                (void) fprintf(stream, "%s: %s\n", procfile->processes[i].name,
                               procfile->processes[i].command);
        (void) fclose(stream);
        if (!error)
                return list;
        free(list);
        return error;
}

static void expect(const char *text, const char *expected)
{
        _cleanup_free_ char *found = read_text(text);

        cr_expect_str_eq(found, expected, "%s", text);
}

Test(defaults, the_block_is_read)
{
        expect("---\ndefault_process_types:\n  web: node server.js\n", "web: node server.js\n");
        expect("default_process_types:\n web: a\n worker: b", "web: a\nworker: b\n");
        expect("default_process_types:\n    web:\ta b: c # d  \n", "web: a b: c # d  \n");
        expect("default_process_types:\n  # nobody\n\n  web: a\n", "web: a\n");
}

Test(defaults, other_blocks_are_skipped)
{
        expect("addons:\n  - postgres\n  not: this\nconfig_vars: {}\n", "");
        expect("config_vars:\n  A: b\ndefault_process_types:\n  web: a\naddons:\n  web: c\n", "web: a\n");
        expect("default_process_types_x:\n  web: a\n", "");
}

Test(defaults, nothing_is_no_process_type)
{
        expect("", "");
        expect("---\n", "");
        expect("--- {}\n", "");
        expect("default_process_types:\n", "");
        expect("default_process_types: {}\n", "");
}

#define BAD_NAME "its name is not of letters, digits, _ and single dashes, at most 32, from a letter"
#define BAD_FORM "it is not of the form NAME: command"
#define BAD_YAML "its command is not plain text in YAML"

Test(defaults, a_bad_line_is_named)
{
        static const struct {
                const char *line, *fault;
        } cases[] = {
                { "  _web: a", BAD_NAME },
                { "  web.1: a", BAD_NAME },
                { "  \"web\": a", BAD_NAME },
                { "  web", BAD_FORM },
                { "  web:a", BAD_FORM },
                { "  - web", BAD_FORM },
                { "  web:", "its command is empty" },
                { "  web:  ", "its command is empty" },
                { "  web: \"a\"", BAD_YAML },
                { "  web: 'a'", BAD_YAML },
                { "  web: |", BAD_YAML },
                { "  web: >-", BAD_YAML },
                { "  web: {a: b}", BAD_YAML },
                { "  web: &x a", BAD_YAML },
                { "  web: a\033[1m", "it is not UTF-8 without control characters" },
                { "  web: a\377", "it is not UTF-8 without control characters" },
                { "  ok: a", "its name is there already" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char text[200], sentence[200];

                (void) snprintf(text, sizeof(text), "---\ndefault_process_types:\n  ok: a\n%s\n",
                                cases[i].line);
                (void) snprintf(sentence, sizeof(sentence), "line 4: %s", cases[i].fault);
                expect(text, sentence);
        }
        expect("default_process_types: [a]\n", "line 1: only a block of lines is read here");
        expect("default_process_types:x\n", "line 1: only a block of lines is read here");
}
