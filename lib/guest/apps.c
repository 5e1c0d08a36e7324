/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * apps.c - applications that use fewer processors than the system has
 *
 * By product, release and edition; a row each.  The smaller of the two bounds counts.
 * In a virtual machine SQL Server counts logical processors as cores.
 */

#include "base/cleanup.h"
#include "guest/tables.h"

const struct vt_app vt_apps[] = {
    {
        .id = "sql-2000-standard",
        .name = "SQL Server 2000 Standard",
        .sockets = 4,
        .cores = VTOPO_NO_LIMIT,
        .source = VT_SOURCE(FROM_MEMORY,
            "MEMORY: Microsoft's comparison of the editions"),
    },
    {
        .id = "sql-2005-express",
        .name = "SQL Server 2005 Express",
        .sockets = 1,
        .cores = VTOPO_NO_LIMIT,
        .source = VT_SOURCE(CONFIRMED,
            "LEARN aa337277 (a socket, whatever its cores)"),
    },
    {
        .id = "sql-2005-standard",
        .name = "SQL Server 2005 Standard",
        .sockets = 4,
        .cores = VTOPO_NO_LIMIT,
        .source = VT_SOURCE(FROM_MEMORY,
            "MEMORY: Microsoft's comparison of the editions"),
    },
    {
        .id = "sql-2005-workgroup",
        .name = "SQL Server 2005 Workgroup",
        .sockets = 2,
        .cores = VTOPO_NO_LIMIT,
        .source = VT_SOURCE(FROM_MEMORY,
            "MEMORY: Microsoft's comparison of the editions"),
    },
    {
        .id = "sql-2008-express",
        .name = "SQL Server 2008 Express",
        .sockets = 1,
        .cores = VTOPO_NO_LIMIT,
        .source = VT_SOURCE(FROM_MEMORY,
            "MEMORY: Microsoft's comparison of the editions"),
    },
    {
        .id = "sql-2008-standard",
        .name = "SQL Server 2008 Standard",
        .sockets = 4,
        .cores = VTOPO_NO_LIMIT,
        .source = VT_SOURCE(FROM_MEMORY,
            "MEMORY: Microsoft's comparison of the editions"),
    },
    {
        .id = "sql-2008-workgroup",
        .name = "SQL Server 2008 Workgroup",
        .sockets = 2,
        .cores = VTOPO_NO_LIMIT,
        .source = VT_SOURCE(FROM_MEMORY,
            "MEMORY: Microsoft's comparison of the editions"),
    },
    {
        .id = "sql-2008r2-express",
        .name = "SQL Server 2008 R2 Express",
        .sockets = 1,
        .cores = VTOPO_NO_LIMIT,
        .source = VT_SOURCE(FROM_MEMORY,
            "MEMORY: Microsoft's comparison of the editions"),
    },
    {
        .id = "sql-2008r2-standard",
        .name = "SQL Server 2008 R2 Standard",
        .sockets = 4,
        .cores = VTOPO_NO_LIMIT,
        .source = VT_SOURCE(FROM_MEMORY,
            "MEMORY: Microsoft's comparison of the editions"),
    },
    {
        .id = "sql-2008r2-workgroup",
        .name = "SQL Server 2008 R2 Workgroup",
        .sockets = 2,
        .cores = VTOPO_NO_LIMIT,
        .source = VT_SOURCE(FROM_MEMORY,
            "MEMORY: Microsoft's comparison of the editions"),
    },
    {
        .id = "sql-2012-enterprise",
        .name = "SQL Server 2012 Enterprise",
        .sockets = VTOPO_NO_LIMIT,
        .cores = VTOPO_NO_LIMIT,
        .source = VT_SOURCE(FROM_MEMORY,
            "MEMORY: Microsoft's comparison of the editions"),
    },
    {
        .id = "sql-2012-enterprise-cal",
        .name = "SQL Server 2012 Enterprise (CAL)",
        .sockets = VTOPO_NO_LIMIT,
        .cores = 20,
        .source = VT_SOURCE(FROM_MEMORY,
            "MEMORY: Microsoft's comparison of the editions"),
    },
    {
        .id = "sql-2012-express",
        .name = "SQL Server 2012 Express",
        .sockets = 1,
        .cores = 4,
        .source = VT_SOURCE(FROM_MEMORY,
            "MEMORY: Microsoft's comparison of the editions"),
    },
    {
        .id = "sql-2012-standard",
        .name = "SQL Server 2012 Standard",
        .sockets = 4,
        .cores = 16,
        .source = VT_SOURCE(FROM_MEMORY,
            "MEMORY: Microsoft's comparison of the editions"),
    },
    {
        .id = "sql-2012-web",
        .name = "SQL Server 2012 Web",
        .sockets = 4,
        .cores = 16,
        .source = VT_SOURCE(FROM_MEMORY,
            "MEMORY: Microsoft's comparison of the editions"),
    },
    {
        .id = "sql-2014-enterprise",
        .name = "SQL Server 2014 Enterprise",
        .sockets = VTOPO_NO_LIMIT,
        .cores = VTOPO_NO_LIMIT,
        .source = VT_SOURCE(CONFIRMED,
            "SQLDOCS compute-capacity-limits-by-edition-of-sql-server (of "
            "2014)"),
    },
    {
        .id = "sql-2014-enterprise-cal",
        .name = "SQL Server 2014 Enterprise (CAL)",
        .sockets = VTOPO_NO_LIMIT,
        .cores = 20,
        .source = VT_SOURCE(CONFIRMED,
            "SQLDOCS compute-capacity-limits-by-edition-of-sql-server (of "
            "2014)"),
    },
    {
        .id = "sql-2014-express",
        .name = "SQL Server 2014 Express",
        .sockets = 1,
        .cores = 4,
        .source = VT_SOURCE(CONFIRMED,
            "SQLDOCS compute-capacity-limits-by-edition-of-sql-server (of "
            "2014)"),
    },
    {
        .id = "sql-2014-standard",
        .name = "SQL Server 2014 Standard",
        .sockets = 4,
        .cores = 16,
        .source = VT_SOURCE(CONFIRMED,
            "SQLDOCS compute-capacity-limits-by-edition-of-sql-server (of "
            "2014)"),
    },
    {
        .id = "sql-2014-web",
        .name = "SQL Server 2014 Web",
        .sockets = 4,
        .cores = 16,
        .source = VT_SOURCE(CONFIRMED,
            "SQLDOCS compute-capacity-limits-by-edition-of-sql-server (of "
            "2014)"),
    },
    {
        .id = "sql-2016-enterprise",
        .name = "SQL Server 2016 Enterprise",
        .sockets = VTOPO_NO_LIMIT,
        .cores = VTOPO_NO_LIMIT,
        .source = VT_SOURCE(CONFIRMED,
            "SQLDOCS compute-capacity-limits-by-edition-of-sql-server"),
    },
    {
        .id = "sql-2016-enterprise-cal",
        .name = "SQL Server 2016 Enterprise (CAL)",
        .sockets = VTOPO_NO_LIMIT,
        .cores = 20,
        .source = VT_SOURCE(CONFIRMED,
            "SQLDOCS compute-capacity-limits-by-edition-of-sql-server"),
    },
    {
        .id = "sql-2016-express",
        .name = "SQL Server 2016 Express",
        .sockets = 1,
        .cores = 4,
        .source = VT_SOURCE(CONFIRMED,
            "SQLDOCS compute-capacity-limits-by-edition-of-sql-server"),
    },
    {
        .id = "sql-2016-standard",
        .name = "SQL Server 2016 Standard",
        .sockets = 4,
        .cores = 24,
        .source = VT_SOURCE(CONFIRMED,
            "SQLDOCS compute-capacity-limits-by-edition-of-sql-server"),
    },
    {
        .id = "sql-2016-web",
        .name = "SQL Server 2016 Web",
        .sockets = 4,
        .cores = 16,
        .source = VT_SOURCE(INFERRED,
            "SQLDOCS editions-and-components-of-sql-server-2017; SQLDOCS "
            "editions-and-components-of-sql-server-2022; INFERRED: the "
            "same in 2016"),
    },
    {
        .id = "sql-2017-enterprise",
        .name = "SQL Server 2017 Enterprise",
        .sockets = VTOPO_NO_LIMIT,
        .cores = VTOPO_NO_LIMIT,
        .source = VT_SOURCE(CONFIRMED,
            "SQLDOCS compute-capacity-limits-by-edition-of-sql-server; "
            "SQLDOCS editions-and-components-of-sql-server-2017"),
    },
    {
        .id = "sql-2017-enterprise-cal",
        .name = "SQL Server 2017 Enterprise (CAL)",
        .sockets = VTOPO_NO_LIMIT,
        .cores = 20,
        .source = VT_SOURCE(CONFIRMED,
            "SQLDOCS compute-capacity-limits-by-edition-of-sql-server; "
            "SQLDOCS editions-and-components-of-sql-server-2017"),
    },
    {
        .id = "sql-2017-express",
        .name = "SQL Server 2017 Express",
        .sockets = 1,
        .cores = 4,
        .source = VT_SOURCE(CONFIRMED,
            "SQLDOCS compute-capacity-limits-by-edition-of-sql-server; "
            "SQLDOCS editions-and-components-of-sql-server-2017"),
    },
    {
        .id = "sql-2017-standard",
        .name = "SQL Server 2017 Standard",
        .sockets = 4,
        .cores = 24,
        .source = VT_SOURCE(CONFIRMED,
            "SQLDOCS compute-capacity-limits-by-edition-of-sql-server; "
            "SQLDOCS editions-and-components-of-sql-server-2017"),
    },
    {
        .id = "sql-2017-web",
        .name = "SQL Server 2017 Web",
        .sockets = 4,
        .cores = 16,
        .source = VT_SOURCE(CONFIRMED,
            "SQLDOCS compute-capacity-limits-by-edition-of-sql-server; "
            "SQLDOCS editions-and-components-of-sql-server-2017"),
    },
    {
        .id = "sql-2019-enterprise",
        .name = "SQL Server 2019 Enterprise",
        .sockets = VTOPO_NO_LIMIT,
        .cores = VTOPO_NO_LIMIT,
        .source = VT_SOURCE(CONFIRMED,
            "SQLDOCS compute-capacity-limits-by-edition-of-sql-server"),
    },
    {
        .id = "sql-2019-enterprise-cal",
        .name = "SQL Server 2019 Enterprise (CAL)",
        .sockets = VTOPO_NO_LIMIT,
        .cores = 20,
        .source = VT_SOURCE(CONFIRMED,
            "SQLDOCS compute-capacity-limits-by-edition-of-sql-server"),
    },
    {
        .id = "sql-2019-express",
        .name = "SQL Server 2019 Express",
        .sockets = 1,
        .cores = 4,
        .source = VT_SOURCE(CONFIRMED,
            "SQLDOCS compute-capacity-limits-by-edition-of-sql-server"),
    },
    {
        .id = "sql-2019-standard",
        .name = "SQL Server 2019 Standard",
        .sockets = 4,
        .cores = 24,
        .source = VT_SOURCE(CONFIRMED,
            "SQLDOCS compute-capacity-limits-by-edition-of-sql-server"),
    },
    {
        .id = "sql-2019-web",
        .name = "SQL Server 2019 Web",
        .sockets = 4,
        .cores = 16,
        .source = VT_SOURCE(INFERRED,
            "SQLDOCS editions-and-components-of-sql-server-2017; SQLDOCS "
            "editions-and-components-of-sql-server-2022; INFERRED: the "
            "same in 2019"),
    },
    {
        .id = "sql-2022-enterprise",
        .name = "SQL Server 2022 Enterprise",
        .sockets = VTOPO_NO_LIMIT,
        .cores = VTOPO_NO_LIMIT,
        .source = VT_SOURCE(CONFIRMED,
            "SQLDOCS compute-capacity-limits-by-edition-of-sql-server; "
            "SQLDOCS editions-and-components-of-sql-server-2022"),
    },
    {
        .id = "sql-2022-enterprise-cal",
        .name = "SQL Server 2022 Enterprise (CAL)",
        .sockets = VTOPO_NO_LIMIT,
        .cores = 20,
        .source = VT_SOURCE(CONFIRMED,
            "SQLDOCS compute-capacity-limits-by-edition-of-sql-server; "
            "SQLDOCS editions-and-components-of-sql-server-2022"),
    },
    {
        .id = "sql-2022-express",
        .name = "SQL Server 2022 Express",
        .sockets = 1,
        .cores = 4,
        .source = VT_SOURCE(CONFIRMED,
            "SQLDOCS compute-capacity-limits-by-edition-of-sql-server; "
            "SQLDOCS editions-and-components-of-sql-server-2022"),
    },
    {
        .id = "sql-2022-standard",
        .name = "SQL Server 2022 Standard",
        .sockets = 4,
        .cores = 24,
        .source = VT_SOURCE(CONFIRMED,
            "SQLDOCS compute-capacity-limits-by-edition-of-sql-server; "
            "SQLDOCS editions-and-components-of-sql-server-2022"),
    },
    {
        .id = "sql-2022-web",
        .name = "SQL Server 2022 Web",
        .sockets = 4,
        .cores = 16,
        .source = VT_SOURCE(CONFIRMED,
            "SQLDOCS compute-capacity-limits-by-edition-of-sql-server; "
            "SQLDOCS editions-and-components-of-sql-server-2022"),
    },
    {
        .id = "sql-2025-enterprise",
        .name = "SQL Server 2025 Enterprise",
        .sockets = VTOPO_NO_LIMIT,
        .cores = VTOPO_NO_LIMIT,
        .source = VT_SOURCE(CONFIRMED,
            "SQLDOCS compute-capacity-limits-by-edition-of-sql-server; "
            "SQLDOCS editions-and-components-of-sql-server-2025"),
    },
    {
        .id = "sql-2025-enterprise-cal",
        .name = "SQL Server 2025 Enterprise (CAL)",
        .sockets = VTOPO_NO_LIMIT,
        .cores = 20,
        .source = VT_SOURCE(CONFIRMED,
            "SQLDOCS compute-capacity-limits-by-edition-of-sql-server; "
            "SQLDOCS editions-and-components-of-sql-server-2025"),
    },
    {
        .id = "sql-2025-express",
        .name = "SQL Server 2025 Express",
        .sockets = 1,
        .cores = 4,
        .source = VT_SOURCE(CONFIRMED,
            "SQLDOCS compute-capacity-limits-by-edition-of-sql-server; "
            "SQLDOCS editions-and-components-of-sql-server-2025"),
    },
    {
        .id = "sql-2025-standard",
        .name = "SQL Server 2025 Standard",
        .sockets = 4,
        .cores = 32,
        .source = VT_SOURCE(CONFIRMED,
            "SQLDOCS editions-and-components-of-sql-server-2025"),
    },
};

const size_t vt_apps_count = VT_COUNT(vt_apps);
