/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/files/resolvers.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

#define PATH_RESOLV_CONF "/etc/resolv.conf"

/* `nameserver` and an address, which may end with a scope. Cuts the line behind it. */
static bool resolvers_read_line(char *line, UnitAddress *ret)
{
        static const char word[] = "nameserver";

        if (strncmp(line, word, strlen(word)) != 0)
                return false;
        line += strlen(word);
        if (*line != ' ' && *line != '\t')
                return false;
        line += strspn(line, " \t");
        line[strcspn(line, " \t\n%")] = '\0';
        if (inet_pton(AF_INET, line, ret->bytes) == 1)
                ret->family = AF_INET;
        else if (inet_pton(AF_INET6, line, ret->bytes) == 1)
                ret->family = AF_INET6;
        return ret->family != 0;
}

void resolvers_read(UnitAddress ret[static UNIT_SPEC_ADDRESSES_MAX])
{
        _cleanup_file_ FILE *file = fopen(PATH_RESOLV_CONF, "re");
        char line[256];
        size_t n = 0;

        while (file && n < UNIT_SPEC_ADDRESSES_MAX && fgets(line, sizeof(line), file))
                if (resolvers_read_line(line, &ret[n]))
                        n++;
}
