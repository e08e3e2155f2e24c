/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The sandbox of each kind of unit, as tables of constant properties. */

#include <systemd/sd-bus.h>

#include "base/macro.h"
#include "base/unit-kind.h"

/* One constant property: `type` is b, s, i, u or t (`number`, or `text`), 'l' a list of one string, '+' and
 * '-' a list that is allowed or forbidden (`text`: words separated by blanks). */
typedef struct SandboxRow {
        const char *property;
        char type;
        uint64_t number;
        const char *text;
} SandboxRow;

/* A path that is shown read-only at its own place; `optional`: nothing is said if it is not there. */
typedef struct SandboxBind {
        const char *path;
        bool optional;
} SandboxBind;

typedef struct SandboxTmpfs {
        const char *path, *options;
} SandboxTmpfs;

typedef struct SandboxAddress {
        const char *comment; /* what it is */
        int family;
        uint8_t bytes[16];
        uint32_t prefix;
} SandboxAddress;

/* Lists end with an all-zero row. */
typedef struct Sandbox {
        const SandboxRow *rows[6];   /* several lists: what all have first */
        const SandboxBind *binds[4]; /* several lists */
        const SandboxTmpfs *tmpfs;
        const SandboxAddress *denied;
        bool uses_network; /* it looks names up: follow.h shows it what that takes */
        bool sees_binds;   /* it sees nothing of the machine but its binds and its own directories */
} Sandbox;

/* What a unit may reach. */
typedef enum UnitNetwork {
        UNIT_NETWORK_OF_KIND, /* what its sandbox says */
        UNIT_NETWORK_PUBLIC,  /* not this machine, nor a private network */
        UNIT_NETWORK_NONE,
} UnitNetwork;

/* `dynamic`: of UNIT_REMOVE, the one that has a dynamic user's directories removed rather than root's own.
 * `notify`: of UNIT_APP, one that says itself when it is ready. */
const Sandbox *sandbox_of(UnitKind kind, bool dynamic, bool notify);

/* What it may not reach; ends with an all-zero row. NULL = nothing is denied. */
const SandboxAddress *sandbox_denied(const Sandbox *sandbox, UnitNetwork network);

/* Appends all of it but the binds, which share a list with the unit's own. 0 or -errno of sd-bus. */
int sandbox_append(sd_bus_message *message, const Sandbox *sandbox, UnitNetwork network);
