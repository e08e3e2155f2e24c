/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Each row of the tables of settings is stored, loaded again, kept by a deployment if the row says so, and
 * cleared. */

#include "base/text.h"
#include "daemon/model/setting-value.h"
#include "store-fixture.h"

TestSuite(store_settings, .init = store_fixture_start, .fini = store_fixture_end, .timeout = 120);

#define PUBLISHED_USEC (24 * 60 * 60 * USEC_PER_SEC)

/* A legal text that is not what a new app has. */
static const char *other_text(const Setting *setting)
{
        static const char *const texts[] = { "public", "notify", "/up", "yes", "main" };

        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                if (!setting->is_valid || setting->is_valid(texts[i]))
                        return texts[i];
        cr_fatal("no sample for %s", setting->property);
        return NULL;
}

/* Each with a value other than that of a new app; numbers with one of their own. Caller clears. */
static AppSettings other_settings(void)
{
        AppSettings settings = {};

        cr_assert(eq(int, app_settings_init(&settings), 0));
        for (size_t i = 0; i < app_settings.n; i++) {
                const Setting *setting = &app_settings.rows[i];

                if (setting->is_new_only)
                        continue;
                if (setting_is_text(setting))
                        cr_assert(eq(int,
                                     text_replace(setting_text(setting, &settings), other_text(setting)),
                                     0));
                else if (setting_is_number(setting))
                        setting_set_number(setting, &settings, setting->least + i);
                else
                        cr_assert(
                                eq(int, formation_set(setting_formation(setting, &settings), "web", 3), 0));
        }
        return settings;
}

static void expect_same(const Setting *setting, const AppSettings *got, const AppSettings *expected)
{
        if (setting_is_text(setting))
                cr_expect(text_is(setting_get_text(setting, got), setting_get_text(setting, expected)), "%s",
                          setting->property);
        else if (setting_is_number(setting))
                cr_expect(eq(u64, setting_get_number(setting, got), setting_get_number(setting, expected)),
                          "%s", setting->property);
        else
                cr_expect(formation_is(setting_get_formation(setting, got),
                                       setting_get_formation(setting, expected)),
                          "%s", setting->property);
}

/* What a deployd that starts now has: of the app, and of its deployment 1 those that it keeps. */
static void expect_loaded(const AppSettings *of_app, const AppSettings *of_deployment)
{
        Model *loaded = model_new();
        const Deployment *deployment;
        const App *app;

        done_by(store_load, loaded, PUBLISHED_USEC, AS);
        app = model_app(loaded, "shop");
        deployment = model_deployment(loaded, 1);
        cr_assert(app != NULL && deployment != NULL);
        for (size_t i = 0; i < app_settings.n; i++) {
                const Setting *setting = &app_settings.rows[i];

                if (setting->is_new_only)
                        continue;
                expect_same(setting, &app->settings, of_app);
                if (setting_is_of_deployment(setting))
                        expect_same(setting, &deployment->settings, of_deployment);
        }
        model_free(loaded);
}

Test(store_settings, each_is_stored_loaded_kept_and_cleared)
{
        _cleanup_(app_settings_clear) AppSettings other = other_settings();
        Repository *repository = known_repository("shop");
        App *app = app_new("shop", repository);
        Reply reply = done_by(store_app_insert, "shop", repository, &other, STABLE_LOW, STABLE_HIGH, 0, AS);

        app->id = reply.id;
        cr_assert(eq(int, model_add_app(model, app), 0));
        bring_to(known_deployment(app, ""), DEPLOYMENT_LIVE);
        expect_loaded(&other, &other);

        done_by(store_app_set, app, &default_settings, /* apply= */ false, AS);
        expect_loaded(&default_settings, &other);
        done_by(store_app_apply, app, AS);
        expect_loaded(&default_settings, &default_settings);

        done_by(store_app_set, app, &other, /* apply= */ true, AS);
        expect_loaded(&other, &other);
        done_by(store_app_set, app, &default_settings, /* apply= */ true, AS);
        expect_loaded(&default_settings, &default_settings);
}
