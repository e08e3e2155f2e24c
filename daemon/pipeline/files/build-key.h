/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Everything that decides what a build makes, as one number: the commit, where in it the app is, who builds
 * it, and the environment. The same number means the same release. It is a keyed hash, with a key that only
 * this machine's root can read, since values of the environment are secrets and may be easy to guess. */

#include "base/sha256.h"
#include "daemon/model/app.h"
#include "daemon/model/deployment.h"

/* Of a build of the deployment's app at the deployment's revision; `submodules`: its tree has them. 0 or
 * -errno. */
int build_key_make(const Deployment *deployment, bool submodules, Sha256Text *ret);

/* The newest deployment of the app that has built that and whose release is kept; NULL if there is none. */
const Deployment *build_key_find(const App *app, const char *key);
