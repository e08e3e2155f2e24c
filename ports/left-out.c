/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ports/left-out.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"

#define WORD_NONE "none"
#define WORD_SOME "some"

/* The widths of the words below, which scanf(3) wants as digits. */
static_assert(LEFT_OUT_FRONTEND_MAX == 128 && LEFT_OUT_ADDRESS_MAX == 64, "the widths of left_out_parse()");

/* FNV-1a, 64 bits: draft-eastlake-fnv. It tells texts of ours apart and protects from nobody. */
#define FNV_BASIS UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

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
        uint64_t hash = FNV_BASIS;

        assert(list);

        for (; *list; list++)
                hash = (hash ^ (uint8_t) *list) * FNV_PRIME;
        return text_format("deployd-ports-%016" PRIx64, hash);
}
