/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "builder/wanted.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/macro.h"
#include "base/text.h"
#include "release/app-json.h"
#include "release/refuse.h"

#define BUILDPACKS_NAME ".buildpacks"
#define PREFIX          "heroku-buildpack-"
#define SUFFIX          ".git"
#define BLANKS          " \t\r"

void wanted_done(Wanted *wanted)
{
        for (size_t i = 0; i < wanted->n_names; i++) {
                free(wanted->says[i]);
                free(wanted->names[i]);
        }
        *wanted = (Wanted){ 0 };
}

char *wanted_name(const char *says)
{
        static const struct {
                const char *theirs, *ours;
        } languages[] = { { "nodejs", "node" }, { "golang", "go" } };
        size_t size = strcspn(says, "#");
        const char *last = memrchr(says, '/', size), *name = last ? last + 1 : says;

        size -= (size_t) (name - says);
        if (size > strlen(SUFFIX) && strncmp(name + size - strlen(SUFFIX), SUFFIX, strlen(SUFFIX)) == 0)
                size -= strlen(SUFFIX);
        if (size > strlen(PREFIX) && strncmp(name, PREFIX, strlen(PREFIX)) == 0) {
                name += strlen(PREFIX);
                size -= strlen(PREFIX);
        }
        for (size_t i = 0; i < ELEMENTSOF(languages); i++)
                if (strlen(languages[i].theirs) == size && strncmp(languages[i].theirs, name, size) == 0)
                        return strdup(languages[i].ours);
        return strndup(name, size);
}

/* 0; -EINVAL with a sentence; -ENOMEM. */
static int add(Wanted *wanted, const char *says, char **reterr)
{
        if (wanted->n_names == WANTED_MAX)
                return refuse(reterr, -EINVAL, "%s names more than %d buildpacks", wanted->file, WANTED_MAX);
        wanted->says[wanted->n_names] = text_sanitize(says, 200);
        wanted->names[wanted->n_names] = wanted_name(says);
        wanted->n_names++;
        return wanted->says[wanted->n_names - 1] && wanted->names[wanted->n_names - 1] ? 0 : -ENOMEM;
}

/* Reads a small file, without a byte order mark; *ret is NULL if it is not there. 0; -errno with a sentence.
 */
static int read_text(int tree_fd, const char *name, char **ret, char **reterr)
{
        _cleanup_close_ int fd = openat(tree_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        _cleanup_free_ char *text = NULL;
        size_t mark;
        ssize_t n;

        if (fd < 0 && (errno == ENOENT || errno == ELOOP))
                return 0;
        text = calloc(1, APP_JSON_SIZE_MAX + 1);
        if (!text)
                return -ENOMEM;
        n = fd < 0 ? -1 : read(fd, text, APP_JSON_SIZE_MAX);
        if (n < 0)
                return refuse(reterr, -errno, "cannot read %s: %s", name, strerror(errno));
        mark = text_mark_size(text, (size_t) n);
        memmove(text, text + mark, (size_t) n - mark + 1);
        *ret = TAKE_PTR(text);
        return 0;
}

static int read_lines(char *text, Wanted *wanted, char **reterr)
{
        char *rest = text, *line;
        int r = 0;

        while (r >= 0 && (line = strsep(&rest, "\n"))) {
                line += strspn(line, BLANKS);
                line[strcspn(line, BLANKS)] = '\0';
                if (line[0] != '\0' && line[0] != '#')
                        r = add(wanted, line, reterr);
        }
        return r;
}

/* What is wrong with app.json is said when the release is imported. */
static int read_app_json(const char *text, Wanted *wanted, char **reterr)
{
        struct json_object *root = json_tokener_parse(text), *list = NULL, *url;
        int r = 0;

        if (json_object_is_type(root, json_type_object))
                (void) json_object_object_get_ex(root, "buildpacks", &list);
        for (size_t i = 0;
             r >= 0 && json_object_is_type(list, json_type_array) && i < json_object_array_length(list);
             i++) {
                struct json_object *entry = json_object_array_get_idx(list, i);

                url = entry;
                if (json_object_is_type(entry, json_type_object) &&
                    !json_object_object_get_ex(entry, "url", &url))
                        url = NULL;
                if (json_object_is_type(url, json_type_string))
                        r = add(wanted, json_object_get_string(url), reterr);
                else
                        r = refuse(reterr, -EINVAL, APP_JSON_NAME ": buildpacks.%zu has no url", i);
        }
        json_object_put(root);
        return r;
}

int wanted_read(int tree_fd, Wanted *ret, char **reterr)
{
        _cleanup_free_ char *lines = NULL, *json = NULL;
        int r;

        assert(ret);
        assert(reterr);

        *ret = (Wanted){ .file = BUILDPACKS_NAME };
        r = read_text(tree_fd, BUILDPACKS_NAME, &lines, reterr);
        if (r >= 0 && lines)
                r = read_lines(lines, ret, reterr);
        if (r < 0 || ret->n_names > 0)
                return r;
        ret->file = APP_JSON_NAME;
        r = read_text(tree_fd, APP_JSON_NAME, &json, reterr);
        return r >= 0 && json ? read_app_json(json, ret, reterr) : r;
}
