/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdio.h>
#include <string.h>

#include "tests/dbus/fixture.h"

/* Something of the right type for each argument. */
static inline void append_anything(sd_bus_message *message, const char *signature)
{
        for (const char *type = signature ? signature : ""; *type; type++)
                switch (*type) {
                case 's':
                        cr_assert(sd_bus_message_append(message, "s", "shop") >= 0);
                        break;
                case 'v':
                        cr_assert(sd_bus_message_append(message, "v", "s", "shop") >= 0);
                        break;
                case 'a': {
                        char list[sizeof("a{sv}")] = { 'a', type[1] };

                        if (type[1] == '{')
                                (void) snprintf(list, sizeof(list), "%.5s", type);
                        cr_assert(sd_bus_message_append(message, list, 0) >= 0);
                        type += strlen(list) - 1;
                        break;
                }
                default:
                        cr_assert(sd_bus_message_append(message, (char[]){ *type, '\0' }, (uint64_t) 0) >=
                                  0);
                }
}
