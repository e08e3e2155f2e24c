/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/validate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

/* Of RFC 1035. */
#define HOST_LENGTH_MAX 253

#define DIGITS_OF(number)  DIGITS_OF_(number)
#define DIGITS_OF_(number) #number

#define LOWER   "abcdefghijklmnopqrstuvwxyz"
#define UPPER   "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS  "0123456789"
#define LETTERS LOWER UPPER

static bool git_url_ends_with(const char *text, size_t length, const char *end)
{
        size_t n = strlen(end);

        return length >= n && memcmp(text + length - n, end, n) == 0;
}

/* Rules 1 and 6 of git-check-ref-format(1). */
static bool reference_parts_are_valid(const char *reference)
{
        for (const char *part = reference;;) {
                size_t length = strcspn(part, "/");

                if (length == 0 || part[0] == '.' || git_url_ends_with(part, length, ".lock"))
                        return false;
                if (part[length] == '\0')
                        return true;
                part += length + 1;
        }
}

bool revision_is_valid(const char *revision)
{
        size_t length;

        assert(revision);

        /* The other rules there, in their order: 4, 5 and 10 are characters, then 3, 7, 8, 9. */
        length = strlen(revision);
        return length > 0 && length <= REVISION_LENGTH_MAX && text_is_clean(revision, false) &&
               revision[0] != '-' && !strpbrk(revision, " ~^:?*[\\") && !strstr(revision, "..") &&
               revision[length - 1] != '.' && !strstr(revision, "@{") && strcmp(revision, "@") != 0 &&
               reference_parts_are_valid(revision);
}

bool commit_is_valid(const char *commit)
{
        assert(commit);
        return strlen(commit) == COMMIT_LENGTH && strspn(commit, DIGITS "abcdef") == COMMIT_LENGTH;
}

bool directory_is_valid(const char *directory)
{
        assert(directory);

        if (directory[0] == '\0')
                return true;
        if (strlen(directory) > DIRECTORY_LENGTH_MAX || !text_is_clean(directory, false))
                return false;
        for (const char *part = directory;;) {
                size_t length = strcspn(part, "/");

                if (length == 0 || (length == 1 && part[0] == '.') ||
                    (length == 2 && part[0] == '.' && part[1] == '.'))
                        return false;
                if (part[length] == '\0')
                        return true;
                part += length + 1;
        }
}

/* ---- addresses. What is wrong is said without the address itself, which may hold a secret. ---- */

/* Appends to the list in *text. False when out of memory. */
static bool validate_list_add(char **text, const char *before, const char *item, const char *after)
{
        char *longer =
                text_format("%s%s%s%s%s", text_or_empty(*text), *text ? ", " : "", before, item, after);

        if (!longer)
                return false;
        free(*text);
        *text = longer;
        return true;
}

/* `wrong`, and what would be right. -EINVAL, or -ENOMEM. */
static int validate_refuse(const char *wrong, char *const *schemes, char *const *local_paths, char **reason)
{
        _cleanup_free_ char *allowed = NULL;

        for (char *const *scheme = schemes; *scheme; scheme++)
                if (!validate_list_add(&allowed, "", *scheme, "://HOST/PATH"))
                        return -ENOMEM;
        for (char *const *path = local_paths; *path; path++)
                if (!validate_list_add(&allowed, "paths below ", *path, ""))
                        return -ENOMEM;

        *reason = text_format("%s; allowed are %s", wrong, allowed ? allowed : "none");
        return *reason ? -EINVAL : -ENOMEM;
}

static bool strv_contains(char *const *list, const char *text, size_t length)
{
        for (; *list; list++)
                if (strlen(*list) == length && memcmp(*list, text, length) == 0)
                        return true;
        return false;
}

static bool git_url_user_is_valid(const char *user, size_t length)
{
        return length > 0 && strspn(user, LETTERS DIGITS "._~+-") >= length && user[0] != '-';
}

static bool git_url_host_is_valid(const char *host, size_t length)
{
        if (length > 2 && host[0] == '[')
                return strspn(host + 1, DIGITS "abcdefABCDEF:.") == length - 2 && host[length - 1] == ']';
        return length > 0 && length <= HOST_LENGTH_MAX && strspn(host, LETTERS DIGITS "._-") >= length &&
               strchr(LETTERS DIGITS, host[0]);
}

static bool port_is_valid(const char *text, size_t length)
{
        char port[sizeof("65535")];
        uint64_t number;

        if (length == 0 || length >= sizeof(port))
                return false;
        memcpy(port, text, length);
        port[length] = '\0';
        return text_to_u64(port, UINT16_MAX, &number) >= 0 && number > 0;
}

/* What is wrong with [USER@]HOST[:PORT]; NULL if nothing is. */
static const char *check_authority(const char *text, size_t length)
{
        const char *at = memrchr(text, '@', length), *host = text, *colon;
        size_t host_length = length;

        if (at) {
                size_t user_length = (size_t) (at - text);

                if (!git_url_user_is_valid(text, user_length))
                        return "the user name in the address is not of letters, digits and . _ ~ + -";
                host = at + 1;
                host_length = length - user_length - 1;
        }

        colon = memrchr(host, ':', host_length);
        if (colon && host[0] == '[' && colon < (const char *) memrchr(host, ']', host_length))
                colon = NULL;
        if (colon) {
                size_t before = (size_t) (colon - host);

                if (!port_is_valid(colon + 1, host_length - before - 1))
                        return "the port in the address is not a number from 1 to 65535";
                host_length = before;
        }
        return git_url_host_is_valid(host, host_length) ? NULL : "the address has no valid host";
}

/* What is wrong with SCHEME://[USER@]HOST[:PORT]/PATH after the scheme; NULL if nothing is. */
static const char *check_remote(const char *rest)
{
        size_t length = strcspn(rest, "/");
        const char *wrong = check_authority(rest, length);

        if (wrong)
                return wrong;
        if (rest[length] == '\0' || rest[length + 1] == '\0')
                return "the address has no path after the host";
        /* A query could be a secret, and no git server needs one. */
        if (strpbrk(rest + length, " ?#"))
                return "the path in the address has a blank, ? or # in it";
        return NULL;
}

static const char *check_local(const char *path, char *const *local_paths)
{
        if (path[0] != '/' || !directory_is_valid(path + 1) || path[1] == '\0')
                return "a local repository is named by an absolute path without empty, . or .. parts";
        for (; *local_paths; local_paths++) {
                size_t length = strlen(*local_paths);

                while (length > 0 && (*local_paths)[length - 1] == '/')
                        length--;
                if (strncmp(path, *local_paths, length) == 0 &&
                    (path[length] == '/' || path[length] == '\0'))
                        return NULL;
        }
        return "this path is not below a directory that the administrator has named in [git] local-paths";
}

/* The same for what has no password and is not of the form USER@HOST:PATH. */
static const char *check_address(const char *url, char *const *schemes, char *const *local_paths)
{
        const char *wrong, *colon = strchr(url, ':');

        if (url[0] == '/')
                wrong = check_local(url, local_paths);
        else if (strncmp(url, "file://", strlen("file://")) == 0)
                /* libgit2 decodes %2e to a dot. */
                wrong = strchr(url, '%') ? "a file:// address has no % in it; write the path instead"
                                         : check_local(url + strlen("file://"), local_paths);
        else if (colon && strncmp(colon, "://", strlen("://")) == 0)
                wrong = strv_contains(schemes, url, (size_t) (colon - url))
                                ? check_remote(colon + strlen("://"))
                                : "the scheme of this address is not allowed";
        else
                wrong = "this is no address of a git repository";
        return wrong;
}

/* What is wrong with sending the password that was in the address; NULL if nothing is. */
static const char *check_password(const GitAddress *address)
{
        if (!address->password)
                return NULL;
        if (!text_is_clean(address->password, /* allow_tab= */ false))
                return "the password in the address is not UTF-8 without control characters";
        if (git_address_takes_password(address->url))
                return NULL;
        return git_address_is_ssh(address->url)
                       ? "a password in an address of ssh is of no use: deployd logs in with a key, which "
                         "'deployctl repo key NAME' makes"
                       : "a password is sent over https only";
}

int url_check(const char *text, char *const *schemes, char *const *local_paths, GitAddress *ret,
              char **reason)
{
        static char *const none[] = { NULL };
        const char *wrong = NULL;
        size_t length;
        int r;

        assert(text);
        assert(ret);
        assert(reason);

        if (!schemes)
                schemes = none;
        if (!local_paths)
                local_paths = none;

        *ret = (GitAddress){ NULL };
        length = strlen(text);
        if (length == 0 || length > URL_LENGTH_MAX)
                wrong = "an address is 1 to " DIGITS_OF(URL_LENGTH_MAX) " bytes long";
        else if (!text_is_clean(text, false))
                wrong = "an address is UTF-8 without control characters";
        else {
                r = git_address_read(text, ret, &wrong);
                if (r == -ENOMEM)
                        return r;
                if (r >= 0 && strlen(ret->url) > URL_LENGTH_MAX)
                        wrong = "an address is 1 to " DIGITS_OF(URL_LENGTH_MAX) " bytes long";
                else if (r >= 0)
                        wrong = check_address(ret->url, schemes, local_paths);
                if (!wrong)
                        wrong = check_password(ret);
        }
        if (!wrong)
                return 0;
        git_address_done(ret);
        return validate_refuse(wrong, schemes, local_paths, reason);
}

bool access_mode_is_valid(const char *mode)
{
        assert(mode);
        return strcmp(mode, "private") == 0 || strcmp(mode, "internal") == 0 || strcmp(mode, "public") == 0;
}

bool buildpack_is_valid(const char *buildpack)
{
        assert(buildpack);
        return buildpack[0] == '\0' || name_is_valid(buildpack);
}

bool submodules_is_valid(const char *submodules)
{
        assert(submodules);
        return strcmp(submodules, "yes") == 0 || strcmp(submodules, "no") == 0;
}

bool readiness_is_valid(const char *readiness)
{
        assert(readiness);
        return strcmp(readiness, "port") == 0 || strcmp(readiness, "notify") == 0;
}

bool writable_tree_is_valid(const char *writable)
{
        assert(writable);
        return strcmp(writable, "no") == 0 || strcmp(writable, "yes") == 0;
}

bool health_check_path_is_valid(const char *path)
{
        assert(path);
        return path[0] == '\0' || text_is_http_target(path);
}

bool build_command_is_valid(const char *command)
{
        assert(command);
        return strlen(command) <= BUILD_COMMAND_LENGTH_MAX && text_is_clean(command, /* allow_tab= */ false);
}
