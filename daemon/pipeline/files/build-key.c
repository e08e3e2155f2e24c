/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/files/build-key.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>

#include "base/fd.h"
#include "base/names.h"
#include "base/text.h"
#include "daemon/pipeline/files/lost-release.h"

#define KEY_SIZE 32

/* Nobody reads half a key: it is linked into its place when it is whole. */
static int make_key(unsigned char key[static KEY_SIZE])
{
        _cleanup_close_ int fd = open(PATH_STATE, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);

        if (fd < 0)
                return -errno;
        if (getrandom(key, KEY_SIZE, 0) != KEY_SIZE || write(fd, key, KEY_SIZE) != KEY_SIZE || fsync(fd) < 0)
                return -EIO;
        return fd_link(fd, PATH_BUILD_KEY);
}

static int build_key_read(unsigned char key[static KEY_SIZE])
{
        _cleanup_close_ int fd = open(PATH_BUILD_KEY, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

        if (fd < 0)
                return errno == ENOENT ? make_key(key) : -errno;
        return read(fd, key, KEY_SIZE) == KEY_SIZE ? 0 : -EBADMSG;
}

/* With its end, so that no two lists of texts look alike. */
static void add_text(Sha256 *sha, const char *text)
{
        sha256_add(sha, text, strlen(text) + 1);
}

int build_key_make(const Deployment *deployment, bool submodules, Sha256Text *ret)
{
        const AppSettings *own = deployment_settings(deployment);
        const Variables *environment = deployment_variables(deployment);
        _cleanup_(sha256_freep) Sha256 *sha = NULL;
        unsigned char key[KEY_SIZE];
        int r;

        assert(deployment);
        assert(ret);

        r = build_key_read(key);
        if (r < 0)
                return r;
        sha = sha256_new_keyed(key, sizeof(key));
        if (!sha)
                return -ENOMEM;
        add_text(sha, deployment->revision);
        /* What has been built without submodules keeps its key. */
        if (submodules)
                add_text(sha, "with submodules");
        add_text(sha, own->directory);
        add_text(sha, own->buildpack);
        add_text(sha, own->build_command);
        /* Which directories the release has. What keeps none has the key of before. */
        if (own->persist[0] != '\0') {
                add_text(sha, "with directories");
                add_text(sha, own->persist);
        }
        for (size_t i = 0; i < environment->n; i++) {
                add_text(sha, environment->items[i].name);
                add_text(sha, environment->items[i].value);
        }
        *ret = sha256_finish(sha);
        return 0;
}

const Deployment *build_key_find(const App *app, const char *key)
{
        const Deployment *deployment;

        assert(app);

        if (text_is_empty(key))
                return NULL;
        LIST_FOREACH (app_deployments, deployment, app->deployments)
                if (deployment->release && deployment->release_id == deployment->id &&
                    !deployment->release_goes && strcmp(deployment->release->build_key, key) == 0 &&
                    !lost_release_is(deployment) &&
                    (deployment->status == DEPLOYMENT_LIVE || deployment->status == DEPLOYMENT_SUPERSEDED))
                        return deployment;
        return NULL;
}
