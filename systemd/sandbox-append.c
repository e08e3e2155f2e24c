/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A sandbox as properties in a message to PID 1. */

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "systemd/sandbox.h"

/* (sv) with the value (bas): words of `text`, allowed or forbidden. */
static int append_words(sd_bus_message *message, const SandboxRow *row)
{
        _cleanup_free_ char *words = strdup(row->text);
        char *rest = words, *word;
        int r;

        if (!words)
                return -ENOMEM;
        r = sd_bus_message_open_container(message, 'r', "sv");
        if (r >= 0)
                r = sd_bus_message_append_basic(message, 's', row->property);
        if (r >= 0)
                r = sd_bus_message_open_container(message, 'v', "(bas)");
        if (r >= 0)
                r = sd_bus_message_open_container(message, 'r', "bas");
        if (r >= 0)
                r = sd_bus_message_append(message, "b", row->type == '+');
        if (r >= 0)
                r = sd_bus_message_open_container(message, 'a', "s");
        while (r >= 0 && (word = strsep(&rest, " ")))
                if (word[0] != '\0')
                        r = sd_bus_message_append_basic(message, 's', word);
        for (unsigned i = 0; r >= 0 && i < 4; i++)
                r = sd_bus_message_close_container(message);
        return r;
}

static int append_row(sd_bus_message *message, const SandboxRow *row)
{
        switch (row->type) {
        case 'b':
                return sd_bus_message_append(message, "(sv)", row->property, "b", (int) row->number);
        case 'i':
                return sd_bus_message_append(message, "(sv)", row->property, "i", (int32_t) row->number);
        case 'u':
                return sd_bus_message_append(message, "(sv)", row->property, "u", (uint32_t) row->number);
        case 't':
                return sd_bus_message_append(message, "(sv)", row->property, "t", row->number);
        case 's':
                return sd_bus_message_append(message, "(sv)", row->property, "s", row->text);
        case 'l':
                return sd_bus_message_append(message, "(sv)", row->property, "as", 1, row->text);
        default:
                return append_words(message, row);
        }
}

static int append_tmpfs(sd_bus_message *message, const SandboxTmpfs *tmpfs)
{
        int r = 0;

        /* The property adds to what is there: one entry each keeps this a plain loop. */
        for (; r >= 0 && tmpfs && tmpfs->path; tmpfs++)
                r = sd_bus_message_append(message, "(sv)", "TemporaryFileSystem", "a(ss)", 1, tmpfs->path,
                                          tmpfs->options);
        return r;
}

static int append_address(sd_bus_message *message, const SandboxAddress *address)
{
        size_t size = address->family == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr);
        int r;

        r = sd_bus_message_open_container(message, 'r', "iayu");
        if (r >= 0)
                r = sd_bus_message_append(message, "i", address->family);
        if (r >= 0)
                r = sd_bus_message_append_array(message, 'y', address->bytes, size);
        if (r >= 0)
                r = sd_bus_message_append(message, "u", address->prefix);
        return r < 0 ? r : sd_bus_message_close_container(message);
}

static int append_denied(sd_bus_message *message, const SandboxAddress *address)
{
        int r;

        if (!address)
                return 0;
        r = sd_bus_message_open_container(message, 'r', "sv");
        if (r >= 0)
                r = sd_bus_message_append_basic(message, 's', "IPAddressDeny");
        if (r >= 0)
                r = sd_bus_message_open_container(message, 'v', "a(iayu)");
        if (r >= 0)
                r = sd_bus_message_open_container(message, 'a', "(iayu)");
        for (; r >= 0 && address->comment; address++)
                r = append_address(message, address);
        for (unsigned i = 0; r >= 0 && i < 3; i++)
                r = sd_bus_message_close_container(message);
        return r;
}

int sandbox_append(sd_bus_message *message, const Sandbox *sandbox, UnitNetwork network)
{
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(sandbox->rows); i++)
                for (const SandboxRow *row = sandbox->rows[i]; r >= 0 && row && row->property; row++)
                        r = append_row(message, row);
        if (r >= 0)
                r = append_tmpfs(message, sandbox->tmpfs);
        if (r >= 0 && network == UNIT_NETWORK_NONE)
                r = sd_bus_message_append(message, "(sv)", "PrivateNetwork", "b", true);
        return r < 0 ? r : append_denied(message, sandbox_denied(sandbox, network));
}
