/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <string.h>

#include "base/fd.h"
#include "base/text.h"
#include "daemon/pipeline/files/release.h"
#include "daemon/pipeline/flow/attempt.h"
#include "daemon/pipeline/flow/release-record.h"
#include "daemon/pipeline/flow/step.h"
#include "daemon/pipeline/jobs/import.h"

/* How both fetching and building end: a tree becomes a release. */

static void on_imported(void *userdata, const Ticket *answer, const char *failure)
{
        Attempt *attempt = userdata;

        if (failure)
                attempt_handle(attempt->pipeline, attempt->deployment, FLOW_FAILED, failure);
        else
                release_record_import(attempt, answer, attempt->buildpack ? attempt->build_key.text : "",
                                      text_or_empty(attempt->buildpack));
}

void step_import(Attempt *attempt, int tar_fd, const Ticket *built)
{
        _cleanup_close_ int fd = -1;
        int r;

        attempt_set_text(attempt->deployment, "unpacking the release", -1);
        fd = fd_reopen(tar_fd, O_RDONLY);
        r = fd < 0 ? fd
                   : import_new(attempt->pipeline, attempt->deployment, fd, built, on_imported, attempt,
                                &attempt->import);
        if (r < 0)
                attempt_fail_errno(attempt, "import", r);
}
