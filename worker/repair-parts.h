/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * repair-parts.h - what the files of the repair share
 *
 * repair.c goes over the disk and writes the answer, repair-bcd.c edits boot
 * stores, repair-bootini.c edits boot.ini, repair-words.c finds words among
 * switches, repair-parts.c keeps what was found.
 */

#ifndef VW_REPAIR_PARTS_H
#define VW_REPAIR_PARTS_H

#include <stdbool.h>

#include "bcd.h"
#include "bootini.h"
#include "vtopo.h"

/* Limits of an answer. */
#define VW_CHANGES_MAX 256u
#define VW_REFUSED_MAX 32u
#define VW_ADVICE_MAX  32u
#define VW_NAMES_MAX   64u

/* ---------------------------------------------------------------- limits */

/* A limit on processors that can be taken away. */
struct vw_limit_row {
    uint32_t element;           /* of a boot store */
    const char *name;           /* as bcdedit has it */
    const char *word;           /* among load options */
    bool is_flag;               /* an element that may say no */
    bool in_bootini;            /* the word is a switch there, too */
    const char *why;            /* what it does */
};

#define VW_LIMITS 6u
extern const struct vw_limit_row vw_limit_rows[VW_LIMITS];

/* -------------------------------------------------------------- refusals */

/* Every reason not to write: constant, code, text. */
#define VW_REFUSALS(X)                                                       \
    X(NTFS_DIRTY, "ntfs-dirty")                                              \
    X(LOG_UNCLEAN, "log-unclean")                                            \
    X(FAT_DIRTY, "fat-dirty")                                                \
    X(HIBERNATED, "hibernated")                                              \
    X(BITLOCKER, "bitlocker")                                                \
    X(HIVE_DIRTY, "hive-dirty")                                              \
    X(DAMAGED, "damaged")                                                    \
    X(UNSUPPORTED, "unsupported")                                            \
    X(NO_SYSTEM, "no-system")                                                \
    X(NO_STORE, "no-store")                                                  \
    X(NO_DEFAULT, "no-default")                                              \
    X(NO_ENTRY, "no-entry")                                                  \
    X(HAL_UNKNOWN, "hal-unknown")                                            \
    X(HAL_BY_HAND, "hal-by-hand")                                            \
    X(HAL_NEEDS_FORCE, "hal-needs-force")                                    \
    X(HAL_MIX, "hal-mix")                                                    \
    X(HAL_NO_FILES, "hal-no-files")                                          \
    X(HAL_NAMED, "hal-named")

enum vw_refusal {
#define VW_REFUSAL(constant, code) VW_REFUSED_##constant,
    VW_REFUSALS(VW_REFUSAL)
#undef VW_REFUSAL
};

/* --------------------------------------------------------------- answers */

/* Which entries of the boot stores. */
struct vw_choice {
    bool all;                   /* else the default, where no name is given */
    bool is_list;
    unsigned count;
    char names[VW_NAMES_MAX][VW_BCD_GUID_SIZE];
    bool met[VW_NAMES_MAX];     /* there is such an entry */
};

/* Whether the entry @name is chosen; @is_default as its store says. */
bool vw_choice_has(struct vw_choice *choice, const char *name,
                   bool is_default);

struct vw_change {
    char where[96];
    char what[96];
    char *before;               /* owned; UTF-8 mostly */
    char *after;                /* owned; NULL: nothing */
    const char *why;            /* static */
};

struct vw_repair {
    struct vw_choice choice;
    struct vw_change changes[VW_CHANGES_MAX];
    unsigned changes_count;
    struct {
        enum vw_refusal reason;
        char text[256];
    } refused[VW_REFUSED_MAX];
    unsigned refused_count;
    char advice[VW_ADVICE_MAX][256];
    unsigned advice_count;
};

/* Note a change; @before and @after are copied. */
int vw_repair_change(struct vw_repair *repair, const char *where,
                     const char *what, const char *before, const char *after,
                     const char *why, struct vtopo_error *err)
    __attribute__((nonnull(1, 2, 3, 6, 7), warn_unused_result));

/* Drop all changes but the first @count: they will not be made. */
void vw_repair_forget(struct vw_repair *repair, unsigned count);

void vw_repair_refuse(struct vw_repair *repair, enum vw_refusal reason,
                      const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void vw_repair_advise(struct vw_repair *repair, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The code of @reason in answers. */
const char *vw_refusal_code(enum vw_refusal reason);

/* ----------------------------------------------------------------- words */

/* A word to be cut out of a text. */
struct vw_cut {
    const struct vw_limit_row *row;
    struct vw_span word;
    struct vw_span gone;        /* with the blanks that go with it */
};

#define VW_CUTS_MAX 64u

/* Find the words of limits among the switches in @span of @text, at most
 * VW_CUTS_MAX; for boot.ini only its own.  What is left when they are gone
 * has the same switches otherwise, and the same blanks between them.
 */
unsigned vw_cuts_find(const char *text, struct vw_span span, bool is_bootini,
                      struct vw_cut cuts[VW_CUTS_MAX])
    __attribute__((nonnull));

/* ---------------------------------------------------------------- stores */

/* Take the limits of the chosen entries out of the boot store @image, in
 * place, and note each as a change at @where.  @logs_last is as for
 * vw_edit_finish().
 */
int vw_repair_bcd(struct vw_repair *repair, const char *where,
                  unsigned char *image, size_t size, uint32_t logs_last,
                  struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* The same for the boot.ini @text; *@size becomes that of what is left. */
int vw_repair_bootini(struct vw_repair *repair, const char *where,
                      char *text, size_t *size, struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* Whether NTLDR starts entry @index unasked. */
bool vw_bootini_is_default(const struct vw_bootini *bootini, unsigned index)
    __attribute__((nonnull));

/* ------------------------------------------------------------ new entries */

/* What a new line of boot.ini starts. */
struct vw_new_entry {
    unsigned index;             /* of the line that it is made of */
    const char *kernel;         /* a file in System32; NULL: as it was */
    const char *hal;            /* likewise */
    bool pae;                   /* the kernel is one with PAE */
};

/* Whether NTLDR takes the kernel with PAE for @entry: because a switch says
 * so, because one forbids it, or, where none speaks of it, as @last_boot says.
 */
bool vw_entry_wants_pae(const char *text,
                        const struct vw_bootini_entry *entry, bool last_boot)
    __attribute__((nonnull));

/* Put a line before that of entry @entry->index of the boot.ini *@text of
 * *@size bytes, which is released and made anew: it starts the same system
 * with the files of @entry, and is what NTLDR finds first of the two.  Fails
 * with VTOPO_IMPOSSIBLE where there is no room for it.
 */
int vw_repair_add_entry(struct vw_repair *repair, const char *where,
                        const struct vw_new_entry *entry, char **text,
                        size_t *size, struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

#endif /* VW_REPAIR_PARTS_H */
