/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * boot-dump.c - say as JSON what we make of a boot.ini, a boot store, or a
 * program file
 *
 *   boot-dump bootini|bcd|pe FILE
 *
 * One object on one line; for those who hold us against other readers.
 */

#include <fcntl.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json-write.h"
#include "bcd.h"
#include "blocks.h"
#include "bootini.h"
#include "pe.h"

static void
add_text(struct vt_json *json, const char *key, const char *text)
{
    vt_json_key(json, key);
    vt_json_string_or_null(json, text);
}

static void
add_number(struct vt_json *json, const char *key, unsigned long long number)
{
    vt_json_key(json, key);
    vt_json_uint(json, number);
}

static void
add_span(struct vt_json *json, const char *key, const char *text,
         struct vw_span span)
{
    char copy[1024];

    add_text(json, key, vw_span_is_given(span)
                        ? vw_span_copy(text, span, copy, sizeof(copy))
                        : NULL);
}

static void
add_switches(struct vt_json *json, const char *text,
             const struct vw_switches *switches)
{
    vt_json_key(json, "switches");
    vt_json_open(json, '[');
    for (unsigned i = 0; i < switches->count; i++) {
        const struct vw_switch *one = &switches->list[i];

        vt_json_open(json, '{');
        add_text(json, "name", vw_switch_name(one->id));
        add_span(json, "whole", text, one->whole);
        add_span(json, "value", text, one->value);
        add_number(json, "offset", one->whole.offset);
        add_number(json, "line", one->whole.line);
        vt_json_key(json, "number");
        if (one->has_number)
            vt_json_uint(json, one->number);
        else
            vt_json_null(json);
        vt_json_close(json, '}');
    }
    vt_json_close(json, ']');
}

/* ------------------------------------------------------------ boot.ini */

static void
add_entry(struct vt_json *json, const char *text,
          const struct vw_bootini_entry *entry)
{
    vt_json_open(json, '{');
    add_span(json, "whole", text, entry->whole);
    add_number(json, "offset", entry->whole.offset);
    add_number(json, "line", entry->whole.line);
    add_span(json, "path", text, entry->path);
    add_span(json, "directory", text, entry->arc.directory);
    add_span(json, "description", text, entry->description);
    add_number(json, "kind", entry->arc.kind);
    add_number(json, "rdisk", entry->arc.rdisk);
    add_number(json, "partition", entry->arc.partition);
    add_switches(json, text, &entry->switches);
    vt_json_close(json, '}');
}

static int
dump_bootini(const struct vw_bytes *bytes, struct vt_json *json,
             struct vtopo_error *err)
{
    vt_autofree struct vw_bootini *bootini = malloc(sizeof(*bootini));
    vt_autofree char *text = malloc(VW_BOOTINI_SIZE_MAX + 1);

    if (bootini == NULL || text == NULL)
        return vt_fail_memory(err);
    if (bytes->size > VW_BOOTINI_SIZE_MAX)
        return vt_fail(err, VTOPO_BAD_INPUT, "the file is too long");
    if (vw_bytes_read(bytes, 0, text, (size_t)bytes->size, err) < 0
        || vw_bootini_parse(text, (size_t)bytes->size, bootini, err) < 0)
        return -1;

    vt_json_open(json, '{');
    vt_json_key(json, "timeout");
    if (bootini->has_timeout)
        vt_json_int(json, bootini->timeout_seconds);
    else
        vt_json_null(json);
    add_span(json, "default", text, bootini->default_path);
    vt_json_key(json, "default_index");
    if (bootini->choice == VW_BOOTINI_LISTED)
        vt_json_uint(json, bootini->default_index);
    else
        vt_json_null(json);
    vt_json_key(json, "entries");
    vt_json_open(json, '[');
    for (unsigned i = 0; i < bootini->count; i++)
        add_entry(json, text, &bootini->entries[i]);
    vt_json_close(json, ']');
    vt_json_close(json, '}');
    return 0;
}

/* ---------------------------------------------------------- boot store */

static void
add_fact(struct vt_json *json, const char *name,
         const struct vw_bcd_fact *fact)
{
    vt_json_key(json, name);
    vt_json_open(json, '{');
    add_text(json, "state", fact->state == VW_BCD_GIVEN ? "given" : "unknown");
    add_text(json, "object", fact->object);
    add_text(json, "alias", vw_bcd_object_alias(fact->object));
    add_text(json, "key", fact->key);
    vt_json_key(json, "inherited");
    vt_json_bool(json, fact->is_inherited);
    if (fact->text != NULL)
        add_text(json, "value", fact->text);
    else
        add_number(json, "value", fact->number);
    vt_json_close(json, '}');
}

static void
add_loader(struct vt_json *json, const struct vw_bcd_loader *loader)
{
    const struct vw_bcd_fact *options = &loader->facts[VW_BCD_LOADOPTIONS];

    vt_json_open(json, '{');
    add_text(json, "guid", loader->guid);
    vt_json_key(json, "winpe");
    vt_json_bool(json, vw_bcd_is_winpe(loader));
    add_number(json, "device", loader->osdevice.kind);
    add_number(json, "signature", loader->osdevice.disk_signature);
    add_number(json, "offset", loader->osdevice.partition_offset);
    add_text(json, "disk", loader->osdevice.disk_guid);
    add_text(json, "partition", loader->osdevice.partition_guid);
    if (options->text != NULL)
        add_switches(json, options->text, &loader->load_switches);
    vt_json_key(json, "facts");
    vt_json_open(json, '{');
    for (unsigned i = 0; i < VW_BCD_ELEMENTS; i++)
        if (loader->facts[i].state != VW_BCD_ABSENT)
            add_fact(json, vw_bcd_element_name((enum vw_bcd_element)i),
                     &loader->facts[i]);
    vt_json_close(json, '}');
    vt_json_close(json, '}');
}

static void
add_index(struct vt_json *json, const char *key, int index)
{
    vt_json_key(json, key);
    if (index >= 0)
        vt_json_uint(json, (unsigned)index);
    else
        vt_json_null(json);
}

static int
dump_bcd(const struct vw_bytes *bytes, struct vt_json *json,
         struct vtopo_error *err)
{
    vt_auto(vw_hive_closep) struct vw_hive *hive = NULL;
    vt_auto(vw_bcd_clear) struct vw_bcd_store store = VW_BCD_STORE_INIT;

    if (vw_hive_open(bytes, NULL, 0, &hive, err) < 0
        || vw_bcd_read(hive, &store, err) < 0)
        return -1;
    vt_json_open(json, '{');
    add_number(json, "objects", store.objects);
    add_number(json, "broken", store.broken);
    add_number(json, "bytes_read", vw_hive_state(hive)->bytes_read);
    vt_json_key(json, "bootmgr");
    vt_json_bool(json, store.has_bootmgr);
    add_text(json, "default", store.default_state == VW_BCD_GIVEN
                              ? store.default_guid : NULL);
    add_index(json, "default_index", store.default_index);
    add_text(json, "sequence", store.sequence_state == VW_BCD_GIVEN
                               ? store.sequence_guid : NULL);
    add_index(json, "sequence_index", store.sequence_index);
    add_number(json, "choice", store.choice);
    add_index(json, "system_index", store.system_index);
    vt_json_key(json, "loaders");
    vt_json_open(json, '[');
    for (unsigned i = 0; i < store.count; i++)
        add_loader(json, &store.loaders[i]);
    vt_json_close(json, ']');
    vt_json_close(json, '}');
    return 0;
}

/* -------------------------------------------------------- program file */

static int
dump_pe(const struct vw_bytes *bytes, struct vt_json *json,
        struct vtopo_error *err)
{
    static const char *const statuses[] = { "image", "empty", "zeros",
                                            "not-pe" };
    static const char *const answers[] = { "unknown", "no", "yes" };
    static const char *const kernels[] = { "unknown", "up", "mp" };
    struct vw_pe_version version;
    struct vw_pe_import import;
    enum vw_pe_kernel kernel;
    struct vw_pe pe;

    if (vw_pe_open(bytes, &pe, err) < 0
        || vw_pe_read_version(&pe, &version, err) < 0
        || vw_pe_find_import(&pe, VW_PE_START_LIBRARY, VW_PE_START_SYMBOL,
                             &import, err) < 0
        || vw_pe_read_kernel(&pe, &kernel, err) < 0)
        return -1;
    vt_json_open(json, '{');
    add_text(json, "status", statuses[pe.status]);
    add_number(json, "machine", pe.machine);
    add_number(json, "timestamp", pe.timestamp);
    add_number(json, "checksum", pe.checksum);
    add_text(json, "imports_library", answers[import.library]);
    add_text(json, "imports_symbol", answers[import.symbol]);
    add_text(json, "kernel", kernels[kernel]);
    add_text(json, "version", answers[version.found]);
    vt_json_key(json, "file");
    vt_json_open(json, '[');
    for (unsigned i = 0; i < 4; i++)
        vt_json_uint(json, version.file[i]);
    vt_json_close(json, ']');
    vt_json_key(json, "debug");
    vt_json_bool(json, version.is_debug);
    add_text(json, "original_filename", version.original_filename);
    add_text(json, "internal_name", version.internal_name);
    add_text(json, "file_description", version.file_description);
    add_text(json, "file_version", version.file_version);
    vt_json_close(json, '}');
    return 0;
}

/* ---------------------------------------------------------------- main */

typedef int dump(const struct vw_bytes *bytes, struct vt_json *json,
                 struct vtopo_error *err);

struct dump_row {
    const char *what;
    dump *dump;
};

static const struct dump_row dump_rows[] = {
    { "bootini", dump_bootini },
    { "bcd", dump_bcd },
    { "pe", dump_pe },
};

static int
dump_file(dump *dump_it, const char *path, struct vt_buf *out,
          struct vtopo_error *err)
{
    struct vt_json json = VT_JSON_INIT(out);
    vt_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct vw_bytes bytes;

    if (fd < 0)
        return vt_fail_errno(err, "%s", path);
    if (vw_raw_open(fd, &bytes, err) < 0 || dump_it(&bytes, &json, err) < 0)
        return -1;
    return vt_buf_check(out, err);
}

int
main(int argc, char **argv)
{
    vt_auto(vt_buf_clear) struct vt_buf out = VT_BUF_INIT;
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;

    for (size_t i = 0; argc == 3 && i < VT_COUNT(dump_rows); i++) {
        if (strcmp(argv[1], dump_rows[i].what) != 0)
            continue;
        if (dump_file(dump_rows[i].dump, argv[2], &out, &err) < 0) {
            fprintf(stderr, "boot-dump: %s\n", err.message);
            return EXIT_FAILURE;
        }
        return puts(vt_buf_string(&out)) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
    }
    fprintf(stderr, "usage: boot-dump bootini|bcd|pe FILE\n");
    return EXIT_FAILURE;
}
