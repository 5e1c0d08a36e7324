/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * facts.h - what an image says of its systems, and what follows from it
 *
 * Facts are as the worker found them, each with the file it is from.  What
 * they mean is worked out here: which row of the tables a system is, what it
 * is limited to, and what a person should hear of it.
 */

#ifndef VT_FACTS_H
#define VT_FACTS_H

#include "guest/tables.h"

/* Bounds on what the worker may say. */
#define VT_FACTS_SYSTEMS_MAX 16u
#define VT_FACTS_PARTITIONS_MAX 128u
#define VT_FACTS_PROBLEMS_MAX 64u
#define VT_FACTS_ENTRIES_MAX 64u
#define VT_FACTS_DRIVERS_MAX 64u
#define VT_FACTS_SUITES_MAX 16u

#define VT_UNKNOWN (~0u)        /* a number that is not known */

enum vt_truth { VT_NOT_KNOWN, VT_FALSE, VT_TRUE };

/* Strings are borrowed from the text the facts were read from. */
struct vt_hive_fact {
    const char *file;
    bool dirty;
    unsigned replayed;          /* entries of its logs */
    const char *log_problem;    /* NULL: none */
};

struct vt_driver_fact {
    const char *name, *image;
    const char *class;
    unsigned start;             /* 0 boot ... 4 disabled */
    bool boot;                  /* loaded before the disk is needed */
};

/* A boot option, and where it was found. */
struct vt_option_fact {
    bool known;
    unsigned number;
    const char *text;
    const char *source;
};

struct vt_entry_fact {
    bool is_default, is_this;   /* starts this system */
    const char *description, *loadoptions;
    struct vt_option_fact numproc, onecpu, groupsize, hal, kernel;
    struct vt_option_fact hypervisorlaunchtype, hypervisornumproc;
    struct vt_option_fact hypervisorrootproc;
};

struct vt_file_fact {
    const char *path, *status;
    const char *original, *version, *machine;
    enum vt_truth multiprocessor;
};

struct vt_system_fact {
    unsigned partition;
    const char *root, *found_by;
    enum vt_truth is_default, hibernated;

    /* SYSTEM */
    bool has_system;
    const char *system_problem;
    struct vt_hive_fact system_hive;
    unsigned control_set;
    const char *product_type;
    const char *suites[VT_FACTS_SUITES_MAX];
    unsigned suites_count;
    bool has_suites;
    bool has_policy;
    unsigned policy_sockets, policy_sku;
    const char *policy_problem;
    unsigned registered, licensed;
    unsigned csd_version;
    const char *hal_device, *hal_id, *hal_description, *hal_section;
    const char *hal_version;    /* DriverVersion of its class key */
    unsigned processors_used;
    const char *identifier, *architecture;
    unsigned enumerated, stale;
    struct vt_driver_fact drivers[VT_FACTS_DRIVERS_MAX];
    unsigned drivers_count;
    enum vt_truth hyperv, vbs, wsl2;

    /* SOFTWARE */
    bool has_software;
    const char *software_problem;
    struct vt_hive_fact software_hive;
    const char *product_name, *current_version, *current_build;
    const char *edition_id, *display_version, *release_id, *installation_type;
    unsigned major, minor, ubr;

    /* boot */
    const char *boot_kind, *boot_file, *firmware, *boot_problem;
    struct vt_entry_fact entries[VT_FACTS_ENTRIES_MAX];
    unsigned entries_count;

    struct vt_file_fact hal_file, kernel_file, kernel_pae_file;
};

struct vt_partition_fact {
    unsigned number;
    const char *type, *filesystem;
    enum vt_truth dirty, hibernated;
};

struct vt_problem_fact {
    const char *where, *text;
};

struct vt_facts {
    char *text;                 /* owned: what all strings point into */
    unsigned long long requests, bytes;
    bool has_disk;
    const char *table, *content;
    bool truncated;
    struct vt_partition_fact partitions[VT_FACTS_PARTITIONS_MAX];
    unsigned partitions_count;
    struct vt_system_fact systems[VT_FACTS_SYSTEMS_MAX];
    unsigned systems_count;
    struct vt_problem_fact problems[VT_FACTS_PROBLEMS_MAX];
    unsigned problems_count;
};

/* ----------------------------------------------------------- conclusions */

/* Which system it is.  Unknown members are NULL or VT_UNKNOWN. */
struct vt_identity {
    const char *osinfo;         /* static */
    const char *edition;        /* static, of the tables */
    char edition_text[48];      /* as found, where the tables have it not */
    char name[96];
    char version[16];           /* "6.1" */
    unsigned build;
    unsigned service_pack;
    enum vtopo_arch arch;
    const char *edition_source; /* where the edition was read; static */
};

/* The HAL in force, and how that is known. */
struct vt_hal_verdict {
    const struct vt_hal *hal;   /* row of the table, or NULL */
    char id[32];                /* as found; "" when not known */
    enum vt_truth multiprocessor;
    const char *name;           /* in Device Manager, or NULL */
    const char *source;         /* static */
    bool registry_disagrees;    /* with the file, which is believed */
};

struct vt_boot_verdict {
    const struct vt_entry_fact *entry;  /* the one that starts it, or NULL */
    unsigned numproc;           /* the lowest limit in force; 0: none */
    const char *numproc_source;
    bool onecpu;
};

void vt_identify(const struct vt_system_fact *fact,
                 struct vt_identity *ret_identity);
void vt_hal_judge(const struct vt_system_fact *fact,
                  struct vt_hal_verdict *ret_verdict);
void vt_boot_judge(const struct vt_system_fact *fact,
                   struct vt_boot_verdict *ret_verdict);

/* The licensed sockets (or processors) as the image itself says them: false
 * where it does not.
 */
bool vt_licence_read(const struct vt_system_fact *fact, unsigned *ret_sockets,
                     const char **ret_source);

/* Everything together: limits for predict and plan.  Fails with
 * VTOPO_UNKNOWN_GUEST where the tables have no such system.
 */
int vt_facts_limits(const struct vt_system_fact *fact,
                    struct vtopo_limits *ret_limits, struct vtopo_error *err)
    __attribute__((warn_unused_result));

enum vt_severity { VT_INFO, VT_WARNING, VT_PROBLEM };

struct vt_finding {
    enum vt_severity severity;
    const char *code;           /* static, stable */
    char text[240];
    char cure[200];             /* or "" */
    char evidence[200];         /* or "" */
};

#define VT_FINDINGS_MAX 24u

struct vt_findings {
    struct vt_finding list[VT_FINDINGS_MAX];
    unsigned count;
    struct vt_finding dropped;  /* takes what has no room */
};

/* What a person should hear of one system. */
void vt_findings_make(const struct vt_system_fact *fact,
                      struct vt_findings *findings);

/* Add one finding; beyond VT_FINDINGS_MAX it is dropped. */
struct vt_finding *vt_findings_add(struct vt_findings *findings,
                                   enum vt_severity severity,
                                   const char *code);

#endif /* VT_FACTS_H */
