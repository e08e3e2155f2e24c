/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/jobs/sandbox-probe.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/names.h"
#include "base/text.h"
#include "daemon/pipeline/files/ownership.h"
#include "daemon/pipeline/jobs/oneshot.h"
#include "systemd/limit.h"

#define MIB ((uint64_t) 1024 * 1024)

/* systemd/limit.c goes far beyond each of these. */
static const struct {
        const char *name; /* as in SandboxMissing */
        uint64_t memory_max, tasks_max, file_size_max;
        bool must; /* a build that could go beyond it is none of a sandbox */
} limits[LIMITS_MAX] = {
        { LIMIT_MEMORY, 16 * MIB, 0, 0, true },
        { LIMIT_TASKS, 0, 4, 0, true },
        { LIMIT_IP_FILTER, 0, 0, 0, true },
        { LIMIT_DISK, 0, 0, MIB, false },
};

/* It needs a moment. */
#define TRY_USEC (30 * USEC_PER_SEC)

/* The trial of one limit. */
struct SandboxProbe {
        Pipeline *pipeline;
        size_t at;
        Oneshot *oneshot;
};

void sandbox_probe_free(Pipeline *pipeline)
{
        if (!pipeline->limits)
                return;
        oneshot_free(pipeline->limits->oneshot);
        free(pipeline->limits);
        pipeline->limits = NULL;
}

static void sandbox_probe_miss(Pipeline *pipeline, size_t i)
{
        SandboxReport *report = &pipeline->sandbox;
        size_t n = 0;

        while (report->missing[n])
                n++;
        report->missing[n] = limits[i].name;
}

static void sandbox_probe_know(Pipeline *pipeline)
{
        SandboxReport *report = &pipeline->sandbox;

        report->state = report->missing[0] ? "partial" : "enforced";
        pipeline->events->limits_known(pipeline);
}

/* A word each of what is missing. Nothing is lost with it but time. */
static void write_note(const Pipeline *pipeline)
{
        _cleanup_close_ int fd = open(PATH_LIMITS ".new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

        if (fd < 0)
                return;
        for (const char *const *word = pipeline->sandbox.missing; *word; word++)
                if (dprintf(fd, "%s\n", *word) < 0)
                        return;
        (void) rename(PATH_LIMITS ".new", PATH_LIMITS);
}

/* Whether it was there. */
static bool read_note(Pipeline *pipeline)
{
        _cleanup_file_ FILE *file = fopen(PATH_LIMITS, "re");
        char word[32];

        if (!file)
                return false;
        while (fscanf(file, "%31s", word) == 1)
                for (size_t i = 0; i < LIMITS_MAX; i++)
                        if (strcmp(word, limits[i].name) == 0)
                                sandbox_probe_miss(pipeline, i);
        return true;
}

static void sandbox_probe_finish(Pipeline *pipeline)
{
        _cleanup_free_ char *list = text_join(pipeline->sandbox.missing, ", ");

        sandbox_probe_free(pipeline);
        write_note(pipeline);
        if (pipeline->sandbox.missing[0])
                log_warning(
                        "This machine does not enforce all limits that builds are held by: %s are missing",
                        text_or_empty(list));
        sandbox_probe_know(pipeline);
}

static void sandbox_probe_next(SandboxProbe *trial);

static void sandbox_probe_go_on(SandboxProbe *trial, bool held)
{
        if (!held)
                sandbox_probe_miss(trial->pipeline, trial->at);
        trial->oneshot = oneshot_free(trial->oneshot);
        trial->at++;
        sandbox_probe_next(trial);
}

static void sandbox_probe_give_up(SandboxProbe *trial, const char *sentence)
{
        log_warning("Cannot try the limit of %s: %s", limits[trial->at].name, sentence);
        sandbox_probe_go_on(trial, false);
}

static void sandbox_probe_on_end(void *userdata, const OneshotEnd *end)
{
        if (end->result == ONESHOT_NOT_STARTED)
                return sandbox_probe_give_up(userdata, end->sentence);
        sandbox_probe_go_on(userdata,
                            end->result == ONESHOT_OUT_OF_MEMORY ||
                                    (end->result == ONESHOT_KILLED && end->status == SIGKILL) ||
                                    (end->result == ONESHOT_EXITED && end->status == LIMIT_EXIT_HELD));
}

static void sandbox_probe_next(SandboxProbe *trial)
{
        Pipeline *pipeline = trial->pipeline;
        _cleanup_free_ char *unit = NULL;
        UnitSpec spec = UNIT_SPEC_INIT;
        int r;

        if (trial->at == LIMITS_MAX)
                return sandbox_probe_finish(pipeline);
        unit = unit_name_make(UNIT_LIMIT, limits[trial->at].name, 1, NULL, 0);
        if (!unit)
                return pipeline_oom(pipeline);
        spec.kind = UNIT_LIMIT;
        spec.name = unit;
        spec.user = "deployd-limit";
        spec.arguments[0] = unit_kind_row(spec.kind)->helper;
        spec.arguments[1] = limits[trial->at].name;
        spec.network = UNIT_NETWORK_PUBLIC;
        spec.timeout_usec = TRY_USEC;
        spec.memory_max = limits[trial->at].memory_max;
        spec.tasks_max = limits[trial->at].tasks_max;
        spec.file_size_max = limits[trial->at].file_size_max;
        r = oneshot_new(pipeline,
                        &(OneshotParams){ .spec = &spec, .done = sandbox_probe_on_end, .userdata = trial },
                        &trial->oneshot);
        if (r < 0)
                sandbox_probe_give_up(trial, strerror(-r));
}

void sandbox_probe_poll(Pipeline *pipeline)
{
        assert(pipeline);

        /* While the administrator has to decide about foreign data, nothing else is begun. */
        if ((!pipeline->resumed && !pipeline->ownership->sentence) || pipeline->limits ||
            strcmp(pipeline->sandbox.state, SANDBOX_PROBING) != 0 ||
            reap_is_pending_for_name(pipeline, UNIT_LIMIT, ""))
                return;
        if (read_note(pipeline))
                return sandbox_probe_know(pipeline);
        pipeline->limits = calloc(1, sizeof(SandboxProbe));
        if (!pipeline->limits)
                return pipeline_oom(pipeline);
        pipeline->limits->pipeline = pipeline;
        sandbox_probe_next(pipeline->limits);
}

int sandbox_probe_allow_build(const Pipeline *pipeline, char **ret)
{
        const char *missing[LIMITS_MAX + 1] = {};
        _cleanup_free_ char *list = NULL;
        size_t n = 0;

        assert(pipeline);
        assert(ret);

        if (!pipeline_config(pipeline)->require_sandbox)
                return 1;
        if (strcmp(pipeline->sandbox.state, SANDBOX_PROBING) == 0)
                return 0;
        for (size_t i = 0; i < LIMITS_MAX; i++)
                for (const char *const *word = pipeline->sandbox.missing; *word; word++)
                        if (limits[i].must && strcmp(*word, limits[i].name) == 0)
                                missing[n++] = *word;
        if (n == 0)
                return 1;
        list = text_join(missing, ", ");
        if (list)
                *ret = text_format(
                        "this machine does not hold builds by their limits (%s): if there is nothing to "
                        "build, deployctl app set APP buildpack=none; if you trust what is built, "
                        "require-sandbox = no in [runner] of deploy.conf",
                        list);
        return list && *ret ? -EACCES : -ENOMEM;
}
