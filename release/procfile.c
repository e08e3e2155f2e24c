/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "release/procfile.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "release/refuse.h"

#define BLANKS " \t"

Procfile *procfile_free(Procfile *procfile)
{
        if (!procfile)
                return NULL;
        for (size_t i = 0; i < procfile->n_processes; i++) {
                free(procfile->processes[i].name);
                free(procfile->processes[i].command);
        }
        free(procfile);
        return NULL;
}

int procfile_add(Procfile *procfile, const char *name, const char *command, const char **ret_fault)
{
        _cleanup_free_ char *name_copy = NULL, *command_copy = NULL;

        assert(procfile);
        assert(ret_fault);

        *ret_fault = NULL;
        for (size_t i = 0; i < procfile->n_processes; i++)
                if (strcmp(procfile->processes[i].name, name) == 0) {
                        *ret_fault = "its name is there already";
                        return -EEXIST;
                }
        if (!process_name_is_valid(name))
                *ret_fault = PROCESS_NAME_FAULT;
        else if (command[0] == '\0')
                *ret_fault = "its command is empty";
        else if (strlen(command) > PROCESS_COMMAND_MAX)
                *ret_fault = "its command is too long";
        else if (!text_is_clean(command, /* allow_tab= */ true))
                *ret_fault = "it is not UTF-8 without control characters";
        else if (procfile->n_processes == ELEMENTSOF(procfile->processes))
                *ret_fault = "it is one process too many";
        if (*ret_fault)
                return -EINVAL;

        name_copy = strdup(name);
        command_copy = strdup(command);
        if (!name_copy || !command_copy)
                return -ENOMEM;
        procfile->processes[procfile->n_processes++] =
                (Process){ TAKE_PTR(name_copy), TAKE_PTR(command_copy) };
        return 0;
}

/* Takes one line, without its end. What is wrong with it is put into *ret_fault. */
static int parse_line(Procfile *procfile, const char *line, const char **ret_fault)
{
        _cleanup_free_ char *name = NULL;
        const char *colon, *start;

        if (!text_is_clean(line, /* allow_tab= */ true)) {
                *ret_fault = "it is not UTF-8 without control characters";
                return -EINVAL;
        }
        start = line + strspn(line, BLANKS);
        if (*start == '\0' || *start == '#')
                return 0;

        colon = strchr(line, ':');
        if (!colon) {
                *ret_fault = "it is not of the form NAME: command";
                return -EINVAL;
        }
        name = strndup(line, (size_t) (colon - line));
        if (!name)
                return -ENOMEM;
        return procfile_add(procfile, name, colon + 1 + strspn(colon + 1, BLANKS), ret_fault);
}

int procfile_parse(const char *text, size_t size, Procfile **ret, char **reterr)
{
        _cleanup_(procfile_freep) Procfile *procfile = calloc(1, sizeof(Procfile));
        const char *end = text + size;
        unsigned number = 1;

        assert(text || size == 0);
        assert(ret);
        assert(reterr);

        if (!procfile)
                return -ENOMEM;

        for (const char *line = text + text_mark_size(text, size), *next; line < end;
             line = next, number++) {
                const char *newline = memchr(line, '\n', (size_t) (end - line)), *fault = NULL;
                size_t length = (size_t) ((newline ? newline : end) - line);
                _cleanup_free_ char *copy = NULL;
                int r;

                next = newline ? newline + 1 : end;
                if (newline && length > 0 && line[length - 1] == '\r')
                        length--;
                if (memchr(line, '\0', length))
                        return refuse(reterr, -EINVAL, PROCFILE_NAME " line %u: it has a NUL byte", number);
                copy = strndup(line, length);
                if (!copy)
                        return -ENOMEM;
                r = parse_line(procfile, copy, &fault);
                if (fault)
                        return refuse(reterr, -EINVAL, PROCFILE_NAME " line %u: %s", number, fault);
                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(procfile);
        return 0;
}
