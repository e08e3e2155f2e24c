/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "builder/guard.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <systemd/sd-daemon.h>

#include "base/clock.h"
#include "base/macro.h"

/* After which PID 1 takes the guard for stopped. */
#define WATCHDOG_USEC (60 * USEC_PER_SEC)
#define FEED_USEC     (1 * USEC_PER_SEC)

/* System calls of the x32 ABI have this bit, and numbers of their own. */
#define X32_BIT 0x40000000

/* Of ioprio_set(2): all processes of a user. */
#define IOPRIO_USER 3

/* What an argument is compared with. */
typedef enum Value {
        VALUE_ANY, /* not compared */
        VALUE_NUMBER,
        VALUE_GUARD,
        VALUE_GROUP,     /* the negative number of its process group */
        VALUE_EVERYBODY, /* -1: all processes of the user */
} Value;

typedef struct Argument {
        unsigned at;
        Value value;
        uint32_t number;
} Argument;

/* Refused if both arguments are so. Other ways of signals to a process need a descriptor of it, which only
 * those who may trace it get. */
static const struct {
        long call;
        Argument arguments[2];
        int error;
} rules[] = {
        { SYS_kill, { { 0, VALUE_GUARD } }, EPERM },
        { SYS_kill, { { 0, VALUE_GROUP } }, EPERM },
        { SYS_kill, { { 0, VALUE_EVERYBODY } }, EPERM },
        { SYS_tkill, { { 0, VALUE_GUARD } }, EPERM },
        { SYS_tgkill, { { 1, VALUE_GUARD } }, EPERM },
        { SYS_rt_sigqueueinfo, { { 0, VALUE_GUARD } }, EPERM },
        { SYS_rt_tgsigqueueinfo, { { 1, VALUE_GUARD } }, EPERM },
        /* A directory of /proc will do for that. Who has no such call uses kill(2). */
        { SYS_pidfd_send_signal, {}, ENOSYS },
        { SYS_pidfd_open, { { 0, VALUE_GUARD } }, EPERM },
        /* SIGIO, or any signal of F_SETSIG, is sent to the owner. */
        { SYS_fcntl, { { 1, VALUE_NUMBER, F_SETOWN }, { 2, VALUE_GUARD } }, EPERM },
        { SYS_fcntl, { { 1, VALUE_NUMBER, F_SETOWN }, { 2, VALUE_GROUP } }, EPERM },
        { SYS_fcntl, { { 1, VALUE_NUMBER, F_SETOWN_EX } }, EPERM },
#ifdef SYS_fcntl64
        { SYS_fcntl64, { { 1, VALUE_NUMBER, F_SETOWN }, { 2, VALUE_GUARD } }, EPERM },
        { SYS_fcntl64, { { 1, VALUE_NUMBER, F_SETOWN }, { 2, VALUE_GROUP } }, EPERM },
        { SYS_fcntl64, { { 1, VALUE_NUMBER, F_SETOWN_EX } }, EPERM },
#endif
        { SYS_ioctl, { { 1, VALUE_NUMBER, FIOSETOWN } }, EPERM },
        { SYS_ioctl, { { 1, VALUE_NUMBER, SIOCSPGRP } }, EPERM },
        { SYS_prlimit64, { { 0, VALUE_GUARD } }, EPERM },
        { SYS_sched_setscheduler, { { 0, VALUE_GUARD } }, EPERM },
        { SYS_sched_setparam, { { 0, VALUE_GUARD } }, EPERM },
        { SYS_sched_setattr, { { 0, VALUE_GUARD } }, EPERM },
        { SYS_sched_setaffinity, { { 0, VALUE_GUARD } }, EPERM },
        { SYS_setpriority, { { 1, VALUE_GUARD } }, EPERM },
        { SYS_setpriority, { { 0, VALUE_NUMBER, PRIO_USER } }, EPERM },
        { SYS_ioprio_set, { { 1, VALUE_GUARD } }, EPERM },
        { SYS_ioprio_set, { { 0, VALUE_NUMBER, IOPRIO_USER } }, EPERM },
};

/* For each rule the number, two arguments and the result; around them the ABI and the end. */
#define FILTER_MAX (ELEMENTSOF(rules) * 7 + 4)

typedef struct Filter {
        struct sock_filter lines[FILTER_MAX];
        unsigned short n;
} Filter;

static uint64_t fed;

static void filter_add(Filter *filter, struct sock_filter line)
{
        assert(filter->n < FILTER_MAX);
        filter->lines[filter->n++] = line;
}

static void filter_load(Filter *filter, size_t offset)
{
        filter_add(filter, (struct sock_filter) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t) offset));
}

static void filter_refuse(Filter *filter, int error)
{
        filter_add(filter,
                   (struct sock_filter) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (uint32_t) error));
}

static uint32_t value_of(const Argument *argument, pid_t guard)
{
        switch (argument->value) {
        case VALUE_GUARD:
                return (uint32_t) guard;
        case VALUE_GROUP:
                return (uint32_t) -guard;
        case VALUE_EVERYBODY:
                return UINT32_MAX;
        case VALUE_ANY:
        case VALUE_NUMBER:
                break;
        }
        return argument->number;
}

/* The half of an argument that the kernel takes for a number of 32 bits. */
static size_t offset_of(const Argument *argument)
{
        return offsetof(struct seccomp_data, args) + argument->at * sizeof(uint64_t) +
               (__BYTE_ORDER == __BIG_ENDIAN ? sizeof(uint32_t) : 0);
}

static void filter_add_rule(Filter *filter, size_t rule, pid_t guard)
{
        const Argument *arguments = rules[rule].arguments;
        uint8_t rest = 1; /* lines behind a comparison that the call is let through by */

        for (size_t i = 0; i < ELEMENTSOF(rules[rule].arguments); i++)
                rest = (uint8_t) (rest + (arguments[i].value != VALUE_ANY ? 2 : 0));
        filter_load(filter, offsetof(struct seccomp_data, nr));
        filter_add(filter, (struct sock_filter) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
                                                         (uint32_t) rules[rule].call, 0, rest));
        for (size_t i = 0; i < ELEMENTSOF(rules[rule].arguments); i++) {
                if (arguments[i].value == VALUE_ANY)
                        continue;
                rest = (uint8_t) (rest - 2);
                filter_load(filter, offset_of(&arguments[i]));
                filter_add(filter, (struct sock_filter) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
                                                                 value_of(&arguments[i], guard), 0, rest));
        }
        filter_refuse(filter, rules[rule].error);
}

int guard_confine(pid_t guard)
{
        Filter filter = { .n = 0 };
        struct sock_fprog program;

        assert(guard > 1);

        /* Other architectures than the machine's are refused by the unit. */
        filter_load(&filter, offsetof(struct seccomp_data, nr));
        filter_add(&filter, (struct sock_filter) BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1));
        filter_refuse(&filter, ENOSYS);
        for (size_t i = 0; i < ELEMENTSOF(rules); i++)
                filter_add_rule(&filter, i, guard);
        filter_add(&filter, (struct sock_filter) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));

        program = (struct sock_fprog){ filter.n, filter.lines };
        /* By prctl(2): seccomp(2) is none of @system-service. */
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
            prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
                return -errno;
        return 0;
}

int guard_begin(void)
{
        if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
                return -errno;
        (void) sd_notifyf(/* unset_environment= */ 0, "WATCHDOG_USEC=%" PRIu64 "\nWATCHDOG=1",
                          (uint64_t) WATCHDOG_USEC);
        fed = clock_usec(CLOCK_MONOTONIC);
        return 0;
}

void guard_end(void)
{
        (void) sd_notify(/* unset_environment= */ 0, "WATCHDOG_USEC=0");
        /* Nobody else of the user is left. LeakSanitizer traces its own process at the end. */
        (void) prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

void guard_feed(void)
{
        uint64_t now = clock_usec(CLOCK_MONOTONIC);

        if (now < fed + FEED_USEC)
                return;
        (void) sd_notify(/* unset_environment= */ 0, "WATCHDOG=1");
        fed = now;
}
