/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/verification.h"

#include <errno.h>
#include <string.h>

#include "base/list.h"
#include "base/text.h"
#include "daemon/pipeline/pipeline.h"
#include "daemon/verify-installation.h"
#include "daemon/verify-units.h"
#include "sql/verify.h"

typedef struct Verification Verification;

struct Verifications {
        VerificationParams params;
        char *conninfo;
        LIST_HEAD(Verification, all);
};

struct Verification {
        Verifications *owner;
        Report report;
        Verify *verify;            /* checks 1 to 7 */
        bool waits;                /* until the limits of builds are known, for check 8 */
        UnitCall *asking;          /* for check 8 */
        VerifyUnits *verify_units; /* check 9 */
        BusVerified done;
        void *userdata;
        LIST_FIELDS(Verification, all);
};

static void verification_free(Verification *verification)
{
        LIST_REMOVE(all, verification->owner->all, verification);
        verify_free(verification->verify);
        unit_call_free(verification->asking);
        verify_units_free(verification->verify_units);
        report_clear(&verification->report);
        free(verification);
}

static void verification_end(Verification *verification, int error, const char *sentence)
{
        verification->done(verification->userdata, error, sentence, &verification->report);
        verification_free(verification);
}

static void on_agreement(void *userdata)
{
        verification_end(userdata, 0, NULL);
}

static void verification_on_version(void *userdata, int error, const char *sentence)
{
        Verification *verification = userdata;
        const VerificationParams *params = &verification->owner->params;
        Installation installation = { .config = params->config(params->userdata),
                                      .systemd_version = error < 0 ? NULL : sentence,
                                      .facts = params->facts };
        int r;

        verification->asking = NULL;
        installation_check(&installation, &verification->report);
        if (params->facts->attention) {
                report_fail(&verification->report, CHECK_UNITS,
                            "units and rows are not compared while the apps are not those of the database");
                report_end(&verification->report, CHECK_UNITS);
                return verification_end(verification, 0, NULL);
        }
        r = verify_units_new(params->event, params->units, params->pg, params->pipeline,
                             &verification->report, on_agreement, verification, &verification->verify_units);
        if (r < 0)
                verification_end(verification, r, strerror(-r));
}

static void check_installation(Verification *verification)
{
        int r;

        verification->waits = strcmp(verification->owner->params.facts->sandbox_state, SANDBOX_PROBING) == 0;
        if (verification->waits)
                return;
        r = units_ask_version(verification->owner->params.units, verification_on_version, verification,
                              &verification->asking);
        if (r < 0)
                verification_end(verification, r, "PID 1 cannot be asked");
}

static void verification_on_verified(void *userdata, int error, const char *sentence)
{
        if (error < 0)
                verification_end(userdata, error, sentence);
        else
                check_installation(userdata);
}

void verifications_poll(Verifications *verifications)
{
        Verification *verification, *next;

        assert(verifications);

        LIST_FOREACH_SAFE (all, verification, next, verifications->all)
                if (verification->waits)
                        check_installation(verification);
}

int verification_begin(Verifications *verifications, BusVerified done, void *userdata)
{
        Verification *verification;
        int r;

        assert(verifications);
        assert(done);

        verification = calloc(1, sizeof(*verification));
        if (!verification)
                return -ENOMEM;
        verification->owner = verifications;
        verification->done = done;
        verification->userdata = userdata;
        LIST_PREPEND(all, verifications->all, verification);
        r = verify_new(verifications->params.event, verifications->conninfo, &verification->report,
                       verification_on_verified, verification, &verification->verify);
        if (r < 0)
                verification_free(verification);
        return r;
}

int verifications_new(const VerificationParams *params, Verifications **ret)
{
        Verifications *verifications;

        assert(params);
        assert(ret);

        verifications = calloc(1, sizeof(*verifications));
        if (!verifications)
                return -ENOMEM;
        verifications->params = *params;
        if (text_replace(&verifications->conninfo, params->conninfo) < 0) {
                verifications_free(verifications);
                return -ENOMEM;
        }
        *ret = verifications;
        return 0;
}

Verifications *verifications_free(Verifications *verifications)
{
        if (!verifications)
                return NULL;
        while (verifications->all)
                verification_end(verifications->all, -ECANCELED, "deployd is being stopped");
        secret_free(verifications->conninfo); /* a password may be in it */
        free(verifications);
        return NULL;
}
