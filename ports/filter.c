/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ports/filter.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "ports/left-out.h"

#define WORD_FRONTEND "frontend "
#define WORD_BACKEND  "backend "
#define WORD_BIND     "bind "

/* One address that a frontend is to have and cannot. */
typedef struct Unbound {
        LeftOut item;
        struct Unbound *next;
} Unbound;

typedef struct Frontend {
        char *name;
        char *text; /* what is left of it; NULL = nothing */
        struct Frontend *next;
} Frontend;

typedef struct Filter {
        FilterAsk ask;
        void *userdata;
        FILE *list;
        Frontend *frontends, **frontends_tail; /* in their order */
        int error;

        /* Of the frontend that is being read. */
        FILE *section; /* what is left of it */
        unsigned n_bound;
        bool taken; /* somebody else answers at 127.0.0.1 */
        Unbound *unbound, **unbound_tail;
} Filter;

/* The second word of a section's first line; caller frees. NULL if it does not begin with `word`. */
static char *section_name(const char *line, size_t length, const char *word)
{
        size_t skip = strlen(word);

        if (length <= skip || strncmp(line, word, skip) != 0)
                return NULL;
        return strndup(line + skip, MIN2(strcspn(line + skip, " \n"), length - skip));
}

static void note_unbound(Filter *filter, const Endpoint *endpoint, int error)
{
        Unbound *unbound = calloc(1, sizeof(Unbound));
        EndpointText address;

        if (!unbound) {
                filter->error = -ENOMEM;
                return;
        }
        unbound->item.port = endpoint_port(endpoint);
        unbound->item.error = -error;
        (void) strcpy(unbound->item.address, endpoint_address(endpoint, address));
        *filter->unbound_tail = unbound;
        filter->unbound_tail = &unbound->next;
}

static void write_bind(Filter *filter, const Endpoint *endpoint, const char *options)
{
        EndpointText address;

        (void) fprintf(filter->section, "    " WORD_BIND "%s:%u%s\n", endpoint_address(endpoint, address),
                       endpoint_port(endpoint), options);
        filter->n_bound++;
}

/* One address of one family. `options` are those of the line, but what was said of families. */
static void try_bind(Filter *filter, const Endpoint *endpoint, const char *options)
{
        bool ipv6 = endpoint->address.any.sa_family == AF_INET6;
        Endpoint loopback = *endpoint;
        _cleanup_free_ char *own = text_format("%s%s", ipv6 ? " v6only" : "", options);
        int r = filter->ask(filter->userdata, endpoint);

        if (!own) {
                filter->error = -ENOMEM;
                return;
        }
        if (r >= 0) {
                write_bind(filter, endpoint, own);
                return;
        }
        note_unbound(filter, endpoint, r);
        if (r != -EADDRINUSE)
                return;
        if (ipv6)
                loopback.address.ipv6.sin6_addr = in6addr_loopback;
        else
                loopback.address.ipv4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (endpoint_is_wildcard(endpoint) && filter->ask(filter->userdata, &loopback) >= 0)
                write_bind(filter, &loopback, own);
        else if (!ipv6)
                filter->taken = true;
}

/* What follows the word that says which families; "" is most often all there is. */
static const char *other_options(const char *options)
{
        static const char *const words[] = { " v4v6", " v6only" };

        for (size_t i = 0; i < ELEMENTSOF(words); i++)
                if (strncmp(options, words[i], strlen(words[i])) == 0)
                        return options + strlen(words[i]);
        return options;
}

static bool is_bind(const char *line)
{
        return strncmp(line + strspn(line, " \t"), WORD_BIND, strlen(WORD_BIND)) == 0;
}

/* What follows the word. */
static const char *bind_address(const char *line)
{
        return line + strspn(line, " \t") + strlen(WORD_BIND);
}

/* A `bind` line, without its newline. */
static void read_bind(Filter *filter, const char *line)
{
        const char *options;
        Endpoint endpoint, ipv4;
        int r = endpoint_parse(bind_address(line), &endpoint, &options);

        if (r < 0 || filter->ask(filter->userdata, &endpoint) >= 0) {
                (void) fprintf(filter->section, "%s\n", line);
                filter->n_bound++;
                return;
        }
        options = other_options(options);
        if (endpoint.v4v6) {
                ipv4 = (Endpoint){ .address.ipv4 = { .sin_family = AF_INET,
                                                     .sin_port = htons(endpoint_port(&endpoint)) } };
                try_bind(filter, &ipv4, options);
                endpoint.v4v6 = false;
        }
        try_bind(filter, &endpoint, options);
}

/* Writes the list of what the frontend is without. */
static void print_unbound(Filter *filter, const char *name, bool whole)
{
        for (Unbound *unbound = filter->unbound, *next; unbound; unbound = next) {
                next = unbound->next;
                unbound->item.whole = whole;
                (void) snprintf(unbound->item.frontend, sizeof(unbound->item.frontend), "%s", name);
                left_out_print(filter->list, &unbound->item);
                free(unbound);
        }
        filter->unbound = NULL;
}

/* Both texts are taken. */
static void add_frontend(Filter *filter, char *name, char *text)
{
        Frontend *frontend = calloc(1, sizeof(Frontend));

        if (!frontend) {
                filter->error = -ENOMEM;
                free(name);
                free(text);
                return;
        }
        *frontend = (Frontend){ .name = name, .text = text };
        *filter->frontends_tail = frontend;
        filter->frontends_tail = &frontend->next;
}

/* `name` is taken. */
static void read_frontend(Filter *filter, char *name, const char *text, size_t size)
{
        char *left = NULL;
        size_t left_size;
        bool whole;

        filter->section = open_memstream(&left, &left_size);
        if (!filter->section) {
                filter->error = -ENOMEM;
                free(name);
                return;
        }
        filter->n_bound = 0;
        filter->taken = false;
        filter->unbound_tail = &filter->unbound;
        for (const char *line = text, *end = text + size; line < end;) {
                size_t length = strcspn(line, "\n");
                _cleanup_free_ char *copy = strndup(line, length);

                if (!copy)
                        filter->error = -ENOMEM;
                else if (is_bind(copy))
                        read_bind(filter, copy);
                else
                        (void) fprintf(filter->section, "%s\n", copy);
                line += length + (line[length] == '\n');
        }
        if (fclose(filter->section) != 0)
                filter->error = -ENOMEM;
        whole = filter->taken || (filter->unbound && filter->n_bound == 0);
        print_unbound(filter, name, whole);
        if (whole) {
                free(left);
                left = NULL;
        }
        add_frontend(filter, name, left);
}

static bool is_left_out(const Filter *filter, const char *name)
{
        for (const Frontend *frontend = filter->frontends; frontend; frontend = frontend->next)
                if (!frontend->text && strcmp(frontend->name, name) == 0)
                        return true;
        return false;
}

/* Where the section that begins at `text` ends: at the next line that begins with a letter. */
static const char *section_end(const char *text)
{
        for (const char *line = strchr(text, '\n'); line; line = strchr(line, '\n')) {
                line++;
                if (*line == '\0' || !strchr(" \t\n#", *line))
                        return line;
        }
        return text + strlen(text);
}

static void read_frontends(Filter *filter, const char *text)
{
        filter->frontends_tail = &filter->frontends;
        for (const char *section = text, *end; *section; section = end) {
                char *name;

                end = section_end(section);
                name = section_name(section, (size_t) (end - section), WORD_FRONTEND);
                if (name)
                        read_frontend(filter, name, section, (size_t) (end - section));
        }
}

/* All sections in their order: what is left of the frontends, and the rest as it is. */
static void write_sections(Filter *filter, const char *text, FILE *config)
{
        const Frontend *frontend = filter->frontends;

        for (const char *section = text, *end; *section; section = end) {
                _cleanup_free_ char *name = NULL;

                end = section_end(section);
                if (strncmp(section, WORD_FRONTEND, strlen(WORD_FRONTEND)) == 0 && frontend) {
                        (void) fputs(text_or_empty(frontend->text), config);
                        frontend = frontend->next;
                        continue;
                }
                name = section_name(section, (size_t) (end - section), WORD_BACKEND);
                if (!name || !is_left_out(filter, name))
                        (void) fwrite(section, 1, (size_t) (end - section), config);
        }
}

static void filter_forget(Filter *filter)
{
        for (Frontend *frontend = filter->frontends, *next; frontend; frontend = next) {
                next = frontend->next;
                free(frontend->name);
                free(frontend->text);
                free(frontend);
        }
}

int filter_apply(const char *text, FilterAsk ask, void *userdata, FILE *config, FILE *list)
{
        Filter filter = { .ask = ask, .userdata = userdata };
        _cleanup_free_ char *left_out = NULL, *tag = NULL;
        size_t size;

        assert(text);
        assert(ask);
        assert(config);
        assert(list);

        filter.list = open_memstream(&left_out, &size);
        if (!filter.list)
                return -ENOMEM;
        read_frontends(&filter, text);
        if (fclose(filter.list) != 0)
                filter.error = -ENOMEM;
        if (filter.error >= 0)
                write_sections(&filter, text, config);
        filter_forget(&filter);
        tag = filter.error >= 0 ? left_out_tag(left_out) : NULL;
        if (!tag)
                return -ENOMEM;
        (void) fputs(left_out, list);
        (void) fprintf(config, "backend %s\n", tag);
        return ferror(config) || ferror(list) ? -EIO : 0;
}

int filter_each_bind(const char *text, FilterAsk each, void *userdata)
{
        int r = 0;

        assert(text);
        assert(each);

        for (const char *line = text; *line && r >= 0;) {
                size_t length = strcspn(line, "\n");
                _cleanup_free_ char *copy = strndup(line, length);
                Endpoint endpoint;

                if (!copy)
                        return -ENOMEM;
                if (is_bind(copy) && endpoint_parse(bind_address(copy), &endpoint, NULL) >= 0)
                        r = each(userdata, &endpoint);
                line += length + (line[length] == '\n');
        }
        return MIN2(r, 0);
}
