/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * spawn.c - start a helper program (see spawn.h)
 *
 * Between fork and exec nothing is called but system calls: the parent may
 * have other threads, whose locks are copied as they stood.  What goes wrong
 * there comes back through a pipe that exec closes.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/landlock.h"
#include "base/spawn.h"

/* Where starting can go wrong in the child. */
enum stage {
    STAGE_DESCRIPTORS,
    STAGE_LIMITS,
    STAGE_LANDLOCK,
    STAGE_FILTER,
    STAGE_EXEC,
};

static const char *const stage_says[] = {
    [STAGE_DESCRIPTORS] = "cannot hand descriptors to",
    [STAGE_LIMITS] = "cannot set the limits of",
    [STAGE_LANDLOCK] = "cannot shut in with Landlock",
    [STAGE_FILTER] = "cannot shut in with seccomp",
    [STAGE_EXEC] = "cannot run",
};

struct report {
    enum stage stage;
    int errnum;
};

/* The ends of our pipes; all of them close themselves on exec. */
struct pipes {
    int null;
    int status[2];
    int out[2];
    int err[2];
};

static void
close_pipes(const struct pipes *pipes)
{
    const int all[] = {
        pipes->null, pipes->status[0], pipes->status[1],
        pipes->out[0], pipes->out[1], pipes->err[0], pipes->err[1],
    };

    for (size_t i = 0; i < VT_COUNT(all); i++) {
        if (all[i] >= 0)
            (void)close(all[i]);
    }
}

static int
open_pipes(struct pipes *pipes, struct vtopo_error *err)
{
    pipes->null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (pipes->null < 0)
        return vt_fail_errno(err, "cannot open '/dev/null'");
    if (pipe2(pipes->status, O_CLOEXEC) < 0
        || pipe2(pipes->out, O_CLOEXEC | O_NONBLOCK) < 0
        || pipe2(pipes->err, O_CLOEXEC | O_NONBLOCK) < 0)
        return vt_fail_errno(err, "cannot make a pipe");
    /* The helper's ends wait as every program expects. */
    if (fcntl(pipes->out[1], F_SETFL, 0) < 0
        || fcntl(pipes->err[1], F_SETFL, 0) < 0)
        return vt_fail_errno(err, "cannot set up a pipe");
    return 0;
}

/* ------------------------------------------------------- in the child */

static int
close_from(unsigned first)
{
    if (syscall(SYS_close_range, first, ~0u, 0) == 0)
        return 0;
    /* Before Linux 5.9: the limit bounds what can be open. */
    for (unsigned fd = first; fd < 65536u; fd++)
        (void)close((int)fd);
    return 0;
}

/* Put every descriptor in its place.  All are first copied above the highest
 * place, so that none is overwritten before it is used.
 */
static int
place_descriptors(const struct vt_spawn_fd *fds, size_t count, int *status)
{
    int copies[VT_SPAWN_FDS_MAX + 3];
    int top = 3;

    for (size_t i = 0; i < count; i++) {
        if (fds[i].to >= top)
            top = fds[i].to + 1;
    }
    for (size_t i = 0; i < count; i++) {
        copies[i] = fcntl(fds[i].from, F_DUPFD_CLOEXEC, top + 1);
        if (copies[i] < 0)
            return -1;
    }
    *status = fcntl(*status, F_DUPFD_CLOEXEC, top + 1);
    if (*status < 0)
        return -1;
    for (int fd = 0; fd < top; fd++)
        (void)close(fd);
    for (size_t i = 0; i < count; i++) {
        if (dup2(copies[i], fds[i].to) < 0)
            return -1;
    }
    *status = dup3(*status, top, O_CLOEXEC);
    return *status < 0 ? -1 : close_from((unsigned)top + 1);
}

static int
set_limits(const struct vt_spawn *spawn)
{
    for (size_t i = 0; i < spawn->limit_count; i++) {
        const struct vt_spawn_limit *limit = &spawn->limits[i];
        struct rlimit now;

        if (getrlimit(limit->resource, &now) < 0)
            return -1;
        if (limit->value < now.rlim_max)
            now.rlim_max = limit->value;
        now.rlim_cur = now.rlim_max;
        if (setrlimit(limit->resource, &now) < 0)
            return -1;
    }
    return 0;
}

static void
reset_signals(void)
{
    struct sigaction plain = { .sa_handler = SIG_DFL };
    sigset_t none;

    for (int signum = 1; signum < NSIG; signum++)
        (void)sigaction(signum, &plain, NULL);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static void
write_pid(char *digits)
{
    unsigned long pid = (unsigned long)getpid();

    for (unsigned i = 10; i-- > 0; pid /= 10)
        digits[i] = (char)('0' + pid % 10);
}

static int
enter_filters(const struct vt_spawn *spawn)
{
    for (size_t i = 0; i < spawn->filter_count; i++) {
        if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER,
                  &spawn->filters[i], 0, 0) < 0)
            return -1;
    }
    return 0;
}

/* Say what went wrong, and end without the parent's exit handlers. */
static void __attribute__((noreturn))
give_up(int status, enum stage stage)
{
    struct report report = { .stage = stage, .errnum = errno };

    /* When this fails, too, the parent sees a helper that ended at once. */
    ssize_t done = write(status, &report, sizeof(report));

    (void)done;
    for (;;)
        (void)syscall(SYS_exit_group, 127);
}

static void __attribute__((noreturn))
run_child(const struct vt_spawn *spawn, const struct vt_spawn_fd *fds,
          size_t fd_count, int status, pid_t parent)
{
    bool confined = spawn->landlock >= 0 || spawn->filter_count != 0;
    enum stage stage;

    (void)setpgid(0, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        (void)syscall(SYS_exit_group, 127);     /* it died before the prctl */
    reset_signals();
    if (spawn->cpus != NULL)
        (void)sched_setaffinity(0, sizeof(*spawn->cpus), spawn->cpus);
    if (spawn->pid_digits != NULL)
        write_pid(spawn->pid_digits);

    /* The ruleset is one of the descriptors that are closed next, and the
     * limit on descriptors may be too low for moving them.
     */
    stage = STAGE_LANDLOCK;
    if (confined && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        give_up(status, stage);
    if (spawn->landlock >= 0 && vt_landlock_enter(spawn->landlock) < 0)
        give_up(status, stage);
    stage = STAGE_DESCRIPTORS;
    if (place_descriptors(fds, fd_count, &status) < 0)
        give_up(status, stage);
    stage = STAGE_LIMITS;
    if (set_limits(spawn) < 0)
        give_up(status, stage);
    stage = STAGE_FILTER;
    if (enter_filters(spawn) < 0)
        give_up(status, stage);
    (void)execve(spawn->program, (char *const *)(uintptr_t)spawn->argv,
                 (char *const *)(uintptr_t)spawn->env);
    give_up(status, STAGE_EXEC);
}

/* ------------------------------------------------------ in the parent */

/* What the child reports, or that it runs. */
static int
hear_report(int status, const struct vt_spawn *spawn, struct vtopo_error *err)
{
    struct report report;
    ssize_t got;

    do
        got = read(status, &report, sizeof(report));
    while (got < 0 && errno == EINTR);
    if (got == 0)
        return 0;
    if (got != (ssize_t)sizeof(report)
        || (size_t)report.stage >= VT_COUNT(stage_says))
        return vt_fail(err, VTOPO_SYSTEM, "cannot run '%s': nobody says why",
                       spawn->program);
    errno = report.errnum;
    return vt_fail_errno(err, "%s '%s'", stage_says[report.stage],
                         spawn->program);
}

/* The descriptors of the helper: ours for 0 to 2, unless named. */
static int
list_descriptors(const struct vt_spawn *spawn, const struct pipes *pipes,
                 struct vt_spawn_fd *fds, size_t *ret_count,
                 struct vtopo_error *err)
{
    const struct vt_spawn_fd usual[] = {
        { .from = pipes->null, .to = 0 },
        { .from = spawn->no_output ? pipes->null : pipes->out[1], .to = 1 },
        { .from = pipes->err[1], .to = 2 },
    };
    bool named[VT_COUNT(usual)] = { false };
    size_t count = 0;

    if (spawn->fd_count > VT_SPAWN_FDS_MAX)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "'%s' would need %zu descriptors, at most %d are given",
                       spawn->program, spawn->fd_count, VT_SPAWN_FDS_MAX);
    for (size_t i = 0; i < spawn->fd_count; i++) {
        if ((size_t)spawn->fds[i].to < VT_COUNT(named))
            named[spawn->fds[i].to] = true;
        fds[count++] = spawn->fds[i];
    }
    for (size_t i = 0; i < VT_COUNT(usual); i++) {
        if (!named[i])
            fds[count++] = usual[i];
    }
    *ret_count = count;
    return 0;
}

int
vt_process_start(const struct vt_spawn *spawn, struct vt_process *ret_process,
                 struct vtopo_error *err)
{
    vt_auto(close_pipes) struct pipes pipes = {
        -1, { -1, -1 }, { -1, -1 }, { -1, -1 },
    };
    struct vt_process process = VT_PROCESS_INIT;
    struct vt_spawn_fd fds[VT_SPAWN_FDS_MAX + 3];
    pid_t parent = getpid();
    size_t fd_count = 0;

    if (open_pipes(&pipes, err) < 0
        || list_descriptors(spawn, &pipes, fds, &fd_count, err) < 0)
        return -1;
    process.name = spawn->argv[0];
    process.pid = fork();
    if (process.pid < 0)
        return vt_fail_errno(err, "cannot start '%s'", spawn->program);
    if (process.pid == 0)
        run_child(spawn, fds, fd_count, pipes.status[1], parent);

    /* Both sides do it, so that it is done whoever comes first. */
    (void)setpgid(process.pid, process.pid);
    (void)close(pipes.status[1]);
    pipes.status[1] = -1;
    process.pidfd = (int)syscall(SYS_pidfd_open, process.pid, 0);
    process.out = fcntl(pipes.out[0], F_DUPFD_CLOEXEC, 3);
    process.err = fcntl(pipes.err[0], F_DUPFD_CLOEXEC, 3);
    if (hear_report(pipes.status[0], spawn, err) < 0) {
        vt_process_stop(&process);
        return -1;
    }
    if (process.pidfd < 0 || process.out < 0 || process.err < 0) {
        (void)vt_fail_errno(err, "cannot watch '%s'", spawn->program);
        vt_process_stop(&process);
        return -1;
    }
    *ret_process = process;
    return 0;
}
