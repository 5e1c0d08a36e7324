/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * sources.c - what the tags of sources stand for
 *
 * In the order of the alphabet.  A new tag needs a row here before a table
 * may use it; the unit tests compare.
 */

#include "base/cleanup.h"
#include "guest/tables.h"

const struct vt_source_tag vt_source_tags[] = {
    { "APM", "AMD64 Architecture Programmer's Manual, by the title of the "
      "section" },
    { "DEC", "an analysis of Windows kernels by somebody outside Microsoft; "
      "facts only, and weak" },
    { "DEPLOY", "Microsoft's reference of answer files: of Windows 2000 "
      "unattend.doc, of XP ref.chm, both in deploy.cab on the CD; of Server "
      "2003 the pages of TechNet, by the name of the section or the entry" },
    { "FREEBSD", "the FreeBSD project's source tree and manual pages" },
    { "GC", "Geoff Chappell's studies of Windows, geoffchappell.com (kept at "
      "github.com/geoffchappellmirror); the path is that of the page" },
    { "I2K", "D. Solomon and M. Russinovich, Inside Microsoft Windows 2000, "
      "third edition, 2000, table 2-2 (flylib.com/books/en/3.169.1.26)" },
    { "INFERRED", "no source says it; it follows from what sources say, as "
      "explained" },
    { "INTEL", "Intel's support pages, support.intel.com, by the number" },
    { "KB", "an article of the Microsoft Knowledge Base, by its number (those "
      "of the NT age: github.com/jeffpar/kbarchive)" },
    { "LEARN", "Microsoft's documentation for developers, "
      "learn.microsoft.com, by the name of the page" },
    { "LINUX", "the Linux kernel: a file of its source, or a commit" },
    { "MEASURED", "measured for vtopo on QEMU 7.2 with the system named" },
    { "MEMORY", "no source found: written from memory, check it before you "
      "rely on it" },
    { "MSDN", "table of processor limits in MSDN Magazine (M. Pietrek on "
      "x64), bytepointer.com/resources/pietrek_amd_x64_primer_figures.htm" },
    { "MSFAQ", "Microsoft's answers on licences for multi-core processors, "
      "2004, as quoted at spy.macrumors.com (222961) and rcpmag.com "
      "(2004/10/19)" },
    { "MSHT", "Microsoft, Windows-Based Servers and Intel Hyper-Threading "
      "Technology, 2002, as quoted at theregister.co.uk/2002/03/11" },
    { "MSREQ", "Microsoft's system requirements of Windows 7, as kept at "
      "codejunction.blogspot.com/2010/01" },
    { "NONE", "no source found, so the value is unknown" },
    { "OPENBSD", "the OpenBSD project's source tree and manual pages" },
    { "OS2M", "OS/2 Museum, More CPUs in NT 3.x Workstation, "
      "os2museum.com/wp/more-cpus-in-nt-3-x-workstation" },
    { "POLY", "G. Sutherland, CPU Socket and Core Count Limits in Windows "
      "10, blog.poly.nomial.co.uk, 2022-04-07" },
    { "QI", "QuickInstall by E. Voirin (oerg866), winxp.c: a tool that "
      "changes HALs of Windows XP offline" },
    { "REACTOS", "the ReactOS project, github.com/reactos/reactos" },
    { "SDM", "Intel 64 and IA-32 Architectures Software Developer's Manual, "
      "by the title of the section" },
    { "SQLDOCS", "Microsoft's documentation of SQL Server "
      "(github.com/MicrosoftDocs/sql-docs), by the name of the page" },
    { "VMWARE", "VMware's knowledge base and community documents" },
    { "WEB", "a page of the web, by its address: a forum, a blog, a shop; "
      "weak" },
    { "WRK", "Windows Research Kernel 1.2 (Server 2003 SP1), read for facts "
      "only; the path is below base/ntos" },
    { "WSD", "Microsoft's documentation of Windows Server "
      "(github.com/MicrosoftDocs/windowsserverdocs), by the path" },
};

const size_t vt_source_tags_count = VT_COUNT(vt_source_tags);
