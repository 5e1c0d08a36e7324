/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * setting-options.h - the options that name machine, CPU and guest
 *
 * predict and plan share them: each puts SETTING_OPTIONS(struct) among its
 * rows and has a member "struct setting_args setting".
 */

#ifndef VT_SETTING_OPTIONS_H
#define VT_SETTING_OPTIONS_H

#include "base/buf.h"
#include "options.h"
#include "report/setting.h"

struct inspected;

struct setting_args {
    const char *machine, *qemu, *arch;
    const char *cpu, *vendor, *accel;
    bool topoext, no_topoext, x2apic;
    const char *os, *edition, *image, *facts, *hal;
    unsigned licensed_sockets, numproc;
    bool onecpu;

    /* The image, where the caller has inspected it already; no option. */
    const struct inspected *inspected;
};

extern const char *const setting_arches[];
extern const char *const setting_vendors[];
extern const char *const setting_accels[];

#define SETTING_FIELD(type, member) offsetof(type, setting.member)

#define SETTING_OPTIONS(type)                                                \
    { .letter = 'm', .name = "machine", .arg = "TYPE", .kind = OPTION_TEXT,  \
      .field = SETTING_FIELD(type, machine),                                 \
      .help = "machine type, such as pc-q35-6.1 (default q35)" },            \
    { .name = "qemu", .arg = "RELEASE", .kind = OPTION_TEXT,                 \
      .field = SETTING_FIELD(type, qemu),                                    \
      .help = "QEMU release, where it is not the machine type's" },          \
    { .name = "arch", .arg = "ARCH", .kind = OPTION_CHOICE,                  \
      .field = SETTING_FIELD(type, arch), .choices = setting_arches,         \
      .help = "build of the guest, or architecture of the machine" },        \
    { .name = "cpu", .arg = "MODEL", .kind = OPTION_TEXT,                    \
      .field = SETTING_FIELD(type, cpu),                                     \
      .help = "CPU model, such as EPYC" },                                   \
    { .name = "vendor", .arg = "VENDOR", .kind = OPTION_CHOICE,              \
      .field = SETTING_FIELD(type, vendor), .choices = setting_vendors,      \
      .help = "whose CPU the guest reads; under KVM the host's" },           \
    { .name = "accel", .arg = "ACCEL", .kind = OPTION_CHOICE,                \
      .field = SETTING_FIELD(type, accel), .choices = setting_accels,        \
      .help = "accelerator (default kvm)" },                                 \
    { .name = "topoext", .kind = OPTION_FLAG,                                \
      .field = SETTING_FIELD(type, topoext),                                 \
      .help = "the CPU has AMD's TopologyExtensions" },                      \
    { .name = "no-topoext", .kind = OPTION_FLAG,                             \
      .field = SETTING_FIELD(type, no_topoext),                              \
      .help = "the CPU has no TopologyExtensions" },                         \
    { .name = "x2apic", .kind = OPTION_FLAG,                                 \
      .field = SETTING_FIELD(type, x2apic),                                  \
      .help = "the CPU has x2APIC, for APIC ids above 254" },                \
    { .letter = 'o', .name = "os", .arg = "ID", .kind = OPTION_TEXT,         \
      .field = SETTING_FIELD(type, os),                                      \
      .help = "guest system, ID or ID/EDITION (see vtopo guests)" },         \
    { .letter = 'e', .name = "edition", .arg = "NAME", .kind = OPTION_TEXT,  \
      .field = SETTING_FIELD(type, edition),                                 \
      .help = "edition of the guest system" },                               \
    { .letter = 'i', .name = "image", .arg = "IMAGE", .kind = OPTION_TEXT,   \
      .field = SETTING_FIELD(type, image),                                   \
      .help = "disk of the guest, to be inspected, instead of --os" },       \
    { .letter = 'f', .name = "facts", .arg = "FILE", .kind = OPTION_TEXT,    \
      .field = SETTING_FIELD(type, facts),                                   \
      .help = "what vtopo inspect --json said, instead of --os" },           \
    { .name = "licensed-sockets", .arg = "N", .kind = OPTION_COUNT,          \
      .field = SETTING_FIELD(type, licensed_sockets),                        \
      .min = 1, .max = VTOPO_CPUS_MAX,                                       \
      .help = "sockets the guest is licensed for, where it is known" },      \
    { .name = "hal", .arg = "ID", .kind = OPTION_TEXT,                       \
      .field = SETTING_FIELD(type, hal),                                     \
      .help = "HAL of the guest (see vtopo guests --hals)" },                \
    { .name = "numproc", .arg = "N", .kind = OPTION_COUNT,                   \
      .field = SETTING_FIELD(type, numproc),                                 \
      .min = 1, .max = VTOPO_CPUS_MAX,                                       \
      .help = "numproc or /NUMPROC in the guest's boot options" },           \
    { .name = "onecpu", .kind = OPTION_FLAG,                                 \
      .field = SETTING_FIELD(type, onecpu),                                  \
      .help = "onecpu or /ONECPU in the guest's boot options" }

/* The memory that a setting points into. */
struct setting_text {
    struct vt_buf facts;        /* owned */
};

#define SETTING_TEXT_INIT { .facts = VT_BUF_INIT }

void setting_text_clear(struct setting_text *text);

/* Make a setting of what was given.  It points into @text and @args. */
int setting_from_args(const struct setting_args *args,
                      struct setting_text *text,
                      struct vt_setting *ret_setting, struct vtopo_error *err)
    __attribute__((warn_unused_result));

#endif /* VT_SETTING_OPTIONS_H */
