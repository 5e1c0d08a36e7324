/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * setting.c - the machine, the CPU and the guest that a request names
 */

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "guest/tables.h"
#include "report/setting.h"
#include "topology/cpu-model.h"
#include "topology/level.h"

const char vt_setting_keys[] =
    "machine, dialect, qemu, arch, cpu, os, edition, limits";


static const struct {
    const char *name;
    enum vtopo_arch arch;
} arches[] = {
    { .name = "x86", .arch = VTOPO_X86 },
    { .name = "x86_64", .arch = VTOPO_X86_64 },
    { .name = "aarch64", .arch = VTOPO_AARCH64 },
    { .name = "riscv64", .arch = VTOPO_RISCV64 },
    { .name = "ppc64", .arch = VTOPO_PPC64 },
    { .name = "s390x", .arch = VTOPO_S390X },
};

enum vtopo_arch
vt_arch_parse(const char *text)
{
    for (size_t i = 0; i < VT_COUNT(arches); i++) {
        if (strcmp(arches[i].name, text) == 0)
            return arches[i].arch;
    }
    return VTOPO_ARCH_UNKNOWN;
}

const char *
vt_arch_name(enum vtopo_arch arch)
{
    for (size_t i = 0; i < VT_COUNT(arches); i++) {
        if (arches[i].arch == arch)
            return arches[i].name;
    }
    return "unknown";
}

static int
fail_choice(const char *key, const char *given, const char *choices,
            struct vtopo_error *err)
{
    return vt_fail(err, VTOPO_BAD_INPUT, "'%s' must be %s, not '%s'",
                   key, choices, given);
}

static int
fail_member(const char *object, const char *key, const char *known,
            struct vtopo_error *err)
{
    (void)vt_fail(err, VTOPO_BAD_INPUT, "'%s' has no member '%s'",
                  object, key);
    return vt_hint(err, "known are %s", known);
}

/* ---------------------------------------------------------- small readers */

static int
read_arch(struct vt_json_reader *reader, enum vtopo_arch *ret_arch,
          struct vtopo_error *err)
{
    const char *text;

    if (vt_json_read_string(reader, "arch", &text, err) < 0)
        return -1;
    *ret_arch = vt_arch_parse(text);
    if (*ret_arch == VTOPO_ARCH_UNKNOWN)
        return fail_choice("arch", text,
                           "x86, x86_64, aarch64, riscv64, ppc64 or s390x",
                           err);
    return 0;
}

static int
read_release(struct vt_json_reader *reader, unsigned *ret_release,
             unsigned *ret_micro, struct vtopo_error *err)
{
    const char *text;
    unsigned release;
    unsigned micro;

    if (vt_json_read_string(reader, "qemu", &text, err) < 0)
        return -1;
    release = vt_release_parse(text, &micro);
    if (!vt_release_exists(release)) {
        (void)vt_fail(err, VTOPO_BAD_INPUT,
                      "'qemu' must be a release between 2.0 and %u.%u, "
                      "not '%s'", VT_NEWEST_QEMU / 100, VT_NEWEST_QEMU % 100,
                      text);
        return vt_hint(err, "give it as a string, such as \"7.2\"");
    }
    *ret_release = release;
    *ret_micro = micro;
    return 0;
}

static int
read_choice(struct vt_json_reader *reader, const char *key,
            enum vtopo_choice *ret_choice, struct vtopo_error *err)
{
    bool value;

    if (vt_json_read_null(reader)) {
        *ret_choice = VTOPO_DEFAULT;
        return 0;
    }
    if (vt_json_read_bool(reader, key, &value, err) < 0)
        return -1;
    *ret_choice = value ? VTOPO_YES : VTOPO_NO;
    return 0;
}

/* -------------------------------------------------------------------- cpu */

static int
read_cpu_text(struct vtopo_cpu *cpu, const char *key, const char *text,
              struct vtopo_error *err)
{
    if (strcmp(key, "model") == 0) {
        if (strlen(text) >= sizeof(cpu->model))
            return vt_fail(err, VTOPO_BAD_INPUT, "'model' is too long");
        strcpy(cpu->model, text);
    } else if (strcmp(key, "vendor") == 0) {
        cpu->vendor = strcmp(text, "intel") == 0 ? VTOPO_INTEL
            : strcmp(text, "amd") == 0 ? VTOPO_AMD : VTOPO_VENDOR_UNKNOWN;
        if (cpu->vendor == VTOPO_VENDOR_UNKNOWN)
            return fail_choice(key, text, "intel or amd", err);
    } else {
        cpu->accel = strcmp(text, "kvm") == 0 ? VTOPO_KVM
            : strcmp(text, "tcg") == 0 ? VTOPO_TCG : VTOPO_ACCEL_UNKNOWN;
        if (cpu->accel == VTOPO_ACCEL_UNKNOWN)
            return fail_choice(key, text, "kvm or tcg", err);
    }
    return 0;
}

static int
read_cpu_member(struct vt_json_reader *reader, const char *key, void *to,
                struct vtopo_error *err)
{
    struct vtopo_cpu *cpu = to;
    const char *text;

    if (strcmp(key, "topoext") == 0)
        return read_choice(reader, key, &cpu->topoext, err);
    if (strcmp(key, "x2apic") == 0)
        return read_choice(reader, key, &cpu->x2apic, err);
    if (strcmp(key, "force_features") == 0)
        return vt_json_read_bool(reader, key, &cpu->force_features, err);
    if (strcmp(key, "model") == 0 || strcmp(key, "vendor") == 0
        || strcmp(key, "accel") == 0)
        return vt_json_read_null(reader) ? 0
            : vt_json_read_string(reader, key, &text, err) < 0 ? -1
            : read_cpu_text(cpu, key, text, err);
    return fail_member("cpu", key, "model, vendor, accel, topoext, x2apic, "
                       "force_features", err);
}

/* ---------------------------------------------------------------- dialect */

static int
read_levels(struct vt_json_reader *reader, struct vtopo_dialect *dialect,
            struct vtopo_error *err)
{
    const char *name;
    bool more;

    dialect->supported = 0;
    if (vt_json_enter(reader, '[', err) < 0)
        return -1;
    for (;;) {
        int level;

        if (vt_json_next_element(reader, &more, err) < 0)
            return -1;
        if (!more)
            break;
        if (vt_json_read_string(reader, "levels", &name, err) < 0)
            return -1;
        level = vt_level_find(name, strlen(name));
        if (level < 0)
            return fail_choice("levels", name, "a list of drawers, books, "
                               "sockets, dies, clusters, modules, cores and "
                               "threads", err);
        dialect->supported |= VTOPO_LEVEL_BIT(level);
    }
    dialect->known = dialect->supported;
    return 0;
}

static int
read_prefer(struct vt_json_reader *reader, struct vt_setting *setting,
            struct vtopo_error *err)
{
    const char *text;

    if (vt_json_read_string(reader, "prefer", &text, err) < 0)
        return -1;
    if (strcmp(text, "cores") != 0 && strcmp(text, "sockets") != 0)
        return fail_choice("prefer", text, "sockets or cores", err);
    setting->dialect.prefer_cores = strcmp(text, "cores") == 0;
    setting->dialect_prefers = true;
    return 0;
}

static int
read_dialect_member(struct vt_json_reader *reader, const char *key, void *to,
                    struct vtopo_error *err)
{
    struct vt_setting *setting = to;
    struct vtopo_dialect *dialect = &setting->dialect;

    if (strcmp(key, "levels") == 0)
        return read_levels(reader, dialect, err);
    if (strcmp(key, "prefer") == 0)
        return read_prefer(reader, setting, err);
    if (strcmp(key, "min_cpus") == 0)
        return vt_json_read_uint(reader, key, 0, VTOPO_CPUS_MAX,
                                 &dialect->min_cpus, err);
    if (strcmp(key, "max_cpus") == 0) {
        /* Some boards say 2147483647; vtopo ends earlier. */
        if (vt_json_read_uint(reader, key, 1, 0x7fffffff,
                              &dialect->max_cpus, err) < 0)
            return -1;
        if (dialect->max_cpus > VTOPO_CPUS_MAX)
            dialect->max_cpus = VTOPO_CPUS_MAX;
        return 0;
    }
    if (strcmp(key, "qemu") == 0)
        return read_release(reader, &dialect->qemu, &dialect->qemu_micro, err);
    return fail_member("dialect", key,
                       "levels, prefer, min_cpus, max_cpus, qemu", err);
}

static int
read_dialect(struct vt_json_reader *reader, struct vt_setting *setting,
             struct vtopo_error *err)
{
    setting->has_dialect = true;
    setting->dialect = (struct vtopo_dialect) {
        .min_cpus = 1, .max_cpus = VTOPO_CPUS_MAX,
    };
    return vt_json_read_object(reader, read_dialect_member, setting, err);
}

/* ---------------------------------------------------------------- members */

int
vt_setting_read(struct vt_setting *setting, struct vt_json_reader *reader,
                const char *key, bool *ret_known, struct vtopo_error *err)
{
    *ret_known = true;
    if (strcmp(key, "machine") == 0)
        return vt_json_read_string(reader, key, &setting->machine, err);
    if (strcmp(key, "os") == 0)
        return vt_json_read_null(reader) ? 0
            : vt_json_read_string(reader, key, &setting->os, err);
    if (strcmp(key, "edition") == 0)
        return vt_json_read_null(reader) ? 0
            : vt_json_read_string(reader, key, &setting->edition, err);
    if (strcmp(key, "arch") == 0)
        return read_arch(reader, &setting->arch, err);
    if (strcmp(key, "qemu") == 0)
        return read_release(reader, &setting->qemu, &setting->qemu_micro,
                            err);
    if (strcmp(key, "cpu") == 0) {
        setting->has_cpu = true;
        return vt_json_read_object(reader, read_cpu_member, &setting->cpu,
                                   err);
    }
    if (strcmp(key, "dialect") == 0)
        return read_dialect(reader, setting, err);
    if (strcmp(key, "limits") == 0)
        return vt_limits_read(reader, &setting->limits, err);
    *ret_known = false;
    return 0;
}

/* -------------------------------------------------------------- resolving */

/* The machine type where none is named. */
static const char *
usual_machine(enum vtopo_arch arch)
{
    switch (arch) {
    case VTOPO_AARCH64:
    case VTOPO_RISCV64:
        return "virt";
    case VTOPO_PPC64:
        return "pseries";
    case VTOPO_S390X:
        return "s390-ccw-virtio";
    case VTOPO_X86:
    case VTOPO_X86_64:
    case VTOPO_ARCH_UNKNOWN:
        break;
    }
    return "q35";
}

static int
resolve_dialect(const struct vt_setting *setting,
                struct vtopo_dialect *ret_dialect, struct vtopo_error *err)
{
    const char *machine = setting->machine != NULL ? setting->machine
        : usual_machine(setting->arch);
    struct vtopo_dialect dialect = setting->dialect;

    if (!setting->has_dialect) {
        if (vtopo_dialect_lookup(machine, setting->arch, setting->qemu,
                                 ret_dialect, err) < 0)
            return -1;
        ret_dialect->qemu_micro = setting->qemu_micro;
        return 0;
    }
    if (setting->machine != NULL)
        return vt_fail(err, VTOPO_BAD_INPUT, "'machine' and 'dialect' "
                       "exclude each other");
    if (dialect.qemu == 0) {
        dialect.qemu_micro = setting->qemu_micro;
        dialect.qemu = setting->qemu != 0 ? setting->qemu : VT_NEWEST_QEMU;
    }
    dialect.arch = setting->arch == VTOPO_ARCH_UNKNOWN
        || setting->arch == VTOPO_X86 ? VTOPO_X86_64 : setting->arch;
    if (!setting->dialect_prefers)
        dialect.prefer_cores = dialect.qemu >= VTOPO_RELEASE(6, 2);
    if (dialect.supported == 0) {
        dialect.supported = VTOPO_LEVEL_BIT(VTOPO_SOCKETS)
            | VTOPO_LEVEL_BIT(VTOPO_CORES) | VTOPO_LEVEL_BIT(VTOPO_THREADS);
        dialect.known = dialect.supported;
    }
    *ret_dialect = dialect;
    return 0;
}

static int
lookup_guest(const struct vt_setting *setting, struct vtopo_limits *ret_limits,
             struct vtopo_error *err)
{
    const char *slash = strchr(setting->os, '/');
    const char *edition = setting->edition;
    char os[64];

    if (slash == NULL)
        return vtopo_limits_lookup(setting->os, edition, setting->arch,
                                   ret_limits, err);
    if ((size_t)(slash - setting->os) >= sizeof(os))
        return vt_fail(err, VTOPO_UNKNOWN_GUEST,
                       "unknown guest system '%s'", setting->os);
    if (edition != NULL && strcmp(edition, slash + 1) != 0)
        return vt_fail(err, VTOPO_BAD_INPUT, "the edition is given twice: "
                       "'%s' and '%s'", slash + 1, edition);
    memcpy(os, setting->os, (size_t)(slash - setting->os));
    os[slash - setting->os] = '\0';
    return vtopo_limits_lookup(os, slash + 1, setting->arch, ret_limits, err);
}

/* A limit that the system does not have must not pass as if it had. */
static int
check_guest(const struct vtopo_limits *limits,
            const struct vt_limits_patch *patch, struct vtopo_error *err)
{
    const struct vt_generation *row = vt_generation_lookup(limits->generation);

    if (row != NULL && limits->numproc != 0
        && row->numproc == VT_NUMPROC_NONE)
        return vt_fail(err, VTOPO_BAD_INPUT, "%s knows no numproc",
                       limits->name);
    if (patch->hal != NULL && limits->counting == VTOPO_COUNT_NOTHING)
        return vt_fail(err, VTOPO_BAD_INPUT, "%s has no HAL of Windows",
                       limits->name);
    return 0;
}

/* Windows, as the tables have it, runs on x86 machines. */
static int
check_build(const struct vt_resolved *resolved, struct vtopo_error *err)
{
    if (!resolved->has_guest
        || resolved->limits.counting == VTOPO_COUNT_NOTHING
        || resolved->dialect.arch == VTOPO_X86_64)
        return 0;
    return vt_fail(err, VTOPO_UNKNOWN_GUEST, "%s has no build for %s",
                   resolved->limits.name,
                   vt_arch_name(resolved->dialect.arch));
}

static int
resolve_guest(const struct vt_setting *setting,
              struct vt_resolved *resolved, struct vtopo_error *err)
{
    resolved->has_guest = setting->os != NULL
        || setting->limits.generation != NULL;
    if (setting->os == NULL && setting->edition != NULL)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "'edition' needs 'os' beside it");
    if (!resolved->has_guest && setting->limits.any) {
        (void)vt_fail(err, VTOPO_BAD_INPUT,
                      "limits need the system they are of");
        return vt_hint(err, "give 'os', or 'generation' among the limits");
    }
    if (setting->os != NULL
        && lookup_guest(setting, &resolved->limits, err) < 0)
        return -1;
    if (!setting->limits.any)
        return 0;
    if (vt_limits_patch_apply(&setting->limits, setting->os != NULL,
                              &resolved->limits, err) < 0)
        return -1;
    return check_guest(&resolved->limits, &setting->limits, err);
}

int
vt_setting_resolve(const struct vt_setting *setting,
                   struct vt_resolved *ret_resolved, struct vtopo_error *err)
{
    struct vt_resolved resolved = { .cpu = setting->cpu };

    if (resolve_dialect(setting, &resolved.dialect, err) < 0
        || resolve_guest(setting, &resolved, err) < 0
        || check_build(&resolved, err) < 0)
        return -1;
    if (resolved.cpu.model[0] != '\0'
        && !vtopo_cpu_model_known(resolved.cpu.model)
        && resolved.cpu.vendor == VTOPO_VENDOR_UNKNOWN) {
        (void)vt_fail(err, VTOPO_BAD_INPUT, "unknown CPU model '%s'",
                      resolved.cpu.model);
        return vt_hint(err, "say whose it is: vendor intel or amd");
    }
    *ret_resolved = resolved;
    return 0;
}

/* ---------------------------------------------------------------- assumed */

static void
write_release(struct vt_json *json, const char *key, unsigned release)
{
    char text[16];

    (void)snprintf(text, sizeof(text), "%u.%u", release / 100, release % 100);
    vt_json_key(json, key);
    vt_json_string(json, text);
}

static void
write_cpu(struct vt_json *json, const struct vt_resolved *resolved)
{
    struct vtopo_cpu cpu = resolved->cpu;
    struct vt_cpu settled;

    vt_cpu_settle(&cpu, &resolved->dialect, &settled);
    vt_json_key(json, "cpu");
    vt_json_open(json, '{');
    if (cpu.model[0] != '\0') {
        vt_json_key(json, "model");
        vt_json_string(json, cpu.model);
    }
    vt_json_key(json, "vendor");
    vt_json_string(json, settled.vendor == VTOPO_AMD ? "amd" : "intel");
    vt_json_key(json, "accel");
    vt_json_string(json, settled.accel == VTOPO_TCG ? "tcg" : "kvm");
    vt_json_key(json, "topoext");
    vt_json_bool(json, settled.topoext);
    vt_json_close(json, '}');
}

void
vt_assumed_write(struct vt_json *json, const struct vt_setting *setting,
                 const struct vt_resolved *resolved)
{
    const struct vtopo_dialect *dialect = &resolved->dialect;

    vt_json_open(json, '{');
    if (!setting->has_dialect
        && (setting->machine == NULL
            || strcmp(setting->machine, dialect->machine) != 0)) {
        vt_json_key(json, "machine");
        vt_json_string(json, dialect->machine);
    }
    if (setting->qemu == 0
        && !(setting->has_dialect && setting->dialect.qemu != 0))
        write_release(json, "qemu", dialect->qemu);
    if (setting->has_dialect && !setting->dialect_prefers) {
        vt_json_key(json, "prefer");
        vt_json_string(json, dialect->prefer_cores ? "cores" : "sockets");
    }
    if (dialect->arch == VTOPO_X86_64
        && (setting->cpu.vendor == VTOPO_VENDOR_UNKNOWN
            || setting->cpu.accel == VTOPO_ACCEL_UNKNOWN
            || setting->cpu.topoext == VTOPO_DEFAULT))
        write_cpu(json, resolved);
    if (setting->arch == VTOPO_ARCH_UNKNOWN) {
        vt_json_key(json, "arch");
        /* Linux is of any architecture: then it is the machine's. */
        vt_json_string(json, vt_arch_name(
            resolved->has_guest
            && resolved->limits.arch != VTOPO_ARCH_UNKNOWN
            ? resolved->limits.arch : dialect->arch));
    }
    if (resolved->has_guest && resolved->limits.edition != NULL
        && setting->edition == NULL
        && (setting->os == NULL || strchr(setting->os, '/') == NULL)) {
        vt_json_key(json, "edition");
        vt_json_string_or_null(json, resolved->limits.edition[0] != '\0'
                               ? resolved->limits.edition : NULL);
    }
    vt_json_close(json, '}');
}
