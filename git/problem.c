/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "git/problem.h"

#include <git2.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* A sentence, not an essay: a server may send as much as it likes. */
#define TEXT_SIZE_MAX 500

/* A shorter secret would turn ordinary words into asterisks, and so tell more than it hides. */
#define SECRET_SIZE_MIN 6

#define HIDDEN "***"

static const char *const problem_kind_table[PROBLEM_KIND_MAX] = {
        [PROBLEM_REMOTE] = "remote", [PROBLEM_REVISION] = "revision", [PROBLEM_LIMIT] = "limit",
        [PROBLEM_TREE] = "tree",     [PROBLEM_INTERNAL] = "internal", [PROBLEM_MIRROR] = "internal",
};
DEFINE_STRING_TABLE(problem_kind, ProblemKind);

static const int problem_errno[PROBLEM_KIND_MAX] = {
        [PROBLEM_REMOTE] = -EREMOTEIO, [PROBLEM_REVISION] = -ENOENT, [PROBLEM_LIMIT] = -EFBIG,
        [PROBLEM_TREE] = -EBADMSG,     [PROBLEM_INTERNAL] = -EIO,    [PROBLEM_MIRROR] = -EUCLEAN,
};

/* What libgit2 says, and what a person should read. */
typedef struct Saying {
        const char *said; /* a part of libgit2's message */
        const char *sentence;
        ProblemKind kind;
        bool with_message; /* whether libgit2's message follows the sentence */
} Saying;

/* The same with a proxy in between. Nothing else is connected to. Their proxy follows them. */
static const Saying proxy_sayings[] = {
        { "Operation not permitted", "connections to this address are not permitted here", PROBLEM_REMOTE,
          false },
        { "failed to connect", "the proxy cannot be reached", PROBLEM_REMOTE, true },
        { "failed to resolve address", "the name of the proxy cannot be found", PROBLEM_REMOTE, true },
        { "proxy requires authentication that we do not support",
          "the proxy asks for a kind of authentication that is not supported", PROBLEM_REMOTE, false },
        /* In a tunnel libgit2 says no more of a certificate. */
        { "SSL error: 0xffffffff",
          "the encrypted connection failed, perhaps because the server's certificate is not trusted",
          PROBLEM_REMOTE, false },
        { "proxy returned unexpected status", "the proxy does not connect to the server", PROBLEM_REMOTE,
          true },
};

static const Saying sayings[] = {
        /* What a server says could contain any of the others. */
        { "remote error: ", "the server refused", PROBLEM_REMOTE, true },
        { "No space left on device", "there is no space left for the copy of the repository",
          PROBLEM_INTERNAL, false },
        { "Disk quota exceeded", "there is no space left for the copy of the repository", PROBLEM_INTERNAL,
          false },
        { "File too large", "the repository is larger than a file may be here", PROBLEM_LIMIT, false },
        { "ut of memory", "out of memory", PROBLEM_INTERNAL, false },
        { "http status code: 404", "the server has no such repository (http status 404)", PROBLEM_REMOTE,
          false },
        { "http status code: 403", "the server forbids access (http status 403)", PROBLEM_REMOTE, false },
        { "authentication required", "authentication is required, and no valid credential is known",
          PROBLEM_REMOTE, false },
        { "requires authentication that we do not support",
          "the server asks for a kind of authentication that is not supported", PROBLEM_REMOTE, false },
        { "authentication failure", "authentication is required, and no valid credential is known",
          PROBLEM_REMOTE, false },
        { "Connection refused", "the server refused the connection", PROBLEM_REMOTE, false },
        { "Connection reset", "the server broke the connection off", PROBLEM_REMOTE, false },
        { "Operation not permitted", "connections to this address are not permitted here", PROBLEM_REMOTE,
          false },
        { "failed to connect", "the server cannot be reached", PROBLEM_REMOTE, true },
        { "failed to resolve address", "the server's name cannot be found", PROBLEM_REMOTE, true },
        /* libgit2 1.5 knows neither the lines of a shallow clone nor names of 64 digits. */
        { "error parsing REF pkt-line",
          "the repository there is a shallow clone ('git fetch --unshallow' completes it), or its object "
          "format is SHA-256 (only SHA-1 is supported)",
          PROBLEM_REMOTE, false },
        { "unexpected redirect",
          "the server redirects to another address; give that address if it is the right one",
          PROBLEM_REMOTE, false },
        { "cannot redirect from",
          "the server redirects to another address; give that address if it is the right one",
          PROBLEM_REMOTE, false },
        { "content-type",
          "there is no git repository at this address: the server answered "
          "with something else",
          PROBLEM_REMOTE, false },
        { "SSL certificate is invalid", "the server's certificate is not trusted", PROBLEM_REMOTE, true },
        { "SSL error", "the encrypted connection failed", PROBLEM_REMOTE, true },
        { "early EOF", "the server ended the connection in the middle", PROBLEM_REMOTE, false },
        { "unexpected EOF", "the server ended the connection in the middle", PROBLEM_REMOTE, false },
        { "ended at an unexpected time", "the server ended the connection in the middle", PROBLEM_REMOTE,
          false },
        { "unexpected http status code", "the server failed", PROBLEM_REMOTE, true },
        { "is not owned by current user", "the repository's copy belongs to another user", PROBLEM_INTERNAL,
          false },
};

/* How many bytes of the secret `text` begins with: all or none. */
static size_t secret_at(const char *text, const char *secret)
{
        size_t size = secret ? strlen(secret) : 0;

        return size >= SECRET_SIZE_MIN && strncmp(text, secret, size) == 0 ? size : 0;
}

/* A copy of `text` with the secrets and the passwords of URLs replaced. */
static char *problem_hide(const char *text, const Problem *problem)
{
        size_t size = 0, secret;
        char *hidden = NULL;
        FILE *stream = open_memstream(&hidden, &size);

        if (!stream)
                return NULL;
        while (*text) {
                secret = MAX2(secret_at(text, problem->secret), secret_at(text, problem->proxy_secret));
                if (secret > 0) {
                        (void) fputs(HIDDEN, stream);
                        text += secret;
                } else if (strncmp(text, "://", 3) == 0) {
                        /* A password may have an @ of its own, so the last one counts. */
                        size_t authority = strcspn(text + 3, "/ '\"");
                        const char *at = memrchr(text + 3, '@', authority);

                        (void) fputs(at ? "://" HIDDEN : "://", stream);
                        text = at ? at : text + 3;
                } else
                        (void) fputc(*text++, stream);
        }
        if (fclose(stream) != 0) {
                free(hidden);
                return NULL;
        }
        return hidden;
}

void problem_clear(Problem *problem)
{
        assert(problem);

        free(problem->text);
        problem->text = NULL;
}

int problem_set(Problem *problem, ProblemKind kind, const char *format, ...)
{
        _cleanup_free_ char *text = NULL, *hidden = NULL;
        va_list arguments;
        int n;

        assert(problem);
        assert(kind > PROBLEM_UNSET && kind < PROBLEM_KIND_MAX);

        va_start(arguments, format);
        n = vasprintf(&text, format, arguments);
        va_end(arguments);
        if (n < 0) {
                text = NULL;
                return -ENOMEM;
        }
        hidden = problem_hide(text, problem);
        if (!hidden)
                return -ENOMEM;

        problem_clear(problem);
        problem->kind = kind;
        problem->text = text_sanitize(hidden, TEXT_SIZE_MAX);
        return problem->text ? problem_errno[kind] : -ENOMEM;
}

/* The row for a message of libgit2; NULL = none. */
static const Saying *problem_find(const Saying *rows, size_t n, const char *message)
{
        for (size_t i = 0; i < n; i++)
                if (strstr(message, rows[i].said))
                        return &rows[i];
        return NULL;
}

int problem_set_git(Problem *problem, ProblemKind otherwise)
{
        const git_error *error = git_error_last();
        const char *message =
                error && !text_is_empty(error->message) ? error->message : "unknown error of libgit2";
        const Saying *saying =
                problem->proxy ? problem_find(proxy_sayings, ELEMENTSOF(proxy_sayings), message) : NULL;
        _cleanup_free_ char *text = NULL;
        ProblemKind kind;

        if (!saying)
                saying = problem_find(sayings, ELEMENTSOF(sayings), message);
        kind = saying ? saying->kind : otherwise;
        text = text_format("%s%s%s", saying ? saying->sentence : "",
                           saying && saying->with_message ? ": " : "",
                           saying && !saying->with_message ? "" : message);
        if (!text)
                return problem_out_of_memory(problem);
        if (!problem->proxy || kind != PROBLEM_REMOTE)
                return problem_set(problem, kind, "%s", text);
        return problem_set(problem, kind, "%s, through %s", text, problem->proxy);
}
