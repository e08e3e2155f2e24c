/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Asks the server of an address of ssh for its host keys, by ssh-keyscan(1), shows their fingerprints, and
 * asks whether they are right. An exit status; *ret, which the caller frees, are lines of known_hosts. */
int key_scan(const char *url, char **ret);
