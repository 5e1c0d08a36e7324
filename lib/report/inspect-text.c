/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * inspect-text.c - what is on an image, for people
 *
 * A page that is read in ten seconds: what it is, what limits it, then the
 * findings with their cures.  Names come from the image and are escaped.
 */

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/utf8.h"
#include "report/findings-json.h"
#include "report/inspect.h"
#include "report/setting.h"
#include "report/words.h"

/* Text from a hostile image, made safe for a terminal; the worker cuts texts
 * at 255 bytes, and names of files are not longer than a path.
 */
static void
add_safe(struct vt_buf *out, const char *text)
{
    char safe[4096];

    vt_utf8_copy_safe(safe, sizeof(safe), text);
    vt_buf_add_string(out, safe);
}

static void
add_field(struct vt_buf *out, const char *label, struct vt_buf *text)
{
    char head[24];

    (void)snprintf(head, sizeof(head), "  %-11s", label);
    vt_words_wrap(out, head, vt_buf_string(text));
    text->length = 0;
}

static void
add_system_line(struct vt_buf *out, const struct vt_system_fact *fact,
                const struct vt_identity *identity)
{
    add_safe(out, identity->name);
    if (identity->edition == NULL && identity->edition_text[0] != '\0') {
        vt_buf_add_string(out, " (edition ");
        add_safe(out, identity->edition_text);
        vt_buf_add_char(out, ')');
    }
    if (identity->service_pack != VT_UNKNOWN && identity->service_pack != 0)
        vt_buf_printf(out, ", service pack %u", identity->service_pack);
    if (fact->display_version != NULL || fact->release_id != NULL) {
        vt_buf_add_string(out, ", ");
        add_safe(out, fact->display_version != NULL ? fact->display_version
                                                    : fact->release_id);
    }
    if (identity->build != VT_UNKNOWN)
        vt_buf_printf(out, ", build %u", identity->build);
    if (fact->ubr != VT_UNKNOWN)
        vt_buf_printf(out, ".%u", fact->ubr);
    if (identity->arch != VTOPO_ARCH_UNKNOWN)
        vt_buf_printf(out, ", %s", vt_arch_name(identity->arch));
    vt_buf_add_char(out, '\n');
}

static void
add_place(struct vt_buf *out, const struct vt_system_fact *fact)
{
    vt_auto(vt_buf_clear) struct vt_buf text = VT_BUF_INIT;

    if (fact->root == NULL)
        return;
    add_safe(&text, fact->root);
    if (fact->partition != VT_UNKNOWN && fact->partition != 0)
        vt_buf_printf(&text, " on partition %u", fact->partition);
    if (fact->firmware != NULL)
        vt_buf_printf(&text, ", started by %s",
                      strcmp(fact->firmware, "uefi") == 0 ? "UEFI" : "BIOS");
    if (fact->is_default == VT_TRUE)
        vt_buf_add_string(&text, ", the default");
    add_field(out, "Where", &text);
}

static void
add_hal(struct vt_buf *out, const struct vt_system_fact *fact)
{
    vt_auto(vt_buf_clear) struct vt_buf text = VT_BUF_INIT;
    struct vt_hal_verdict verdict;

    vt_hal_judge(fact, &verdict);
    if (verdict.id[0] == '\0') {
        vt_buf_add_string(&text, "not known");
    } else {
        if (verdict.name != NULL)
            add_safe(&text, verdict.name);
        vt_buf_add_string(&text, verdict.name != NULL ? " (" : "");
        add_safe(&text, verdict.id);
        vt_buf_add_string(&text, verdict.name != NULL ? ")" : "");
    }
    if (verdict.multiprocessor != VT_NOT_KNOWN)
        vt_buf_add_string(&text, verdict.multiprocessor == VT_TRUE
                          ? ", multiprocessor" : ", for one processor");
    add_field(out, "HAL", &text);
}

static void
add_licence(struct vt_buf *out, const struct vt_system_fact *fact)
{
    vt_auto(vt_buf_clear) struct vt_buf text = VT_BUF_INIT;
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vtopo_limits limits;
    const char *source;
    unsigned sockets;

    if (vt_licence_read(fact, &sockets, &source)) {
        vt_buf_printf(&text, "%u socket%s (%s)", sockets,
                      sockets == 1 ? "" : "s", source);
    } else if (vt_facts_limits(fact, &limits, &err) == 0
               && limits.sockets.least == limits.sockets.most) {
        vt_buf_printf(&text, "%u socket%s by the tables; the image does not "
                      "say", limits.sockets.least,
                      limits.sockets.least == 1 ? "" : "s");
    } else {
        vt_buf_add_string(&text, "not known: the image does not say");
    }
    add_field(out, "Licensed", &text);
}

static void
add_boot(struct vt_buf *out, const struct vt_system_fact *fact)
{
    vt_auto(vt_buf_clear) struct vt_buf text = VT_BUF_INIT;
    struct vt_boot_verdict verdict;

    vt_boot_judge(fact, &verdict);
    if (verdict.entry == NULL) {
        vt_buf_add_string(&text, "no entry found");
        if (fact->boot_problem != NULL) {
            vt_buf_add_string(&text, ": ");
            add_safe(&text, fact->boot_problem);
        }
    } else if (verdict.onecpu) {
        vt_buf_add_string(&text, "onecpu");
    } else if (verdict.numproc != 0) {
        vt_buf_printf(&text, "numproc %u", verdict.numproc);
    } else {
        vt_buf_add_string(&text, "no limit");
    }
    if (verdict.entry != NULL && fact->boot_file != NULL) {
        vt_buf_add_string(&text, " in ");
        add_safe(&text, fact->boot_file);
    }
    add_field(out, "Boot", &text);
}

static void
add_last_boot(struct vt_buf *out, const struct vt_system_fact *fact)
{
    vt_auto(vt_buf_clear) struct vt_buf text = VT_BUF_INIT;

    if (fact->processors_used == VT_UNKNOWN) {
        vt_buf_add_string(&text, "not known");
    } else {
        vt_buf_printf(&text, "used %u", fact->processors_used);
        if (fact->enumerated != VT_UNKNOWN)
            vt_buf_printf(&text, " of %u processor%s", fact->enumerated,
                          fact->enumerated == 1 ? "" : "s");
        if (fact->stale != VT_UNKNOWN && fact->stale != 0)
            vt_buf_printf(&text, " (%u more from older machines)",
                          fact->stale);
        if (fact->identifier != NULL) {
            vt_buf_add_string(&text, ", ");
            add_safe(&text, fact->identifier);
        }
    }
    add_field(out, "Last boot", &text);
}

static void
add_drivers(struct vt_buf *out, const struct vt_system_fact *fact)
{
    vt_auto(vt_buf_clear) struct vt_buf text = VT_BUF_INIT;

    for (unsigned i = 0; i < fact->drivers_count; i++) {
        if (!fact->drivers[i].boot || fact->drivers[i].name == NULL)
            continue;
        vt_buf_add_string(&text, text.length != 0 ? ", " : "");
        add_safe(&text, fact->drivers[i].name);
    }
    if (text.length != 0)
        add_field(out, "Boots from", &text);
}

static void
add_system(struct vt_buf *out, const struct vt_system_fact *fact)
{
    struct vt_findings findings = { .count = 0 };
    struct vt_identity identity;

    vt_identify(fact, &identity);
    vt_findings_make(fact, &findings);
    add_system_line(out, fact, &identity);
    add_place(out, fact);
    add_hal(out, fact);
    add_licence(out, fact);
    add_boot(out, fact);
    add_last_boot(out, fact);
    add_drivers(out, fact);
    vt_findings_text(out, &findings);
}

/* Why there is no system, in the words of what was found instead. */
static void
add_nothing(struct vt_buf *out, const struct vt_facts *facts)
{
    vt_buf_add_string(out, "No Windows was found");
    if (facts->content != NULL && strcmp(facts->content, "partitions") != 0
        && strcmp(facts->content, "filesystem") != 0)
        vt_buf_printf(out, ": the disk is %s",
                      strcmp(facts->content, "bitlocker") == 0
                      ? "encrypted (BitLocker)"
                      : strcmp(facts->content, "luks") == 0
                      ? "encrypted (LUKS)" : facts->content);
    vt_buf_add_string(out, ".\n");
    if (facts->partitions_count == 0 && facts->content != NULL
        && strcmp(facts->content, "filesystem") == 0)
        vt_buf_add_string(out, "  a file system without partitions\n");
    for (unsigned i = 0; i < facts->partitions_count; i++) {
        const struct vt_partition_fact *partition = &facts->partitions[i];

        vt_buf_printf(out, "  partition %u: ", partition->number);
        add_safe(out, partition->filesystem != NULL ? partition->filesystem
                                                    : "unknown");
        vt_buf_add_char(out, '\n');
    }
}

void
vt_inspect_text(struct vt_buf *out, const struct vt_inspection *inspection)
{
    const struct vt_facts *facts = inspection->facts;

    if (inspection->image != NULL) {
        add_safe(out, inspection->image);
        vt_buf_printf(out, " (%s)\n", inspection->format);
    }
    for (unsigned i = 0; i < facts->systems_count; i++) {
        if (i > 0)
            vt_buf_add_char(out, '\n');
        add_system(out, &facts->systems[i]);
    }
    if (facts->systems_count == 0)
        add_nothing(out, facts);
    vt_findings_text(out, inspection->findings);
    for (unsigned i = 0; i < facts->problems_count; i++) {
        vt_buf_add_string(out, "* ");
        add_safe(out, facts->problems[i].where != NULL
                 ? facts->problems[i].where : "image");
        vt_buf_add_string(out, ": ");
        add_safe(out, facts->problems[i].text != NULL
                 ? facts->problems[i].text : "");
        vt_buf_add_char(out, '\n');
    }
}
