/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * proof-show.c - what is seen of a VM, while it is watched (see proof-show.h)
 */

#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "output.h"
#include "proof-show.h"

/* Where there are more vCPUs than lines, the rest is one line. */
#define LINES_MAX 40u

void
proof_show_start(struct proof_show *show)
{
    *show = (struct proof_show) { .terminal = isatty(STDERR_FILENO) == 1 };
}

static void
write_out(const struct vt_buf *text)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;

    /* Progress that nobody can see is no failure. */
    if (!text->failed)
        (void)!vt_write_all(STDERR_FILENO, "standard error", text->data,
                            text->length, &err);
}

/* How much of a processor the thread of vCPU @id took between the last two
 * samples, in percent; -1 where it is not known.
 */
static int
use_of(const struct vt_record *record, unsigned id)
{
    const struct vt_sample *last, *before;
    uint64_t wall, spent;

    if (record->count < 2)
        return -1;
    last = &record->samples[record->count - 1];
    before = &record->samples[record->count - 2];
    if (id >= last->count || id >= before->count || !last->looks[id].has_time
        || !before->looks[id].has_time || last->at_us <= before->at_us)
        return -1;
    wall = last->at_us - before->at_us;
    spent = last->looks[id].time_us - before->looks[id].time_us;
    return spent >= wall ? 100 : (int)(spent * 100 / wall);
}

static unsigned
lines_of_terminal(void)
{
    struct winsize size;

    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_row < 6)
        return 20;
    return size.ws_row - 3u < LINES_MAX ? size.ws_row - 3u : LINES_MAX;
}

static void
add_vcpu(struct vt_buf *out, const struct vt_vcpu *vcpu,
         const struct vt_record *record)
{
    int use = use_of(record, vcpu->id);

    vt_buf_printf(out, "\033[Kvcpu %4u  %-13s", vcpu->id,
                  vt_state_name(vcpu->state));
    if (use >= 0) {
        vt_buf_printf(out, " %3d %% ", use);
        for (int i = 0; i < use / 5; i++)
            vt_buf_add_char(out, '#');
    }
    vt_buf_add_char(out, '\n');
}

static void
add_counts(struct vt_buf *out, const struct vt_verdict *verdict,
           double seconds)
{
    vt_buf_printf(out, "after %.0f s: %u of %u vCPUs used", seconds,
                  verdict->used, verdict->count);
    if (verdict->parked != 0)
        vt_buf_printf(out, ", %u parked", verdict->parked);
    if (verdict->never_started != 0)
        vt_buf_printf(out, ", %u not started", verdict->never_started);
    if (verdict->unknown != 0)
        vt_buf_printf(out, ", %u not known", verdict->unknown);
    vt_buf_add_char(out, '\n');
}

static void
redraw(struct proof_show *show, const struct vt_verdict *verdict,
       const struct vt_record *record, double seconds)
{
    vt_auto(vt_buf_clear) struct vt_buf out = VT_BUF_INIT;
    unsigned most = lines_of_terminal();
    unsigned shown = verdict->count <= most ? verdict->count : most - 1;

    if (show->lines > 0)
        vt_buf_printf(&out, "\033[%uA", show->lines);
    for (unsigned i = 0; i < shown; i++)
        add_vcpu(&out, &verdict->vcpus[i], record);
    if (shown < verdict->count)
        vt_buf_printf(&out, "\033[K... and %u more\n",
                      verdict->count - shown);
    vt_buf_add_string(&out, "\033[K");
    add_counts(&out, verdict, seconds);
    show->lines = shown + (shown < verdict->count ? 1u : 0u) + 1u;
    write_out(&out);
}

/* A line where something is new. */
static void
say(struct proof_show *show, const struct vt_verdict *verdict,
    double seconds)
{
    vt_auto(vt_buf_clear) struct vt_buf out = VT_BUF_INIT;

    if (show->any && show->used == verdict->used
        && show->parked == verdict->parked
        && show->never_started == verdict->never_started
        && show->unknown == verdict->unknown)
        return;
    show->any = true;
    show->used = verdict->used;
    show->parked = verdict->parked;
    show->never_started = verdict->never_started;
    show->unknown = verdict->unknown;
    add_counts(&out, verdict, seconds);
    write_out(&out);
}

void
proof_show_update(struct proof_show *show, const struct vt_verdict *verdict,
                  const struct vt_record *record, double seconds)
{
    if (show->terminal)
        redraw(show, verdict, record, seconds);
    else
        say(show, verdict, seconds);
}

void
proof_show_end(struct proof_show *show)
{
    vt_auto(vt_buf_clear) struct vt_buf out = VT_BUF_INIT;

    if (show->lines == 0)
        return;
    vt_buf_printf(&out, "\033[%uA\033[J", show->lines);
    show->lines = 0;
    write_out(&out);
}
