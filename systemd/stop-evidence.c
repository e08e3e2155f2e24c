/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "systemd/stop-evidence.h"

#include <errno.h>
#include <string.h>
#include <systemd/sd-journal.h>

#include "base/text.h"
#include "systemd/journal-sync.h"

struct StopEvidence {
        char *unit;
        sd_id128_t invocation;
        JournalSync *sync;
        StopEvidenceDone done;
        void *userdata;
};

StopEvidence *stop_evidence_free(StopEvidence *evidence)
{
        if (!evidence)
                return NULL;
        journal_sync_free(evidence->sync);
        free(evidence->unit);
        free(evidence);
        return NULL;
}

static int add_match(sd_journal *journal, const char *field, const char *value)
{
        _cleanup_free_ char *match = text_format("%s=%s", field, value);

        return match ? sd_journal_add_match(journal, match, 0) : -ENOMEM;
}

static int add_match_id(sd_journal *journal, const char *field, sd_id128_t id)
{
        char text[SD_ID128_STRING_MAX];

        return add_match(journal, field, sd_id128_to_string(id, text));
}

/* The last job of that type that PID 1 has done for the unit; of the boot and of the run with these ids
 * where they are not null. 1 with its time and boot, 0 if there is none, -errno. */
static int find_job(sd_journal *journal, sd_id128_t boot, const char *unit, sd_id128_t invocation,
                    const char *type, uint64_t *ret_usec, sd_id128_t *ret_boot)
{
        int r;

        sd_journal_flush_matches(journal);
        r = add_match(journal, "_PID", "1");
        if (r >= 0)
                r = add_match(journal, "UNIT", unit);
        if (r >= 0)
                r = add_match(journal, "JOB_TYPE", type);
        if (r >= 0)
                r = add_match(journal, "JOB_RESULT", "done");
        if (r >= 0 && !sd_id128_is_null(boot))
                r = add_match_id(journal, "_BOOT_ID", boot);
        if (r >= 0 && !sd_id128_is_null(invocation))
                r = add_match_id(journal, "INVOCATION_ID", invocation);
        if (r >= 0)
                r = sd_journal_seek_tail(journal);
        if (r >= 0)
                r = sd_journal_previous(journal);
        if (r <= 0)
                return r;
        r = sd_journal_get_monotonic_usec(journal, ret_usec, ret_boot);
        return r < 0 ? r : 1;
}

int stop_evidence_read(const char *directory, const char *unit, sd_id128_t invocation)
{
        _cleanup_(sd_journal_closep) sd_journal *journal = NULL;
        uint64_t stopped = 0, shut_down = 0;
        sd_id128_t boot, same;
        int r;

        assert(unit);

        if (sd_id128_is_null(invocation))
                return 0;
        r = directory ? sd_journal_open_directory(&journal, directory, 0)
                      : sd_journal_open(&journal, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM);
        if (r >= 0)
                r = find_job(journal, SD_ID128_NULL, unit, invocation, "stop", &stopped, &boot);
        if (r <= 0)
                return r;
        /* A container's boot may have the id of its host's, and so the one before it: all units are stopped
         * before shutdown.target is reached. */
        r = find_job(journal, boot, "shutdown.target", SD_ID128_NULL, "start", &shut_down, &same);
        return r < 0 ? r : !(r > 0 && shut_down >= stopped);
}

static void stop_evidence_on_synced(void *userdata)
{
        StopEvidence *evidence = userdata;
        StopEvidenceDone done = evidence->done;
        void *done_userdata = evidence->userdata;
        bool stopped;

        evidence->sync = NULL;
        stopped = stop_evidence_read(NULL, evidence->unit, evidence->invocation) > 0;
        stop_evidence_free(evidence);
        done(done_userdata, stopped);
}

int stop_evidence_new(sd_event *event, const char *unit, sd_id128_t invocation, StopEvidenceDone done,
                      void *userdata, StopEvidence **ret)
{
        _cleanup_(stop_evidence_freep) StopEvidence *evidence = NULL;
        int r;

        assert(event);
        assert(unit);
        assert(done);
        assert(ret);

        evidence = calloc(1, sizeof(StopEvidence));
        if (!evidence)
                return -ENOMEM;
        *evidence = (StopEvidence){
                .unit = strdup(unit), .invocation = invocation, .done = done, .userdata = userdata
        };
        r = evidence->unit ? journal_sync_new(event, stop_evidence_on_synced, evidence, &evidence->sync)
                           : -ENOMEM;
        if (r < 0)
                return r;
        *ret = TAKE_PTR(evidence);
        return 0;
}
