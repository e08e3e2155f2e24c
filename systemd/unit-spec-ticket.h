/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A UnitSpec as text: a ticket (base/ticket.h) with a line for each value that is set. So a unit that is
 * described in one place can be started in another, with the sandbox that is compiled in there.
 *
 *      format=1
 *      kind=app
 *      name=deployd-app-shop-42.web.1.service
 *      argument.1=/usr/libexec/deployd/deployd-launch
 *      argument.2=web
 *      bind-source.1=/var/lib/deployd/releases/42/app
 *      bind-target.1=/srv/app
 *      memory-max=268435456
 */

#include "base/ticket.h"
#include "systemd/unit-spec.h"

/* Adds the lines. 0; -EINVAL if the spec has a descriptor, which no text can pass on, lacks kind, name or
 * program, has a list with a gap, or a text outside the alphabet (unit-text.h); -ENOMEM. */
int unit_spec_to_ticket(const UnitSpec *spec, Ticket *ticket);

/* Reads the spec back. Its texts are those of the ticket, it has no descriptors, and what has no line is not
 * set. 0; -EINVAL: no line is ignored, and *ret_key, which is the ticket's or constant, is the key of the
 * one that is wrong or missing; of a list that has a gap, the key without the number. */
int unit_spec_from_ticket(const Ticket *ticket, UnitSpec *ret, const char **ret_key);
