/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "git/ssh-words.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

/* As ssh(1) of OpenSSH 9.2 and git-upload-pack(1) have them, and the services. */
typedef struct SshWords {
        const char *said;
        const char *sentence;  /* about the host, whose name goes before it */
        bool with_fingerprint; /* the next one that ssh shows goes behind it */
        bool with_line;        /* so does the line that it was found in */
} SshWords;

static const SshWords words[] = {
        { "REMOTE HOST IDENTIFICATION HAS CHANGED",
          "shows another host key than the known one: an attack, or a new key; compare its fingerprint, then "
          "'deployctl repo known-hosts NAME --scan'",
          true, false },
        { "host key for", "shows a host key that is revoked", false, false },
        { "Host key verification failed",
          "shows a host key that is not known; compare its fingerprint by 'deployctl repo known-hosts NAME --scan'",
          false, false },
        { "no matching host key type found", "has no kind of host key that is known of it", false, false },
        { "no matching", "speaks no kind of encryption that ssh takes", false, true },
        { "incorrect passphrase", "was not asked: the key has a passphrase, which nobody could type", false,
          false },
        { "error in libcrypto", "was not asked: the key cannot be read; give another one", false, false },
        { "invalid format", "was not asked: the key cannot be read; give another one", false, false },
        { "Permission denied", "refused the key; is its public half a deploy key of this repository?", false,
          false },
        { "Too many authentication failures",
          "refused the key; is its public half a deploy key of this repository?", false, false },
        { "does not appear to be a git repository", "has no such repository, or the key may not read it",
          false, false },
        { "epository not found", "has no such repository, or the key may not read it", false, false },
        { "could not be found", "has no such repository, or the key may not read it", false, false },
        { "Could not read from remote repository", "has no such repository, or the key may not read it",
          false, false },
        { "not a git repository", "has no such repository, or the key may not read it", false, false },
        { "dubious ownership", "has the repository under another user than the one who is logged in", false,
          false },
        { "Could not resolve hostname", "cannot be found by its name", false, false },
        { "Operation not permitted", "is at an address to which connections are not permitted here", false,
          false },
        { "Connection refused", "refused the connection", false, false },
        { "during banner exchange", "accepts the connection and says nothing", false, false },
        { "Connection timed out", "cannot be reached: it does not answer", false, false },
        { "Operation timed out", "cannot be reached: it does not answer", false, false },
        { "No route to host", "cannot be reached: there is no route to it", false, false },
        { "Network is unreachable", "cannot be reached: there is no network", false, false },
        { "Connection reset", "broke the connection off", false, false },
        { "Connection closed", "broke the connection off", false, false },
        { "kex_exchange_identification", "broke the connection off", false, false },
};

/* The line that has `at` in it, without what is before and behind. Its length into *ret. */
static const char *find_line(const char *text, const char *at, size_t *ret)
{
        while (at > text && at[-1] != '\n')
                at--;
        *ret = strcspn(at, "\r\n");
        return at;
}

char *ssh_words_explain(const char *said, const char *host)
{
        const char *end = said + strlen(said), *shown;
        size_t size;

        for (size_t i = 0; i < ELEMENTSOF(words); i++) {
                const char *found = strstr(said, words[i].said);

                if (!found)
                        continue;
                shown = words[i].with_fingerprint ? strstr(found, "SHA256:") : NULL;
                if (shown)
                        size = strcspn(shown, " \r\n");
                else if (words[i].with_line)
                        shown = find_line(said, found, &size);
                return shown ? text_format("%s %s (%.*s)", host, words[i].sentence, (int) size, shown)
                             : text_format("%s %s", host, words[i].sentence);
        }
        /* The last line, which is why it ended. */
        while (end > said && strchr("\r\n", end[-1]))
                end--;
        if (end == said)
                return text_format("%s ended the connection without a word", host);
        shown = find_line(said, end - 1, &size);
        return text_format("%s: ssh says %.*s", host, (int) (end - shown), shown);
}
