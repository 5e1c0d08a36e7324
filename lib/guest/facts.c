/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * facts.c - from what an image says to the limits of its system
 *
 * What the image says of itself comes before what the tables say of systems
 * of its kind; where it says nothing, the tables speak, and what they do not
 * know stays unknown.
 */

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "guest/facts.h"

/* -------------------------------------------------------------------- HAL */

/* "ACPIAPIC_UP_HAL" -> "acpiapic_up" */
static void
id_of_section(const char *section, char *id, size_t size)
{
    size_t length = strlen(section);

    if (length > 4 && strcasecmp(section + length - 4, "_HAL") == 0)
        length -= 4;
    (void)snprintf(id, size, "%.*s", (int)length, section);
}

/* What the registry says: the hardware id, or the section of hal.inf. */
static const struct vt_hal *
hal_of_registry(const struct vt_system_fact *fact, char *id, size_t size)
{
    const struct vt_hal *hal = NULL;

    id[0] = '\0';
    if (fact->hal_id != NULL) {
        (void)snprintf(id, size, "%s", fact->hal_id);
        hal = vt_hal_lookup(fact->hal_id);
    }
    if (hal == NULL && fact->hal_section != NULL) {
        char other[32];

        id_of_section(fact->hal_section, other, sizeof(other));
        hal = vt_hal_lookup(other);
        if (id[0] == '\0')
            (void)snprintf(id, size, "%s", other);
    }
    return hal;
}

static bool
is_read(const struct vt_file_fact *file)
{
    return file->status != NULL && strcmp(file->status, "ok") == 0;
}

/* "@hal.inf,%acpi_amd64.devicedesc%;ACPI x64-based PC" -> what is shown */
static const char *
shown_name(const char *description)
{
    const char *semicolon = description != NULL ? strrchr(description, ';')
                                                : NULL;

    if (semicolon != NULL && semicolon[1] != '\0')
        return semicolon + 1;
    return description != NULL && description[0] != '@' ? description : NULL;
}

void
vt_hal_judge(const struct vt_system_fact *fact,
             struct vt_hal_verdict *ret_verdict)
{
    struct vt_hal_verdict verdict = { .hal = NULL };
    const struct vt_hal *registry = hal_of_registry(fact, verdict.id,
                                                    sizeof(verdict.id));
    const struct vt_hal *file = NULL;

    /* An installed x64 HAL is called hal.dll in its resource too: only other
     * names tell anything.
     */
    if (is_read(&fact->hal_file) && fact->hal_file.original != NULL
        && strcasecmp(fact->hal_file.original, "hal.dll") != 0)
        file = vt_hal_lookup_file(fact->hal_file.original);
    verdict.hal = file != NULL ? file : registry;
    /* The registry names the very one, where it speaks of the same. */
    if (file == NULL || file == registry)
        verdict.name = shown_name(fact->hal_description);
    if (verdict.name == NULL && verdict.hal != NULL)
        verdict.name = verdict.hal->device_name;
    verdict.registry_disagrees = file != NULL && registry != NULL
        && file->multiprocessor != registry->multiprocessor;
    if (verdict.hal != NULL) {
        (void)snprintf(verdict.id, sizeof(verdict.id), "%s", verdict.hal->id);
        verdict.multiprocessor = verdict.hal->multiprocessor ? VT_TRUE
                                                             : VT_FALSE;
        verdict.source = file != NULL ? "hal.dll version resource"
            : "SYSTEM Enum\\Root HardwareID";
    }
    /* A uniprocessor kernel runs one processor under any HAL. */
    if (is_read(&fact->kernel_file)
        && fact->kernel_file.multiprocessor == VT_FALSE) {
        verdict.multiprocessor = VT_FALSE;
        verdict.source = "imports of ntoskrnl.exe";
    }
    *ret_verdict = verdict;
}

/* ------------------------------------------------------------------- boot */

static void
take_lower(struct vt_boot_verdict *verdict, const struct vt_option_fact *fact)
{
    if (!fact->known || fact->number == 0)
        return;
    if (verdict->numproc == 0 || fact->number < verdict->numproc) {
        verdict->numproc = fact->number;
        verdict->numproc_source = fact->source;
    }
}

/* The entry that starts this system: the default one where it does, else
 * the first that does.
 */
static const struct vt_entry_fact *
find_entry(const struct vt_system_fact *fact)
{
    const struct vt_entry_fact *first = NULL;

    for (unsigned i = 0; i < fact->entries_count; i++) {
        const struct vt_entry_fact *entry = &fact->entries[i];

        if (!entry->is_this)
            continue;
        if (entry->is_default)
            return entry;
        first = first != NULL ? first : entry;
    }
    return first;
}

/* Its elements limit nothing where it is switched off; where nothing is said
 * of that, whoever set them meant them.
 */
static bool
may_start_hypervisor(const struct vt_entry_fact *entry)
{
    return !entry->hypervisorlaunchtype.known
        || entry->hypervisorlaunchtype.number != 0;
}

void
vt_boot_judge(const struct vt_system_fact *fact,
              struct vt_boot_verdict *ret_verdict)
{
    struct vt_boot_verdict verdict = { .entry = find_entry(fact) };

    if (verdict.entry != NULL) {
        take_lower(&verdict, &verdict.entry->numproc);
        if (may_start_hypervisor(verdict.entry)) {
            take_lower(&verdict, &verdict.entry->hypervisorrootproc);
            take_lower(&verdict, &verdict.entry->hypervisornumproc);
        }
        verdict.onecpu = verdict.entry->onecpu.known
            && verdict.entry->onecpu.number != 0;
    }
    *ret_verdict = verdict;
}

/* ---------------------------------------------------------------- licence */

bool
vt_licence_read(const struct vt_system_fact *fact, unsigned *ret_sockets,
                const char **ret_source)
{
    if (fact->has_policy && fact->policy_sockets != VT_UNKNOWN) {
        *ret_sockets = fact->policy_sockets;
        *ret_source = "SYSTEM ProductOptions\\ProductPolicy "
                      "Kernel-RegisteredProcessors";
        return true;
    }
    if (fact->registered == VT_UNKNOWN)
        return false;
    *ret_sockets = fact->registered;
    *ret_source = "SYSTEM Session Manager\\RegisteredProcessors";
    if (fact->licensed != VT_UNKNOWN && fact->licensed < fact->registered) {
        *ret_sockets = fact->licensed;
        *ret_source = "SYSTEM Session Manager\\LicensedProcessors";
    }
    return *ret_sockets != 0;
}

/* ----------------------------------------------------------------- limits */

int
vt_facts_limits(const struct vt_system_fact *fact,
                struct vtopo_limits *ret_limits, struct vtopo_error *err)
{
    struct vtopo_limits limits;
    struct vt_identity identity;
    struct vt_hal_verdict hal;
    struct vt_boot_verdict boot;
    const char *source;
    unsigned sockets;

    vt_identify(fact, &identity);
    if (identity.osinfo == NULL)
        return vt_fail(err, VTOPO_UNKNOWN_GUEST,
                       "the image does not say which Windows it holds");
    if (vtopo_limits_lookup(identity.osinfo, identity.edition, identity.arch,
                            &limits, err) < 0)
        return -1;
    if (vt_licence_read(fact, &sockets, &source))
        limits.sockets = (struct vtopo_limit) {
            .least = sockets, .most = sockets,
            .confidence = VTOPO_CONFIRMED, .source = source,
        };
    vt_hal_judge(fact, &hal);
    (void)snprintf(limits.hal, sizeof(limits.hal), "%s", hal.id);
    if (hal.multiprocessor != VT_NOT_KNOWN)
        limits.multiprocessor = hal.multiprocessor == VT_TRUE ? VTOPO_YES
                                                              : VTOPO_NO;
    if (hal.hal != NULL)
        limits.acpi = hal.hal->acpi ? VTOPO_YES : VTOPO_NO;
    vt_boot_judge(fact, &boot);
    limits.numproc = boot.numproc;
    limits.onecpu = boot.onecpu;
    *ret_limits = limits;
    return 0;
}
