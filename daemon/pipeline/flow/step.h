/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What each running status does when it is entered. Each can be entered again after a crash. */

#include "daemon/pipeline/jobs/helper.h"

/* The table of them, one for each DeploymentStatus. */
const Step *steps_table(void);
/* What they make of that which becomes of an instance. */
const InstanceEvents *steps_instance_events(void);

/* fetching: mirror, tree, release. */
void step_fetch_enter(Pipeline *pipeline, Deployment *deployment);

/* Its tree is fetched into the attempt's tar_fd; `mirror_only`: from what has been fetched already. 0 or
 * -errno. */
int step_fetch_tree(Attempt *attempt, const char *revision, bool mirror_only, HelperDone done,
                    OneshotText text);
/* A tar becomes its release. `built` as in import.h. */
void step_import(Attempt *attempt, int tar_fd, const Ticket *built);

/* building: buildpack or command, release. */
void step_build_enter(Pipeline *pipeline, Deployment *deployment);
/* What it waits for may be there: whether this machine may build is known. */
void step_build_poll(Pipeline *pipeline, Deployment *deployment);

/* releasing: the release command. */
void step_release_enter(Pipeline *pipeline, Deployment *deployment);

/* Whether its release has the directories that it keeps; false: it has failed. */
bool step_has_places(Pipeline *pipeline, Deployment *deployment);

/* starting: every instance's unit runs. */
void step_start_enter(Pipeline *pipeline, Deployment *deployment);
/* Something about an instance's unit is different. */
void step_run_poll(Pipeline *pipeline, Deployment *deployment);

/* checking: every web instance listens on its port. */
void step_check_enter(Pipeline *pipeline, Deployment *deployment);
void step_check_poll(Pipeline *pipeline, Deployment *deployment);

/* switching: requests go to the new instances, with the old ones ready behind them, until the new ones have
 * kept running and listening for a while. */
void step_switch_enter(Pipeline *pipeline, Deployment *deployment);
/* Something about its instances or routes is different. */
void step_switch_poll(Pipeline *pipeline, Deployment *deployment);
/* It is about to fail: requests go to the old instances again, at once. Nothing in any other status. */
void step_switch_back(Pipeline *pipeline, Deployment *deployment);

/* live: kept running, unless the app is stopped. */
void step_live_enter(Pipeline *pipeline, Deployment *deployment);
