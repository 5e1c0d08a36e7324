/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * facts-system.c - what the SYSTEM hive says of processors
 *
 * Where each fact stands is written beside it; why it matters is in the
 * tables of the parent.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "facts-parts.h"
#include "policy.h"

#define SUITES_MAX 16u
#define DEVICES_MAX 65536u      /* instances of processors that are counted */

#define HAL_CLASS "Control\\Class\\{4D36E966-E325-11CE-BFC1-08002BE10318}"

/* ------------------------------------------------------------ control set */

/* Windows boots Select\Default; Current is what the last boot used. */
static bool
find_control_set(struct vw_hive *hive, struct vw_key *ret_key,
                 uint32_t *ret_number, const char **ret_which)
{
    static const char *const names[] = { "Current", "Default" };
    struct vw_key select;
    char path[24];

    if (vw_soft_key(hive, NULL, "Select", &select)) {
        for (size_t i = 0; i < VT_COUNT(names); i++) {
            if (!vw_soft_dword(hive, &select, names[i], ret_number)
                || *ret_number == 0 || *ret_number > 999)
                continue;
            (void)snprintf(path, sizeof(path), "ControlSet%03u", *ret_number);
            *ret_which = names[i];
            if (vw_soft_key(hive, NULL, path, ret_key))
                return true;
        }
    }
    *ret_number = 1;
    *ret_which = "guess";
    return vw_soft_key(hive, NULL, "ControlSet001", ret_key);
}

/* ---------------------------------------------------------------- product */

static void
write_suites(struct vt_json *json, struct vw_hive *hive,
             const struct vw_key *options)
{
    vt_auto(vw_strings_clear) struct vw_strings suites = VW_STRINGS_INIT;
    char cut[VW_FACTS_TEXT_MAX + 1];

    vt_json_key(json, "product_suite");
    if (!vw_soft_strings(hive, options, "ProductSuite", &suites)) {
        vt_json_null(json);
        return;
    }
    vt_json_open(json, '[');
    for (size_t i = 0; i < suites.count && i < SUITES_MAX; i++) {
        (void)snprintf(cut, sizeof(cut), "%s", suites.strings[i]);
        vt_json_string(json, cut);
    }
    vt_json_close(json, ']');
}

static int
write_policy_number(struct vt_json *json, const char *key,
                    const unsigned char *blob, size_t size, const char *name,
                    struct vtopo_error *err)
{
    struct vw_policy_value value;
    uint32_t number = 0;
    bool found = false;

    if (vw_policy_find(blob, size, name, &value, &found, err) < 0
        || (found && vw_policy_dword(&value, name, &number, err) < 0))
        return -1;
    if (found)
        vw_write_uint(json, key, number);
    else
        vw_write_null(json, key);
    return 0;
}

/* A policy that is there but cannot be read is a problem, never a number. */
static void
write_policy_members(struct vt_json *json, struct vw_hive *hive,
                     const struct vw_value *value)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_autofree unsigned char *blob = NULL;
    struct vt_buf *out = json->out;
    size_t mark = out->length;
    bool comma = json->comma;
    size_t size = 0;

    if (vw_value_data(hive, value, VW_POLICY_SIZE_MAX, &blob, &size,
                      &err) == 0
        && write_policy_number(json, "sockets", blob, size,
                               "Kernel-RegisteredProcessors", &err) == 0
        && write_policy_number(json, "sku", blob, size, "Kernel-ProductInfo",
                               &err) == 0) {
        vw_write_null(json, "problem");
        return;
    }
    out->length = mark;
    json->comma = comma;
    vw_write_null(json, "sockets");
    vw_write_null(json, "sku");
    vw_write_text(json, "problem", err.message);
}

static void
write_policy(struct vt_json *json, struct vw_hive *hive,
             const struct vw_key *options)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vw_value value;
    bool found = false;

    vt_json_key(json, "policy");
    if (vw_key_value(hive, options, "ProductPolicy", &value, &found,
                     &err) == 0 && !found) {
        vt_json_null(json);
        return;
    }
    vt_json_open(json, '{');
    if (found) {
        write_policy_members(json, hive, &value);
    } else {
        vw_write_null(json, "sockets");
        vw_write_null(json, "sku");
        vw_write_text(json, "problem", err.message);
    }
    vt_json_close(json, '}');
}

static void
write_product(struct vt_json *json, struct vw_hive *hive,
              const struct vw_key *set)
{
    vt_autofree char *type = NULL;
    struct vw_key options;

    if (!vw_soft_key(hive, set, "Control\\ProductOptions", &options)) {
        vw_write_null(json, "product_type");
        vw_write_null(json, "product_suite");
        vw_write_null(json, "policy");
        return;
    }
    type = vw_soft_string(hive, &options, "ProductType");
    vw_write_text(json, "product_type", type);
    write_suites(json, hive, &options);
    write_policy(json, hive, &options);
}

/* ------------------------------------------------------- session manager */

static void
write_dword(struct vt_json *json, const char *member, struct vw_hive *hive,
            const struct vw_key *key, const char *name)
{
    uint32_t number;

    if (key != NULL && vw_soft_dword(hive, key, name, &number))
        vw_write_uint(json, member, number);
    else
        vw_write_null(json, member);
}

static void
write_licence(struct vt_json *json, struct vw_hive *hive,
              const struct vw_key *set)
{
    struct vw_key manager;
    struct vw_key windows;
    bool has_manager = vw_soft_key(hive, set, "Control\\Session Manager",
                                   &manager);
    bool has_windows = vw_soft_key(hive, set, "Control\\Windows", &windows);

    write_dword(json, "registered_processors", hive,
                has_manager ? &manager : NULL, "RegisteredProcessors");
    write_dword(json, "licensed_processors", hive,
                has_manager ? &manager : NULL, "LicensedProcessors");
    write_dword(json, "csd_version", hive, has_windows ? &windows : NULL,
                "CSDVersion");
}

/* -------------------------------------------------------------------- HAL */

static bool
ends_in_hal(const char *name)
{
    size_t length = strlen(name);

    return length > 4 && strcasecmp(name + length - 4, "_HAL") == 0;
}

/* The device of the HAL among those that have no bus: ACPI_HAL, PCI_HAL. */
static char *
find_hal_device(struct vw_hive *hive, const struct vw_key *set,
                struct vw_key *ret_instance)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vw_key root;
    struct vw_key child;
    bool more = true;

    if (!vw_soft_key(hive, set, "Enum\\Root", &root))
        return NULL;
    struct vw_children children = VW_CHILDREN_INIT(root);

    while (vw_children_next(hive, &children, &child, &more, &err) == 0
           && more) {
        char *name = NULL;

        if (vw_key_name(hive, &child, &name, &err) < 0)
            break;
        if (ends_in_hal(name) && vw_soft_key(hive, &child, "0000",
                                             ret_instance))
            return name;
        free(name);
    }
    return NULL;
}

static void
write_hal_class(struct vt_json *json, struct vw_hive *hive,
                const struct vw_key *set)
{
    vt_autofree char *section = NULL;
    vt_autofree char *version = NULL;
    struct vw_key class;

    if (vw_soft_key(hive, set, HAL_CLASS "\\0000", &class)) {
        section = vw_soft_string(hive, &class, "InfSection");
        version = vw_soft_string(hive, &class, "DriverVersion");
    }
    vw_write_text(json, "inf_section", section);
    vw_write_text(json, "driver_version", version);
}

static void
write_hal(struct vt_json *json, struct vw_hive *hive,
          const struct vw_key *set)
{
    vt_auto(vw_strings_clear) struct vw_strings ids = VW_STRINGS_INIT;
    vt_autofree char *description = NULL;
    vt_autofree char *device = NULL;
    struct vw_key instance;

    device = find_hal_device(hive, set, &instance);
    if (device != NULL) {
        (void)vw_soft_strings(hive, &instance, "HardwareID", &ids);
        description = vw_soft_string(hive, &instance, "DeviceDesc");
    }
    vt_json_key(json, "hal");
    vt_json_open(json, '{');
    vw_write_text(json, "device", device);
    vw_write_text(json, "hardware_id", ids.count != 0 ? ids.strings[0]
                                                      : NULL);
    vw_write_text(json, "description", description);
    write_hal_class(json, hive, set);
    vt_json_close(json, '}');
}

/* ------------------------------------------------------------- processors */

/* "Intel64 Family 6 Model 58 Stepping 9, GenuineIntel", or the name of a key
 * "GenuineIntel_-_x86_Family_15_Model_2".
 */
static bool
read_model(const char *text, const char *family_word, const char *model_word,
           unsigned *family, unsigned *model)
{
    const char *at = strcasestr(text, family_word);
    char *end;

    if (at == NULL)
        return false;
    *family = (unsigned)strtoul(at + strlen(family_word), &end, 10);
    if (strncasecmp(end, model_word, strlen(model_word)) != 0)
        return false;
    *model = (unsigned)strtoul(end + strlen(model_word), NULL, 10);
    return true;
}

static unsigned
count_children(struct vw_hive *hive, const struct vw_key *key)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vw_children children = VW_CHILDREN_INIT(*key);
    struct vw_key child;
    unsigned count = 0;
    bool more = true;

    while (count < DEVICES_MAX
           && vw_children_next(hive, &children, &child, &more, &err) == 0
           && more)
        count++;
    return count;
}

struct devices {
    bool has_model;
    unsigned family, model;     /* in PROCESSOR_IDENTIFIER */
    unsigned current, stale;
};

/* Every CPU model that the guest ever ran on leaves its keys behind: only
 * those of the model it last ran on count.
 */
static void
count_devices(struct vw_hive *hive, const struct vw_key *acpi,
              struct devices *devices)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vw_children children = VW_CHILDREN_INIT(*acpi);
    struct vw_key child;
    bool more = true;

    while (vw_children_next(hive, &children, &child, &more, &err) == 0
           && more) {
        vt_autofree char *name = NULL;
        unsigned family;
        unsigned model;

        if (vw_key_name(hive, &child, &name, &err) < 0)
            return;
        if (strstr(name, "_-_") == NULL
            || !read_model(name, "_Family_", "_Model_", &family, &model))
            continue;
        if (family == devices->family && model == devices->model)
            devices->current += count_children(hive, &child);
        else
            devices->stale += count_children(hive, &child);
    }
}

static void
write_devices(struct vt_json *json, struct vw_hive *hive,
              const struct vw_key *set, const char *identifier)
{
    struct devices devices = { .has_model = false };
    struct vw_key acpi;
    bool counted;

    devices.has_model = identifier != NULL
        && read_model(identifier, " Family ", " Model ", &devices.family,
                      &devices.model);
    counted = devices.has_model && vw_soft_key(hive, set, "Enum\\ACPI", &acpi);
    if (counted)
        count_devices(hive, &acpi, &devices);
    vt_json_key(json, "processors");
    vt_json_open(json, '{');
    if (counted) {
        vw_write_uint(json, "enumerated", devices.current);
        vw_write_uint(json, "stale", devices.stale);
    } else {
        vw_write_null(json, "enumerated");
        vw_write_null(json, "stale");
    }
    vw_write_text(json, "told_apart_by", counted ? "identifier" : "none");
    vt_json_close(json, '}');
}

static void
write_processors(struct vt_json *json, struct vw_hive *hive,
                 const struct vw_key *set)
{
    vt_autofree char *count = NULL;
    vt_autofree char *identifier = NULL;
    vt_autofree char *architecture = NULL;
    struct vw_key environment;
    unsigned long number = 0;

    if (vw_soft_key(hive, set, "Control\\Session Manager\\Environment",
                    &environment)) {
        count = vw_soft_string(hive, &environment, "NUMBER_OF_PROCESSORS");
        identifier = vw_soft_string(hive, &environment,
                                    "PROCESSOR_IDENTIFIER");
        architecture = vw_soft_string(hive, &environment,
                                      "PROCESSOR_ARCHITECTURE");
    }
    if (count != NULL)
        number = strtoul(count, NULL, 10);
    if (number > 0 && number < 65536)
        vw_write_uint(json, "number_of_processors", number);
    else
        vw_write_null(json, "number_of_processors");
    vw_write_text(json, "processor_identifier", identifier);
    vw_write_text(json, "processor_architecture", architecture);
    write_devices(json, hive, set, identifier);
}

/* ------------------------------------------------------ hypervisor inside */

static bool
service_exists(struct vw_hive *hive, const struct vw_key *set,
               const char *path)
{
    struct vw_key key;

    return vw_soft_key(hive, set, path, &key);
}

static bool
is_switched_on(struct vw_hive *hive, const struct vw_key *set,
               const char *path, const char *name)
{
    struct vw_key key;
    uint32_t number;

    return vw_soft_key(hive, set, path, &key)
        && vw_soft_dword(hive, &key, name, &number) && number != 0;
}

static void
write_hypervisor(struct vt_json *json, struct vw_hive *hive,
                 const struct vw_key *set)
{
    bool compute = service_exists(hive, set, "Services\\vmcompute");
    bool linux_inside = service_exists(hive, set, "Services\\LxssManager")
        || service_exists(hive, set, "Services\\WslService");

    vt_json_key(json, "hypervisor");
    vt_json_open(json, '{');
    vw_write_null(json, "launch");
    vw_write_bool(json, "hyperv", service_exists(hive, set,
                                                 "Services\\vmms"));
    vw_write_bool(json, "vbs",
                  is_switched_on(hive, set, "Control\\DeviceGuard",
                                 "EnableVirtualizationBasedSecurity"));
    vw_write_bool(json, "wsl2", compute && linux_inside);
    vt_json_close(json, '}');
}

static void
write_nothing(struct vt_json *json)
{
    static const char *const members[] = {
        "product_type", "product_suite", "policy", "registered_processors",
        "licensed_processors", "csd_version", "number_of_processors",
        "processor_identifier", "processor_architecture",
    };

    for (size_t i = 0; i < VT_COUNT(members); i++)
        vw_write_null(json, members[i]);
}

void
vw_facts_system(struct vt_json *json, struct vw_hive *hive)
{
    const char *which = NULL;
    struct vw_key set;
    uint32_t number;

    if (!find_control_set(hive, &set, &number, &which)) {
        vw_write_null(json, "control_set");
        write_nothing(json);
        return;
    }
    vw_write_uint(json, "control_set", number);
    vw_write_text(json, "current_is", which);
    write_product(json, hive, &set);
    write_licence(json, hive, &set);
    write_hal(json, hive, &set);
    write_processors(json, hive, &set);
    vw_facts_drivers(json, hive, &set);
    write_hypervisor(json, hive, &set);
}

void
vw_facts_software(struct vt_json *json, struct vw_hive *hive)
{
    static const struct {
        const char *member;
        const char *name;
    } texts[] = {
        { "product_name", "ProductName" },
        { "current_version", "CurrentVersion" },
        { "current_build", "CurrentBuildNumber" },
        { "edition_id", "EditionID" },
        { "display_version", "DisplayVersion" },
        { "release_id", "ReleaseId" },
        { "csd_version", "CSDVersion" },
        { "installation_type", "InstallationType" },
    };
    struct vw_key key;
    bool found = vw_soft_key(hive, NULL,
                             "Microsoft\\Windows NT\\CurrentVersion", &key);

    for (size_t i = 0; i < VT_COUNT(texts); i++) {
        vt_autofree char *text = found
            ? vw_soft_string(hive, &key, texts[i].name) : NULL;

        vw_write_text(json, texts[i].member, text);
    }
    write_dword(json, "ubr", hive, found ? &key : NULL, "UBR");
    write_dword(json, "major", hive, found ? &key : NULL,
                "CurrentMajorVersionNumber");
    write_dword(json, "minor", hive, found ? &key : NULL,
                "CurrentMinorVersionNumber");
}
