/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * filter.c - what qemu-nbd may not do, as seccomp filters
 *
 * The worker's filter lists what is allowed; qemu-nbd is not ours, and what
 * it needs changes with its releases.  So this one lists what a server of
 * disks never needs and an intruder does: networks, other processes, other
 * ways to reach the kernel.  Files are Landlock's part, and so is which
 * program may be executed.  Written as the kernel reads it, for the library
 * that makes it would be loaded at every start of vtopo.
 */

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "image/internal.h"

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#define CLONE_FLAGS 0
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#define CLONE_FLAGS 0
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCH AUDIT_ARCH_RISCV64
#define CLONE_FLAGS 0
#elif defined(__s390x__)
#define ARCH AUDIT_ARCH_S390X
#define CLONE_FLAGS 1
#elif defined(__powerpc64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ARCH AUDIT_ARCH_PPC64LE
#define CLONE_FLAGS 0
#endif

#ifdef ARCH

#define OFFSET(member) ((unsigned)offsetof(struct seccomp_data, member))

/* The low half of argument @n. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ARGUMENT(n) (OFFSET(args) + (n) * 8u)
#else
#define ARGUMENT(n) (OFFSET(args) + (n) * 8u + 4u)
#endif

#define LOAD(offset) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (offset))
#define RETURN(value) BPF_STMT(BPF_RET | BPF_K, (value))
#define FAIL(errnum) RETURN(SECCOMP_RET_ERRNO | (errnum))
#define IF_EQUAL(value, then, otherwise)                                    \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)(value), (then), (otherwise))

/* The next instruction but one, unless it is this call. */
#define DENY(call, errnum)                                                  \
    IF_EQUAL(SYS_##call, 0, 1), FAIL(errnum)

/* Every filter begins so: another architecture numbers calls otherwise. */
#define START                                                               \
    LOAD(OFFSET(arch)),                                                     \
    IF_EQUAL(ARCH, 1, 0),                                                   \
    RETURN(SECCOMP_RET_KILL_PROCESS),                                       \
    LOAD(OFFSET(nr))

#if defined(__x86_64__)
/* Likewise x32, which has this bit. */
#define NO_X32                                                              \
    BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000u, 0, 1),                 \
    RETURN(SECCOMP_RET_KILL_PROCESS),
#else
#define NO_X32
#endif

/* Newer than the headers that may compile this; the same everywhere. */
#ifndef SYS_io_uring_setup
#define SYS_io_uring_setup 425
#endif
#ifndef SYS_clone3
#define SYS_clone3 435
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif

static const struct sock_filter confined[] = {
    START,
    NO_X32
    /* Threads are needed, processes not.  The C library turns to clone(),
     * of which the flags can be seen, where there is no clone3().
     */
    DENY(clone3, ENOSYS),
    IF_EQUAL(SYS_clone, 0, 4),
    LOAD(ARGUMENT(CLONE_FLAGS)),
    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 1, 0),
    FAIL(EPERM),
    RETURN(SECCOMP_RET_ALLOW),
#ifdef SYS_fork
    DENY(fork, EPERM),
    DENY(vfork, EPERM),
#endif
    /* Its rings would do what is denied here. */
    DENY(io_uring_setup, ENOSYS),

    /* Other processes. */
    DENY(ptrace, EPERM),
    DENY(process_vm_readv, EPERM),
    DENY(process_vm_writev, EPERM),
    DENY(kill, EPERM),
    DENY(tkill, EPERM),
    DENY(pidfd_send_signal, EPERM),
    DENY(pidfd_getfd, EPERM),
    DENY(setpgid, EPERM),
    DENY(setsid, EPERM),

    /* Other ways to reach the kernel. */
    DENY(unshare, EPERM),
    DENY(setns, EPERM),
    DENY(mount, EPERM),
    DENY(umount2, EPERM),
    DENY(pivot_root, EPERM),
    DENY(chroot, EPERM),
    DENY(bpf, EPERM),
    DENY(perf_event_open, EPERM),
    DENY(userfaultfd, EPERM),
    DENY(keyctl, EPERM),
    DENY(add_key, EPERM),
    DENY(request_key, EPERM),
    DENY(init_module, EPERM),
    DENY(finit_module, EPERM),
    DENY(kexec_load, EPERM),
    DENY(open_by_handle_at, EPERM),
    DENY(personality, EPERM),
    DENY(execveat, EPERM),
    RETURN(SECCOMP_RET_ALLOW),
};

/* The socket that it listens on is made and connected by us. */
static const struct sock_filter offline[] = {
    START,
    DENY(socket, EPERM),
    DENY(connect, EPERM),
    DENY(bind, EPERM),
    RETURN(SECCOMP_RET_ALLOW),
};

static const struct sock_fprog filters[] = {
    { .len = VT_COUNT(confined),
      .filter = (struct sock_filter *)(uintptr_t)confined },
    { .len = VT_COUNT(offline),
      .filter = (struct sock_filter *)(uintptr_t)offline },
};

const struct sock_fprog *
vt_server_filters(bool network, size_t *ret_count)
{
    *ret_count = network ? 1 : VT_COUNT(filters);
    return filters;
}

#else

const struct sock_fprog *
vt_server_filters(bool network, size_t *ret_count)
{
    (void)network;
    *ret_count = 0;
    return NULL;
}

#endif
