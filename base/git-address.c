/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/git-address.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

/* What services begin their tokens with. Some people write one in the place of the user. */
static const char *const token_prefixes[] = {
        "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-"
};

static bool begins_with(const char *text, const char *prefix)
{
        return strncasecmp(text, prefix, strlen(prefix)) == 0;
}

static bool is_token(const char *user, size_t size)
{
        for (size_t i = 0; i < ELEMENTSOF(token_prefixes); i++)
                if (size > strlen(token_prefixes[i]) && begins_with(user, token_prefixes[i]))
                        return true;
        return false;
}

/* Takes the password out of SCHEME://USER:PASSWORD@HOST/PATH. 0 or -ENOMEM. */
static int split_login(const char *text, const char *authority, GitAddress *ret)
{
        const char *at = memrchr(authority, '@', strcspn(authority, "/"));
        const char *colon = at ? memchr(authority, ':', (size_t) (at - authority)) : NULL;
        const char *secret = colon ? colon + 1 : NULL, *end = at;
        size_t user = colon ? (size_t) (colon - authority) : 0;

        /* TOKEN@HOST, or TOKEN:x-oauth-basic@HOST. */
        if (at && is_token(authority, (size_t) ((colon ? colon : at) - authority))) {
                secret = authority;
                end = colon ? colon : at;
                user = 0;
        }
        if (!secret) {
                ret->url = strdup(text);
                return ret->url ? 0 : -ENOMEM;
        }
        /* An empty one is none. */
        if (secret != end) {
                ret->password = text_percent_decode(secret, (size_t) (end - secret));
                if (!ret->password)
                        return -ENOMEM;
        }
        ret->url = text_format("%.*s%.*s%s", (int) (authority - text), text, (int) user, authority,
                               user > 0 ? at : at + 1);
        return ret->url ? 0 : -ENOMEM;
}

/* One or more bytes without what would make `text` something else than a user. */
static bool is_user(const char *text, const char *end)
{
        return end > text && strcspn(text, "/:[]") >= (size_t) (end - text);
}

/* How USER@HOST:PATH is taken apart. */
typedef struct ScpParts {
        const char *login; /* USER@HOST, or USER@HOST:PORT */
        size_t login_size;
        const char *path;
} ScpParts;

/* Also [USER@HOST:PORT]:PATH and USER@[IPV6]:PATH. False if it is none of them; nor is one whose path begins
 * with what no path begins with: helper::address, an option of a program. */
static bool split_scp(const char *text, ScpParts *ret)
{
        const char *login = text[0] == '[' ? text + 1 : text, *at = strchr(login, '@'), *end;

        if (!at || !is_user(login, at))
                return false;
        if (login > text || at[1] == '[')
                end = strstr(at, "]:");
        else
                end = at + strcspn(at, ":/");
        if (!end || *end == '\0' || *end == '/')
                return false;
        ret->login = login;
        ret->login_size = (size_t) (end - login) + (login == text && *end == ']');
        ret->path = *end == ']' ? end + 2 : end + 1;
        return ret->path[0] != '\0' && !strchr(":-", ret->path[0]);
}

/* A path without a slash in front is relative to what the server says; the services do not tell the two
 * apart. */
static int scp_make_url(const ScpParts *parts, char **ret)
{
        size_t size;
        FILE *stream = open_memstream(ret, &size);

        if (!stream)
                return -ENOMEM;
        (void) fprintf(stream, "ssh://%.*s%s", (int) parts->login_size, parts->login,
                       parts->path[0] == '/' ? "" : "/");
        /* In a URL a % begins a code. */
        for (const char *c = parts->path; *c; c++)
                (void) (*c == '%' ? fputs("%25", stream) : fputc(*c, stream));
        return fclose(stream) == 0 && *ret ? 0 : -ENOMEM;
}

int git_address_read(const char *text, GitAddress *ret, const char **ret_wrong)
{
        const char *scheme;
        ScpParts parts;

        assert(text);
        assert(ret);
        assert(ret_wrong);

        *ret = (GitAddress){ NULL };
        if (begins_with(text, "ssh+git://") || begins_with(text, "git+ssh://")) {
                *ret_wrong =
                        "git does not use this scheme any more: write the address as ssh://USER@HOST/PATH";
                return -EINVAL;
        }
        scheme = strstr(text, "://");
        if (scheme && strcspn(text, "/") == (size_t) (scheme + 1 - text))
                return split_login(text, scheme + strlen("://"), ret);
        if (split_scp(text, &parts))
                return scp_make_url(&parts, &ret->url);
        ret->url = strdup(text);
        return ret->url ? 0 : -ENOMEM;
}

void git_address_done(GitAddress *address)
{
        assert(address);

        secret_free(address->password);
        free(address->url);
        *address = (GitAddress){ NULL };
}

bool git_address_is_ssh(const char *url)
{
        assert(url);
        return begins_with(url, "ssh://");
}

/* HOST:PORT of a URL; *ret_size 0 if it is none. */
static const char *find_host(const char *url, size_t *ret_size)
{
        const char *authority = strstr(url, "://"), *at;
        size_t size;

        *ret_size = 0;
        if (!authority)
                return url;
        authority += strlen("://");
        size = strcspn(authority, "/");
        at = memrchr(authority, '@', size);
        *ret_size = at ? size - (size_t) (at + 1 - authority) : size;
        return at ? at + 1 : authority;
}

char *git_address_origin(const char *url)
{
        const char *host;
        char *origin;
        size_t size;

        assert(url);

        host = find_host(url, &size);
        origin = text_format("%.*s%.*s", size > 0 ? (int) (strstr(url, "://") + strlen("://") - url) : 0,
                             url, (int) size, host);
        for (char *c = origin; c && *c; c++)
                *c = (char) tolower((unsigned char) *c);
        return origin;
}

bool git_address_takes_password(const char *url)
{
        static const char *const here[] = { "127.0.0.1", "localhost", "[::1]" };
        const char *host;
        size_t size;

        assert(url);

        if (begins_with(url, "https://"))
                return true;
        host = find_host(url, &size);
        for (size_t i = 0; begins_with(url, "http://") && i < ELEMENTSOF(here); i++) {
                size_t length = strlen(here[i]);

                if (size >= length && strncasecmp(host, here[i], length) == 0 &&
                    (size == length || host[length] == ':'))
                        return true;
        }
        return false;
}
