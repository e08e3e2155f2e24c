/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Ownership by scope: a variable marked with one of these is released when its scope is left, in whatever
 * way. To hand it over, return TAKE_PTR(variable) or TAKE_FD(variable). */

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/macro.h"

#define _cleanup_(function) __attribute__((cleanup(function)))

/* Defines free functions for _cleanup_(): DEFINE_CLEANUP(Config *, config_free) gives config_freep(). The
 * function takes the pointer by value and accepts NULL. */
#define DEFINE_CLEANUP(type, function)                 \
        static inline void function##p(type *variable) \
        {                                              \
                if (*variable)                         \
                        (void) function(*variable);    \
        }                                              \
        struct function##_cleanup_needs_semicolon

#define TAKE_PTR(pointer)                              \
        ({                                             \
                __typeof__(pointer) *_at = &(pointer); \
                __typeof__(pointer) _taken = *_at;     \
                *_at = NULL;                           \
                _taken;                                \
        })

#define TAKE_FD(fd)                \
        ({                         \
                int *_at = &(fd);  \
                int _taken = *_at; \
                *_at = -1;         \
                _taken;            \
        })

static inline void freep(void *pointer)
{
        free(*(void **) pointer);
}

/* A text that nobody is to find in memory: overwritten, then freed. NULL is accepted. Returns NULL. */
static inline char *secret_free(char *secret)
{
        if (secret)
                explicit_bzero(secret, strlen(secret));
        free(secret);
        return NULL;
}
DEFINE_CLEANUP(char *, secret_free);

static inline void closep(int *fd)
{
        if (*fd >= 0)
                (void) close(*fd);
}

DEFINE_CLEANUP(FILE *, fclose);
DEFINE_CLEANUP(DIR *, closedir);

#define _cleanup_free_   _cleanup_(freep)
#define _cleanup_secret_ _cleanup_(secret_freep)
#define _cleanup_close_  _cleanup_(closep)
#define _cleanup_file_   _cleanup_(fclosep)
#define _cleanup_dir_    _cleanup_(closedirp)
