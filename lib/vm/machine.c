/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * machine.c - a QEMU that leaves nothing behind (see launch.h)
 */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/paths.h"
#include "vm/launch.h"

extern char **environ;

/* Where QEMU finds its end of our monitor. */
#define QMP_FD 3

/* --------------------------------------------------------------- keeper */

/* Remove the folder and what QEMU has put there. */
static void
remove_folder(const char *folder)
{
    char path[128];

    (void)snprintf(path, sizeof(path), "%s/qmp.sock", folder);
    (void)unlink(path);
    (void)rmdir(folder);
}

/* Wait until nobody holds the other end of @pipe, then clean up. */
static void __attribute__((noreturn))
be_keeper(int pipe, const char *folder)
{
    sigset_t all;
    char byte;
    ssize_t got;

    (void)sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, NULL);
    (void)setsid();
    /* Whoever waits for the end of our output shall not wait for this. */
    for (int fd = 0; fd < pipe; fd++)
        (void)close(fd);
    (void)syscall(SYS_close_range, (unsigned)pipe + 1, ~0u, 0);
    do
        got = read(pipe, &byte, 1);
    while (got > 0 || (got < 0 && errno == EINTR));
    remove_folder(folder);
    for (;;)                    /* without the parent's exit handlers */
        (void)syscall(SYS_exit_group, 0);
}

static int
start_keeper(struct vt_machine *machine, struct vtopo_error *err)
{
    int pipe[2];
    pid_t pid;

    if (pipe2(pipe, O_CLOEXEC) < 0)
        return vt_fail_errno(err, "cannot make a pipe");
    pid = fork();
    if (pid == 0) {
        (void)close(pipe[1]);
        be_keeper(pipe[0], machine->folder);
    }
    (void)close(pipe[0]);
    if (pid < 0) {
        (void)close(pipe[1]);
        return vt_fail_errno(err, "cannot start a process");
    }
    machine->keeper = pipe[1];
    machine->keeper_pid = pid;
    return 0;
}

static int
make_folder(struct vt_machine *machine, struct vtopo_error *err)
{
    if (vt_make_folder(machine->folder, err) < 0)
        return -1;
    if (start_keeper(machine, err) == 0)
        return 0;
    remove_folder(machine->folder);
    machine->folder[0] = '\0';
    return -1;
}

/* ------------------------------------------------------------- starting */

static int
start_qemu(const struct vt_words *words, int monitor,
           struct vt_machine *machine, struct vtopo_error *err)
{
    vt_autofree char *program = vt_find_program(words->list[0]);
    const struct vt_spawn_fd fd = { .from = monitor, .to = QMP_FD };
    struct vt_spawn spawn = {
        .program = program,
        .argv = (const char *const *)words->list,
        .env = (const char *const *)environ,
        .fds = &fd, .fd_count = 1,
        .no_output = true,
        .landlock = -1,
    };

    if (program == NULL)
        return vt_fail_memory(err);
    if (vt_process_start(&spawn, &machine->process, err) < 0)
        return vt_hint(err, "QEMU for PCs is the package qemu-system-x86 or "
                       "qemu-kvm");
    machine->process.name = "QEMU";
    return 0;
}

/* Our monitor, and one for everybody else. */
static void
add_monitors(const struct vt_machine *machine, bool paused,
             struct vt_words *words)
{
    vt_words_add(words, "-chardev");
    vt_words_add(words, "socket,id=vtopo,fd=%d", QMP_FD);
    vt_words_add(words, "-mon");
    vt_words_add(words, "chardev=vtopo,mode=control");
    vt_words_add(words, "-qmp");
    vt_words_add(words, "unix:%s/qmp.sock,server=on,wait=off",
                 machine->folder);
    if (paused)
        vt_words_add(words, "-S");
}

/* Shake hands; when QEMU ends before that, it has said why. */
static int
greet(struct vt_machine *machine, int socket, struct vtopo_error *err)
{
    uint64_t deadline = vt_deadline_in(4 * VT_VM_GREET_MS);

    if (vt_process_wait(&machine->process, socket, deadline, err) < 0) {
        (void)close(socket);
        return -1;
    }
    if (vt_qmp_open(socket, deadline, &machine->qmp, err) < 0)
        return -1;
    machine->qmp.pid = machine->process.pid;
    return 0;
}

static int
start(const struct vt_launch *launch, struct vt_machine *machine,
      struct vtopo_error *err)
{
    vt_auto(vt_words_clear) struct vt_words words = VT_WORDS_INIT;
    int ends[2];
    int rc;

    if (make_folder(machine, err) < 0
        || vt_launch_words(launch, &words, err) < 0)
        return -1;
    add_monitors(machine, launch->paused, &words);
    if (words.failed)
        return vt_fail_memory(err);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        return vt_fail_errno(err, "cannot make a socket for QEMU");
    rc = start_qemu(&words, ends[1], machine, err);
    (void)close(ends[1]);
    if (rc < 0) {
        (void)close(ends[0]);
        return -1;
    }
    return greet(machine, ends[0], err);
}

int
vt_machine_start(const struct vt_launch *launch,
                 struct vt_machine *ret_machine, struct vtopo_error *err)
{
    struct vt_machine machine = VT_MACHINE_INIT;

    if (start(launch, &machine, err) < 0) {
        vt_machine_stop(&machine);
        return -1;
    }
    *ret_machine = machine;
    return 0;
}

void
vt_machine_stop(struct vt_machine *machine)
{
    vt_qmp_close(&machine->qmp);
    vt_process_stop(&machine->process);
    if (machine->keeper >= 0)
        (void)close(machine->keeper);
    machine->keeper = -1;
    if (machine->keeper_pid > 0)
        (void)waitpid(machine->keeper_pid, NULL, 0);
    machine->keeper_pid = 0;
    machine->folder[0] = '\0';
}

/* ------------------------------------------------------------- stand-in */

int
vt_find_probe(const char *name, char **ret_path, struct vtopo_error *err)
{
    const char *given = secure_getenv("VTOPO_PROBE");
    char *path;

    if (given == NULL) {
        if (vt_find_own("probe", name, &path, err) < 0)
            return -1;
    } else if (asprintf(&path, "%s/%s", given, name) < 0) {
        return vt_fail_memory(err);
    }
    if (access(path, R_OK) == 0) {
        *ret_path = path;
        return 0;
    }
    (void)vt_fail_errno(err, "the stand-in guest '%s' is not there", path);
    free(path);
    return vt_hint(err, "vtopo looks for it in 'probe' beside itself and in "
                   "'%s'; VTOPO_PROBE names another folder", VTOPO_LIBEXECDIR);
}
