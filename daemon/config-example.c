/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Prints deploy.conf.example; run when the file is built or compared, never installed. */

#include "daemon/config.h"

int main(void)
{
        if (config_print_example(stdout) < 0 || fclose(stdout) != 0) {
                perror("deploy.conf.example");
                return EXIT_FAILURE;
        }
        return EXIT_SUCCESS;
}
