/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What private repositories are reached with: repo credential, key, known-hosts. A secret is read from
 * standard input or the terminal, never from the command line, which everybody can see. */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/credential-kind.h"
#include "base/git-address.h"
#include "base/names.h"
#include "base/text.h"
#include "cli/bus.h"
#include "cli/key-scan.h"
#include "cli/verb.h"

typedef struct Found {
        char *path;
        char *url;
        int has_credential;
} Found;

static void found_done(Found *found)
{
        free(found->path);
        free(found->url);
}
#define _cleanup_found_ _cleanup_(found_done)

/* The repository of the first argument. An exit status. */
static int repository_find(const Invocation *invocation, sd_bus *bus, Found *ret)
{
        static const Field fields[] = { { "GitUrl", 's', offsetof(Found, url) },
                                        { "HasCredential", 'b', offsetof(Found, has_credential) } };
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int r = bus_find(bus, "GetRepository", invocation_argument(invocation, 0), &ret->path);

        if (r == EXIT_DONE)
                r = bus_get_properties(bus, ret->path, BUS_INTERFACE_REPOSITORY, &reply);
        if (r != EXIT_DONE)
                return r;
        r = bus_read_properties(reply, fields, ELEMENTSOF(fields), ret);
        if (r >= 0 && !ret->url)
                r = -EBADMSG;
        return r < 0 ? bus_report(NULL, r) : EXIT_DONE;
}

/* ---- credential ---- */

/* As the terminal was before it was told to show nothing. */
static struct termios shown;

/* Somebody who ends the program gets a terminal back that shows what is typed. */
static void on_end(int number)
{
        (void) tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
        (void) signal(number, SIG_DFL);
        (void) raise(number);
}

static int terminal_hide(void)
{
        static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP };
        struct termios hidden;

        if (tcgetattr(STDIN_FILENO, &shown) < 0)
                return -errno;
        for (size_t i = 0; i < ELEMENTSOF(ends); i++)
                (void) signal(ends[i], on_end);
        hidden = shown;
        hidden.c_lflag &= ~(tcflag_t) ECHO;
        return tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden) < 0 ? -errno : 0;
}

/* All of standard input, or a line that is typed and not shown. Its size; -E2BIG if it is longer than `max`;
 * other -errno. */
static ssize_t text_read(char *buffer, size_t max, const char *prompt)
{
        bool ask = isatty(STDIN_FILENO);
        size_t size = 0;
        ssize_t n;
        int r;

        if (ask) {
                r = terminal_hide();
                if (r < 0)
                        return r;
                (void) fprintf(stderr, "%s", prompt);
        }
        do {
                n = read(STDIN_FILENO, buffer + size, max - size);
                if (n > 0)
                        size += (size_t) n;
        } while ((n > 0 && size < max && !(ask && buffer[size - 1] == '\n')) || (n < 0 && errno == EINTR));
        if (ask) {
                (void) tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
                (void) fputc('\n', stderr);
        }
        return n < 0 ? -errno : size == max ? -E2BIG : (ssize_t) size;
}

/* An exit status. */
static int credential_send(sd_bus *bus, const char *path, const char *bytes, size_t size)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
        int r = sd_bus_message_new_method_call(bus, &call, BUS_NAME, path, BUS_INTERFACE_REPOSITORY,
                                               "SetCredential");

        if (r >= 0)
                r = sd_bus_message_sensitive(call);
        if (r >= 0)
                r = sd_bus_message_open_container(call, 'v', "ay");
        if (r >= 0)
                r = sd_bus_message_append_array(call, 'y', bytes, size);
        if (r >= 0)
                r = sd_bus_message_close_container(call);
        return r < 0 ? bus_report(NULL, r) : bus_send(bus, CALL_TIMEOUT, call, NULL);
}

int verb_repo_credential(const Invocation *invocation)
{
        const char *name = invocation_argument(invocation, 0);
        bool clear = invocation_has(invocation, OPTION_CLEAR);
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_found_ Found found = { NULL };
        char text[CREDENTIAL_SIZE_MAX + 2];
        ssize_t size = 0;
        int r = bus_open(&bus);

        if (r == EXIT_DONE)
                r = repository_find(invocation, bus, &found);
        if (r != EXIT_DONE)
                return r;
        if (!clear) {
                size = text_read(text, sizeof(text),
                                 "Password or token (it is not shown; a key comes by < FILE): ");
                if (size == -E2BIG) {
                        say("a credential has at most 16 KiB");
                        return EXIT_REFUSED;
                }
                if (size < 0)
                        return bus_report(NULL, (int) size);
                while (size > 0 && strchr("\r\n", text[size - 1]))
                        size--;
                if (size == 0)
                        return usage_error(
                                "nothing was given; 'deployctl repo credential %s --clear' removes the "
                                "credential",
                                name);
        }
        r = credential_send(bus, found.path, text, (size_t) size);
        explicit_bzero(text, sizeof(text));
        if (r == EXIT_DONE)
                printf("repository %s has %s\n", name,
                       clear ? "no credential any more" : "another credential");
        return r;
}

/* ---- key ---- */

typedef struct KeyPage {
        const char *origin;
        const char *place; /* behind the path of the repository */
} KeyPage;

/* Where the services take deploy keys. */
static const KeyPage key_pages[] = {
        { "ssh://github.com", "/settings/keys" },
        { "ssh://gitlab.com", "/-/settings/repository" },
        { "ssh://codeberg.org", "/settings/keys" },
        { "ssh://bitbucket.org", "/admin/access-keys/" },
};

/* Says where the public half belongs. */
static void key_place_print(const char *url)
{
        _cleanup_free_ char *origin = git_address_origin(url);
        const char *host = origin ? strstr(origin, "://") : NULL, *path;
        size_t size;

        path = strstr(url, "://");
        path = path ? strchr(path + strlen("://"), '/') : NULL;
        if (!host || !path)
                return;
        size = strlen(path);
        if (size > strlen(".git") && strcmp(path + size - strlen(".git"), ".git") == 0)
                size -= strlen(".git");
        for (size_t i = 0; i < ELEMENTSOF(key_pages); i++)
                if (strcmp(origin, key_pages[i].origin) == 0) {
                        (void) fprintf(stderr, "It is a deploy key, for reading, at https:%s%.*s%s\n",
                                       host + 1, (int) size, path, key_pages[i].place);
                        return;
                }
        (void) fprintf(
                stderr,
                "It may read the repository, at %s: a deploy key there, or a line of authorized_keys\n",
                host + strlen("://"));
}

int verb_repo_key(const Invocation *invocation)
{
        const char *name = invocation_argument(invocation, 0), *public_half;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_found_ Found found = { NULL };
        int r = bus_open(&bus);

        if (r == EXIT_DONE)
                r = repository_find(invocation, bus, &found);
        if (r != EXIT_DONE)
                return r;
        if (found.has_credential) {
                say("repository %s has a credential, which a new key would replace: 'deployctl repo credential %s "
                    "--clear' removes it first",
                    name, name);
                return EXIT_REFUSED;
        }
        r = bus_call(bus, CALL_TIMEOUT, found.path, BUS_INTERFACE_REPOSITORY, "GenerateKey", &reply, "");
        if (r != EXIT_DONE)
                return r;
        r = sd_bus_message_read(reply, "s", &public_half);
        if (r < 0)
                return bus_report(NULL, r);
        printf("%s\n", public_half);
        (void) fflush(stdout);
        key_place_print(found.url);
        return EXIT_DONE;
}

/* ---- known hosts ---- */

/* The lines of the file, `-` = standard input. 0; -E2BIG if it has more than known hosts may have; other
 * -errno. */
static int file_read(const char *path, char **ret)
{
        FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
        char *text = calloc(1, KNOWN_HOSTS_SIZE_MAX + 2);
        int r = 0;

        if (!file || !text)
                r = -errno;
        else if (fread(text, 1, KNOWN_HOSTS_SIZE_MAX + 1, file) > KNOWN_HOSTS_SIZE_MAX)
                r = -E2BIG;
        else if (ferror(file))
                r = -EIO;
        if (file && file != stdin)
                (void) fclose(file);
        if (r < 0)
                free(text);
        else
                *ret = text;
        return r;
}

/* What the verb was given, into *ret; "" = none. An exit status. */
static int known_hosts_read(const Invocation *invocation, const char *url, char **ret)
{
        const char *file = invocation_argument(invocation, 1);
        int r;

        if (invocation_has(invocation, OPTION_SCAN))
                return key_scan(url, ret);
        r = file[0] ? file_read(file, ret) : (*ret = strdup("")) ? 0 : -ENOMEM;
        if (r == -E2BIG) {
                say("known hosts have at most 64 KiB");
                return EXIT_REFUSED;
        }
        if (r < 0) {
                say("%s cannot be read: %s", file, strerror(-r));
                return EXIT_REFUSED;
        }
        if (file[0] && (*ret)[strspn(*ret, " \t\r\n")] == '\0')
                return usage_error("%s has no lines; --clear removes the known hosts", file);
        return EXIT_DONE;
}

int verb_repo_known_hosts(const Invocation *invocation)
{
        const char *name = invocation_argument(invocation, 0);
        bool clear = invocation_has(invocation, OPTION_CLEAR);
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_found_ Found found = { NULL };
        _cleanup_free_ char *text = NULL;
        int r;

        if (clear + invocation_has(invocation, OPTION_SCAN) + (invocation->n_arguments > 1) != 1)
                return usage_error("'repo known-hosts %s' takes a file, or --scan, or --clear", name);
        r = bus_open(&bus);
        if (r == EXIT_DONE)
                r = repository_find(invocation, bus, &found);
        if (r == EXIT_DONE)
                r = known_hosts_read(invocation, found.url, &text);
        if (r == EXIT_DONE)
                r = bus_call(bus, CALL_TIMEOUT, found.path, BUS_INTERFACE_REPOSITORY, "SetKnownHosts", NULL,
                             "s", text);
        if (r == EXIT_DONE)
                printf("repository %s has %s\n", name,
                       clear ? "the known hosts that deployd comes with" : "known hosts of its own");
        return r;
}
