/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * vtopo.h - make a guest use every vCPU it is given
 *
 * Work flows one way.  Each step takes the value that the step before it
 * made; a later step never reaches back:
 *
 *   image -> facts -> limits -> plan -> config -> vm -> verdict
 *
 * Every function that can fail returns 0, or -1 with *err filled in.  On
 * failure no output argument is touched; on success *err is not.  Output
 * arguments are named ret_*.  What comes through a ret_ argument belongs to
 * the caller; what is returned as "const" belongs to the library.
 *
 * Until version 1.0 the value structs are tied to the soname: a program
 * built against one minor version needs that version.
 */

#ifndef VTOPO_H
#define VTOPO_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define VTOPO_PUBLIC __attribute__((visibility("default")))
#define VTOPO_CHECKED __attribute__((warn_unused_result))
#else
#define VTOPO_PUBLIC
#define VTOPO_CHECKED
#endif

/* ------------------------------------------------------------- errors */

/* Every way to fail: constant, name in JSON, meaning.  The Nova rows carry
 * the names of OpenStack Nova's own exceptions.
 */
#define VTOPO_CODES(X)                                                       \
    X(OK, "ok", "nothing failed")                                            \
    X(BAD_INPUT, "bad-input", "what was given is malformed")                 \
    X(IMPOSSIBLE, "impossible", "well formed, but nothing satisfies it")     \
    X(SYSTEM, "system", "a system call failed, or memory ran out")           \
    X(UNKNOWN_MACHINE, "unknown-machine", "no such machine type is known")   \
    X(UNKNOWN_GUEST, "unknown-guest", "no such guest system is known")       \
    X(SMP_NOT_A_NUMBER, "smp-not-a-number", "a count is no whole number")    \
    X(SMP_SYNTAX, "smp-syntax", "an element has no value")                   \
    X(SMP_OUT_OF_RANGE, "smp-out-of-range", "a count is beyond all reason")  \
    X(SMP_UNKNOWN_KEY, "smp-unknown-key", "no such level in this release")   \
    X(SMP_ZERO, "smp-zero", "a count is zero where QEMU refuses it")         \
    X(SMP_UNSUPPORTED_LEVEL, "smp-unsupported-level",                        \
      "the machine has no such level")                                       \
    X(SMP_LESS_THAN_CPUS, "smp-less-than-cpus",                              \
      "the levels hold fewer vCPUs than asked for (before QEMU 6.2)")        \
    X(SMP_PRODUCT, "smp-product", "the levels do not multiply to maxcpus")   \
    X(SMP_MAXCPUS_BELOW_CPUS, "smp-maxcpus-below-cpus",                      \
      "maxcpus is smaller than cpus")                                        \
    X(SMP_TOO_FEW_CPUS, "smp-too-few-cpus", "below the machine's minimum")   \
    X(SMP_TOO_MANY_CPUS, "smp-too-many-cpus", "above the machine's maximum") \
    X(SMP_MACHINE_RULE, "smp-machine-rule",                                  \
      "the board has a rule of its own against it")                          \
    X(SMP_X2APIC, "smp-x2apic", "an APIC id above 254 cannot be had")        \
    X(NOVA_INVALID_REQUEST, "InvalidRequest", "Nova: not an integer")        \
    X(NOVA_LIMITS_EXCEEDED, "ImageVCPULimitsRangeExceeded",                  \
      "Nova: an image limit is above the flavor's")                          \
    X(NOVA_TOPOLOGY_EXCEEDED, "ImageVCPUTopologyRangeExceeded",              \
      "Nova: an image wish is above the limit")                              \
    X(NOVA_IMPOSSIBLE, "ImageVCPULimitsRangeImpossible",                     \
      "Nova: no topology fits the limits")

enum vtopo_code {
#define VTOPO_CODE(constant, name, meaning) VTOPO_##constant,
    VTOPO_CODES(VTOPO_CODE)
#undef VTOPO_CODE
};

struct vtopo_error {
    enum vtopo_code code;
    int errnum;                 /* errno behind the failure, or 0 */
    char *message;              /* one line, no full stop */
    char *hint;                 /* what the user can try, or NULL */
};

#define VTOPO_ERROR_INIT { VTOPO_OK, 0, NULL, NULL }

/* Release what @err holds and make it empty again.  Safe to call twice. */
VTOPO_PUBLIC void vtopo_error_clear(struct vtopo_error *err);

/* The name of @code as JSON answers carry it; never NULL. */
VTOPO_PUBLIC const char *vtopo_code_name(enum vtopo_code code);

/* The release of this library, such as "0.1.0". */
VTOPO_PUBLIC const char *vtopo_version(void);

/* ------------------------------------------------ shapes and dialects */

/* The most vCPUs that vtopo reckons with, and the most of any level. */
#define VTOPO_CPUS_MAX 4096u

/* The levels of a QEMU topology, outermost first. */
enum vtopo_level {
    VTOPO_DRAWERS,
    VTOPO_BOOKS,
    VTOPO_SOCKETS,
    VTOPO_DIES,
    VTOPO_CLUSTERS,
    VTOPO_MODULES,
    VTOPO_CORES,
    VTOPO_THREADS,
};
#define VTOPO_LEVELS 8

/* A filled-in topology.  The product of the levels is maxcpus, but for QEMU
 * up to 2.6, where it may be larger or (before 2.3) anything at all.
 */
struct vtopo_shape {
    unsigned cpus;              /* present at start, 1 to maxcpus */
    unsigned maxcpus;           /* cpus and those that can be hot-added */
    unsigned level[VTOPO_LEVELS];   /* each >= 1, per unit of the level above */
};

/* The name of @level as QEMU spells it, such as "sockets". */
VTOPO_PUBLIC const char *vtopo_level_name(enum vtopo_level level);

/* A QEMU release or the version of a machine type, comparable as a number:
 * VTOPO_RELEASE(7, 2).  0 stands for none.
 */
#define VTOPO_RELEASE(major, minor) ((unsigned)(major) * 100u + (unsigned)(minor))

enum vtopo_arch {
    VTOPO_ARCH_UNKNOWN,
    VTOPO_X86,
    VTOPO_X86_64,
    VTOPO_AARCH64,
    VTOPO_RISCV64,
    VTOPO_PPC64,
    VTOPO_S390X,
};

/* What a machine type accepts in -smp, and how it counts. */
struct vtopo_dialect {
    char machine[32];           /* as asked for, alias resolved; "" if spelt out */
    enum vtopo_arch arch;       /* of the machine; x86_64 also for x86 guests */
    unsigned machine_version;   /* VTOPO_RELEASE of the type; 0: unversioned */
    unsigned qemu;              /* VTOPO_RELEASE of the program */
    unsigned qemu_micro;        /* 13 of 10.0.13; 0 where it is not known */
    unsigned known;             /* bit per level: keys that are recognised */
    unsigned supported;         /* bit per level: may be greater than 1 */
    bool prefer_cores;          /* where an omitted count goes, else sockets */
    unsigned min_cpus;
    unsigned max_cpus;          /* at most VTOPO_CPUS_MAX */
};

#define VTOPO_LEVEL_BIT(level) (1u << (unsigned)(level))

/* Find the dialect of @machine, a versioned type ("pc-q35-6.1"), an
 * unversioned one ("microvm"), or an alias ("q35": the newest type of that
 * release), under QEMU release @qemu.
 *
 * @arch chooses between boards of one name ("virt"); VTOPO_ARCH_UNKNOWN
 * means whichever is found first.  @qemu 0 means the version of the type
 * itself or, where it has none, the newest release that vtopo knows.
 *
 * Fails with VTOPO_UNKNOWN_MACHINE.
 */
VTOPO_PUBLIC int vtopo_dialect_lookup(const char *machine,
                                      enum vtopo_arch arch, unsigned qemu,
                                      struct vtopo_dialect *ret_dialect,
                                      struct vtopo_error *err) VTOPO_CHECKED;

/* Counts as a user gives them, before any are filled in. */
struct vtopo_smp {
    bool has_cpus, has_maxcpus;
    unsigned cpus, maxcpus;     /* 0 to VTOPO_CPUS_MAX */
    unsigned has_level;         /* bit per level given */
    unsigned level[VTOPO_LEVELS];
    bool octal;                 /* a leading zero made a number octal */
};

/* Read the text of an -smp option for @dialect.
 *
 * Numbers are read as QEMU reads them: decimal, 0x hexadecimal, leading-zero
 * octal, with leading blanks or a sign.  A number that QEMU would cut to 32
 * bits, or above VTOPO_CPUS_MAX, fails with VTOPO_SMP_OUT_OF_RANGE; other
 * failures are VTOPO_SMP_NOT_A_NUMBER and VTOPO_SMP_UNKNOWN_KEY.
 */
VTOPO_PUBLIC int vtopo_smp_parse(const char *text,
                                 const struct vtopo_dialect *dialect,
                                 struct vtopo_smp *ret_smp,
                                 struct vtopo_error *err) VTOPO_CHECKED;

/* Give @smp one key more, as if it stood at the end of the option.  @key is
 * "cpus", "maxcpus" or a level.  Fails as vtopo_smp_parse() does.
 */
VTOPO_PUBLIC int vtopo_smp_set(struct vtopo_smp *smp, const char *key,
                               const char *value,
                               const struct vtopo_dialect *dialect,
                               struct vtopo_error *err) VTOPO_CHECKED;

/* What QEMU accepts, but a person should hear of; bits. */
enum vtopo_smp_note {
    VTOPO_NOTE_OCTAL = 1,       /* a leading zero made a number octal */
    VTOPO_NOTE_ZERO = 2,        /* a zero was taken as "not given" (6.2-8.2) */
    VTOPO_NOTE_LEVEL_ONE = 4,   /* a level the machine lacks was given as 1 */
    VTOPO_NOTE_PRODUCT = 8,     /* levels and maxcpus differ (before 5.2) */
    VTOPO_NOTE_OVERWRITTEN = 16,    /* threads was replaced (before 2.3) */
};

/* Fill in what @smp leaves open and check the whole, as the QEMU release of
 * @dialect does for its machine type.  @ret_notes takes vtopo_smp_note bits.
 *
 * The sockets of the shape are those a guest sees: QEMU before 5.2 accepts
 * levels that do not multiply to maxcpus, and goes on counting sockets.
 *
 * Fails with a VTOPO_SMP_* code that names the rule.
 */
VTOPO_PUBLIC int vtopo_smp_complete(const struct vtopo_smp *smp,
                                    const struct vtopo_dialect *dialect,
                                    struct vtopo_shape *ret_shape,
                                    unsigned *ret_notes,
                                    struct vtopo_error *err) VTOPO_CHECKED;

/* The sentence for one vtopo_smp_note bit; static. */
VTOPO_PUBLIC const char *vtopo_smp_note_text(enum vtopo_smp_note note);

/* ---------------------------------------------------------- numbering */

enum vtopo_vendor { VTOPO_VENDOR_UNKNOWN, VTOPO_INTEL, VTOPO_AMD };
enum vtopo_accel { VTOPO_ACCEL_UNKNOWN, VTOPO_KVM, VTOPO_TCG };
enum vtopo_choice { VTOPO_DEFAULT, VTOPO_NO, VTOPO_YES };

/* A CPU model as the user names it. */
struct vtopo_cpu {
    char model[64];             /* "EPYC"; "" for a plain model of the vendor */
    enum vtopo_vendor vendor;   /* unknown: the model's own, else Intel */
    enum vtopo_accel accel;     /* unknown: KVM */
    enum vtopo_choice topoext;  /* default: as the model has it */
    enum vtopo_choice x2apic;   /* default: on under KVM, off under TCG */
    bool force_features;        /* QEMU's x-force-features=on */
};

/* Caches in the order of the "share" fields below. */
enum vtopo_cache { VTOPO_L1D, VTOPO_L1I, VTOPO_L2, VTOPO_L3 };
#define VTOPO_CACHES 4
#define VTOPO_ABSENT (~0u)

/* One level of CPUID leaf 0xB or 0x1F. */
struct vtopo_cpuid_level {
    unsigned type;              /* 1 smt, 2 core, 3 module, 5 die */
    unsigned shift;             /* EAX[4:0] */
    unsigned count;             /* EBX[15:0] */
};

/* The CPUID topology fields that vCPU 0 reads. */
struct vtopo_cpuid {
    enum vtopo_vendor vendor;
    bool topoext;               /* 80000001.ECX[22] */
    bool cmp_legacy;            /* 80000001.ECX[1] */
    bool htt;                   /* 1.EDX[28] */
    unsigned count;             /* 1.EBX[23:16] */
    unsigned initial_apic;      /* 1.EBX[31:24] */
    bool has_leaf4;             /* false: leaf 4 is all zero */
    unsigned leaf4_cores;       /* 4.EAX[31:26], cores - 1 */
    unsigned leaf4_share[VTOPO_CACHES];     /* 4.EAX[25:14]; VTOPO_ABSENT */
    bool has_leaf_b;
    struct vtopo_cpuid_level leaf_b[2];
    unsigned leaf_1f_levels;    /* 0: no leaf 0x1F */
    struct vtopo_cpuid_level leaf_1f[4];
    bool has_80000008;
    unsigned ecx_80000008;      /* 80000008.ECX */
    bool has_8000001d;
    unsigned share_8000001d[VTOPO_CACHES];  /* EAX[25:14]; VTOPO_ABSENT */
    unsigned ebx_8000001e;
    unsigned ecx_8000001e;
};

/* Bit positions of the fields of an APIC id, from bit 0. */
struct vtopo_apic_layout {
    unsigned core;              /* above the thread bits */
    unsigned module;
    unsigned die;
    unsigned package;
};

/* Where one vCPU sits. */
struct vtopo_place {
    unsigned drawer, book, socket, die, cluster, module, core, thread;
};

/* Whether a CPU model of that name is known. */
VTOPO_PUBLIC bool vtopo_cpu_model_known(const char *model);

/* The APIC id layout of @shape (x86). */
VTOPO_PUBLIC struct vtopo_apic_layout
vtopo_apic_layout(const struct vtopo_shape *shape);

/* Where vCPU @index of @shape sits; threads count fastest, then cores. */
VTOPO_PUBLIC struct vtopo_place vtopo_place(const struct vtopo_shape *shape,
                                            unsigned index);

/* The APIC id of vCPU @index of @shape. */
VTOPO_PUBLIC unsigned vtopo_apic_id(const struct vtopo_shape *shape,
                                    unsigned index);

/* What CPUID shows on vCPU 0 of @shape, for a machine of @dialect with @cpu.
 *
 * Fails with VTOPO_SMP_X2APIC when QEMU would not start that VM for want of
 * x2APIC ids, and VTOPO_BAD_INPUT for a machine that is not x86.
 */
VTOPO_PUBLIC int vtopo_cpuid_make(const struct vtopo_shape *shape,
                                  const struct vtopo_dialect *dialect,
                                  const struct vtopo_cpu *cpu,
                                  struct vtopo_cpuid *ret_cpuid,
                                  struct vtopo_error *err) VTOPO_CHECKED;

/* -------------------------------------------------- what guests can use */

/* How sure a fact is; the order is from sure to unsure. */
enum vtopo_confidence {
    VTOPO_CONFIRMED,            /* a vendor's document, or first-hand research */
    VTOPO_WEAK,                 /* a blog, a forum, somebody's tool */
    VTOPO_CONTRADICTORY,        /* sources disagree */
    VTOPO_INFERRED,             /* follows from confirmed facts, unproven */
    VTOPO_FROM_MEMORY,          /* no source found yet */
};

#define VTOPO_NO_LIMIT (~0u)

/* A limit as far as it is known: the guest uses at least @least, and never
 * more than @most.  A known limit has both equal; "none" is VTOPO_NO_LIMIT
 * in both; "unknown" is 1 and VTOPO_NO_LIMIT.  Never a guess.
 */
struct vtopo_limit {
    unsigned least;
    unsigned most;
    enum vtopo_confidence confidence;
    const char *source;         /* static; NULL when the caller set the limit */
};

#define VTOPO_LIMIT_UNKNOWN { 1, VTOPO_NO_LIMIT, VTOPO_CONFIRMED, NULL }
#define VTOPO_LIMIT_NONE { VTOPO_NO_LIMIT, VTOPO_NO_LIMIT, VTOPO_CONFIRMED, NULL }

/* How a generation of kernels turns CPUID into packages. */
enum vtopo_counting {
    VTOPO_COUNT_NOTHING,        /* no licence by processor: Linux and others */
    VTOPO_COUNT_LOGICAL,        /* every logical processor, in firmware order */
    VTOPO_COUNT_HTT_MASK,       /* package: APIC id above log2(1.EBX[23:16]) */
    VTOPO_COUNT_HTT_DIVIDE,     /* packages: processors / 1.EBX[23:16] */
    VTOPO_COUNT_CORE_MASK,      /* APIC id & ~(cores * threads - 1), unrounded */
    VTOPO_COUNT_CORE_MASK_POW2, /* the same with counts rounded up */
};

/* What becomes of a processor that the system may not use. */
enum vtopo_left {
    VTOPO_LEFT_UNKNOWN,
    VTOPO_LEFT_NEVER_STARTED,
    VTOPO_LEFT_PARKED,          /* started, turned down, halted */
};

/* What an installed system can use.  Made by vtopo_limits_lookup() from the
 * tables, or from facts; the caller may overwrite members.
 */
struct vtopo_limits {
    char name[96];              /* "Windows 7 Professional" */
    const char *osinfo;         /* "win7"; static */
    const char *edition;        /* "professional"; static; "" not known */
    enum vtopo_arch arch;
    const char *generation;     /* id of the generation; static */
    enum vtopo_counting counting;
    struct vtopo_limit sockets; /* licensed packages */
    struct vtopo_limit logical; /* logical processors, whatever the packages */
    unsigned numproc;           /* boot limit; 0: none */
    bool onecpu;                /* boot limit */
    enum vtopo_choice multiprocessor;   /* HAL and kernel; default: unknown */
    enum vtopo_choice acpi;     /* HAL; default: unknown */
    char hal[32];               /* "acpiapic_up"; "" when unknown */
};

/* Note in @limits the HAL that is installed, by hardware id ("mps_up") or
 * file name ("halapic.dll").  Fails with VTOPO_UNKNOWN_GUEST.
 */
VTOPO_PUBLIC int vtopo_limits_set_hal(struct vtopo_limits *limits,
                                      const char *hal,
                                      struct vtopo_error *err) VTOPO_CHECKED;

/* Look up what @osinfo ("win7") of @edition ("professional") can use.
 *
 * @edition NULL or "" means not known: the limits are then the range over
 * all editions.  @arch VTOPO_ARCH_UNKNOWN means the usual one: x86 up to XP
 * and Server 2003, x86_64 from Vista on.
 *
 * Fails with VTOPO_UNKNOWN_GUEST, the known ids or editions in the hint.
 */
VTOPO_PUBLIC int vtopo_limits_lookup(const char *osinfo, const char *edition,
                                     enum vtopo_arch arch,
                                     struct vtopo_limits *ret_limits,
                                     struct vtopo_error *err) VTOPO_CHECKED;

enum vtopo_fate {
    VTOPO_USED,
    VTOPO_UNLICENSED_SOCKET,
    VTOPO_OVER_LIMIT,
    VTOPO_BOOT_LIMIT,
    VTOPO_UP_HAL,
    VTOPO_NOT_PRESENT,          /* can be hot-added later */
    VTOPO_FATE_UNKNOWN,         /* depends on what is not known */
};
#define VTOPO_FATES 7

/* The name of @fate in JSON; NULL for VTOPO_FATE_UNKNOWN. */
VTOPO_PUBLIC const char *vtopo_fate_name(enum vtopo_fate fate);

struct vtopo_vcpu {
    struct vtopo_place place;
    unsigned apic_id;           /* VTOPO_ABSENT where the machine is not x86 */
    enum vtopo_fate fate;
    enum vtopo_left left;       /* what the system does with an unused one */
};

/* A count that may not be known exactly. */
struct vtopo_range { unsigned least, most; };

#define VTOPO_RULE_SIZE 224

struct vtopo_prediction {
    struct vtopo_shape shape;
    bool x86;
    struct vtopo_cpuid cpuid;   /* where x86 */
    bool has_guest;             /* all below; false without a guest */
    unsigned device_manager;    /* or VTOPO_ABSENT when not known */
    struct vtopo_range task_manager;    /* logical processors used */
    struct vtopo_range sockets_used;    /* most == VTOPO_ABSENT: no notion */
    struct vtopo_range used_if_added;   /* with all of maxcpus present */
    bool true_packages;         /* the guest's packages are the sockets */
    bool tellable;              /* no socket has more cores than it can tell */
    unsigned cores_per_socket;  /* as the guest sees it, or VTOPO_ABSENT */
    unsigned threads_per_core;  /* the same */
    unsigned groups;            /* processor groups; 0 where there are none */
    bool process_spans_groups;  /* by default; where groups > 1 */
    struct vtopo_range wasted;  /* present vCPUs that are not used */
    enum vtopo_fate decided;    /* the rule that decided, as a fate */
    enum vtopo_confidence confidence;   /* of the weakest fact that decided */
    const char *source;         /* of the deciding limit; static, may be NULL */
    char rule[VTOPO_FATES][VTOPO_RULE_SIZE];    /* a sentence a fate, or "" */
    struct vtopo_vcpu *vcpus;   /* shape.maxcpus of them; owned */
    size_t capacity;            /* of vcpus, kept between uses */
};

#define VTOPO_PREDICTION_INIT { .vcpus = NULL, .capacity = 0 }

/* Release what @prediction holds.  Safe to call twice. */
VTOPO_PUBLIC void
vtopo_prediction_clear(struct vtopo_prediction *prediction);

/* Say what becomes of every vCPU of @shape in a guest with @limits (NULL:
 * only the numbering).  @prediction is reused: its memory is kept, so that
 * many predictions allocate once.  On failure it holds nothing of use.
 *
 * Fails with VTOPO_SMP_X2APIC, or VTOPO_SYSTEM without memory.
 */
VTOPO_PUBLIC int vtopo_predict(const struct vtopo_shape *shape,
                               const struct vtopo_dialect *dialect,
                               const struct vtopo_cpu *cpu,
                               const struct vtopo_limits *limits,
                               struct vtopo_prediction *prediction,
                               struct vtopo_error *err) VTOPO_CHECKED;

/* -------------------------------------------------------------- plans */

/* What to plan for.  Zeros mean "as you like". */
struct vtopo_plan_request {
    unsigned vcpus;             /* present at start, 1 to VTOPO_CPUS_MAX */
    unsigned max_vcpus;         /* with those that can be added; 0: vcpus */
    unsigned sockets, cores, threads;           /* exactly */
    unsigned max_sockets, max_cores, max_threads;
    const char *app;            /* id of an application, or NULL */
};

/* Why a shape is out; hard rules first, in the order of their tests. */
enum vtopo_drop {
    VTOPO_KEPT,
    VTOPO_DROP_ASKED,           /* not what was asked for */
    VTOPO_DROP_THREADS,         /* more threads a core than x86 CPUs have */
    VTOPO_DROP_MACHINE,         /* QEMU would refuse it */
    VTOPO_DROP_WASTE,           /* the guest would not use all of it */
    VTOPO_DROP_UNCERTAIN,       /* the guest may not use all of it */
};

/* What ranks the shapes that are kept, the weightiest first. */
enum vtopo_preference {
    VTOPO_PREFER_TRUE_PACKAGES, /* the guest reads the sockets as they are */
    VTOPO_PREFER_TELLABLE,      /* no more cores a socket than it can tell */
    VTOPO_PREFER_APP,           /* the application uses more of it */
    VTOPO_PREFER_NO_THREADS,    /* threads only where they are pinned */
    VTOPO_PREFER_FEW_SOCKETS,
    VTOPO_PREFERENCES,          /* how many there are */
};

struct vtopo_candidate {
    struct vtopo_shape shape;
    enum vtopo_drop drop;
    enum vtopo_fate fate;       /* behind VTOPO_DROP_WASTE */
    bool judged;                /* the next ones are known */
    unsigned used;              /* vCPUs used for certain, all being present */
    unsigned used_most;         /* and at most */
    unsigned used_at_start;     /* of those present at start */
    unsigned app_used;          /* that the application uses */
    unsigned cost[VTOPO_PREFERENCES];   /* smaller is better */
    char why[VTOPO_RULE_SIZE];  /* why it was dropped, or "" */
    const char *source;         /* of the limit behind that; static or NULL */
    enum vtopo_confidence confidence;
};

struct vtopo_plan {
    struct vtopo_candidate *candidates; /* best first; owned */
    size_t count;
    size_t kept;                /* how many of them are not dropped */
    const char *rule;           /* name of the rule that decided; static */
    char reason[VTOPO_RULE_SIZE];       /* what decided for the first */
    const char *source;         /* of the limit behind it; static, or NULL */
    enum vtopo_confidence confidence;
};

#define VTOPO_PLAN_INIT { .candidates = NULL, .count = 0 }

/* The name of a hard rule or a preference, as JSON has it; never NULL. */
VTOPO_PUBLIC const char *vtopo_drop_name(enum vtopo_drop drop);
VTOPO_PUBLIC const char *vtopo_preference_name(enum vtopo_preference rule);

/* Release what @plan holds.  Safe to call twice. */
VTOPO_PUBLIC void vtopo_plan_clear(struct vtopo_plan *plan);

/* Find every shape for @request and rank them for a guest with @limits
 * (NULL: any) on a machine of @dialect with @cpu.
 *
 * A plan without a kept candidate is no failure: then the candidates are in
 * the order of how much of them is used.  Fails with VTOPO_BAD_INPUT,
 * VTOPO_UNKNOWN_GUEST for an application that is not known, or VTOPO_SYSTEM.
 */
VTOPO_PUBLIC int vtopo_plan_make(const struct vtopo_plan_request *request,
                                 const struct vtopo_dialect *dialect,
                                 const struct vtopo_cpu *cpu,
                                 const struct vtopo_limits *limits,
                                 struct vtopo_plan *ret_plan,
                                 struct vtopo_error *err) VTOPO_CHECKED;

#ifdef __cplusplus
}
#endif

#endif /* VTOPO_H */
