/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A Procfile names the processes of an app: one `NAME: command` per line. Blank lines and lines that begin
 * with `#` are skipped, and so is a byte order mark; a line may end with CR LF, the last one with nothing;
 * blanks after the colon are dropped and every byte behind them belongs to the command. Anything else
 * refuses the whole file, so that no half of it is ever run. */

#include "base/cleanup.h"
#include "base/valid-name.h"

#define PROCFILE_NAME "Procfile"

/* A command with its NUL fills 64 KiB: half of what Linux takes as one argument (MAX_ARG_STRLEN, 32 pages),
 * and a command line is one argument of the shell. */
#define PROCESS_COMMAND_MAX ((size_t) 64 * 1024 - 1)

/* Each process type is a unit and a line of a ticket; the largest Procfiles have twenty. */
#define PROCFILE_PROCESSES_MAX 64

/* Room for comments, and a bound on what is read. */
#define PROCFILE_SIZE_MAX ((size_t) 1024 * 1024)

typedef struct Process {
        char *name;
        char *command;
} Process;

typedef struct Procfile {
        Process processes[PROCFILE_PROCESSES_MAX]; /* in the order of the file */
        size_t n_processes;
} Procfile;

/* Reads the `size` bytes at `text`, which need no NUL behind them. 0; -EINVAL with a sentence in *reterr
 * (`Procfile line 3: its command is empty`); -ENOMEM. */
int procfile_parse(const char *text, size_t size, Procfile **ret, char **reterr);

/* Adds a process. 0; -EEXIST if there is one of that name, -EINVAL, both with what is wrong in *ret_fault (a
 * constant: `its command is empty`); -ENOMEM. */
int procfile_add(Procfile *procfile, const char *name, const char *command, const char **ret_fault);
Procfile *procfile_free(Procfile *procfile);
DEFINE_CLEANUP(Procfile *, procfile_free);
