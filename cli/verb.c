/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/verb.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/format.h"

_printf_(1, 0) static void print_sentence(const char *format, va_list arguments)
{
        _cleanup_free_ char *sentence = NULL, *escaped = NULL;

        if (vasprintf(&sentence, format, arguments) < 0)
                sentence = NULL;
        if (sentence)
                escaped = text_escape(sentence, strlen(sentence));
        (void) fflush(stdout);
        fprintf(stderr, "deployctl: %s\n", escaped ? escaped : "out of memory");
}

void say(const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        print_sentence(format, arguments);
        va_end(arguments);
}

int usage_error(const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        print_sentence(format, arguments);
        va_end(arguments);
        return EXIT_USAGE;
}

const char *invocation_argument(const Invocation *invocation, size_t index)
{
        return index < invocation->n_arguments ? invocation->arguments[index] : "";
}

bool invocation_has(const Invocation *invocation, Option option)
{
        return invocation->options.values[option];
}
