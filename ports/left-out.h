/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The list of what deployd-ports has left out of haproxy's configuration: a line for each address,
 *
 *      FRONTEND PORT ADDRESS ERROR LEFT
 *
 * FRONTEND as in the configuration, app-NAME; PORT and ERROR (errno) decimal; ADDRESS as `127.0.0.1`,
 * `[::1]`, `*` or `[::]`; LEFT what there still is of the frontend: `none`, or `some`. */

#include <stdio.h>

#include "base/macro.h"

#define LEFT_OUT_FRONTEND_MAX 128 /* with its NUL */
#define LEFT_OUT_ADDRESS_MAX  64

typedef struct LeftOut {
        char frontend[LEFT_OUT_FRONTEND_MAX];
        char address[LEFT_OUT_ADDRESS_MAX];
        uint16_t port;
        int error;  /* positive */
        bool whole; /* nothing of the frontend is left */
} LeftOut;

void left_out_print(FILE *stream, const LeftOut *item);

/* Reads the line at `text` and returns where the next one begins; NULL at the end of the list, or at a line
 * that is none. */
const char *left_out_parse(const char *text, LeftOut *ret);

/* deployd-ports-HASH of a whole list: the name of an empty backend in the configuration that belongs to it,
 * which says at run time what haproxy has loaded. Caller frees; NULL when out of memory. */
char *left_out_tag(const char *list);
