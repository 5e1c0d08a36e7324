/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * bootini.h - what boot.ini of Windows NT up to Server 2003 says
 *
 * Nothing is copied: every fact is a span of the bytes that were parsed, with
 * its line, so that a repair can cut out just that.  Bytes above 127 are in
 * whatever code page the guest had, and are passed on as they are.
 *
 * The switches have a reader of their own, because the load options of a
 * newer system's boot store are written in the same way.
 */

#ifndef VW_BOOTINI_H
#define VW_BOOTINI_H

#include <stdint.h>

#include "vtopo.h"

/* The limits of all that is taken from a boot.ini, together. */
#define VW_BOOTINI_SIZE_MAX     65536u  /* a longer file is refused */
#define VW_BOOTINI_ENTRIES_MAX  32u     /* NTLDR shows 10 */
#define VW_SWITCHES_MAX         32u     /* of one entry */
#define VW_ARC_PARTS_MAX        8u      /* of one path */

/* Some bytes of a text.  An absent span has line 0. */
struct vw_span {
    uint32_t offset;
    uint32_t length;
    uint32_t line;              /* from 1 */
};

static inline bool
vw_span_is_given(struct vw_span span)
{
    return span.line != 0;
}

/* Whether @span of @text is @word, in any case of ASCII letters. */
bool vw_span_is(const char *text, struct vw_span span, const char *word)
    __attribute__((nonnull));

/* @span of @text as a string in @buffer, cut to its @size.  Bytes that are no
 * UTF-8 stay what they are.  Returns @buffer.
 */
const char *vw_span_copy(const char *text, struct vw_span span,
                         char *buffer, size_t size)
    __attribute__((nonnull));

/* ------------------------------------------------------------ switches */

enum vw_switch_id {
    VW_SWITCH_NUMPROC,
    VW_SWITCH_ONECPU,
    VW_SWITCH_HAL,
    VW_SWITCH_KERNEL,
    VW_SWITCH_PAE,
    VW_SWITCH_NOPAE,
    VW_SWITCH_NOEXECUTE,
    VW_SWITCH_MAXPROCSPERCLUSTER,
    VW_SWITCH_BOOTPROC,
    VW_SWITCH_MAXPROC,
    VW_SWITCH_OTHER,            /* every other one; see its span */
};

/* The name of a known switch as it is usually written, without the slash. */
const char *vw_switch_name(enum vw_switch_id id);

struct vw_switch {
    enum vw_switch_id id;
    struct vw_span whole;       /* from its slash to its last character */
    struct vw_span value;       /* behind "=" or ":", absent without one */
    bool has_number;            /* the value is decimal digits alone */
    uint32_t number;
};

/* In the order in which they stand there. */
struct vw_switches {
    struct vw_switch list[VW_SWITCHES_MAX];
    unsigned count;
    unsigned seen;              /* more than count: the rest was not kept */
};

/* Read the switches in @span of @text.  A word without a slash is one too:
 * kernels look for the bare word.
 */
void vw_switches_parse(const char *text, struct vw_span span,
                       struct vw_switches *ret_switches)
    __attribute__((nonnull));

/* The first @id, which is the one that counts; NULL where there is none.
 * Where more was seen than kept, none found does not mean that none is there.
 */
const struct vw_switch *vw_switches_find(const struct vw_switches *switches,
                                         enum vw_switch_id id)
    __attribute__((nonnull));

/* ------------------------------------------------------------ boot.ini */

enum vw_arc_kind {
    VW_ARC_UNREADABLE,
    VW_ARC_MULTI,               /* multi(adapter)disk()rdisk()partition() */
    VW_ARC_SCSI,                /* scsi(adapter)disk()rdisk()partition() */
    VW_ARC_SIGNATURE,           /* signature(hex)disk()rdisk()partition() */
    VW_ARC_DRIVE,               /* C:\, the boot sector of something else */
};

struct vw_arc {
    enum vw_arc_kind kind;
    uint32_t adapter;
    uint32_t signature;
    uint32_t disk;
    uint32_t rdisk;
    uint32_t partition;         /* from 1; 0 is the whole disk */
    char drive;                 /* 'A' to 'Z' */
    struct vw_span directory;   /* with its first backslash; may be absent */
};

struct vw_bootini_entry {
    struct vw_span whole;       /* the line, less blanks around it */
    struct vw_span path;
    struct vw_arc arc;
    struct vw_span description; /* without its quotes */
    struct vw_switches switches;
};

/* How NTLDR comes to the entry that it starts unasked. */
enum vw_bootini_choice {
    VW_BOOTINI_LISTED,          /* default= names entries[default_index] */
    VW_BOOTINI_NOT_LISTED,      /* default= names what is in no entry */
    VW_BOOTINI_NO_DEFAULT,      /* no default=: NTLDR has a path of its own */
    VW_BOOTINI_CUT,             /* it may name an entry that was not kept */
};

struct vw_bootini {
    bool has_bom;               /* of UTF-8, which NTLDR would stumble over */

    struct vw_span timeout;     /* the value */
    bool has_timeout;           /* and it is a number: */
    int32_t timeout_seconds;    /* -1 waits forever */

    struct vw_span default_path;
    unsigned defaults_seen;     /* the first of them counts here */
    enum vw_bootini_choice choice;
    unsigned default_index;     /* where the choice is VW_BOOTINI_LISTED */

    struct vw_bootini_entry entries[VW_BOOTINI_ENTRIES_MAX];
    unsigned count;
    unsigned seen;              /* more than count: the rest was not kept */
};

/* Parse the @size bytes of a boot.ini.
 *
 * The text ends at a zero byte or at Ctrl-Z, where there is one.  Lines end
 * in LF, CR or both.  Lines that mean nothing are passed over: NTLDR boots
 * with them, too.  Fails with VTOPO_BAD_INPUT for more than
 * VW_BOOTINI_SIZE_MAX bytes and for UTF-16.
 */
int vw_bootini_parse(const char *text, size_t size,
                     struct vw_bootini *ret_bootini, struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

#endif /* VW_BOOTINI_H */
