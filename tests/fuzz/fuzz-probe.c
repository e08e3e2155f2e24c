/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"
#include "probe/protocol.h"
#include "tests/fuzz/fuzz.h"

/* No longer sentence is written. */
#define SENTENCE_MAX 256

/* A packet has one form: what is taken is written as it came. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        ProbePacket packet = { "" }, again;
        ProbeRequest request;
        ProbeAnswer answer;

        if (size > PROBE_PACKET_MAX)
                return 0;
        memcpy(packet.text, data, size);
        if (probe_request_parse(&packet, &request) == 0) {
                again = probe_request_format(&request);
                expect(strcmp(packet.text, again.text) == 0);
        }
        if (probe_answer_parse(&packet, &answer) == 0) {
                expect(text_is_clean(answer.text, false));
                /* A sentence is cut when it is written. */
                again = probe_answer_format(&answer);
                expect(strlen(answer.text) > SENTENCE_MAX || strcmp(packet.text, again.text) == 0);
        }
        return 0;
}
