/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/pipeline/fake-requests.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "daemon/model/deployment.h"
#include "tests/pipeline/loop.h"

/* Of the range, by default. */
#define FIRST_PORT 20000

struct ProbeWait {
        ProbeAnswer answer;
        ProbeDone done;
        void *userdata;
        Later *later; /* NULL = it is held, or has been answered */
        LIST_FIELDS(ProbeWait, waits);
};

FakeProbe fake_probe;
FakeIngress fake_ingress;
static LIST_HEAD(ProbeWait, waits);
static Model *routes_of;
static void (*routes_changed)(void *userdata);
static void *routes_userdata;
static Later *following;

ProbeWait *probe_wait_free(ProbeWait *wait)
{
        if (!wait)
                return NULL;
        LIST_REMOVE(waits, waits, wait);
        later_free(wait->later);
        free(wait);
        return NULL;
}

static void on_answer(void *userdata)
{
        ProbeWait *wait = userdata;
        ProbeAnswer answer = wait->answer;

        wait->later = NULL;
        wait->done(wait->userdata, &answer);
}

static int wait_new(const ProbeAnswer *answer, bool hold, ProbeDone done, void *userdata, ProbeWait **ret)
{
        ProbeWait *wait = calloc(1, sizeof(ProbeWait));

        cr_assert(wait);
        *wait = (ProbeWait){ .answer = *answer, .done = done, .userdata = userdata };
        LIST_APPEND(waits, waits, wait);
        if (!hold)
                wait->later = later_new(on_answer, wait);
        *ret = wait;
        return 0;
}

static int check_new(ProbeDone done, void *userdata, ProbeWait **ret)
{
        if (fake_probe.error < 0)
                return fake_probe.error;
        fake_probe.n_checks++;
        return wait_new(&fake_probe.answer, fake_probe.hold, done, userdata, ret);
}

int probe_wait_listening(_unused_ ProbeClient *client, uint16_t port, _unused_ uint64_t cgroup_id,
                         uint64_t timeout_usec, unsigned successes, ProbeDone done, void *userdata,
                         ProbeWait **ret)
{
        cr_assert(port != 0 && timeout_usec > 0 && successes > 0);
        return check_new(done, userdata, ret);
}

int probe_wait_healthy(_unused_ ProbeClient *client, uint16_t port, _unused_ uint64_t cgroup_id,
                       uint64_t timeout_usec, unsigned successes, const ProbeHealth *health, ProbeDone done,
                       void *userdata, ProbeWait **ret)
{
        cr_assert(port != 0 && timeout_usec > 0 && successes > 0 && health->request_timeout_usec > 0);
        fake_probe.n_health_checks++;
        return check_new(done, userdata, ret);
}

int probe_ask_busy(_unused_ ProbeClient *client, uint16_t port, ProbeDone done, void *userdata,
                   ProbeWait **ret)
{
        ProbeAnswer answer = { .result = fake_probe.held_ports ? PROBE_HELD : PROBE_TIMEOUT };

        if (fake_probe.away)
                return -EBUSY;
        (void) snprintf(answer.text, sizeof(answer.text), "%s",
                        fake_probe.held_ports && port == FIRST_PORT ? fake_probe.held_ports : "");
        return wait_new(&answer, fake_probe.hold_ports, done, userdata, ret);
}

int probe_ask_crowd(_unused_ ProbeClient *client, _unused_ uint16_t max, uint64_t after, ProbeDone done,
                    void *userdata, ProbeWait **ret)
{
        ProbeAnswer answer = { .result = fake_probe.crowd > after ? PROBE_CROWDED : PROBE_FREE,
                               .number = 5000,
                               .cgroup_id = fake_probe.crowd };

        return fake_probe.away ? -EBUSY : wait_new(&answer, false, done, userdata, ret);
}

int probe_ask_elsewhere(_unused_ ProbeClient *client, uint16_t port, _unused_ uint64_t cgroup_id,
                        ProbeDone done, void *userdata, ProbeWait **ret)
{
        ProbeAnswer answer = { .result = fake_probe.elsewhere ? PROBE_LISTENS_ELSEWHERE : PROBE_FREE };

        cr_assert_neq(port, 0);
        if (fake_probe.away)
                answer.result = PROBE_TIMEOUT;
        (void) snprintf(answer.text, sizeof(answer.text), "%s", text_or_empty(fake_probe.elsewhere));
        return wait_new(&answer, false, done, userdata, ret);
}

void fake_probe_answer(ProbeResult result)
{
        ProbeWait *wait;

        LIST_FOREACH (waits, wait, waits)
                if (!wait->later) {
                        wait->answer.result = result;
                        wait->later = later_new(on_answer, wait);
                }
}

size_t fake_probe_waiting(void)
{
        const ProbeWait *wait;
        size_t n = 0;

        LIST_FOREACH (waits, wait, waits)
                n += !wait->later;
        return n;
}

static void on_follow(_unused_ void *userdata)
{
        Deployment *deployment;
        Instance *instance;

        following = NULL;
        LIST_FOREACH (deployments, deployment, routes_of->deployments)
                LIST_FOREACH (instances, instance, deployment->instances)
                        instance->routed = instance->route;
        routes_changed(routes_userdata);
}

void fake_ingress_follow(void)
{
        if (!following)
                following = later_new(on_follow, NULL);
}

void ingress_poll(_unused_ Ingress *ingress)
{
        fake_ingress.n_polls++;
        if (!fake_ingress.hold)
                fake_ingress_follow();
}

void ingress_shut(_unused_ Ingress *ingress, const Instance *instance)
{
        cr_assert_neq(instance->route, ROUTE_READY);
        fake_ingress.n_shut++;
        if (!fake_ingress.hold)
                fake_ingress_follow();
}

const char *ingress_sentence(_unused_ const Ingress *ingress, _unused_ const App *app)
{
        return fake_ingress.sentence;
}

void fake_requests_start(Model *model, void (*changed)(void *userdata), void *userdata)
{
        fake_probe = (FakeProbe){ .answer.result = PROBE_LISTENING, .held_ports = "0" };
        fake_ingress = (FakeIngress){};
        routes_of = model;
        routes_changed = changed;
        routes_userdata = userdata;
}

void fake_requests_end(void)
{
        following = later_free(following);
        cr_assert_null(waits, "a wait for the probe is left");
}
