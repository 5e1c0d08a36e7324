/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * unit.h - what every unit test needs
 *
 * "test-num" runs all its tests; "test-num 'parse_*'" runs those whose names
 * match.  A pattern that matches none is a failure: cmocka alone would run
 * nothing and report success.
 */

#ifndef VT_UNIT_H
#define VT_UNIT_H

#include <fnmatch.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "vtopo.h"

/* Say which row of a table is being checked, for when it fails. */
#define UNIT_ROW(i, says) print_message("# row %zu: %s\n", (size_t)(i), (says))

/* @rc must be 0, or -1 with the message @want (NULL: it must succeed). */
#define UNIT_RESULT(rc, err, want)                                          \
    do {                                                                    \
        if ((want) == NULL && (err)->message != NULL)                       \
            print_message("# unexpected: %s\n", (err)->message);            \
        assert_int_equal((rc), (want) == NULL ? 0 : -1);                    \
        if ((want) == NULL)                                                 \
            assert_int_equal((err)->code, VTOPO_OK);                        \
        else                                                                \
            assert_string_equal((err)->message, (want));                    \
    } while (0)

#define UNIT_MAIN(tests) UNIT_MAIN_WITHIN(tests, NULL, NULL)

/* The same with what is made before all tests and removed after them. */
#define UNIT_MAIN_WITHIN(tests, make, remove)                               \
    int                                                                     \
    main(int argc, char **argv)                                             \
    {                                                                       \
        size_t matches = 0;                                                 \
                                                                            \
        for (size_t i = 0; i < VT_COUNT(tests); i++)                        \
            matches += argc < 2                                             \
                       || fnmatch(argv[1], (tests)[i].name, 0) == 0;        \
        if (matches == 0) {                                                 \
            print_error("no test matches '%s'\n", argv[1]);                 \
            return EXIT_FAILURE;                                            \
        }                                                                   \
        if (argc > 1)                                                       \
            cmocka_set_test_filter(argv[1]);                                \
        return cmocka_run_group_tests(tests, make, remove);                 \
    }

#endif /* VT_UNIT_H */
