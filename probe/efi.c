/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * efi.c - the probe as an EFI application
 *
 * It finds the RSDP, takes the memory that the loader and the kernels use,
 * leaves the boot services and goes on in the loader as a BIOS would.  Only
 * those parts of EFI's tables are spelt out that are used.
 */

#include <stddef.h>
#include <stdint.h>

#include "boot.h"
#include "io.h"

#define EFI_CALL __attribute__((ms_abi))
#define EFI_ERROR(number) ((uintptr_t)1 << 63 | (number))
#define EFI_LOAD_ERROR EFI_ERROR(1)
#define ALLOCATE_MAX_ADDRESS 1
#define ALLOCATE_ADDRESS 2
#define LOADER_CODE 1
#define PAGE 0x1000u
#define LOW_MEMORY_END 0x9ffffu

/* The loader's entry for long mode; see start.S. */
#define LONG_MODE_ENTRY (LOADER_BASE + 16)

struct efi_guid {
    uint32_t first;
    uint16_t second;
    uint16_t third;
    uint8_t rest[8];
};

struct efi_header {
    uint8_t bytes[24];
};

struct efi_text_output {
    void *reset;
    uintptr_t (EFI_CALL *output)(struct efi_text_output *self,
                                 const uint16_t *text);
};

struct efi_boot_services {
    struct efi_header header;
    void *priority[2];
    uintptr_t (EFI_CALL *allocate_pages)(uint32_t how, uint32_t type,
                                         uintptr_t count, uint64_t *address);
    void *free_pages;
    uintptr_t (EFI_CALL *get_memory_map)(uintptr_t *size, void *map,
                                         uintptr_t *key, uintptr_t *row_size,
                                         uint32_t *version);
    void *pool[2];
    void *events[6];
    void *protocols[9];
    void *images[4];
    uintptr_t (EFI_CALL *exit_boot_services)(void *image, uintptr_t key);
};

struct efi_configuration {
    struct efi_guid kind;
    void *table;
};

struct efi_system_table {
    struct efi_header header;
    uint16_t *vendor;
    uint32_t revision;
    void *input[2];
    void *output_handle;
    struct efi_text_output *output;
    void *error[2];
    void *runtime;
    struct efi_boot_services *boot;
    uintptr_t configuration_count;
    struct efi_configuration *configuration;
};

_Static_assert(offsetof(struct efi_boot_services, allocate_pages) == 40,
               "EFI puts AllocatePages there");
_Static_assert(offsetof(struct efi_boot_services, get_memory_map) == 56,
               "EFI puts GetMemoryMap there");
_Static_assert(offsetof(struct efi_boot_services, exit_boot_services) == 232,
               "EFI puts ExitBootServices there");
_Static_assert(offsetof(struct efi_system_table, boot) == 96,
               "EFI puts the boot services there");

/* Of efi.S.  Hidden: found from where the code is, not through a table whose
 * addresses somebody would have to put right.
 */
#define HIDDEN __attribute__((visibility("hidden")))
extern const uint8_t payload[] HIDDEN;
extern const uint8_t payload_end[] HIDDEN;
extern const uint8_t efi_settings[] HIDDEN;
__attribute__((noreturn)) void efi_load(uintptr_t entry, uint32_t by,
                                        uint32_t information);

uintptr_t EFI_CALL efi_entry(void *image, struct efi_system_table *system);

static uint8_t memory_map[0x10000];

static void
say(const struct efi_system_table *system, const char *text)
{
    uint16_t letter[2] = { 0, 0 };

    for (; *text != '\0'; text++) {
        letter[0] = (uint8_t)*text;
        (void)system->output->output(system->output, letter);
    }
}

static uint32_t
find_rsdp(const struct efi_system_table *system)
{
    static const struct efi_guid acpi2 = {
        0x8868e871, 0xe4f1, 0x11d3,
        { 0xbc, 0x22, 0x00, 0x80, 0xc7, 0x3c, 0x88, 0x81 }
    };
    static const struct efi_guid acpi1 = {
        0xeb9d2d30, 0x2d88, 0x11d3,
        { 0x9a, 0x16, 0x00, 0x90, 0x27, 0x3f, 0xc1, 0x4d }
    };
    uint32_t found = 0;

    for (uintptr_t i = 0; i < system->configuration_count; i++) {
        const struct efi_configuration *row = &system->configuration[i];
        uintptr_t address = (uintptr_t)row->table;

        if (address > UINT32_MAX)
            continue;
        if (__builtin_memcmp(&row->kind, &acpi2, sizeof(acpi2)) == 0)
            return (uint32_t)address;
        if (__builtin_memcmp(&row->kind, &acpi1, sizeof(acpi1)) == 0)
            found = (uint32_t)address;
    }
    return found;
}

/* The map changes while it is asked for, so there is a second try. */
static int
leave_boot_services(const struct efi_boot_services *boot, void *image)
{
    uintptr_t size;
    uintptr_t key;
    uintptr_t row_size;
    uint32_t version;

    for (int i = 0; i < 2; i++) {
        size = sizeof(memory_map);
        if (boot->get_memory_map(&size, memory_map, &key, &row_size,
                                 &version) != 0)
            return -1;
        if (boot->exit_boot_services(image, key) == 0)
            return 0;
    }
    return -1;
}

/* Take the memory of boot.h, and a page where processors can start. */
static int
take_memory(const struct efi_boot_services *boot, uint64_t *ret_low_page)
{
    uint64_t address = LOADER_BASE;

    *ret_low_page = LOW_MEMORY_END;
    if (boot->allocate_pages(ALLOCATE_ADDRESS, LOADER_CODE,
                             (MEMORY_END - LOADER_BASE) / PAGE, &address) != 0)
        return -1;
    if (boot->allocate_pages(ALLOCATE_MAX_ADDRESS, LOADER_CODE, 1,
                             ret_low_page) != 0)
        return -1;
    return 0;
}

/* What is handed over must not lie above 4 GiB, as this program may. */
static const struct efi_handoff *
place_handoff(uint32_t rsdp, uint64_t low_page)
{
    /* The loader has read both when a processor needs its stack. */
    uint8_t *settings = (uint8_t *)(uintptr_t)STACKS_BASE;
    struct efi_handoff *handoff =
        (struct efi_handoff *)(uintptr_t)(STACKS_BASE + PAGE);

    handoff->rsdp = rsdp;
    handoff->trampoline = (uint32_t)low_page;
    handoff->settings = STACKS_BASE;
    for (uint32_t i = 0; i < SETTINGS_SIZE; i++)
        settings[i] = efi_settings[i];
    return handoff;
}

uintptr_t EFI_CALL
efi_entry(void *image, struct efi_system_table *system)
{
    const struct efi_handoff *handoff;
    uint32_t rsdp = find_rsdp(system);
    uint64_t low_page;
    uint8_t *to = (uint8_t *)(uintptr_t)LOADER_BASE;

    say(system, "vtopo stand-in guest, not Windows\r\n");
    if (rsdp == 0) {
        say(system, "there is no RSDP below 4 GiB\r\n");
        return EFI_LOAD_ERROR;
    }
    if (take_memory(system->boot, &low_page) != 0) {
        say(system, "the memory up to 8 MiB is not free\r\n");
        return EFI_LOAD_ERROR;
    }
    if (leave_boot_services(system->boot, image) != 0)
        return EFI_LOAD_ERROR;
    for (const uint8_t *from = payload; from < payload_end; from++)
        *to++ = *from;
    handoff = place_handoff(rsdp, low_page);
    efi_load(LONG_MODE_ENTRY, BY_EFI, (uint32_t)(uintptr_t)handoff);
}
