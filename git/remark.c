/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "git/remark.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"

/* Paths in it can have 4 KiB each, and a ticket 64. */
#define SENTENCE_MAX 500

void remarks_done(Remarks *remarks)
{
        for (size_t i = 0; i < remarks->n; i++)
                free(remarks->sentences[i]);
        *remarks = (Remarks){ .n = 0 };
}

void remarks_add(Remarks *remarks, const char *format, ...)
{
        _cleanup_free_ char *sentence = NULL, *clean = NULL;
        va_list arguments;
        int n;

        assert(remarks);

        va_start(arguments, format);
        n = vasprintf(&sentence, format, arguments);
        va_end(arguments);
        if (n < 0)
                sentence = NULL;
        clean = sentence ? text_sanitize(sentence, SENTENCE_MAX) : NULL;
        if (!clean)
                return;
        log_warning("%s", clean);
        if (remarks->n < REMARKS_MAX)
                remarks->sentences[remarks->n++] = TAKE_PTR(clean);
}
