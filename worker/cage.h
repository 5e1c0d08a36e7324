/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * cage.h - what the worker gives up before it reads a byte of an image
 *
 * No way back: from here on the process reads and writes descriptors that are
 * open, computes, and ends.  Whatever needs a file, a library to be loaded, a
 * thread or a name to be resolved happens before.
 *
 * Inside, memory can be had up to a limit (malloc() then fails as usual), the
 * processor for some seconds (then SIGXCPU), and no call of the C library
 * works that opens, looks at or changes a file by name: no fopen(), stat(),
 * setlocale(), iconv_open() or localtime(), and no fstat() either, which glibc
 * makes a call by name of.  lseek() tells the size of a file.
 */

#ifndef VW_CAGE_H
#define VW_CAGE_H

#include <stdint.h>

#include "vtopo.h"

/* Limits of the worker as shipped.  A tree of facts is small; what needs
 * memory are caches and decompressed registry records.
 */
#define VW_CAGE_MEMORY      (UINT64_C(768) << 20)
#define VW_CAGE_CPU_SECONDS 30u
#define VW_CAGE_FILES       64u

/* The highest descriptor that may be written to. */
#define VW_CAGE_WRITABLE    2

/* What happens when a system call is tried that is not allowed. */
enum vw_cage_action {
    VW_CAGE_KILL,               /* SIGSYS ends the process */
    VW_CAGE_DENY,               /* EPERM: for tests, which try them in a row */
};

struct vw_cage_limits {
    uint64_t memory;            /* bytes of address space */
    unsigned cpu_seconds;
    unsigned files;             /* descriptors */
    enum vw_cage_action action;

    /* Go on, in the resource limits alone, where the kernel has neither
     * seccomp nor Landlock; and use neither where it has them.
     */
    bool no_sandbox;
};

#define VW_CAGE_LIMITS                                                      \
    { .memory = VW_CAGE_MEMORY, .cpu_seconds = VW_CAGE_CPU_SECONDS,         \
      .files = VW_CAGE_FILES, .action = VW_CAGE_KILL, .no_sandbox = false }

/* Which parts are active. */
struct vw_cage_state {
    bool no_new_privs;
    bool limits;
    bool memory;                /* not under a sanitizer, which needs it all */
    bool seccomp;
    unsigned landlock;          /* version of its interface; 0: none */
};

/* Enter.  Fails with VTOPO_IMPOSSIBLE where the kernel has neither seccomp
 * nor Landlock, unless @limits say no_sandbox.
 */
int vw_cage_enter(const struct vw_cage_limits *limits,
                  struct vw_cage_state *ret_state, struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

#endif /* VW_CAGE_H */
