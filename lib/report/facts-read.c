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

struct reading {
    struct vt_json_reader json;
    struct vtopo_error *err;
};

struct member;

/* How the value of a member is read into what is at @at. */
typedef int (*read_fn)(struct reading *reading, const struct member *member,
                       void *at);

struct member {
    const char *key;
    read_fn read;
    size_t field;
    const struct member *inside;        /* of an object in the same struct */
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
        if (member->read(reading, member, (char *)at + member->field) < 0)
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
read_text(struct reading *reading, const struct member *member, void *at)
{
    if (vt_json_read_null(&reading->json))
        return 0;
    return vt_json_read_string(&reading->json, member->key, (const char **)at,
                               reading->err);
}

static int
read_number(struct reading *reading, const struct member *member, void *at)
{
    if (vt_json_read_null(&reading->json))
        return 0;
    return vt_json_read_uint(&reading->json, member->key, 0,
                             VT_UNKNOWN - 1, at, reading->err);
}

static int
read_truth(struct reading *reading, const struct member *member, void *at)
{
    bool value;

    if (vt_json_read_null(&reading->json))
        return 0;
    if (vt_json_read_bool(&reading->json, member->key, &value,
                          reading->err) < 0)
        return -1;
    *(enum vt_truth *)at = value ? VT_TRUE : VT_FALSE;
    return 0;
}

static int
read_flag(struct reading *reading, const struct member *member, void *at)
{
    if (vt_json_read_null(&reading->json))
        return 0;
    return vt_json_read_bool(&reading->json, member->key, at, reading->err);
}

/* Sizes and counts beyond 32 bits. */
static int
read_big(struct reading *reading, const struct member *member, void *at)
{
    char text[24];

    if (vt_json_read_number_text(&reading->json, member->key, text,
                                 sizeof(text), reading->err) < 0)
        return -1;
    *(unsigned long long *)at = strtoull(text, NULL, 10);
    return 0;
}

static int
skip(struct reading *reading, const struct member *member, void *at)
{
    (void)member;
    (void)at;
    return vt_json_skip(&reading->json, reading->err);
}

/* ---------------------------------------------------------------- objects */

/* A member that is read into a field, or into the struct as a whole. */
#define FIELD(name, reader, type, into) \
    { .key = name, .read = reader, .field = offsetof(struct type, into) }
#define WHOLE(name, reader) { .key = name, .read = reader }
#define IGNORED(name) { .key = name, .read = skip }

/* An object whose members go into the same struct, or nothing. */
#define INSIDE(name, reader, table) \
    { .key = name, .read = reader, .inside = table }

#define END { .key = NULL }

static int
read_object_or_null(struct reading *reading, const struct member *members,
                    void *at)
{
    if (vt_json_read_null(&reading->json))
        return 0;
    return read_object(reading, members, at);
}

static int
read_inside(struct reading *reading, const struct member *member, void *at)
{
    return read_object(reading, member->inside, at);
}

static int
read_inside_or_null(struct reading *reading, const struct member *member,
                    void *at)
{
    return read_object_or_null(reading, member->inside, at);
}

/* {"value":2,"source":".."}, where the value is a number, a bool, a text. */
static int
read_option_value(struct reading *reading, const struct member *member,
                  void *at)
{
    struct vt_option_fact *option = at;
    char first = vt_json_peek(&reading->json);
    bool flag;

    option->known = true;
    if (first == '"')
        return read_text(reading, member, &option->text);
    if (first != 't' && first != 'f')
        return read_number(reading, member, &option->number);
    if (vt_json_read_bool(&reading->json, member->key, &flag,
                          reading->err) < 0)
        return -1;
    option->number = flag;
    return 0;
}

static int
read_option(struct reading *reading, const struct member *member, void *at)
{
    static const struct member members[] = {
        WHOLE("value", read_option_value),
        FIELD("source", read_text, vt_option_fact, source),
        END,
    };

    (void)member;
    return read_object_or_null(reading, members, at);
}

static int
read_file(struct reading *reading, const struct member *member, void *at)
{
    static const struct member members[] = {
        FIELD("path", read_text, vt_file_fact, path),
        FIELD("status", read_text, vt_file_fact, status),
        FIELD("original", read_text, vt_file_fact, original),
        IGNORED("internal"),
        IGNORED("description"),
        FIELD("version", read_text, vt_file_fact, version),
        FIELD("machine", read_text, vt_file_fact, machine),
        IGNORED("checked"),
        FIELD("multiprocessor", read_truth, vt_file_fact, multiprocessor),
        END,
    };

    (void)member;
    return read_object_or_null(reading, members, at);
}

static const struct member files_members[] = {
    FIELD("hal", read_file, vt_system_fact, hal_file),
    FIELD("kernel", read_file, vt_system_fact, kernel_file),
    FIELD("kernel_pae", read_file, vt_system_fact, kernel_pae_file),
    END,
};

static int
read_entries(struct reading *reading, const struct member *member, void *at)
{
    static const struct member members[] = {
        FIELD("default", read_flag, vt_entry_fact, is_default),
        FIELD("this", read_flag, vt_entry_fact, is_this),
        FIELD("description", read_text, vt_entry_fact, description),
        FIELD("numproc", read_option, vt_entry_fact, numproc),
        FIELD("onecpu", read_option, vt_entry_fact, onecpu),
        FIELD("groupsize", read_option, vt_entry_fact, groupsize),
        FIELD("hal", read_option, vt_entry_fact, hal),
        FIELD("kernel", read_option, vt_entry_fact, kernel),
        IGNORED("pae"),
        FIELD("loadoptions", read_text, vt_entry_fact, loadoptions),
        FIELD("hypervisorlaunchtype", read_option,
              vt_entry_fact, hypervisorlaunchtype),
        FIELD("hypervisornumproc", read_option,
              vt_entry_fact, hypervisornumproc),
        FIELD("hypervisorrootproc", read_option,
              vt_entry_fact, hypervisorrootproc),
        IGNORED("maxprocspercluster"),
        END,
    };
    struct vt_system_fact *system = at;

    return read_array(reading, member->key, members, system->entries,
                      sizeof(system->entries[0]), VT_FACTS_ENTRIES_MAX,
                      &system->entries_count);
}

static const struct member boot_members[] = {
    FIELD("kind", read_text, vt_system_fact, boot_kind),
    FIELD("file", read_text, vt_system_fact, boot_file),
    IGNORED("partition"),
    FIELD("firmware", read_text, vt_system_fact, firmware),
    WHOLE("entries", read_entries),
    END,
};

static int
read_suites(struct reading *reading, const struct member *member, void *at)
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
        if (vt_json_read_string(&reading->json, member->key,
                                &system->suites[system->suites_count++],
                                reading->err) < 0)
            return -1;
    }
}

static int
read_policy(struct reading *reading, const struct member *member, void *at)
{
    static const struct member members[] = {
        FIELD("sockets", read_number, vt_system_fact, policy_sockets),
        FIELD("sku", read_number, vt_system_fact, policy_sku),
        FIELD("problem", read_text, vt_system_fact, policy_problem),
        END,
    };

    (void)member;
    ((struct vt_system_fact *)at)->has_policy
        = vt_json_peek(&reading->json) != 'n';
    return read_object_or_null(reading, members, at);
}

static const struct member hal_members[] = {
    FIELD("device", read_text, vt_system_fact, hal_device),
    FIELD("hardware_id", read_text, vt_system_fact, hal_id),
    FIELD("description", read_text, vt_system_fact, hal_description),
    FIELD("inf_section", read_text, vt_system_fact, hal_section),
    FIELD("driver_version", read_text, vt_system_fact, hal_version),
    END,
};

static const struct member processors_members[] = {
    FIELD("enumerated", read_number, vt_system_fact, enumerated),
    FIELD("stale", read_number, vt_system_fact, stale),
    IGNORED("told_apart_by"),
    END,
};

static int
read_drivers(struct reading *reading, const struct member *member, void *at)
{
    static const struct member members[] = {
        FIELD("name", read_text, vt_driver_fact, name),
        FIELD("class", read_text, vt_driver_fact, class),
        FIELD("start", read_number, vt_driver_fact, start),
        FIELD("boot", read_flag, vt_driver_fact, boot),
        FIELD("image", read_text, vt_driver_fact, image),
        END,
    };
    struct vt_system_fact *system = at;

    return read_array(reading, member->key, members, system->drivers,
                      sizeof(system->drivers[0]), VT_FACTS_DRIVERS_MAX,
                      &system->drivers_count);
}

static const struct member hypervisor_members[] = {
    IGNORED("launch"),
    FIELD("hyperv", read_truth, vt_system_fact, hyperv),
    FIELD("vbs", read_truth, vt_system_fact, vbs),
    FIELD("wsl2", read_truth, vt_system_fact, wsl2),
    END,
};

static int
read_system_hive(struct reading *reading, const struct member *member,
                 void *at)
{
    static const struct member members[] = {
        FIELD("file", read_text, vt_system_fact, system_hive.file),
        IGNORED("size"),
        FIELD("dirty", read_flag, vt_system_fact, system_hive.dirty),
        FIELD("replayed", read_number, vt_system_fact, system_hive.replayed),
        FIELD("log_problem", read_text,
              vt_system_fact, system_hive.log_problem),
        FIELD("control_set", read_number, vt_system_fact, control_set),
        IGNORED("current_is"),
        FIELD("product_type", read_text, vt_system_fact, product_type),
        WHOLE("product_suite", read_suites),
        WHOLE("policy", read_policy),
        FIELD("registered_processors", read_number,
              vt_system_fact, registered),
        FIELD("licensed_processors", read_number, vt_system_fact, licensed),
        FIELD("csd_version", read_number, vt_system_fact, csd_version),
        INSIDE("hal", read_inside, hal_members),
        FIELD("number_of_processors", read_number,
              vt_system_fact, processors_used),
        FIELD("processor_identifier", read_text, vt_system_fact, identifier),
        FIELD("processor_architecture", read_text,
              vt_system_fact, architecture),
        INSIDE("processors", read_inside, processors_members),
        WHOLE("drivers", read_drivers),
        INSIDE("hypervisor", read_inside, hypervisor_members),
        END,
    };

    (void)member;
    ((struct vt_system_fact *)at)->has_system
        = vt_json_peek(&reading->json) != 'n';
    return read_object_or_null(reading, members, at);
}

static int
read_software(struct reading *reading, const struct member *member, void *at)
{
    static const struct member members[] = {
        FIELD("file", read_text, vt_system_fact, software_hive.file),
        IGNORED("size"),
        FIELD("dirty", read_flag, vt_system_fact, software_hive.dirty),
        FIELD("replayed", read_number,
              vt_system_fact, software_hive.replayed),
        FIELD("log_problem", read_text,
              vt_system_fact, software_hive.log_problem),
        FIELD("product_name", read_text, vt_system_fact, product_name),
        FIELD("current_version", read_text, vt_system_fact, current_version),
        FIELD("current_build", read_text, vt_system_fact, current_build),
        FIELD("ubr", read_number, vt_system_fact, ubr),
        FIELD("edition_id", read_text, vt_system_fact, edition_id),
        FIELD("display_version", read_text, vt_system_fact, display_version),
        FIELD("release_id", read_text, vt_system_fact, release_id),
        IGNORED("csd_version"),
        FIELD("installation_type", read_text,
              vt_system_fact, installation_type),
        FIELD("major", read_number, vt_system_fact, major),
        FIELD("minor", read_number, vt_system_fact, minor),
        END,
    };

    (void)member;
    ((struct vt_system_fact *)at)->has_software
        = vt_json_peek(&reading->json) != 'n';
    return read_object_or_null(reading, members, at);
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
read_systems(struct reading *reading, const struct member *member, void *at)
{
    static const struct member members[] = {
        FIELD("partition", read_number, vt_system_fact, partition),
        FIELD("root", read_text, vt_system_fact, root),
        FIELD("found_by", read_text, vt_system_fact, found_by),
        FIELD("default", read_truth, vt_system_fact, is_default),
        FIELD("hibernated", read_truth, vt_system_fact, hibernated),
        WHOLE("system", read_system_hive),
        FIELD("system_problem", read_text, vt_system_fact, system_problem),
        WHOLE("software", read_software),
        FIELD("software_problem", read_text,
              vt_system_fact, software_problem),
        INSIDE("boot", read_inside_or_null, boot_members),
        FIELD("boot_problem", read_text, vt_system_fact, boot_problem),
        INSIDE("files", read_inside_or_null, files_members),
        END,
    };
    struct vt_facts *facts = at;

    for (unsigned i = 0; i < VT_FACTS_SYSTEMS_MAX; i++)
        start_system(&facts->systems[i]);
    return read_array(reading, member->key, members, facts->systems,
                      sizeof(facts->systems[0]), VT_FACTS_SYSTEMS_MAX,
                      &facts->systems_count);
}

static int
read_partitions(struct reading *reading, const struct member *member,
                void *at)
{
    static const struct member members[] = {
        FIELD("number", read_number, vt_partition_fact, number),
        IGNORED("offset"),
        IGNORED("size"),
        FIELD("type", read_text, vt_partition_fact, type),
        FIELD("filesystem", read_text, vt_partition_fact, filesystem),
        IGNORED("active"),
        FIELD("dirty", read_truth, vt_partition_fact, dirty),
        FIELD("hibernated", read_truth, vt_partition_fact, hibernated),
        IGNORED("log_clean"),
        END,
    };
    struct vt_facts *facts = at;

    return read_array(reading, member->key, members, facts->partitions,
                      sizeof(facts->partitions[0]), VT_FACTS_PARTITIONS_MAX,
                      &facts->partitions_count);
}

static int
read_disk(struct reading *reading, const struct member *member, void *at)
{
    static const struct member members[] = {
        IGNORED("size"),
        IGNORED("sector_size"),
        FIELD("table", read_text, vt_facts, table),
        FIELD("content", read_text, vt_facts, content),
        FIELD("truncated", read_flag, vt_facts, truncated),
        WHOLE("partitions", read_partitions),
        END,
    };

    (void)member;
    ((struct vt_facts *)at)->has_disk = vt_json_peek(&reading->json) != 'n';
    return read_object_or_null(reading, members, at);
}

static int
read_problems(struct reading *reading, const struct member *member, void *at)
{
    static const struct member members[] = {
        FIELD("where", read_text, vt_problem_fact, where),
        FIELD("text", read_text, vt_problem_fact, text),
        END,
    };
    struct vt_facts *facts = at;

    return read_array(reading, member->key, members, facts->problems,
                      sizeof(facts->problems[0]), VT_FACTS_PROBLEMS_MAX,
                      &facts->problems_count);
}

static const struct member counts_members[] = {
    FIELD("requests", read_big, vt_facts, requests),
    FIELD("bytes", read_big, vt_facts, bytes),
    END,
};

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
        INSIDE("read", read_inside, counts_members),
        IGNORED("sandbox"),
        WHOLE("disk", read_disk),
        WHOLE("systems", read_systems),
        WHOLE("problems", read_problems),
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
