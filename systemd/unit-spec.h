/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a transient unit is to be: the sandbox of its kind (a table in sandbox.c) and the few values that
 * differ from unit to unit. No text from outside enters a unit property (systemd 252 writes some of them raw
 * into the unit file, where a newline becomes a directive run as root): everything here is ours, and
 * unit_spec_append() refuses any text that is not of the alphabet of paths, names and numbers. */

#include <systemd/sd-bus.h>

#include "base/unit-kind.h"
#include "systemd/sandbox.h"

/* Longest list of any kind of unit. */
#define UNIT_SPEC_BINDS_MAX       12
#define UNIT_SPEC_ARGUMENTS_MAX   6
#define UNIT_SPEC_KEPT_MAX        8
#define UNIT_SPEC_CREDENTIALS_MAX 2
#define UNIT_SPEC_ADDRESSES_MAX   3 /* of name servers, as resolv.conf(5) has (MAXNS) */

typedef struct UnitAddress {
        int family; /* AF_INET, AF_INET6; 0 = none */
        uint8_t bytes[16];
} UnitAddress;

typedef struct UnitBind {
        const char *source, *target;
        bool writable;
} UnitBind;

typedef struct UnitCredential {
        const char *name, *path;
} UnitCredential;

/* The time of a start limit: so many times the pause as the burst has starts, and as many again for the
 * starts themselves. */
#define UNIT_START_LIMIT_PAUSES 12

/* Texts are borrowed. NULL, 0 and -1 mean: not set. */
typedef struct UnitSpec {
        UnitKind kind;
        const char *name;
        const char *app_slice;                /* of a kind whose row names no slice */
        const char *user;                     /* of the dynamic user */
        const char *state_directory;          /* below /var/lib */
        const char *kept[UNIT_SPEC_KEPT_MAX]; /* further ones below /var/lib */
        const char *cache_directory;          /* below /var/cache */
        const char *environment_file;
        /* What PID 1 reads and hands over as files (LoadCredential=); until one without a name. */
        UnitCredential credentials[UNIT_SPEC_CREDENTIALS_MAX];
        const char *arguments[UNIT_SPEC_ARGUMENTS_MAX]; /* the program, an absolute path, first */
        const char *stop_post[UNIT_SPEC_ARGUMENTS_MAX]; /* run when it has ended, however; its failure means
                                                           nothing; none if the first is NULL */
        UnitBind binds[UNIT_SPEC_BINDS_MAX];
        const char *tmpfs; /* a directory in memory that is the unit's own */
        uint64_t tmpfs_size, tmpfs_files;
        uint64_t shm_size; /* of a /dev/shm of its own, with a file for each page of it; 0 = its sandbox says
                            */
        UnitNetwork network;
        UnitAddress reached[UNIT_SPEC_ADDRESSES_MAX]; /* although `network` does not */
        int stdin_fd, stdout_fd;                      /* duplicated for the call; -1 = null and journal */
        bool notify;                /* of an app: it runs when it says READY=1, not with its program */
        bool hold;                  /* keep it loaded for us when it has ended: units_clean() */
        uint64_t timeout_usec;      /* of an app: until it runs; of a oneshot unit: until it is killed */
        uint64_t stop_timeout_usec; /* between SIGTERM and SIGKILL */
        uint64_t file_size_max;     /* LimitFSIZE */
        uint64_t memory_max, tasks_max, cpu_quota_usec; /* 0 = infinity */
        uint64_t restart_pause_usec;                    /* of an app: pause before PID 1 starts it again */
        unsigned restart_burst; /* of an app: so often within so many times UNIT_START_LIMIT_PAUSES pauses */
        /* Fields that the journal adds to each of the unit's lines. */
        const char *log_app, *log_process, *log_revision;
        uint64_t log_deployment;
} UnitSpec;

#define UNIT_SPEC_INIT                          \
        {                                       \
                .stdin_fd = -1, .stdout_fd = -1 \
        }

/* Appends the unit's property array `a(sv)` to a StartTransientUnit call. 0; -EINVAL if a text is outside
 * the alphabet, with nothing of it sent; other -errno of sd-bus. */
int unit_spec_append(sd_bus_message *message, const UnitSpec *spec);
