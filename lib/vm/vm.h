/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * vm.h - a running VM, and what can be asked of it from outside
 *
 * A VM is reached by a QMP socket, or by a libvirt that passes commands on.
 * Everything here reads: no command that pauses, changes or slows the guest
 * is ever sent.  What QEMU answers is kept as it stands, as evidence that
 * lib/verdict judges.
 */

#ifndef VT_VM_H
#define VT_VM_H

#include "vm/qmp.h"

/* Limits of waiting, in milliseconds: for one command, and for a greeting. */
#define VT_VM_ANSWER_MS 30000u  /* 64 vCPUs on a busy host took over 10 s */
#define VT_VM_GREET_MS  5000u
#define VT_VM_AGENT_MS  2000u

/* Above so many vCPUs the local APICs are not asked one by one. */
#define VT_VM_LAPICS_MAX 64u

/* Passes one QMP command on, as vt_qmp_run() does. */
typedef int vt_vm_run_fn(void *context, const char *command,
                         const char *arguments, struct vt_buf *answer,
                         struct vtopo_error *err);

struct vt_vm {
    vt_vm_run_fn *run;
    void *context;              /* borrowed */
    vt_vm_run_fn *run_agent;    /* the same of the guest's agent, or NULL */
    void *agent;                /* its context; borrowed */
    /* Reads the processor time of up to @count vCPUs in nanoseconds, returns
     * of how many; NULL: the threads are on this machine, if @local.
     */
    unsigned (*read_times)(void *context, unsigned long long *times,
                           unsigned count);
    bool local;
    bool has_stats;             /* query-stats is worth asking */
    bool asked_stats;
    bool has_shape;
    struct vtopo_shape shape;   /* for APIC ids; set by vt_vm_ask_state() */
};

/* The VM behind @qmp, which must outlive it. */
struct vt_vm vt_vm_of_qmp(struct vt_qmp *qmp);

/* Connect to the guest agent behind the Unix socket @path, and have @vm ask it,
 * too.  Whether an agent listens there is seen when it is asked.
 */
int vt_vm_add_agent(struct vt_vm *vm, const char *path, struct vt_qmp *agent,
                    struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* A VM of libvirt.  Its library is loaded when the first one is opened. */
struct vt_libvirt;

/* Connect to @uri ("qemu:///system") and find the running domain @name.
 * Commands go through libvirt's monitor, which marks the domain as tainted.
 */
int vt_libvirt_open(const char *uri, const char *name,
                    struct vt_libvirt **ret_libvirt, struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* The VM behind it, which must outlive it. */
struct vt_vm vt_vm_of_libvirt(struct vt_libvirt *libvirt);

/* NULL is nothing to do. */
void vt_libvirt_close(struct vt_libvirt *libvirt);

static inline void
vt_libvirt_closep(struct vt_libvirt **libvirt)
{
    vt_libvirt_close(*libvirt);
}

/* What a VM is made of, as QEMU says it. */
struct vt_vm_state {
    bool kvm;
    char status[32];            /* "running", "paused" and so on */
    bool has_shape;
    struct vtopo_shape shape;   /* as `qom-get /machine smp` has it (6.1) */
};

int vt_vm_ask_state(struct vt_vm *vm, struct vt_vm_state *ret_state,
                    struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* Take one sample: @sample gets a JSON object, a member of "samples" of a
 * record.  @at_s is its time in seconds since the first one.
 */
int vt_vm_sample(struct vt_vm *vm, double at_s, struct vt_buf *sample,
                 struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

#endif /* VT_VM_H */
