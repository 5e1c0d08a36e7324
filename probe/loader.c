/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * loader.c - find out what to be, and put the kernel for it into place
 */

#include <stddef.h>

#include "io.h"
#include "loader.h"
#include "output.h"

#define FW_CFG_NAME "opt/org.vtopo.probe"
#define TEXT_SIZE 4096
#define MULTIBOOT_HAS_COMMAND_LINE 4u

#define CR4_PSE 0x10u
#define CR4_PAE 0x20u
#define EDX_PSE (1u << 3)       /* of CPUID 1 */
#define EDX_PAE (1u << 6)
#define EDX_LONG_MODE (1u << 29)        /* of CPUID 80000001 */

/* Of start.S. */
extern const char trampoline[], trampoline_end[];
extern const char kernel32[], kernel32_end[], kernel64[], kernel64_end[];
extern uint32_t enter_cr3, enter_cr4, enter_address, enter_high;

void loader_main(uint32_t by, uint32_t information);

static char text[TEXT_SIZE];

/* Say what is wrong, and stop. */
__attribute__((noreturn)) static void
fail(const char *what, const char *word)
{
    print_text("{\"error\":\"");
    print_text(what);
    if (word != NULL) {
        print_text("\",\"word\":\"");
        print_word(word);
    }
    print_text("\"}\n");
    screen_line(at_address(0xb8000), 0, what, NO_NUMBER);
    output_exit(1);
    stop();
}

/* ------------------------------------------------------------- settings */

/* The command line begins with the name of our file: words of a path are no
 * settings, however many blanks the path has.
 */
static void
copy_command_line(const char *line)
{
    uint32_t size = 0;

    for (int is_first = 1; *line != '\0'; is_first = 0) {
        const char *end = line;
        int is_path = is_first;

        for (; !settings_is_end(*end); end++)
            is_path |= *end == '/';
        if (!is_path && size + (uint32_t)(end - line) + 2 < TEXT_SIZE) {
            for (; line < end; line++)
                text[size++] = *line;
            text[size++] = ' ';
        }
        for (line = end; *line != '\0' && settings_is_end(*line); line++)
            continue;
    }
    text[size] = '\0';
}

/* Text of settings on a disk or in an EFI program: the magic comes first. */
static void
copy_settings(const char *from)
{
    static const char magic[] = SETTINGS_MAGIC;
    uint32_t skipped = sizeof(magic) - 1;

    if (__builtin_memcmp(from, magic, skipped) != 0)
        fail("the settings do not begin with their magic", NULL);
    for (uint32_t i = skipped; i < SETTINGS_SIZE; i++)
        text[i - skipped] = from[i];
    text[SETTINGS_SIZE - skipped] = '\0';
}

static void
read_text(struct settings *settings)
{
    const char *bad = settings_read(settings, text, TEXT_SIZE);

    if (bad != NULL)
        fail("this is no setting", bad);
}

static void
read_settings(uint32_t by, uint32_t information, struct settings *settings)
{
    const uint32_t *words = at_address(information);
    const struct efi_handoff *efi = at_address(information);

    if (by == BY_MULTIBOOT && (words[0] & MULTIBOOT_HAS_COMMAND_LINE) != 0)
        copy_command_line(at_address(words[4]));
    else if (by == BY_DISK)
        copy_settings(at_address(information));
    else if (by == BY_EFI)
        copy_settings(at_address(efi->settings));
    read_text(settings);
    if (fw_cfg_read(FW_CFG_NAME, text, TEXT_SIZE) > 0)
        read_text(settings);
}

/* ----------------------------------------------------------------- mode */

static int
has_long_mode(void)
{
    uint32_t value[4];

    read_cpuid(0x80000000, 0, value);
    if (value[0] < 0x80000001)
        return 0;
    read_cpuid(0x80000001, 0, value);
    return (value[3] & EDX_LONG_MODE) != 0;
}

static void
choose_mode(struct settings *settings)
{
    uint32_t value[4];

    read_cpuid(1, 0, value);
    if (settings->mode == MODE_DEFAULT)
        settings->mode = has_long_mode() ? MODE_64 : MODE_32;
    if (settings->mode == MODE_64 && !has_long_mode())
        fail("the processor has no 64-bit mode", NULL);
    if (settings->mode == MODE_PAE && (value[3] & EDX_PAE) == 0)
        fail("the processor has no PAE", NULL);
    if (settings->mode == MODE_32 && (value[3] & EDX_PSE) == 0)
        fail("the processor has no large pages", NULL);
}

/* ----------------------------------------------------------- the kernel */

/* Leaf 1 has 8 bits of it, and not always the right ones. */
static uint32_t
own_apic_id(void)
{
    uint32_t value[4];

    read_cpuid(0, 0, value);
    if (value[0] >= 0xb) {
        read_cpuid(0xb, 0, value);
        if (value[1] != 0)
            return value[3];
    }
    read_cpuid(1, 0, value);
    return value[1] >> 24;
}

/* The boot processor has index 0, wherever the MADT has it. */
static void
put_boot_cpu_first(struct boot *boot)
{
    uint32_t apic_id = own_apic_id();
    struct boot_cpu first;
    uint32_t i;

    for (i = 0; i < boot->cpu_count; i++)
        if (boot->cpus[i].apic_id == apic_id)
            break;
    if (i == boot->cpu_count)
        fail("the MADT lacks the boot processor", NULL);
    first = boot->cpus[i];
    for (; i > 0; i--)
        boot->cpus[i] = boot->cpus[i - 1];
    boot->cpus[0] = first;
}

static void
copy(uint32_t to, const char *from, const char *end)
{
    char *at = at_address(to);

    while (from < end)
        *at++ = *from++;
}

static void
place_kernel(struct boot *boot)
{
    uint32_t is_long = boot->settings.mode == MODE_64;

    copy(boot->trampoline, trampoline, trampoline_end);
    if (is_long)
        copy(KERNEL_BASE, kernel64, kernel64_end);
    else
        copy(KERNEL_BASE, kernel32, kernel32_end);
    enter_cr3 = paging_make((enum mode)boot->settings.mode);
    enter_cr4 = boot->settings.mode == MODE_32 ? CR4_PSE : CR4_PAE;
    enter_address = is_long ? KERNEL_BASE : 0x80000000u + KERNEL_BASE;
    enter_high = is_long ? 0xffff8000u : 0;
}

void
loader_main(uint32_t by, uint32_t information)
{
    const struct efi_handoff *efi = at_address(information);
    struct boot *boot = at_address(BOOT_BASE);
    const char *missing;
    uint32_t rsdp = 0;

    output_open(0);
    for (uint32_t i = 0; i < sizeof(*boot) / 4; i++)
        ((uint32_t *)(void *)boot)[i] = 0;
    boot->trampoline = TRAMPOLINE_BASE;
    boot->has_screen = by != BY_EFI;
    if (by == BY_EFI) {
        boot->trampoline = efi->trampoline;
        rsdp = efi->rsdp;
    }
    read_settings(by, information, &boot->settings);
    output_open((int)boot->settings.serial);
    choose_mode(&boot->settings);
    missing = acpi_read(rsdp, boot);
    if (missing != NULL)
        fail(missing, NULL);
    put_boot_cpu_first(boot);
    place_kernel(boot);
}
