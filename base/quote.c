/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/quote.h"

#include <string.h>

char *quote_cut(char *sentence)
{
        char *end = sentence ? strchr(sentence, QUOTE_MARK[0]) : NULL;

        if (!end)
                return sentence ? sentence + strlen(sentence) : NULL;
        *end = '\0';
        return end + 1;
}
