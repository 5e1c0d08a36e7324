/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * facts-find.h - the volumes of a disk, their boot stores, their systems
 */

#ifndef VW_FACTS_FIND_H
#define VW_FACTS_FIND_H

#include "facts-parts.h"
#include "partition.h"

/* Limits: systems and volumes beyond are left out, and said so. */
#define VW_SYSTEMS_MAX 16u
#define VW_VOLUMES_MAX 32u
#define VW_ROOT_MAX 256u

struct vw_disk_volume {
    struct vw_slice slice;
    struct vw_bytes bytes;
    struct vw_volume *volume;   /* NULL: has no reader */
    enum vw_content content;
    struct vw_volume_state state;
    bool has_state;
};

enum vw_store_kind { VW_STORE_NONE, VW_STORE_BCD, VW_STORE_BOOTINI };

/* A boot store that was found. */
struct vw_store {
    enum vw_store_kind kind;
    bool uefi;
    unsigned volume;            /* index of it */
    const char *path;           /* static */
    struct vw_bcd_store bcd;
    char *text;                 /* of boot.ini; owned */
    struct vw_bootini *bootini; /* owned */
};

#define VW_STORES_MAX 8u

struct vw_system {
    unsigned volume;            /* index of it */
    char root[VW_ROOT_MAX];     /* "Windows" */
    const char *found_by;       /* static */
    bool is_default, default_known;
    int store;                  /* index of the store that starts it, or -1 */
    bool entries[VW_ENTRIES_MAX];       /* which of its entries do */
};

/* Everything found on one disk. */
struct vw_found {
    const struct vw_bytes *disk;        /* borrowed */
    struct vw_partitions partitions;
    struct vw_disk_volume volumes[VW_VOLUMES_MAX];
    unsigned volumes_count;     /* as many as partitions, or one, or fewer */
    struct vw_store stores[VW_STORES_MAX];
    unsigned stores_count;
    struct vw_system systems[VW_SYSTEMS_MAX];
    unsigned systems_count;
};

/* Look through @disk.  What cannot be read becomes a problem, not a failure;
 * fails only where the disk itself cannot be read.
 */
int vw_found_make(const struct vw_bytes *disk, struct vw_found *ret_found,
                  struct vw_problems *problems, struct vtopo_error *err)
    __attribute__((warn_unused_result));

void vw_found_clear(struct vw_found *found);

/* The system that entry @entry of the boot.ini @store starts; NULL where that
 * is on another disk, or is no system.  Other than the entries of a system,
 * which also take in those of copied disks, this is as NTLDR has it: rdisk(0)
 * is the disk that it was itself started from.
 */
const struct vw_system *vw_found_started(const struct vw_found *found,
                                         unsigned store, unsigned entry);

/* The entry of the store of @system that starts it: the default one where
 * that does, else the first; -1 where none does.
 */
int vw_found_entry(const struct vw_found *found,
                   const struct vw_system *system);

/* The names of its HAL and its kernel in System32, where its boot entry has
 * others than usual: "" where it has not.  No folder is in them.
 */
#define VW_PROGRAM_NAME_SIZE 64u
struct vw_program_names {
    char hal[VW_PROGRAM_NAME_SIZE];
    char kernel[VW_PROGRAM_NAME_SIZE];
};
void vw_found_programs(const struct vw_found *found,
                       const struct vw_system *system,
                       struct vw_program_names *ret_names);

/* The same for entry @entry of @store. */
void vw_store_programs(const struct vw_store *store, unsigned entry,
                       struct vw_program_names *ret_names);

/* The number of the partition that @volume is on; 0 for a whole disk. */
unsigned vw_found_number(const struct vw_found *found, unsigned volume);

/* Read a boot store out of @bytes. */
int vw_store_read_bcd(const struct vw_bytes *bytes,
                      struct vw_bcd_store *ret_bcd, struct vtopo_error *err)
    __attribute__((warn_unused_result));
int vw_store_read_bootini(const struct vw_bytes *bytes,
                          struct vw_store *ret_store,
                          struct vtopo_error *err)
    __attribute__((warn_unused_result));
void vw_store_clear(struct vw_store *store);

#endif /* VW_FACTS_FIND_H */
