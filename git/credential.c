/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "git/credential.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/credential-kind.h"
#include "base/names.h"
#include "base/text.h"

/* The file as text; NULL if there is none. 0 or -errno. */
static int file_read(const char *path, size_t max, char **ret)
{
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
        _cleanup_free_ char *text = NULL;
        size_t size = 0;
        ssize_t n;

        *ret = NULL;
        if (fd < 0)
                return errno == ENOENT ? 0 : -errno;
        text = malloc(max + 1);
        if (!text)
                return -ENOMEM;
        while (size < max && (n = read(fd, text + size, max - size)) != 0) {
                if (n < 0 && errno != EINTR)
                        return -errno;
                size += n < 0 ? 0 : (size_t) n;
        }
        text[size] = '\0';
        *ret = TAKE_PTR(text);
        return 0;
}

/* 0 or -errno. */
static int directory_read(const char *directory, const char *url, Credential *ret)
{
        _cleanup_free_ char *secret = text_format("%s/" CREDENTIAL_SECRET, directory),
                            *hosts = text_format("%s/" CREDENTIAL_KNOWN_HOSTS, directory);
        _cleanup_secret_ char *text = NULL;
        int r;

        if (!secret || !hosts)
                return -ENOMEM;
        r = file_read(secret, CREDENTIAL_BOUND_SIZE_MAX, &text);
        if (r < 0)
                return r;
        ret->misplaced = text && !credential_is_for(text, url);
        if (text && !ret->misplaced) {
                char **kept = credential_is_key(credential_unbind(text), strlen(credential_unbind(text)))
                                      ? &ret->key
                                      : &ret->token;

                *kept = strdup(credential_unbind(text));
                if (!*kept)
                        return -ENOMEM;
        }
        return file_read(hosts, KNOWN_HOSTS_SIZE_MAX, &ret->known_hosts);
}

int credential_read(const char *url, Credential *ret, Problem *problem)
{
        const char *directory = getenv("CREDENTIALS_DIRECTORY");
        int r = 0;

        assert(ret);
        assert(problem);

        *ret = (Credential){ NULL };
        if (!text_is_empty(directory))
                r = directory_read(directory, url, ret);
        /* Its own lines replace those that everybody has. */
        if (r >= 0 && !ret->known_hosts)
                r = file_read(PATH_KNOWN_HOSTS, KNOWN_HOSTS_SIZE_MAX, &ret->known_hosts);
        if (r < 0)
                return problem_set(problem, PROBLEM_INTERNAL,
                                   "the credential of the repository cannot be read: %s", strerror(-r));
        if (ret->token)
                problem->secret = ret->token;
        return 0;
}

void credential_done(Credential *credential)
{
        assert(credential);

        secret_free(credential->token);
        secret_free(credential->key);
        free(credential->known_hosts);
        *credential = (Credential){ NULL };
}
