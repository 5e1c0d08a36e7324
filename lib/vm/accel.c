/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * accel.c - whether KVM runs a guest here (see launch.h)
 *
 * That /dev/kvm can be opened proves nothing: there are hosts, mostly such as
 * are virtual machines themselves, where a guest then hangs.  So the stand-in
 * guest is started with two vCPUs and must report in a few seconds.  What came
 * of it holds for that QEMU until the host starts anew.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/spawn.h"
#include "vm/launch.h"

#define TEST_MS 4000u

/* The stand-in guest writes this much at most. */
#define REPORT_MAX (1u << 20)

/* ---------------------------------------------------------- remembering */

/* The file of this boot and of the QEMU in @program, in a folder that is ours
 * alone; "" where none is.
 */
static void
name_memory(const char *program, char *path, size_t size)
{
    const char *runtime = secure_getenv("XDG_RUNTIME_DIR");
    const char *home = secure_getenv("HOME");
    const char *cache = secure_getenv("XDG_CACHE_HOME");
    vt_autofile FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
    const char *folder = runtime != NULL ? runtime : cache != NULL ? cache
                                                                   : home;
    struct stat st;
    char boot[40] = "";
    int length;

    path[0] = '\0';
    if (folder == NULL || file == NULL || fscanf(file, "%36s", boot) != 1
        || stat(program, &st) != 0)
        return;
    length = snprintf(path, size, "%s%s/vtopo-kvm-%s-%llx-%llx", folder,
                      folder == home ? "/.cache" : "", boot,
                      (unsigned long long)st.st_ino,
                      (unsigned long long)st.st_mtim.tv_sec);
    if (length < 0 || (size_t)length >= size)
        path[0] = '\0';
}

static bool
remember(const char *program, char *why, size_t size, bool *ret_works)
{
    char path[512];
    vt_autofile FILE *file = NULL;
    char word[8];

    name_memory(program, path, sizeof(path));
    file = path[0] != '\0' ? fopen(path, "re") : NULL;
    if (file == NULL || fscanf(file, "%7s ", word) != 1)
        return false;
    *ret_works = strcmp(word, "works") == 0;
    if (fgets(why, (int)size, file) == NULL)
        why[0] = '\0';
    return true;
}

static void
keep(const char *program, const char *why, bool works)
{
    char path[512], text[200];
    vt_autoclose int fd = -1;
    int length = snprintf(text, sizeof(text), "%s %s",
                          works ? "works" : "fails", why);

    name_memory(program, path, sizeof(path));
    if (path[0] == '\0' || length < 0)
        return;
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
              0600);
    /* Where it cannot be kept, it is tried again the next time. */
    if (fd >= 0)
        (void)!write(fd, text, (size_t)length);
}

/* -------------------------------------------------------------- testing */

/* Start the stand-in guest under KVM and hear its report. */
static int
test(const char *path, const char *probe, struct vtopo_error *err)
{
    vt_auto(vt_buf_clear) struct vt_buf report = VT_BUF_INIT;
    const char *const argv[] = {
        "QEMU", "-nodefaults", "-no-user-config", "-display", "none",
        "-machine", "q35", "-accel", "kvm", "-cpu", "host", "-smp", "2",
        "-m", "64", "-debugcon", "stdio", "-global",
        "isa-debugcon.iobase=0xe9", "-device",
        "isa-debug-exit,iobase=0x501,iosize=4", "-kernel", probe, "-append",
        "after=exit", NULL,
    };
    static const char *const env[] = { "LC_ALL=C", NULL };
    const struct vt_spawn spawn = {
        .program = path, .argv = argv, .env = env, .landlock = -1,
    };
    struct vt_process process = VT_PROCESS_INIT;
    int rc;

    if (vt_process_start(&spawn, &process, err) < 0)
        return -1;
    rc = vt_process_read(&process, REPORT_MAX, vt_deadline_in(TEST_MS),
                         &report, err);
    /* Ending by the guest's wish is status 1. */
    if (report.length > 0
        && memmem(report.data, report.length, "\"used\":2", 8) != NULL) {
        vtopo_error_clear(err);
        return 0;
    }
    return rc < 0 ? -1 : vt_fail(err, VTOPO_SYSTEM,
                                 "the guest used one of two vCPUs");
}

/* Without the device there is nothing to try. */
static bool
has_kvm(char why[160])
{
    vt_autoclose int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);

    if (fd >= 0)
        return true;
    (void)snprintf(why, 160, "/dev/kvm cannot be opened: %s", strerror(errno));
    return false;
}

enum vtopo_accel
vt_accel_choose(const char *program, const char *probe, char ret_why[160])
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    const char *given = getenv("VTOPO_ACCEL");
    vt_autofree char *path = NULL;
    bool works = false;

    ret_why[0] = '\0';
    if (given != NULL && given[0] != '\0') {
        (void)snprintf(ret_why, 160, "VTOPO_ACCEL says so");
        return strcmp(given, "kvm") == 0 ? VTOPO_KVM : VTOPO_TCG;
    }
    if (!has_kvm(ret_why))
        return VTOPO_TCG;
    path = vt_find_program(program);
    if (path == NULL)
        return VTOPO_TCG;
    if (!remember(path, ret_why, 160, &works)) {
        works = test(path, probe, &err) == 0;
        /* The end of QEMU's log is for those who look into it. */
        (void)snprintf(ret_why, 160, "%s%.*s%s", works ? "" :
                       "KVM does not run a guest here (",
                       works ? 0 : (int)strcspn(err.message, ":"),
                       works ? "" : err.message, works ? "" : ")");
        keep(path, ret_why, works);
    }
    return works ? VTOPO_KVM : VTOPO_TCG;
}
