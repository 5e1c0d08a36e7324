/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * cpu-model.c - what a CPU model of QEMU says of its vendor and leaves
 *
 * A name is looked up without what QEMU appends to it ("-v3", "-IBRS",
 * "-noTSX"), so one row serves a family; longer names come first.  From
 * query-cpu-model-expansion of 7.2 and 10.0 under TCG.
 */

#include <string.h>

#include "base/cleanup.h"
#include "topology/cpu-model.h"

#define R(major, minor) VTOPO_RELEASE(major, minor)
#define EXPANSION "QEMU 7.2 and 10.0, query-cpu-model-expansion"

const struct vt_cpu_model vt_cpu_models[] = {
    { .name = "EPYC", .vendor = VTOPO_AMD, .level = 0xd,
      .xlevel = 0x8000001e, .topoext_since = R(3, 0), .source = EXPANSION },
    { .name = "Dhyana", .vendor = VTOPO_AMD, .hygon = true, .level = 0xd,
      .xlevel = 0x8000001e, .topoext_since = R(3, 0), .source = EXPANSION },
    { .name = "Opteron_G1", .vendor = VTOPO_AMD, .level = 5,
      .xlevel = 0x80000008, .source = EXPANSION },
    { .name = "Opteron_G2", .vendor = VTOPO_AMD, .level = 5,
      .xlevel = 0x8000000a, .source = EXPANSION },
    { .name = "Opteron_G3", .vendor = VTOPO_AMD, .level = 5,
      .xlevel = 0x8000000a, .source = EXPANSION },
    { .name = "Opteron_G4", .vendor = VTOPO_AMD, .level = 0xd,
      .xlevel = 0x8000001a, .source = EXPANSION },
    { .name = "Opteron_G5", .vendor = VTOPO_AMD, .level = 0xd,
      .xlevel = 0x8000001a, .source = EXPANSION },
    { .name = "athlon", .vendor = VTOPO_AMD, .level = 2,
      .xlevel = 0x80000008, .source = EXPANSION },
    { .name = "phenom", .vendor = VTOPO_AMD, .level = 5,
      .xlevel = 0x8000001a, .source = EXPANSION },
    { .name = "qemu64", .vendor = VTOPO_AMD, .level = 0xd,
      .xlevel = 0x8000000a, .source = EXPANSION },
    { .name = "max", .vendor = VTOPO_VENDOR_UNKNOWN, .level = 0xd,
      .xlevel = 0x8000000a, .x2apic = true, .source = EXPANSION },
    { .name = "host", .vendor = VTOPO_VENDOR_UNKNOWN, .level = 0xd,
      .xlevel = 0x8000001e, .x2apic = true, .source = EXPANSION },
    { .name = "486", .vendor = VTOPO_INTEL, .level = 1, .source = EXPANSION },
    { .name = "pentium", .vendor = VTOPO_INTEL, .level = 1,
      .source = EXPANSION },
    { .name = "pentium2", .vendor = VTOPO_INTEL, .level = 2,
      .source = EXPANSION },
    { .name = "pentium3", .vendor = VTOPO_INTEL, .level = 3,
      .source = EXPANSION },
    { .name = "qemu32", .vendor = VTOPO_INTEL, .level = 4,
      .xlevel = 0x80000004, .source = EXPANSION },
    { .name = "kvm32", .vendor = VTOPO_INTEL, .level = 5,
      .xlevel = 0x80000008, .source = EXPANSION },
    { .name = "kvm64", .vendor = VTOPO_INTEL, .level = 0xd,
      .xlevel = 0x80000008, .source = EXPANSION },
    { .name = "n270", .vendor = VTOPO_INTEL, .level = 0xa,
      .xlevel = 0x80000008, .source = EXPANSION },
    { .name = "coreduo", .vendor = VTOPO_INTEL, .level = 0xa,
      .xlevel = 0x80000008, .source = EXPANSION },
    { .name = "core2duo", .vendor = VTOPO_INTEL, .level = 0xa,
      .xlevel = 0x80000008, .source = EXPANSION },
    { .name = "Conroe", .vendor = VTOPO_INTEL, .level = 0xa,
      .xlevel = 0x80000008, .source = EXPANSION },
    { .name = "Penryn", .vendor = VTOPO_INTEL, .level = 0xa,
      .xlevel = 0x80000008, .source = EXPANSION },
    { .name = "Nehalem", .vendor = VTOPO_INTEL, .level = 0xb,
      .xlevel = 0x80000008, .source = EXPANSION },
    { .name = "Westmere", .vendor = VTOPO_INTEL, .level = 0xb,
      .xlevel = 0x80000008, .source = EXPANSION },
    { .name = "SandyBridge", .vendor = VTOPO_INTEL, .level = 0xd,
      .xlevel = 0x80000008, .x2apic = true, .source = EXPANSION },
    { .name = "IvyBridge", .vendor = VTOPO_INTEL, .level = 0xd,
      .xlevel = 0x80000008, .x2apic = true, .source = EXPANSION },
    { .name = "Haswell", .vendor = VTOPO_INTEL, .level = 0xd,
      .xlevel = 0x80000008, .x2apic = true, .source = EXPANSION },
    { .name = "Broadwell", .vendor = VTOPO_INTEL, .level = 0xd,
      .xlevel = 0x80000008, .x2apic = true, .source = EXPANSION },
    { .name = "Skylake-Client", .vendor = VTOPO_INTEL, .level = 0xd,
      .xlevel = 0x80000008, .x2apic = true, .source = EXPANSION },
    { .name = "Skylake-Server", .vendor = VTOPO_INTEL, .level = 0xd,
      .xlevel = 0x80000008, .x2apic = true, .source = EXPANSION },
    { .name = "Cascadelake-Server", .vendor = VTOPO_INTEL, .level = 0xd,
      .xlevel = 0x80000008, .x2apic = true, .source = EXPANSION },
    { .name = "Cooperlake", .vendor = VTOPO_INTEL, .level = 0xd,
      .xlevel = 0x80000008, .x2apic = true, .source = EXPANSION },
    { .name = "Icelake-Server", .vendor = VTOPO_INTEL, .level = 0xd,
      .xlevel = 0x80000008, .x2apic = true, .source = EXPANSION },
    { .name = "KnightsMill", .vendor = VTOPO_INTEL, .level = 0xd,
      .xlevel = 0x80000008, .x2apic = true, .source = EXPANSION },
    { .name = "Denverton", .vendor = VTOPO_INTEL, .level = 0x15,
      .xlevel = 0x80000008, .x2apic = true, .source = EXPANSION },
    { .name = "Snowridge", .vendor = VTOPO_INTEL, .level = 0x1b,
      .xlevel = 0x80000008, .x2apic = true, .source = EXPANSION },
    { .name = "SapphireRapids", .vendor = VTOPO_INTEL, .level = 0x20,
      .xlevel = 0x80000008, .x2apic = true, .source = EXPANSION },
    { .name = "GraniteRapids", .vendor = VTOPO_INTEL, .level = 0x20,
      .xlevel = 0x80000008, .x2apic = true, .source = EXPANSION },
    { .name = "SierraForest", .vendor = VTOPO_INTEL, .level = 0x23,
      .xlevel = 0x80000008, .x2apic = true, .source = EXPANSION },
    { .name = "ClearwaterForest", .vendor = VTOPO_INTEL, .level = 0x23,
      .xlevel = 0x80000008, .x2apic = true, .source = EXPANSION },
};

const size_t vt_cpu_models_count = VT_COUNT(vt_cpu_models);

/* Where no model is named: one of the vendor's later ones. */
static const struct vt_cpu_model plain = {
    .name = "", .vendor = VTOPO_VENDOR_UNKNOWN, .level = 0xd,
    .xlevel = 0x80000008, .x2apic = true, .source = EXPANSION,
};
static const struct vt_cpu_model plain_amd = {
    .name = "", .vendor = VTOPO_AMD, .level = 0xd,
    .xlevel = 0x8000001e, .source = EXPANSION,
};

const struct vt_cpu_model *
vt_cpu_model_lookup(const char *name)
{
    for (size_t i = 0; i < vt_cpu_models_count; i++) {
        const struct vt_cpu_model *row = &vt_cpu_models[i];
        size_t length = strlen(row->name);

        if (strncmp(row->name, name, length) == 0
            && (name[length] == '\0' || name[length] == '-'))
            return row;
    }
    return NULL;
}

bool
vtopo_cpu_model_known(const char *model)
{
    return vt_cpu_model_lookup(model) != NULL;
}

/* Exceptions by machine type, measured over types from 2.6 on. */
static unsigned
level_of(const struct vt_cpu_model *model, unsigned type)
{
    return strcmp(model->name, "max") == 0 && type <= R(2, 7)
        ? 7 : model->level;
}

static unsigned
xlevel_of(const struct vt_cpu_model *model, const char *name, unsigned type)
{
    if (strcmp(model->name, "max") == 0 && type <= R(2, 7))
        return 0;
    if (type <= R(2, 12) && (strcmp(name, "EPYC") == 0
                             || strcmp(name, "EPYC-IBPB") == 0))
        return 0x8000000a;
    if (type <= R(2, 7) && model->xlevel == 0x8000000a && model->level == 5)
        return 0x80000008;
    return model->xlevel;
}

/* Whose CPU the guest reads.  Under KVM QEMU writes the host's vendor over
 * that of a named model; which host it is, only the caller knows, so a model
 * without a vendor is taken to run on a host of its own kind.
 */
static enum vtopo_vendor
vendor_of(const struct vtopo_cpu *cpu, const struct vt_cpu_model *model,
          enum vtopo_accel accel)
{
    if (cpu->vendor != VTOPO_VENDOR_UNKNOWN)
        return cpu->vendor;
    if (model->vendor != VTOPO_VENDOR_UNKNOWN)
        return model->vendor;
    /* Under TCG "max" is an AMD model. */
    return model != &plain && accel == VTOPO_TCG ? VTOPO_AMD : VTOPO_INTEL;
}

static bool
topoext_of(const struct vtopo_cpu *cpu, const struct vt_cpu_model *model,
           unsigned type, enum vtopo_accel accel)
{
    bool wanted = model->topoext_since != 0 && type >= model->topoext_since;

    if (cpu->topoext != VTOPO_DEFAULT)
        wanted = cpu->topoext == VTOPO_YES;
    /* TCG drops the feature with a warning, unless forced. */
    return wanted && (accel == VTOPO_KVM || cpu->force_features);
}

void
vt_cpu_settle(const struct vtopo_cpu *asked,
              const struct vtopo_dialect *dialect, struct vt_cpu *ret_cpu)
{
    static const struct vtopo_cpu usual = { .accel = VTOPO_KVM };
    const struct vtopo_cpu *cpu = asked != NULL ? asked : &usual;
    const struct vt_cpu_model *model = NULL;
    enum vtopo_accel accel = cpu->accel != VTOPO_ACCEL_UNKNOWN ? cpu->accel
                                                               : VTOPO_KVM;
    unsigned type = dialect->machine_version != 0 ? dialect->machine_version
                                                  : dialect->qemu;

    if (cpu->model[0] != '\0')
        model = vt_cpu_model_lookup(cpu->model);
    if (model == NULL)
        model = cpu->vendor == VTOPO_AMD ? &plain_amd : &plain;
    *ret_cpu = (struct vt_cpu) {
        .vendor = vendor_of(cpu, model, accel),
        /* KVM gives the host's vendor, and explicit ones are what they say. */
        .hygon = model->hygon && accel == VTOPO_TCG
            && cpu->vendor == VTOPO_VENDOR_UNKNOWN,
        .always_cmp_legacy = strcmp(model->name, "max") == 0
            && accel == VTOPO_TCG && dialect->qemu >= R(10, 0),
        .accel = accel,
        .level = level_of(model, type),
        .xlevel = xlevel_of(model, cpu->model, type),
        .topoext = topoext_of(cpu, model, type, accel),
        /* Under TCG a CPU that nobody named is QEMU's own, without it. */
        .x2apic = cpu->x2apic != VTOPO_DEFAULT ? cpu->x2apic == VTOPO_YES
            : model->x2apic && (model != &plain || accel == VTOPO_KVM),
    };
}
