/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* deployd-ports FROM TO LIST: reads the configuration that deployd asks for (FROM; it may not be there yet),
 * and writes the one that haproxy can load (TO), and what it has left out (LIST). Each is replaced whole,
 * the list first. It may run while haproxy does. */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "ports/filter.h"
#include "ports/left-out.h"

/* haproxy's user writes, its group reads: deployd is in it. */
#define MODE 0640

static int ask(_unused_ void *userdata, const Endpoint *endpoint)
{
        return endpoint_ask(endpoint);
}

/* The whole file, "" if it is not there. Caller frees. 0 or -errno. */
static int read_file(const char *path, char **ret)
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
        /* Up to a NUL, which no text has. */
        if (getdelim(&text, &size, '\0', file) >= 0)
                *ret = TAKE_PTR(text);
        else if (ferror(file))
                return -EIO;
        else
                *ret = strdup("");
        return *ret ? 0 : -ENOMEM;
}

static int write_file(const char *path, const char *text)
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

/* Each app that somebody is in the way of; what is the machine's own way, such as to have no IPv6, once. */
static void tell(const char *list)
{
        LeftOut item, other = {};
        unsigned n_others = 0;

        for (const char *at = list; (at = left_out_parse(at, &item));) {
                if (item.error == EADDRINUSE || item.whole)
                        log_warning("%s cannot listen at %s:%u: %s%s", item.frontend, item.address,
                                    item.port, strerror(item.error), item.whole ? "; it is left out" : "");
                else {
                        other = item;
                        n_others++;
                }
        }
        if (n_others > 0)
                log_info("%u addresses are left out, of apps that have others, such as %s:%u of %s: %s",
                         n_others, other.address, other.port, other.frontend, strerror(other.error));
}

static int filter_file(const char *from, const char *to, const char *list_path)
{
        _cleanup_free_ char *text = NULL, *config = NULL, *list = NULL;
        size_t config_size, list_size;
        FILE *config_stream, *list_stream;
        int r;

        r = read_file(from, &text);
        if (r < 0)
                return r;
        config_stream = open_memstream(&config, &config_size);
        list_stream = open_memstream(&list, &list_size);
        r = config_stream && list_stream ? filter_apply(text, ask, NULL, config_stream, list_stream)
                                         : -ENOMEM;
        if (list_stream && fclose(list_stream) != 0)
                r = -ENOMEM;
        if (config_stream && fclose(config_stream) != 0)
                r = -ENOMEM;
        if (r >= 0)
                r = write_file(list_path, list);
        if (r >= 0)
                r = write_file(to, config);
        if (r >= 0)
                tell(list);
        return r;
}

int main(int argc, char **argv)
{
        int r;

        if (argc != 4) {
                log_error(
                        "deployd-ports needs three arguments: the configuration to read, the one to write, and the "
                        "list of what is left out of it");
                return EXIT_FAILURE;
        }
        r = filter_file(argv[1], argv[2], argv[3]);
        if (r < 0)
                log_error("%s could not be made out of %s: %s", argv[2], argv[1], strerror(-r));
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
