/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The journal lags behind what it is told. Before it is read for what has just happened, it is asked to
 * synchronize. */

#include <systemd/sd-event.h>

#include "base/cleanup.h"

typedef struct JournalSync JournalSync;

/* After this long it counts as synchronized. It takes some milliseconds, and seconds behind a flood of
 * lines. */
#define JOURNAL_SYNC_PATIENCE_USEC (10 * USEC_PER_SEC)

/* The journal has done what it could, or cannot be asked. The JournalSync is freed before the callback. */
typedef void (*JournalSynced)(void *userdata);

/* Never calls back from within. 0 or -errno. */
int journal_sync_new(sd_event *event, JournalSynced synced, void *userdata, JournalSync **ret);
JournalSync *journal_sync_free(JournalSync *sync);
DEFINE_CLEANUP(JournalSync *, journal_sync_free);
