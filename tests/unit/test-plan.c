/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * test-plan.c - choosing a shape, one row a promise
 */

#include "unit.h"

struct row {
    const char *says;
    struct vtopo_plan_request ask;
    const char *machine;        /* NULL: the newest q35 */
    const char *os, *edition;   /* NULL: no guest */
    bool kept;                  /* a shape is used in full */
    unsigned maxcpus, sockets, cores, threads;  /* of the first */
    const char *rule;           /* NULL: this row does not say */
};

static const struct row rows[] = {
    { "one socket, because sockets are licensed",
      { .vcpus = 8 }, NULL, "win10", NULL, true, 8, 1, 8, 1, "no-threads" },
    { "a prime number of vCPUs",
      { .vcpus = 7 }, NULL, "win10", "home", true, 7, 1, 7, 1, "only-one" },
    { "one vCPU", { .vcpus = 1 }, NULL, "winxp", "home",
      true, 1, 1, 1, 1, "only-one" },
    { "threads where they are asked for",
      { .vcpus = 8, .threads = 2 }, NULL, "win10", "professional",
      true, 8, 1, 4, 2, "few-sockets" },
    { "sockets where they are asked for",
      { .vcpus = 8, .sockets = 2 }, NULL, "win10", "professional",
      true, 8, 2, 4, 1, "no-threads" },
    { "more sockets than licensed: none is used in full",
      { .vcpus = 8, .sockets = 4 }, NULL, "win10", "professional",
      false, 8, 4, 2, 1, "waste" },
    { "2000 Professional uses two, whatever the shape",
      { .vcpus = 4 }, NULL, "win2k", "professional",
      false, 4, 1, 4, 1, "waste" },
    { "room to add later, all of it usable",
      { .vcpus = 8, .max_vcpus = 16 }, NULL, "win7", "home-premium",
      true, 16, 1, 16, 1, "no-threads" },
    { "Vista would split a socket of six, so two places stay empty",
      { .vcpus = 6 }, "pc-q35-7.2", "winvista", "business",
      true, 8, 1, 8, 1, "true-packages" },
    { "from QEMU 9.1 on it would not",
      { .vcpus = 6 }, "pc-q35-9.1", "winvista", "business",
      true, 6, 1, 6, 1, NULL },
    { "64 cores a socket are all that Windows 7 can tell",
      { .vcpus = 128 }, NULL, "win7", "professional",
      true, 128, 2, 64, 1, NULL },
    { "SQL Server Express uses one socket or four cores",
      { .vcpus = 4 }, NULL, "win2k19", "standard",
      true, 4, 1, 4, 1, NULL },
    { "the machine's maximum",
      { .vcpus = 256 }, "pc-i440fx-7.2", NULL, NULL,
      false, 256, 1, 256, 1, "machine" },
    { "as many as there are", { .vcpus = 4096 }, NULL, NULL, NULL,
      true, 4096, 1, 4096, 1, "few-sockets" },
};

static void
make(const struct row *row, struct vtopo_plan *plan)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vtopo_cpu cpu = { .vendor = VTOPO_INTEL };
    struct vtopo_dialect dialect;
    struct vtopo_limits limits;

    assert_int_equal(vtopo_dialect_lookup(row->machine != NULL ? row->machine
                                                               : "q35",
                                          VTOPO_ARCH_UNKNOWN, 0, &dialect,
                                          &err), 0);
    if (row->os != NULL)
        assert_int_equal(vtopo_limits_lookup(row->os, row->edition,
                                             VTOPO_ARCH_UNKNOWN, &limits,
                                             &err), 0);
    assert_int_equal(vtopo_plan_make(&row->ask, &dialect, &cpu,
                                     row->os != NULL ? &limits : NULL, plan,
                                     &err), 0);
}

static void
plan_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(rows); i++) {
        vt_auto(vtopo_plan_clear) struct vtopo_plan plan = VTOPO_PLAN_INIT;
        const struct row *row = &rows[i];
        const struct vtopo_shape *shape;

        UNIT_ROW(i, row->says);
        make(row, &plan);
        assert_true(plan.count > 0);
        shape = &plan.candidates[0].shape;
        print_message("# %s\n", plan.reason);
        assert_int_equal(plan.kept > 0, row->kept);
        assert_int_equal(shape->cpus, row->ask.vcpus);
        assert_int_equal(shape->maxcpus, row->maxcpus);
        assert_int_equal(shape->level[VTOPO_SOCKETS], row->sockets);
        assert_int_equal(shape->level[VTOPO_CORES], row->cores);
        assert_int_equal(shape->level[VTOPO_THREADS], row->threads);
        if (row->rule != NULL)
            assert_string_equal(plan.rule, row->rule);
        assert_true(plan.reason[0] != '\0');
    }
}

/* For every number up to 512: every shape multiplies out, none is there
 * twice, every dropped one says why, and all divisors are there.
 */
static void
plans_are_whole(void **state)
{
    (void)state;
    for (unsigned vcpus = 1; vcpus <= 512; vcpus++) {
        vt_auto(vtopo_plan_clear) struct vtopo_plan plan = VTOPO_PLAN_INIT;
        struct row row = { .ask = { .vcpus = vcpus } };
        size_t triples = 0;

        make(&row, &plan);
        for (unsigned s = 1; s <= vcpus; s++) {
            for (unsigned c = 1; s * c <= vcpus; c++)
                triples += vcpus % (s * c) == 0;
        }
        assert_int_equal(plan.count, triples);
        for (size_t i = 0; i < plan.count; i++) {
            const struct vtopo_candidate *candidate = &plan.candidates[i];
            const unsigned *level = candidate->shape.level;

            assert_int_equal(level[VTOPO_SOCKETS] * level[VTOPO_CORES]
                             * level[VTOPO_THREADS], vcpus);
            assert_int_equal(candidate->drop == VTOPO_KEPT, i < plan.kept);
            assert_int_equal(candidate->why[0] == '\0', i < plan.kept);
            for (size_t j = 0; j < i; j++)
                assert_true(memcmp(&plan.candidates[j].shape,
                                   &candidate->shape,
                                   sizeof(candidate->shape)) != 0);
        }
    }
}

struct bad_row {
    struct vtopo_plan_request ask;
    const char *message;
};

static const struct bad_row bad_rows[] = {
    { { .vcpus = 0 },
      "the number of vCPUs must be between 1 and 4096, not 0" },
    { { .vcpus = 5000 },
      "the number of vCPUs must be between 1 and 4096, not 5000" },
    { { .vcpus = 8, .max_vcpus = 4 },
      "the most vCPUs must be between 8 and 4096, not 4" },
    { { .vcpus = 8, .app = "notepad" }, "unknown application 'notepad'" },
};

static void
bad_requests_are_refused(void **state)
{
    struct vtopo_cpu cpu = { .vendor = VTOPO_INTEL };

    (void)state;
    for (size_t i = 0; i < VT_COUNT(bad_rows); i++) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        struct vtopo_plan plan = VTOPO_PLAN_INIT;
        struct vtopo_dialect dialect;

        assert_int_equal(vtopo_dialect_lookup("q35", VTOPO_ARCH_UNKNOWN, 0,
                                              &dialect, &err), 0);
        UNIT_RESULT(vtopo_plan_make(&bad_rows[i].ask, &dialect, &cpu, NULL,
                                    &plan, &err), &err, bad_rows[i].message);
        assert_null(plan.candidates);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(plan_rows),
    cmocka_unit_test(plans_are_whole),
    cmocka_unit_test(bad_requests_are_refused),
};

UNIT_MAIN(tests)
