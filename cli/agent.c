/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/agent.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/macro.h"

/* The time that it has to become ready: it talks to polkit, which may have to be started for it. */
#define READY_MSEC 10000

static const int interrupts[] = { SIGINT, SIGTERM, SIGHUP };

struct Agent {
        pid_t pid;
        bool has_terminal; /* which was as in terminal_before */
        struct sigaction before[ELEMENTSOF(interrupts)];
};

/* Here for the signal handler. */
static struct termios terminal_before;

bool agent_is_wanted(const sd_bus_error *error)
{
        return sd_bus_error_has_name(error, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED);
}

/* The agent asks at the terminal of the process, whatever standard input is: a value may come from there. */
static bool is_possible(void)
{
        return geteuid() != 0 && isatty(STDERR_FILENO);
}

bool agent_can_help(const sd_bus_error *error)
{
        return agent_is_wanted(error) && is_possible();
}

const char *agent_advice(void)
{
        return is_possible() ? "; pkttyagent, of the package polkitd, would ask for a password"
                             : "; at a terminal a password would be asked for";
}

/* The agent, which has switched the echo off, ends by the same signal. */
static void on_interrupt(int number)
{
        (void) tcsetattr(STDERR_FILENO, TCSANOW, &terminal_before);
        (void) raise(number); /* SA_RESETHAND: it has its usual effect */
}

__attribute__((noreturn)) static void agent_become(pid_t parent, int ready)
{
        char fd[sizeof("2147483647")], process[sizeof("2147483647")];
        sigset_t none;

        /* In this order: a parent that is gone already sends no signal. */
        (void) prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (getppid() != parent)
                _exit(EXIT_FAILURE);
        (void) sigemptyset(&none);
        (void) sigprocmask(SIG_SETMASK, &none, NULL);
        (void) fcntl(ready, F_SETFD, 0);
        (void) snprintf(fd, sizeof(fd), "%d", ready);
        (void) snprintf(process, sizeof(process), "%d", parent);
        (void) execlp("pkttyagent", "pkttyagent", "--notify-fd", fd, "--process", process, NULL);
        _exit(EXIT_FAILURE);
}

static int agent_start(Agent *agent)
{
        pid_t parent = getpid();
        struct pollfd ready;
        int ends[2];

        if (pipe2(ends, O_CLOEXEC) < 0)
                return -errno;
        agent->pid = fork();
        if (agent->pid == 0)
                agent_become(parent, ends[1]);
        (void) close(ends[1]);
        ready = (struct pollfd){ .fd = ends[0] };
        /* It says so by closing its end, and so does one that has failed. */
        while (agent->pid > 0 && poll(&ready, 1, READY_MSEC) < 0 && errno == EINTR)
                ;
        (void) close(ends[0]);
        return agent->pid < 0 ? -EAGAIN : 0;
}

/* A message that was sent cannot be changed. */
static int copy_call(sd_bus_message *call, sd_bus_message **ret)
{
        int r;

        r = sd_bus_message_rewind(call, true);
        if (r >= 0)
                r = sd_bus_message_new_method_call(
                        sd_bus_message_get_bus(call), ret, sd_bus_message_get_destination(call),
                        sd_bus_message_get_path(call), sd_bus_message_get_interface(call),
                        sd_bus_message_get_member(call));
        if (r >= 0)
                r = sd_bus_message_copy(*ret, call, true);
        if (r >= 0)
                r = sd_bus_message_set_allow_interactive_authorization(*ret, true);
        return r < 0 ? r : 0;
}

int agent_new(sd_bus_message *call, sd_bus_message **ret_call, Agent **ret)
{
        _cleanup_(agent_freep) Agent *agent = calloc(1, sizeof(Agent));
        int r;

        if (!agent)
                return -ENOMEM;
        agent->has_terminal = tcgetattr(STDERR_FILENO, &terminal_before) == 0;
        for (size_t i = 0; i < ELEMENTSOF(interrupts); i++)
                (void) sigaction(
                        interrupts[i],
                        &(const struct sigaction){ .sa_handler = on_interrupt, .sa_flags = SA_RESETHAND },
                        &agent->before[i]);
        r = agent_start(agent);
        if (r >= 0)
                r = copy_call(call, ret_call);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(agent);
        return 0;
}

Agent *agent_free(Agent *agent)
{
        if (!agent)
                return NULL;
        if (agent->pid > 0) {
                (void) kill(agent->pid, SIGTERM);
                /* It may be stopped. */
                (void) kill(agent->pid, SIGCONT);
                while (waitpid(agent->pid, NULL, 0) < 0 && errno == EINTR)
                        ;
        }
        if (agent->has_terminal)
                (void) tcsetattr(STDERR_FILENO, TCSADRAIN, &terminal_before);
        for (size_t i = 0; i < ELEMENTSOF(interrupts); i++)
                (void) sigaction(interrupts[i], &agent->before[i], NULL);
        free(agent);
        return NULL;
}
