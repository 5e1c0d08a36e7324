/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * install-text.c - what a new installation needs, for people (see install.h)
 */

#include <stdio.h>

#include "base/cleanup.h"
#include "config/config.h"
#include "report/install.h"
#include "report/words.h"

/* A sentence, and below it how sure it is and where it is from. */
static void
add_claim(struct vt_buf *out, const char *label, const char *text,
          const struct vt_source *source)
{
    vt_auto(vt_buf_clear) struct vt_buf from = VT_BUF_INIT;

    vt_words_wrap(out, label, text);
    vt_buf_printf(&from, "%s: %s", vt_confidence_name(source->confidence),
                  source->text);
    vt_words_wrap(out, "     ", vt_buf_string(&from));
}

static void
add_notes(struct vt_buf *out, const struct vt_install *install, bool by_hand)
{
    for (size_t i = 0; i < vt_answer_notes_count; i++) {
        const struct vt_answer_note *note = &vt_answer_notes[i];

        if (note->by_hand == by_hand
            && vt_lineage_has(note->lineage, install->limits->generation))
            add_claim(out, "   ", note->text, &note->source);
    }
}

/* More vCPUs than sockets are licensed are no problem as cores, which is what
 * somebody with an edition for one processor needs to hear.
 */
static void
add_licence(struct vt_buf *out, const struct vt_install *install)
{
    const struct vtopo_limits *limits = install->limits;

    if (limits->counting == VTOPO_COUNT_LOGICAL
        || limits->sockets.most != 1 || install->shape->cpus < 2)
        return;
    vt_words_wrap(out, "        ", "This edition is licensed for one "
                  "processor: all vCPUs must be cores of one socket, in setup "
                  "as later.");
}

/* What to do for setup to decide by itself. */
static void
add_detection(struct vt_buf *out, const struct vt_install *install,
              const char *label)
{
    const struct vt_setup *setup = install->setup;
    vt_auto(vt_buf_clear) struct vt_buf text = VT_BUF_INIT;

    if (setup->detects_from == 0)
        vt_buf_add_string(&text, "Nothing is to be done: ");
    else if (install->shape->cpus >= setup->detects_from)
        vt_buf_add_string(&text, "Give setup the -smp above from its start: ");
    else
        vt_buf_printf(&text, "Give setup %u vCPUs or more from its start, for "
                      "the -smp above has fewer: ", setup->detects_from);
    vt_buf_add_string(&text, setup->detects);
    add_claim(out, label, vt_buf_string(&text), &setup->detects_source);
}

/* Lines of DOS become ours. */
static void
add_answer(struct vt_buf *out, const char *answer)
{
    vt_buf_add_char(out, '\n');
    while (*answer != '\0') {
        size_t length = strcspn(answer, "\r\n");

        if (length != 0)
            vt_buf_add_string(out, "    ");
        vt_buf_add(out, answer, length);
        vt_buf_add_char(out, '\n');
        answer += length;
        answer += strspn(answer, "\r");
        answer += *answer == '\n';
    }
}

/* QEMU ends a value at a comma, unless there are two. */
static void
add_drive(struct vt_buf *out, const char *file,
          void (*add_name)(struct vt_buf *out, const char *name))
{
    vt_auto(vt_buf_clear) struct vt_buf doubled = VT_BUF_INIT;

    for (const char *at = file; *at != '\0'; at++)
        vt_buf_add_string(&doubled, *at == ',' ? ",," : (char[]) { *at, 0 });
    vt_buf_add_string(out, "     -drive if=floppy,format=raw,file=");
    add_name(out, vt_buf_string(&doubled));
}

static void
add_files(struct vt_buf *out, const struct vt_install *install,
          void (*add_name)(struct vt_buf *out, const char *name))
{
    if (install->answer_file != NULL) {
        vt_buf_add_string(out, "   Written: ");
        add_name(out, install->answer_file);
        vt_buf_add_string(out, ", to be given to setup as WINNT.SIF\n");
    }
    if (install->floppy == NULL)
        return;
    vt_buf_add_string(out, "   Written: ");
    add_name(out, install->floppy);
    vt_buf_add_string(out, ", a floppy with WINNT.SIF; for QEMU:\n");
    add_drive(out, install->floppy, add_name);
    vt_buf_add_string(out, "\n     -smp ");
    vt_config_smp(out, install->shape);
    vt_buf_add_char(out, '\n');
}

static void
add_forcing(struct vt_buf *out, const struct vt_install *install,
            void (*add_name)(struct vt_buf *out, const char *name))
{
    const struct vt_setup *setup = install->setup;
    char what[160];

    (void)snprintf(what, sizeof(what), "Or force it, by hand or by an answer "
                   "file, as \"%s\".", setup->computer);
    vt_words_wrap(out, "2. ", what);
    add_claim(out, "   ", "That is how setup should spell it.",
              &setup->computer_source);
    add_notes(out, install, true);
    if (install->answer_file != NULL || install->floppy != NULL) {
        add_notes(out, install, false);
        add_files(out, install, add_name);
        return;
    }
    vt_words_wrap(out, "   ", "The file, which --answer-file writes, and "
                  "--floppy puts on a floppy:");
    add_answer(out, install->answer);
}

void
vt_install_text(struct vt_buf *out, const struct vt_install *install,
                void (*add_name)(struct vt_buf *out, const char *name))
{
    const struct vt_setup *setup = install->setup;
    const struct vt_hal *hal = setup->hal != NULL
        ? vt_hal_lookup(setup->hal) : NULL;
    char title[160];

    add_licence(out, install);
    vt_buf_add_char(out, '\n');
    if (hal == NULL) {
        add_detection(out, install, "Setup:  ");
        return;
    }
    (void)snprintf(title, sizeof(title), "%s (%s), the HAL for several "
                   "processors, is installed in one of two ways.",
                   hal->device_name, hal->file);
    vt_words_wrap(out, "Setup:  ", title);
    add_detection(out, install, "1. ");
    add_forcing(out, install, add_name);
}
