/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Names of entries in git trees. People who can push choose them byte by byte. */

typedef enum NameFault {
        NAME_GOOD,
        NAME_EMPTY,
        NAME_UNCLEAN,  /* control characters or invalid UTF-8 */
        NAME_TOO_LONG, /* no file system takes it */
        NAME_UNSAFE, /* a slash, the directory itself or the one above, or .git as some file system spells it
                      */
} NameFault;

/* Judges one name (not a path). The spellings of .git are those libgit2 refuses to check out: in any case,
 * with code points that HFS+ ignores, with what NTFS drops at the end or takes for a stream, and as the
 * short name git~1 (libgit2 1.5, src/libgit2/path.c). */
NameFault name_check(const char *name);
