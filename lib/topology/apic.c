/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * apic.c - where each vCPU of a shape sits, and its APIC id
 *
 * QEMU counts vCPUs threads first, then cores, modules, dies, sockets, and
 * gives every field of an APIC id as many bits as its count needs; so ids
 * have gaps wherever a count is no power of two.
 */

#include "base/num.h"
#include "topology/level.h"

struct vtopo_apic_layout
vtopo_apic_layout(const struct vtopo_shape *shape)
{
    struct vtopo_apic_layout at;

    at.core = vt_bits_for(shape->level[VTOPO_THREADS]);
    at.module = at.core + vt_bits_for(shape->level[VTOPO_CORES]);
    at.die = at.module + vt_bits_for(shape->level[VTOPO_MODULES]);
    at.package = at.die + vt_bits_for(shape->level[VTOPO_DIES]);
    return at;
}

/* Split the lowest digit off *@index, in base @count. */
static unsigned
digit(unsigned *index, unsigned count)
{
    unsigned value = *index % count;

    *index /= count;
    return value;
}

struct vtopo_place
vtopo_place(const struct vtopo_shape *shape, unsigned index)
{
    struct vtopo_place place;

    place.thread = digit(&index, shape->level[VTOPO_THREADS]);
    place.core = digit(&index, shape->level[VTOPO_CORES]);
    place.module = digit(&index, shape->level[VTOPO_MODULES]);
    place.cluster = digit(&index, shape->level[VTOPO_CLUSTERS]);
    place.die = digit(&index, shape->level[VTOPO_DIES]);
    place.socket = digit(&index, shape->level[VTOPO_SOCKETS]);
    place.book = digit(&index, shape->level[VTOPO_BOOKS]);
    place.drawer = index;
    return place;
}

unsigned
vtopo_apic_id(const struct vtopo_shape *shape, unsigned index)
{
    struct vtopo_apic_layout at = vtopo_apic_layout(shape);
    struct vtopo_place place = vtopo_place(shape, index);

    return place.socket << at.package | place.die << at.die
        | place.module << at.module | place.core << at.core | place.thread;
}
