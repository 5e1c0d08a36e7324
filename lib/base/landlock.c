/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * landlock.c - take the file system away from a process (see landlock.h)
 *
 * The numbers are those of linux/landlock.h up to version 7 of the
 * interface; they are written out because the header of the system that
 * compiles this may know fewer.
 */

#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "base/landlock.h"

/* The same on every architecture. */
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule       445
#define SYS_landlock_restrict_self  446
#endif

#define CREATE_VERSION  1u
#define RULE_PATH       1

#define FS_EXECUTE      (UINT64_C(1) << 0)
#define FS_WRITE_FILE   (UINT64_C(1) << 1)
#define FS_READ_FILE    (UINT64_C(1) << 2)
#define FS_READ_DIR     (UINT64_C(1) << 3)
#define FS_TRUNCATE     (UINT64_C(1) << 14)
#define FS_IOCTL_DEV    (UINT64_C(1) << 15)
#define NET_BIND_TCP    (UINT64_C(1) << 0)
#define NET_CONNECT_TCP (UINT64_C(1) << 1)
#define SCOPE_ABSTRACT  (UINT64_C(1) << 0)
#define SCOPE_SIGNAL    (UINT64_C(1) << 1)

struct ruleset_attr {
    uint64_t handled_fs;
    uint64_t handled_net;       /* from version 4 */
    uint64_t scoped;            /* from version 6 */
};

struct path_attr {
    uint64_t allowed;
    int32_t parent_fd;
} __attribute__((packed));

/* The file rights that each version knows: all bits below this one. */
static const unsigned fs_rights[] = { 0, 13, 14, 15, 15, 16 };

unsigned
vt_landlock_version(void)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0,
                           CREATE_VERSION);

    return version > 0 ? (unsigned)version : 0;
}

static uint64_t
handled_fs(unsigned version)
{
    unsigned last = sizeof(fs_rights) / sizeof(fs_rights[0]) - 1;

    return (UINT64_C(1) << fs_rights[version < last ? version : last]) - 1;
}

int
vt_landlock_open(bool network, int *ret_ruleset, struct vtopo_error *err)
{
    unsigned version = vt_landlock_version();
    struct ruleset_attr attr = { .handled_fs = handled_fs(version) };
    size_t size = sizeof(attr.handled_fs);
    int ruleset;

    /* An older kernel refuses a struct that is longer than its own. */
    if (version >= 4) {
        attr.handled_net = network ? 0 : NET_BIND_TCP | NET_CONNECT_TCP;
        size += sizeof(attr.handled_net);
    }
    if (version >= 6) {
        attr.scoped = SCOPE_ABSTRACT | SCOPE_SIGNAL;
        size += sizeof(attr.scoped);
    }
    ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, size, 0);
    if (ruleset < 0)
        return vt_fail_errno(err, "cannot make a Landlock ruleset");
    *ret_ruleset = ruleset;
    return 0;
}

int
vt_landlock_allow(int ruleset, int fd, unsigned allow,
                  struct vtopo_error *err)
{
    struct path_attr attr = { .parent_fd = fd };

    if ((allow & VT_LANDLOCK_READ) != 0)
        attr.allowed |= FS_READ_FILE;
    if ((allow & VT_LANDLOCK_LIST) != 0)
        attr.allowed |= FS_READ_DIR;
    if ((allow & VT_LANDLOCK_EXECUTE) != 0)
        attr.allowed |= FS_EXECUTE;
    if ((allow & VT_LANDLOCK_CONTROL) != 0)
        attr.allowed |= FS_IOCTL_DEV;
    if ((allow & VT_LANDLOCK_WRITE) != 0)
        attr.allowed |= FS_WRITE_FILE | FS_TRUNCATE;
    /* What the kernel does not know, it does not take away either. */
    attr.allowed &= handled_fs(vt_landlock_version());
    if (syscall(SYS_landlock_add_rule, ruleset, RULE_PATH, &attr, 0) < 0)
        return vt_fail_errno(err, "cannot add a Landlock rule");
    return 0;
}

int
vt_landlock_enter(int ruleset)
{
    return (int)syscall(SYS_landlock_restrict_self, ruleset, 0);
}
