/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test-model.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/names.h"
#include "daemon/pipeline/files/build-key.h"
#include "daemon/pipeline/files/release.h"

static App *app;
static Deployment *deployment;

/* The machine's own state is out of sight: a directory in memory is there instead, of this process alone.
 * That takes a root, whom meson.build makes of anybody. */
static void start(void)
{
        cr_assert_eq(unshare(CLONE_NEWNS), 0, "%m");
        cr_assert_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0, "%m");
        cr_assert_eq(mount("tmpfs", "/var/lib", "tmpfs", 0, NULL), 0, "%m");
        cr_assert_eq(mkdir(PATH_STATE, 0700), 0, "%m");
        make_model();
        app = add_app("shop", add_repository("one"));
        deployment = add_deployment(app, 1, DEPLOYMENT_FETCHING);
        cr_assert_eq(text_replace(&deployment->revision, "0123456789abcdef0123456789abcdef01234567"), 0);
}

TestSuite(build_key, .init = start, .fini = remove_model);

static Sha256Text key_of(const Deployment *of)
{
        Sha256Text key = {};

        cr_assert_eq(build_key_make(of, false, &key), 0);
        cr_assert_eq(strlen(key.text), 64);
        return key;
}

Test(build_key, is_the_same_for_the_same_and_its_secret_is_roots)
{
        Sha256Text key = key_of(deployment), again = key_of(deployment);
        Deployment *other = add_deployment(app, 2, DEPLOYMENT_FETCHING);
        struct stat st;

        cr_expect_str_eq(again.text, key.text);
        cr_assert_eq(text_replace(&other->revision, deployment->revision), 0);
        again = key_of(other);
        cr_expect_str_eq(again.text, key.text, "whichever deployment it is");
        cr_assert_eq(lstat(PATH_BUILD_KEY, &st), 0);
        cr_expect(S_ISREG(st.st_mode) && (st.st_mode & 07777) == 0600, "%o", st.st_mode);
        cr_expect_eq(st.st_size, 32);
}

Test(build_key, is_another_for_each_thing_that_differs)
{
        AppSettings *settings = &app->settings;
        Sha256Text keys[10] = { key_of(deployment) };
        EnvironmentVersion *version = environment_version_new(app, 1, 0, 0, NULL);
        size_t n = 1;

        cr_assert_eq(text_replace(&settings->directory, "a"), 0);
        keys[n++] = key_of(deployment);
        cr_assert_eq(text_replace(&settings->directory, ""), 0);
        cr_assert_eq(text_replace(&settings->buildpack, "a"), 0);
        keys[n++] = key_of(deployment);
        cr_assert_eq(text_replace(&settings->buildpack, ""), 0);
        cr_assert_eq(text_replace(&settings->build_command, "a"), 0);
        keys[n++] = key_of(deployment);
        cr_assert_eq(text_replace(&settings->build_command, ""), 0);
        cr_assert(version);
        app->environment = version;
        cr_assert_eq(variables_set(&version->variables, "A", "BC"), 0);
        keys[n++] = key_of(deployment);
        cr_assert_eq(variables_set(&version->variables, "A", ""), 0);
        keys[n++] = key_of(deployment);
        cr_assert_eq(variables_set(&version->variables, "BC", ""), 0);
        keys[n++] = key_of(deployment);
        cr_assert_eq(text_replace(&deployment->revision, "1123456789abcdef0123456789abcdef01234567"), 0);
        keys[n++] = key_of(deployment);
        cr_assert_eq(build_key_make(deployment, /* submodules= */ true, &keys[n++]), 0);
        /* Another machine, another secret. */
        cr_assert_eq(unlink(PATH_BUILD_KEY), 0);
        keys[n++] = key_of(deployment);
        cr_assert_eq(n, ELEMENTSOF(keys));
        for (size_t i = 0; i < n; i++)
                for (size_t j = 0; j < i; j++)
                        cr_expect_str_neq(keys[i].text, keys[j].text, "%zu and %zu", i, j);
}

Test(build_key, is_of_what_the_deployment_began_with)
{
        Deployment *next = add_deployment(app, 2, DEPLOYMENT_QUEUED);
        Sha256Text key, again;

        cr_assert_eq(text_replace(&next->revision, deployment->revision), 0);
        cr_assert_eq(deployment_begin(deployment), 0);
        key = key_of(deployment);
        cr_assert_eq(text_replace(&app->settings.build_command, "a"), 0);
        again = key_of(deployment);
        cr_expect_str_eq(again.text, key.text);
        again = key_of(next);
        cr_expect_str_neq(again.text, key.text);
        cr_assert_eq(text_replace(&app->settings.build_command, ""), 0);
        again = key_of(next);
        cr_expect_str_eq(again.text, key.text);
        app->environment = environment_version_new(app, 1, 0, 0, NULL);
        cr_assert(app->environment);
        cr_assert_eq(variables_set(&app->environment->variables, "A", "BC"), 0);
        again = key_of(deployment);
        cr_expect_str_eq(again.text, key.text);
        again = key_of(next);
        cr_expect_str_neq(again.text, key.text);
}

Test(build_key, is_the_same_whatever_does_not_go_into_a_build)
{
        Sha256Text key = key_of(deployment), again;

        cr_assert_eq(text_replace(&app->settings.readiness, "notify"), 0);
        cr_assert_eq(text_replace(&app->settings.health_check_path, "/up"), 0);
        cr_assert_eq(formation_set(&app->settings.formation, "web", 2), 0);
        app->settings.memory_max = 1;
        again = key_of(deployment);
        cr_expect_str_eq(again.text, key.text);
}

Test(build_key, of_a_secret_that_is_cut_or_a_link_is_an_error)
{
        Sha256Text key;

        (void) key_of(deployment);
        cr_assert_eq(truncate(PATH_BUILD_KEY, 31), 0);
        cr_expect_eq(build_key_make(deployment, false, &key), -EBADMSG);
        cr_assert_eq(rename(PATH_BUILD_KEY, PATH_STATE "/other"), 0);
        cr_assert_eq(symlink(PATH_STATE "/other", PATH_BUILD_KEY), 0);
        cr_expect_eq(build_key_make(deployment, false, &key), -ELOOP);
        cr_assert_eq(unlink(PATH_BUILD_KEY), 0);
        cr_assert_eq(unlink(PATH_STATE "/other"), 0);
        cr_assert_eq(rmdir(PATH_STATE), 0);
        cr_expect_eq(build_key_make(deployment, false, &key), -ENOENT);
}

static Deployment *add_built(App *of, uint64_t id, DeploymentStatus status, const char *key)
{
        Deployment *built = add_deployment(of, id, status);
        _cleanup_free_ char *path = text_format(PATH_STATE "/releases/%" PRIu64, id);

        cr_assert(path && (mkdir(PATH_STATE "/releases", 0700) == 0 || errno == EEXIST));
        cr_assert_eq(mkdir(path, 0700), 0, "%m");
        built->release = release_new();
        built->release_id = id;
        cr_assert(built->release);
        cr_assert_eq(text_replace(&built->release->build_key, key), 0);
        return built;
}

Test(build_key, finds_the_newest_kept_release_that_was_good)
{
        Deployment *old = add_built(app, 10, DEPLOYMENT_SUPERSEDED, "aa"),
                   *live = add_built(app, 11, DEPLOYMENT_LIVE, "aa"), *reuser;

        add_built(app, 12, DEPLOYMENT_FAILED, "aa");
        add_built(app, 13, DEPLOYMENT_CHECKING, "aa");
        add_built(app, 14, DEPLOYMENT_SUPERSEDED, "bb");
        add_built(app, 15, DEPLOYMENT_SUPERSEDED, "");
        add_built(add_app("blog", app->repository), 16, DEPLOYMENT_LIVE, "cc");
        reuser = add_deployment(app, 17, DEPLOYMENT_SUPERSEDED);
        reuser->release_id = 10;
        cr_expect_eq(build_key_find(app, "aa"), live);
        cr_expect_eq(build_key_find(app, "bb"), model_deployment(model, 14));
        cr_expect_null(build_key_find(app, "cc"), "another app's");
        cr_expect_null(build_key_find(app, "dd"));
        cr_expect_null(build_key_find(app, ""), "nothing was built");
        cr_assert_eq(rmdir(PATH_STATE "/releases/11"), 0);
        cr_expect_eq(build_key_find(app, "aa"), old, "what is not on the disk is built again");
        cr_assert_eq(mkdir(PATH_STATE "/releases/11", 0700), 0);
        live->release_goes = true;
        cr_expect_eq(build_key_find(app, "aa"), old);
        old->release = release_free(old->release);
        cr_expect_null(build_key_find(app, "aa"));
}
