/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * inspect-image.c - look at one image, for every command that needs to
 */

#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "image/undo.h"
#include "inspect-image.h"
#include "report/facts-read.h"

/* What the caller of the worker asks: nothing in particular. */
#define ASK "null"

void
inspected_clear(struct inspected *inspected)
{
    vt_image_close(inspected->image);
    if (inspected->facts != NULL)
        vt_facts_clear(inspected->facts);
    free(inspected->facts);
    *inspected = (struct inspected)INSPECTED_INIT;
}

/* The facts take the text over. */
static int
take_answer(struct vt_buf *answer, struct inspected *inspected,
            struct vtopo_error *err)
{
    size_t length = answer->length;
    char *text;

    inspected->facts = calloc(1, sizeof(*inspected->facts));
    if (inspected->facts == NULL || !vt_buf_reserve(answer, 1))
        return vt_fail_memory(err);
    text = answer->data;
    *answer = (struct vt_buf)VT_BUF_INIT;
    return vt_facts_read_answer(text, length, inspected->facts, err);
}

static void
take_findings(struct inspected *inspected)
{
    size_t count;
    const struct vt_image_finding *list =
        vt_image_findings(inspected->image, &count);

    for (size_t i = 0; i < count; i++) {
        struct vt_finding *finding = vt_findings_add(
            &inspected->findings, list[i].severity == VT_IMAGE_WARNING
            ? VT_WARNING : VT_INFO, list[i].code);

        (void)snprintf(finding->text, sizeof(finding->text), "%s",
                       list[i].text);
    }
}

#define CURE "'vtopo repair --undo' makes it the old one"

/* Whether a repair of @name was interrupted, as far as can be seen. */
static bool
is_interrupted(const char *name)
{
    vt_autofree char *undo = vt_undo_name(name);
    enum vt_undo_state state;

    return undo != NULL && vt_undo_look(undo, &state)
           && state != VT_UNDO_DONE;
}

/* A repair that was interrupted is said by every command that looks. */
static void
note_repair(const char *name, struct inspected *inspected)
{
    struct vt_finding *finding;

    if (!is_interrupted(name))
        return;
    finding = vt_findings_add(&inspected->findings, VT_PROBLEM,
                              "repair-interrupted");
    (void)snprintf(finding->text, sizeof(finding->text),
                   "a repair of this image was interrupted: it may be half "
                   "changed");
    (void)snprintf(finding->cure, sizeof(finding->cure), CURE);
}

int
inspected_read_image(const struct vt_image_options *options,
                     const char *name, struct inspected *ret_inspected,
                     struct vtopo_error *err)
{
    vt_auto(inspected_clear) struct inspected inspected = INSPECTED_INIT;
    vt_auto(vt_buf_clear) struct vt_buf answer = VT_BUF_INIT;

    if (vt_image_open(options, name, &inspected.image, err) < 0
        || vt_image_ask(inspected.image, ASK, &answer, err) < 0
        || take_answer(&answer, &inspected, err) < 0) {
        /* That may be why. */
        return is_interrupted(name)
               ? vt_hint(err, "a repair of it was interrupted: " CURE) : -1;
    }
    take_findings(&inspected);
    note_repair(name, &inspected);
    *ret_inspected = inspected;
    inspected = (struct inspected)INSPECTED_INIT;
    return 0;
}

int
inspected_read_files(const struct vt_image_options *options,
                     const struct vt_image_file *files, size_t count,
                     struct inspected *ret_inspected, struct vtopo_error *err)
{
    vt_auto(inspected_clear) struct inspected inspected = INSPECTED_INIT;
    vt_auto(vt_buf_clear) struct vt_buf answer = VT_BUF_INIT;
    struct vt_image_cage cage;

    if (vt_image_ask_files(options, files, count, ASK, &answer, &cage,
                           err) < 0
        || take_answer(&answer, &inspected, err) < 0)
        return -1;
    *ret_inspected = inspected;
    inspected = (struct inspected)INSPECTED_INIT;
    return 0;
}
