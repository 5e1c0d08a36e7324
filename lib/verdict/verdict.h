/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * verdict.h - which vCPUs a guest uses, by what was seen from outside
 *
 * A record of looks at a running VM is judged by one rule for all guests;
 * nothing that a guest says of itself takes part, but for its agent, which is
 * one signal more.  Where signals disagree, or too little was seen, a vCPU is
 * unknown.  *Used* says that a system took the processor, not that it is
 * busy.
 */

#ifndef VT_VERDICT_H
#define VT_VERDICT_H

#include "guest/facts.h"
#include "verdict/record.h"

enum vt_state {
    VT_STATE_UNKNOWN,
    VT_STATE_USED,
    VT_STATE_PARKED,
    VT_STATE_NEVER_STARTED,
};

enum vt_owner {
    VT_OWNER_UNKNOWN,
    VT_OWNER_GUEST,
    VT_OWNER_FIRMWARE,
    VT_OWNER_HYPERVISOR,        /* one that runs inside the guest */
    VT_OWNER_NONE,              /* nothing ever ran there */
};

/* Signals that do not depend on one another. */
enum vt_signal_kind {
    VT_SIGNAL_REGISTERS,
    VT_SIGNAL_LOCAL_APIC,
    VT_SIGNAL_THREAD_TIME,
    VT_SIGNAL_QUERY_STATS,
    VT_SIGNALS,
};

struct vt_signal {
    char value[80];             /* what was seen; "" where it was not asked */
    const char *says;           /* what that means; static */
};

struct vt_vcpu {
    unsigned id;                /* index of QEMU */
    enum vt_state state;
    enum vt_owner owner;
    const char *rule;           /* id of the rule for its registers; static */
    char reason[96];            /* why it is unknown or parked, or "" */
    bool disagree;              /* signals do */
    bool spins;                 /* its thread takes a host CPU all the time */
    struct vt_signal signals[VT_SIGNALS];
};

enum vt_outcome { VT_OUTCOME_UNKNOWN, VT_ALL_USED, VT_WASTED };

struct vt_verdict {
    struct vt_vcpu *vcpus;      /* owned, by rising id */
    unsigned count;
    unsigned used, parked, never_started, unknown;
    enum vt_outcome outcome;
    char reason[160];           /* of the outcome; a sentence, never "" */
    bool settled;               /* what was seen will stay so */
    bool nested;                /* a hypervisor runs inside the guest */
    bool has_agent;
    unsigned agent_online;      /* processors, as the guest's agent says */
    unsigned watched_ms;        /* from the first look that counts to the last */
};

#define VT_VERDICT_INIT { .vcpus = NULL, .count = 0 }

/* Release what @verdict holds.  Safe to call twice. */
void vt_verdict_clear(struct vt_verdict *verdict);

/* Judge @record.  Fails with VTOPO_SYSTEM for want of memory alone;
 * @ret_verdict must be empty.
 */
int vt_judge(const struct vt_record *record,
             struct vt_verdict *ret_verdict, struct vtopo_error *err)
    __attribute__((warn_unused_result));

/* Whether looking on would show nothing new: a system runs on CPU 0 and no
 * state changed for the settle_ms of @record, in which CPU 0 was seen idle or
 * in user mode; without that, for 30 s.
 */
bool vt_verdict_settled(const struct vt_record *record);

/* Hold what was planned (@shape), predicted and observed against each other.
 * Each of them may be NULL.  Cures that need a new shape are left empty:
 * report/ knows how to say them.
 */
void vt_verdict_compare(const struct vt_verdict *verdict,
                        const struct vtopo_shape *shape,
                        const struct vtopo_prediction *prediction,
                        const struct vtopo_limits *limits,
                        struct vt_findings *findings);

/* Names as JSON has them. */
const char *vt_state_name(enum vt_state state);
const char *vt_owner_name(enum vt_owner owner);
const char *vt_outcome_name(enum vt_outcome outcome);
const char *vt_signal_name(enum vt_signal_kind kind);

/* Write the ids of the vCPUs that @wanted picks as "1, 3-5", cut to @size;
 * returns how many they are.
 */
unsigned vt_verdict_ids(const struct vt_verdict *verdict,
                        bool (*wanted)(const struct vt_vcpu *vcpu),
                        char *ret_text, size_t size);

#endif /* VT_VERDICT_H */
