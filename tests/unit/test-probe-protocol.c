/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "probe/protocol.h"

static ProbePacket packet(const char *text)
{
        ProbePacket p = { "" };

        cr_assert_lt(strlen(text), sizeof(p.text));
        (void) snprintf(p.text, sizeof(p.text), "%s", text);
        return p;
}

Test(probe_protocol, a_request_is_read_as_it_was_written)
{
        ProbeRequest requests[] = {
                { PROBE_LISTEN, 1, 308984, 30 * USEC_PER_SEC, 3, 20007 },
                { PROBE_LISTEN, UINT64_MAX, UINT64_MAX, PROBE_TIMEOUT_MAX, PROBE_SUCCESSES_MAX, UINT16_MAX },
                { PROBE_LISTEN, 0, 0, 0, 1, 1 },
                { PROBE_HTTP, 1, 308984, 30 * USEC_PER_SEC, 3, 20007, 5, 5 * USEC_PER_SEC, 7, "/up" },
                { PROBE_HTTP, UINT64_MAX, UINT64_MAX, PROBE_TIMEOUT_MAX, PROBE_SUCCESSES_MAX, UINT16_MAX,
                  PROBE_ATTEMPTS_MAX, PROBE_TIMEOUT_MAX, PROBE_TIMEOUT_MAX, "" },
                { PROBE_HTTP, 0, 0, 0, 1, 1, 0, 1, 0, "/" },
                { .verb = PROBE_CANCEL, .id = 7 },
        };

        /* The longest there is. */
        memset(requests[4].path, '/', HTTP_TARGET_MAX);
        for (size_t i = 0; i < ELEMENTSOF(requests); i++) {
                ProbePacket p = probe_request_format(&requests[i]);
                ProbeRequest read;

                cr_assert_eq(probe_request_parse(&p, &read), 0, "%s", p.text);
                cr_assert_eq(read.verb, requests[i].verb);
                cr_assert_eq(read.id, requests[i].id);
                cr_assert_eq(read.port, requests[i].port);
                cr_assert_eq(read.cgroup_id, requests[i].cgroup_id);
                cr_assert_eq(read.timeout_usec, requests[i].timeout_usec);
                cr_assert_eq(read.successes, requests[i].successes);
                cr_assert_eq(read.attempts, requests[i].attempts);
                cr_assert_eq(read.request_timeout_usec, requests[i].request_timeout_usec);
                cr_assert_eq(read.wait_usec, requests[i].wait_usec);
                cr_assert_str_eq(read.path, requests[i].path);
        }
}

Test(probe_protocol, a_request_is_the_words_of_the_documentation)
{
        ProbeRequest listen = { PROBE_LISTEN, 1, 308984, 30000000, 3, 20007 };
        ProbeRequest http = { PROBE_HTTP, 1, 308984, 30000000, 3, 20007, 5, 1000000, 500000, "/up?now" };
        ProbeRequest holder = { .verb = PROBE_HOLDER, .id = 1, .port = 30000, .cgroup_id = 65534 };
        ProbeRequest busy = { .verb = PROBE_BUSY, .id = 2, .port = 20000 };
        ProbeRequest crowd = { .verb = PROBE_CROWD, .id = 3, .port = 128, .cgroup_id = 0 };
        ProbeRequest elsewhere = { .verb = PROBE_ELSEWHERE, .id = 4, .port = 20007, .cgroup_id = 308984 };
        ProbeRequest cancel = { .verb = PROBE_CANCEL, .id = 7 };

        cr_assert_str_eq(probe_request_format(&listen).text, "listen 1 20007 308984 30000000 3");
        cr_assert_str_eq(probe_request_format(&http).text,
                         "http 1 20007 308984 30000000 3 5 1000000 500000 /up?now");
        cr_assert_str_eq(probe_request_format(&holder).text, "holder 1 30000 65534");
        cr_assert_str_eq(probe_request_format(&busy).text, "busy 2 20000");
        cr_assert_str_eq(probe_request_format(&crowd).text, "crowd 3 128 0");
        cr_assert_str_eq(probe_request_format(&elsewhere).text, "elsewhere 4 20007 308984");
        cr_assert_str_eq(probe_request_format(&cancel).text, "cancel 7");
}

Test(probe_protocol, an_answer_is_the_words_of_the_documentation_and_is_read_as_it_was_written)
{
        static const struct {
                ProbeAnswer answer;
                const char *text;
        } cases[] = {
                { { PROBE_LISTENING, 1, 0, "" }, "listening 1" },
                { { PROBE_FOREIGN, UINT64_MAX, UINT32_MAX, "", UINT64_MAX },
                  "foreign 18446744073709551615 4294967295 18446744073709551615" },
                { { PROBE_FOREIGN, 2, 0, "", 0 }, "foreign 2 0 0" },
                { { PROBE_FREE, 6, 0, "" }, "free 6" },
                { { PROBE_HELD, 7, 0, "8001" }, "busy 7 8001" },
                { { PROBE_CROWDED, 8, 300, "", 77 }, "crowd 8 300 77" },
                { { PROBE_LISTENS_ELSEWHERE, 9, 0, "[::1]:20007, 127.0.0.1:3000" },
                  "elsewhere 9 [::1]:20007, 127.0.0.1:3000" },
                { { PROBE_TIMEOUT, 3, 0, "" }, "timeout 3" },
                { { PROBE_UNHEALTHY, 5, 0, "answered 503 (5 times)" },
                  "unhealthy 5 answered 503 (5 times)" },
                { { PROBE_FAILED, 4, 0, "cannot see: why ever" }, "error 4 cannot see: why ever" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                ProbePacket p = probe_answer_format(&cases[i].answer);
                ProbeAnswer read;

                cr_assert_str_eq(p.text, cases[i].text);
                cr_assert_eq(probe_answer_parse(&p, &read), 0, "%s", p.text);
                cr_assert_eq(read.result, cases[i].answer.result);
                cr_assert_eq(read.id, cases[i].answer.id);
                cr_assert_eq(read.number, cases[i].answer.number);
                cr_assert_eq(read.cgroup_id, cases[i].answer.cgroup_id);
                cr_assert_str_eq(read.text, cases[i].answer.text);
        }
}

Test(probe_protocol, an_answer_of_another_form_is_refused)
{
        static const char *const bad[] = {
                "",
                " ",
                "x",
                "listening",
                "listening ",
                "listening x",
                "listening -1",
                "listening 01",
                "listening 1 2",
                "listening 18446744073709551616",
                "foreign 1",
                "foreign 1 ",
                "foreign 1 1",
                "foreign 1 1 ",
                "foreign 1 4294967296 1",
                "foreign 1 root 1",
                "foreign 1 1 root",
                "foreign 1 1 1 1",
                "free 1 1",
                "busy 1",
                "crowd 1 1",
                "elsewhere 1",
                "timeout",
                "timeout 1 ",
                "unhealthy 1",
                "unhealthy 1 \x1b[2J",
                "error 1",
                "error x y",
                "error 1 \x1b[2J",
                "error 1 a\nb",
                "error 1 \xff",
                "Listening 1",
        };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                ProbePacket p = packet(bad[i]);
                ProbeAnswer answer;

                cr_assert_eq(probe_answer_parse(&p, &answer), -EBADMSG, "%s", bad[i]);
        }
}

Test(probe_protocol, a_request_is_no_answer)
{
        ProbePacket p = packet("listen 1 20007 308984 30000000 3");
        ProbeAnswer answer;

        cr_assert_eq(probe_answer_parse(&p, &answer), -EBADMSG);
}
