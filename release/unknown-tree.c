/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "release/unknown-tree.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "release/refuse.h"

/* In the order in which a tree is told by them. Those of images come first: COMMAND is in them. */
static const char *const marks[] = {
        "Dockerfile",
        "docker-compose.yml",
        "docker-compose.yaml",
        "compose.yaml",
        "compose.yml",
        "heroku.yml",
        "Gemfile",
        "config.ru",
        "composer.json",
        "index.php",
        "pom.xml",
        "build.gradle",
        "build.sbt",
        "deno.json",
        "bun.lockb",
        "mix.exs",
        "project.clj",
        "Package.swift",
        "manage.py",
        "package.json",
        "requirements.txt",
        "pyproject.toml",
        "go.mod",
        "Cargo.toml",
        "Makefile",
        "meson.build",
        "CMakeLists.txt",
        "configure.ac",
        "main.py",
        "server.py",
        "start.sh",
        "run.sh",
};
#define N_IMAGES 6

int unknown_tree_refuse(int tree_fd, char **reterr)
{
        const char *found[ELEMENTSOF(marks) + 1] = {};
        _cleanup_free_ char *names = NULL;
        bool image = false;
        size_t n = 0;

        for (size_t i = 0; i < ELEMENTSOF(marks); i++)
                if (faccessat(tree_fd, marks[i], F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
                        found[n++] = marks[i];
                        image = image || i < N_IMAGES;
                }
        if (n == 0)
                return 0;
        names = text_join(found, ", ");
        if (!names)
                return -ENOMEM;
        return refuse(
                reterr, -ENOENT,
                "nothing says what is to run: there is no Procfile, and no buildpack knows a program to start in a "
                "tree with %s%s; commit a Procfile with the line 'web: COMMAND'",
                names, image ? " (deployd builds no images; COMMAND may be that of its CMD)" : "");
}
