/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * words.c - the command line of QEMU for a plan (see launch.h)
 */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "config/config.h"
#include "vm/launch.h"

/* ---------------------------------------------------------------- words */

void
vt_words_clear(struct vt_words *words)
{
    for (size_t i = 0; i < words->count; i++)
        free(words->list[i]);
    free(words->list);
    *words = (struct vt_words)VT_WORDS_INIT;
}

void
vt_words_add(struct vt_words *words, const char *format, ...)
{
    char **list = realloc(words->list,
                          (words->count + 2) * sizeof(*words->list));
    va_list args;
    char *word;
    int length;

    va_start(args, format);
    length = list != NULL ? vasprintf(&word, format, args) : -1;
    va_end(args);
    if (list != NULL)
        words->list = list;
    if (length < 0) {
        words->failed = true;
        return;
    }
    list[words->count++] = word;
    list[words->count] = NULL;
}

/* Quote @word where a shell would not take it as it stands. */
static void
add_quoted(struct vt_buf *out, const char *word)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
        "-_=,./:+@%";

    if (word[0] != '\0' && word[strspn(word, plain)] == '\0') {
        vt_buf_add_string(out, word);
        return;
    }
    vt_buf_add_char(out, '\'');
    for (; *word != '\0'; word++) {
        if (*word == '\'')
            vt_buf_add_string(out, "'\\''");
        else
            vt_buf_add_char(out, *word);
    }
    vt_buf_add_char(out, '\'');
}

void
vt_words_print(const struct vt_words *words, struct vt_buf *out)
{
    for (size_t i = 0; i < words->count; i++) {
        bool option = words->list[i][0] == '-';

        if (i > 0)
            vt_buf_add_string(out, option ? " \\\n    " : " ");
        add_quoted(out, words->list[i]);
    }
    vt_buf_add_char(out, '\n');
}

/* ----------------------------------------------------------- its parts */

/* Where distributions put the firmware; the first pair that is there. */
static const struct {
    const char *code;
    const char *vars;
} firmwares[] = {
    { "/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd" },
    { "/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_VARS.fd" },
    { "/usr/share/edk2/ovmf/OVMF_CODE.fd",
      "/usr/share/edk2/ovmf/OVMF_VARS.fd" },
    { "/usr/share/edk2/x64/OVMF_CODE.4m.fd",
      "/usr/share/edk2/x64/OVMF_VARS.4m.fd" },
    { "/usr/share/qemu/ovmf-x86_64-code.bin",
      "/usr/share/qemu/ovmf-x86_64-vars.bin" },
    { "/usr/share/qemu/edk2-x86_64-code.fd",
      "/usr/share/qemu/edk2-i386-vars.fd" },
};

/* What the guest writes to the variables is thrown away with the QEMU. */
static int
add_firmware(struct vt_words *words, struct vtopo_error *err)
{
    for (size_t i = 0; i < VT_COUNT(firmwares); i++) {
        if (access(firmwares[i].code, R_OK) != 0
            || access(firmwares[i].vars, R_OK) != 0)
            continue;
        vt_words_add(words, "-drive");
        vt_words_add(words, "if=pflash,unit=0,format=raw,readonly=on,file=%s",
                     firmwares[i].code);
        vt_words_add(words, "-drive");
        vt_words_add(words, "if=pflash,unit=1,format=raw,snapshot=on,file=%s",
                     firmwares[i].vars);
        return 0;
    }
    (void)vt_fail(err, VTOPO_SYSTEM,
                  "the disk boots from UEFI, and no UEFI firmware for QEMU is "
                  "installed");
    return vt_hint(err, "it is called OVMF: the package ovmf, edk2-ovmf or "
                   "qemu-ovmf-x86_64");
}

/* A comma in a value of QEMU's options is doubled. */
static char *
double_commas(const char *text)
{
    char *doubled = malloc(2 * strlen(text) + 1);
    char *to = doubled;

    if (doubled == NULL)
        return NULL;
    for (; *text != '\0'; text++) {
        if (*text == ',')
            *to++ = ',';
        *to++ = *text;
    }
    *to = '\0';
    return doubled;
}

static int
add_disk(const struct vt_launch *launch, struct vt_words *words,
         struct vtopo_error *err)
{
    vt_autofree char *name = double_commas(launch->image);

    if (name == NULL)
        return vt_fail_memory(err);
    vt_words_add(words, "-drive");
    /* A name with a colon in it would be taken for that of a protocol. */
    vt_words_add(words, "file=%s%s,format=%s,if=none,id=disk0%s",
                 strchr(name, ':') != NULL && name[0] != '/'
                 && strstr(name, "://") == NULL ? "./" : "",
                 name, launch->format, launch->write ? "" : ",snapshot=on");
    vt_words_add(words, "-device");
    switch (launch->hardware->bus) {
    case VT_BUS_IDE:
    case VT_BUS_AHCI:
        vt_words_add(words, "ide-hd,drive=disk0,bus=ide.0,bootindex=0");
        break;
    case VT_BUS_VIRTIO_BLK:
        vt_words_add(words, "virtio-blk-pci,drive=disk0,bootindex=0");
        break;
    case VT_BUS_VIRTIO_SCSI:
        vt_words_add(words, "virtio-scsi-pci,id=scsi0");
        vt_words_add(words, "-device");
        vt_words_add(words, "scsi-hd,drive=disk0,bus=scsi0.0,bootindex=0");
        break;
    }
    return 0;
}

static void
add_probe(const struct vt_launch *launch, struct vt_words *words)
{
    vt_words_add(words, "-kernel");
    vt_words_add(words, "%s", launch->probe);
    if (launch->probe_settings == NULL)
        return;
    vt_words_add(words, "-append");
    vt_words_add(words, "%s", launch->probe_settings);
}

static bool
has_extra(const struct vt_launch *launch, const char *option)
{
    for (unsigned i = 0; i < launch->extra_count; i++) {
        const char *word = launch->extra[i];

        if (word[0] == '-' && strcmp(word + (word[1] == '-' ? 2 : 1),
                                     option) == 0)
            return true;
    }
    return false;
}

/* Whether the user chooses the accelerator: of several -accel the first that
 * works is taken, and beside one of -machine none is allowed.
 */
static bool
has_accel(const struct vt_launch *launch)
{
    for (unsigned i = 1; i < launch->extra_count; i++) {
        const char *option = launch->extra[i - 1];
        const char *value = launch->extra[i];

        option += strspn(option, "-");
        if ((strcmp(option, "machine") == 0 || strcmp(option, "M") == 0)
            && (strncmp(value, "accel=", 6) == 0
                || strstr(value, ",accel=") != NULL))
            return true;
    }
    return has_extra(launch, "accel") || has_extra(launch, "enable-kvm");
}

/* QEMU merges several -smp key by key: where the user gives one, ours would
 * still fill in what his leaves out.
 */
static void
add_board(const struct vt_launch *launch, struct vt_words *words)
{
    const struct vt_hardware *hardware = launch->hardware;
    vt_auto(vt_buf_clear) struct vt_buf smp = VT_BUF_INIT;

    vt_words_add(words, "-machine");
    vt_words_add(words, "%s", launch->machine != NULL ? launch->machine
                 : hardware->is_pc ? "pc" : "q35");
    if (!has_accel(launch)) {
        vt_words_add(words, "-accel");
        vt_words_add(words, launch->accel == VTOPO_KVM ? "kvm" : "tcg");
    }
    vt_words_add(words, "-cpu");
    vt_words_add(words, "%s", hardware->cpu);
    if (!has_extra(launch, "smp")) {
        vt_config_smp(&smp, launch->shape);
        vt_words_add(words, "-smp");
        vt_words_add(words, "%s", vt_buf_string(&smp));
    }
    vt_words_add(words, "-m");
    vt_words_add(words, "%uM", hardware->memory_mib);
    vt_words_add(words, "-rtc");
    vt_words_add(words, "base=%s",
                 hardware->choice[VT_CHOICE_CLOCK].value);
}

static void
add_devices(const struct vt_launch *launch, struct vt_words *words)
{
    const struct vt_choice *choice = launch->hardware->choice;

    vt_words_add(words, "-nic");
    vt_words_add(words, "user,model=%s", choice[VT_CHOICE_NETWORK].value);
    vt_words_add(words, "-device");
    vt_words_add(words, strcmp(choice[VT_CHOICE_DISPLAY].value, "cirrus") == 0
                 ? "cirrus-vga" : "VGA");
    if (choice[VT_CHOICE_INPUT].value == NULL)
        return;
    vt_words_add(words, "-device");
    vt_words_add(words, "piix3-usb-uhci");
    vt_words_add(words, "-device");
    vt_words_add(words, "%s", choice[VT_CHOICE_INPUT].value);
}

int
vt_launch_words(const struct vt_launch *launch, struct vt_words *words,
                struct vtopo_error *err)
{
    vt_words_add(words, "%s", launch->program != NULL ? launch->program
                                                      : "qemu-system-x86_64");
    vt_words_add(words, "-nodefaults");
    vt_words_add(words, "-no-user-config");
    add_board(launch, words);
    if (launch->hardware->uefi && add_firmware(words, err) < 0)
        return -1;
    if (launch->image == NULL)
        add_probe(launch, words);
    else if (add_disk(launch, words, err) < 0)
        return -1;
    add_devices(launch, words);
    if (launch->vnc != NULL) {
        vt_words_add(words, "-vnc");
        vt_words_add(words, "%s", launch->vnc);
    } else if (launch->headless) {
        vt_words_add(words, "-display");
        vt_words_add(words, "none");
    }
    for (unsigned i = 0; i < launch->extra_count; i++)
        vt_words_add(words, "%s", launch->extra[i]);
    return words->failed ? vt_fail_memory(err) : 0;
}
