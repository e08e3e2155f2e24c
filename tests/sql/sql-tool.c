/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>

#include "sql/tool.h"

/* sql-tool migrate|migrations CONNINFO: what `deployd` does with its configuration's URL. */
int main(int argc, char *argv[])
{
        if (argc != 3)
                return 64;
        return strcmp(argv[1], "migrate") == 0 ? tool_migrate(argv[2], stdout)
                                               : tool_migrations(argv[2], stdout);
}
