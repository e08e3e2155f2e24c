/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "builder/lines.h"

static void lines_finish(Lines *lines, LineEach each, void *userdata)
{
        lines->text[lines->size] = '\0';
        each(lines->text, userdata);
        *lines = (Lines){ 0 };
}

void lines_add(Lines *lines, const char *data, size_t size, LineEach each, void *userdata)
{
        assert(lines);
        assert(data);
        assert(each);

        for (size_t i = 0; i < size; i++) {
                if (data[i] == '\n') {
                        lines_finish(lines, each, userdata);
                        continue;
                }
                if (data[i] == '\r') {
                        lines->returned = true;
                        continue;
                }
                if (lines->returned)
                        lines->size = 0;
                lines->returned = false;
                if (lines->size < LINE_BYTES_MAX + 1)
                        lines->text[lines->size++] = data[i] ? data[i] : '?';
        }
}

void lines_end(Lines *lines, LineEach each, void *userdata)
{
        assert(lines);
        assert(each);

        if (lines->size > 0)
                lines_finish(lines, each, userdata);
}
