/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "builder/defaults.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "release/procfile.h"
#include "release/refuse.h"

#define BLOCK  "default_process_types:"
#define BLANKS " \t"

/* A value that begins with one of these is something else than its text. */
#define YAML_SPECIAL "\"'|>&*!{[%@`#"

/* Takes a line of the block; what is wrong with it is put into *ret_fault. */
static int defaults_read_process(char *line, Procfile *procfile, const char **ret_fault)
{
        char *name = line + strspn(line, BLANKS), *colon = strchr(name, ':'), *command;

        *ret_fault = "it is not of the form NAME: command";
        if (!colon || !strchr(BLANKS, colon[1]))
                return -EINVAL;
        *colon = '\0';
        command = colon + 1 + strspn(colon + 1, BLANKS);
        *ret_fault = "its command is not plain text in YAML";
        if (command[0] != '\0' && strchr(YAML_SPECIAL, command[0]))
                return -EINVAL;
        return procfile_add(procfile, name, command, ret_fault);
}

int defaults_read(const char *text, Procfile *procfile, char **reterr)
{
        _cleanup_free_ char *copy = strdup(text);
        char *rest = copy, *line;
        bool inside = false;

        assert(procfile);
        assert(reterr);

        if (!copy)
                return -ENOMEM;
        for (unsigned number = 1; (line = strsep(&rest, "\n")); number++) {
                const char *start = line + strspn(line, BLANKS), *fault = NULL;
                int r = 0;

                if (*start == '\0' || *start == '#')
                        continue;
                if (start != line && inside)
                        r = defaults_read_process(line, procfile, &fault);
                else if (start == line) {
                        inside = strncmp(line, BLOCK, strlen(BLOCK)) == 0;
                        start = line + strlen(BLOCK);
                        if (inside && start[strspn(start, BLANKS)] != '\0' && strcmp(start, " {}") != 0) {
                                fault = "only a block of lines is read here";
                        }
                }
                if (fault)
                        return refuse(reterr, -EINVAL, "line %u: %s", number, fault);
                if (r < 0)
                        return r;
        }
        return 0;
}
