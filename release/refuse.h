/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/macro.h"

/* Ends a function that says in words why it fails: puts the sentence (lower case, no period; the caller of
 * the function frees it) into *reterr and returns `error`, or -ENOMEM with *reterr NULL. */
static inline int refuse(char **reterr, int error, const char *format, ...) _printf_(3, 4);

static inline int refuse(char **reterr, int error, const char *format, ...)
{
        va_list arguments;
        int n;

        va_start(arguments, format);
        n = vasprintf(reterr, format, arguments);
        va_end(arguments);
        if (n >= 0)
                return error;
        *reterr = NULL;
        return -ENOMEM;
}
