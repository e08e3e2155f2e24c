/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "builder/environment.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/names.h"
#include "base/text.h"
#include "release/refuse.h"

/* Debian's for a login, where the unit has none. */
#define PATH_DEFAULT "/usr/local/bin:/usr/bin:/bin"

static char **strings_free(char **strings)
{
        for (size_t i = 0; strings && strings[i]; i++)
                free(strings[i]);
        free(strings);
        return NULL;
}

Environment *environment_free(Environment *environment)
{
        if (!environment)
                return NULL;
        free(environment->directory);
        strings_free(environment->buildpack);
        strings_free(environment->command);
        free(environment);
        return NULL;
}

/* Sets a variable, instead of one of the same name. 0 or -ENOMEM. */
static int environment_set(char ***strings, const char *name, size_t name_size, const char *value)
{
        char *text = text_format("%.*s=%s", (int) name_size, name, value), **longer;
        size_t n = 0;

        if (!text)
                return -ENOMEM;
        for (; *strings && (*strings)[n]; n++)
                if (strncmp((*strings)[n], text, name_size + 1) == 0) {
                        free((*strings)[n]);
                        (*strings)[n] = text;
                        return 0;
                }
        longer = reallocarray(*strings, n + 2, sizeof(char *));
        if (!longer) {
                free(text);
                return -ENOMEM;
        }
        longer[n] = text;
        longer[n + 1] = NULL;
        *strings = longer;
        return 0;
}

static int set_common(char ***strings, const char *home, const char *cache)
{
        const struct {
                const char *name, *value;
        } common[] = {
                { "PATH", getenv("PATH") ? getenv("PATH") : PATH_DEFAULT },
                { "LANG", getenv("LANG") ? getenv("LANG") : "C.UTF-8" },
                { "HOME", home },
                { "TMPDIR", "/tmp" },
                { "CACHE_DIRECTORY", cache },
                { "STACK", "deployd" },
        };
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(common) && r >= 0; i++)
                r = environment_set(strings, common[i].name, strlen(common[i].name), common[i].value);
        return r;
}

static int environment_write_value(int directory_fd, const char *name, const char *value)
{
        _cleanup_close_ int fd = openat(directory_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

        return fd < 0 ? -errno : fd_write(fd, value, strlen(value));
}

/* The app's variables. */
static int take_app(Environment *environment, int directory_fd, char **reterr)
{
        int r = 0;

        for (char **variable = environ; *variable && r >= 0; variable++) {
                const char *name = *variable + strlen(BUILD_ENVIRONMENT_PREFIX), *equals;
                _cleanup_free_ char *copy = NULL;
                size_t size;

                if (strncmp(*variable, BUILD_ENVIRONMENT_PREFIX, strlen(BUILD_ENVIRONMENT_PREFIX)) != 0)
                        continue;
                equals = strchr(name, '=');
                size = equals ? (size_t) (equals - name) : 0;
                for (size_t i = 0; i < size; i++)
                        if (!isascii(name[i]) || !(isalnum(name[i]) || name[i] == '_'))
                                size = 0;
                if (size == 0)
                        return refuse(reterr, -EINVAL, "a variable of the app has a name that is none");
                copy = strndup(name, size);
                r = copy ? environment_write_value(directory_fd, copy, equals + 1) : -ENOMEM;
                if (r < 0)
                        return refuse(reterr, r, "cannot write a variable of the app: %s", strerror(-r));
                r = environment_set(&environment->command, name, size, equals + 1);
        }
        return r;
}

int environment_new(const char *home, const char *cache, Environment **ret, char **reterr)
{
        _cleanup_(environment_freep) Environment *environment = calloc(1, sizeof(Environment));
        _cleanup_close_ int fd = -1;
        int r;

        assert(ret);
        assert(reterr);

        if (!environment)
                return -ENOMEM;
        environment->directory = strdup("/tmp/deployd-env-XXXXXX");
        if (!environment->directory)
                return -ENOMEM;
        fd = mkdtemp(environment->directory) ? open(environment->directory, O_PATH | O_DIRECTORY | O_CLOEXEC)
                                             : -1;
        if (fd < 0)
                return refuse(reterr, -errno, "cannot make a directory below /tmp: %s", strerror(errno));

        r = set_common(&environment->buildpack, home, cache);
        if (r >= 0)
                r = set_common(&environment->command, home, cache);
        if (r >= 0)
                r = take_app(environment, fd, reterr);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(environment);
        return 0;
}
