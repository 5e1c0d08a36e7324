/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * landlock.h - take the file system away from a process
 *
 * Spoken straight to the kernel: the C library has no calls for it, and the
 * headers of many systems are older than their kernels.  A ruleset takes
 * everything away that the running kernel can take away (files, TCP, abstract
 * sockets, signals to others) and gives back what its rules name.
 * Descriptors that are open already stay as they are.
 */

#ifndef VT_LANDLOCK_H
#define VT_LANDLOCK_H

#include <stdbool.h>

#include "vtopo.h"

/* What a rule can give back. */
#define VT_LANDLOCK_READ    1u  /* of a file, or of all files in a folder */
#define VT_LANDLOCK_LIST    2u  /* folders alone */
#define VT_LANDLOCK_EXECUTE 4u
#define VT_LANDLOCK_CONTROL 8u  /* ioctl() of a device */
#define VT_LANDLOCK_WRITE   16u /* of a file */

/* The version of Landlock that the kernel speaks; 0: none at all. */
unsigned vt_landlock_version(void);

/* Make a ruleset, a descriptor for vt_landlock_enter(), that gives nothing
 * back yet.  The kernel must have Landlock.  With @network TCP stays as it is.
 */
int vt_landlock_open(bool network, int *ret_ruleset, struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* Give back @allow, of VT_LANDLOCK_*, for the file or the folder open as @fd;
 * O_PATH will do.
 */
int vt_landlock_allow(int ruleset, int fd, unsigned allow,
                      struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* Shut the calling thread in, for good.  It must have no_new_privs.
 * Returns 0, or -1 with errno: this one is called between fork and exec,
 * where there is no memory for messages.
 */
int vt_landlock_enter(int ruleset)
    __attribute__((warn_unused_result));

#endif /* VT_LANDLOCK_H */
