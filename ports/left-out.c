/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ports/left-out.h"

#include <inttypes.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"

#define WORD_NONE "none"
#define WORD_SOME "some"

/* The widths of the words below, which scanf(3) wants as digits. */
static_assert(LEFT_OUT_FRONTEND_MAX == 128 && LEFT_OUT_ADDRESS_MAX == 64, "the widths of left_out_parse()");

void left_out_print(FILE *stream, const LeftOut *item)
{
        assert(stream);
        assert(item);
        (void) fprintf(stream, "%s %u %s %d %s\n", item->frontend, item->port, item->address, item->error,
                       item->whole ? WORD_NONE : WORD_SOME);
}

const char *left_out_parse(const char *text, LeftOut *ret)
{
        LeftOut item = {};
        char left[sizeof(WORD_NONE)] = "";
        int end = 0;

        assert(text);
        assert(ret);

        if (sscanf(text, "%127s %" SCNu16 " %63s %d %4s%n", item.frontend, &item.port, item.address,
                   &item.error, left, &end) != 5 ||
            text[end] != '\n')
                return NULL;
        item.whole = strcmp(left, WORD_NONE) == 0;
        if (!item.whole && strcmp(left, WORD_SOME) != 0)
                return NULL;
        *ret = item;
        return text + end + 1;
}

char *left_out_tag(const char *list)
{
        assert(list);
        return text_format("deployd-ports-%016" PRIx64, hash_text(list));
}
