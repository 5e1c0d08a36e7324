/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * launch.h - a command line of QEMU, and a QEMU that runs and leaves nothing
 *
 * A QEMU started here dies with its starter, whatever becomes of that: by the
 * kernel's hand, and its private folder by that of a keeper, a small process
 * that waits for nothing else.
 */

#ifndef VT_LAUNCH_H
#define VT_LAUNCH_H

#include "base/paths.h"
#include "base/spawn.h"
#include "vm/hardware.h"
#include "vm/vm.h"

/* Words of a command line, each owned; the list ends in NULL. */
struct vt_words {
    char **list;
    size_t count;
    bool failed;                /* memory ran out; some are missing */
};

#define VT_WORDS_INIT { .list = NULL }

void vt_words_clear(struct vt_words *words);
void vt_words_add(struct vt_words *words, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* What to start; strings are borrowed. */
struct vt_launch {
    const char *program;        /* NULL: qemu-system-x86_64, by PATH */
    const struct vt_hardware *hardware;
    const struct vtopo_shape *shape;
    enum vtopo_accel accel;
    const char *machine;        /* that the user insists on, or NULL */
    const char *image;          /* NULL: the stand-in guest */
    const char *format;         /* of the image, as QEMU names it */
    bool write;                 /* the guest changes the image */
    const char *probe;          /* file of the stand-in guest */
    const char *probe_settings; /* for it, or NULL */
    bool headless;
    const char *vnc;            /* address of a VNC display, or NULL */
    bool paused;                /* started, but not running yet */
    char **extra;               /* further words, which win */
    unsigned extra_count;
};

/* The command line without the monitors that vt_machine_start() adds.  Fails
 * with VTOPO_SYSTEM where firmware that it needs is not installed.
 */
int vt_launch_words(const struct vt_launch *launch, struct vt_words *words,
                    struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* The words as a shell takes them, one option a line. */
void vt_words_print(const struct vt_words *words, struct vt_buf *out);

/* A QEMU of ours. */
struct vt_machine {
    struct vt_process process;
    struct vt_qmp qmp;
    char folder[VT_FOLDER_SIZE];        /* "" where there is none */
    int keeper;                 /* end of a pipe that the keeper reads, or -1 */
    pid_t keeper_pid;
};

#define VT_MACHINE_INIT                                                     \
    { .process = VT_PROCESS_INIT, .qmp = VT_QMP_INIT, .keeper = -1 }

/* Start it and shake hands.  Another monitor, for others, is the socket
 * "qmp.sock" in the machine's private folder.
 */
int vt_machine_start(const struct vt_launch *launch,
                     struct vt_machine *ret_machine, struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* End it at once and leave nothing.  Safe to call twice. */
void vt_machine_stop(struct vt_machine *machine);

/* Whether KVM really runs a guest on this machine: started once for each boot
 * of the host, with the stand-in guest @probe, and remembered.  @ret_why says
 * why not.  VTOPO_ACCEL ("kvm" or "tcg") decides otherwise.
 */
enum vtopo_accel vt_accel_choose(const char *program, const char *probe,
                                 char ret_why[160]);

/* The file @name of the stand-in guest: in the folder that VTOPO_PROBE names,
 * else in "probe" beside the running program, else where it is installed.  The
 * caller frees it.
 */
int vt_find_probe(const char *name, char **ret_path, struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

#endif /* VT_LAUNCH_H */
