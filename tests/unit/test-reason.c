/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ingress/reason.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

static void says(const char *line, const char *wanted)
{
        _cleanup_free_ char *reason = reason_of_line(line, strlen(line));

        if (!wanted) {
                cr_expect_null(reason, "%s", reason);
                return;
        }
        cr_assert_not_null(reason, "%s", line);
        cr_expect_str_eq(reason, wanted);
}

Test(reason, an_alert_is_a_reason)
{
        says("[ALERT]    (4242) : config : parsing [/run/a.cfg:3] : unknown keyword 'x' in 'global' section",
             "config : parsing [/run/a.cfg:3] : unknown keyword 'x' in 'global' section");
        says("[ALERT]    (4242) : Starting frontend app-shop: cannot bind socket (Address already in use) "
             "[127.0.0.1:30000]",
             "Starting frontend app-shop: cannot bind socket (Address already in use) [127.0.0.1:30000]");
        says("[ALERT] short", " short");
        says("[ALERT] (1) : a\tb\x7f"
             "c",
             "a b c");
}

Test(reason, what_says_only_that_there_were_others_is_none)
{
        says("[ALERT]    (1) : config : Error(s) found in configuration file : /run/a.cfg", NULL);
        says("[ALERT]    (1) : config : Fatal errors found in configuration.", NULL);
        says("[WARNING]  (1) : Loading failure!", NULL);
        says("[NOTICE]   (1) : haproxy version is 2.6.12", NULL);
        says("", NULL);
}

Test(reason, it_is_not_longer_than_a_sentence)
{
        char line[4096];
        _cleanup_free_ char *reason = NULL;

        memset(line, 'x', sizeof(line));
        memcpy(line, "[ALERT] (1) : ", strlen("[ALERT] (1) : "));
        reason = reason_of_line(line, sizeof(line));
        cr_assert_not_null(reason);
        cr_expect_eq(strlen(reason), 300);
}
