/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * level.c - the levels of a topology, and releases of QEMU (see level.h)
 */

#include <string.h>

#include "base/cleanup.h"
#include "topology/level.h"

const struct vt_level_row vt_levels[VTOPO_LEVELS] = {
    [VTOPO_DRAWERS] = {
        .name = "drawers", .since = VTOPO_RELEASE(8, 2),
        .source = "QEMU 8.2, qapi/machine.json",
    },
    [VTOPO_BOOKS] = {
        .name = "books", .since = VTOPO_RELEASE(8, 2),
        .source = "QEMU 8.2, qapi/machine.json",
    },
    [VTOPO_SOCKETS] = {
        .name = "sockets", .since = VTOPO_RELEASE(0, 12),
        .source = "QEMU 0.12, vl.c",
    },
    [VTOPO_DIES] = {
        .name = "dies", .since = VTOPO_RELEASE(4, 1),
        .source = "QEMU 4.1, vl.c",
    },
    [VTOPO_CLUSTERS] = {
        .name = "clusters", .since = VTOPO_RELEASE(7, 0),
        .source = "QEMU 7.0, qapi/machine.json",
    },
    [VTOPO_MODULES] = {
        .name = "modules", .since = VTOPO_RELEASE(9, 1),
        .source = "QEMU 9.1, qapi/machine.json",
    },
    [VTOPO_CORES] = {
        .name = "cores", .since = VTOPO_RELEASE(0, 12),
        .source = "QEMU 0.12, vl.c",
    },
    [VTOPO_THREADS] = {
        .name = "threads", .since = VTOPO_RELEASE(0, 12),
        .source = "QEMU 0.12, vl.c",
    },
};

/* The last minor release of each major one, from 2 on. */
static const unsigned char last_minor[] = {
    [2] = 12, [3] = 1, [4] = 2, [5] = 2, [6] = 2, [7] = 2, [8] = 2, [9] = 2,
    [10] = 2,
};

const char *
vtopo_level_name(enum vtopo_level level)
{
    return vt_levels[level].name;
}

int
vt_level_find(const char *name, size_t length)
{
    for (int i = 0; i < VTOPO_LEVELS; i++) {
        if (strncmp(vt_levels[i].name, name, length) == 0
            && vt_levels[i].name[length] == '\0')
            return i;
    }
    return -1;
}

unsigned
vt_levels_known(unsigned qemu)
{
    unsigned known = 0;

    for (unsigned i = 0; i < VTOPO_LEVELS; i++) {
        if (qemu >= vt_levels[i].since)
            known |= VTOPO_LEVEL_BIT(i);
    }
    return known;
}

bool
vt_release_exists(unsigned release)
{
    unsigned major = release / 100;

    return major >= 2 && major < VT_COUNT(last_minor)
        && release % 100 <= last_minor[major];
}

/* At most two digits, without a needless zero. */
static const char *
parse_part(const char *text, unsigned *ret_part)
{
    unsigned part = 0;
    const char *at = text;

    while (*at >= '0' && *at <= '9' && at - text < 2)
        part = part * 10 + (unsigned)(*at++ - '0');
    if (at == text || (*text == '0' && at - text > 1)
        || (*at >= '0' && *at <= '9'))
        return NULL;
    *ret_part = part;
    return at;
}

unsigned
vt_release_parse(const char *text, unsigned *ret_micro)
{
    unsigned major;
    unsigned minor;
    unsigned micro = 0;
    const char *at = parse_part(text, &major);

    if (at == NULL || *at != '.')
        return 0;
    at = parse_part(at + 1, &minor);
    if (at != NULL && *at == '.')
        at = parse_part(at + 1, &micro);
    if (at == NULL || *at != '\0')
        return 0;
    if (ret_micro != NULL)
        *ret_micro = micro;
    return VTOPO_RELEASE(major, minor);
}

uint64_t
vt_shape_product(const struct vtopo_shape *shape)
{
    uint64_t product = 1;

    for (unsigned i = 0; i < VTOPO_LEVELS; i++) {
        if (__builtin_mul_overflow(product, shape->level[i], &product))
            return UINT64_MAX;
    }
    return product;
}
