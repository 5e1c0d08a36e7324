/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * tables.h - what is known of guests, as data
 *
 * A row is a claim, so a row carries its source and how sure it is.  A
 * source that is empty, or no string literal, does not compile; a row that
 * leaves one out fails tests/source/check-sources.sh.
 *
 * A source text is one piece or several, separated by "; ".  Each begins
 * with a tag (GC, WRK, KB, OS2M...: capitals and digits, up to a blank, a
 * comma or the end) that lib/guest/sources.c spells out; the rest says where.
 * "vtopo guests --sources" prints the tags.
 */

#ifndef VT_TABLES_H
#define VT_TABLES_H

#include <stdbool.h>
#include <stddef.h>

#include "vtopo.h"

struct vt_source {
    const char *text;           /* tags and pages, separated by "; " */
    enum vtopo_confidence confidence;
};

/* A source must be a string literal of some length: the size of the array
 * type is negative, and the row an error, when it is not.
 */
#define VT_SOURCE_CHECK(literal)                                            \
    (0 * sizeof(char[sizeof("" literal "") > sizeof("?") ? 1 : -1]))
#define VT_SOURCE(how_sure, literal)                                        \
    { .text = &(literal)[VT_SOURCE_CHECK(literal)],                         \
      .confidence = VTOPO_##how_sure }

/* How numproc (BCD) or /NUMPROC (boot.ini) works in a generation. */
enum vt_numproc {
    VT_NUMPROC_NONE,            /* the system has no such limit */
    VT_NUMPROC_TOTAL,           /* caps logical processors */
    VT_NUMPROC_UNCERTAIN,       /* caps logical processors or packages */
};

/* A kernel lineage on one architecture: how it counts. */
struct vt_generation {
    const char *id;             /* "nt5.2-x86_64" */
    const char *name;           /* "Windows NT 5.2 (XP x64, Server 2003 x64)" */
    enum vtopo_arch arch;
    bool has_device_manager;    /* and ACPI processor devices in it */
    enum vtopo_counting counting;
    struct vt_source counting_source;
    bool counts_cores;          /* tells cores from threads */
    bool amd_topoext;           /* reads 0x8000001E for AMD threads */
    struct vt_source topoext_source;
    bool x2apic;                /* takes processors with APIC ids above 254 */
    struct vt_source x2apic_source;
    unsigned logical_least;     /* the ceiling of logical processors is at */
    unsigned logical_max;       /* least and at most this; equal when known */
    struct vt_source logical_source;
    unsigned group_size;        /* 64 with processor groups, else 0 */
    bool process_spans_groups;  /* a process uses all groups by default */
    struct vt_source group_source;
    enum vtopo_left unlicensed_left;    /* how an unlicensed one is left */
    struct vt_source left_source;
    enum vt_numproc numproc;
    struct vt_source numproc_source;
    bool first_threads_only;    /* uses one thread of each core by default */
    struct vt_source threads_source;    /* text NULL where it uses all */
    unsigned socket_cores_max;  /* cores a socket it can tell; 0: no bound known */
    struct vt_source socket_cores_source;
};

/* One edition of a system.  Limits are ranges; see struct vtopo_limit. */
struct vt_system {
    const char *osinfo;         /* short id of libosinfo, "win7" */
    const char *release;        /* its name, "Windows 7" */
    const char *edition;        /* "professional"; "" for the only one */
    const char *also;           /* other names of the edition, by blanks */
    const char *name;           /* "Windows 7 Professional" */
    const char *x86;            /* generation id of the 32-bit build, or NULL */
    const char *x86_64;         /* of the 64-bit build, or NULL */
    bool apart;                 /* sold for one cloud or purpose: left out of
                                 * the range of an edition that is not known */
    unsigned least, most;       /* sockets; logical processors in NT and 2000 */
    struct vt_source source;    /* of least and most */
    unsigned logical_x86;       /* processors by edition, 0: generation's */
    unsigned logical_x86_64;
    struct vt_source logical_source;    /* text NULL when both are 0 */
};

enum vt_idle {
    VT_IDLE_UNKNOWN,
    VT_IDLE_HALTS,              /* HLT: the host CPU rests */
    VT_IDLE_SPINS,              /* the host CPU burns at 100 % */
    VT_IDLE_SPINS_FIRST,        /* spins for long before it halts */
};

struct vt_hal {
    const char *id;             /* hardware id, "acpiapic_mp" */
    const char *also;           /* other ids, by blanks; NULL for none */
    const char *file;           /* on the media, "halmacpi.dll" */
    const char *hal_name;       /* string inside the file, or NULL */
    const char *device_name;    /* in Device Manager, or NULL */
    bool multiprocessor;
    bool acpi;
    unsigned cpus_nt4;          /* most CPUs in NT 4.0 and before; 0: not part
                                 * of them; VTOPO_NO_LIMIT: not known */
    unsigned cpus;              /* from 2000; the same */
    struct vt_source cpus_source;
    const char *kernels;        /* "UP", "MP": what belongs beside it */
    const char *needs;          /* hardware */
    const char *releases;       /* "NT 3.51 - Server 2003" */
    struct vt_source source;
    enum vt_idle idle;
    struct vt_source idle_source;       /* text NULL when idle is unknown */
};

/* An application that limits itself. */
struct vt_app {
    const char *id;             /* "sql-2019-standard" */
    const char *name;
    unsigned sockets;           /* or VTOPO_NO_LIMIT */
    unsigned cores;             /* logical processors in a VM; the same */
    struct vt_source source;
};

/* How the setup of a lineage comes to a system that uses several processors:
 * a row a lineage and HAL, that which suits QEMU's machines first.
 */
struct vt_setup {
    const char *lineage;        /* ids of generations begin with it, "nt5.1" */
    const char *hal;            /* id of the HAL; NULL: there is no choice */
    const char *computer;       /* its name in [Computer] of txtsetup.sif; NULL
                                 * where hal is */
    struct vt_source computer_source;   /* text NULL where computer is */
    unsigned detects_from;      /* vCPUs that setup must see to choose it by
                                 * itself; 0: it can choose nothing else */
    const char *detects;        /* the same as a sentence */
    struct vt_source detects_source;
};

/* A line of the answer file that makes setup take a HAL; lines of a section
 * stand together.
 */
struct vt_answer_line {
    const char *lineage;
    const char *section, *key;
    const char *value;          /* NULL: the computer of struct vt_setup */
    const char *why;
    struct vt_source source;
};

/* How that file comes to setup, and what it does beside, as sentences; or how
 * the same is done by hand.
 */
struct vt_answer_note {
    const char *lineage;        /* "": all that have rows above */
    bool by_hand;
    const char *text;
    struct vt_source source;
};

/* A tag and what it stands for. */
struct vt_source_tag {
    const char *tag;
    const char *meaning;
};

/* Ids of libosinfo that stand for rows of another: "debian" is the whole of
 * "debian" or what comes before a digit, a dot or a dash ("debian12",
 * "debian-unknown"); of several prefixes that fit, the longest counts.
 */
struct vt_family {
    const char *prefix;         /* "debian" */
    const char *osinfo;         /* "linux" */
};

extern const struct vt_generation vt_generations[];
extern const size_t vt_generations_count;
extern const struct vt_system vt_systems[];
extern const size_t vt_systems_count;
extern const struct vt_family vt_families[];
extern const size_t vt_families_count;
extern const struct vt_hal vt_hals[];
extern const size_t vt_hals_count;
extern const struct vt_setup vt_setups[];
extern const size_t vt_setups_count;
extern const struct vt_answer_line vt_answer_lines[];
extern const size_t vt_answer_lines_count;
extern const struct vt_answer_note vt_answer_notes[];
extern const size_t vt_answer_notes_count;
extern const struct vt_app vt_apps[];
extern const size_t vt_apps_count;
extern const struct vt_source_tag vt_source_tags[];
extern const size_t vt_source_tags_count;

/* NULL when there is no such row. */
const struct vt_generation *vt_generation_lookup(const char *id);
const struct vt_app *vt_app_lookup(const char *id);
const struct vt_source_tag *vt_source_tag_lookup(const char *tag,
                                                 size_t length);

/* By hardware id in any case ("ACPIAPIC_MP"), or one of its other ids. */
const struct vt_hal *vt_hal_lookup(const char *id);

/* By the name on the media, in any case: "halmacpi.dll".  Installed files
 * are all called hal.dll, which finds the one of that name on the media.
 */
const struct vt_hal *vt_hal_lookup_file(const char *file);

/* Whether @generation ("nt5.1-x86") is of @lineage ("nt5.1", "nt5"; "" is
 * every one).
 */
bool vt_lineage_has(const char *lineage, const char *generation);

/* How setup of @generation comes to @hal, or, where that is NULL, to the HAL
 * that suits QEMU's machines.  NULL where that is not known.
 */
const struct vt_setup *vt_setup_lookup(const char *generation,
                                       const char *hal);

/* The rows of release @osinfo, which stand together: the first of them, or
 * NULL when there is none.  "debian12" finds the rows of "linux".
 */
const struct vt_system *vt_systems_lookup(const char *osinfo,
                                          size_t *ret_count);

/* Whether @edition is a name of this row, in any case: one of those given
 * by "edition" and "also".
 */
bool vt_system_has_edition(const struct vt_system *system,
                           const char *edition);

/* The length of the tag that @piece of a source text begins with. */
size_t vt_source_tag_length(const char *piece);

/* Whether nothing is known: the text begins with the tag NONE. */
bool vt_source_is_none(const struct vt_source *source);

/* Whether a piece of the source text @text begins with @tag. */
bool vt_source_has_tag(const char *text, const struct vt_source_tag *tag);

/* "confirmed", "weak source", "sources disagree", "inferred", "from memory" */
const char *vt_confidence_name(enum vtopo_confidence confidence);

#endif /* VT_TABLES_H */
