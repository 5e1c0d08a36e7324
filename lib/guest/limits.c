/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * limits.c - from the name of a system to what it can use
 *
 * An edition that is not known gives the range over all editions; the range
 * of a limit never hides that it is one.
 */

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "guest/tables.h"

/* The generation of @row for @arch, or NULL where there was no such build.
 * The usual build is 32-bit as long as kernels counted as NT 5 does.
 */
static const struct vt_generation *
generation_of(const struct vt_system *row, enum vtopo_arch arch)
{
    const struct vt_generation *x86 = row->x86 != NULL
        ? vt_generation_lookup(row->x86) : NULL;
    const struct vt_generation *x86_64 = row->x86_64 != NULL
        ? vt_generation_lookup(row->x86_64) : NULL;

    if (arch == VTOPO_X86)
        return x86;
    if (arch == VTOPO_X86_64)
        return x86_64;
    if (x86_64 == NULL
        || (x86 != NULL && (x86->counting == VTOPO_COUNT_LOGICAL
                            || x86->counting == VTOPO_COUNT_HTT_MASK)))
        return x86;
    return x86_64;
}

static enum vtopo_confidence
weaker(enum vtopo_confidence a, enum vtopo_confidence b)
{
    return a > b ? a : b;
}

static unsigned
smaller(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static unsigned
larger(unsigned a, unsigned b)
{
    return a > b ? a : b;
}

/* Widen @limit to hold @other as well. */
static void
widen(struct vtopo_limit *limit, const struct vtopo_limit *other)
{
    limit->least = smaller(limit->least, other->least);
    limit->most = larger(limit->most, other->most);
    limit->confidence = weaker(limit->confidence, other->confidence);
    if (limit->source != NULL && other->source != NULL
        && strcmp(limit->source, other->source) != 0)
        limit->source = "several: see vtopo guests for each edition";
}

static struct vtopo_limits
limits_of(const struct vt_system *row, const struct vt_generation *generation)
{
    unsigned by_edition = generation->arch == VTOPO_X86
        ? row->logical_x86 : row->logical_x86_64;
    struct vtopo_limit licence = {
        .least = row->least, .most = row->most,
        .confidence = row->source.confidence, .source = row->source.text,
    };
    struct vtopo_limit logical = {
        .least = generation->logical_least, .most = generation->logical_max,
        .confidence = generation->logical_source.confidence,
        .source = generation->logical_source.text,
    };
    struct vtopo_limits limits = {
        .osinfo = row->osinfo, .edition = row->edition,
        .arch = generation->arch, .generation = generation->id,
        .counting = generation->counting,
        .sockets = licence, .logical = logical,
    };

    if (by_edition != 0) {
        limits.logical.least = by_edition;
        limits.logical.most = by_edition;
        limits.logical.confidence = row->logical_source.confidence;
        limits.logical.source = row->logical_source.text;
    }
    (void)snprintf(limits.name, sizeof(limits.name), "%s", row->name);
    return limits;
}

static int
fail_os(const char *osinfo, struct vtopo_error *err)
{
    vt_auto(vt_buf_clear) struct vt_buf known = VT_BUF_INIT;

    for (size_t i = 0; i < vt_systems_count; i++) {
        if (i == 0 || strcmp(vt_systems[i].osinfo, vt_systems[i - 1].osinfo) != 0)
            vt_buf_printf(&known, "%s%s", i != 0 ? ", " : "",
                          vt_systems[i].osinfo);
    }
    (void)vt_fail(err, VTOPO_UNKNOWN_GUEST, "unknown guest system '%s'",
                  osinfo);
    return vt_hint(err, "known are %s", vt_buf_string(&known));
}

static int
fail_edition(const struct vt_system *rows, size_t count, const char *edition,
             struct vtopo_error *err)
{
    vt_auto(vt_buf_clear) struct vt_buf known = VT_BUF_INIT;

    for (size_t i = 0; i < count; i++)
        vt_buf_printf(&known, "%s%s", i != 0 ? ", " : "",
                      rows[i].edition[0] != '\0' ? rows[i].edition : "none");
    (void)vt_fail(err, VTOPO_UNKNOWN_GUEST, "'%s' has no edition '%s'",
                  rows[0].osinfo, edition);
    return vt_hint(err, "known are %s", vt_buf_string(&known));
}

static const char *
arch_text(enum vtopo_arch arch)
{
    return arch == VTOPO_X86 ? "32-bit" : "64-bit";
}

/* Take in one row: its limits, or the range over its and those before it. */
static void
take_row(struct vtopo_limits *limits, unsigned *taken,
         const struct vt_system *row, enum vtopo_arch arch)
{
    /* One build has one way to count: the first row's stands for all. */
    const struct vt_generation *generation =
        generation_of(row, *taken > 0 ? limits->arch : arch);
    struct vtopo_limits more;

    if (generation == NULL)
        return;
    more = limits_of(row, generation);
    if ((*taken)++ == 0) {
        *limits = more;
    } else {
        widen(&limits->sockets, &more.sockets);
        widen(&limits->logical, &more.logical);
    }
}

/* The name without the edition: what the names of all rows begin with. */
static void
name_the_system(struct vtopo_limits *limits, const struct vt_system *rows,
                size_t count)
{
    size_t common = strlen(limits->name);

    for (size_t i = 0; i < count; i++) {
        size_t same = 0;

        while (same < common && rows[i].name[same] == limits->name[same])
            same++;
        common = same;
    }
    while (common > 0 && limits->name[common - 1] != ' ')
        common--;
    while (common > 0 && limits->name[common - 1] == ' ')
        common--;
    (void)snprintf(limits->name + common, sizeof(limits->name) - common,
                   "%s", " of unknown edition");
    limits->edition = "";
}

int
vtopo_limits_lookup(const char *osinfo, const char *edition,
                    enum vtopo_arch arch, struct vtopo_limits *ret_limits,
                    struct vtopo_error *err)
{
    bool any = edition == NULL || edition[0] == '\0';
    struct vtopo_limits limits = { .name = "" };
    const struct vt_system *rows;
    unsigned taken = 0;
    unsigned editions = 0;
    size_t count;

    rows = vt_systems_lookup(osinfo, &count);
    if (rows == NULL)
        return fail_os(osinfo, err);
    for (size_t i = 0; i < count; i++) {
        if (any ? rows[i].apart : !vt_system_has_edition(&rows[i], edition))
            continue;
        editions++;
        take_row(&limits, &taken, &rows[i], arch);
    }
    if (editions == 0)
        return fail_edition(rows, count, edition, err);
    if (taken == 0)
        return vt_fail(err, VTOPO_UNKNOWN_GUEST,
                       "'%s%s%s' has no %s build", osinfo, any ? "" : "/",
                       any ? "" : edition, arch_text(arch));
    if (any && count > 1)
        name_the_system(&limits, rows, count);
    *ret_limits = limits;
    return 0;
}

int
vtopo_limits_set_hal(struct vtopo_limits *limits, const char *hal,
                     struct vtopo_error *err)
{
    const struct vt_hal *row = vt_hal_lookup(hal);

    if (row == NULL && strcasecmp(hal, "hal.dll") == 0) {
        (void)vt_fail(err, VTOPO_UNKNOWN_GUEST,
                      "every HAL is called hal.dll once it is installed");
        return vt_hint(err, "give its hardware id, such as acpiapic_up, or "
                       "its name on the media; see vtopo guests --hals");
    }
    if (row == NULL)
        row = vt_hal_lookup_file(hal);
    if (row == NULL) {
        (void)vt_fail(err, VTOPO_UNKNOWN_GUEST, "unknown HAL '%s'", hal);
        return vt_hint(err, "run 'vtopo guests --hals' for those known");
    }
    limits->multiprocessor = row->multiprocessor ? VTOPO_YES : VTOPO_NO;
    limits->acpi = row->acpi ? VTOPO_YES : VTOPO_NO;
    (void)snprintf(limits->hal, sizeof(limits->hal), "%s", row->id);
    return 0;
}
