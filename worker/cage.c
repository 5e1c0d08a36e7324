/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * cage.c - what the worker gives up (see cage.h)
 *
 * The only file that knows libseccomp.  The filter is a list of what reading
 * needs; a row is added only with the reason why a reader cannot do without.
 */

#include <errno.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <seccomp.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "base/cleanup.h"
#include "base/error.h"
#include "base/landlock.h"
#include "cage.h"

/* The sanitizers map terabytes, and more while the program runs. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* One argument of a call, where not every value will do. */
enum demand {
    ANYTHING,
    NO_EXEC,                    /* argument has no PROT_EXEC */
    IS_NULL,                    /* no address to send to */
    IS_OURSELVES,               /* our process id */
    IS_OUTPUT,                  /* a descriptor up to VW_CAGE_WRITABLE */
    IS_INPUT,                   /* the descriptor 0 */
};

struct allowed {
    int call;
    unsigned argument;
    enum demand demand;
};

static const struct allowed allowed[] = {
    /* Descriptors.  A disk may be open for reading only; that it is written
     * through another descriptor is a matter of the parent.
     */
    { .call = SCMP_SYS(read) },
    { .call = SCMP_SYS(pread64) },
    { .call = SCMP_SYS(readv) },
    { .call = SCMP_SYS(preadv) },
    { .call = SCMP_SYS(lseek) },
    { .call = SCMP_SYS(_llseek) },
    { .call = SCMP_SYS(close) },
    { .call = SCMP_SYS(write), .argument = 0, .demand = IS_OUTPUT },
    { .call = SCMP_SYS(writev), .argument = 0, .demand = IS_OUTPUT },

    /* Questions, and the descriptors with them, come by standard input alone:
     * no other socket, and the NBD server is behind one, hands over any.
     */
    { .call = SCMP_SYS(recvmsg), .argument = 0, .demand = IS_INPUT },

    /* The NBD server's socket is connected: no address is needed. */
    { .call = SCMP_SYS(sendto), .argument = 4, .demand = IS_NULL },
    { .call = SCMP_SYS(recvfrom), .argument = 4, .demand = IS_NULL },

    /* Memory, never to be executed. */
    { .call = SCMP_SYS(brk) },
    { .call = SCMP_SYS(mmap), .argument = 2, .demand = NO_EXEC },
    { .call = SCMP_SYS(mmap2), .argument = 2, .demand = NO_EXEC },
    { .call = SCMP_SYS(mprotect), .argument = 2, .demand = NO_EXEC },
    { .call = SCMP_SYS(mremap) },
    { .call = SCMP_SYS(munmap) },
    { .call = SCMP_SYS(madvise) },

    /* What the C library does by itself: locks, clocks where the vDSO has
     * none, the seed of malloc(), the size of memory for qsort(), abort().
     */
    { .call = SCMP_SYS(futex) },
    { .call = SCMP_SYS(clock_gettime) },
    { .call = SCMP_SYS(clock_gettime64) },
    { .call = SCMP_SYS(gettimeofday) },
    { .call = SCMP_SYS(time) },
    { .call = SCMP_SYS(getrandom) },
    { .call = SCMP_SYS(sysinfo) },
    { .call = SCMP_SYS(getpid) },
    { .call = SCMP_SYS(gettid) },
    { .call = SCMP_SYS(rt_sigprocmask) },
    { .call = SCMP_SYS(rt_sigreturn) },
    { .call = SCMP_SYS(restart_syscall) },
    { .call = SCMP_SYS(tgkill), .argument = 0, .demand = IS_OURSELVES },
    { .call = SCMP_SYS(exit) },
    { .call = SCMP_SYS(exit_group) },
#if SANITIZED
    { .call = SCMP_SYS(sigaltstack) },      /* before every end */
#endif
};

static void
release_filter(const scmp_filter_ctx *filter)
{
    if (*filter != NULL)
        seccomp_release(*filter);
}

/* Add @row to @filter; libseccomp answers 0 or a negative errno. */
static int
allow(scmp_filter_ctx filter, const struct allowed *row)
{
    struct scmp_arg_cmp test = { .arg = row->argument };

    switch (row->demand) {
    case ANYTHING:
        return seccomp_rule_add(filter, SCMP_ACT_ALLOW, row->call, 0);
    case NO_EXEC:
        test.op = SCMP_CMP_MASKED_EQ;
        test.datum_a = PROT_EXEC;
        test.datum_b = 0;
        break;
    case IS_NULL:
        test.op = SCMP_CMP_EQ;
        test.datum_a = 0;
        break;
    case IS_OURSELVES:
        test.op = SCMP_CMP_EQ;
        test.datum_a = (scmp_datum_t)getpid();
        break;
    case IS_OUTPUT:
        test.op = SCMP_CMP_LE;
        test.datum_a = VW_CAGE_WRITABLE;
        break;
    case IS_INPUT:
        test.op = SCMP_CMP_EQ;
        test.datum_a = STDIN_FILENO;
        break;
    }
    return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, row->call, 1, &test);
}

/* Without a filter to read, a kernel that has filters cannot read it; one
 * that has none does not know the request.
 */
static bool
has_seccomp(void)
{
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL, 0, 0) < 0
           && errno == EFAULT;
}

/* Build the filter and load it.  It checks the architecture first and kills
 * what comes by another; x32 is another.
 */
static int
enter_seccomp(enum vw_cage_action action, struct vtopo_error *err)
{
    uint32_t otherwise = action == VW_CAGE_KILL
                         ? SCMP_ACT_KILL_PROCESS : SCMP_ACT_ERRNO(EPERM);
    vt_auto(release_filter) scmp_filter_ctx filter = seccomp_init(otherwise);
    int rc;

    if (filter == NULL)
        return vt_fail_memory(err);
    rc = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH,
                          SCMP_ACT_KILL_PROCESS);
    for (size_t i = 0; rc == 0 && i < VT_COUNT(allowed); i++) {
        rc = allow(filter, &allowed[i]);
        /* A call that this architecture does not have needs no rule. */
        if (rc == -EDOM)
            rc = 0;
    }
    if (rc == 0)
        rc = seccomp_load(filter);
    if (rc == 0)
        return 0;
    errno = -rc;
    return vt_fail_errno(err, "cannot load the seccomp filter");
}

/* Everything that Landlock knows is taken; nothing is given back. */
static int
enter_landlock(unsigned *ret_version, struct vtopo_error *err)
{
    unsigned version = vt_landlock_version();
    vt_autoclose int ruleset = -1;

    if (version == 0)
        return 0;
    if (vt_landlock_open(false, &ruleset, err) < 0)
        return -1;
    if (vt_landlock_enter(ruleset) < 0)
        return vt_fail_errno(err, "cannot enter the Landlock ruleset");
    *ret_version = version;
    return 0;
}

static int
set_limit(unsigned resource, uint64_t soft, uint64_t hard,
          struct vtopo_error *err)
{
    struct rlimit limit;

    if (getrlimit(resource, &limit) < 0)
        return vt_fail_errno(err, "cannot read a resource limit");
    if (hard < limit.rlim_max)
        limit.rlim_max = (rlim_t)hard;
    limit.rlim_cur = soft < limit.rlim_max ? (rlim_t)soft : limit.rlim_max;
    if (setrlimit(resource, &limit) < 0)
        return vt_fail_errno(err, "cannot set a resource limit");
    return 0;
}

static int
set_limits(const struct vw_cage_limits *limits, struct vw_cage_state *state,
           struct vtopo_error *err)
{
    /* SIGXCPU at the soft limit says why; SIGKILL at the hard one is sure. */
    if (set_limit(RLIMIT_CPU, limits->cpu_seconds,
                  (uint64_t)limits->cpu_seconds + 1, err) < 0
        || set_limit(RLIMIT_NOFILE, limits->files, limits->files, err) < 0
        || set_limit(RLIMIT_NPROC, 0, 0, err) < 0
        || set_limit(RLIMIT_CORE, 0, 0, err) < 0
        || set_limit(RLIMIT_FSIZE, 0, 0, err) < 0)
        return -1;
    state->limits = true;
    if (SANITIZED != 0)
        return 0;
    if (set_limit(RLIMIT_AS, limits->memory, limits->memory, err) < 0)
        return -1;
    state->memory = true;
    return 0;
}

static int
enter_sandbox(const struct vw_cage_limits *limits,
              struct vw_cage_state *state, struct vtopo_error *err)
{
    bool filters = has_seccomp();

    if (enter_landlock(&state->landlock, err) < 0)
        return -1;
    if (!filters && state->landlock == 0) {
        (void)vt_fail(err, VTOPO_IMPOSSIBLE,
                      "this kernel has neither seccomp nor Landlock, which "
                      "the worker needs to be shut in");
        return vt_hint(err, "'--no-sandbox' reads the image all the same, if "
                       "you trust it");
    }
    /* The last thing: it forbids what the others need. */
    if (filters && enter_seccomp(limits->action, err) < 0)
        return -1;
    state->seccomp = filters;
    return 0;
}

int
vw_cage_enter(const struct vw_cage_limits *limits,
              struct vw_cage_state *ret_state, struct vtopo_error *err)
{
    struct vw_cage_state state = { .landlock = 0 };

#ifdef __GLIBC__
    /* When memory runs out, glibc would look into /sys for the number of
     * processors, to make another arena: malloc() must fail, not die.
     */
    (void)mallopt(M_ARENA_MAX, 1);
#endif
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return vt_fail_errno(err, "cannot give up new privileges");
    state.no_new_privs = true;
    /* Nobody of the same user looks into this memory or changes it. */
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        return vt_fail_errno(err, "cannot become undumpable");
    if (set_limits(limits, &state, err) < 0)
        return -1;
    if (!limits->no_sandbox && enter_sandbox(limits, &state, err) < 0)
        return -1;
    *ret_state = state;
    return 0;
}
