/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * findings.c - what a person should hear of an installed system
 *
 * A finding is a sentence with its severity, its evidence and, where there
 * is one, its cure.  One function a finding; the table at the end is the
 * order in which they are said.
 */

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "guest/facts.h"

/* What the checks look at, worked out once. */
struct view {
    const struct vt_system_fact *fact;
    struct vt_identity identity;
    struct vt_hal_verdict hal;
    struct vt_boot_verdict boot;
    bool has_licence;
    unsigned sockets;
    const char *licence_source;
};

#define SAY(field, ...) \
    (void)snprintf((field), sizeof(field), __VA_ARGS__)

struct vt_finding *
vt_findings_add(struct vt_findings *findings, enum vt_severity severity,
                const char *code)
{
    struct vt_finding *finding = findings->count < VT_FINDINGS_MAX
        ? &findings->list[findings->count++] : &findings->dropped;

    *finding = (struct vt_finding) { .severity = severity, .code = code };
    return finding;
}

static void
check_hal(const struct view *view, struct vt_findings *findings)
{
    struct vt_finding *finding;

    if (view->hal.multiprocessor != VT_FALSE)
        return;
    finding = vt_findings_add(findings, VT_PROBLEM, "up-hal");
    SAY(finding->text, "a uniprocessor HAL or kernel (%s): it uses one vCPU, "
        "whatever the VM has",
        view->hal.name != NULL ? view->hal.name : view->hal.id);
    SAY(finding->cure, "'vtopo repair' puts in the multiprocessor HAL "
        "and kernel");
    SAY(finding->evidence, "%s", view->hal.source != NULL ? view->hal.source
                                                          : "");
}

static void
check_hal_disagrees(const struct view *view, struct vt_findings *findings)
{
    struct vt_finding *finding;

    if (!view->hal.registry_disagrees)
        return;
    finding = vt_findings_add(findings, VT_WARNING, "hal-disagrees");
    SAY(finding->text, "the registry says HAL %s and the file on disk is %s; "
        "the file is believed",
        view->fact->hal_id != NULL ? view->fact->hal_id
        : view->fact->hal_section,
        view->fact->hal_file.original);
    SAY(finding->evidence, "%s", view->fact->hal_file.path != NULL
        ? view->fact->hal_file.path : "hal.dll");
}

static void
check_numproc(const struct view *view, struct vt_findings *findings)
{
    struct vt_finding *finding;

    if (view->boot.numproc == 0)
        return;
    finding = vt_findings_add(findings, VT_PROBLEM, "numproc");
    SAY(finding->text, "the boot options let it use %u processor%s",
        view->boot.numproc, view->boot.numproc == 1 ? "" : "s");
    SAY(finding->cure, "'vtopo repair' takes numproc out of the boot "
        "options");
    SAY(finding->evidence, "%s", view->boot.numproc_source != NULL
        ? view->boot.numproc_source : "");
}

static void
check_onecpu(const struct view *view, struct vt_findings *findings)
{
    struct vt_finding *finding;

    if (!view->boot.onecpu)
        return;
    finding = vt_findings_add(findings, VT_PROBLEM, "onecpu");
    SAY(finding->text, "the boot options let it use one processor (onecpu)");
    SAY(finding->cure, "'vtopo repair' takes onecpu out of the boot "
        "options");
    SAY(finding->evidence, "%s", view->boot.entry->onecpu.source != NULL
        ? view->boot.entry->onecpu.source : "");
}

static void
check_groupsize(const struct view *view, struct vt_findings *findings)
{
    const struct vt_entry_fact *entry = view->boot.entry;
    struct vt_finding *finding;

    if (entry == NULL || !entry->groupsize.known
        || entry->groupsize.number >= 64)
        return;
    finding = vt_findings_add(findings, VT_WARNING, "groupsize");
    SAY(finding->text, "groupsize is %u: processor groups are small, and "
        "packages larger than that are redefined", entry->groupsize.number);
    SAY(finding->cure, "'vtopo repair' takes groupsize out of the boot "
        "options");
    SAY(finding->evidence, "%s", entry->groupsize.source != NULL
        ? entry->groupsize.source : "");
}

/* Why the last boot used fewer processors than it found. */
static void
explain_unused(const struct view *view, struct vt_finding *finding)
{
    const struct vt_system_fact *fact = view->fact;

    if (view->hal.multiprocessor == VT_FALSE)
        SAY(finding->cure, "see the HAL");
    else if (view->boot.numproc != 0 || view->boot.onecpu)
        SAY(finding->cure, "see the boot options");
    else if (view->has_licence && view->sockets <= fact->processors_used) {
        SAY(finding->text, "the last boot enumerated %u processors and used "
            "%u: socket licence (%u)", fact->enumerated,
            fact->processors_used, view->sockets);
        SAY(finding->cure, "give it %u socket%s with more cores",
            view->sockets, view->sockets == 1 ? "" : "s at most");
    }
}

static void
check_last_boot(const struct view *view, struct vt_findings *findings)
{
    const struct vt_system_fact *fact = view->fact;
    struct vt_finding *finding;

    if (fact->processors_used == VT_UNKNOWN || fact->enumerated == VT_UNKNOWN
        || fact->enumerated <= fact->processors_used)
        return;
    finding = vt_findings_add(findings, VT_PROBLEM, "last-boot-unused");
    SAY(finding->text, "the last boot enumerated %u processors and used %u",
        fact->enumerated, fact->processors_used);
    SAY(finding->evidence, "SYSTEM Enum\\ACPI and Session Manager\\"
        "Environment\\NUMBER_OF_PROCESSORS");
    explain_unused(view, finding);
}

static void
check_spinning(const struct view *view, struct vt_findings *findings)
{
    struct vt_finding *finding;

    if (view->hal.hal == NULL || view->hal.hal->idle != VT_IDLE_SPINS)
        return;
    finding = vt_findings_add(findings, VT_WARNING, "hal-spins");
    SAY(finding->text, "this HAL (%s) never halts an idle processor: every "
        "vCPU keeps a host CPU at 100 %% (%s)", view->hal.hal->id,
        vt_confidence_name(view->hal.hal->idle_source.confidence));
    SAY(finding->evidence, "%s", view->hal.hal->idle_source.text);
}

static void
check_builds(const struct view *view, struct vt_findings *findings)
{
    const char *hal = view->fact->hal_file.version;
    const char *kernel = view->fact->kernel_file.version;
    unsigned h[3];
    unsigned k[3];
    struct vt_finding *finding;

    if (hal == NULL || kernel == NULL
        || sscanf(hal, "%2u.%2u.%6u", &h[0], &h[1], &h[2]) != 3
        || sscanf(kernel, "%2u.%2u.%6u", &k[0], &k[1], &k[2]) != 3
        || memcmp(h, k, sizeof(h)) == 0)
        return;
    finding = vt_findings_add(findings, VT_WARNING, "builds-differ");
    SAY(finding->text, "HAL and kernel are of different builds: %s and %s",
        hal, kernel);
    SAY(finding->evidence, "version resources of hal.dll and ntoskrnl.exe");
}

static void
check_hypervisor(const struct view *view, struct vt_findings *findings)
{
    const struct vt_system_fact *fact = view->fact;
    struct vt_finding *finding;

    if (fact->hyperv != VT_TRUE && fact->vbs != VT_TRUE
        && fact->wsl2 != VT_TRUE)
        return;
    finding = vt_findings_add(findings, VT_INFO, "hypervisor-inside");
    SAY(finding->text, "a hypervisor of its own (%s%s%s) may own the "
        "processors of this guest",
        fact->hyperv == VT_TRUE ? "Hyper-V " : "",
        fact->vbs == VT_TRUE ? "VBS " : "",
        fact->wsl2 == VT_TRUE ? "WSL2" : "");
}

static void
check_dirty(const struct view *view, struct vt_findings *findings)
{
    const struct vt_hive_fact *hive = &view->fact->system_hive;
    struct vt_finding *finding;

    if (!view->fact->has_system || !hive->dirty)
        return;
    finding = vt_findings_add(findings, VT_INFO, "hive-dirty");
    if (hive->replayed != 0)
        SAY(finding->text, "the SYSTEM hive was not closed; %u entries of its "
            "logs were replayed", hive->replayed);
    else
        SAY(finding->text, "the SYSTEM hive was not closed and its logs are "
            "missing or of no use%s%s: what it says may be stale",
            hive->log_problem != NULL ? ", " : "",
            hive->log_problem != NULL ? hive->log_problem : "");
    SAY(finding->evidence, "%s", hive->file != NULL ? hive->file : "SYSTEM");
}

static void
check_hibernated(const struct view *view, struct vt_findings *findings)
{
    if (view->fact->hibernated == VT_TRUE)
        SAY(vt_findings_add(findings, VT_WARNING, "hibernated")->text,
            "it is hibernated or shut down fast: what it runs with is in "
            "memory on disk, not in its registry");
}

static void
check_no_system(const struct view *view, struct vt_findings *findings)
{
    struct vt_finding *finding;

    if (view->fact->has_system)
        return;
    finding = vt_findings_add(findings, VT_PROBLEM, "no-system-hive");
    SAY(finding->text, "its SYSTEM hive could not be read: %s",
        view->fact->system_problem != NULL ? view->fact->system_problem
                                           : "there is none");
}

static void
check_policy(const struct view *view, struct vt_findings *findings)
{
    const struct vt_system_fact *fact = view->fact;
    struct vt_finding *finding;

    if (fact->policy_problem == NULL)
        return;
    finding = vt_findings_add(findings, VT_WARNING, "policy-unreadable");
    SAY(finding->text, "its ProductPolicy could not be read: %s",
        fact->policy_problem);
    SAY(finding->evidence, "SYSTEM ProductOptions\\ProductPolicy");
}

static void (*const checks[])(const struct view *, struct vt_findings *) = {
    check_no_system, check_hal, check_hal_disagrees, check_onecpu,
    check_numproc, check_groupsize, check_last_boot, check_spinning,
    check_builds, check_hypervisor, check_hibernated, check_policy,
    check_dirty,
};

void
vt_findings_make(const struct vt_system_fact *fact,
                 struct vt_findings *findings)
{
    struct view view = { .fact = fact };

    vt_identify(fact, &view.identity);
    vt_hal_judge(fact, &view.hal);
    vt_boot_judge(fact, &view.boot);
    view.has_licence = vt_licence_read(fact, &view.sockets,
                                       &view.licence_source);
    for (size_t i = 0; i < VT_COUNT(checks); i++)
        checks[i](&view, findings);
}
