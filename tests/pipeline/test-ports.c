/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/pipeline/fixture.h"

#include <errno.h>

/* Instances that hold too many ports are killed. */

static Instance *web;

/* Nothing tells that a socket was bound: it is looked at so often, as daemon/pipeline/instances/ports.c
 * does. */
#define LOOK_USEC (3 * USEC_PER_SEC)

static void begin(void)
{
        fixture_set_up();
        web = fixture_instance(fixture_go_live(), "web.1");
}

TestSuite(ports, .init = begin, .fini = fixture_tear_down, .timeout = 60);

Test(ports, that_are_too_many_get_an_instance_killed)
{
        fake_probe.crowd = web->control_group_id;
        loop_advance(LOOK_USEC);
        cr_assert_eq(fake_unit_n_kills(web->unit), 1);
        loop_advance(LOOK_USEC);
        cr_assert_eq(fake_unit_n_kills(web->unit), 2, "it is looked at again as long as it holds them");
        fake_probe.crowd = 0;
        loop_advance(2 * LOOK_USEC);
        cr_assert_eq(fake_unit_n_kills(web->unit), 2);
}

Test(ports, are_counted_again_when_the_kill_fails)
{
        fake_probe.crowd = web->control_group_id;
        fake_units.kill_error = -EIO;
        loop_advance(LOOK_USEC);
        loop_advance(LOOK_USEC);
        cr_assert_eq(fake_unit_n_kills(web->unit), 2);
        fake_units.no_calls = true;
        loop_advance(LOOK_USEC);
        fake_units.no_calls = false;
        loop_advance(LOOK_USEC);
        cr_assert_eq(fake_unit_n_kills(web->unit), 4);
}

Test(ports, of_others_are_not_our_business)
{
        fake_probe.crowd = web->control_group_id + 1000;
        loop_advance(2 * LOOK_USEC);
        cr_assert_eq(fake_unit_n_kills(web->unit), 0);
}

Test(ports, are_looked_at_again_when_the_probe_is_away)
{
        fake_probe.away = true;
        fake_probe.crowd = web->control_group_id;
        loop_advance(2 * LOOK_USEC);
        cr_assert_eq(fake_unit_n_kills(web->unit), 0);
        fake_probe.away = false;
        loop_advance(LOOK_USEC);
        cr_assert_eq(fake_unit_n_kills(web->unit), 1);
}
