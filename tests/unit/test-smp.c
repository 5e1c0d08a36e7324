/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * test-smp.c - reading and completing -smp, dialects, numbering
 *
 * Rows for QEMU 5.2, 7.2 and 10.0 say what those programs answered when
 * asked over QMP; rows for older releases follow from their sources.  The
 * differential tests ask again, at random.
 */

#include <stdio.h>

#include "topology/dialect.h"
#include "topology/level.h"
#include "unit.h"

struct row {
    const char *machine;
    unsigned qemu;
    const char *smp;
    enum vtopo_code code;       /* VTOPO_OK: then the shape counts */
    unsigned cpus, maxcpus, sockets, dies, cores, threads;
    unsigned notes;
    struct vtopo_cpu cpu;
};

#define TCG(name) .cpu = { .model = name, .accel = VTOPO_TCG }

#define R(major, minor) VTOPO_RELEASE(major, minor)
#define SHAPE(n, max, s, d, c, t)                                           \
    .cpus = n, .maxcpus = max, .sockets = s, .dies = d, .cores = c,         \
    .threads = t

static const struct row rows[] = {
    /* An omitted count: by the machine type. */
    { "pc-q35-6.1", R(7, 2), "8", VTOPO_OK, SHAPE(8, 8, 8, 1, 1, 1), 0 },
    { "pc-q35-6.2", R(7, 2), "8", VTOPO_OK, SHAPE(8, 8, 1, 1, 8, 1), 0 },
    { "pc-q35-7.2", R(7, 2), "8,sockets=2", VTOPO_OK,
      SHAPE(8, 8, 2, 1, 4, 1), 0 },
    { "pc-q35-6.1", R(7, 2), "8,cores=4", VTOPO_OK,
      SHAPE(8, 8, 2, 1, 4, 1), 0 },
    { "pc-q35-7.2", R(7, 2), "8,sockets=2,cores=2", VTOPO_OK,
      SHAPE(8, 8, 2, 1, 2, 2), 0 },
    { "pc-q35-7.2", R(7, 2), "8,dies=2,cores=2", VTOPO_OK,
      SHAPE(8, 8, 2, 2, 2, 1), 0 },
    { "pc-q35-7.2", R(7, 2), "sockets=2,cores=3", VTOPO_OK,
      SHAPE(6, 6, 2, 1, 3, 1), 0 },
    { "pc-q35-7.2", R(7, 2), "maxcpus=4", VTOPO_OK,
      SHAPE(4, 4, 1, 1, 4, 1), 0 },
    { "pc-q35-7.2", R(7, 2), "3,maxcpus=4,cores=2,threads=2", VTOPO_OK,
      SHAPE(3, 4, 1, 1, 2, 2), 0 },
    { "pc-q35-7.2", R(7, 2), "8,sockets=2,maxcpus=16", VTOPO_OK,
      SHAPE(8, 16, 2, 1, 8, 1), 0 },
    { "pc-q35-7.2", R(7, 2), "", VTOPO_OK, SHAPE(1, 1, 1, 1, 1, 1), 0 },

    /* Numbers as QEMU reads them. */
    { "pc-q35-7.2", R(7, 2), "010", VTOPO_OK, SHAPE(8, 8, 1, 1, 8, 1),
      VTOPO_NOTE_OCTAL },
    { "pc-q35-7.2", R(7, 2), "0x10", VTOPO_OK,
      SHAPE(16, 16, 1, 1, 16, 1), 0 },
    { "pc-q35-7.2", R(7, 2), "4,cores= 2", VTOPO_OK,
      SHAPE(4, 4, 2, 1, 2, 1), 0 },
    { "pc-q35-7.2", R(7, 2), "+4", VTOPO_OK, SHAPE(4, 4, 1, 1, 4, 1), 0 },
    { "pc-q35-7.2", R(7, 2), "4,cpus=8", VTOPO_OK,
      SHAPE(8, 8, 1, 1, 8, 1), 0 },
    { "pc-q35-7.2", R(7, 2), "4,", VTOPO_OK, SHAPE(4, 4, 1, 1, 4, 1), 0 },
    { "pc-q35-7.2", R(7, 2), "4,sockets=a,sockets=2", VTOPO_OK,
      SHAPE(4, 4, 2, 1, 2, 1), 0 },
    { .machine = "pc-i440fx-5.2", .qemu = R(5, 2),
      .smp = "4,sockets=a,sockets=2", .code = VTOPO_SMP_NOT_A_NUMBER },
    { .machine = "pc-q35-7.2", .qemu = R(7, 2), .smp = "4k",
      .code = VTOPO_SMP_NOT_A_NUMBER },
    { .machine = "pc-q35-7.2", .qemu = R(7, 2), .smp = "08",
      .code = VTOPO_SMP_NOT_A_NUMBER },
    { .machine = "pc-q35-7.2", .qemu = R(7, 2), .smp = "cores",
      .code = VTOPO_SMP_NOT_A_NUMBER },
    { .machine = "pc-q35-7.2", .qemu = R(7, 2), .smp = "4,cores",
      .code = VTOPO_SMP_SYNTAX },
    { .machine = "pc-i440fx-5.2", .qemu = R(5, 2), .smp = "4,cores",
      .code = VTOPO_SMP_NOT_A_NUMBER },
    { .machine = "pc-q35-7.2", .qemu = R(7, 2), .smp = "4,8",
      .code = VTOPO_SMP_UNKNOWN_KEY },
    { .machine = "pc-q35-7.2", .qemu = R(7, 2), .smp = "4,foo=1,cores=abc",
      .code = VTOPO_SMP_NOT_A_NUMBER },
    { .machine = "pc-i440fx-5.2", .qemu = R(5, 2),
      .smp = "4,foo=1,cores=abc", .code = VTOPO_SMP_UNKNOWN_KEY },
    { .machine = "pc-q35-7.2", .qemu = R(7, 2), .smp = "4,CPUS=2",
      .code = VTOPO_SMP_UNKNOWN_KEY },
    { .machine = "pc-q35-7.2", .qemu = R(7, 2), .smp = "4,modules=1",
      .code = VTOPO_SMP_UNKNOWN_KEY },

    /* Where QEMU wraps around, we refuse. */
    { .machine = "pc-q35-7.2", .qemu = R(7, 2),
      .smp = "8,sockets=65536,threads=65536",
      .code = VTOPO_SMP_OUT_OF_RANGE },
    { .machine = "pc-q35-7.2", .qemu = R(7, 2), .smp = "4294967297",
      .code = VTOPO_SMP_OUT_OF_RANGE },
    { .machine = "pc-q35-7.2", .qemu = R(7, 2), .smp = "-1",
      .code = VTOPO_SMP_OUT_OF_RANGE },
    { .machine = "pc-q35-7.2", .qemu = R(7, 2),
      .smp = "99999999999999999999999999", .code = VTOPO_SMP_OUT_OF_RANGE },

    /* Zeros. */
    { "pc-q35-7.2", R(7, 2), "4,cores=0", VTOPO_OK,
      SHAPE(4, 4, 1, 1, 4, 1), VTOPO_NOTE_ZERO },
    { .machine = "pc-q35-7.2", .qemu = R(10, 0), .smp = "4,cores=0",
      .code = VTOPO_SMP_ZERO },
    { .machine = "pc-q35-10.0", .qemu = R(10, 0), .smp = "0,books=2",
      .code = VTOPO_SMP_ZERO },
    { "pc-i440fx-5.2", R(5, 2), "0", VTOPO_OK,
      SHAPE(1, 1, 1, 1, 1, 1), 0 },
    { .machine = "pc-i440fx-5.2", .qemu = R(5, 2), .smp = "4,maxcpus=0",
      .code = VTOPO_SMP_MAXCPUS_BELOW_CPUS },

    /* Levels that the machine lacks. */
    { .machine = "pc-q35-7.2", .qemu = R(7, 2), .smp = "4,clusters=2",
      .code = VTOPO_SMP_UNSUPPORTED_LEVEL },
    { "pc-q35-7.2", R(7, 2), "4,clusters=1", VTOPO_OK,
      SHAPE(4, 4, 1, 1, 4, 1), VTOPO_NOTE_LEVEL_ONE },
    { .machine = "microvm", .qemu = R(7, 2), .smp = "4,dies=2",
      .code = VTOPO_SMP_UNSUPPORTED_LEVEL },
    { "microvm", R(5, 2), "4,dies=2", VTOPO_OK,
      SHAPE(4, 4, 4, 1, 1, 1), VTOPO_NOTE_LEVEL_ONE },
    { .machine = "virt-7.2", .qemu = R(7, 2), .smp = "4,dies=2",
      .code = VTOPO_SMP_UNSUPPORTED_LEVEL },
    { .machine = "s390-ccw-virtio-6.1", .qemu = R(10, 0),
      .smp = "4,books=2", .code = VTOPO_SMP_UNSUPPORTED_LEVEL },
    { .machine = "s390-ccw-virtio-7.2", .qemu = R(7, 2),
      .smp = "4,threads=2", .code = VTOPO_SMP_MACHINE_RULE },

    /* Products, bounds and boards. */
    { .machine = "pc-q35-7.2", .qemu = R(7, 2),
      .smp = "8,sockets=2,cores=3,threads=1", .code = VTOPO_SMP_PRODUCT },
    { .machine = "pc-q35-7.2", .qemu = R(7, 2), .smp = "4,maxcpus=2",
      .code = VTOPO_SMP_MAXCPUS_BELOW_CPUS },
    { .machine = "pc-q35-7.2", .qemu = R(7, 2),
      .smp = "4,maxcpus=2,cores=3", .code = VTOPO_SMP_PRODUCT },
    { .machine = "pc-i440fx-7.2", .qemu = R(7, 2), .smp = "256",
      .code = VTOPO_SMP_TOO_MANY_CPUS },
    { .machine = "pc-q35-7.2", .qemu = R(7, 2), .smp = "289",
      .code = VTOPO_SMP_TOO_MANY_CPUS },
    { .machine = "isapc", .qemu = R(7, 2), .smp = "2",
      .code = VTOPO_SMP_TOO_MANY_CPUS },
    { .machine = "pc-q35-7.2", .qemu = R(10, 0), .smp = "255",
      .code = VTOPO_SMP_MACHINE_RULE },
    { .machine = "pc-q35-6.1", .qemu = R(10, 0), .smp = "255",
      SHAPE(255, 255, 255, 1, 1, 1) },
    { .machine = "pc-q35-8.0", .qemu = R(10, 0), .smp = "256",
      .code = VTOPO_SMP_X2APIC, TCG("qemu64") },
    { .machine = "pc-q35-8.1", .qemu = R(10, 0), .smp = "200,maxcpus=256",
      SHAPE(200, 256, 1, 1, 256, 1), TCG("qemu64") },
    { .machine = "pc-i440fx-2.4", .qemu = R(10, 0),
      .smp = "4,maxcpus=255,threads=3", .code = VTOPO_SMP_X2APIC,
      TCG("qemu64") },
    { .machine = "pc-q35-7.2", .qemu = R(7, 2), .smp = "1,maxcpus=256",
      .code = VTOPO_SMP_X2APIC, TCG("max") },
    { .machine = "microvm", .qemu = R(5, 2), .smp = "1,maxcpus=287",
      SHAPE(1, 287, 287, 1, 1, 1), TCG("qemu64") },
    { .machine = "microvm", .qemu = R(5, 2), .smp = "256",
      .code = VTOPO_SMP_X2APIC, TCG("qemu64") },

    /* Before 6.2, driven by cpus. */
    { .machine = "pc-i440fx-5.2", .qemu = R(5, 2),
      .smp = "8,sockets=2,maxcpus=16", .code = VTOPO_SMP_PRODUCT },
    { .machine = "pc-i440fx-5.2", .qemu = R(5, 2), .smp = "maxcpus=4",
      .code = VTOPO_SMP_PRODUCT },
    { .machine = "pc-i440fx-5.2", .qemu = R(5, 2),
      .smp = "8,sockets=2,cores=2,threads=1",
      .code = VTOPO_SMP_LESS_THAN_CPUS },
    { .machine = "pc-i440fx-5.2", .qemu = R(5, 2), .smp = "5,maxcpus=4",
      .code = VTOPO_SMP_MAXCPUS_BELOW_CPUS },
    { .machine = "pc-i440fx-5.2", .qemu = R(5, 2), .smp = "4,cores=4,dies=0",
      .code = VTOPO_SMP_ZERO },
    { "pc-i440fx-4.2", R(4, 2), "2,maxcpus=8,sockets=1,cores=2,threads=1",
      VTOPO_OK, SHAPE(2, 8, 4, 1, 2, 1), VTOPO_NOTE_PRODUCT },
    { "pc-i440fx-2.12", R(2, 12), "4", VTOPO_OK,
      SHAPE(4, 4, 4, 1, 1, 1), 0 },
    { .machine = "pc-i440fx-2.12", .qemu = R(2, 12),
      .smp = "4,sockets=2,cores=4,threads=1", .code = VTOPO_SMP_PRODUCT },
    { "pc-i440fx-2.2", R(2, 2), "8,sockets=1,cores=2,threads=1", VTOPO_OK,
      SHAPE(8, 8, 1, 1, 2, 4), VTOPO_NOTE_OVERWRITTEN },
    { .machine = "pc-i440fx-2.3", .qemu = R(2, 3),
      .smp = "8,sockets=1,cores=2,threads=1",
      .code = VTOPO_SMP_LESS_THAN_CPUS },
    { .machine = "pc-i440fx-2.12", .qemu = R(2, 12), .smp = "4,dies=1",
      .code = VTOPO_SMP_UNKNOWN_KEY },
};

static void
check_shape(const struct row *row, const struct vtopo_shape *shape)
{
    assert_int_equal(shape->cpus, row->cpus);
    assert_int_equal(shape->maxcpus, row->maxcpus);
    assert_int_equal(shape->level[VTOPO_SOCKETS], row->sockets);
    assert_int_equal(shape->level[VTOPO_DIES], row->dies);
    assert_int_equal(shape->level[VTOPO_CORES], row->cores);
    assert_int_equal(shape->level[VTOPO_THREADS], row->threads);
}

static void
smp_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(rows); i++) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        const struct row *row = &rows[i];
        struct vtopo_shape shape = { .cpus = 0 };
        struct vtopo_dialect dialect;
        struct vtopo_cpuid cpuid;
        struct vtopo_smp smp;
        unsigned notes = 0;
        int rc;

        UNIT_ROW(i, row->smp);
        assert_int_equal(vtopo_dialect_lookup(row->machine,
                                              VTOPO_ARCH_UNKNOWN, row->qemu,
                                              &dialect, &err), 0);
        rc = vtopo_smp_parse(row->smp, &dialect, &smp, &err);
        if (rc == 0)
            rc = vtopo_smp_complete(&smp, &dialect, &shape, &notes, &err);
        if (rc == 0 && dialect.arch == VTOPO_X86_64)
            rc = vtopo_cpuid_make(&shape, &dialect, &row->cpu, &cpuid, &err);
        if (err.message != NULL)
            print_message("# %s\n", err.message);
        assert_int_equal(err.code, row->code);
        assert_int_equal(rc, row->code == VTOPO_OK ? 0 : -1);
        if (rc == 0) {
            check_shape(row, &shape);
            assert_int_equal(notes, row->notes);
        }
    }
}

/* For every release and type there is: a shape that is accepted multiplies
 * to maxcpus (from 5.2 on), and spelling it out gives it again.
 */
static void
shapes_are_their_own_spelling(void **state)
{
    (void)state;
    for (unsigned cpus = 1; cpus <= 64; cpus++) {
        for (unsigned sockets = 1; sockets <= 8; sockets++) {
            vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
            struct vtopo_dialect dialect;
            struct vtopo_shape first;
            struct vtopo_shape second;
            struct vtopo_smp smp;
            unsigned notes;
            char text[96];

            assert_int_equal(vtopo_dialect_lookup("q35", VTOPO_ARCH_UNKNOWN,
                                                  cpus % 2 != 0 ? R(6, 0) : 0,
                                                  &dialect, &err), 0);
            (void)snprintf(text, sizeof(text), "%u,sockets=%u", cpus,
                           sockets);
            assert_int_equal(vtopo_smp_parse(text, &dialect, &smp, &err), 0);
            if (vtopo_smp_complete(&smp, &dialect, &first, &notes, &err) < 0) {
                assert_int_not_equal(cpus % sockets, 0);
                continue;
            }
            assert_int_equal(vt_shape_product(&first), cpus);
            (void)snprintf(text, sizeof(text),
                           "%u,sockets=%u,cores=%u,threads=%u", cpus,
                           first.level[VTOPO_SOCKETS],
                           first.level[VTOPO_CORES],
                           first.level[VTOPO_THREADS]);
            assert_int_equal(vtopo_smp_parse(text, &dialect, &smp, &err), 0);
            assert_int_equal(vtopo_smp_complete(&smp, &dialect, &second,
                                                &notes, &err), 0);
            assert_memory_equal(&first, &second, sizeof(first));
        }
    }
}

struct machine_row {
    const char *machine;
    enum vtopo_arch arch;
    unsigned qemu;
    const char *resolved;       /* NULL: it must be refused */
    unsigned max_cpus;
};

/* cpu-max and aliases as query-machines of 5.2, 7.2 and 10.0 gave them. */
static const struct machine_row machine_rows[] = {
    { "pc", VTOPO_ARCH_UNKNOWN, R(7, 2), "pc-i440fx-7.2", 255 },
    { "q35", VTOPO_ARCH_UNKNOWN, R(10, 0), "pc-q35-10.0", 4096 },
    { "q35", VTOPO_ARCH_UNKNOWN, R(5, 2), "pc-q35-5.2", 288 },
    { "pc-q35-2.7", VTOPO_ARCH_UNKNOWN, R(7, 2), "pc-q35-2.7", 255 },
    { "pc-q35-4.0.1", VTOPO_ARCH_UNKNOWN, R(7, 2), "pc-q35-4.0.1", 288 },
    { "pc-q35-8.1", VTOPO_ARCH_UNKNOWN, R(10, 0), "pc-q35-8.1", 1024 },
    { "microvm", VTOPO_ARCH_UNKNOWN, R(7, 2), "microvm", 288 },
    { "virt", VTOPO_ARCH_UNKNOWN, R(7, 2), "virt-7.2", 512 },
    { "virt-2.12", VTOPO_ARCH_UNKNOWN, R(7, 2), "virt-2.12", 255 },
    { "virt", VTOPO_RISCV64, R(7, 2), "virt", 512 },
    { "virt", VTOPO_RISCV64, R(5, 2), "virt", 8 },
    { "pseries", VTOPO_ARCH_UNKNOWN, R(5, 2), "pseries-5.2", 1024 },
    { "pseries", VTOPO_ARCH_UNKNOWN, R(10, 0), "pseries-10.0", 4096 },
    { "s390-ccw-virtio", VTOPO_ARCH_UNKNOWN, R(7, 2),
      "s390-ccw-virtio-7.2", 248 },
    { "pc-q35-8.0", VTOPO_ARCH_UNKNOWN, R(7, 2), NULL, 0 },
    { "pc-i440fx-2.0", VTOPO_ARCH_UNKNOWN, R(10, 0), NULL, 0 },
    { "pc-q35-9.3", VTOPO_ARCH_UNKNOWN, 0, NULL, 0 },
    { "pc-q35", VTOPO_ARCH_UNKNOWN, 0, NULL, 0 },
    { "q36", VTOPO_ARCH_UNKNOWN, 0, NULL, 0 },
};

static void
machines_are_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(machine_rows); i++) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        const struct machine_row *row = &machine_rows[i];
        struct vtopo_dialect dialect;
        int rc = vtopo_dialect_lookup(row->machine, row->arch, row->qemu,
                                      &dialect, &err);

        UNIT_ROW(i, row->machine);
        assert_int_equal(rc, row->resolved != NULL ? 0 : -1);
        if (row->resolved == NULL) {
            assert_int_equal(err.code, VTOPO_UNKNOWN_MACHINE);
            assert_non_null(err.hint);
            continue;
        }
        assert_string_equal(dialect.machine, row->resolved);
        assert_int_equal(dialect.max_cpus, row->max_cpus);
    }
}

static void
dialect_rows_are_sourced(void **state)
{
    (void)state;
    for (size_t i = 0; i < vt_dialects_count; i++) {
        const struct vt_dialect_row *row = &vt_dialects[i];

        assert_true(strlen(row->source) > 8);
        assert_true(row->min_cpus >= 1 && row->min_cpus <= row->max_cpus);
        assert_true(row->max_cpus <= VTOPO_CPUS_MAX);
        assert_true(row->first <= row->last && row->since <= row->until);
    }
}

/* Ids have gaps where a count is no power of two, and threads count first. */
static void
apic_ids(void **state)
{
    struct vtopo_shape shape = {
        .cpus = 24, .maxcpus = 24, .level = { 1, 1, 2, 2, 1, 1, 3, 2 },
    };
    static const unsigned ids[] = { 0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13,
                                    16, 17, 18, 19, 20, 21, 24, 25, 26, 27,
                                    28, 29 };
    struct vtopo_shape sparse = {
        .cpus = 200, .maxcpus = 200, .level = { 1, 1, 5, 1, 1, 1, 20, 2 },
    };

    (void)state;
    for (unsigned i = 0; i < VT_COUNT(ids); i++)
        assert_int_equal(vtopo_apic_id(&shape, i), ids[i]);
    /* The highest id matters, not the count: 200 vCPUs reach 295. */
    assert_int_equal(vtopo_apic_id(&sparse, 199), 295);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(smp_rows),
    cmocka_unit_test(shapes_are_their_own_spelling),
    cmocka_unit_test(machines_are_found),
    cmocka_unit_test(dialect_rows_are_sourced),
    cmocka_unit_test(apic_ids),
};

UNIT_MAIN(tests)
