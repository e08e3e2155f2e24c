/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "git/gitmodules.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"

#define BLANKS " \t\r"

/* One section of the file. */
typedef struct Section {
        char *path, *url;
} Section;

static void section_done(Section *section)
{
        free(section->path);
        free(section->url);
        *section = (Section){ NULL };
}

/* Takes the quotes, the escapes and a comment out of a value, in place. */
static void unquote(char *value)
{
        char *end = value,
             *last = value; /* behind what is written, and behind what is no blank at the end */
        bool quoted = false;

        for (const char *c = value; *c && (quoted || (*c != '#' && *c != ';')); c++) {
                if (*c == '"') {
                        quoted = !quoted;
                        continue;
                }
                if (*c == '\\' && c[1] != '\0')
                        c++;
                *end++ = *c;
                if (quoted || !strchr(BLANKS, end[-1]))
                        last = end;
        }
        *last = '\0';
}

/* `key = value`. 0 or -ENOMEM. */
static int section_take_line(Section *section, char *line)
{
        char *equals = strchr(line, '=');
        size_t size;

        if (!equals)
                return 0;
        size = strcspn(line, BLANKS "=");
        equals += 1 + strspn(equals + 1, BLANKS);
        unquote(equals);
        if (size == strlen("path") && strncasecmp(line, "path", size) == 0)
                return text_replace(&section->path, equals);
        if (size == strlen("url") && strncasecmp(line, "url", size) == 0)
                return text_replace(&section->url, equals);
        return 0;
}

/* If the section is about `path`, its URL goes to *ret. */
static void section_end(Section *section, const char *path, char **ret)
{
        if (section->path && section->url && strcmp(section->path, path) == 0) {
                free(*ret);
                *ret = TAKE_PTR(section->url);
        }
        section_done(section);
}

int gitmodules_find(const char *text, size_t size, const char *path, char **ret, Problem *problem)
{
        size_t mark = text_mark_size(text, size);
        _cleanup_free_ char *copy = strndup(text + mark, size - mark);
        _cleanup_(section_done) Section section = { NULL };
        _cleanup_free_ char *url = NULL;
        char *rest = copy, *line;

        assert(path);
        assert(ret);
        assert(problem);

        if (!copy)
                return problem_out_of_memory(problem);
        while ((line = strsep(&rest, "\n"))) {
                line += strspn(line, BLANKS);
                if (line[0] == '[')
                        section_end(&section, path, &url);
                else if (section_take_line(&section, line) < 0)
                        return problem_out_of_memory(problem);
        }
        section_end(&section, path, &url);
        if (text_is_empty(url))
                return problem_set(problem, PROBLEM_TREE, "there is no url for it in .gitmodules");
        *ret = TAKE_PTR(url);
        return 0;
}

int gitmodules_resolve(const char *base, const char *url, char **ret, Problem *problem)
{
        _cleanup_free_ char *above = strdup(base);

        assert(url);
        assert(ret);
        assert(problem);

        if (!above)
                return problem_out_of_memory(problem);
        if (strncmp(url, "./", 2) != 0 && strncmp(url, "../", 3) != 0) {
                *ret = strdup(url);
                return *ret ? 0 : problem_out_of_memory(problem);
        }
        for (size_t size = strlen(above); size > 0 && above[size - 1] == '/'; size--)
                above[size - 1] = '\0';
        for (;;) {
                if (strncmp(url, "./", 2) == 0) {
                        url += 2;
                        continue;
                }
                if (strncmp(url, "../", 3) != 0)
                        break;
                char *slash = strrchr(above, '/');

                /* The server itself, or the root. */
                if (!slash || slash == above || slash[-1] == '/')
                        return problem_set(problem, PROBLEM_TREE,
                                           "its url in .gitmodules has a ../ too many");
                *slash = '\0';
                url += 3;
        }
        *ret = text_format("%s/%s", above, url);
        return *ret ? 0 : problem_out_of_memory(problem);
}
