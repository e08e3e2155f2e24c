/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Files beside the data that say which database it belongs to: the id of the installation, and a line for
 * each app, so that the data of an app is known again when the id has changed.
 *
 *      installation 3f0e8a5c54914d5a8c2f0f1d3c1b2a49
 *      app 1 1764450000123456 shop
 *      removed 2 blog
 */

#include "daemon/model/model.h"

/* One file for each directory that can be a disk of its own. */
typedef enum MarkPlace {
        MARK_PLACE_UNSET,
        MARK_DATA,  /* PATH_APP_DATA: what the apps have stored */
        MARK_STATE, /* PATH_STATE: releases, logs, and the private database */
        MARK_PLACE_MAX,
} MarkPlace;

/* The directory that the file is in. */
const char *mark_directory(MarkPlace place);

/* As a file has it. */
typedef struct Mark {
        sd_id128_t id;     /* null = the file is missing */
        sd_id128_t former; /* that counts, too, while the id is being changed; null = none */
        char *lines;       /* as above, without the first; "" = none */
} Mark;

/* Reads the file. 0, also if it is missing; -EBADMSG if it is not such a file or cannot be read; -ENOMEM. */
int mark_read(MarkPlace place, Mark *ret);
void mark_done(Mark *mark);
#define _cleanup_mark_ _cleanup_(mark_done)

/* Whether the data with that number, beside the file, was stored by that app of the model. */
bool mark_has_app(const Mark *mark, const Model *model, uint64_t id);

/* Adds the line of an app that was created or removed just now. It is not synced: a line that is lost makes
 * the data of that app unknown when the id has changed, and no more. What fails is logged. */
void mark_note(const Model *model, uint64_t id);
/* Writes both files, each whole or not at all, for the model's installation and apps. 0 or -errno. */
int mark_write(const Model *model);
/* The same before the installation gets another id: both ids count until mark_write(). */
int mark_prepare(const Model *model, sd_id128_t next);

/* Whether the mark is that of the installation. */
static inline bool mark_is_of(const Mark *mark, sd_id128_t installation)
{
        return sd_id128_equal(mark->id, installation) ||
               (!sd_id128_is_null(mark->former) && sd_id128_equal(mark->former, installation));
}
