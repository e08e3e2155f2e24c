/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* deployd-ingress.service, of which the ingress itself knows haproxy's sockets only. */

#include "ingress/ingress.h"
#include "systemd/units.h"

typedef struct IngressUnit IngressUnit;

/* Both borrowed. Tells the ingress whether haproxy runs, from now on. 0 or -errno. */
int ingress_unit_new(Units *units, Ingress *ingress, IngressUnit **ret);
IngressUnit *ingress_unit_free(IngressUnit *unit);
DEFINE_CLEANUP(IngressUnit *, ingress_unit_free);

/* Has PID 1 reload it, as `systemctl reload` does, so that each reload takes the same way.
 */
void ingress_unit_reload(IngressUnit *unit);
