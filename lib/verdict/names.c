/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * names.c - the words of a verdict
 */

#include <stdio.h>
#include <string.h>

#include "verdict/verdict.h"

const char *
vt_state_name(enum vt_state state)
{
    static const char *const names[] = {
        [VT_STATE_UNKNOWN] = "unknown",
        [VT_STATE_USED] = "used",
        [VT_STATE_PARKED] = "parked",
        [VT_STATE_NEVER_STARTED] = "never-started",
    };

    return names[state];
}

const char *
vt_owner_name(enum vt_owner owner)
{
    static const char *const names[] = {
        [VT_OWNER_UNKNOWN] = "unknown",
        [VT_OWNER_GUEST] = "guest",
        [VT_OWNER_FIRMWARE] = "firmware",
        [VT_OWNER_HYPERVISOR] = "hypervisor-in-guest",
        [VT_OWNER_NONE] = "none",
    };

    return names[owner];
}

const char *
vt_outcome_name(enum vt_outcome outcome)
{
    static const char *const names[] = {
        [VT_OUTCOME_UNKNOWN] = "unknown",
        [VT_ALL_USED] = "all-used",
        [VT_WASTED] = "wasted",
    };

    return names[outcome];
}

const char *
vt_signal_name(enum vt_signal_kind kind)
{
    static const char *const names[VT_SIGNALS] = {
        [VT_SIGNAL_REGISTERS] = "registers",
        [VT_SIGNAL_LOCAL_APIC] = "local_apic",
        [VT_SIGNAL_THREAD_TIME] = "thread_time",
        [VT_SIGNAL_QUERY_STATS] = "query_stats",
    };

    return names[kind];
}

/* Add "3" or "3-5" where there is room for all of it. */
static void
add_range(char *text, size_t size, unsigned first, unsigned last)
{
    size_t length = strlen(text);
    const char *comma = length > 0 ? ", " : "";
    char range[32];

    if (first == last)
        (void)snprintf(range, sizeof(range), "%s%u", comma, first);
    else
        (void)snprintf(range, sizeof(range), "%s%u-%u", comma, first, last);
    if (length + strlen(range) + sizeof(", ...") <= size)
        (void)snprintf(text + length, size - length, "%s", range);
    else if (length + sizeof(", ...") <= size
             && (length < 3 || strcmp(text + length - 3, "...") != 0))
        (void)snprintf(text + length, size - length, ", ...");
}

unsigned
vt_verdict_ids(const struct vt_verdict *verdict,
               bool (*wanted)(const struct vt_vcpu *vcpu),
               char *ret_text, size_t size)
{
    const struct vt_vcpu *vcpus = verdict->vcpus;
    unsigned count = 0;

    ret_text[0] = '\0';
    for (unsigned i = 0; i < verdict->count; i++) {
        unsigned first = i;

        if (!wanted(&vcpus[i]))
            continue;
        while (i + 1 < verdict->count && wanted(&vcpus[i + 1])
               && vcpus[i + 1].id == vcpus[i].id + 1)
            i++;
        add_range(ret_text, size, vcpus[first].id, vcpus[i].id);
        count += i - first + 1;
    }
    return count;
}
