/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "git/url.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/git-address.h"
#include "base/text.h"
#include "git/kind.h"

/* What libgit2 can speak and we let it; anything else is refused whatever the configuration says. */
static const char *const known_schemes[] = { "http", "https", "ssh", "git" };

/* The next word of a list separated by blanks; *size 0 at its end. */
static const char *next_word(const char *list, size_t *size)
{
        list += strspn(list, " \t");
        *size = strcspn(list, " \t");
        return list;
}

static bool list_contains(const char *list, const char *word, size_t word_size)
{
        size_t size;

        for (list = next_word(list, &size); size > 0; list = next_word(list + size, &size))
                if (size == word_size && strncasecmp(list, word, size) == 0)
                        return true;
        return false;
}

static bool scheme_is_known(const char *scheme, size_t size)
{
        for (size_t i = 0; i < ELEMENTSOF(known_schemes); i++)
                if (strlen(known_schemes[i]) == size && strncasecmp(known_schemes[i], scheme, size) == 0)
                        return true;
        return false;
}

static int scheme_check(const char *scheme, size_t size, const char *schemes, Problem *problem)
{
        if (scheme_is_known(scheme, size) && list_contains(schemes, scheme, size))
                return 0;
        if (text_is_empty(schemes))
                return problem_set(problem, PROBLEM_REMOTE, "no kind of network address is allowed");
        return problem_set(problem, PROBLEM_REMOTE,
                           "addresses that begin with \"%.*s:\" are not allowed; allowed are: %s",
                           (int) size, scheme, schemes);
}

/* A name, an IPv4 address or an IPv6 address in brackets, with a port or not. */
static bool url_host_is_valid(const char *host, size_t size)
{
        static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
        size_t name = 0, end;

        if (size > 0 && host[0] == '[') {
                end = 1 + strspn(host + 1, "0123456789abcdefABCDEF:.");
                if (end < 3 || end >= size || host[end] != ']')
                        return false;
                name = end + 1;
        } else {
                name = strspn(host, letters);
                if (name == 0 || name > size || host[0] == '-')
                        return false;
        }
        if (name == size)
                return true;
        end = name + 1 + strspn(host + name + 1, "0123456789");
        return host[name] == ':' && end == size && end > name + 1;
}

/* Nothing that a program could take for an option. */
static bool url_user_is_valid(const char *user, size_t size)
{
        return size > 0 && user[0] != '-' && !memchr(user, '@', size) && !memchr(user, ':', size);
}

static bool scheme_is(const char *text, size_t size, const char *scheme)
{
        return size == strlen(scheme) && strncasecmp(text, scheme, size) == 0;
}

/* What the server of ssh is asked for: /~user/x is below the home of a user. */
static int ssh_path_parse(const char *path, Url *ret, Problem *problem)
{
        if (path[1] == '~')
                path++;
        ret->path = text_percent_decode(path, strlen(path));
        if (!ret->path)
                return problem_out_of_memory(problem);
        return text_is_clean(ret->path, /* allow_tab= */ false)
                       ? 0
                       : problem_set(problem, PROBLEM_REMOTE,
                                     "the path in the address has control characters or invalid UTF-8");
}

/* `host` is HOST or HOST:PORT, `size` bytes. */
static int url_parts_keep(const char *authority, const char *at, const char *host, size_t size, Url *ret,
                          Problem *problem)
{
        size_t name = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/");

        ret->user = at ? strndup(authority, (size_t) (at - authority)) : NULL;
        ret->host = strndup(host, name);
        ret->port = name < size ? strndup(host + name + 1, size - name - 1) : strdup("");
        return (at && !ret->user) || !ret->host || !ret->port ? problem_out_of_memory(problem) : 0;
}

static int url_network_parse(const char *text, size_t scheme_size, const char *schemes, Url *ret,
                             Problem *problem)
{
        const char *authority = text + scheme_size + strlen("://");
        size_t size = strcspn(authority, "/");
        const char *at = memrchr(authority, '@', size);
        const char *host = at ? at + 1 : authority;
        int r;

        r = scheme_check(text, scheme_size, schemes, problem);
        if (r < 0)
                return r;
        if ((at && !url_user_is_valid(authority, (size_t) (at - authority))) ||
            !url_host_is_valid(host, size - (size_t) (host - authority)))
                return problem_set(problem, PROBLEM_REMOTE, "the address has no valid host name");
        /* libgit2 decodes a query and puts it into the request as it is, line breaks and all. */
        if (strpbrk(authority, "?#"))
                return problem_set(problem, PROBLEM_REMOTE,
                                   "the address of a repository has no \"?\" or \"#\"");
        if (strspn(authority + size, "/") == strlen(authority + size))
                return problem_set(problem, PROBLEM_REMOTE,
                                   "the address names a server, but no repository on it");
        ret->tls = scheme_is(text, scheme_size, "https");
        ret->http = ret->tls || scheme_is(text, scheme_size, "http");
        ret->ssh = scheme_is(text, scheme_size, "ssh");
        r = url_parts_keep(authority, at, host, size - (size_t) (host - authority), ret, problem);
        return r >= 0 && ret->ssh ? ssh_path_parse(authority + size, ret, problem) : r;
}

static bool path_is_below(const char *path, const char *directory)
{
        size_t size = strlen(directory);

        while (size > 0 && directory[size - 1] == '/')
                size--;
        return strncmp(path, directory, size) == 0 && (path[size] == '/' || path[size] == '\0');
}

/* Whether `path` is below one of the directories, taken as they are written or, for a path that has no
 * symlinks, as they really are. */
static bool path_is_allowed(const char *path, const char *local_paths, bool resolved)
{
        size_t size;

        for (const char *word = next_word(local_paths, &size); size > 0;
             word = next_word(word + size, &size)) {
                _cleanup_free_ char *directory = text_format("%.*s", (int) size, word), *real = NULL;

                if (!directory || directory[0] != '/')
                        continue;
                real = resolved ? realpath(directory, NULL) : NULL;
                if (resolved ? real && path_is_below(path, real) : path_is_below(path, directory))
                        return true;
        }
        return false;
}

/* True if `directory`/`name` is there, of the wanted type. */
static bool has_entry(const char *directory, const char *name, mode_t type)
{
        _cleanup_free_ char *path = text_format("%s/%s", directory, name);
        struct stat st;

        return path && lstat(path, &st) == 0 && (type == 0 || (st.st_mode & S_IFMT) == type);
}

/* A repository that leads elsewhere (a linked worktree, borrowed objects, symlinks) would let its owner name
 * what is not below the allowed directories. */
static int local_check(const char *path, Problem *problem)
{
        _cleanup_free_ char *inner = text_format("%s/.git", path);
        const char *git = path;

        if (!inner)
                return problem_out_of_memory(problem);
        if (has_entry(path, ".git", 0)) {
                if (!has_entry(path, ".git", S_IFDIR))
                        return problem_set(
                                problem, PROBLEM_REMOTE,
                                "the repository is a linked worktree or submodule; name the repository it "
                                "belongs to");
                git = inner;
        }
        if (!has_entry(git, "HEAD", 0))
                return problem_set(problem, PROBLEM_REMOTE,
                                   "there is no git repository at \"%s\" that everybody may read", path);
        if (!has_entry(git, "objects", S_IFDIR) || !has_entry(git, "refs", S_IFDIR) ||
            has_entry(git, "commondir", 0) || has_entry(git, "objects/info/alternates", 0))
                return problem_set(
                        problem, PROBLEM_REMOTE,
                        "the repository at \"%s\" keeps a part of itself elsewhere, which is not supported",
                        path);
        return kind_check(git, problem);
}

/* The path in ret->address, which becomes the one without symlinks. */
static int local_parse(Url *ret, const char *local_paths, Problem *problem)
{
        char *real;

        if (!ret->address)
                return problem_out_of_memory(problem);
        ret->local = true;
        if (!path_is_allowed(ret->address, local_paths, /* resolved= */ false))
                return text_is_empty(local_paths)
                               ? problem_set(problem, PROBLEM_REMOTE, "local repositories are not allowed")
                               : problem_set(problem, PROBLEM_REMOTE,
                                             "local repositories are allowed only below: %s", local_paths);

        real = realpath(ret->address, NULL);
        if (!real)
                return errno == ENOMEM ? problem_out_of_memory(problem)
                                       : problem_set(problem, PROBLEM_REMOTE, "\"%s\" cannot be opened: %s",
                                                     ret->address, strerror(errno));
        free(ret->address);
        ret->address = real;
        if (!path_is_allowed(real, local_paths, /* resolved= */ true))
                return problem_set(problem, PROBLEM_REMOTE, "local repositories are allowed only below: %s",
                                   local_paths);
        return local_check(real, problem);
}

void url_done(Url *url)
{
        assert(url);

        free(url->address);
        free(url->password);
        free(url->user);
        free(url->host);
        free(url->port);
        free(url->path);
        *url = (Url){ NULL };
}

int url_parse(const char *text, const char *schemes, const char *local_paths, Url *ret, Problem *problem)
{
        static const char file[] = "file://";
        GitAddress address;
        const char *colon, *wrong;
        int r;

        assert(text);
        assert(schemes);
        assert(local_paths);
        assert(ret);
        assert(problem);

        *ret = (Url){ NULL };
        if (text[0] == '\0')
                return problem_set(problem, PROBLEM_REMOTE, "the address of the repository is empty");
        if (!text_is_clean(text, /* allow_tab= */ false) || strlen(text) >= PATH_MAX)
                return problem_set(problem, PROBLEM_REMOTE,
                                   "the address is too long, or has control characters or invalid UTF-8");

        if (text[0] == '/') {
                ret->address = strdup(text);
                return local_parse(ret, local_paths, problem);
        }
        if (strncasecmp(text, file, strlen(file)) == 0) {
                ret->address = text_percent_decode(text + strlen(file), strlen(text + strlen(file)));
                if (ret->address &&
                    (ret->address[0] != '/' || !text_is_clean(ret->address, /* allow_tab= */ false)))
                        return problem_set(problem, PROBLEM_REMOTE,
                                           "a local address is of the form file:///path");
                return local_parse(ret, local_paths, problem);
        }

        r = git_address_read(text, &address, &wrong);
        if (r < 0)
                return r == -EINVAL ? problem_set(problem, PROBLEM_REMOTE, "%s", wrong)
                                    : problem_out_of_memory(problem);
        ret->address = TAKE_PTR(address.url);
        ret->password = TAKE_PTR(address.password);
        if (ret->password)
                problem->secret = ret->password;
        colon = strchr(ret->address, ':');
        if (strpbrk(ret->address, " \\\"'<>^`{|}"))
                return problem_set(problem, PROBLEM_REMOTE,
                                   "the address has a character that must be written as %%XX");
        if (!colon || strncmp(colon, "://", strlen("://")) != 0)
                return problem_set(
                        problem, PROBLEM_REMOTE,
                        "the address is neither a URL nor an absolute path nor of the form user@host:path");
        return url_network_parse(ret->address, (size_t) (colon - ret->address), schemes, ret, problem);
}
