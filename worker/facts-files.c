/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * facts-files.c - what the HAL and the kernels on disk say of themselves
 */

#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "facts-parts.h"
#include "pe.h"

static const char *
machine_name(uint16_t machine)
{
    switch (machine) {
    case 0x14c:
        return "x86";
    case 0x8664:
        return "x86_64";
    case 0xaa64:
        return "aarch64";
    case 0x200:
        return "ia64";
    default:
        return NULL;
    }
}

static void
write_nothing(struct vt_json *json, const char *status, bool is_kernel)
{
    static const char *const members[] = {
        "original", "internal", "description", "version", "machine",
        "checked",
    };

    vw_write_text(json, "status", status);
    for (size_t i = 0; i < VT_COUNT(members); i++)
        vw_write_null(json, members[i]);
    if (is_kernel)
        vw_write_null(json, "multiprocessor");
}

static void
write_optional(struct vt_json *json, const char *key, const char *text)
{
    vw_write_text(json, key, text[0] != '\0' ? text : NULL);
}

static void
write_version(struct vt_json *json, const struct vw_pe_version *version)
{
    char numbers[32];

    write_optional(json, "original", version->original_filename);
    write_optional(json, "internal", version->internal_name);
    write_optional(json, "description", version->file_description);
    (void)snprintf(numbers, sizeof(numbers), "%u.%u.%u.%u", version->file[0],
                   version->file[1], version->file[2], version->file[3]);
    vw_write_text(json, "version", version->has_numbers ? numbers : NULL);
}

static void
write_kernel(struct vt_json *json, const struct vw_pe *pe)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    enum vw_pe_kernel kernel = VW_PE_KERNEL_UNKNOWN;

    if (vw_pe_read_kernel(pe, &kernel, &err) < 0
        || kernel == VW_PE_KERNEL_UNKNOWN)
        vw_write_null(json, "multiprocessor");
    else
        vw_write_bool(json, "multiprocessor",
                      kernel == VW_PE_KERNEL_MULTIPROCESSOR);
}

static void
write_image(struct vt_json *json, const struct vw_pe *pe, bool is_kernel)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_autofree struct vw_pe_version *version = calloc(1, sizeof(*version));

    if (version == NULL || vw_pe_read_version(pe, version, &err) < 0) {
        write_nothing(json, "unreadable", is_kernel);
        return;
    }
    vw_write_text(json, "status", "ok");
    write_version(json, version);
    vw_write_text(json, "machine", machine_name(pe->machine));
    if (version->found == VW_PE_YES)
        vw_write_bool(json, "checked", version->is_debug);
    else
        vw_write_null(json, "checked");
    if (is_kernel)
        write_kernel(json, pe);
}

void
vw_facts_file(struct vt_json *json, const char *key, const char *path,
              const struct vw_bytes *bytes, unsigned flags, bool is_kernel)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_autofree struct vw_pe *pe = NULL;

    vt_json_key(json, key);
    vt_json_open(json, '{');
    vw_write_text(json, "path", path);
    if (bytes == NULL) {
        write_nothing(json, path != NULL ? "missing" : "none", is_kernel);
    } else if ((flags & VW_FILE_UNREADABLE) != 0) {
        write_nothing(json, "unreadable", is_kernel);
    } else {
        pe = calloc(1, sizeof(*pe));
        /* Content that is elsewhere reads as zeros: not known, never no. */
        if (pe == NULL || vw_pe_open(bytes, pe, &err) < 0
            || pe->status == VW_PE_ZEROS)
            write_nothing(json, "unreadable", is_kernel);
        else if (pe->status != VW_PE_IMAGE)
            write_nothing(json, "not-pe", is_kernel);
        else
            write_image(json, pe, is_kernel);
    }
    vt_json_close(json, '}');
}
