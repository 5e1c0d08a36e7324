/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * setting-options.c - the options that name machine, CPU and guest
 */

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "input.h"
#include "inspect-image.h"
#include "report/facts-json.h"
#include "setting-options.h"
#include "topology/level.h"

/* A facts file is a page; this bounds what is read of anything else. */
#define FACTS_MAX (1024u * 1024u)

const char *const setting_arches[] = {
    "x86", "x86_64", "aarch64", "riscv64", "ppc64", "s390x", NULL,
};
const char *const setting_vendors[] = { "intel", "amd", NULL };
const char *const setting_accels[] = { "kvm", "tcg", NULL };

void
setting_text_clear(struct setting_text *text)
{
    vt_buf_clear(&text->facts);
}

/* The facts as inspect would print them: recorded facts and fresh ones then go
 * the same way.
 */
static int
add_inspected(const struct inspected *inspected, const char *name,
              struct vt_buf *text, struct vtopo_error *err)
{
    struct vt_inspection inspection = {
        .image = name, .format = vt_image_format(inspected->image),
        .facts = inspected->facts, .findings = &inspected->findings,
    };
    struct vt_json json = VT_JSON_INIT(text);

    if (inspected->facts->systems_count == 0)
        return vt_fail(err, VTOPO_UNKNOWN_GUEST,
                       "no Windows was found on '%s'", name);
    vt_inspect_write(&json, &inspection);
    return vt_buf_check(text, err);
}

static int
read_image(const struct setting_args *args, struct vt_buf *text,
           struct vtopo_error *err)
{
    static const struct vt_image_options options = { .format = NULL };
    vt_auto(inspected_clear) struct inspected inspected = INSPECTED_INIT;

    if (args->inspected != NULL)
        return add_inspected(args->inspected, args->image, text, err);
    if (inspected_read_image(&options, args->image, &inspected, err) < 0)
        return -1;
    return add_inspected(&inspected, args->image, text, err);
}

static int
read_facts(const struct setting_args *args, struct setting_text *text,
           struct vt_setting *setting, struct vtopo_error *err)
{
    struct vt_buf *facts = &text->facts;
    struct vt_json_reader reader;

    if ((args->image != NULL ? read_image(args, facts, err)
         : input_read(args->facts, FACTS_MAX, facts, err)) < 0)
        return -1;
    if (!vt_buf_reserve(facts, 1))
        return vt_fail_memory(err);
    vt_json_reader_start(&reader, facts->data, facts->length);
    if (vt_facts_read(&reader, setting, err) < 0)
        return vt_wrap(err, "%s", args->image != NULL ? args->image
                                                      : args->facts);
    return 0;
}

static int
set_cpu(const struct setting_args *args, struct vtopo_cpu *cpu,
        struct vtopo_error *err)
{
    if (args->cpu != NULL && strlen(args->cpu) >= sizeof(cpu->model))
        return vt_fail(err, VTOPO_BAD_INPUT, "--cpu is too long");
    if (args->cpu != NULL)
        strcpy(cpu->model, args->cpu);
    if (args->vendor != NULL)
        cpu->vendor = strcmp(args->vendor, "amd") == 0 ? VTOPO_AMD
                                                       : VTOPO_INTEL;
    if (args->accel != NULL)
        cpu->accel = strcmp(args->accel, "tcg") == 0 ? VTOPO_TCG : VTOPO_KVM;
    if (args->topoext && args->no_topoext)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "--topoext and --no-topoext exclude each other");
    cpu->topoext = args->topoext ? VTOPO_YES
        : args->no_topoext ? VTOPO_NO : VTOPO_DEFAULT;
    cpu->x2apic = args->x2apic ? VTOPO_YES : VTOPO_DEFAULT;
    return 0;
}

static void
set_limits(const struct setting_args *args, struct vt_limits_patch *limits)
{
    if (args->licensed_sockets != 0) {
        limits->any = true;
        limits->has_sockets = true;
        limits->sockets = (struct vtopo_limit) {
            .least = args->licensed_sockets, .most = args->licensed_sockets,
        };
    }
    if (args->hal != NULL) {
        limits->any = true;
        limits->hal = args->hal;
    }
    if (args->numproc != 0) {
        limits->any = true;
        limits->has_numproc = true;
        limits->numproc = args->numproc;
    }
    if (args->onecpu) {
        limits->any = true;
        limits->has_onecpu = true;
        limits->onecpu = true;
    }
}

static int
set_release(const char *text, struct vt_setting *setting,
            struct vtopo_error *err)
{
    unsigned release = vt_release_parse(text, &setting->qemu_micro);

    if (!vt_release_exists(release))
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "--qemu must be a release between 2.0 and %u.%u, not "
                       "'%s'", VT_NEWEST_QEMU / 100, VT_NEWEST_QEMU % 100,
                       text);
    setting->qemu = release;
    return 0;
}

int
setting_from_args(const struct setting_args *args, struct setting_text *text,
                  struct vt_setting *ret_setting, struct vtopo_error *err)
{
    struct vt_setting setting = { .machine = args->machine };

    if ((args->facts != NULL) + (args->image != NULL) + (args->os != NULL) > 1)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "--image, --facts and --os exclude each other");
    if ((args->facts != NULL || args->image != NULL)
        && read_facts(args, text, &setting, err) < 0)
        return -1;
    if (args->os != NULL)
        setting.os = args->os;
    if (args->edition != NULL)
        setting.edition = args->edition;
    if (args->arch != NULL)
        setting.arch = vt_arch_parse(args->arch);
    if (args->qemu != NULL
        && set_release(args->qemu, &setting, err) < 0)
        return -1;
    if (set_cpu(args, &setting.cpu, err) < 0)
        return -1;
    set_limits(args, &setting.limits);
    *ret_setting = setting;
    return 0;
}
