/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What callers send, checked once, where it enters. Every function here returns 0, or negative with *reterr
 * filled by a sentence that says what was wrong and what would be right; no control character of the caller
 * is in it, and no more than a few bytes of his text. */

#include "base/git-address.h"
#include "daemon/model/setting.h"
#include "dbus/bus-private.h"

/* Borrowed from the message. */
typedef struct BusBytes {
        const void *data; /* NULL = not given */
        size_t size;
} BusBytes;

/* `argument` is the name the caller knows it by. "" is legal with `may_be_empty`. */
int bus_args_check_name(const char *name, sd_bus_error *reterr);
/* What is kept of the URL, and the password that it had, into *ret (git_address_done()). */
int bus_args_read_url(const Bus *bus, const char *url, GitAddress *ret, sd_bus_error *reterr);
/* The credential for the address `url` as credential_clean() makes it; *ret is the caller's to free, "" =
 * none. */
int bus_args_read_credential(const BusBytes *bytes, const char *url, char **ret, sd_bus_error *reterr);
int bus_args_check_known_hosts(const char *known_hosts, sd_bus_error *reterr);
int bus_args_check_revision(const char *argument, const char *revision, bool may_be_empty,
                            sd_bus_error *reterr);

/* The object of that name or id; NoSuchRepository, NoSuchApp, NoSuchDeployment. */
int bus_args_find_repository(const Bus *bus, const char *name, Repository **ret, sd_bus_error *reterr);
int bus_args_find_app(const Bus *bus, const char *name, App **ret, sd_bus_error *reterr);
int bus_args_find_deployment(const Bus *bus, uint64_t id, Deployment **ret, sd_bus_error *reterr);

/* One key that an option dictionary may have. */
typedef struct BusOption BusOption;
struct BusOption {
        const char *name;
        const char *type; /* "s", "t", "u", "b", "ay" or "a{su}" */
        size_t offset; /* of the char *, uint64_t, uint32_t, bool, BusBytes or Formation in the target that
                        * it is read into
                        */
        /* NULL = each value of the type is legal. `value` is the text, or points to the number or Formation.
         */
        int (*check)(const Bus *bus, const BusOption *option, const void *value, sd_bus_error *reterr);
        const Setting *setting; /* that it is; NULL = none */
};

/* Reads the a{sv} where the message stands into `target`; keys that are not there leave their member as it
 * is, texts in it are replaced and the caller's to free in any case. A key of `later` (ends with NULL, may
 * be NULL) has no effect yet: NotSupported. Any other, one given twice, and a value of another type:
 * InvalidArgs. */
int bus_args_read_options(const Bus *bus, sd_bus_message *message, const BusOption options[],
                          size_t n_options, const char *const later[], void *target, sd_bus_error *reterr);
