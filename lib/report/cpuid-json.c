/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * cpuid-json.c - the CPUID topology fields as JSON (see cpuid-json.h)
 */

#include "report/cpuid-json.h"

static void
write_uint(struct vt_json *json, const char *key, unsigned value)
{
    vt_json_key(json, key);
    vt_json_uint(json, value);
}

static void
write_share(struct vt_json *json, const char *key, bool exists,
            const unsigned share[VTOPO_CACHES])
{
    vt_json_key(json, key);
    if (!exists) {
        vt_json_null(json);
        return;
    }
    vt_json_open(json, '[');
    for (unsigned i = 0; i < VTOPO_CACHES; i++) {
        if (share[i] == VTOPO_ABSENT)
            vt_json_null(json);
        else
            vt_json_uint(json, share[i]);
    }
    vt_json_close(json, ']');
}

static void
write_leaf_4(struct vt_json *json, const struct vtopo_cpuid *cpuid)
{
    vt_json_key(json, "4");
    if (!cpuid->has_leaf4) {
        vt_json_null(json);
        return;
    }
    vt_json_open(json, '{');
    write_uint(json, "cores", cpuid->leaf4_cores);
    write_share(json, "share", true, cpuid->leaf4_share);
    vt_json_close(json, '}');
}

static void
write_leaf_b(struct vt_json *json, const struct vtopo_cpuid *cpuid)
{
    vt_json_key(json, "b");
    if (!cpuid->has_leaf_b) {
        vt_json_null(json);
        return;
    }
    vt_json_open(json, '[');
    for (unsigned i = 0; i < 2; i++) {
        vt_json_open(json, '[');
        vt_json_uint(json, cpuid->leaf_b[i].shift);
        vt_json_uint(json, cpuid->leaf_b[i].count);
        vt_json_close(json, ']');
    }
    vt_json_close(json, ']');
}

static const char *
type_name(unsigned type)
{
    return type == 1 ? "smt" : type == 2 ? "core" : type == 3 ? "module"
        : "die";
}

static void
write_leaf_1f(struct vt_json *json, const struct vtopo_cpuid *cpuid)
{
    if (cpuid->leaf_1f_levels == 0)
        return;
    vt_json_key(json, "1f");
    vt_json_open(json, '[');
    for (unsigned i = 0; i < cpuid->leaf_1f_levels; i++) {
        vt_json_open(json, '[');
        vt_json_string(json, type_name(cpuid->leaf_1f[i].type));
        vt_json_uint(json, cpuid->leaf_1f[i].shift);
        vt_json_uint(json, cpuid->leaf_1f[i].count);
        vt_json_close(json, ']');
    }
    vt_json_close(json, ']');
}

void
vt_cpuid_write(struct vt_json *json, const struct vtopo_cpuid *cpuid)
{
    vt_json_open(json, '{');
    write_uint(json, "1.ebx.count", cpuid->count);
    write_uint(json, "1.ebx.apic", cpuid->initial_apic);
    write_uint(json, "1.edx.htt", cpuid->htt);
    write_leaf_4(json, cpuid);
    write_leaf_b(json, cpuid);
    write_leaf_1f(json, cpuid);
    write_uint(json, "80000001.ecx.cmp_legacy", cpuid->cmp_legacy);
    write_uint(json, "80000001.ecx.topoext", cpuid->topoext);
    write_uint(json, "80000008.ecx", cpuid->ecx_80000008);
    write_share(json, "8000001d.share", cpuid->has_8000001d,
                cpuid->share_8000001d);
    write_uint(json, "8000001e.ebx", cpuid->ebx_8000001e);
    write_uint(json, "8000001e.ecx", cpuid->ecx_8000001e);
    vt_json_close(json, '}');
}
