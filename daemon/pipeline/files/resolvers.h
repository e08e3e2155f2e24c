/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "systemd/unit-spec.h"

/* The machine's name servers, resolv.conf(5), which a unit that may reach nothing else of the machine and
 * its networks has to reach. (By address: the filter knows no ports.) Fills `ret` from its beginning, as far
 * as there is room, and leaves the rest as it is: all zero is none. */
void resolvers_read(UnitAddress ret[static UNIT_SPEC_ADDRESSES_MAX]);
