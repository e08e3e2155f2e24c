/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Stands in for daemon/pipeline: does at once, in the model only, what would be done in time and in the
 * database, and remembers what it was asked. */

#include <stdbool.h>

#include "daemon/model/model.h"
#include "daemon/pipeline/call.h"

#define FAKE_HELD_MAX 16

struct Pipeline {
        sd_event *event;
        Model *model;
        uint64_t next_id, next_version;

        char *asked; /* a line for each call that came: FUNCTION ARGUMENTS… uid=UID */
        unsigned n_asked;

        const char *error_now;   /* refuse with this error instead of taking a call up */
        const char *error_later; /* end each call with this error */
        AdoptDone adopted;       /* of the call that is under way */
        void *adopted_userdata;

        bool foreign; /* refuse changes: the data is another database's */
        bool hold;    /* do not end calls before fake_pipeline_release() */

        struct {
                Call call;
                uint64_t id;
                HistoryDone history_done;
                void *history_userdata;
        } held[FAKE_HELD_MAX];
        size_t n_held;

        /* What history_list() and history_describe() find. */
        const DeploymentRecord *records;
        size_t n_records;
};

/* For its own files: remembers the call, negative if it is to be refused; and ends it. */
int fake_pipeline_note(Pipeline *pipeline, sd_bus_error *reterr, const char *format, ...) _printf_(3, 4);
int fake_pipeline_end(Pipeline *pipeline, const Call *call, uint64_t id);

/* Ends the calls that are held, in the order in which they came. */
void fake_pipeline_release(Pipeline *pipeline);
void fake_pipeline_done(Pipeline *pipeline);
