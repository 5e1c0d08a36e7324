/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * facts-find.c - the volumes of a disk, their boot stores, their systems
 *
 * Systems are where boot stores point; then every volume is looked through,
 * since a store may be missing, damaged, or know nothing of a second system.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "facts-find.h"

/* ---------------------------------------------------------------- volumes */

unsigned
vw_found_number(const struct vw_found *found, unsigned volume)
{
    return volume < found->partitions.count
        ? found->partitions.entry[volume].number : 0;
}

static void
open_volume(struct vw_found *found, unsigned index,
            struct vw_problems *problems)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vw_disk_volume *volume = &found->volumes[index];
    char where[32];

    (void)snprintf(where, sizeof(where), "partition %u",
                   vw_found_number(found, index));
    if (vw_volume_open(&volume->bytes, &volume->volume, &volume->content,
                       &err) < 0) {
        volume->volume = NULL;
        /* A content without a reader is named, which is no problem. */
        if (err.code != VTOPO_IMPOSSIBLE)
            vw_problem_note(problems, where, &err);
        return;
    }
    volume->has_state = vw_volume_state(volume->volume, &volume->state,
                                        &err) == 0;
}

static void
open_volumes(struct vw_found *found, struct vw_problems *problems)
{
    const struct vw_partitions *table = &found->partitions;
    unsigned count = table->table == VW_TABLE_NONE ? 1 : table->count;

    for (unsigned i = 0; i < count && i < VW_VOLUMES_MAX; i++) {
        struct vw_disk_volume *volume = &found->volumes[i];

        if (table->table == VW_TABLE_NONE)
            volume->slice = (struct vw_slice) {
                .whole = *found->disk, .size = found->disk->size,
            };
        else
            volume->slice = vw_partition_slice(found->disk, &table->entry[i]);
        volume->bytes = vw_slice_bytes(&volume->slice);
        found->volumes_count = i + 1;
        open_volume(found, i, problems);
    }
}

/* ------------------------------------------------------------ boot stores */

int
vw_store_read_bcd(const struct vw_bytes *bytes, struct vw_bcd_store *ret_bcd,
                  struct vtopo_error *err)
{
    vt_auto(vw_hive_closep) struct vw_hive *hive = NULL;

    if (vw_hive_open(bytes, NULL, 0, &hive, err) < 0)
        return -1;
    return vw_bcd_read(hive, ret_bcd, err);
}

int
vw_store_read_bootini(const struct vw_bytes *bytes, struct vw_store *ret_store,
                      struct vtopo_error *err)
{
    vt_autofree struct vw_bootini *bootini = calloc(1, sizeof(*bootini));
    size_t size = bytes->size < VW_BOOTINI_SIZE_MAX
        ? (size_t)bytes->size : VW_BOOTINI_SIZE_MAX;
    vt_autofree char *text = calloc(1, size + 1);

    if (bootini == NULL || text == NULL)
        return vt_fail_memory(err);
    if (vw_bytes_read(bytes, 0, text, size, err) < 0
        || vw_bootini_parse(text, size, bootini, err) < 0)
        return -1;
    ret_store->text = vt_steal(&text);
    ret_store->bootini = vt_steal(&bootini);
    return 0;
}

void
vw_store_clear(struct vw_store *store)
{
    if (store->kind == VW_STORE_BCD)
        vw_bcd_clear(&store->bcd);
    free(store->text);
    free(store->bootini);
    store->text = NULL;
    store->bootini = NULL;
    store->kind = VW_STORE_NONE;
}

static const struct {
    const char *path;
    enum vw_store_kind kind;
    bool uefi;
} places[] = {
    { .path = "EFI/Microsoft/Boot/BCD", .kind = VW_STORE_BCD, .uefi = true },
    { .path = "Boot/BCD", .kind = VW_STORE_BCD, .uefi = false },
    { .path = "boot.ini", .kind = VW_STORE_BOOTINI, .uefi = false },
};

static void
read_store(struct vw_found *found, unsigned volume, size_t place,
           struct vw_problems *problems)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vw_store *store = &found->stores[found->stores_count];
    struct vw_file file = VW_FILE_INIT;
    bool there = false;
    int rc;

    if (found->stores_count == VW_STORES_MAX
        || vw_volume_find(found->volumes[volume].volume, places[place].path,
                          &file, &there, &err) < 0
        || !there)
        return;
    *store = (struct vw_store) {
        .kind = places[place].kind, .uefi = places[place].uefi,
        .volume = volume, .path = places[place].path,
        .bcd = VW_BCD_STORE_INIT,
    };
    rc = store->kind == VW_STORE_BCD
        ? vw_store_read_bcd(&file.bytes, &store->bcd, &err)
        : vw_store_read_bootini(&file.bytes, store, &err);
    vw_file_close(&file);
    if (rc < 0)
        vw_problem_note(problems, places[place].path, &err);
    else
        found->stores_count++;
}

static void
read_stores(struct vw_found *found, struct vw_problems *problems)
{
    for (unsigned i = 0; i < found->volumes_count; i++) {
        for (size_t j = 0; found->volumes[i].volume != NULL
             && j < VT_COUNT(places); j++)
            read_store(found, i, j, problems);
    }
}

/* ---------------------------------------------------------------- systems */

static bool
holds_system(struct vw_volume *volume, const char *root)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vw_file file = VW_FILE_INIT;
    char path[VW_ROOT_MAX + 32];
    bool there = false;

    (void)snprintf(path, sizeof(path), "%s/System32/config/SYSTEM", root);
    if (vw_volume_find(volume, path, &file, &there, &err) < 0)
        return false;
    if (there)
        vw_file_close(&file);
    return there;
}

/* The system at @root of @volume, added where it is new; NULL where there is
 * no system, or no room.
 */
static struct vw_system *
add_system(struct vw_found *found, unsigned volume, const char *root,
           const char *found_by)
{
    struct vw_system *system;

    for (unsigned i = 0; i < found->systems_count; i++) {
        system = &found->systems[i];
        if (system->volume == volume && strcasecmp(system->root, root) == 0)
            return system;
    }
    if (found->volumes[volume].volume == NULL || root[0] == '\0'
        || strlen(root) >= VW_ROOT_MAX
        || found->systems_count == VW_SYSTEMS_MAX
        || !holds_system(found->volumes[volume].volume, root))
        return NULL;
    system = &found->systems[found->systems_count++];
    *system = (struct vw_system) {
        .volume = volume, .found_by = found_by, .store = -1,
    };
    strcpy(system->root, root);
    return system;
}

/* Note that entry @entry of store @store starts @system. */
static void
link_entry(struct vw_system *system, unsigned store, unsigned entry,
           bool is_default)
{
    if (system->store < 0)
        system->store = (int)store;
    if (system->store != (int)store || entry >= VW_ENTRIES_MAX)
        return;
    system->entries[entry] = true;
    system->default_known = true;
    system->is_default = system->is_default || is_default;
}

/* "\\Windows" or "/WINNT" without the slashes around. */
static void
trim_root(const char *root, char *text, size_t size)
{
    size_t length;

    while (*root == '\\' || *root == '/')
        root++;
    (void)snprintf(text, size, "%s", root);
    length = strlen(text);
    while (length > 0 && (text[length - 1] == '\\' || text[length - 1] == '/'))
        text[--length] = '\0';
}

static bool
same_guid(const char *braced, const unsigned char guid[16])
{
    char text[VW_GUID_TEXT_SIZE];

    vw_guid_format(guid, text);
    return braced[0] == '{'
        && strncasecmp(braced + 1, text, VW_GUID_TEXT_SIZE - 1) == 0;
}

/* Whether @device of a boot store is the volume @index. */
static bool
is_device(const struct vw_found *found, const struct vw_bcd_device *device,
          unsigned index, unsigned store_volume)
{
    const struct vw_partition *partition = &found->partitions.entry[index];

    switch (device->kind) {
    case VW_BCD_DEVICE_MBR:
        return found->partitions.table == VW_TABLE_MBR
            && index < found->partitions.count
            && device->disk_signature == found->partitions.disk_signature
            && device->partition_offset == partition->offset;
    case VW_BCD_DEVICE_GPT:
        return found->partitions.table == VW_TABLE_GPT
            && index < found->partitions.count
            && same_guid(device->partition_guid, partition->guid);
    case VW_BCD_DEVICE_BOOT:
        return index == store_volume;
    case VW_BCD_DEVICE_NONE:
    case VW_BCD_DEVICE_LOCATE:
    case VW_BCD_DEVICE_OTHER:
    case VW_BCD_DEVICE_UNREADABLE:
        break;
    }
    return false;
}

/* The system that a loader starts.  Where its device is none of this disk,
 * as in copies, any volume that has such a system will do.
 */
static void
follow_loader(struct vw_found *found, unsigned store, unsigned index)
{
    const struct vw_bcd_store *bcd = &found->stores[store].bcd;
    const struct vw_bcd_loader *loader = &bcd->loaders[index];
    const struct vw_bcd_fact *systemroot = &loader->facts[VW_BCD_SYSTEMROOT];
    struct vw_system *system = NULL;
    char root[VW_ROOT_MAX];

    if (vw_bcd_is_winpe(loader) || systemroot->state != VW_BCD_GIVEN)
        return;
    trim_root(systemroot->text, root, sizeof(root));
    for (unsigned i = 0; i < found->volumes_count && system == NULL; i++) {
        if (is_device(found, &loader->osdevice, i,
                      found->stores[store].volume))
            system = add_system(found, i, root, "bcd");
    }
    for (unsigned i = 0; i < found->volumes_count && system == NULL; i++)
        system = add_system(found, i, root, "bcd");
    if (system != NULL)
        link_entry(system, store, index, vw_facts_is_default(bcd, index));
}

/* The volume of partition(N): primary ones first, then logical drives. */
static int
arc_volume(const struct vw_found *found, const struct vw_arc *arc)
{
    unsigned number = 0;

    for (unsigned pass = 0; pass < 2; pass++) {
        for (unsigned i = 0; i < found->partitions.count
             && i < found->volumes_count; i++) {
            if (found->partitions.entry[i].logical == (pass == 1)
                && ++number == arc->partition)
                return (int)i;
        }
    }
    return found->partitions.table == VW_TABLE_NONE ? 0 : -1;
}

static void
follow_arc(struct vw_found *found, unsigned store, unsigned index)
{
    const struct vw_store *from = &found->stores[store];
    const struct vw_bootini_entry *entry = &from->bootini->entries[index];
    struct vw_system *system = NULL;
    char directory[VW_ROOT_MAX];
    char root[VW_ROOT_MAX];
    int volume;

    /* A name that is cut could be that of another folder. */
    if (entry->arc.kind == VW_ARC_UNREADABLE
        || entry->arc.kind == VW_ARC_DRIVE
        || entry->arc.directory.length >= VW_ROOT_MAX)
        return;
    (void)vw_span_copy(from->text, entry->arc.directory, directory,
                       sizeof(directory));
    trim_root(directory, root, sizeof(root));
    volume = arc_volume(found, &entry->arc);
    if (volume >= 0)
        system = add_system(found, (unsigned)volume, root, "boot.ini");
    for (unsigned i = 0; i < found->volumes_count && system == NULL; i++)
        system = add_system(found, i, root, "boot.ini");
    if (system != NULL)
        link_entry(system, store, index,
                   from->bootini->choice == VW_BOOTINI_LISTED
                   && from->bootini->default_index == index);
}

/* Whether @arc speaks of another disk than this one.  A number of SCSI is
 * that of any.
 */
static bool
is_elsewhere(const struct vw_found *found, const struct vw_arc *arc)
{
    switch (arc->kind) {
    case VW_ARC_MULTI:
        return arc->rdisk != 0;
    case VW_ARC_SIGNATURE:
        return found->partitions.table != VW_TABLE_MBR
               || arc->signature != found->partitions.disk_signature;
    case VW_ARC_SCSI:
        return false;
    case VW_ARC_DRIVE:
    case VW_ARC_UNREADABLE:
        break;
    }
    return true;
}

const struct vw_system *
vw_found_started(const struct vw_found *found, unsigned store, unsigned entry)
{
    const struct vw_store *from = &found->stores[store];
    const struct vw_arc *arc = &from->bootini->entries[entry].arc;
    const struct vw_system *one = NULL;
    char directory[VW_ROOT_MAX], root[VW_ROOT_MAX];
    int volume = arc_volume(found, arc);
    unsigned count = 0;

    /* A name that is cut could be that of another folder. */
    if (is_elsewhere(found, arc) || arc->directory.length >= VW_ROOT_MAX)
        return NULL;
    (void)vw_span_copy(from->text, arc->directory, directory,
                       sizeof(directory));
    trim_root(directory, root, sizeof(root));
    for (unsigned i = 0; i < found->systems_count; i++) {
        const struct vw_system *system = &found->systems[i];

        if (strcasecmp(system->root, root) != 0)
            continue;
        if (volume >= 0 && system->volume == (unsigned)volume)
            return system;
        one = system;
        count++;
    }
    /* Partitions may have been counted another way: one can only be meant. */
    return count == 1 ? one : NULL;
}

static void
follow_stores(struct vw_found *found)
{
    for (unsigned i = 0; i < found->stores_count; i++) {
        const struct vw_store *store = &found->stores[i];

        if (store->kind == VW_STORE_BCD) {
            for (unsigned j = 0; j < store->bcd.count; j++)
                follow_loader(found, i, j);
        } else {
            for (unsigned j = 0; j < store->bootini->count; j++)
                follow_arc(found, i, j);
        }
    }
}

/* How much the default of the store that starts @system counts: a boot
 * manager of Vista or later starts older systems, never the other way round;
 * the firmware goes with the table; BIOS starts the active partition.
 */
static unsigned
weigh_default(const struct vw_found *found, const struct vw_system *system)
{
    const struct vw_store *store;

    if (!system->is_default || system->store < 0)
        return 0;
    store = &found->stores[system->store];
    return 1u + (store->kind == VW_STORE_BCD ? 4u : 0)
        + (store->uefi == (found->partitions.table == VW_TABLE_GPT) ? 2u : 0)
        + (store->volume < found->partitions.count
           && found->partitions.entry[store->volume].active ? 1u : 0);
}

/* One disk starts one system by default. */
static void
settle_default(struct vw_found *found)
{
    unsigned most = 0;

    for (unsigned i = 0; i < found->systems_count; i++) {
        unsigned weight = weigh_default(found, &found->systems[i]);

        most = weight > most ? weight : most;
    }
    for (unsigned i = 0; i < found->systems_count; i++) {
        struct vw_system *system = &found->systems[i];

        system->is_default = system->is_default
            && weigh_default(found, system) == most;
    }
}

/* ------------------------------------------------------------------- look */

#define LOOK_MAX 256u           /* directories of a root that are tried */

struct look {
    char names[LOOK_MAX][VW_ROOT_MAX];
    unsigned count;
};

static bool
note_directory(void *context, const struct vw_entry *entry)
{
    struct look *look = context;

    if (entry->is_directory && entry->name[0] != '$'
        && strlen(entry->name) < VW_ROOT_MAX)
        strcpy(look->names[look->count++], entry->name);
    return look->count < LOOK_MAX;
}

static bool
is_usual(const char *name)
{
    return strncasecmp(name, "win", 3) == 0;
}

/* A system without its hive is worth a word. */
static void
note_half_system(const struct vw_found *found, unsigned volume,
                 const char *root, struct vw_problems *problems)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vw_file file = VW_FILE_INIT;
    char path[VW_ROOT_MAX + 32];
    char where[32];
    bool there = false;

    (void)snprintf(path, sizeof(path), "%s/System32/config", root);
    if (vw_volume_find(found->volumes[volume].volume, path, &file, &there,
                       &err) < 0
        || !there)
        return;
    vw_file_close(&file);
    (void)snprintf(where, sizeof(where), "partition %u",
                   vw_found_number(found, volume));
    (void)vt_fail(&err, VTOPO_BAD_INPUT, "%s holds no SYSTEM hive", path);
    vw_problem_note(problems, where, &err);
}

/* Windows is installed into a directory of any name, though nearly all begin
 * with "win": the others are tried only where no such one holds a system,
 * because every try costs reads.
 */
static void
look_around(struct vw_found *found, unsigned volume,
            struct vw_problems *problems)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_autofree struct look *look = calloc(1, sizeof(*look));
    bool there = false;
    bool any = false;

    if (look == NULL
        || vw_volume_list(found->volumes[volume].volume, "", note_directory,
                          look, &there, &err) < 0)
        return;
    for (unsigned i = 0; i < look->count; i++) {
        if (!is_usual(look->names[i]))
            continue;
        if (add_system(found, volume, look->names[i], "look") != NULL)
            any = true;
        else
            note_half_system(found, volume, look->names[i], problems);
    }
    for (unsigned i = 0; i < look->count && !any; i++) {
        if (!is_usual(look->names[i]))
            (void)add_system(found, volume, look->names[i], "look");
    }
}

int
vw_found_make(const struct vw_bytes *disk, struct vw_found *ret_found,
              struct vw_problems *problems, struct vtopo_error *err)
{
    memset(ret_found, 0, sizeof(*ret_found));
    ret_found->disk = disk;
    if (vw_partitions_read(disk, &ret_found->partitions, err) < 0)
        return -1;
    open_volumes(ret_found, problems);
    read_stores(ret_found, problems);
    follow_stores(ret_found);
    settle_default(ret_found);
    for (unsigned i = 0; i < ret_found->volumes_count; i++) {
        if (ret_found->volumes[i].volume != NULL)
            look_around(ret_found, i, problems);
    }
    return 0;
}

void
vw_found_clear(struct vw_found *found)
{
    for (unsigned i = 0; i < found->stores_count; i++)
        vw_store_clear(&found->stores[i]);
    for (unsigned i = 0; i < found->volumes_count; i++)
        vw_volume_close(found->volumes[i].volume);
    found->stores_count = 0;
    found->volumes_count = 0;
}
