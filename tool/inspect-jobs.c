/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * inspect-jobs.c - look at many images, some at a time, and answer in order
 *
 * Each image has a process, so that none can stop another, and a file in
 * memory that takes its answer.  At most WINDOW answers wait for an earlier
 * one, which bounds memory and descriptors.
 */

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json-write.h"
#include "inspect-jobs.h"
#include "output.h"

#define WINDOW 128u

struct slot {
    pid_t pid;                  /* 0: nothing runs here */
    int fd;                     /* of the answer, or -1 */
    int status;
    unsigned cpu;
};

struct run {
    char **names;
    unsigned count;
    inspect_job_fn job;
    const void *context;
    bool packed;
    unsigned next;              /* to be started */
    unsigned shown;             /* already written */
    unsigned running;
    struct slot slots[WINDOW];  /* of image i: i % WINDOW */
    cpu_set_t cpus;             /* where we may run */
    unsigned busy[CPU_SETSIZE]; /* images that each is looking at */
    bool any_error, any_none;
};

/* The one with the least to do: an image keeps to one processor (see image.h),
 * and they should not all keep to the same.
 */
static unsigned
choose_cpu(const struct run *run)
{
    unsigned best = CPU_SETSIZE;

    for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (CPU_ISSET(cpu, &run->cpus)
            && (best == CPU_SETSIZE || run->busy[cpu] < run->busy[best]))
            best = cpu;
    }
    return best;
}

/* Anywhere, where no processor could be chosen. */
static void
stay_on(unsigned cpu)
{
    cpu_set_t cpus;

    if (cpu == CPU_SETSIZE)
        return;
    CPU_ZERO(&cpus);
    CPU_SET(cpu, &cpus);
    (void)sched_setaffinity(0, sizeof(cpus), &cpus);
}

/* In the child: answer, and leave without the parent's clean-up. */
static void
be_child(const struct run *run, unsigned index, int fd)
    __attribute__((noreturn));

static void
be_child(const struct run *run, unsigned index, int fd)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vt_buf out = VT_BUF_INIT;
    int status;

    stay_on(run->slots[index % WINDOW].cpu);
    status = run->job(run->context, run->names[index], &out);
    if (out.failed || vt_write_all(fd, "the answer", out.data, out.length,
                                   &err) < 0)
        _exit(99);
    _exit(status);
}

static int
start_one(struct run *run, struct vtopo_error *err)
{
    struct slot *slot = &run->slots[run->next % WINDOW];

    slot->fd = memfd_create("vtopo-inspect", MFD_CLOEXEC);
    if (slot->fd < 0)
        return vt_fail_errno(err, "cannot make room for an answer");
    slot->cpu = choose_cpu(run);
    slot->pid = fork();
    if (slot->pid < 0) {
        slot->pid = 0;
        return vt_fail_errno(err, "cannot start a process");
    }
    if (slot->pid == 0)
        be_child(run, run->next, slot->fd);
    run->next++;
    run->running++;
    if (slot->cpu < CPU_SETSIZE)
        run->busy[slot->cpu]++;
    return 0;
}

static int
wait_one(struct run *run, struct vtopo_error *err)
{
    int wait_status;
    pid_t pid;

    do
        pid = waitpid(-1, &wait_status, 0);
    while (pid < 0 && errno == EINTR);
    if (pid < 0)
        return vt_fail_errno(err, "cannot wait for a process");
    for (unsigned i = 0; i < WINDOW; i++) {
        if (run->slots[i].pid != pid)
            continue;
        run->slots[i].pid = 0;
        if (run->slots[i].cpu < CPU_SETSIZE)
            run->busy[run->slots[i].cpu]--;
        run->slots[i].status = WIFEXITED(wait_status)
            ? WEXITSTATUS(wait_status) : 99;
        run->running--;
    }
    return 0;
}

static int
copy_answer(const struct slot *slot, struct vtopo_error *err)
{
    char block[65536];
    off_t at = 0;
    ssize_t got;

    while ((got = pread(slot->fd, block, sizeof(block), at)) > 0) {
        if (vt_write_all(STDOUT_FILENO, "standard output", block, (size_t)got,
                         err) < 0)
            return -1;
        at += got;
    }
    return got < 0 ? vt_fail_errno(err, "cannot read an answer back") : 0;
}

/* In place of the answer of a process that died. */
static int
show_death(const struct run *run, struct vtopo_error *err)
{
    vt_auto(vt_buf_clear) struct vt_buf line = VT_BUF_INIT;
    struct vt_json json = VT_JSON_INIT(&line);

    if (run->packed) {
        vt_json_open(&json, '{');
        vt_json_key(&json, "image");
        vt_json_string(&json, run->names[run->shown]);
        vt_json_key(&json, "error");
        vt_json_open(&json, '{');
        vt_json_key(&json, "code");
        vt_json_string(&json, vtopo_code_name(VTOPO_SYSTEM));
        vt_json_key(&json, "message");
        vt_json_string(&json, "the process that looked at it died");
        vt_json_close(&json, '}');
        vt_json_close(&json, '}');
    } else {
        output_add_escaped(&line, run->names[run->shown]);
        vt_buf_add_string(&line, ": the process that looked at it died");
    }
    vt_buf_add_char(&line, '\n');
    return vt_write_all(STDOUT_FILENO, "standard output", line.data,
                        line.length, err);
}

/* Write the answers that are complete and next in order. */
static int
show_ready(struct run *run, struct vtopo_error *err)
{
    while (run->shown < run->next && run->slots[run->shown % WINDOW].pid == 0) {
        struct slot *slot = &run->slots[run->shown % WINDOW];
        int rc = 0;

        if (!run->packed && run->shown > 0)
            rc = vt_write_all(STDOUT_FILENO, "standard output", "\n", 1, err);
        if (rc == 0)
            rc = copy_answer(slot, err);
        (void)close(slot->fd);
        slot->fd = -1;
        if (rc < 0)
            return -1;
        /* One that died has said nothing; the others go on. */
        if (slot->status > 2 && show_death(run, err) < 0)
            return -1;
        run->any_error = run->any_error || slot->status == 1
            || slot->status > 2;
        run->any_none = run->any_none || slot->status == 2;
        run->shown++;
    }
    return 0;
}

static int
run_all(struct run *run, unsigned jobs, struct vtopo_error *err)
{
    while (run->shown < run->count) {
        while (run->next < run->count && run->running < jobs
               && run->next - run->shown < WINDOW) {
            if (start_one(run, err) < 0)
                return -1;
        }
        if ((run->running > 0 && wait_one(run, err) < 0)
            || show_ready(run, err) < 0)
            return -1;
    }
    return 0;
}

int
inspect_jobs_run(char **names, unsigned count, unsigned jobs,
                 inspect_job_fn job, const void *context, bool packed,
                 int *ret_status, struct vtopo_error *err)
{
    vt_autofree struct run *run = calloc(1, sizeof(*run));
    int rc;

    if (run == NULL)
        return vt_fail_memory(err);
    *run = (struct run) {
        .names = names, .count = count, .job = job, .context = context,
        .packed = packed,
    };
    for (unsigned i = 0; i < WINDOW; i++)
        run->slots[i].fd = -1;
    /* More processors than the set can hold: then it stays empty. */
    if (sched_getaffinity(0, sizeof(run->cpus), &run->cpus) < 0)
        CPU_ZERO(&run->cpus);
    rc = run_all(run, jobs, err);
    for (unsigned i = 0; i < WINDOW; i++) {
        if (run->slots[i].pid != 0)
            (void)waitpid(run->slots[i].pid, NULL, 0);
        if (run->slots[i].fd >= 0)
            (void)close(run->slots[i].fd);
    }
    *ret_status = run->any_error ? 1 : run->any_none ? 2 : 0;
    return rc;
}
