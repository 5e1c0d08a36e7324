/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * verdict-json.c - which vCPUs a guest uses, for programs
 */

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "config/config.h"
#include "report/cure.h"
#include "report/findings-json.h"
#include "report/verdict.h"

/* ------------------------------------------------------------------ answer */

/* Put the shape that cures it into the findings of waste. */
static int
add_cures(const struct vt_predict_answer *planned,
          struct vt_findings *findings, struct vtopo_error *err)
{
    vt_auto(vt_buf_clear) struct vt_buf smp = VT_BUF_INIT;
    struct vtopo_shape shape;
    bool found;

    if (!planned->prediction->has_guest
        || planned->prediction->wasted.most == 0)
        return 0;
    if (vt_cure_find(planned, &found, &shape, err) < 0)
        return -1;
    if (!found)
        return 0;
    vt_config_smp(&smp, &shape);
    for (unsigned i = 0; i < findings->count; i++) {
        struct vt_finding *finding = &findings->list[i];

        if (strcmp(finding->code, "never-started") == 0
            || strcmp(finding->code, "parked") == 0)
            (void)snprintf(finding->cure, sizeof(finding->cure), "-smp %s",
                           vt_buf_string(&smp));
    }
    return vt_buf_check(&smp, err);
}

int
vt_verdict_answer_make(const struct vt_verdict *verdict,
                       const struct vt_predict_answer *planned,
                       struct vt_verdict_answer *ret_answer,
                       struct vtopo_error *err)
{
    struct vt_findings findings = { .count = 0 };
    const struct vtopo_prediction *prediction =
        planned != NULL ? planned->prediction : NULL;

    vt_verdict_compare(verdict, prediction != NULL ? &prediction->shape : NULL,
                       prediction,
                       planned != NULL && planned->resolved.has_guest
                       ? &planned->resolved.limits : NULL, &findings);
    if (planned != NULL && add_cures(planned, &findings, err) < 0)
        return -1;
    *ret_answer = (struct vt_verdict_answer) {
        .verdict = verdict, .planned = planned, .findings = findings,
    };
    return 0;
}

/* -------------------------------------------------------------------- JSON */

static void
write_range_or_null(struct vt_json *json, const char *key,
                    struct vtopo_range range)
{
    vt_json_key(json, key);
    if (range.least == range.most && range.most != VTOPO_ABSENT)
        vt_json_uint(json, range.least);
    else
        vt_json_null(json);
}

static void
write_planned(struct vt_json *json, const struct vt_predict_answer *planned)
{
    const struct vtopo_prediction *prediction;

    if (planned == NULL) {
        vt_json_null(json);
        return;
    }
    prediction = planned->prediction;
    vt_json_open(json, '{');
    vt_json_key(json, "shape");
    vt_shape_write(json, &prediction->shape);
    vt_json_key(json, "guest");
    vt_json_string_or_null(json, prediction->has_guest
                           ? planned->resolved.limits.name : NULL);
    if (prediction->has_guest) {
        write_range_or_null(json, "used", prediction->task_manager);
        write_range_or_null(json, "wasted", prediction->wasted);
    } else {
        vt_json_key(json, "used");
        vt_json_null(json);
        vt_json_key(json, "wasted");
        vt_json_null(json);
    }
    vt_json_close(json, '}');
}

static void
write_signals(struct vt_json *json, const struct vt_vcpu *vcpu)
{
    vt_json_open(json, '{');
    for (unsigned i = 0; i < VT_SIGNALS; i++) {
        const struct vt_signal *signal = &vcpu->signals[i];

        vt_json_key(json, vt_signal_name((enum vt_signal_kind)i));
        if (signal->value[0] == '\0') {
            vt_json_null(json);
            continue;
        }
        vt_json_open(json, '{');
        vt_json_key(json, "value");
        vt_json_string(json, signal->value);
        vt_json_key(json, "says");
        vt_json_string(json, signal->says);
        vt_json_close(json, '}');
    }
    vt_json_close(json, '}');
}

static void
write_vcpu(struct vt_json *json, const struct vt_vcpu *vcpu)
{
    vt_json_open(json, '{');
    vt_json_key(json, "id");
    vt_json_uint(json, vcpu->id);
    vt_json_key(json, "state");
    vt_json_string(json, vt_state_name(vcpu->state));
    vt_json_key(json, "owner");
    vt_json_string(json, vt_owner_name(vcpu->owner));
    vt_json_key(json, "rule");
    vt_json_string_or_null(json, vcpu->rule);
    vt_json_key(json, "reason");
    vt_json_string_or_null(json, vcpu->reason[0] != '\0' ? vcpu->reason
                                                         : NULL);
    vt_json_key(json, "signals");
    write_signals(json, vcpu);
    vt_json_close(json, '}');
}

static void
write_count(struct vt_json *json, const char *key, unsigned count)
{
    vt_json_key(json, key);
    vt_json_uint(json, count);
}

void
vt_verdict_write(struct vt_json *json, const struct vt_verdict_answer *answer)
{
    const struct vt_verdict *verdict = answer->verdict;

    vt_json_open(json, '{');
    vt_json_key(json, "planned");
    write_planned(json, answer->planned);
    vt_json_key(json, "vcpus");
    vt_json_open(json, '[');
    for (unsigned i = 0; i < verdict->count; i++)
        write_vcpu(json, &verdict->vcpus[i]);
    vt_json_close(json, ']');
    write_count(json, "used", verdict->used);
    write_count(json, "parked", verdict->parked);
    write_count(json, "never_started", verdict->never_started);
    write_count(json, "unknown", verdict->unknown);
    vt_json_key(json, "agent_online");
    if (verdict->has_agent)
        vt_json_uint(json, verdict->agent_online);
    else
        vt_json_null(json);
    vt_json_key(json, "verdict");
    vt_json_string(json, vt_outcome_name(verdict->outcome));
    vt_json_key(json, "reason");
    vt_json_string(json, verdict->reason);
    vt_json_key(json, "settled");
    vt_json_bool(json, verdict->settled);
    write_count(json, "watched_ms", verdict->watched_ms);
    vt_findings_write(json, &answer->findings);
    vt_json_close(json, '}');
}
