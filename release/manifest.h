/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The manifest of a release lists everything in it; its digest is the release's. A release is a directory
 * with
 *
 *      app/            the tree the app sees at PATH_APP_TREE
 *      process/NAME    a command line of its Procfile, byte for byte, or of its buildpack where that has
 *                      none (no directory where there is neither)
 *
 * The digest is the SHA-256 of one line per entry, sorted by the bytes of the path (from the release's
 * directory: `app`, `app/Procfile`, `process/web`):
 *
 *      TYPE ' ' PATH '\0' CONTENT '\n'
 *
 *      d  directory, mode 0755; CONTENT is empty
 *      f  regular file, mode 0644; CONTENT is the SHA-256 of its bytes in lower-case hexadecimal
 *      x  regular file, mode 0755; the same
 *      l  symbolic link; CONTENT is its target
 *
 * Owners and times are not in it: they are root's and the import's, always. */

#include "base/cleanup.h"
#include "base/sha256.h"

#define RELEASE_TREE      "app"
#define RELEASE_PROCESSES "process"

#define RELEASE_MODE_DIRECTORY  0755
#define RELEASE_MODE_FILE       0644
#define RELEASE_MODE_EXECUTABLE 0755

/* All paths and link targets of a release together: the only thing that grows in memory with an archive.
 * Three hundred bytes for each of 200,000 files are 60 million, and real trees have a third of that. */
#define MANIFEST_TEXT_MAX ((size_t) 64 * 1024 * 1024)

typedef struct Manifest Manifest;

typedef enum EntryKind {
        ENTRY_DIRECTORY = 'd',
        ENTRY_FILE = 'f',
        ENTRY_EXECUTABLE = 'x',
        ENTRY_SYMLINK = 'l',
        /* A directory made only because something below it was named; the same as ENTRY_DIRECTORY, but
         * that may still follow. */
        ENTRY_PARENT = 'p',
} EntryKind;

enum {
        MANIFEST_HAD_PARENT = 1,
};

Manifest *manifest_new(void);
Manifest *manifest_free(Manifest *manifest);
DEFINE_CLEANUP(Manifest *, manifest_free);

/* Adds an entry; path and content are clean UTF-8 and are copied. 0; MANIFEST_HAD_PARENT if the directory
 * was there as ENTRY_PARENT; -EEXIST if the path is there otherwise; -E2BIG above MANIFEST_TEXT_MAX;
 * -ENOMEM. */
int manifest_add(Manifest *manifest, EntryKind kind, const char *path, const char *content);

/* Calls `each` for every entry, sorted by the bytes of the path; ENTRY_PARENT is told as ENTRY_DIRECTORY. A
 * negative result ends the walk and is returned. */
int manifest_foreach(const Manifest *manifest,
                     int (*each)(EntryKind kind, const char *path, const char *content, void *userdata),
                     void *userdata);

/* Lists the release in the current directory. 0, or -errno with a sentence in *reterr: -EUCLEAN for what an
 * import never makes (another type or mode, a path that is not clean), other errors of the file system. */
int manifest_scan(Manifest *manifest, char **reterr);

/* 0 or -ENOMEM. */
int manifest_digest(const Manifest *manifest, Sha256Text *ret);
