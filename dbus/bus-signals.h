/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the model's observers are told becomes signals.
 *
 * An object that comes or goes is announced at once. What changes in it is announced once for each turn of
 * the event loop, and only what is really different; but a different Status is announced at once, so that
 * nobody misses one. Before the answer to a call and before DeploymentFinished goes all that is due. */

#include "dbus/bus-private.h"

int bus_signals_register(Bus *bus);
void bus_signals_unregister(Bus *bus);

/* Shows or withdraws what is in the model, if Facts.ready has changed. */
void bus_signals_follow_facts(Bus *bus);

/* Something about the object may be different now. */
void bus_signals_changed(BusObject *object);
/* Announces what is due. */
void bus_signals_flush(Bus *bus);
