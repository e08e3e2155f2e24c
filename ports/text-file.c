/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ports/text-file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/text.h"

#define MODE 0640

int text_file_read(const char *path, char **ret)
{
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        _cleanup_file_ FILE *file = NULL;
        _cleanup_free_ char *text = NULL;
        size_t size = 0;

        if (fd < 0 && errno != ENOENT)
                return -errno;
        if (fd < 0) {
                *ret = strdup("");
                return *ret ? 0 : -ENOMEM;
        }
        file = fdopen(fd, "re");
        if (!file)
                return -errno;
        (void) TAKE_FD(fd);
        if (getdelim(&text, &size, '\0', file) >= 0)
                *ret = TAKE_PTR(text);
        else if (ferror(file))
                return -EIO;
        else
                *ret = strdup("");
        return *ret ? 0 : -ENOMEM;
}

int text_file_write(const char *path, const char *text)
{
        _cleanup_free_ char *draft = text_format("%s.draft", path);
        _cleanup_file_ FILE *file = draft ? fopen(draft, "we") : NULL;
        bool failed;

        if (!file)
                return draft ? -errno : -ENOMEM;
        failed = fputs(text, file) < 0 || fchmod(fileno(file), MODE) < 0;
        failed = fclose(TAKE_PTR(file)) != 0 || failed;
        if (failed || rename(draft, path) < 0)
                return errno ? -errno : -EIO;
        return 0;
}
