/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the administrator decided: deploy.conf and its drop-ins, read, checked and complete. The keys, their
 * defaults and meanings are rows of config-table.c. */

#include <stdio.h>

#include "base/cleanup.h"

/* Both ends belong to it. */
typedef struct PortRange {
        uint16_t low, high;
} PortRange;

typedef enum BuildSpace {
        BUILD_SPACE_DISK,
        BUILD_SPACE_MEMORY,
} BuildSpace;

/* One member per key, `-` written `_`. Time spans are in microseconds, sizes in bytes. Texts are never NULL
 * but may be empty; lists are never NULL and end with NULL. All owned by the Config. */
typedef struct Config {
        /* [database] */
        char *database_url; /* empty: the private cluster */

        /* [ports] */
        PortRange port_range;
        PortRange stable_range;

        /* [runner] */
        uint64_t parallel;
        uint64_t queue_max;
        uint64_t queue_max_per_user;
        uint64_t calls_max_per_user;
        uint64_t questions_max_per_user;
        uint64_t calls_burst_per_user;
        uint64_t calls_rate_per_user; /* calls a second */
        uint64_t keep_releases;
        uint64_t min_free_space;
        bool require_sandbox;
        uint64_t fetch_timeout;
        uint64_t fetch_stall_timeout;
        uint64_t fetch_max_bytes;
        uint64_t fetch_max_files;
        uint64_t fetch_max_depth;
        uint64_t build_timeout;
        uint64_t build_memory_max;
        uint64_t build_tasks_max;
        uint64_t build_disk_max;
        BuildSpace build_space;
        uint64_t build_files_max;
        uint64_t release_timeout;
        bool build_network;
        uint64_t keep_logs, log_max, log_rate;
        uint64_t keep_removed_data;
        uint64_t start_timeout;
        uint64_t check_successes;
        uint64_t check_settle;
        uint64_t health_check_timeout;
        uint64_t stop_timeout;
        uint64_t drain_timeout;
        uint64_t restart_pause;
        uint64_t restart_burst;
        uint64_t restart_give_up;
        uint64_t app_memory_max;
        uint64_t app_tasks_max;
        uint64_t app_ports_max;
        uint64_t writable_tree_max;
        uint64_t shm_max;
        uint64_t app_cpu_quota;    /* microseconds per second, as systemd's CPUQuotaPerSecUSec; 0 = none */
        uint64_t app_memory_limit; /* 0 = no bound */
        uint64_t app_tasks_limit;  /* 0 = no bound */

        /* [git] */
        char **git_schemes;     /* each of https, ssh, http, git */
        char **git_local_paths; /* absolute, normalised, of [A-Za-z0-9/._-] only: fit for a unit property */
        bool git_private_networks;
        char *git_proxy;     /* as proxy_url_parse() takes it; empty: none */
        char **git_no_proxy; /* each as proxy_pattern_is_valid() has it */

        /* [access] */
        char **internal_networks; /* each ADDRESS or ADDRESS/BITS, checked, no blanks or signs of any other
                                     kind */
        char **trusted_proxies;   /* the same */

        /* [ingress] */
        char *ingress_http, *ingress_https; /* `*:80`, `192.0.2.1:80` or `[2001:db8::1]:80`; empty: none */
        bool access_log;
        uint64_t apps_max;
        uint64_t connections_max, app_connections_max;
        uint64_t body_timeout;
        uint64_t reload_keep, reload_keep_max;

        /* [frontend] */
        char *frontend_base_url; /* `http://HOST` or `https://HOST` without port, path or slash; or empty */

        /* [log] */
        int log_level; /* LOG_EMERG … LOG_DEBUG */

        /* One sentence each with file and line about what was ignored or is unwise, for the caller to log.
         */
        char **warnings;
        size_t n_warnings;
} Config;

/* Reads `path`, then the files `PATH.d/` + `*.conf` in the order of their names (bytewise, hidden ones left
 * out); of a key given twice the later value counts, an empty value is the default. If `path` or `PATH.d`
 * is not there that is no error. 0 with a complete configuration in *ret; otherwise a negative errno with
 * one sentence in *reterr (caller frees; NULL for -ENOMEM) that can be shown to anybody (no control
 * characters, no password):
 * -EINVAL if a value, a line or the values together are not allowed, which says file, line, key and what is;
 * -EFBIG if a file is over 256 KiB or there are over 256 drop-ins; any other if a file cannot be read. */
int config_load(const char *path, Config **ret, char **reterr);

/* The value of a number, duration, size or quota; the key must be one of these. */
uint64_t config_number(const Config *config, const char *section, const char *name);

Config *config_free(Config *config);
DEFINE_CLEANUP(Config *, config_free);

/* Prints deploy.conf.example: every key with its meaning and default. 0 or -errno of the stream. */
int config_print_example(FILE *stream);
