/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a legal name, address or revision is: pure rules. The bus layer asks them once, where a value enters.
 * Each returns true if the value is legal; validate_sentence_*() below say what would be. */

#include "base/git-address.h"
#include "base/text.h"
#include "base/valid-name.h"

/* Of name_is_valid(). */
#define NAME_RULE \
        "a name is 1 to 50 of a-z, 0-9 and -, begins with a letter, does not end with - and has no --"

/* A branch, tag or commit as git allows it as a reference name (git-check-ref-format(1)), and none that
 * begins with `-`. */
#define REVISION_LENGTH_MAX 200
#define REVISION_RULE       "a revision is a branch, a tag, or a commit of at least 7 hexadecimal digits"
bool revision_is_valid(const char *revision);

/* Forty lower-case hexadecimal digits. */
#define COMMIT_LENGTH 40
bool commit_is_valid(const char *commit);

/* private, internal or public. */
bool access_mode_is_valid(const char *mode);

/* A name of a buildpack, `none` among them; "" is legal: the one that detects the app. */
bool buildpack_is_valid(const char *buildpack);

/* port or notify. */
bool readiness_is_valid(const char *readiness);
/* "yes" or "no". */
bool submodules_is_valid(const char *submodules);

/* no or yes. */
bool writable_tree_is_valid(const char *writable);

/* As text_is_http_target() has it; "" is legal: none. */
#define HEALTH_CHECK_PATH_RULE "a path begins with / and has printable ASCII characters without blanks and #"
bool health_check_path_is_valid(const char *path);

/* One line of text without control characters; "" is legal. */
#define BUILD_COMMAND_LENGTH_MAX 2048
bool build_command_is_valid(const char *command);

/* A relative directory without empty, `.` or `..` parts and without control characters; "" is legal: the
 * root. */
#define DIRECTORY_LENGTH_MAX 1024
#define DIRECTORY_RULE       "a directory is relative to the root of the repository, without empty, . or .. parts"
bool directory_is_valid(const char *directory);

#define URL_LENGTH_MAX 2048

/* A git address: one of `schemes` (NULL-terminated) as SCHEME://[USER[:PASSWORD]@]HOST[:PORT]/PATH, or
 * USER@HOST:PATH if ssh is among them, or an absolute path or file:// below one of `local_paths`. 0 with
 * what is kept of it in *ret (git_address_done()), or -EINVAL with a sentence in *reason (caller frees):
 * what is wrong and what is allowed, never with the password of the address in it. -ENOMEM. */
int url_check(const char *text, char *const *schemes, char *const *local_paths, GitAddress *ret,
              char **reason);
