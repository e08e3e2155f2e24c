/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/pipeline/rows.h"

#include "daemon/pipeline/pipeline.h"

/* What the app and the machine are like for a row. */
static void nothing(void)
{
}

static void with_build(void)
{
        cr_assert_eq(text_replace(&fixture.app->settings.buildpack, ""), 0);
}

static void with_command(void)
{
        fake_units.answer[UNIT_IMPORT] = FAKE_RELEASE "process.web=yes\nprocess.release=yes";
}

static void with_build_and_command(void)
{
        with_build();
        with_command();
}

static void with_live(void)
{
        fixture_go_live();
}

static void with_fetch_that_waits(void)
{
        fake_units.start[UNIT_FETCH] = FAKE_STARTS;
}

static void with_fetch_that_fails(void)
{
        fake_units.start[UNIT_FETCH] = FAKE_REFUSED;
}

static void with_build_that_waits(void)
{
        with_build();
        fake_units.start[UNIT_BUILD] = FAKE_STARTS;
}

static void with_build_that_fails(void)
{
        with_build();
        fake_units.start[UNIT_BUILD] = FAKE_REFUSED;
}

static void with_command_that_waits(void)
{
        with_command();
        fake_units.start[UNIT_RELEASE] = FAKE_STARTS;
}

static void with_command_that_fails(void)
{
        with_command();
        fake_units.start[UNIT_RELEASE] = FAKE_REFUSED;
}

static void with_process_that_waits(void)
{
        fake_units.start[UNIT_APP] = FAKE_STARTS;
}

static void with_process_that_fails(void)
{
        fake_units.start[UNIT_APP] = FAKE_REFUSED;
}

static void with_check_that_waits(void)
{
        fake_probe.hold = true;
}

static void with_check_that_fails(void)
{
        fake_probe.answer.result = PROBE_TIMEOUT;
}

static void with_no_turn(void)
{
        fixture.config->parallel = 0;
}

/* What makes the deployment come to a row, beyond being there. */
static void no_more(_unused_ Deployment *deployment)
{
}

static void cancel(Deployment *deployment)
{
        fixture_cancel(deployment);
}

static void lose_space(_unused_ Deployment *deployment)
{
        fixture.config->min_free_space = UINT64_MAX;
        fixture.config->parallel = 1;
        pipeline_config_changed(fixture.pipeline);
        loop_run();
}

static void settle(_unused_ Deployment *deployment)
{
        loop_advance(fixture.config->check_settle);
}

static void crash(Deployment *deployment)
{
        fake_unit_exits(fixture_unit(deployment, "web.1"), 1);
        loop_run();
}

static Deployment *deploy(void)
{
        return fixture_deploy();
}

static Deployment *redeploy(void)
{
        return fixture_redeploy();
}

/* The one that is live is what the row is about. */
static Deployment *deploy_again(void)
{
        Deployment *live = fixture.app->live;

        fixture_deploy();
        return live;
}

const RowCase row_cases[] = {
        { 101, "101", "queued", "fetching", "209", "208", nothing, deploy, no_more },
        { 102, "102", "queued", "starting", "509", "508", with_live, redeploy, no_more },
        { 108, "108", "queued", "failed", NULL, NULL, with_no_turn, deploy, lose_space },
        { 109, "109", "queued", "cancelled", NULL, NULL, with_no_turn, deploy, cancel },
        { 201, "201", "fetching", "starting", "509", "508", nothing, deploy, no_more },
        { 202, "202", "fetching", "building", "309", "308", with_build, deploy, no_more },
        { 203, "203", "fetching", "releasing", "409", "408", with_command, deploy, no_more },
        { 208, "208", "fetching", "failed", NULL, NULL, with_fetch_that_fails, deploy, no_more },
        { 209, "209", "fetching", "cancelled", NULL, NULL, with_fetch_that_waits, deploy, cancel },
        { 301, "301", "building", "starting", "509", "508", with_build, deploy, no_more },
        { 302, "302", "building", "releasing", "409", "408", with_build_and_command, deploy, no_more },
        { 308, "308", "building", "failed", NULL, NULL, with_build_that_fails, deploy, no_more },
        { 309, "309", "building", "cancelled", NULL, NULL, with_build_that_waits, deploy, cancel },
        { 401, "401", "releasing", "starting", "509", "508", with_command, deploy, no_more },
        { 408, "408", "releasing", "failed", NULL, NULL, with_command_that_fails, deploy, no_more },
        { 409, "409", "releasing", "cancelled", NULL, NULL, with_command_that_waits, deploy, cancel },
        { 501, "501", "starting", "checking", "609", "608", nothing, deploy, no_more },
        { 508, "508", "starting", "failed", NULL, NULL, with_process_that_fails, deploy, no_more },
        { 509, "509", "starting", "cancelled", NULL, NULL, with_process_that_waits, deploy, cancel },
        { 601, "601", "checking", "switching", "709", "708", nothing, deploy, no_more },
        { 608, "608", "checking", "failed", NULL, NULL, with_check_that_fails, deploy, no_more },
        { 609, "609", "checking", "cancelled", NULL, NULL, with_check_that_waits, deploy, cancel },
        { 701, "701", "switching", "live", NULL, NULL, nothing, deploy, settle },
        { 708, "708", "switching", "failed", NULL, NULL, nothing, deploy, crash },
        { 709, "709", "switching", "cancelled", NULL, NULL, nothing, deploy, cancel },
        { 801, "701", "live", "superseded", NULL, NULL, with_live, deploy_again, settle },
};

const size_t n_row_cases = ELEMENTSOF(row_cases);

Deployment *row_hold(const RowCase *row)
{
        Deployment *deployment;

        row->prepare();
        fake_store.hold = row->commit;
        deployment = row->begin();
        row->come(deployment);
        cr_assert(fake_store_holds(row->commit), "row %u is not being committed", row->row);
        return deployment;
}

void row_make_work_last(void)
{
        for (UnitKind kind = UNIT_KIND_UNSET + 1; kind < UNIT_KIND_MAX; kind++)
                fake_units.start[kind] = FAKE_STARTS;
        fake_units.start[UNIT_ARCHIVE] = fake_units.start[UNIT_REMOVE] = FAKE_WORKS;
        fake_probe.hold = fake_ingress.hold = true;
}
