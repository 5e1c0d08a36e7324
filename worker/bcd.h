/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * bcd.h - what the boot store of Windows Vista and later says
 *
 * A boot store is a registry hive of objects, each a set of elements.  An
 * object inherits what it has not itself, so a limit on processors may stand
 * in a shared object; every fact says which object it came from, for a
 * finding to name it and a repair to find it.
 *
 * To add an element: a row in VW_BCD_ROWS.
 */

#ifndef VW_BCD_H
#define VW_BCD_H

#include "bootini.h"
#include "bytes.h"
#include "regf.h"

/* The limits of all that is taken from a boot store, together.  Where more
 * is there, reading fails: a part of a boot store is no answer.
 */
#define VW_BCD_OBJECTS_MAX      1024u   /* real stores have 20 */
#define VW_BCD_LOADERS_MAX      64u
#define VW_BCD_ELEMENTS_READ    32768u  /* looked at, in all objects */
#define VW_BCD_SEQUENCE_MAX     64u     /* entries of a list of objects */
#define VW_BCD_CHAIN_MAX        16u     /* objects that one may inherit from;
                                         * beyond, what is not yet found is
                                         * unknown */
#define VW_BCD_TEXT_MAX         4096u   /* bytes of a text in the store */
#define VW_BCD_DEVICE_MAX       4096u   /* bytes of a device */

#define VW_BCD_GUID_SIZE        39u     /* "{9dea862c-...}" and its zero */

/* ------------------------------------------------------------ elements */

/* The elements that are read: constant, name as in bcdedit, element, kind.
 * Codes and names: Geoff Chappell, notes/windows/boot/bcd/elements.htm.
 */
#define VW_BCD_ROWS(X)                                                      \
    X(DESCRIPTION, "description", 0x12000004, TEXT)                         \
    X(PATH, "path", 0x12000002, TEXT)                                       \
    X(OSDEVICE, "osdevice", 0x21000001, DEVICE)                             \
    X(SYSTEMROOT, "systemroot", 0x22000002, TEXT)                           \
    X(WINPE, "winpe", 0x26000022, BOOLEAN)                                  \
    X(LOADOPTIONS, "loadoptions", 0x12000030, TEXT)                         \
    X(NUMPROC, "numproc", 0x25000061, NUMBER)                               \
    X(ONECPU, "onecpu", 0x26000060, BOOLEAN)                                \
    X(MAXPROC, "maxproc", 0x26000062, BOOLEAN)                              \
    X(CONFIGFLAGS, "configflags", 0x25000063, NUMBER)                       \
    X(MAXGROUP, "maxgroup", 0x26000064, BOOLEAN)                            \
    X(GROUPAWARE, "groupaware", 0x26000065, BOOLEAN)                        \
    X(GROUPSIZE, "groupsize", 0x25000066, NUMBER)                           \
    X(CLUSTERMODEADDRESSING, "clustermodeaddressing", 0x25000050, NUMBER)   \
    X(USEPHYSICALDESTINATION, "usephysicaldestination", 0x26000051,         \
      BOOLEAN)                                                              \
    X(RESTRICTAPICCLUSTER, "restrictapiccluster", 0x25000052, NUMBER)       \
    X(USELEGACYAPICMODE, "uselegacyapicmode", 0x26000054, BOOLEAN)          \
    X(X2APICPOLICY, "x2apicpolicy", 0x25000055, NUMBER)                     \
    X(HYPERVISORLAUNCHTYPE, "hypervisorlaunchtype", 0x250000f0, NUMBER)     \
    X(HYPERVISORNUMPROC, "hypervisornumproc", 0x250000fa, NUMBER)           \
    X(HYPERVISORROOTPROCPERNODE, "hypervisorrootprocpernode", 0x250000fb,   \
      NUMBER)                                                               \
    X(HYPERVISORROOTPROC, "hypervisorrootproc", 0x25000113, NUMBER)         \
    X(HYPERVISORSCHEDULERTYPE, "hypervisorschedulertype", 0x2500011a,       \
      NUMBER)                                                               \
    X(DETECTHAL, "detecthal", 0x26000010, BOOLEAN)                          \
    X(KERNEL, "kernel", 0x22000011, TEXT)                                   \
    X(HAL, "hal", 0x22000012, TEXT)                                         \
    X(NX, "nx", 0x25000020, NUMBER)                                         \
    X(PAE, "pae", 0x25000021, NUMBER)

enum vw_bcd_element {
#define VW_BCD_ELEMENT(constant, name, code, kind) VW_BCD_##constant,
    VW_BCD_ROWS(VW_BCD_ELEMENT)
#undef VW_BCD_ELEMENT
};

#define VW_BCD_ONE(constant, name, code, kind) + 1
enum { VW_BCD_ELEMENTS = 0 VW_BCD_ROWS(VW_BCD_ONE) };
#undef VW_BCD_ONE

/* The name of @element as bcdedit has it. */
const char *vw_bcd_element_name(enum vw_bcd_element element);

enum vw_bcd_state {
    VW_BCD_ABSENT,
    VW_BCD_GIVEN,
    VW_BCD_UNKNOWN,             /* there, but unreadable; or it may be */
};

struct vw_bcd_fact {
    enum vw_bcd_state state;

    /* Where it stands: Objects\<object>\Elements\<key>.  Both as the store
     * spells them; empty where it is absent.
     */
    char object[VW_BCD_GUID_SIZE];
    char key[9];
    bool is_inherited;          /* the object is not the loader itself */

    uint64_t number;            /* NUMBER; BOOLEAN as 0 or 1 */
    char *text;                 /* TEXT, UTF-8, owned; NULL but where given */
};

/* What a shared object is called in bcdedit, such as "{globalsettings}", or
 * NULL for one without a name.
 */
const char *vw_bcd_object_alias(const char *guid)
    __attribute__((nonnull));

/* ------------------------------------------------------------- devices */

enum vw_bcd_device_kind {
    VW_BCD_DEVICE_NONE,
    VW_BCD_DEVICE_MBR,          /* a partition by signature and offset */
    VW_BCD_DEVICE_GPT,          /* a partition by two GUIDs */
    VW_BCD_DEVICE_BOOT,         /* wherever the boot manager came from */
    VW_BCD_DEVICE_LOCATE,       /* to be searched for */
    VW_BCD_DEVICE_OTHER,        /* a file on another device, a network ... */
    VW_BCD_DEVICE_UNREADABLE,
};

struct vw_bcd_device {
    enum vw_bcd_device_kind kind;
    uint32_t disk_signature;    /* MBR */
    uint64_t partition_offset;  /* MBR: bytes */
    char disk_guid[VW_BCD_GUID_SIZE];           /* GPT */
    char partition_guid[VW_BCD_GUID_SIZE];      /* GPT */
};

/* Parse the data of a device element. */
struct vw_bcd_device vw_bcd_parse_device(const unsigned char *data,
                                         size_t size);

/* --------------------------------------------------------------- store */

/* An object that starts an operating system. */
struct vw_bcd_loader {
    char guid[VW_BCD_GUID_SIZE];        /* as the store spells it */
    struct vw_bcd_fact facts[VW_BCD_ELEMENTS];
    struct vw_bcd_device osdevice;
    struct vw_switches load_switches;   /* in the text of loadoptions */
};

/* Whether @loader starts Windows PE: a setup, or a recovery environment. */
static inline bool
vw_bcd_is_winpe(const struct vw_bcd_loader *loader)
{
    return loader->facts[VW_BCD_WINPE].state == VW_BCD_GIVEN
        && loader->facts[VW_BCD_WINPE].number != 0;
}

/* How the system was chosen of which the boot limits are the guest's. */
enum vw_bcd_choice {
    VW_BCD_CHOICE_NONE,         /* nothing says which one, or there is none */
    VW_BCD_CHOICE_DEFAULT,      /* the default of the boot manager */
    VW_BCD_CHOICE_ONLY,         /* the only one that is no Windows PE */
};

struct vw_bcd_store {
    bool has_bootmgr;
    enum vw_bcd_state default_state;
    char default_guid[VW_BCD_GUID_SIZE];        /* as the store spells it */
    int default_index;          /* in loaders, Windows PE too; or -1 */

    /* Objects to start once, before the default gets its turn again. */
    enum vw_bcd_state sequence_state;
    unsigned sequence_count;
    char sequence_guid[VW_BCD_GUID_SIZE];       /* the first of them */
    int sequence_index;         /* in loaders, or -1 */

    enum vw_bcd_choice choice;
    int system_index;           /* in loaders, never Windows PE; or -1 */

    struct vw_bcd_loader *loaders;      /* owned; in the store's order */
    unsigned count;
    unsigned objects;           /* of any type */
    unsigned broken;            /* objects and elements that cannot be read */
};

#define VW_BCD_STORE_INIT \
    { .default_index = -1, .sequence_index = -1, .system_index = -1 }

/* Read the boot store in @hive.
 *
 * Fails with VTOPO_BAD_INPUT where it is no boot store, or beyond the limits.
 * An object that cannot be read is counted and left out; an element that
 * cannot is unknown.
 */
int vw_bcd_read(struct vw_hive *hive, struct vw_bcd_store *ret_store,
                struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

void vw_bcd_clear(struct vw_bcd_store *store);

#endif /* VW_BCD_H */
