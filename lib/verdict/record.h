/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * record.h - what a running VM shows of its vCPUs, in samples
 *
 * Evidence, and nothing else: what QEMU answered, when, and how much time
 * its threads had by then.  A record comes from a file, or grows while a VM
 * is watched.  Who answers may lie: all of it is bounded.
 */

#ifndef VT_RECORD_H
#define VT_RECORD_H

#include "base/buf.h"
#include "verdict/registers.h"

#define VT_RECORD_SAMPLES_MAX 256u
/* Looks (a vCPU in a sample) kept in all; large VMs keep fewer samples. */
#define VT_RECORD_LOOKS_MAX 131072u
/* The text of one sample, and of a file. */
#define VT_SAMPLE_SIZE_MAX (32u * 1024 * 1024)
#define VT_RECORD_SIZE_MAX (64u * 1024 * 1024)

/* Where nobody says how long nothing may change. */
#define VT_SETTLE_MS 1000u
#define VT_SETTLE_S_MAX 3600u

/* What one sample shows of one vCPU. */
struct vt_look {
    bool listed;                /* in query-cpus-fast */
    bool has_registers, has_lapic, has_time, has_exits, has_halts;
    struct vt_registers registers;
    unsigned spiv;
    unsigned thread;            /* thread-id */
    uint64_t time_us;           /* CPU time of its thread */
    uint64_t exits, halt_exits;
};

struct vt_sample {
    uint64_t at_us;
    char status[32];            /* "" where it was not asked */
    bool has_list;              /* query-cpus-fast was asked */
    bool has_registers;         /* of any vCPU */
    bool encrypted;             /* registers cannot be read (SEV-ES, SNP) */
    bool has_agent;
    unsigned agent_online;      /* guest-get-vcpus: how many are online */
    struct vt_look *looks;      /* owned */
    unsigned count;             /* of looks */
    char *text;                 /* owned: what was read, or NULL */
};

struct vt_record {
    enum vtopo_accel accel;
    char status[32];
    unsigned settle_ms;         /* a guest counts as started up when no state
                                 * changed for so long */
    struct vt_sample samples[VT_RECORD_SAMPLES_MAX];
    unsigned count;
    bool keeps_text;            /* of the samples, for vt_record_write() */
};

/* @accel "kvm" or "tcg", others are not known; @status as QEMU says it.
 * settle_ms is VT_SETTLE_MS, for the caller to change.
 */
int vt_record_new(const char *accel, const char *status,
                  struct vt_record **ret_record, struct vtopo_error *err)
    __attribute__((warn_unused_result));

void vt_record_free(struct vt_record *record);

static inline void
vt_record_freep(struct vt_record **record)
{
    vt_record_free(*record);
}
#define vt_autorecord vt_auto(vt_record_freep)

void vt_record_set_status(struct vt_record *record, const char *status);

/* Add a sample, one JSON object: "at_s" (seconds), and any of
 * "query-cpus-fast", "info registers -a", "info lapic" and "thread_s" (both
 * by cpu index), "query-stats", "query-status", "query-sev" and
 * "guest-agent" (what guest-get-vcpus returned).  Other members are skipped.
 * @text is changed, and not needed afterwards; text[length] must exist.
 *
 * Where the record is full, the oldest sample but the first makes room.
 * Fails with VTOPO_BAD_INPUT, the record as it was.
 */
int vt_record_add_sample(struct vt_record *record, char *text, size_t length,
                         struct vtopo_error *err)
    __attribute__((warn_unused_result));

/* Read a whole record: {"accel":..,"status":..,"settle_s":..,"samples":[..]}.
 * "accel" and "status" must be there, all else may be missing, and what is not
 * known is skipped.
 */
int vt_record_read(char *text, size_t length, struct vt_record **ret_record,
                   struct vtopo_error *err)
    __attribute__((warn_unused_result));

/* Write what vt_record_read() reads.  Samples that were added while @record
 * keeps no text are not in it.
 */
void vt_record_write(const struct vt_record *record, struct vt_buf *out);

#endif /* VT_RECORD_H */
