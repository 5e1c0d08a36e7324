/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * regf-hive.h - what the files of the hive reader share
 *
 * regf.c opens a hive, regf-pages.c reads it by the page, regf-log.c replays
 * logs into those pages, regf-cells.c finds keys and values in cells,
 * regf-lookup.c goes from key to key, regf-value.c reads data.
 */

#ifndef VW_REGF_HIVE_H
#define VW_REGF_HIVE_H

#include "regf.h"

#define VW_BASE_SIZE 512u       /* what counts of a base block */
#define VW_BINS_START 4096u     /* where the bins begin in the file */
#define VW_NOWHERE 0xffffffffu  /* an offset that leads nowhere */

/* -------------------------------------------------------- base blocks */

enum vw_base_type {
    VW_BASE_PRIMARY = 0,
    VW_BASE_OLD_LOG = 1,
    VW_BASE_OLDEST_LOG = 2,     /* Windows 2000 */
    VW_BASE_NEW_LOG = 6,
};

struct vw_base {
    uint32_t primary_sequence;
    uint32_t secondary_sequence;
    uint64_t written;
    uint32_t major;
    uint32_t minor;
    uint32_t type;              /* an enum vw_base_type */
    uint32_t root;
    uint32_t size;              /* of the bins */
    uint32_t cluster;           /* bytes of a sector in 512s */
    unsigned char name[64];     /* UTF-16 */
    bool is_regf;
    bool checksum_ok;
};

/* Take the VW_BASE_SIZE bytes at @block apart; nothing is judged but the
 * signature and the checksum.
 */
void vw_base_parse(const unsigned char *block, struct vw_base *ret_base);

/* The checksum of @block: the exclusive or of all words but the last, which
 * holds it; two results are kept free.
 */
uint32_t vw_base_sum(const unsigned char *block);

/* ---------------------------------------------------------------- pages */

#define VW_PAGES_WAYS 4u
#define VW_PAGES_SETS (VW_HIVE_CACHED_MAX / VW_PAGES_WAYS)

/* Pages in memory, which grows as they come. */
struct vw_arena {
    unsigned char *data;        /* owned */
    uint32_t room;              /* pages */
    uint32_t used;
};

/* A place of the cache. */
struct vw_page {
    uint32_t number;            /* of the page it holds */
    uint32_t valid;             /* bytes; fewer where the file ends */
    uint64_t used;              /* when, by pages->clock; 0: holds nothing */
    uint32_t place;             /* in the arena, 1 for the first; 0: none */
};

struct vw_pages {
    const struct vw_bytes *file;
    struct vw_page cached[VW_HIVE_CACHED_MAX];  /* the ways of a set together */
    struct vw_arena cache;
    uint64_t clock;
    uint64_t bytes_read;
    uint16_t *overlaid;         /* owned: by page, its place in the overlay, 1
                                 * for the first; 0: it is not there */
    uint32_t overlaid_room;     /* pages from here on are not there either */
    struct vw_arena overlay;
};

void vw_pages_clear(struct vw_pages *pages);

/* Read @size bytes at @offset of the bins. */
int vw_pages_read(struct vw_pages *pages, uint64_t offset,
                  void *buffer, size_t size, struct vtopo_error *err)
    __attribute__((warn_unused_result));

/* Whether page @number is in the overlay. */
bool vw_pages_is_overlaid(const struct vw_pages *pages, uint32_t number);

/* Put @size bytes over what is at @offset; the range lies inside one page. */
int vw_pages_overlay(struct vw_pages *pages, uint32_t offset,
                     const unsigned char *data, size_t size,
                     struct vtopo_error *err)
    __attribute__((warn_unused_result));

/* ----------------------------------------------------------------- hive */

struct vw_hive {
    struct vw_hive_state state;
    struct vw_pages pages;
    uint32_t root;
};

/* ----------------------------------------------------------------- logs */

struct vw_log {
    const struct vw_bytes *bytes;
    struct vw_base base;
};

struct vw_logs {
    struct vw_log logs[VW_HIVE_LOGS_MAX];   /* those to apply, in order */
    size_t count;
    bool has_base;              /* for a hive whose own is broken */
    struct vw_base base;
};

/* Pick from @given what can be applied to a hive with @base.  @hive takes
 * note of problems.
 */
void vw_logs_choose(struct vw_hive *hive, const struct vw_base *base,
                    const struct vw_bytes *const *given, size_t count,
                    struct vw_logs *ret_logs);

/* Apply @logs to a hive whose size is known. */
void vw_logs_apply(struct vw_hive *hive, const struct vw_logs *logs);

/* The highest number that stands in the log @bytes, whether it belongs to its
 * hive or not: in its base block, or in any entry that could be replayed.
 */
int vw_log_last_sequence(const struct vw_bytes *bytes, uint32_t *ret_last,
                         struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* The hash that guards log entries: Marvin32, 64 bits, Windows' seed for
 * hives.  Several calls make one hash where all sizes but the last are
 * multiples of 4.
 */
struct vw_marvin {
    uint32_t low;
    uint32_t high;
};
struct vw_marvin vw_marvin_start(void);
void vw_marvin_add(struct vw_marvin *hash, const unsigned char *data,
                   size_t size);
uint64_t vw_marvin_finish(struct vw_marvin hash, const unsigned char *rest,
                          size_t size);

/* ---------------------------------------------------------------- cells */

struct vw_cell {
    uint32_t at;                /* its data: offset in the bins */
    uint32_t size;              /* of its data */
};

/* The cell at @offset, which the message calls @what. */
int vw_cell_find(struct vw_hive *hive, uint32_t offset, const char *what,
                 struct vw_cell *ret_cell, struct vtopo_error *err)
    __attribute__((warn_unused_result));

/* The key whose cell is at @offset. */
int vw_key_read(struct vw_hive *hive, uint32_t offset,
                struct vw_key *ret_key, struct vtopo_error *err)
    __attribute__((warn_unused_result));

/* A name that is sought, in capitals. */
struct vw_sought {
    uint16_t units[VW_HIVE_NAME_MAX];
    size_t count;
    bool ascii;
};

/* False where no key can have the name @text of @length bytes. */
bool vw_sought_init(struct vw_sought *sought, const char *text,
                    size_t length);

/* Whether @name is @sought. */
int vw_name_compare(struct vw_hive *hive, const struct vw_hive_name *name,
                    const struct vw_sought *sought, bool *ret_same,
                    struct vtopo_error *err)
    __attribute__((warn_unused_result));

/* @name as UTF-8; the caller frees it. */
int vw_name_read(struct vw_hive *hive, const struct vw_hive_name *name,
                 char **ret_text, struct vtopo_error *err)
    __attribute__((warn_unused_result));

#endif /* VW_REGF_HIVE_H */
