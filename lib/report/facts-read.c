/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * facts-read.c - read what the worker says of an image (see facts-read.h)
 *
 * Every object of the answer is a table of its members, and one function
 * reads them all.  Members that no table knows are an error: both programs
 * are of one release.
 */

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "report/facts-read.h"

/* ----------------------------------------------------- objects as tables */

struct reading;

/* How the value of a member is read into the struct at @at. */
typedef int (*read_fn)(struct reading *reading, const char *key, void *at);

struct member {
    const char *key;
    read_fn read;
    size_t field;
};

struct reading {
    struct vt_json_reader json;
    struct vtopo_error *err;
};

static const struct member *
find_member(const struct member *members, const char *key)
{
    for (; members->key != NULL; members++) {
        if (strcmp(members->key, key) == 0)
            return members;
    }
    return NULL;
}

/* Read an object into the struct at @at by its table. */
static int
read_object(struct reading *reading, const struct member *members, void *at)
{
    const struct member *member;
    const char *key;

    if (vt_json_enter(&reading->json, '{', reading->err) < 0)
        return -1;
    for (;;) {
        if (vt_json_next_key(&reading->json, &key, reading->err) < 0)
            return -1;
        if (key == NULL)
            return 0;
        member = find_member(members, key);
        if (member == NULL)
            return vt_fail(reading->err, VTOPO_BAD_INPUT,
                           "the worker says '%s', which is not known", key);
        if (member->read(reading, key, (char *)at + member->field) < 0)
            return -1;
    }
}

/* Read an array of up to @max elements of @size bytes at @at. */
static int
read_array(struct reading *reading, const char *what,
           const struct member *members, void *at, size_t size, unsigned max,
           unsigned *ret_count)
{
    unsigned count = 0;
    bool more;

    if (vt_json_enter(&reading->json, '[', reading->err) < 0)
        return -1;
    for (;;) {
        if (vt_json_next_element(&reading->json, &more, reading->err) < 0)
            return -1;
        if (!more)
            break;
        if (count == max)
            return vt_fail(reading->err, VTOPO_BAD_INPUT,
                           "the worker gives more than %u %s", max, what);
        if (read_object(reading, members, (char *)at + count * size) < 0)
            return -1;
        count++;
    }
    *ret_count = count;
    return 0;
}

/* ---------------------------------------------------------------- scalars */

static int
read_text(struct reading *reading, const char *key, void *at)
{
    if (vt_json_read_null(&reading->json))
        return 0;
    return vt_json_read_string(&reading->json, key, (const char **)at,
                               reading->err);
}

static int
read_number(struct reading *reading, const char *key, void *at)
{
    if (vt_json_read_null(&reading->json))
        return 0;
    return vt_json_read_uint(&reading->json, key, 0, VT_UNKNOWN - 1, at,
                             reading->err);
}

static int
read_truth(struct reading *reading, const char *key, void *at)
{
    bool value;

    if (vt_json_read_null(&reading->json))
        return 0;
    if (vt_json_read_bool(&reading->json, key, &value, reading->err) < 0)
        return -1;
    *(enum vt_truth *)at = value ? VT_TRUE : VT_FALSE;
    return 0;
}

static int
read_flag(struct reading *reading, const char *key, void *at)
{
    if (vt_json_read_null(&reading->json))
        return 0;
    return vt_json_read_bool(&reading->json, key, at, reading->err);
}

/* Sizes and counts beyond 32 bits. */
static int
read_big(struct reading *reading, const char *key, void *at)
{
    char text[24];

    if (vt_json_read_number_text(&reading->json, key, text, sizeof(text),
                                 reading->err) < 0)
        return -1;
    *(unsigned long long *)at = strtoull(text, NULL, 10);
    return 0;
}

static int
skip(struct reading *reading, const char *key, void *at)
{
    (void)key;
    (void)at;
    return vt_json_skip(&reading->json, reading->err);
}

/* ---------------------------------------------------------------- objects */

#define AT(type, field) offsetof(struct type, field)
#define END { .key = NULL }

/* {"value":2,"source":".."}, where the value is a number, a bool, a text. */
static int
read_option_value(struct reading *reading, const char *key, void *at)
{
    struct vt_option_fact *option = at;
    char first = vt_json_peek(&reading->json);
    bool flag;

    option->known = true;
    if (first == '"')
        return read_text(reading, key, &option->text);
    if (first != 't' && first != 'f')
        return read_number(reading, key, &option->number);
    if (vt_json_read_bool(&reading->json, key, &flag, reading->err) < 0)
        return -1;
    option->number = flag;
    return 0;
}

static int
read_option(struct reading *reading, const char *key, void *at)
{
    static const struct member members[] = {
        { "value", read_option_value, 0 },
        { "source", read_text, AT(vt_option_fact, source) },
        END,
    };

    (void)key;
    if (vt_json_read_null(&reading->json))
        return 0;
    return read_object(reading, members, at);
}

static int
read_file(struct reading *reading, const char *key, void *at)
{
    static const struct member members[] = {
        { "path", read_text, AT(vt_file_fact, path) },
        { "status", read_text, AT(vt_file_fact, status) },
        { "original", read_text, AT(vt_file_fact, original) },
        { "internal", skip, 0 },
        { "description", skip, 0 },
        { "version", read_text, AT(vt_file_fact, version) },
        { "machine", read_text, AT(vt_file_fact, machine) },
        { "checked", skip, 0 },
        { "multiprocessor", read_truth, AT(vt_file_fact, multiprocessor) },
        END,
    };

    (void)key;
    if (vt_json_read_null(&reading->json))
        return 0;
    return read_object(reading, members, at);
}

static int
read_files(struct reading *reading, const char *key, void *at)
{
    static const struct member members[] = {
        { "hal", read_file, AT(vt_system_fact, hal_file) },
        { "kernel", read_file, AT(vt_system_fact, kernel_file) },
        { "kernel_pae", read_file, AT(vt_system_fact, kernel_pae_file) },
        END,
    };

    (void)key;
    if (vt_json_read_null(&reading->json))
        return 0;
    return read_object(reading, members, at);
}

static int
read_entries(struct reading *reading, const char *key, void *at)
{
    static const struct member members[] = {
        { "default", read_flag, AT(vt_entry_fact, is_default) },
        { "this", read_flag, AT(vt_entry_fact, is_this) },
        { "description", read_text, AT(vt_entry_fact, description) },
        { "numproc", read_option, AT(vt_entry_fact, numproc) },
        { "onecpu", read_option, AT(vt_entry_fact, onecpu) },
        { "groupsize", read_option, AT(vt_entry_fact, groupsize) },
        { "hal", read_option, AT(vt_entry_fact, hal) },
        { "kernel", read_option, AT(vt_entry_fact, kernel) },
        { "pae", skip, 0 },
        { "loadoptions", read_text, AT(vt_entry_fact, loadoptions) },
        { "hypervisorlaunchtype", read_option,
          AT(vt_entry_fact, hypervisorlaunchtype) },
        { "hypervisornumproc", read_option,
          AT(vt_entry_fact, hypervisornumproc) },
        { "hypervisorrootproc", read_option,
          AT(vt_entry_fact, hypervisorrootproc) },
        { "maxprocspercluster", skip, 0 },
        END,
    };
    struct vt_system_fact *system = at;

    return read_array(reading, key, members, system->entries,
                      sizeof(system->entries[0]), VT_FACTS_ENTRIES_MAX,
                      &system->entries_count);
}

static int
read_boot(struct reading *reading, const char *key, void *at)
{
    static const struct member members[] = {
        { "kind", read_text, AT(vt_system_fact, boot_kind) },
        { "file", read_text, AT(vt_system_fact, boot_file) },
        { "partition", skip, 0 },
        { "firmware", read_text, AT(vt_system_fact, firmware) },
        { "entries", read_entries, 0 },
        END,
    };

    (void)key;
    if (vt_json_read_null(&reading->json))
        return 0;
    return read_object(reading, members, at);
}

static int
read_suites(struct reading *reading, const char *key, void *at)
{
    struct vt_system_fact *system = at;
    bool more;

    if (vt_json_read_null(&reading->json))
        return 0;
    system->has_suites = true;
    if (vt_json_enter(&reading->json, '[', reading->err) < 0)
        return -1;
    for (;;) {
        if (vt_json_next_element(&reading->json, &more, reading->err) < 0)
            return -1;
        if (!more)
            return 0;
        if (system->suites_count == VT_FACTS_SUITES_MAX)
            return vt_fail(reading->err, VTOPO_BAD_INPUT,
                           "the worker gives more than %u suites",
                           VT_FACTS_SUITES_MAX);
        if (vt_json_read_string(&reading->json, key,
                                &system->suites[system->suites_count++],
                                reading->err) < 0)
            return -1;
    }
}

static int
read_policy(struct reading *reading, const char *key, void *at)
{
    static const struct member members[] = {
        { "sockets", read_number, AT(vt_system_fact, policy_sockets) },
        { "sku", read_number, AT(vt_system_fact, policy_sku) },
        { "problem", read_text, AT(vt_system_fact, policy_problem) },
        END,
    };

    (void)key;
    if (vt_json_read_null(&reading->json))
        return 0;
    ((struct vt_system_fact *)at)->has_policy = true;
    return read_object(reading, members, at);
}

static int
read_hal(struct reading *reading, const char *key, void *at)
{
    static const struct member members[] = {
        { "device", read_text, AT(vt_system_fact, hal_device) },
        { "hardware_id", read_text, AT(vt_system_fact, hal_id) },
        { "description", read_text, AT(vt_system_fact, hal_description) },
        { "inf_section", read_text, AT(vt_system_fact, hal_section) },
        { "driver_version", read_text, AT(vt_system_fact, hal_version) },
        END,
    };

    (void)key;
    return read_object(reading, members, at);
}

static int
read_processors(struct reading *reading, const char *key, void *at)
{
    static const struct member members[] = {
        { "enumerated", read_number, AT(vt_system_fact, enumerated) },
        { "stale", read_number, AT(vt_system_fact, stale) },
        { "told_apart_by", skip, 0 },
        END,
    };

    (void)key;
    return read_object(reading, members, at);
}

static int
read_drivers(struct reading *reading, const char *key, void *at)
{
    static const struct member members[] = {
        { "name", read_text, AT(vt_driver_fact, name) },
        { "class", read_text, AT(vt_driver_fact, class) },
        { "start", read_number, AT(vt_driver_fact, start) },
        { "boot", read_flag, AT(vt_driver_fact, boot) },
        { "image", read_text, AT(vt_driver_fact, image) },
        END,
    };
    struct vt_system_fact *system = at;

    return read_array(reading, key, members, system->drivers,
                      sizeof(system->drivers[0]), VT_FACTS_DRIVERS_MAX,
                      &system->drivers_count);
}

static int
read_hypervisor(struct reading *reading, const char *key, void *at)
{
    static const struct member members[] = {
        { "launch", skip, 0 },
        { "hyperv", read_truth, AT(vt_system_fact, hyperv) },
        { "vbs", read_truth, AT(vt_system_fact, vbs) },
        { "wsl2", read_truth, AT(vt_system_fact, wsl2) },
        END,
    };

    (void)key;
    return read_object(reading, members, at);
}

static int
read_system_hive(struct reading *reading, const char *key, void *at)
{
    static const struct member members[] = {
        { "file", read_text, AT(vt_system_fact, system_hive.file) },
        { "size", skip, 0 },
        { "dirty", read_flag, AT(vt_system_fact, system_hive.dirty) },
        { "replayed", read_number, AT(vt_system_fact, system_hive.replayed) },
        { "log_problem", read_text,
          AT(vt_system_fact, system_hive.log_problem) },
        { "control_set", read_number, AT(vt_system_fact, control_set) },
        { "current_is", skip, 0 },
        { "product_type", read_text, AT(vt_system_fact, product_type) },
        { "product_suite", read_suites, 0 },
        { "policy", read_policy, 0 },
        { "registered_processors", read_number,
          AT(vt_system_fact, registered) },
        { "licensed_processors", read_number, AT(vt_system_fact, licensed) },
        { "csd_version", read_number, AT(vt_system_fact, csd_version) },
        { "hal", read_hal, 0 },
        { "number_of_processors", read_number,
          AT(vt_system_fact, processors_used) },
        { "processor_identifier", read_text, AT(vt_system_fact, identifier) },
        { "processor_architecture", read_text,
          AT(vt_system_fact, architecture) },
        { "processors", read_processors, 0 },
        { "drivers", read_drivers, 0 },
        { "hypervisor", read_hypervisor, 0 },
        END,
    };

    (void)key;
    if (vt_json_read_null(&reading->json))
        return 0;
    ((struct vt_system_fact *)at)->has_system = true;
    return read_object(reading, members, at);
}

static int
read_software(struct reading *reading, const char *key, void *at)
{
    static const struct member members[] = {
        { "file", read_text, AT(vt_system_fact, software_hive.file) },
        { "size", skip, 0 },
        { "dirty", read_flag, AT(vt_system_fact, software_hive.dirty) },
        { "replayed", read_number,
          AT(vt_system_fact, software_hive.replayed) },
        { "log_problem", read_text,
          AT(vt_system_fact, software_hive.log_problem) },
        { "product_name", read_text, AT(vt_system_fact, product_name) },
        { "current_version", read_text, AT(vt_system_fact, current_version) },
        { "current_build", read_text, AT(vt_system_fact, current_build) },
        { "ubr", read_number, AT(vt_system_fact, ubr) },
        { "edition_id", read_text, AT(vt_system_fact, edition_id) },
        { "display_version", read_text, AT(vt_system_fact, display_version) },
        { "release_id", read_text, AT(vt_system_fact, release_id) },
        { "csd_version", skip, 0 },
        { "installation_type", read_text,
          AT(vt_system_fact, installation_type) },
        { "major", read_number, AT(vt_system_fact, major) },
        { "minor", read_number, AT(vt_system_fact, minor) },
        END,
    };

    (void)key;
    if (vt_json_read_null(&reading->json))
        return 0;
    ((struct vt_system_fact *)at)->has_software = true;
    return read_object(reading, members, at);
}

/* ----------------------------------------------------------------- answer */

static void
start_system(struct vt_system_fact *system)
{
    *system = (struct vt_system_fact) {
        .partition = VT_UNKNOWN, .control_set = VT_UNKNOWN,
        .policy_sockets = VT_UNKNOWN, .policy_sku = VT_UNKNOWN,
        .registered = VT_UNKNOWN, .licensed = VT_UNKNOWN,
        .csd_version = VT_UNKNOWN, .processors_used = VT_UNKNOWN,
        .enumerated = VT_UNKNOWN, .stale = VT_UNKNOWN,
        .major = VT_UNKNOWN, .minor = VT_UNKNOWN, .ubr = VT_UNKNOWN,
    };
}

static int
read_systems(struct reading *reading, const char *key, void *at)
{
    static const struct member members[] = {
        { "partition", read_number, AT(vt_system_fact, partition) },
        { "root", read_text, AT(vt_system_fact, root) },
        { "found_by", read_text, AT(vt_system_fact, found_by) },
        { "default", read_truth, AT(vt_system_fact, is_default) },
        { "hibernated", read_truth, AT(vt_system_fact, hibernated) },
        { "system", read_system_hive, 0 },
        { "system_problem", read_text, AT(vt_system_fact, system_problem) },
        { "software", read_software, 0 },
        { "software_problem", read_text,
          AT(vt_system_fact, software_problem) },
        { "boot", read_boot, 0 },
        { "boot_problem", read_text, AT(vt_system_fact, boot_problem) },
        { "files", read_files, 0 },
        END,
    };
    struct vt_facts *facts = at;

    for (unsigned i = 0; i < VT_FACTS_SYSTEMS_MAX; i++)
        start_system(&facts->systems[i]);
    return read_array(reading, key, members, facts->systems,
                      sizeof(facts->systems[0]), VT_FACTS_SYSTEMS_MAX,
                      &facts->systems_count);
}

static int
read_partitions(struct reading *reading, const char *key, void *at)
{
    static const struct member members[] = {
        { "number", read_number, AT(vt_partition_fact, number) },
        { "offset", skip, 0 },
        { "size", skip, 0 },
        { "type", read_text, AT(vt_partition_fact, type) },
        { "filesystem", read_text, AT(vt_partition_fact, filesystem) },
        { "active", skip, 0 },
        { "dirty", read_truth, AT(vt_partition_fact, dirty) },
        { "hibernated", read_truth, AT(vt_partition_fact, hibernated) },
        { "log_clean", skip, 0 },
        END,
    };
    struct vt_facts *facts = at;

    return read_array(reading, key, members, facts->partitions,
                      sizeof(facts->partitions[0]), VT_FACTS_PARTITIONS_MAX,
                      &facts->partitions_count);
}

static int
read_disk(struct reading *reading, const char *key, void *at)
{
    static const struct member members[] = {
        { "size", skip, 0 },
        { "sector_size", skip, 0 },
        { "table", read_text, AT(vt_facts, table) },
        { "content", read_text, AT(vt_facts, content) },
        { "truncated", read_flag, AT(vt_facts, truncated) },
        { "partitions", read_partitions, 0 },
        END,
    };

    (void)key;
    if (vt_json_read_null(&reading->json))
        return 0;
    ((struct vt_facts *)at)->has_disk = true;
    return read_object(reading, members, at);
}

static int
read_problems(struct reading *reading, const char *key, void *at)
{
    static const struct member members[] = {
        { "where", read_text, AT(vt_problem_fact, where) },
        { "text", read_text, AT(vt_problem_fact, text) },
        END,
    };
    struct vt_facts *facts = at;

    return read_array(reading, key, members, facts->problems,
                      sizeof(facts->problems[0]), VT_FACTS_PROBLEMS_MAX,
                      &facts->problems_count);
}

static int
read_counts(struct reading *reading, const char *key, void *at)
{
    static const struct member members[] = {
        { "requests", read_big, AT(vt_facts, requests) },
        { "bytes", read_big, AT(vt_facts, bytes) },
        END,
    };

    (void)key;
    return read_object(reading, members, at);
}

void
vt_facts_clear(struct vt_facts *facts)
{
    free(facts->text);
    facts->text = NULL;
}

int
vt_facts_read_answer(char *text, size_t length, struct vt_facts *ret_facts,
                     struct vtopo_error *err)
{
    static const struct member members[] = {
        { "read", read_counts, 0 },
        { "sandbox", skip, 0 },
        { "disk", read_disk, 0 },
        { "systems", read_systems, 0 },
        { "problems", read_problems, 0 },
        END,
    };
    struct reading reading = { .err = err };

    memset(ret_facts, 0, sizeof(*ret_facts));
    ret_facts->text = text;
    vt_json_reader_start(&reading.json, text, length);
    if (read_object(&reading, members, ret_facts) < 0
        || vt_json_finish(&reading.json, err) < 0) {
        vt_facts_clear(ret_facts);
        return vt_wrap(err, "the worker's answer cannot be used");
    }
    return 0;
}
