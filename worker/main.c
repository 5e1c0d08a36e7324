/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * main.c - vtopo-worker, the program that reads the bytes of images
 *
 *   vtopo-worker [--no-sandbox] sniff|facts|facts-nbd
 *
 * Started by vtopo alone, with a request as JSON on standard input and the
 * descriptors that the request names; it answers on standard output with one
 * line of JSON and status 0:
 *
 *   {"sandbox":{...},"answer":{...}}
 *   {"sandbox":{...},"error":{"code":"..","message":"..","hint":null}}
 *
 * "sandbox" says what the cage is made of.  Any other status, and anything
 * on standard error, is a failure of the worker itself.
 */

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json-read.h"
#include "base/json-write.h"
#include "blocks.h"
#include "cage.h"
#include "facts.h"
#include "sniff.h"

/* Limits: of the request, of the answer, and of descriptor numbers. */
#define REQUEST_MAX (1u << 20)
#define ANSWER_MAX  (4u << 20)
#define FD_MAX      1023u

typedef int run_mode(struct vt_json_reader *request, struct vt_json *answer,
                     struct vtopo_error *err);

struct mode {
    const char *name;
    run_mode *run;
    bool needs_nbd;             /* the disk of the request is behind NBD */
};

/* The cage ends processes that leak checkers would start. */
const char *__asan_default_options(void);
const char *
__asan_default_options(void)
{
    return "detect_leaks=0";
}

/* ----------------------------------------------------------- sniffing */

struct sniff_request {
    unsigned fd;
    bool has_fd;
    const char *format;
};

static int
read_sniff_member(struct vt_json_reader *reader, const char *key, void *to,
                  struct vtopo_error *err)
{
    struct sniff_request *request = to;

    if (strcmp(key, "fd") == 0) {
        request->has_fd = true;
        return vt_json_read_uint(reader, key, 3, FD_MAX, &request->fd, err);
    }
    if (strcmp(key, "format") == 0 && !vt_json_read_null(reader))
        return vt_json_read_string(reader, key, &request->format, err);
    return strcmp(key, "format") == 0 ? 0 : vt_json_skip(reader, err);
}

/* {"fd":3,"format":"qcow2"}: what is the file, or, is it that? */
static int
run_sniff(struct vt_json_reader *reader, struct vt_json *answer,
          struct vtopo_error *err)
{
    vt_auto(vw_sniff_clear) struct vw_sniff sniff = VW_SNIFF_INIT;
    struct sniff_request request = { .format = NULL };
    struct vw_bytes bytes;

    if (vt_json_read_object(reader, read_sniff_member, &request, err) < 0
        || vt_json_finish(reader, err) < 0)
        return -1;
    if (!request.has_fd)
        return vt_fail(err, VTOPO_BAD_INPUT, "the request names no 'fd'");
    if (request.format != NULL && !vw_sniff_knows(request.format))
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "'%s' is no format that can be read", request.format);
    if (vw_raw_open((int)request.fd, &bytes, err) < 0
        || vw_sniff(&bytes, request.format, &sniff, err) < 0)
        return -1;
    vw_sniff_json(answer, &sniff);
    return 0;
}

/* ------------------------------------------------------------- the way */

static const struct mode modes[] = {
    { .name = "sniff", .run = run_sniff },
    { .name = "facts", .run = vw_facts_run },
    { .name = "facts-nbd", .run = vw_facts_run, .needs_nbd = true },
};

/* All of standard input. */
static int
read_request(struct vt_buf *request, struct vtopo_error *err)
{
    ssize_t got;

    do {
        if (!vt_buf_reserve(request, 65536))
            return vt_fail_memory(err);
        got = read(STDIN_FILENO, request->data + request->length, 65535);
        if (got < 0 && errno != EINTR)
            return vt_fail_errno(err, "cannot read the request");
        request->length += got > 0 ? (size_t)got : 0;
        if (request->length > REQUEST_MAX)
            return vt_fail(err, VTOPO_BAD_INPUT,
                           "the request has more than %u bytes", REQUEST_MAX);
    } while (got != 0);
    return 0;
}

static void
add_state(struct vt_json *json, const struct vw_cage_state *state)
{
    vt_json_key(json, "sandbox");
    vt_json_open(json, '{');
    vt_json_key(json, "seccomp");
    vt_json_bool(json, state->seccomp);
    vt_json_key(json, "landlock");
    vt_json_uint(json, state->landlock);
    vt_json_key(json, "limits");
    vt_json_bool(json, state->limits);
    vt_json_key(json, "memory");
    vt_json_bool(json, state->memory);
    vt_json_close(json, '}');
}

static void
add_error(struct vt_json *json, const struct vtopo_error *error)
{
    vt_json_key(json, "error");
    vt_json_open(json, '{');
    vt_json_key(json, "code");
    vt_json_string(json, vtopo_code_name(error->code));
    vt_json_key(json, "message");
    vt_json_string(json, error->message);
    vt_json_key(json, "hint");
    vt_json_string_or_null(json, error->hint);
    vt_json_close(json, '}');
}

/* Enter the cage, read the request, run @mode. */
static int
run(const struct mode *mode, const struct vw_cage_limits *limits,
    struct vw_cage_state *state, struct vt_json *answer,
    struct vtopo_error *err)
{
    vt_auto(vt_buf_clear) struct vt_buf request = VT_BUF_INIT;
    struct vt_json_reader reader;

    if ((mode->needs_nbd && vw_nbd_load(err) < 0)
        || vw_cage_enter(limits, state, err) < 0
        || read_request(&request, err) < 0)
        return -1;
    vt_json_reader_start(&reader, request.data, request.length);
    if (mode->run(&reader, answer, err) < 0
        || vt_buf_check(answer->out, err) < 0)
        return -1;
    if (answer->out->length > ANSWER_MAX)
        return vt_fail(err, VTOPO_IMPOSSIBLE,
                       "the answer would have %zu bytes, it can have %u",
                       answer->out->length, ANSWER_MAX);
    return 0;
}

static int
write_all(const struct vt_buf *text)
{
    size_t done = 0;

    while (done < text->length) {
        ssize_t put = write(STDOUT_FILENO, text->data + done,
                            text->length - done);

        if (put < 0 && errno != EINTR)
            return -1;
        done += put > 0 ? (size_t)put : 0;
    }
    return 0;
}

/* Run @mode and write what came of it. */
static int
answer(const struct mode *mode, const struct vw_cage_limits *limits)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_auto(vt_buf_clear) struct vt_buf value = VT_BUF_INIT;
    vt_auto(vt_buf_clear) struct vt_buf line = VT_BUF_INIT;
    struct vw_cage_state state = { .landlock = 0 };
    struct vt_json inner = VT_JSON_INIT(&value);
    struct vt_json json = VT_JSON_INIT(&line);
    int rc = run(mode, limits, &state, &inner, &err);

    vt_json_open(&json, '{');
    add_state(&json, &state);
    if (rc < 0) {
        add_error(&json, &err);
    } else {
        vt_json_key(&json, "answer");
        vt_buf_add(&line, value.data, value.length);
    }
    vt_json_close(&json, '}');
    vt_buf_add_char(&line, '\n');
    return line.failed ? -1 : write_all(&line);
}

int
main(int argc, char **argv)
{
    struct vw_cage_limits limits = VW_CAGE_LIMITS;
    const struct mode *mode = NULL;
    int next = 1;

    if (next < argc && strcmp(argv[next], "--no-sandbox") == 0) {
        limits.no_sandbox = true;
        next++;
    }
    for (size_t i = 0; next == argc - 1 && i < VT_COUNT(modes); i++) {
        if (strcmp(argv[next], modes[i].name) == 0)
            mode = &modes[i];
    }
    if (mode == NULL) {
        fputs("vtopo-worker is a part of vtopo, which starts it\n", stderr);
        return 2;
    }
    /* Names in images are UTF-8; the C library reads files to know it. */
    (void)setlocale(LC_CTYPE, "C.UTF-8");
    /* No exit handlers: nothing is buffered, and libraries may do in theirs
     * what the cage forbids.
     */
    _exit(answer(mode, &limits) < 0 ? 1 : 0);
}
