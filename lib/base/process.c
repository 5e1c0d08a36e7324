/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * process.c - hear what a helper says, and see it end (see spawn.h)
 */

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/spawn.h"

/* How long a killed helper's last words are waited for. */
#define LAST_WORDS_MS 100u

/* How long a helper that hung up may take to end by itself. */
#define ENDING_MS 1000

uint64_t
vt_deadline_in(unsigned milliseconds)
{
    struct timespec now = { 0, 0 };

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u
           + milliseconds;
}

/* Milliseconds until @deadline, as poll() wants them. */
static int
time_left(uint64_t deadline)
{
    uint64_t now = vt_deadline_in(0);

    if (deadline <= now)
        return 0;
    return deadline - now > 1000000u ? 1000000 : (int)(deadline - now);
}

static void
close_end(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

/* ------------------------------------------------------ standard error */

/* Keep the end: the reason for a failure is said last. */
static void
keep_log(struct vt_buf *log, const char *data, size_t size)
{
    vt_buf_add(log, data, size);
    if (!log->failed && log->length > VT_SPAWN_LOG_MAX) {
        size_t extra = log->length - VT_SPAWN_LOG_MAX;

        memmove(log->data, log->data + extra, VT_SPAWN_LOG_MAX);
        log->length = VT_SPAWN_LOG_MAX;
    }
}

static void
read_log(struct vt_process *process)
{
    char chunk[1024];
    ssize_t got = read(process->err, chunk, sizeof(chunk));

    if (got > 0)
        keep_log(&process->log, chunk, (size_t)got);
    else if (got == 0 || (errno != EAGAIN && errno != EINTR))
        close_end(&process->err);
}

/* Whatever it wrote before it ended. */
static void
drain_log(struct vt_process *process)
{
    uint64_t deadline = vt_deadline_in(LAST_WORDS_MS);

    while (process->err >= 0) {
        struct pollfd item = { .fd = process->err, .events = POLLIN };

        if (poll(&item, 1, time_left(deadline)) <= 0)
            break;
        read_log(process);
    }
}

/* The last line of the log, or NULL; no character of it controls anything. */
static const char *
last_words(struct vt_process *process)
{
    struct vt_buf *log = &process->log;
    size_t start;

    while (log->length > 0 && strchr(" \r\n\t", log->data[log->length - 1]))
        log->length--;
    if (log->failed || log->length == 0)
        return NULL;
    for (start = log->length; start > 0; start--) {
        unsigned char c = (unsigned char)log->data[start - 1];

        if (c == '\n')
            break;
        if (c < 0x20)
            log->data[start - 1] = '?';
    }
    return vt_buf_string(log) + start;
}

/* ---------------------------------------------------------- the ending */

static int
reap(struct vt_process *process)
{
    int status = 0;
    pid_t got;

    do
        got = waitpid(process->pid, &status, 0);
    while (got < 0 && errno == EINTR);
    process->pid = 0;
    /* Somebody else's SIGCHLD handler may have reaped it. */
    return got < 0 ? -1 : status;
}

void
vt_process_stop(struct vt_process *process)
{
    if (process->pid > 0) {
        (void)kill(-process->pid, SIGKILL);
        (void)kill(process->pid, SIGKILL);
        (void)reap(process);
    }
    close_end(&process->pidfd);
    close_end(&process->out);
    close_end(&process->err);
    vt_buf_clear(&process->log);
}

static int
fail_with_words(struct vt_process *process, const char *what,
                struct vtopo_error *err)
{
    const char *words = last_words(process);

    if (words == NULL)
        return vt_fail(err, VTOPO_SYSTEM, "%s %s", process->name, what);
    return vt_fail(err, VTOPO_SYSTEM, "%s %s: %s", process->name, what, words);
}

/* Turn its end into 0 or one error. */
static int
judge(struct vt_process *process, int status, struct vtopo_error *err)
{
    char what[128];

    if (status == 0)
        return 0;
    drain_log(process);
    if (status == -1)
        return fail_with_words(process, "ended, nobody knows how", err);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
        return fail_with_words(process, "was killed by its cage: it tried a "
                               "system call that it may not use", err);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
        return fail_with_words(process, "was killed: it used up its "
                               "processor time", err);
    if (WIFSIGNALED(status))
        (void)snprintf(what, sizeof(what), "was killed by signal %d (%s)",
                       WTERMSIG(status), strsignal(WTERMSIG(status)));
    else
        (void)snprintf(what, sizeof(what), "ended with status %d",
                       WEXITSTATUS(status));
    return fail_with_words(process, what, err);
}

static int
fail_and_stop(struct vt_process *process, const char *what,
              struct vtopo_error *err)
{
    (void)kill(-process->pid, SIGKILL);
    (void)kill(process->pid, SIGKILL);
    (void)reap(process);
    drain_log(process);
    (void)fail_with_words(process, what, err);
    vt_process_stop(process);
    return -1;
}

/* ------------------------------------------------------------- reading */

/* Read what is there; 0 unless there is too much of it. */
static int
read_output(struct vt_process *process, size_t output_max,
            struct vt_buf *output, size_t *total)
{
    char chunk[16384];
    ssize_t got = read(process->out, chunk, sizeof(chunk));

    if (got > 0) {
        if ((size_t)got > output_max - *total)
            return -1;
        *total += (size_t)got;
        vt_buf_add(output, chunk, (size_t)got);
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
        close_end(&process->out);
    }
    return 0;
}

/* One round of waiting for its output or, in place of that, @extra; for its
 * standard error and its end.  False when time is up.
 */
static bool
wait_for_any(const struct vt_process *process, int extra, uint64_t deadline,
             struct pollfd items[4])
{
    const int fds[] = {
        extra < 0 ? process->out : -1, process->err, process->pidfd, extra,
    };
    int left = time_left(deadline);
    int ready;

    for (size_t i = 0; i < 4; i++)
        items[i] = (struct pollfd) { .fd = fds[i], .events = POLLIN };
    ready = poll(items, 4, left);
    if (ready < 0)
        for (size_t i = 0; i < 4; i++)
            items[i].revents = 0;
    return ready > 0 || (ready < 0 && errno == EINTR && left > 0);
}

/* Whether a line ends in @output at @from or later. */
static bool
has_line(const struct vt_buf *output, size_t from)
{
    return output->length > from
           && memchr(output->data + from, '\n', output->length - from) != NULL;
}

/* Read until its end or, where @ret_line is not NULL, until a line is there,
 * which is what it then says.
 */
static int
hear(struct vt_process *process, size_t output_max, uint64_t deadline,
     struct vt_buf *output, bool *ret_line, struct vtopo_error *err)
{
    struct pollfd items[4];
    size_t total = 0;
    bool ended = false;

    /* Its output ends when every copy of the pipe is closed, it itself when
     * it is reaped; neither alone is enough.
     */
    while (!ended || process->out >= 0) {
        size_t before = output->length;

        /* It has ended, but another holds the pipe: only what is in it. */
        if (!wait_for_any(process, -1, ended ? 0 : deadline, items)) {
            if (ended)
                break;
            return fail_and_stop(process, "did not answer in time and was "
                                 "killed", err);
        }
        if (items[0].revents != 0
            && read_output(process, output_max, output, &total) < 0)
            return fail_and_stop(process, "said more than it may and was "
                                 "killed", err);
        if (ret_line != NULL && has_line(output, before)) {
            *ret_line = true;
            return 0;
        }
        if (items[1].revents != 0)
            read_log(process);
        if (items[2].revents != 0 && !ended) {
            ended = true;
            close_end(&process->pidfd);
        }
    }
    return 0;
}

/* It has ended, and all of its output is there. */
static int
finish(struct vt_process *process, struct vt_buf *output,
       struct vtopo_error *err)
{
    int rc;

    /* Its children, if it could have any, go with it. */
    (void)kill(-process->pid, SIGKILL);
    rc = judge(process, reap(process), err);
    vt_process_stop(process);
    return rc == 0 ? vt_buf_check(output, err) : rc;
}

int
vt_process_read(struct vt_process *process, size_t output_max,
                uint64_t deadline, struct vt_buf *output,
                struct vtopo_error *err)
{
    if (hear(process, output_max, deadline, output, NULL, err) < 0)
        return -1;
    return finish(process, output, err);
}

int
vt_process_read_line(struct vt_process *process, size_t output_max,
                     uint64_t deadline, struct vt_buf *output,
                     struct vtopo_error *err)
{
    bool line = false;

    if (hear(process, output_max, deadline, output, &line, err) < 0)
        return -1;
    if (line)
        return vt_buf_check(output, err);
    if (finish(process, output, err) < 0)
        return -1;
    return output->length > 0 ? 0
           : vt_fail(err, VTOPO_SYSTEM, "%s ended without a word",
                     process->name);
}

/* It hung up or has ended: how?  What hangs up without ending is killed. */
static int
fail_with_ending(struct vt_process *process, struct vtopo_error *err)
{
    struct pollfd item = { .fd = process->pidfd, .events = POLLIN };
    int status;

    if (poll(&item, 1, ENDING_MS) <= 0)
        return fail_and_stop(process, "hung up and was killed", err);
    status = reap(process);
    if (judge(process, status, err) == 0) {
        drain_log(process);
        (void)fail_with_words(process, "ended at once", err);
    }
    vt_process_stop(process);
    return -1;
}

int
vt_process_wait(struct vt_process *process, int fd, uint64_t deadline,
                struct vtopo_error *err)
{
    struct pollfd items[4];

    for (;;) {
        if (!wait_for_any(process, fd, deadline, items))
            return fail_and_stop(process, "was not ready in time and was "
                                 "killed", err);
        if (items[1].revents != 0)
            read_log(process);
        if (items[2].revents != 0
            || (items[3].revents != 0 && items[3].revents != POLLIN))
            return fail_with_ending(process, err);
        if (items[3].revents == POLLIN)
            return 0;
    }
}

bool
vt_process_look(struct vt_process *process)
{
    struct pollfd item = { .fd = process->pidfd, .events = POLLIN };
    struct pollfd log = { .fd = process->err, .events = POLLIN };

    while (process->err >= 0 && poll(&log, 1, 0) > 0) {
        read_log(process);
        log.fd = process->err;
    }
    return process->pid > 0 && poll(&item, 1, 0) == 0;
}
