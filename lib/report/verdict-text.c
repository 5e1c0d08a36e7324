/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * verdict-text.c - which vCPUs a guest uses, for people
 *
 * The verdict first; then vCPUs that are alike, one line for all of them;
 * then the findings with their cures.
 */

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "report/findings-json.h"
#include "report/verdict.h"
#include "report/words.h"

static bool
is_alike(const struct vt_vcpu *a, const struct vt_vcpu *b)
{
    return a->state == b->state && a->owner == b->owner
        && strcmp(a->reason, b->reason) == 0;
}

/* What is said of a vCPU: never more than was seen. */
static const char *
phrase(const struct vt_vcpu *vcpu)
{
    switch (vcpu->state) {
    case VT_STATE_USED:
        return "used: the system took it";
    case VT_STATE_PARKED:
        return "parked: the system started it and put it away";
    case VT_STATE_NEVER_STARTED:
        return vcpu->owner == VT_OWNER_NONE
            ? "never started: nothing ever ran on it"
            : "never started: only firmware ran on it";
    case VT_STATE_UNKNOWN:
        break;
    }
    return "not known";
}

static void
add_group(struct vt_buf *out, const struct vt_verdict *verdict,
          unsigned first, unsigned next)
{
    const struct vt_vcpu *vcpu = &verdict->vcpus[first];
    vt_auto(vt_buf_clear) struct vt_buf text = VT_BUF_INIT;
    char head[40];
    char ids[24];

    if (next - first == 1)
        (void)snprintf(ids, sizeof(ids), "%u", vcpu->id);
    else
        (void)snprintf(ids, sizeof(ids), "%u-%u", vcpu->id,
                       verdict->vcpus[next - 1].id);
    (void)snprintf(head, sizeof(head), "  vCPU %-7s  ", ids);
    vt_buf_add_string(&text, phrase(vcpu));
    if (vcpu->reason[0] != '\0'
        && strcmp(vcpu->reason, verdict->reason) != 0)
        vt_buf_printf(&text, " (%s)", vcpu->reason);
    vt_words_wrap(out, head, vt_buf_string(&text));
}

static void
add_vcpus(struct vt_buf *out, const struct vt_verdict *verdict)
{
    unsigned next;

    for (unsigned i = 0; i < verdict->count; i = next) {
        const struct vt_vcpu *vcpus = verdict->vcpus;

        next = i + 1;
        while (next < verdict->count
               && vcpus[next].id == vcpus[next - 1].id + 1
               && is_alike(&vcpus[i], &vcpus[next]))
            next++;
        add_group(out, verdict, i, next);
    }
}

static void
add_planned(struct vt_buf *out, const struct vt_predict_answer *planned)
{
    vt_auto(vt_buf_clear) struct vt_buf text = VT_BUF_INIT;

    vt_words_shape(&text, &planned->prediction->shape);
    if (planned->prediction->has_guest)
        vt_buf_printf(&text, ", for %s", planned->resolved.limits.name);
    vt_words_wrap(out, "  Planned       ", vt_buf_string(&text));
}

/* Which signals there were, in words. */
static void
add_signals(struct vt_buf *out, const struct vt_verdict *verdict)
{
    static const char *const words[] = {
        [VT_SIGNAL_REGISTERS] = "registers",
        [VT_SIGNAL_LOCAL_APIC] = "local APIC",
        [VT_SIGNAL_THREAD_TIME] = "time of the vCPU's thread",
        [VT_SIGNAL_QUERY_STATS] = "counters of KVM",
    };
    vt_auto(vt_buf_clear) struct vt_buf text = VT_BUF_INIT;

    for (unsigned kind = 0; kind < VT_SIGNALS; kind++) {
        bool any = false;

        for (unsigned i = 0; i < verdict->count; i++)
            any = any || verdict->vcpus[i].signals[kind].value[0] != '\0';
        if (any)
            vt_buf_printf(&text, "%s%s", text.length > 0 ? ", " : "",
                          words[kind]);
    }
    if (text.length > 0)
        vt_words_wrap(out, "  Seen by       ", vt_buf_string(&text));
}

static void
add_watched(struct vt_buf *out, const struct vt_verdict *verdict)
{
    vt_buf_printf(out, "  Watched       %u.%u s%s\n",
                  verdict->watched_ms / 1000,
                  verdict->watched_ms % 1000 / 100,
                  verdict->settled || verdict->outcome != VT_OUTCOME_UNKNOWN
                  ? "" : ", and not settled yet");
    add_signals(out, verdict);
    if (verdict->has_agent)
        vt_buf_printf(out, "  Guest agent   %u online\n",
                      verdict->agent_online);
}

void
vt_verdict_text(struct vt_buf *out, const struct vt_verdict_answer *answer)
{
    const struct vt_verdict *verdict = answer->verdict;
    static const char *const heads[] = {
        [VT_OUTCOME_UNKNOWN] = "Not known: ",
        [VT_ALL_USED] = "All used: ",
        [VT_WASTED] = "Wasted: ",
    };
    char sentence[sizeof(verdict->reason) + 1];

    (void)snprintf(sentence, sizeof(sentence), "%s.", verdict->reason);
    vt_words_wrap(out, heads[verdict->outcome], sentence);
    if (answer->planned != NULL)
        add_planned(out, answer->planned);
    add_vcpus(out, verdict);
    if (verdict->count > 0)
        add_watched(out, verdict);
    vt_findings_text(out, &answer->findings);
}
