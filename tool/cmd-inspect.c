/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * cmd-inspect.c - "vtopo inspect": what is installed, and what limits it
 */

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "commands.h"
#include "inspect-image.h"
#include "inspect-jobs.h"
#include "output.h"

struct inspect_args {
    const char *system, *system_log, *software, *bcd, *boot_ini;
    const char *hal, *kernel, *kernel_pae;
    const char *format;
    unsigned jobs;
    bool allow_outside, allow_data_file, allow_json, allow_protocols;
    bool no_sandbox;
    bool json;
};

#define TEXT(option, member, says)                                          \
    { .name = option, .arg = "FILE", .kind = OPTION_TEXT,                   \
      .field = offsetof(struct inspect_args, member), .help = says }
#define FLAG(option, member, says)                                          \
    { .name = option, .kind = OPTION_FLAG,                                  \
      .field = offsetof(struct inspect_args, member), .help = says }

static const struct option_row inspect_options[] = {
    TEXT("system", system, "read a loose SYSTEM hive instead of an image"),
    TEXT("system-log", system_log,
         "its log, LOG1 and LOG2 by commas, to be replayed"),
    TEXT("software", software, "a loose SOFTWARE hive"),
    TEXT("bcd", bcd, "a loose boot store (BCD)"),
    TEXT("boot-ini", boot_ini, "a loose boot.ini"),
    TEXT("hal", hal, "a loose hal.dll"),
    TEXT("kernel", kernel, "a loose ntoskrnl.exe"),
    TEXT("kernel-pae", kernel_pae, "a loose ntkrnlpa.exe"),
    { .letter = 'f', .name = "format", .arg = "NAME", .kind = OPTION_TEXT,
      .field = offsetof(struct inspect_args, format),
      .help = "format of the image, where its first bytes do not say" },
    { .letter = 'j', .name = "jobs", .arg = "N", .kind = OPTION_COUNT,
      .field = offsetof(struct inspect_args, jobs), .min = 1, .max = 64,
      .help = "look at so many images at a time (default 1)" },
    FLAG("allow-outside", allow_outside,
         "open backing files outside the folder of the image"),
    FLAG("allow-data-file", allow_data_file,
         "open the data file of a qcow2 image"),
    FLAG("allow-json", allow_json, "follow json: names of files"),
    FLAG("allow-protocols", allow_protocols,
         "follow backing names that are network addresses"),
    FLAG("no-sandbox", no_sandbox,
         "go on where the kernel has neither seccomp nor Landlock"),
    FLAG("json", json, "print JSON, one object an image"),
    { .name = NULL },
};

/* ------------------------------------------------------------------ images */

static struct vt_image_options
options_of(const struct inspect_args *args)
{
    return (struct vt_image_options) {
        .format = args->format,
        .allow_outside = args->allow_outside,
        .allow_data_file = args->allow_data_file,
        .allow_json = args->allow_json,
        .allow_protocols = args->allow_protocols,
        .no_sandbox = args->no_sandbox,
    };
}

/* 0, or 2 where no system was found. */
static int
show(const struct inspect_args *args, const struct vt_inspection *inspection,
     struct vt_buf *out)
{
    struct vt_json json = VT_JSON_INIT(out);

    if (args->json) {
        vt_inspect_write(&json, inspection);
        vt_buf_add_char(out, '\n');
    } else {
        vt_inspect_text(out, inspection);
    }
    return inspection->facts->systems_count != 0 ? 0 : 2;
}

static int
inspect_image(const struct inspect_args *args, const char *name,
              struct vt_buf *out, int *ret_status, struct vtopo_error *err)
{
    vt_auto(inspected_clear) struct inspected inspected = INSPECTED_INIT;
    struct vt_image_options options = options_of(args);
    struct vt_inspection inspection = { .image = name };

    if (inspected_read_image(&options, name, &inspected, err) < 0)
        return -1;
    inspection.format = vt_image_format(inspected.image);
    inspection.facts = inspected.facts;
    inspection.findings = &inspected.findings;
    *ret_status = show(args, &inspection, out);
    return 0;
}

/* ------------------------------------------------------------- loose files */

struct loose {
    struct vt_image_file files[VT_IMAGE_FILES_MAX];
    size_t count;
    char *logs;                 /* owned; cut at the commas */
};

static void
loose_clear(struct loose *loose)
{
    free(loose->logs);
}

static void
add_loose(struct loose *loose, const char *role, const char *name)
{
    if (name != NULL && loose->count < VT_IMAGE_FILES_MAX)
        loose->files[loose->count++] = (struct vt_image_file) {
            .role = role, .name = name,
        };
}

static int
gather_loose(const struct inspect_args *args, struct loose *loose,
             struct vtopo_error *err)
{
    char *rest;
    char *log;

    add_loose(loose, "system", args->system);
    add_loose(loose, "software", args->software);
    add_loose(loose, "bcd", args->bcd);
    add_loose(loose, "boot-ini", args->boot_ini);
    add_loose(loose, "hal", args->hal);
    add_loose(loose, "kernel", args->kernel);
    add_loose(loose, "kernel-pae", args->kernel_pae);
    if (args->system_log == NULL)
        return 0;
    loose->logs = strdup(args->system_log);
    if (loose->logs == NULL)
        return vt_fail_memory(err);
    rest = loose->logs;
    while ((log = strsep(&rest, ",")) != NULL)
        add_loose(loose, "system-log", log);
    return 0;
}

/* The worker knows loose files by their descriptors alone. */
static void
name_files(const struct inspect_args *args, struct vt_facts *facts)
{
    struct vt_system_fact *system = &facts->systems[0];

    if (facts->systems_count == 0)
        return;
    system->system_hive.file = args->system;
    system->software_hive.file = args->software;
    if (system->boot_kind != NULL)
        system->boot_file = args->bcd != NULL ? args->bcd : args->boot_ini;
    system->hal_file.path = args->hal;
    system->kernel_file.path = args->kernel;
    system->kernel_pae_file.path = args->kernel_pae;
}

static int
inspect_loose(const struct inspect_args *args, const struct loose *loose,
              struct vt_buf *out, int *ret_status, struct vtopo_error *err)
{
    vt_auto(inspected_clear) struct inspected inspected = INSPECTED_INIT;
    struct vt_image_options options = options_of(args);
    struct vt_inspection inspection = { .image = NULL };
    const struct vt_system_fact *system;

    if (inspected_read_files(&options, loose->files, loose->count, &inspected,
                             err) < 0)
        return -1;
    name_files(args, inspected.facts);
    inspection.facts = inspected.facts;
    inspection.findings = &inspected.findings;
    *ret_status = show(args, &inspection, out);
    system = &inspected.facts->systems[0];
    if (args->system != NULL && inspected.facts->systems_count != 0
        && !system->has_system)
        return vt_fail(err, VTOPO_BAD_INPUT, "'%s': %s", args->system,
                       system->system_problem != NULL
                       ? system->system_problem
                       : "no hive that can be read");
    return 0;
}

/* ------------------------------------------------------------ many images */

/* One image of several: what goes wrong is its answer. */
static int
inspect_job(const void *context, const char *name, struct vt_buf *out)
{
    const struct inspect_args *args = context;
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vt_json json = VT_JSON_INIT(out);
    int status = 0;

    if (inspect_image(args, name, out, &status, &err) == 0)
        return status;
    out->length = 0;
    if (args->json) {
        vt_json_open(&json, '{');
        vt_json_key(&json, "image");
        vt_json_string(&json, name);
        vt_json_key(&json, "error");
        vt_json_open(&json, '{');
        vt_json_key(&json, "code");
        vt_json_string(&json, vtopo_code_name(err.code));
        vt_json_key(&json, "message");
        vt_json_string(&json, err.message);
        vt_json_close(&json, '}');
        vt_json_close(&json, '}');
        vt_buf_add_char(out, '\n');
    } else {
        output_add_escaped(out, name);
        vt_buf_add_string(out, ": cannot be read: ");
        output_add_escaped(out, err.message);
        vt_buf_add_char(out, '\n');
    }
    return 1;
}

static int
run(const struct command *self, int argc, char **argv, struct vt_buf *out,
    int *ret_status, struct vtopo_error *err)
{
    struct inspect_args args = { .jobs = 1 };
    vt_auto(loose_clear) struct loose loose = { .count = 0 };
    int operands;

    if (options_parse(self, argc, argv, &args, &operands, err) < 0
        || gather_loose(&args, &loose, err) < 0)
        return -1;
    if (operands != 0 && loose.count != 0)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "inspect: takes an image or loose files, not both");
    if (loose.count != 0)
        return inspect_loose(&args, &loose, out, ret_status, err);
    if (operands == 0) {
        (void)vt_fail(err, VTOPO_BAD_INPUT, "inspect: an image is missing");
        return vt_hint(err, "name a disk image, or a hive with --system");
    }
    if (operands == 1)
        return inspect_image(&args, argv[1], out, ret_status, err);
    return inspect_jobs_run(argv + 1, (unsigned)operands, args.jobs,
                            inspect_job, &args, args.json, ret_status, err);
}

const struct command command_inspect = {
    .name = "inspect",
    .operands = "[IMAGE]...",
    .summary = "say what is installed on a disk, and what limits it",
    .description =
        "Reads the disk of a guest without starting it: which systems are on "
        "it, which HAL and kernel they have, how many sockets they are "
        "licensed for, what their boot options allow, and what the last boot "
        "used.\n"
        "\n"
        "Only a program of its own, shut in a sandbox, reads the bytes of an "
        "image. The exit status is 0 when a system was found, 2 when there "
        "is none, 1 when it could not be told.",
    .options = inspect_options,
    .examples =
        "vtopo inspect win7.qcow2\n"
        "vtopo inspect --json --jobs 2 *.qcow2\n"
        "vtopo inspect --system SYSTEM --bcd BCD\n",
    .run = run,
};
