/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * predict-text.c - a prediction as a table for people
 *
 * One line a vCPU; where there are many, vCPUs that stand together and share
 * socket and fate become one line with ranges.
 */

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/config.h"
#include "guest/tables.h"
#include "report/predict-text.h"
#include "report/words.h"
#include "topology/cpu-model.h"
#include "topology/level.h"

/* More vCPUs than this are shown as ranges. */
#define LINES_MAX 16u

static void
add_header(struct vt_buf *out, const struct vt_predict_answer *answer)
{
    const struct vtopo_prediction *prediction = answer->prediction;
    const struct vtopo_dialect *dialect = &answer->resolved.dialect;
    struct vt_cpu cpu;

    vt_buf_printf(out, "%u vCPU%s", prediction->shape.cpus,
                  prediction->shape.cpus == 1 ? "" : "s");
    if (prediction->shape.maxcpus != prediction->shape.cpus)
        vt_buf_printf(out, " of %u", prediction->shape.maxcpus);
    vt_buf_add_string(out, ": ");
    vt_words_shape(out, &prediction->shape);
    vt_buf_printf(out, "\n%s, QEMU %u.%u",
                  dialect->machine[0] != '\0' ? dialect->machine
                                              : "a machine spelt out",
                  dialect->qemu / 100, dialect->qemu % 100);
    if (prediction->x86) {
        vt_cpu_settle(&answer->resolved.cpu, dialect, &cpu);
        vt_buf_printf(out, ", %s%s CPU under %s",
                      cpu.vendor == VTOPO_AMD ? "AMD" : "Intel",
                      cpu.topoext ? " (topoext)" : "",
                      cpu.accel == VTOPO_TCG ? "TCG" : "KVM");
    }
    vt_buf_add_char(out, '\n');
    if (prediction->has_guest)
        vt_buf_printf(out, "%s, %s\n", answer->resolved.limits.name,
                      answer->resolved.limits.arch == VTOPO_X86
                      ? "32-bit" : "64-bit");
    vt_buf_add_char(out, '\n');
}

static bool
shares_line(const struct vtopo_vcpu *a, const struct vtopo_vcpu *b)
{
    return a->fate == b->fate && a->left == b->left
        && a->place.socket == b->place.socket
        && a->place.drawer == b->place.drawer
        && a->place.book == b->place.book;
}

/* "3", or "0-7" padded to @width. */
static void
add_cell(struct vt_buf *out, unsigned first, unsigned last, int width)
{
    char text[32];

    if (first == last)
        (void)snprintf(text, sizeof(text), "%u", first);
    else
        (void)snprintf(text, sizeof(text), "%u-%u", first, last);
    vt_buf_printf(out, "  %*s", width, text);
}

static const char *
fate_words(const struct vtopo_prediction *prediction,
           const struct vtopo_vcpu *vcpu)
{
    if (!prediction->has_guest)
        return "";
    if (vcpu->fate == VTOPO_FATE_UNKNOWN)
        return "unknown";
    return vtopo_fate_name(vcpu->fate);
}

static const char *
left_words(const struct vtopo_prediction *prediction,
           const struct vtopo_vcpu *vcpu)
{
    if (!prediction->has_guest || vcpu->left == VTOPO_LEFT_UNKNOWN)
        return "";
    return vcpu->left == VTOPO_LEFT_PARKED ? ", parked" : ", never started";
}

static void
widen(struct vtopo_range *range, unsigned count)
{
    range->least = count < range->least ? count : range->least;
    range->most = count > range->most ? count : range->most;
}

static void
add_row(struct vt_buf *out, const struct vtopo_prediction *prediction,
        unsigned first, unsigned last)
{
    const struct vtopo_vcpu *a = &prediction->vcpus[first];
    const struct vtopo_vcpu *b = &prediction->vcpus[last];
    struct vtopo_range cores = { ~0u, 0 };
    struct vtopo_range threads = { ~0u, 0 };

    for (const struct vtopo_vcpu *vcpu = a; vcpu <= b; vcpu++) {
        widen(&cores, vcpu->place.core);
        widen(&threads, vcpu->place.thread);
    }
    add_cell(out, first, last, 9);
    if (prediction->x86)
        add_cell(out, a->apic_id, b->apic_id, 9);
    add_cell(out, a->place.socket, b->place.socket, 6);
    add_cell(out, cores.least, cores.most, 6);
    add_cell(out, threads.least, threads.most, 6);
    vt_buf_printf(out, "%s%s%s\n", prediction->has_guest ? "  " : "",
                  fate_words(prediction, a), left_words(prediction, a));
}

static void
add_table(struct vt_buf *out, const struct vtopo_prediction *prediction)
{
    unsigned count = prediction->shape.maxcpus;
    bool many = count > LINES_MAX;
    unsigned last;

    vt_buf_printf(out, "  %9s", "vCPU");
    if (prediction->x86)
        vt_buf_printf(out, "  %9s", "APIC id");
    vt_buf_printf(out, "  %6s  %6s  %6s%s\n", "socket", "core", "thread",
                  prediction->has_guest ? "  fate" : "");
    for (unsigned first = 0; first < count; first = last + 1) {
        last = first;
        while (many && last + 1 < count
               && shares_line(&prediction->vcpus[first],
                              &prediction->vcpus[last + 1]))
            last++;
        add_row(out, prediction, first, last);
    }
    vt_buf_add_char(out, '\n');
}

static void
add_range(struct vt_buf *out, struct vtopo_range range)
{
    if (range.least == range.most)
        vt_buf_printf(out, "%u", range.least);
    else
        vt_buf_printf(out, "%u to %u", range.least, range.most);
}

static void
add_counts(struct vt_buf *out, const struct vt_predict_answer *answer)
{
    const struct vtopo_prediction *prediction = answer->prediction;
    vt_auto(vt_buf_clear) struct vt_buf line = VT_BUF_INIT;
    bool windows = answer->resolved.limits.counting != VTOPO_COUNT_NOTHING;

    if (windows && prediction->device_manager != VTOPO_ABSENT)
        vt_buf_printf(&line, "Device Manager shows %u, Task Manager ",
                      prediction->device_manager);
    else if (windows)
        vt_buf_add_string(&line, "Device Manager's count is not known, "
                          "Task Manager shows ");
    else
        vt_buf_add_string(&line, "uses ");
    add_range(&line, prediction->task_manager);
    if (prediction->sockets_used.most != VTOPO_ABSENT) {
        vt_buf_add_string(&line, "; sockets used: ");
        add_range(&line, prediction->sockets_used);
    }
    if (prediction->cores_per_socket != VTOPO_ABSENT)
        vt_buf_printf(&line, "; it sees %u core%s per socket, %u thread%s "
                      "per core", prediction->cores_per_socket,
                      prediction->cores_per_socket == 1 ? "" : "s",
                      prediction->threads_per_core,
                      prediction->threads_per_core == 1 ? "" : "s");
    vt_buf_add_char(&line, '.');
    vt_words_wrap(out, "Guest: ", vt_buf_string(&line));
}

/* Whether what can be hot-added would be of any use. */
static void
add_hot_add(struct vt_buf *out, const struct vtopo_prediction *prediction)
{
    vt_auto(vt_buf_clear) struct vt_buf line = VT_BUF_INIT;
    unsigned all = prediction->shape.maxcpus;

    if (all == prediction->shape.cpus)
        return;
    vt_buf_printf(&line, "with all %u present, ", all);
    if (prediction->used_if_added.least == all) {
        vt_buf_add_string(&line, "all would be used.");
    } else {
        add_range(&line, prediction->used_if_added);
        vt_buf_add_string(&line, " would be used.");
    }
    vt_words_wrap(out, "Later: ", vt_buf_string(&line));
}

static void
add_groups(struct vt_buf *out, const struct vtopo_prediction *prediction)
{
    if (prediction->groups < 2)
        return;
    vt_buf_printf(out, "%u processor groups: a process uses %s.\n",
                  prediction->groups, prediction->process_spans_groups
                  ? "all of them by default"
                  : "one of them unless it was written for more");
}

/* Two fates may have one reason. */
static bool
said_before(const struct vtopo_prediction *prediction, unsigned fate)
{
    for (unsigned i = 0; i < fate; i++) {
        if (i != VTOPO_NOT_PRESENT
            && strcmp(prediction->rule[i], prediction->rule[fate]) == 0)
            return true;
    }
    return false;
}

/* Every rule that decided, each once. */
static void
add_rules(struct vt_buf *out, const struct vtopo_prediction *prediction)
{
    for (unsigned i = 0; i < VTOPO_FATES; i++) {
        if (i == VTOPO_NOT_PRESENT || prediction->rule[i][0] == '\0'
            || said_before(prediction, i))
            continue;
        vt_words_wrap(out, "Rule: ", prediction->rule[i]);
    }
    if (prediction->rule[prediction->decided][0] != '\0'
        && prediction->source != NULL)
        vt_words_wrap(out, "Source: ", prediction->source);
}

static void
add_notes(struct vt_buf *out, unsigned notes)
{
    for (unsigned bit = 1; bit <= notes; bit <<= 1) {
        if ((notes & bit) != 0)
            vt_words_wrap(out, "Note: ",
                          vtopo_smp_note_text((enum vtopo_smp_note)bit));
    }
}

/* What has to be changed besides the shape, or "". */
static const char *
other_cure(const struct vtopo_limits *limits)
{
    if (limits->multiprocessor == VTOPO_NO)
        return "put in the multiprocessor HAL and kernel";
    if (limits->onecpu)
        return "take onecpu out of the boot options";
    if (limits->numproc != 0)
        return "take numproc out of the boot options";
    return "";
}

/* The sentence of what to change, after that of what is wasted. */
static void
add_cure(struct vt_buf *line, const struct vt_predict_answer *answer,
         const struct vtopo_shape *cure)
{
    const char *other = other_cure(&answer->resolved.limits);
    bool reshape = cure != NULL;

    if (!reshape && other[0] == '\0') {
        vt_buf_add_string(line, answer->prediction->wasted.least > 0
                          ? " No shape of that many is used in full."
                          : " No shape is sure to waste none.");
        return;
    }
    vt_buf_printf(line, " Cure: %s%s", other,
                  reshape && other[0] != '\0' ? ", and " : "");
    if (reshape) {
        vt_buf_add_string(line, "-smp ");
        vt_config_smp(line, cure);
    }
}

static void
add_verdict(struct vt_buf *out, const struct vt_predict_answer *answer,
            const struct vtopo_shape *cure)
{
    const struct vtopo_prediction *prediction = answer->prediction;
    vt_auto(vt_buf_clear) struct vt_buf line = VT_BUF_INIT;
    unsigned cpus = prediction->shape.cpus;

    if (prediction->wasted.most == 0) {
        vt_buf_printf(out, "%s.\n", cpus == 1 ? "The vCPU is used"
                      : "All vCPUs are used");
        return;
    }
    if (prediction->wasted.least == prediction->wasted.most)
        vt_buf_printf(&line, "%u", prediction->wasted.least);
    else
        vt_buf_printf(&line, "Between %u and %u", prediction->wasted.least,
                      prediction->wasted.most);
    vt_buf_printf(&line, " of %u vCPUs %s wasted.", cpus,
                  prediction->wasted.most == 1 ? "is" : "are");
    add_cure(&line, answer, cure);
    vt_words_wrap(out, "", vt_buf_string(&line));
}

void
vt_predict_text(struct vt_buf *out, const struct vt_predict_answer *answer,
                const struct vtopo_shape *cure)
{
    const struct vtopo_prediction *prediction = answer->prediction;

    add_header(out, answer);
    add_table(out, prediction);
    if (prediction->has_guest) {
        add_counts(out, answer);
        add_hot_add(out, prediction);
        add_groups(out, prediction);
        add_rules(out, prediction);
    }
    add_notes(out, answer->notes);
    if (prediction->has_guest)
        add_verdict(out, answer, cure);
}
