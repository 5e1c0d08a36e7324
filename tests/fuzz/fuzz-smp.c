/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * fuzz-smp.c - no -smp option crashes us on any machine; what is accepted
 * adds up and is within the machine's bounds, and spelt out it is accepted
 * again; a refusal has a reason and no result
 *
 * The first byte chooses the machine and the release, the rest is the text.
 */

#include <stdio.h>

#include "config/config.h"
#include "fuzz.h"
#include "topology/level.h"

#define R(major, minor) VTOPO_RELEASE(major, minor)

static const char *const machines[16] = {
    "pc", "q35", "pc-i440fx-2.2", "pc-i440fx-2.12", "pc-q35-2.7",
    "pc-q35-6.1", "pc-q35-6.2", "pc-q35-8.1", "isapc", "microvm", "virt",
    "virt-6.1", "pseries", "s390-ccw-virtio", "s390-ccw-virtio-7.2", "",
};

/* Each of them, or the one before it, changed how -smp is read. */
static const unsigned releases[16] = {
    R(2, 2), R(2, 3), R(2, 5), R(2, 7), R(2, 12), R(3, 1), R(4, 1), R(5, 1),
    R(5, 2), R(6, 0), R(6, 1), R(6, 2), R(8, 2), R(9, 0), R(9, 1), R(10, 2),
};

/* A dialect that is spelt out: every level, and bounds of its own. */
static struct vtopo_dialect
spelt_out(unsigned qemu)
{
    return (struct vtopo_dialect) {
        .arch = VTOPO_X86_64, .qemu = qemu,
        .known = (1u << VTOPO_LEVELS) - 1,
        .supported = (1u << VTOPO_LEVELS) - 1,
        .prefer_cores = qemu % 2 != 0,
        .min_cpus = 2, .max_cpus = 1000,
    };
}

/* Returns whether there is such a machine. */
static bool
choose(uint8_t byte, struct vtopo_dialect *dialect)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    const char *machine = machines[byte / 16];
    unsigned qemu = releases[byte % 16];

    if (machine[0] == '\0') {
        *dialect = spelt_out(qemu);
        return true;
    }
    if (vtopo_dialect_lookup(machine, VTOPO_ARCH_UNKNOWN, qemu, dialect,
                             &err) == 0)
        return true;
    fuzz_check_failure(&err);
    return false;
}

static void
check_shape(const struct vtopo_shape *shape,
            const struct vtopo_dialect *dialect)
{
    if (shape->cpus < 1 || shape->cpus < dialect->min_cpus
        || shape->cpus > shape->maxcpus || shape->maxcpus > dialect->max_cpus)
        abort();
    for (unsigned i = 0; i < VTOPO_LEVELS; i++) {
        if (shape->level[i] < 1
            || (shape->level[i] > 1
                && (dialect->supported & VTOPO_LEVEL_BIT(i)) == 0))
            abort();
    }
    if (dialect->qemu >= R(5, 2) && vt_shape_product(shape) != shape->maxcpus)
        abort();
    if (vt_shape_product(shape) < shape->maxcpus)
        abort();                /* a vCPU would have no place */
}

/* Whether @b comes behind @a: threads count fastest, drawers slowest. */
static bool
is_behind(struct vtopo_place a, struct vtopo_place b)
{
    const unsigned from[] = { a.drawer, a.book, a.socket, a.die, a.cluster,
                              a.module, a.core, a.thread };
    const unsigned to[] = { b.drawer, b.book, b.socket, b.die, b.cluster,
                            b.module, b.core, b.thread };
    unsigned i = 0;

    while (i < VT_COUNT(from) && from[i] == to[i])
        i++;
    return i < VT_COUNT(from) && to[i] > from[i];
}

/* Each vCPU has a place, and on x86 an id, of its own; both grow with its
 * number.  No x86 board has drawers, books or clusters, which no id tells.
 */
static void
check_places(const struct vtopo_shape *shape,
             const struct vtopo_dialect *dialect)
{
    bool has_ids = dialect->arch == VTOPO_X86_64
        && shape->level[VTOPO_DRAWERS] == 1 && shape->level[VTOPO_BOOKS] == 1
        && shape->level[VTOPO_CLUSTERS] == 1;

    for (unsigned i = 1; i < shape->maxcpus; i++) {
        if (!is_behind(vtopo_place(shape, i - 1), vtopo_place(shape, i)))
            abort();
        if (has_ids
            && vtopo_apic_id(shape, i) <= vtopo_apic_id(shape, i - 1))
            abort();
    }
}

/* From 5.2 on an answer is a question with the same answer. */
static void
check_spelling(const struct vtopo_shape *shape,
               const struct vtopo_dialect *dialect)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_auto(vt_buf_clear) struct vt_buf text = VT_BUF_INIT;
    struct vtopo_shape again = *shape;
    struct vtopo_smp smp;
    unsigned notes;

    if (dialect->qemu < R(5, 2))
        return;
    vt_config_smp(&text, shape);
    if (vtopo_smp_parse(vt_buf_string(&text), dialect, &smp, &err) < 0
        || vtopo_smp_complete(&smp, dialect, &again, &notes, &err) < 0
        || notes != 0 || memcmp(&again, shape, sizeof(again)) != 0)
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vtopo_dialect dialect;
    struct vtopo_smp smp, smp_before;
    struct vtopo_shape shape, shape_before;
    unsigned notes = 1u << 31;
    vt_autofree char *text = NULL;

    if (size < 1 || !choose(data[0], &dialect))
        return 0;
    text = fuzz_text(data + 1, size - 1);
    memset(&smp, 0x5a, sizeof(smp));
    memset(&shape, 0x5a, sizeof(shape));
    smp_before = smp;
    shape_before = shape;
    if (vtopo_smp_parse(text, &dialect, &smp, &err) < 0) {
        fuzz_check_failure(&err);
        if (memcmp(&smp, &smp_before, sizeof(smp)) != 0)
            abort();
        return 0;
    }
    if (vtopo_smp_complete(&smp, &dialect, &shape, &notes, &err) < 0) {
        fuzz_check_failure(&err);
        if (memcmp(&shape, &shape_before, sizeof(shape)) != 0
            || notes != 1u << 31)
            abort();
        return 0;
    }
    if (err.code != VTOPO_OK || notes >= 2 * VTOPO_NOTE_OVERWRITTEN)
        abort();
    check_shape(&shape, &dialect);
    check_places(&shape, &dialect);
    check_spelling(&shape, &dialect);
    return 0;
}
