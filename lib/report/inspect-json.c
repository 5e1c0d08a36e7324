/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * inspect-json.c - what is on an image, for programs
 *
 * Nested objects are always there; members that are not known are null.
 */

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "report/findings-json.h"
#include "report/inspect.h"
#include "report/setting.h"

static void
write_text(struct vt_json *json, const char *key, const char *text)
{
    vt_json_key(json, key);
    vt_json_string_or_null(json, text);
}

static void
write_number(struct vt_json *json, const char *key, unsigned number)
{
    vt_json_key(json, key);
    if (number == VT_UNKNOWN)
        vt_json_null(json);
    else
        vt_json_uint(json, number);
}

static void
write_truth(struct vt_json *json, const char *key, enum vt_truth truth)
{
    vt_json_key(json, key);
    if (truth == VT_NOT_KNOWN)
        vt_json_null(json);
    else
        vt_json_bool(json, truth == VT_TRUE);
}

/* "HIVE Key\\Value" with the hive's own path in front. */
static void
write_source(struct vt_json *json, const char *file, const char *source)
{
    char text[400];

    if (source == NULL || file == NULL) {
        write_text(json, "source", source);
        return;
    }
    (void)snprintf(text, sizeof(text), "%s: %s", file, source);
    write_text(json, "source", text);
}

/* ----------------------------------------------------------------- system */

static void
write_suites(struct vt_json *json, const struct vt_system_fact *fact)
{
    vt_json_key(json, "product_suite");
    if (!fact->has_suites) {
        vt_json_null(json);
        return;
    }
    vt_json_open(json, '[');
    for (unsigned i = 0; i < fact->suites_count; i++)
        vt_json_string(json, fact->suites[i]);
    vt_json_close(json, ']');
}

static void
write_identity(struct vt_json *json, const struct vt_system_fact *fact,
               const struct vt_identity *identity)
{
    write_text(json, "family", "windows");
    write_text(json, "osinfo", identity->osinfo);
    write_text(json, "name", identity->name);
    write_text(json, "edition", identity->edition != NULL ? identity->edition
               : identity->edition_text[0] != '\0' ? identity->edition_text
               : NULL);
    write_text(json, "edition_source", identity->edition_source);
    write_text(json, "version", identity->version[0] != '\0'
               ? identity->version : NULL);
    write_number(json, "build", identity->build);
    write_number(json, "ubr", fact->ubr);
    write_text(json, "display_version", fact->display_version != NULL
               ? fact->display_version : fact->release_id);
    write_number(json, "service_pack", identity->service_pack);
    write_text(json, "arch", identity->arch != VTOPO_ARCH_UNKNOWN
               ? vt_arch_name(identity->arch) : NULL);
    write_text(json, "product_name", fact->product_name);
    write_text(json, "product_type", fact->product_type);
    write_suites(json, fact);
    write_text(json, "root", fact->root);
    write_number(json, "partition", fact->partition);
    write_truth(json, "default", fact->is_default);
    write_text(json, "found_by", fact->found_by);
}

static void
write_file(struct vt_json *json, const char *key,
           const struct vt_file_fact *file)
{
    vt_json_key(json, key);
    vt_json_open(json, '{');
    write_text(json, "path", file->path);
    write_text(json, "status", file->status);
    write_text(json, "original", file->original);
    write_text(json, "version", file->version);
    write_text(json, "machine", file->machine);
    write_truth(json, "multiprocessor", file->multiprocessor);
    vt_json_close(json, '}');
}

static void
write_hal(struct vt_json *json, const struct vt_system_fact *fact)
{
    struct vt_hal_verdict verdict;

    vt_hal_judge(fact, &verdict);
    vt_json_key(json, "hal");
    vt_json_open(json, '{');
    write_text(json, "id", verdict.id[0] != '\0' ? verdict.id : NULL);
    write_text(json, "name", verdict.name);
    write_truth(json, "multiprocessor", verdict.multiprocessor);
    write_text(json, "source", verdict.source);
    write_text(json, "registry_id", fact->hal_id);
    write_text(json, "registry_section", fact->hal_section);
    write_file(json, "file", &fact->hal_file);
    vt_json_close(json, '}');
    write_file(json, "kernel", &fact->kernel_file);
    write_file(json, "kernel_pae", &fact->kernel_pae_file);
}

static void
write_license(struct vt_json *json, const struct vt_system_fact *fact)
{
    const char *source = NULL;
    unsigned sockets = VT_UNKNOWN;

    if (!vt_licence_read(fact, &sockets, &source))
        sockets = VT_UNKNOWN;
    vt_json_key(json, "license");
    vt_json_open(json, '{');
    write_number(json, "sockets", sockets);
    write_source(json, fact->system_hive.file, source);
    write_number(json, "sku", fact->policy_sku);
    write_number(json, "registered_processors", fact->registered);
    write_number(json, "licensed_processors", fact->licensed);
    vt_json_close(json, '}');
}

static void
write_option(struct vt_json *json, const char *key,
             const struct vt_option_fact *option)
{
    vt_json_key(json, key);
    if (!option->known)
        vt_json_null(json);
    else if (option->text != NULL)
        vt_json_string(json, option->text);
    else
        vt_json_uint(json, option->number);
}

static void
write_entry(struct vt_json *json, const struct vt_entry_fact *entry)
{
    vt_json_open(json, '{');
    write_text(json, "description", entry->description);
    vt_json_key(json, "default");
    vt_json_bool(json, entry->is_default);
    vt_json_key(json, "this");
    vt_json_bool(json, entry->is_this);
    write_option(json, "numproc", &entry->numproc);
    write_option(json, "onecpu", &entry->onecpu);
    write_option(json, "groupsize", &entry->groupsize);
    write_option(json, "hal", &entry->hal);
    write_option(json, "kernel", &entry->kernel);
    write_text(json, "loadoptions", entry->loadoptions);
    write_option(json, "hypervisorlaunchtype", &entry->hypervisorlaunchtype);
    write_option(json, "hypervisornumproc", &entry->hypervisornumproc);
    write_option(json, "hypervisorrootproc", &entry->hypervisorrootproc);
    vt_json_close(json, '}');
}

static void
write_boot(struct vt_json *json, const struct vt_system_fact *fact)
{
    static const struct vt_entry_fact nothing = { .is_default = false };
    struct vt_boot_verdict verdict;
    const struct vt_entry_fact *entry;

    vt_boot_judge(fact, &verdict);
    entry = verdict.entry != NULL ? verdict.entry : &nothing;
    vt_json_key(json, "boot");
    vt_json_open(json, '{');
    write_number(json, "numproc", verdict.numproc != 0 ? verdict.numproc
                                                       : VT_UNKNOWN);
    vt_json_key(json, "onecpu");
    if (verdict.entry == NULL)
        vt_json_null(json);
    else
        vt_json_bool(json, verdict.onecpu);
    write_option(json, "hal", &entry->hal);
    write_option(json, "kernel", &entry->kernel);
    if (verdict.entry != NULL)
        write_source(json, fact->boot_file, verdict.numproc_source != NULL
                     ? verdict.numproc_source : entry->description);
    else
        write_text(json, "source", NULL);
    write_text(json, "kind", fact->boot_kind);
    write_text(json, "file", fact->boot_file);
    vt_json_key(json, "entries");
    vt_json_open(json, '[');
    for (unsigned i = 0; i < fact->entries_count; i++)
        write_entry(json, &fact->entries[i]);
    vt_json_close(json, ']');
    vt_json_close(json, '}');
}

static void
write_last_boot(struct vt_json *json, const struct vt_system_fact *fact)
{
    vt_json_key(json, "last_boot");
    vt_json_open(json, '{');
    write_number(json, "processors_used", fact->processors_used);
    write_number(json, "processors_enumerated", fact->enumerated);
    write_number(json, "stale_devices", fact->stale);
    write_text(json, "identifier", fact->identifier);
    vt_json_close(json, '}');
}

static void
write_drivers(struct vt_json *json, const struct vt_system_fact *fact)
{
    vt_json_key(json, "drivers");
    vt_json_open(json, '{');
    for (unsigned i = 0; i < fact->drivers_count; i++) {
        const struct vt_driver_fact *driver = &fact->drivers[i];

        if (driver->name == NULL)
            continue;
        vt_json_string(json, driver->name);
        /* A key from the registry: escaped as a string, then the colon. */
        vt_buf_add_char(json->out, ':');
        json->comma = false;
        vt_json_open(json, '{');
        write_text(json, "class", driver->class);
        write_number(json, "start", driver->start);
        vt_json_key(json, "boot");
        vt_json_bool(json, driver->boot);
        vt_json_close(json, '}');
    }
    vt_json_close(json, '}');
}

static void
write_hive(struct vt_json *json, const char *key,
           const struct vt_hive_fact *hive, bool exists, const char *problem)
{
    vt_json_key(json, key);
    vt_json_open(json, '{');
    write_text(json, "file", hive->file);
    vt_json_key(json, "dirty");
    if (exists)
        vt_json_bool(json, hive->dirty);
    else
        vt_json_null(json);
    write_number(json, "replayed", exists ? hive->replayed : VT_UNKNOWN);
    write_text(json, "problem", problem);
    vt_json_close(json, '}');
}

static void
write_limits(struct vt_json *json, const struct vt_system_fact *fact)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vtopo_limits limits;

    vt_json_key(json, "limits");
    if (vt_facts_limits(fact, &limits, &err) < 0)
        vt_json_null(json);
    else
        vt_limits_write(json, &limits);
}

static void
write_system(struct vt_json *json, const struct vt_system_fact *fact)
{
    struct vt_findings findings = { .count = 0 };
    struct vt_identity identity;

    vt_identify(fact, &identity);
    vt_findings_make(fact, &findings);
    vt_json_open(json, '{');
    write_identity(json, fact, &identity);
    write_hal(json, fact);
    write_license(json, fact);
    write_boot(json, fact);
    write_last_boot(json, fact);
    write_text(json, "firmware", fact->firmware);
    write_drivers(json, fact);
    vt_json_key(json, "hypervisor");
    vt_json_open(json, '{');
    write_truth(json, "hyperv", fact->hyperv);
    write_truth(json, "vbs", fact->vbs);
    write_truth(json, "wsl2", fact->wsl2);
    vt_json_close(json, '}');
    write_number(json, "control_set", fact->control_set);
    write_hive(json, "system_hive", &fact->system_hive, fact->has_system,
               fact->system_problem);
    write_hive(json, "software_hive", &fact->software_hive,
               fact->has_software, fact->software_problem);
    write_truth(json, "hibernated", fact->hibernated);
    write_limits(json, fact);
    vt_findings_write(json, &findings);
    vt_json_close(json, '}');
}

/* ------------------------------------------------------------------ image */

static void
write_partitions(struct vt_json *json, const struct vt_facts *facts)
{
    vt_json_key(json, "partitions");
    vt_json_open(json, '[');
    for (unsigned i = 0; i < facts->partitions_count; i++) {
        const struct vt_partition_fact *partition = &facts->partitions[i];

        vt_json_open(json, '{');
        write_number(json, "number", partition->number);
        write_text(json, "type", partition->type);
        write_text(json, "filesystem", partition->filesystem);
        write_truth(json, "dirty", partition->dirty);
        write_truth(json, "hibernated", partition->hibernated);
        vt_json_close(json, '}');
    }
    vt_json_close(json, ']');
}

static void
write_disk(struct vt_json *json, const struct vt_facts *facts)
{
    vt_json_key(json, "disk");
    if (!facts->has_disk) {
        vt_json_null(json);
        return;
    }
    vt_json_open(json, '{');
    write_text(json, "table", facts->table);
    write_text(json, "content", facts->content);
    vt_json_key(json, "truncated");
    vt_json_bool(json, facts->truncated);
    write_partitions(json, facts);
    vt_json_close(json, '}');
}

void
vt_inspect_write(struct vt_json *json, const struct vt_inspection *inspection)
{
    const struct vt_facts *facts = inspection->facts;

    vt_json_open(json, '{');
    write_text(json, "image", inspection->image);
    write_text(json, "format", inspection->format);
    vt_json_key(json, "read");
    vt_json_open(json, '{');
    vt_json_key(json, "requests");
    vt_json_uint(json, facts->requests);
    vt_json_key(json, "bytes");
    vt_json_uint(json, facts->bytes);
    vt_json_close(json, '}');
    write_disk(json, facts);
    vt_json_key(json, "systems");
    vt_json_open(json, '[');
    for (unsigned i = 0; i < facts->systems_count; i++)
        write_system(json, &facts->systems[i]);
    vt_json_close(json, ']');
    vt_findings_write(json, inspection->findings);
    vt_json_key(json, "problems");
    vt_json_open(json, '[');
    for (unsigned i = 0; i < facts->problems_count; i++) {
        vt_json_open(json, '{');
        write_text(json, "where", facts->problems[i].where);
        write_text(json, "text", facts->problems[i].text);
        vt_json_close(json, '}');
    }
    vt_json_close(json, ']');
    vt_json_close(json, '}');
}
