/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * repair-apply.c - carry out a repair, or take it back (see repair-apply.h)
 *
 * In place the order is everything: the old blocks are safe on the medium
 * before the first new one is written, and the undo file says that it is done
 * only when all of them are.  Whatever happens in between, the image can be
 * made the old one again.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/paths.h"
#include "base/spawn.h"
#include "repair-apply.h"

extern char **environ;

#define CREATE_MS 20000u

int
repair_propose(const struct repair_ask *ask, struct vt_image *image,
               struct vt_proposal *ret_proposal, struct vtopo_error *err)
{
    vt_auto(vt_buf_clear) struct vt_buf answer = VT_BUF_INIT;
    vt_auto(vt_buf_clear) struct vt_buf members = VT_BUF_INIT;

    int fds[VT_MEDIA_FDS_MAX];
    size_t count = vt_media_fds(&ask->media, fds);

    vt_buf_add(&members, ask->members.data, ask->members.length);
    if (vt_buf_check(&members, err) < 0
        || vt_image_ask_for(image, "repair", vt_buf_string(&members), fds,
                            count, &answer, err) < 0)
        return -1;
    return vt_proposal_read(&answer, ret_proposal, err);
}

/* QEMU says nothing when it could not take back its mark at the end. */
static int
check_closed(const struct vt_image *image, struct vtopo_error *err)
{
    size_t count;
    const struct vt_image_finding *list = vt_image_findings(image, &count);

    for (size_t i = 0; i < count; i++) {
        if (strcmp(list[i].code, "dirty") == 0)
            return vt_fail(err, VTOPO_SYSTEM, "%s", list[i].text);
    }
    return 0;
}

/* Ask again: nothing may be left to do. */
static int
check_again(const struct repair_ask *ask, const char *name,
            struct vtopo_error *err)
{
    vt_auto(vt_image_closep) struct vt_image *image = NULL;
    vt_autofree struct vt_proposal *again = calloc(1, sizeof(*again));
    unsigned left;

    if (again == NULL)
        return vt_fail_memory(err);
    if (vt_image_open(&ask->options, name, &image, err) < 0
        || check_closed(image, err) < 0
        || repair_propose(ask, image, again, err) < 0)
        return vt_wrap(err, "looking at it again");
    left = again->changes_count;
    vt_proposal_clear(again);
    return left == 0 ? 0
           : vt_fail(err, VTOPO_SYSTEM, "after the repair %u changes would "
                     "still be made", left);
}

/* Have @change work on the disk of @image, which is open for writing then. */
static int
write_disk(struct vt_image *image,
           int (*change)(struct vt_undo *writes, const char *undo_name,
                         struct vt_nbd *nbd, struct vtopo_error *err),
           struct vt_undo *writes, const char *undo_name,
           struct vtopo_error *err)
{
    vt_autoerror struct vtopo_error ignored = VTOPO_ERROR_INIT;
    struct vt_nbd nbd;
    int rc;

    if (vt_image_write(image, &nbd, err) < 0)
        return -1;
    rc = change(writes, undo_name, &nbd, err);
    if (vt_image_end_writing(image, &nbd, rc == 0 ? err : &ignored) < 0)
        rc = -1;
    return rc;
}

/* Say on a terminal how far it is, where there is much to write. */
#define TELL_EVERY 512u         /* blocks */

static void
tell(size_t done, size_t all)
{
    if (all < TELL_EVERY || (done % TELL_EVERY != 0 && done != all))
        return;
    (void)fprintf(stderr, done == all ? "\r\033[K" : "\rwriting: %zu %%",
                  done * 100 / all);
}

/* Write the changes; @writes then has the old blocks. */
static int
apply(struct vt_undo *writes, const char *undo_name, struct vt_nbd *nbd,
      struct vtopo_error *err)
{
    if (isatty(STDERR_FILENO))
        writes->tell = tell;
    if (vt_undo_read_old(writes, nbd, err) < 0)
        return -1;
    if (undo_name != NULL) {
        if (vt_undo_save(writes, undo_name, err) < 0)
            return -1;
        writes->state = VT_UNDO_PENDING;
    }
    return vt_undo_apply(writes, nbd, err);
}

static int
revert(struct vt_undo *writes, const char *undo_name, struct vt_nbd *nbd,
       struct vtopo_error *err)
{
    if (vt_undo_check(writes, nbd, err) < 0)
        return -1;
    /* From here on blocks may be of both kinds, and that must be known before
     * the first one is written.
     */
    if (writes->state == VT_UNDO_DONE
        && vt_undo_note(undo_name, VT_UNDO_BACK, NULL, err) < 0)
        return -1;
    return vt_undo_revert(writes, nbd, err);
}

/* -------------------------------------------------------------- overlay */

/* The name of @image as its neighbour @overlay has it. */
static const char *
beside(const char *image, const char *overlay)
{
    const char *slash = strrchr(image, '/');
    size_t folder = slash == NULL ? 0 : (size_t)(slash - image) + 1;

    return strncmp(image, overlay, folder) == 0
           && strchr(overlay + folder, '/') == NULL ? image + folder : image;
}

/* Make an empty one.  The image is not opened for it: its size is known. */
static int
create_overlay(const struct vt_image *image, uint64_t size,
               const char *overlay, struct vtopo_error *err)
{
    vt_autofree char *program = vt_find_program("qemu-img");
    vt_auto(vt_buf_clear) struct vt_buf said = VT_BUF_INIT;
    char bytes[24];
    const char *const argv[] = {
        "qemu-img", "create", "-q", "-u", "-f", "qcow2",
        "-F", vt_image_format(image),
        "-b", beside(vt_image_name(image), overlay), overlay, bytes, NULL,
    };
    const struct vt_spawn spawn = {
        .program = program, .argv = argv,
        .env = (const char *const *)environ, .landlock = -1,
    };
    struct vt_process process = VT_PROCESS_INIT;

    if (program == NULL)
        return vt_fail_memory(err);
    (void)snprintf(bytes, sizeof(bytes), "%" PRIu64, size);
    if (vt_process_start(&spawn, &process, err) < 0)
        return vt_hint(err, "it is a part of QEMU: qemu-utils, qemu-img or "
                       "qemu-tools");
    return vt_process_read(&process, 65536, vt_deadline_in(CREATE_MS), &said,
                           err);
}

/* The size of the disk, as the server of it has it. */
static int
read_size(const struct vt_image *image, uint64_t *ret_size,
          struct vtopo_error *err)
{
    if (vt_image_virtual_size(image, ret_size))
        return 0;
    return vt_fail(err, VTOPO_IMPOSSIBLE, "the size of '%s' (%s) is not known "
                   "beforehand: use --in-place", vt_image_name(image),
                   vt_image_format(image));
}

static int
fill_overlay(const struct repair_ask *ask, struct vt_undo *writes,
             const char *temporary, struct vtopo_error *err)
{
    struct repair_ask again = *ask;
    struct vt_image_options filling;
    vt_auto(vt_image_closep) struct vt_image *image = NULL;

    /* The format that was stated is that of the image behind it. */
    again.options.format = "qcow2";
    filling = again.options;
    filling.write_first = true;
    /* publish() does, before the file has a name that counts. */
    filling.no_flush = true;
    if (vt_image_open(&filling, temporary, &image, err) < 0
        || write_disk(image, apply, writes, NULL, err) < 0)
        return -1;
    return check_again(&again, temporary, err);
}

/* Give it its name: when it is safe, and nobody's place is taken. */
static int
publish(const char *temporary, const char *overlay, struct vtopo_error *err)
{
    if (vt_sync_file(temporary, err) < 0)
        return -1;
    if (link(temporary, overlay) < 0)
        return vt_fail_errno(err, "cannot make '%s'", overlay);
    if (vt_sync_folder(overlay, err) == 0)
        return 0;
    (void)unlink(overlay);
    return -1;
}

int
repair_overlay(const struct repair_ask *ask, struct vt_image *image,
               struct vt_proposal *proposal, const char *overlay,
               struct vtopo_error *err)
{
    vt_autofree char *temporary = NULL;
    uint64_t size;
    int rc;

    if (access(overlay, F_OK) == 0) {
        (void)vt_fail(err, VTOPO_BAD_INPUT, "'%s' is there already", overlay);
        return vt_hint(err, "remove it, or name another by --overlay");
    }
    if (read_size(image, &size, err) < 0)
        return -1;
    if (asprintf(&temporary, "%s.%d", overlay, (int)getpid()) < 0) {
        temporary = NULL;
        return vt_fail_memory(err);
    }
    rc = create_overlay(image, size, temporary, err);
    if (rc == 0)
        rc = fill_overlay(ask, &proposal->writes, temporary, err);
    if (rc == 0)
        rc = publish(temporary, overlay, err);
    (void)unlink(temporary);
    return rc;
}

/* -------------------------------------------------------------- in place */

static int
look_at(const char *name, struct stat *ret_info, struct vtopo_error *err)
{
    if (stat(name, ret_info) < 0)
        return vt_fail_errno(err, "cannot look at '%s'", name);
    return 0;
}

/* After a failure: the old blocks again, or the undo file stays and says so. */
static int
take_back(struct vt_image *image, struct vt_undo *writes,
          const char *undo_name, struct vtopo_error *err)
{
    vt_autoerror struct vtopo_error second = VTOPO_ERROR_INIT;

    /* Nothing was written, and an undo file that is there is not ours. */
    if (writes->state == VT_UNDO_UNSAVED)
        return -1;
    if (write_disk(image, revert, writes, undo_name, &second) == 0
        && vt_undo_remove(undo_name, &second) == 0)
        return vt_hint(err, "the image is as it was");
    return vt_hint(err, "the image is half changed: 'vtopo repair --undo' makes "
                   "it the old one, when this is mended: %s", second.message);
}

int
repair_in_place(const struct repair_ask *ask, struct vt_image *image,
                struct vt_proposal *proposal, struct vtopo_error *err)
{
    const char *name = vt_image_name(image);
    vt_autofree char *undo_name = vt_undo_name(name);
    struct stat info;

    if (undo_name == NULL)
        return vt_fail_memory(err);
    if (access(name, W_OK) != 0)
        return vt_fail_errno(err, "'%s' cannot be written", name);
    if (write_disk(image, apply, &proposal->writes, undo_name, err) < 0
        || check_again(ask, name, err) < 0)
        return take_back(image, &proposal->writes, undo_name, err);
    /* The server has flushed the data; when they were written, it need not
     * have, and by that we know later that nobody has written since.
     */
    if (vt_sync_file(name, err) < 0 || look_at(name, &info, err) < 0
        || vt_undo_note(undo_name, VT_UNDO_DONE, &info.st_mtim, err) < 0)
        return vt_hint(err, "the repair is complete");
    return 0;
}

/* ------------------------------------------------------------------ undo */

/* A file that is newer than the repair was written by somebody else.  (A
 * device has no such time.)
 */
static int
check_time(const struct vt_undo *undo, const char *name,
           struct vtopo_error *err)
{
    struct stat info;

    if (look_at(name, &info, err) < 0)
        return -1;
    if (undo->state != VT_UNDO_DONE || !S_ISREG(info.st_mode)
        || (info.st_mtim.tv_sec == undo->changed.tv_sec
            && info.st_mtim.tv_nsec == undo->changed.tv_nsec))
        return 0;
    (void)vt_fail(err, VTOPO_IMPOSSIBLE,
                  "somebody has written to '%s' since the repair", name);
    return vt_hint(err, "to put the old blocks back would damage what was "
                   "written; the limits can be set again in the guest");
}

int
repair_undo(const struct vt_image_options *options, const char *name,
            struct vtopo_error *err)
{
    vt_auto(vt_image_closep) struct vt_image *image = NULL;
    vt_auto(vt_undo_clear) struct vt_undo undo = VT_UNDO_INIT;
    struct vt_image_options writing = *options;
    vt_autofree char *undo_name = vt_undo_name(name);

    writing.write_first = true;
    if (undo_name == NULL)
        return vt_fail_memory(err);
    if (access(undo_name, F_OK) != 0) {
        (void)vt_fail_errno(err, "there is no undo file '%s'", undo_name);
        return vt_hint(err, "only a repair in place leaves one; an overlay is "
                       "taken back by removing it");
    }
    if (vt_undo_load(undo_name, &undo, err) < 0
        || check_time(&undo, name, err) < 0
        || vt_image_open(&writing, name, &image, err) < 0)
        return -1;
    if (write_disk(image, revert, &undo, undo_name, err) < 0)
        return -1;
    return vt_undo_remove(undo_name, err);
}
