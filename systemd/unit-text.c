/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "systemd/unit-text.h"

#include <string.h>

bool unit_text_is_allowed(const char *text)
{
        static const char alphabet[] =
                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-=:@+";

        assert(text);

        return text[0] != '\0' && text[strspn(text, alphabet)] == '\0';
}
