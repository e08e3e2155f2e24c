/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/credential-kind.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/git-address.h"
#include "base/text.h"

#define BEGIN "-----BEGIN "

/* What a file of OpenSSH's own form has behind its first line: in base64 "openssh-key-v1" and a NUL, the
 * length of the cipher's name, 4, and "none". Of another cipher it differs. */
#define OPENSSH_PLAIN "b3BlbnNzaC1rZXktdjEAAAAABG5vbmU"

#define PASSPHRASE                                                                                         \
        "the key has a passphrase, which nobody could type: remove it by 'ssh-keygen -p', or let deployd " \
        "make a key by 'deployctl repo key NAME'"

bool credential_is_key(const char *text, size_t size)
{
        assert(text || size == 0);
        return size >= strlen(BEGIN) && memcmp(text, BEGIN, strlen(BEGIN)) == 0;
}

/* What is wrong with a key, whose lines end with line feeds; NULL if nothing is. */
static const char *key_wrong(const char *text)
{
        static const char openssh[] = BEGIN "OPENSSH PRIVATE KEY-----\n";
        const char *line = strchr(text, '\n');

        if (!text_is_lines(text))
                return "a key is lines of ASCII text";
        if (!line || !memmem(text, (size_t) (line - text), "PRIVATE KEY-----", strlen("PRIVATE KEY-----")))
                return "this is no private key: its first line is as in -----BEGIN OPENSSH PRIVATE KEY-----";
        if (strncmp(text, BEGIN "ENCRYPTED", strlen(BEGIN "ENCRYPTED")) == 0 ||
            strstr(text, "Proc-Type: 4,ENCRYPTED"))
                return PASSPHRASE;
        if (strncmp(text, openssh, strlen(openssh)) == 0 &&
            strncmp(text + strlen(openssh), OPENSSH_PLAIN, strlen(OPENSSH_PLAIN)) != 0)
                return PASSPHRASE;
        if (!strstr(line, "\n-----END "))
                return "the end of the key is missing, a line as in -----END OPENSSH PRIVATE KEY-----";
        return NULL;
}

static const char *token_wrong(const char *text)
{
        static const char *const public[] = { "ssh-ed25519 ", "ssh-rsa ", "ecdsa-sha2-", "sk-ssh-",
                                              "sk-ecdsa-" };

        for (size_t i = 0; i < ELEMENTSOF(public); i++)
                if (strncmp(text, public[i], strlen(public[i])) == 0)
                        return "this is the public half of a key: give the private one, the file without .pub";
        if (strncmp(text, "PuTTY-User-Key-File", strlen("PuTTY-User-Key-File")) == 0)
                return "a key of PuTTY is not understood: PuTTYgen exports it in the form of OpenSSH";
        if (strlen(text) > TOKEN_LENGTH_MAX)
                return "a password or token has at most 2048 bytes";
        if (!text_is_clean(text, /* allow_tab= */ false))
                return "a password or token is one line of UTF-8 without control characters";
        return NULL;
}

int credential_clean(const char *text, size_t size, char **ret, size_t *ret_size, const char **ret_wrong)
{
        _cleanup_secret_ char *clean = NULL;
        size_t n = 0;

        assert(text || size == 0);
        assert(ret);
        assert(ret_size);
        assert(ret_wrong);

        *ret = NULL;
        *ret_wrong = NULL;
        if (size > CREDENTIAL_SIZE_MAX) {
                *ret_wrong = "a credential has at most 16 KiB";
                return -EINVAL;
        }
        if (size > 0 && memchr(text, '\0', size)) {
                *ret_wrong = "a credential is text, without NUL";
                return -EINVAL;
        }
        clean = malloc(size + 2);
        if (!clean)
                return -ENOMEM;
        for (size_t i = 0; i < size; i++)
                if (text[i] != '\r' || i + 1 == size || text[i + 1] != '\n')
                        clean[n++] = text[i];
        while (n > 0 && clean[n - 1] == '\n')
                n--;
        if (credential_is_key(clean, n))
                clean[n++] = '\n';
        clean[n] = '\0';
        if (n > 0)
                *ret_wrong = credential_is_key(clean, n) ? key_wrong(clean) : token_wrong(clean);
        if (*ret_wrong)
                return -EINVAL;
        *ret_size = n;
        *ret = TAKE_PTR(clean);
        return 0;
}

char *credential_bind(const char *url, const char *text)
{
        _cleanup_free_ char *origin = git_address_origin(url);

        assert(text);
        return origin ? text_format("%s\n%s", origin, text) : NULL;
}

const char *credential_unbind(const char *bound)
{
        const char *end;

        assert(bound);

        end = strchr(bound, '\n');
        return end && end[1] != '\0' ? end + 1 : NULL;
}

bool credential_is_for(const char *bound, const char *url)
{
        _cleanup_free_ char *origin = NULL;
        const char *text;
        bool is_key;

        assert(bound);
        assert(url);

        text = credential_unbind(bound);
        if (!text)
                return false;
        is_key = credential_is_key(text, strlen(text));
        if (credential_misfit(is_key, url))
                return false;
        origin = git_address_origin(url);
        return is_key || (origin && strlen(origin) == (size_t) (text - bound - 1) &&
                          memcmp(origin, bound, strlen(origin)) == 0);
}

const char *credential_misfit(bool is_key, const char *url)
{
        assert(url);

        if (text_is_local_url(url))
                return "a repository of this machine has no credential: deployd reads what everybody may read";
        if (git_address_is_ssh(url))
                return is_key ? NULL
                              : "a repository of ssh:// takes a private key, no password or token; 'deployctl repo "
                                "key NAME' makes one";
        if (is_key)
                return "a key is of use over ssh only, and this repository has another kind of address";
        return git_address_takes_password(url)
                       ? NULL
                       : "a password or token is sent over https only: everybody on the way could read it";
}

const char *known_hosts_wrong(const char *text)
{
        assert(text);

        if (strlen(text) > KNOWN_HOSTS_SIZE_MAX)
                return "known hosts have at most 64 KiB";
        return text_is_lines(text) ? NULL
                                   : "known hosts are lines of ASCII text, as ssh-keyscan(1) prints them";
}
