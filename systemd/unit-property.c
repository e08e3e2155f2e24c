/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "systemd/unit-property.h"

#include <errno.h>
#include <string.h>

#include "systemd/unit-text.h"

int unit_property_check(const char *text)
{
        return unit_text_is_allowed(text) ? 0 : -EINVAL;
}

int unit_property_append_string(sd_bus_message *message, const char *property, const char *value)
{
        int r;

        if (!value)
                return 0;
        r = unit_property_check(value);
        return r < 0 ? r : sd_bus_message_append(message, "(sv)", property, "s", value);
}

int unit_property_append_list(sd_bus_message *message, const char *property, const char *value)
{
        int r;

        if (!value)
                return 0;
        r = unit_property_check(value);
        return r < 0 ? r : sd_bus_message_append(message, "(sv)", property, "as", 1, value);
}

int unit_property_append_number(sd_bus_message *message, const char *property, uint64_t value)
{
        return value == 0 ? 0 : sd_bus_message_append(message, "(sv)", property, "t", value);
}

int unit_property_append_descriptor(sd_bus_message *message, const char *property, int fd)
{
        return fd < 0 ? 0 : sd_bus_message_append(message, "(sv)", property, "h", fd);
}

int unit_property_open_array(sd_bus_message *message, const char *property, const char *contents)
{
        char type[16];
        int r;

        assert(strlen(contents) + 2 <= sizeof(type));
        (void) stpcpy(stpcpy(type, "a"), contents);

        r = sd_bus_message_open_container(message, 'r', "sv");
        if (r >= 0)
                r = sd_bus_message_append_basic(message, 's', property);
        if (r >= 0)
                r = sd_bus_message_open_container(message, 'v', type);
        return r < 0 ? r : sd_bus_message_open_container(message, 'a', contents);
}

int unit_property_close_array(sd_bus_message *message)
{
        int r = 0;

        for (unsigned i = 0; i < 3 && r >= 0; i++)
                r = sd_bus_message_close_container(message);
        return r;
}
