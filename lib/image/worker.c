/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * worker.c - start the worker, ask, and take its answer apart
 *
 * The worker has read hostile bytes: its answer is bounded, must be one JSON
 * value, and nothing in it is believed to be more than text.
 */

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json-read.h"
#include "base/paths.h"
#include "image/internal.h"

#define WORKER "vtopo-worker"

/* ------------------------------------------------------------- finding */

static int
find_worker(const struct vt_image_options *options, char **ret_path,
            struct vtopo_error *err)
{
    const char *named = options->worker != NULL ? options->worker
                                                : secure_getenv("VTOPO_WORKER");
    char *path;

    if (named == NULL)
        return vt_find_own("", WORKER, ret_path, err);
    path = strdup(named);
    if (path == NULL)
        return vt_fail_memory(err);
    *ret_path = path;
    return 0;
}

/* ------------------------------------------------------------- reading */

static int
read_cage_member(struct vt_json_reader *reader, const char *key, void *to,
                 struct vtopo_error *err)
{
    struct vt_image_cage *cage = to;

    if (strcmp(key, "seccomp") == 0)
        return vt_json_read_bool(reader, key, &cage->seccomp, err);
    if (strcmp(key, "limits") == 0)
        return vt_json_read_bool(reader, key, &cage->limits, err);
    if (strcmp(key, "landlock") == 0)
        return vt_json_read_uint(reader, key, 0, 1000, &cage->landlock, err);
    return vt_json_skip(reader, err);
}

struct worker_error {
    const char *code;
    const char *message;
    const char *hint;
};

static int
read_error_member(struct vt_json_reader *reader, const char *key, void *to,
                  struct vtopo_error *err)
{
    struct worker_error *said = to;
    const char **text = strcmp(key, "code") == 0 ? &said->code
                        : strcmp(key, "message") == 0 ? &said->message
                        : strcmp(key, "hint") == 0 ? &said->hint : NULL;

    return text == NULL ? vt_json_skip(reader, err)
           : vt_json_read_null(reader) ? 0
           : vt_json_read_string(reader, key, text, err);
}

/* Make the worker's error ours. */
static int
pass_on(const struct worker_error *said, struct vtopo_error *err)
{
    static const enum vtopo_code codes[] = {
        VTOPO_BAD_INPUT, VTOPO_IMPOSSIBLE, VTOPO_SYSTEM,
    };
    enum vtopo_code code = VTOPO_SYSTEM;

    for (size_t i = 0; said->code != NULL && i < VT_COUNT(codes); i++) {
        if (strcmp(said->code, vtopo_code_name(codes[i])) == 0)
            code = codes[i];
    }
    (void)vt_fail(err, code, "%s", said->message != NULL
                  ? said->message : WORKER " does not say what is wrong");
    if (said->hint != NULL)
        return vt_hint(err, "%s", said->hint);
    return -1;
}

/* What a line of the worker holds. */
struct line {
    struct vt_image_cage cage;
    struct worker_error error;
    bool has_error;
    const char *answer;         /* inside the text, not yet read */
    size_t answer_length;
};

static int
read_member(struct vt_json_reader *reader, const char *key, void *to,
            struct vtopo_error *err)
{
    struct line *line = to;

    if (strcmp(key, "sandbox") == 0)
        return vt_json_read_object(reader, read_cage_member, &line->cage, err);
    if (strcmp(key, "error") == 0) {
        line->has_error = true;
        return vt_json_read_object(reader, read_error_member, &line->error,
                                   err);
    }
    (void)vt_json_peek(reader);     /* past blanks */
    if (strcmp(key, "answer") == 0)
        line->answer = reader->at;
    if (vt_json_skip(reader, err) < 0)
        return -1;
    if (strcmp(key, "answer") == 0)
        line->answer_length = (size_t)(reader->at - line->answer);
    return 0;
}

int
vt_worker_parse(char *text, size_t length, struct vt_buf *answer,
                struct vt_image_cage *ret_cage, struct vtopo_error *err)
{
    struct line line = { .answer = NULL };
    struct vt_json_reader reader;

    vt_json_reader_start(&reader, text, length);
    if (vt_json_read_object(&reader, read_member, &line, err) < 0
        || vt_json_finish(&reader, err) < 0) {
        /* Not the user's input, but a program that is not itself any more. */
        err->code = VTOPO_SYSTEM;
        return vt_wrap(err, WORKER " answered in words of its own");
    }
    if (line.has_error)
        return pass_on(&line.error, err);
    if (line.answer == NULL)
        return vt_fail(err, VTOPO_SYSTEM, WORKER " gave no answer");
    vt_buf_add(answer, line.answer, line.answer_length);
    *ret_cage = line.cage;
    return vt_buf_check(answer, err);
}

/* ------------------------------------------------------------- asking */

int
vt_worker_start(const struct vt_image_options *options,
                const cpu_set_t *cpus, struct vt_worker *ret_worker,
                struct vtopo_error *err)
{
    const char *const argv[] = {
        WORKER, options->no_sandbox ? "--no-sandbox" : NULL, NULL,
    };
    const char *const env[] = { "LC_ALL=C.UTF-8", "MALLOC_ARENA_MAX=1", NULL };
    int ends[2];
    struct vt_spawn_fd fd = { .to = STDIN_FILENO };
    struct vt_spawn spawn = {
        .argv = argv,
        .env = env,
        .fds = &fd,
        .fd_count = 1,
        .cpus = cpus,
        .landlock = -1,         /* it shuts itself in, once it is loaded */
    };
    struct vt_worker worker = VT_WORKER_INIT;
    vt_autofree char *path = NULL;
    int rc;

    if (find_worker(options, &path, err) < 0)
        return -1;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return vt_fail_errno(err, "cannot make a socket for " WORKER);
    spawn.program = path;
    fd.from = ends[1];
    rc = vt_process_start(&spawn, &worker.process, err);
    (void)close(ends[1]);
    if (rc < 0) {
        (void)close(ends[0]);
        return vt_hint(err, "vtopo looks for " WORKER " beside itself and "
                       "in '%s'", VTOPO_LIBEXECDIR);
    }
    worker.channel = ends[0];
    *ret_worker = worker;
    return 0;
}

void
vt_worker_stop(struct vt_worker *worker)
{
    if (worker->channel >= 0)
        (void)close(worker->channel);
    worker->channel = -1;
    vt_process_stop(&worker->process);
}

/* Put @request on its way, and @fds with it. */
static int
send_request(const struct vt_worker *worker, const struct vt_buf *request,
             const int *fds, size_t count, struct vtopo_error *err)
{
    union {
        struct cmsghdr align;
        char space[CMSG_SPACE(VT_IMAGE_FDS_MAX * sizeof(int))];
    } control = { .space = { 0 } };
    struct iovec text = { request->data, request->length };
    struct msghdr header = { .msg_iov = &text, .msg_iovlen = 1 };
    ssize_t put;

    if (count > 0) {
        header.msg_control = &control;
        header.msg_controllen = CMSG_SPACE(count * sizeof(int));
        control.align.cmsg_level = SOL_SOCKET;
        control.align.cmsg_type = SCM_RIGHTS;
        control.align.cmsg_len = CMSG_LEN(count * sizeof(int));
        memcpy(CMSG_DATA(&control.align), fds, count * sizeof(int));
    }
    do
        put = sendmsg(worker->channel, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (put < 0 && errno == EINTR);
    /* When it is gone, why is in the answer that it does not give. */
    if (put < 0 && errno != EPIPE && errno != ECONNRESET)
        return vt_fail_errno(err, "cannot ask " WORKER);
    return 0;
}

/* Have room for the zero byte that a reader of JSON puts behind. */
static int
end_line(struct vt_buf *line, struct vtopo_error *err)
{
    return vt_buf_reserve(line, 1) ? 0 : vt_fail_memory(err);
}

int
vt_worker_ask(struct vt_worker *worker, unsigned wall_ms,
              const struct vt_buf *request, const int *fds, size_t fd_count,
              struct vt_buf *answer, struct vt_image_cage *ret_cage,
              struct vtopo_error *err)
{
    vt_auto(vt_buf_clear) struct vt_buf line = VT_BUF_INIT;
    uint64_t deadline = vt_deadline_in(wall_ms != 0 ? wall_ms
                                                    : VT_IMAGE_WALL_MS);

    if (vt_buf_check(request, err) < 0)
        return -1;
    if (request->length > VT_IMAGE_REQUEST_MAX
        || fd_count > VT_IMAGE_FDS_MAX)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the request has %zu bytes and %zu descriptors, it can "
                       "have %u and %u", request->length, fd_count,
                       VT_IMAGE_REQUEST_MAX, VT_IMAGE_FDS_MAX);
    if (send_request(worker, request, fds, fd_count, err) < 0
        || vt_process_read_line(&worker->process, VT_IMAGE_ANSWER_MAX,
                                deadline, &line, err) < 0
        || end_line(&line, err) < 0
        || vt_worker_parse(line.data, line.length, answer, ret_cage,
                           err) < 0) {
        vt_worker_stop(worker);
        return -1;
    }
    return 0;
}
