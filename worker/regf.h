/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * regf.h - look a few things up in a Windows registry hive
 *
 * A SOFTWARE hive is a hundred megabytes and three keys of it are wanted, so
 * nothing is read but the pages that a look-up touches, and few of those are
 * kept.  A hive that Windows was still writing is read as Windows would read
 * it: with its logs replayed, in memory.
 *
 *   struct vw_hive *hive;
 *   struct vw_key key;
 *   bool found;
 *
 *   vw_hive_open(&bytes, logs, 2, &hive, err);
 *   vw_hive_lookup_path(hive, "ControlSet001\\Control", &key, &found, err);
 *   vw_hive_close(hive);
 *
 * All of a hive may be hostile.  What is broken fails with VTOPO_BAD_INPUT
 * for the look-up that meets it, and leaves the others as they are.  What is
 * not there is no failure: then *ret_found is false.  Other codes come from
 * the bytes underneath.
 *
 * The format: M. Suhanov, "Windows registry file format specification",
 * github.com/msuhanov/regf, CC BY 4.0.
 */

#ifndef VW_REGF_H
#define VW_REGF_H

#include <stdbool.h>

#include "bytes.h"

/* ------------------------------------------------------------- limits */

/* What is refused beyond, and why that is enough. */
#define VW_HIVE_BINS_MAX 0x80000000u    /* Windows' own: 31 bits an offset */
#define VW_HIVE_PAGE 4096u              /* what is read at once */
#define VW_HIVE_CACHED_MAX 256u         /* pages kept: 1 MiB */
#define VW_HIVE_LOGS_MAX 3u             /* LOG, LOG1 and LOG2 */
/* Pages that logs may change: 64 MiB in memory.  Windows moves the logs into
 * the hive within the hour, and keeps each below half of that.
 */
#define VW_HIVE_OVERLAY_MAX 16384u
#define VW_HIVE_LAST_BIN_MAX 256u       /* pages of the last bin; 4 mostly */
#define VW_HIVE_NAME_MAX 255u           /* units of a key's name, as Windows */
#define VW_HIVE_VALUE_NAME_MAX 16383u   /* of a value's name, as Windows */
#define VW_HIVE_CHILDREN_MAX 262144u    /* of a key; real ones have 60,000 */
#define VW_HIVE_VALUES_MAX 65536u       /* of a key; real ones have 10,000 */
#define VW_HIVE_DATA_MAX 1048576u       /* bytes of a value: Windows' 1 MB */
#define VW_HIVE_STRING_MAX 65536u       /* bytes of a value read as text */
#define VW_HIVE_STRINGS_MAX 1024u       /* strings in a value */

/* ---------------------------------------------------------------- hive */

struct vw_hive;

struct vw_hive_state {
    unsigned major;             /* the version of the format, 1.5 mostly */
    unsigned minor;
    uint32_t primary_sequence;  /* they differ while Windows writes */
    uint32_t secondary_sequence;
    bool checksum_ok;           /* of the base block in the file */
    bool dirty;                 /* not all that was written is in the file */
    unsigned replayed;          /* entries of logs applied */
    uint32_t last_sequence;     /* of the last entry, if any */
    char log_problem[160];      /* what stopped the replay; "": nothing */
    char name[97];              /* the end of the path it had; UTF-8 */
    uint32_t size;              /* of the bins, with the logs replayed */
    uint64_t bytes_read;        /* from the hive */
    uint64_t log_bytes_read;    /* from the logs */
};

/* Open @primary with its logs, in any order, if they are there; of @logs any
 * may be NULL or empty.  All bytes must outlive the hive.
 *
 * Logs are read where the hive is dirty.  A bad log is no failure: what
 * stands before the bad part is applied, and log_problem says what was wrong.
 */
int vw_hive_open(const struct vw_bytes *primary,
                 const struct vw_bytes *const *logs, size_t logs_count,
                 struct vw_hive **ret_hive, struct vtopo_error *err)
    __attribute__((nonnull(1, 4, 5), warn_unused_result));

void vw_hive_close(struct vw_hive *hive);

static inline void
vw_hive_closep(struct vw_hive **hive)
{
    vw_hive_close(*hive);
}

/* How things stand; the counts go on growing. */
const struct vw_hive_state *vw_hive_state(struct vw_hive *hive);

/* ---------------------------------------------------------------- keys */

/* A name as it is stored. */
struct vw_hive_name {
    uint32_t at;                /* offset in the bins */
    uint16_t units;
    bool wide;                  /* UTF-16, not Latin-1 */
};

/* A key, good for as long as its hive; needs no release. */
struct vw_key {
    uint32_t cell;              /* where it is: no two keys share one */
    struct vw_hive_name name;
    uint64_t written;           /* FILETIME of the last change */
    uint32_t children;          /* how many, by its own account */
    uint32_t children_list;
    uint32_t values;
    uint32_t values_list;
};

int vw_hive_root(struct vw_hive *hive, struct vw_key *ret_key,
                 struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* The name of @key as UTF-8; the caller frees it. */
int vw_key_name(struct vw_hive *hive, const struct vw_key *key,
                char **ret_name, struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* The child of @key with the name @name, in letters of either case (ASCII
 * and Latin-1).  Where the hive has hashes, a child with a wrong hash is not
 * found, as Windows would not find it.
 */
int vw_key_child(struct vw_hive *hive, const struct vw_key *key,
                 const char *name, struct vw_key *ret_child, bool *ret_found,
                 struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* The key at @path below @key, or below the root: names with backslashes
 * between, "" for the key itself.
 */
int vw_key_descend(struct vw_hive *hive, const struct vw_key *key,
                   const char *path, struct vw_key *ret_key, bool *ret_found,
                   struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));
int vw_hive_lookup_path(struct vw_hive *hive, const char *path,
                        struct vw_key *ret_key, bool *ret_found,
                        struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* A list of children: a leaf, or an index of leaves. */
struct vw_key_list {
    uint32_t at;                /* its elements: offset in the bins */
    unsigned count;
    unsigned stride;            /* bytes an element */
    char kind;                  /* 'i', 'f' or 'h' leaf, 'r' index */
    unsigned next;
};

/* Where a walk over the children of a key stands. */
struct vw_children {
    struct vw_key key;
    struct vw_key_list index;   /* no elements where the list is a leaf */
    struct vw_key_list leaf;
    unsigned seen;
    bool started;
    bool finished;
};

#define VW_CHILDREN_INIT(of) { .key = (of) }

/* The next child; false in *ret_more behind the last.
 *
 * A failure is about one child, or ends the walk: calling again, with the
 * error cleared, goes on behind it.
 */
int vw_children_next(struct vw_hive *hive, struct vw_children *children,
                     struct vw_key *ret_child, bool *ret_more,
                     struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* -------------------------------------------------------------- values */

enum vw_type {
    VW_REG_NONE = 0,
    VW_REG_SZ = 1,
    VW_REG_EXPAND_SZ = 2,
    VW_REG_BINARY = 3,
    VW_REG_DWORD = 4,
    VW_REG_DWORD_BIG_ENDIAN = 5,
    VW_REG_LINK = 6,
    VW_REG_MULTI_SZ = 7,
    VW_REG_QWORD = 11,
};

/* A value, good for as long as its hive; needs no release. */
struct vw_value {
    struct vw_hive_name name;
    uint32_t type;              /* an enum vw_type, or what a driver likes */
    uint32_t size;              /* bytes of data */
    uint32_t data;              /* cell of the data */
    bool resident;              /* the data is here: in @bytes */
    unsigned char bytes[4];
};

/* The value of @key with the name @name, in letters of either case; "" is
 * the default value.
 */
int vw_key_value(struct vw_hive *hive, const struct vw_key *key,
                 const char *name, struct vw_value *ret_value,
                 bool *ret_found, struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* Value number @index of @key, below key->values. */
int vw_key_value_at(struct vw_hive *hive, const struct vw_key *key,
                    uint32_t index, struct vw_value *ret_value,
                    struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

int vw_value_name(struct vw_hive *hive, const struct vw_value *value,
                  char **ret_name, struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* All bytes of @value, whatever its type, with two zero bytes behind them;
 * refused above @max and VW_HIVE_DATA_MAX.  The caller frees them.
 */
int vw_value_data(struct vw_hive *hive, const struct vw_value *value,
                  uint32_t max, unsigned char **ret_data, size_t *ret_size,
                  struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* A REG_DWORD, of either byte order. */
int vw_value_dword(struct vw_hive *hive, const struct vw_value *value,
                   uint32_t *ret_number, struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* A REG_DWORD, a REG_QWORD, or 1 to 8 bytes of REG_BINARY, little-endian: a
 * boot store keeps its numbers so.
 */
int vw_value_number(struct vw_hive *hive, const struct vw_value *value,
                    uint64_t *ret_number, struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* 8 bytes of any type: properties of devices have types of their own. */
int vw_value_filetime(struct vw_hive *hive, const struct vw_value *value,
                      uint64_t *ret_time, struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* A REG_SZ or REG_EXPAND_SZ as UTF-8, up to the first zero character or,
 * without one, to the end.  The caller frees it.
 */
int vw_value_string(struct vw_hive *hive, const struct vw_value *value,
                    char **ret_text, struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* The strings of a REG_MULTI_SZ, up to the first empty one or the end. */
struct vw_strings {
    char **strings;             /* owned */
    size_t count;
};

#define VW_STRINGS_INIT { NULL, 0 }

int vw_value_strings(struct vw_hive *hive, const struct vw_value *value,
                     struct vw_strings *ret_strings, struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

void vw_strings_clear(struct vw_strings *strings);

#endif /* VW_REGF_H */
