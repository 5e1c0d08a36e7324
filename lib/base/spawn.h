/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * spawn.h - start a helper program, hear what it says, and see it end
 *
 * A helper gets the descriptors, the environment and the limits that are
 * spelt out here and nothing else.  It leads a process group of its own and
 * dies with the thread that started it.  Whatever becomes of it - a status, a
 * signal, a hang, a flood - is one error with one reason.
 */

#ifndef VT_SPAWN_H
#define VT_SPAWN_H

#include <sched.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "base/buf.h"

/* Limits: descriptors handed over, and what is kept of standard error. */
#define VT_SPAWN_FDS_MAX 160
#define VT_SPAWN_LOG_MAX 4096u

struct sock_fprog;              /* of linux/filter.h */

struct vt_spawn_fd {
    int from;                   /* here */
    int to;                     /* there */
};

struct vt_spawn_limit {
    unsigned resource;          /* RLIMIT_* */
    rlim_t value;               /* soft and hard; no more than we may have */
};

struct vt_spawn {
    const char *program;        /* a path; nothing is searched */
    const char *const *argv;    /* ends with NULL */
    const char *const *env;     /* all of it; ends with NULL */

    /* Descriptors above 2 that are not named here are closed.  Standard
     * input is empty unless named; standard output and error are read by
     * us, unless @no_output drops the first.
     */
    const struct vt_spawn_fd *fds;
    size_t fd_count;
    bool no_output;

    const struct vt_spawn_limit *limits;
    size_t limit_count;

    /* What shuts it in, before it runs: a Landlock ruleset or -1, and
     * seccomp filters.  Either sets no_new_privs.
     */
    int landlock;
    const struct sock_fprog *filters;
    size_t filter_count;

    /* The processors it may run on, or NULL: as we may.  It is a wish: where
     * it cannot be had the helper runs anywhere.
     */
    const cpu_set_t *cpus;

    /* Ten digits inside a string of @env that become the helper's process
     * id, or NULL.
     */
    char *pid_digits;
};

struct vt_process {
    const char *name;           /* for messages; borrowed from argv[0] */
    pid_t pid;                  /* 0: not there, or seen to end */
    int pidfd;                  /* readable when it has ended */
    int out;
    int err;
    struct vt_buf log;          /* the end of what it said on standard error */
};

#define VT_PROCESS_INIT                                                     \
    { .name = "", .pid = 0, .pidfd = -1, .out = -1, .err = -1,              \
      .log = VT_BUF_INIT }

/* A point in time, in milliseconds of CLOCK_MONOTONIC. */
uint64_t vt_deadline_in(unsigned milliseconds);

/* Start it.  When this returns 0 the program itself is running. */
int vt_process_start(const struct vt_spawn *spawn,
                     struct vt_process *ret_process, struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* Add all that it writes to standard output to @output and see it end.
 *
 * Fails when it ends with another status than 0 or by a signal, when it
 * writes more than @output_max bytes, and when @deadline passes: then it is
 * killed.  In every case it is gone afterwards.
 */
int vt_process_read(struct vt_process *process, size_t output_max,
                    uint64_t deadline, struct vt_buf *output,
                    struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* Add one line of its standard output, the newline with it, to @output, which
 * is empty; the helper goes on.  What follows the line at once is added, too,
 * and so is a line without an end when the helper ended by itself: whoever
 * reads it will see.  Fails when it ended without a word, and as
 * vt_process_read() does; then it is gone.
 */
int vt_process_read_line(struct vt_process *process, size_t output_max,
                         uint64_t deadline, struct vt_buf *output,
                         struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* Wait until @fd is readable while the helper lives.  Fails when it ends
 * before, or when @deadline passes.
 */
int vt_process_wait(struct vt_process *process, int fd, uint64_t deadline,
                    struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* Whether it still runs; what it says on standard error is read meanwhile, so
 * that it never has to wait for us.
 */
bool vt_process_look(struct vt_process *process);

/* Kill it with all of its group, if it is there, and release everything.
 * Safe to call twice.
 */
void vt_process_stop(struct vt_process *process);

#endif /* VT_SPAWN_H */
