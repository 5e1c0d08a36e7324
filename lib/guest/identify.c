/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * identify.c - which system it is, from what its registry says
 *
 * Tables do the work: versions, product codes (SKUs) and product suites.
 * The product policy is believed before EditionID, and that before names,
 * because it is the licence itself.
 */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "guest/facts.h"

/* ----------------------------------------------------------------- tables */

struct version_row {
    unsigned major, minor;
    unsigned build;             /* this build or later, up to the next row */
    bool server;
    const char *osinfo;
    struct vt_source source;
};

#define WINREG "winreg-kb Windows-product-information.md"

static const struct version_row versions[] = {
    { .major = 3, .minor = 51, .server = false, .osinfo = "winnt3.51",
      .source = VT_SOURCE(CONFIRMED, "OS2M; " WINREG) },
    { .major = 3, .minor = 51, .server = true, .osinfo = "winnt3.51",
      .source = VT_SOURCE(CONFIRMED, "OS2M; " WINREG) },
    { .major = 4, .minor = 0, .server = false, .osinfo = "winnt4.0",
      .source = VT_SOURCE(CONFIRMED, WINREG) },
    { .major = 4, .minor = 0, .server = true, .osinfo = "winnt4.0",
      .source = VT_SOURCE(CONFIRMED, WINREG) },
    { .major = 5, .minor = 0, .server = false, .osinfo = "win2k",
      .source = VT_SOURCE(CONFIRMED, WINREG) },
    { .major = 5, .minor = 0, .server = true, .osinfo = "win2k",
      .source = VT_SOURCE(CONFIRMED, WINREG) },
    { .major = 5, .minor = 1, .server = false, .osinfo = "winxp",
      .source = VT_SOURCE(CONFIRMED, WINREG) },
    { .major = 5, .minor = 2, .server = false, .osinfo = "winxp",
      .source = VT_SOURCE(CONFIRMED, "WEB oemdrivers.com/windows-xp-x64") },
    { .major = 5, .minor = 2, .server = true, .osinfo = "win2k3",
      .source = VT_SOURCE(CONFIRMED, WINREG) },
    { .major = 6, .minor = 0, .server = false, .osinfo = "winvista",
      .source = VT_SOURCE(CONFIRMED, WINREG) },
    { .major = 6, .minor = 0, .server = true, .osinfo = "win2k8",
      .source = VT_SOURCE(CONFIRMED, WINREG) },
    { .major = 6, .minor = 1, .server = false, .osinfo = "win7",
      .source = VT_SOURCE(CONFIRMED, WINREG) },
    { .major = 6, .minor = 1, .server = true, .osinfo = "win2k8r2",
      .source = VT_SOURCE(CONFIRMED, WINREG) },
    { .major = 6, .minor = 2, .server = false, .osinfo = "win8",
      .source = VT_SOURCE(CONFIRMED, WINREG) },
    { .major = 6, .minor = 2, .server = true, .osinfo = "win2k12",
      .source = VT_SOURCE(CONFIRMED, WINREG) },
    { .major = 6, .minor = 3, .server = false, .osinfo = "win8.1",
      .source = VT_SOURCE(CONFIRMED, WINREG) },
    { .major = 6, .minor = 3, .server = true, .osinfo = "win2k12r2",
      .source = VT_SOURCE(CONFIRMED, WINREG) },
    { .major = 10, .minor = 0, .build = 0, .server = false,
      .osinfo = "win10", .source = VT_SOURCE(CONFIRMED, WINREG) },
    { .major = 10, .minor = 0, .build = 22000, .server = false,
      .osinfo = "win11", .source = VT_SOURCE(WEAK, "WEB RegRipper3.0#67") },
    { .major = 10, .minor = 0, .build = 0, .server = true,
      .osinfo = "win2k16", .source = VT_SOURCE(FROM_MEMORY,
      "NONE: server builds are from memory") },
    { .major = 10, .minor = 0, .build = 17763, .server = true,
      .osinfo = "win2k19", .source = VT_SOURCE(FROM_MEMORY,
      "NONE: server builds are from memory") },
    { .major = 10, .minor = 0, .build = 20348, .server = true,
      .osinfo = "win2k22", .source = VT_SOURCE(FROM_MEMORY,
      "NONE: server builds are from memory") },
    { .major = 10, .minor = 0, .build = 26100, .server = true,
      .osinfo = "win2k25", .source = VT_SOURCE(FROM_MEMORY,
      "NONE: server builds are from memory") },
};

struct sku_row {
    unsigned sku;
    const char *edition;
};

/* PRODUCT_* codes of GetProductInfo; MS-MDE2 2.2.9.6 and GC productsuite. */
static const struct sku_row skus[] = {
    { 0x01, "ultimate" }, { 0x02, "home-basic" }, { 0x03, "home-premium" },
    { 0x04, "enterprise" }, { 0x05, "home-basic" }, { 0x06, "business" },
    { 0x07, "standard" }, { 0x08, "datacenter" }, { 0x0a, "enterprise" },
    { 0x0b, "starter" }, { 0x0c, "datacenter" }, { 0x0d, "standard" },
    { 0x0e, "enterprise" }, { 0x10, "business" }, { 0x11, "web" },
    { 0x1a, "home-premium" }, { 0x1b, "enterprise" }, { 0x1c, "ultimate" },
    { 0x1d, "web" }, { 0x21, "foundation" }, { 0x2f, "starter" },
    { 48, "professional" }, { 49, "professional" }, { 98, "home" },
    { 99, "home" }, { 100, "home" }, { 101, "home" }, { 121, "education" },
    { 122, "education" }, { 125, "enterprise-s" }, { 126, "enterprise-s" },
    { 161, "workstations" }, { 162, "workstations" },
    { 164, "professional-education" }, { 165, "professional-education" },
    { 175, "rdsh" }, { 188, "iot-enterprise" }, { 191, "iot-enterprise-s" },
    { 203, "cloud-edition" },
};

struct suite_row {
    const char *suite;
    bool server;
    const char *edition;
    const char *edition_2000;   /* NULL: the same */
};

/* GC exinit/productsuite.htm for the words; the mapping is inferred. */
static const struct suite_row suites[] = {
    { "Personal", false, "home", NULL },
    { "Blade", true, "web", NULL },
    { "DataCenter", true, "datacenter", NULL },
    { "Enterprise", true, "enterprise", "advanced-server" },
    { "Small Business(Restricted)", true, "small-business", NULL },
};

/* ------------------------------------------------------------ small steps */

static bool
is_server(const struct vt_system_fact *fact)
{
    return fact->product_type != NULL
        && strcmp(fact->product_type, "WinNT") != 0;
}

static bool
read_numbers(const char *text, unsigned *major, unsigned *minor,
             unsigned *build)
{
    return text != NULL
        && sscanf(text, "%2u.%2u.%6u", major, minor, build) == 3;
}

/* SOFTWARE says it best; without it the kernel's file does, and the driver
 * of the HAL, which is of the system's own release.
 */
static void
read_version(const struct vt_system_fact *fact, struct vt_identity *identity,
             unsigned *major, unsigned *minor)
{
    unsigned long build = fact->current_build != NULL
        ? strtoul(fact->current_build, NULL, 10) : 0;

    *major = 0;
    *minor = 0;
    if (fact->major != VT_UNKNOWN && fact->major >= 10) {
        *major = fact->major;
        *minor = fact->minor != VT_UNKNOWN ? fact->minor : 0;
    } else if (fact->current_version != NULL) {
        if (sscanf(fact->current_version, "%2u.%2u", major, minor) != 2)
            *major = 0;
    } else if (!read_numbers(fact->kernel_file.version, major, minor,
                             &identity->build)) {
        /* Service packs left this number alone until there were none. */
        if (!read_numbers(fact->hal_version, major, minor, &identity->build))
            *major = 0;
        if (*major < 10)
            identity->build = VT_UNKNOWN;
    }
    if (build > 0 && build < 1000000)
        identity->build = (unsigned)build;
    if (*major != 0)
        (void)snprintf(identity->version, sizeof(identity->version), "%u.%u",
                       *major, *minor);
}

static const char *
find_osinfo(unsigned major, unsigned minor, unsigned build, bool server)
{
    const char *osinfo = NULL;

    for (size_t i = 0; i < VT_COUNT(versions); i++) {
        const struct version_row *row = &versions[i];

        if (row->major == major && row->minor == minor
            && row->server == server
            && (row->build == 0 || (build != VT_UNKNOWN
                                    && build >= row->build)))
            osinfo = row->osinfo;
    }
    return osinfo;
}

static const char *
edition_by_sku(unsigned sku)
{
    for (size_t i = 0; i < VT_COUNT(skus); i++) {
        if (skus[i].sku == sku)
            return skus[i].edition;
    }
    return NULL;
}

/* "ServerStandardEval" -> "standard-eval": lower case, a dash at the humps,
 * without "Server".
 */
static void
edition_from_id(const char *id, char *text, size_t size)
{
    size_t length = 0;

    if (strncmp(id, "Server", 6) == 0 && id[6] != '\0')
        id += 6;
    for (size_t i = 0; id[i] != '\0' && length + 2 < size; i++) {
        bool hump = isupper((unsigned char)id[i]) && i > 0
            && !isupper((unsigned char)id[i - 1]);

        if (hump)
            text[length++] = '-';
        text[length++] = (char)tolower((unsigned char)id[i]);
    }
    text[length] = '\0';
}

static const char *
edition_by_suite(const struct vt_system_fact *fact, unsigned major,
                 unsigned minor)
{
    bool server = is_server(fact);
    bool is_2000 = major == 5 && minor == 0;

    if (!fact->has_suites)
        return NULL;
    for (size_t i = 0; i < VT_COUNT(suites); i++) {
        for (unsigned j = 0; j < fact->suites_count; j++) {
            if (suites[i].server == server
                && strcmp(suites[i].suite, fact->suites[j]) == 0)
                return is_2000 && suites[i].edition_2000 != NULL
                    ? suites[i].edition_2000 : suites[i].edition;
        }
    }
    if (server)
        return is_2000 || major < 5 ? "server" : "standard";
    return major >= 5 ? "professional" : "workstation";
}

/* The edition as a name of the tables, from the best source there is. */
static void
find_edition(const struct vt_system_fact *fact, struct vt_identity *identity,
             unsigned major, unsigned minor)
{
    const char *edition = NULL;
    size_t count = 0;
    const struct vt_system *rows = identity->osinfo != NULL
        ? vt_systems_lookup(identity->osinfo, &count) : NULL;

    if (fact->has_policy && fact->policy_sku != VT_UNKNOWN) {
        edition = edition_by_sku(fact->policy_sku);
        identity->edition_source = "SYSTEM ProductPolicy Kernel-ProductInfo";
    }
    if (edition == NULL && fact->edition_id != NULL) {
        edition_from_id(fact->edition_id, identity->edition_text,
                        sizeof(identity->edition_text));
        edition = identity->edition_text;
        identity->edition_source = "SOFTWARE EditionID";
    }
    if (edition == NULL && major != 0 && major < 6) {
        edition = edition_by_suite(fact, major, minor);
        identity->edition_source = "SYSTEM ProductSuite and ProductType";
    }
    for (size_t i = 0; edition != NULL && i < count; i++) {
        if (vt_system_has_edition(&rows[i], edition)) {
            identity->edition = rows[i].edition;
            (void)snprintf(identity->name, sizeof(identity->name), "%s",
                           rows[i].name);
            return;
        }
    }
    if (edition != NULL && edition != identity->edition_text)
        (void)snprintf(identity->edition_text, sizeof(identity->edition_text),
                       "%s", edition);
    if (edition == NULL)
        identity->edition_source = NULL;
}

static enum vtopo_arch
find_arch(const struct vt_system_fact *fact)
{
    static const struct {
        const char *word;
        enum vtopo_arch arch;
    } words[] = {
        { "x86", VTOPO_X86 }, { "x86_64", VTOPO_X86_64 },
        { "AMD64", VTOPO_X86_64 }, { "ARM64", VTOPO_AARCH64 },
        { "aarch64", VTOPO_AARCH64 },
    };
    const char *word = fact->kernel_file.machine != NULL
        ? fact->kernel_file.machine : fact->architecture;

    for (size_t i = 0; word != NULL && i < VT_COUNT(words); i++) {
        if (strcmp(words[i].word, word) == 0)
            return words[i].arch;
    }
    return VTOPO_ARCH_UNKNOWN;
}

void
vt_identify(const struct vt_system_fact *fact,
            struct vt_identity *ret_identity)
{
    struct vt_identity identity = { .build = VT_UNKNOWN,
                                    .service_pack = VT_UNKNOWN };
    unsigned major;
    unsigned minor;

    read_version(fact, &identity, &major, &minor);
    identity.osinfo = find_osinfo(major, minor, identity.build,
                                  is_server(fact));
    identity.arch = find_arch(fact);
    if (fact->csd_version != VT_UNKNOWN)
        identity.service_pack = fact->csd_version >> 8;
    find_edition(fact, &identity, major, minor);
    if (identity.name[0] == '\0')
        (void)snprintf(identity.name, sizeof(identity.name), "%s",
                       fact->product_name != NULL ? fact->product_name
                       : "Windows");
    *ret_identity = identity;
}
