/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * main.c - vtopo-worker, the program that reads the bytes of images
 *
 *   vtopo-worker [--no-sandbox]
 *
 * Started by vtopo alone, for one image or one set of loose files.  Standard
 * input is a socket of questions (see message.h), each a JSON object of one
 * member, {"QUESTION":{...}}; each is answered on standard output with one
 * line of JSON.  When nothing more can be asked the worker ends with status 0.
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
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json-read.h"
#include "base/json-write.h"
#include "blocks.h"
#include "cage.h"
#include "facts.h"
#include "message.h"
#include "repair.h"
#include "sniff.h"

/* Bytes of one answer: those of VW_CAPTURE_MAX in base64, with up to 100 more
 * for each 512 of them, which may be a write of its own, and some to spare.
 * The parent takes 64 KiB more (VT_IMAGE_ANSWER_MAX), for what is around it.
 */
#define ANSWER_MAX (32u << 20)

/* Reads the question that @reader stands before, and answers it. */
typedef int answer_question(const struct vw_message *message,
                            struct vt_json_reader *reader,
                            struct vt_json *answer, struct vtopo_error *err);

struct question {
    const char *name;
    answer_question *answer;
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
    const struct vw_message *message;
    int fd;
    const char *format;
};

static int
read_sniff_member(struct vt_json_reader *reader, const char *key, void *to,
                  struct vtopo_error *err)
{
    struct sniff_request *request = to;

    if (strcmp(key, "fd") == 0)
        return vw_message_read_fd(request->message, reader, key, &request->fd,
                                  err);
    if (strcmp(key, "format") == 0 && !vt_json_read_null(reader))
        return vt_json_read_string(reader, key, &request->format, err);
    return strcmp(key, "format") == 0 ? 0 : vt_json_skip(reader, err);
}

/* {"fd":0,"format":"qcow2"}: what is the file, or, is it that? */
static int
answer_sniff(const struct vw_message *message, struct vt_json_reader *reader,
             struct vt_json *answer, struct vtopo_error *err)
{
    vt_auto(vw_sniff_clear) struct vw_sniff sniff = VW_SNIFF_INIT;
    struct sniff_request request = { .message = message, .fd = -1 };
    struct vw_bytes bytes;

    if (vt_json_read_object(reader, read_sniff_member, &request, err) < 0)
        return -1;
    if (request.format != NULL && !vw_sniff_knows(request.format))
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "'%s' is no format that can be read", request.format);
    if (vw_raw_open(request.fd, &bytes, err) < 0
        || vw_sniff(&bytes, request.format, &sniff, err) < 0)
        return -1;
    vw_sniff_json(answer, &sniff);
    return 0;
}

/* ----------------------------------------------------------- answering */

static const struct question questions[] = {
    { .name = "sniff", .answer = answer_sniff },
    { .name = "facts", .answer = vw_facts_run },
    { .name = "repair", .answer = vw_repair_run },
};

struct answering {
    const struct vw_message *message;
    struct vt_json *answer;
    unsigned count;             /* questions in the message */
};

static int
read_question(struct vt_json_reader *reader, const char *key, void *to,
              struct vtopo_error *err)
{
    struct answering *answering = to;

    if (answering->count++ > 0)
        return vt_fail(err, VTOPO_BAD_INPUT, "the request is two questions");
    for (size_t i = 0; i < VT_COUNT(questions); i++) {
        if (strcmp(questions[i].name, key) == 0)
            return questions[i].answer(answering->message, reader,
                                       answering->answer, err);
    }
    return vt_fail(err, VTOPO_BAD_INPUT, "'%s' is no question", key);
}

static int
run(struct vw_message *message, struct vt_json *answer,
    struct vtopo_error *err)
{
    struct answering answering = { .message = message, .answer = answer };
    struct vt_json_reader reader;

    vt_json_reader_start(&reader, message->text, message->length);
    if (vt_json_read_object(&reader, read_question, &answering, err) < 0
        || vt_json_finish(&reader, err) < 0
        || vt_buf_check(answer->out, err) < 0)
        return -1;
    if (answering.count == 0)
        return vt_fail(err, VTOPO_BAD_INPUT, "the request is no question");
    if (answer->out->length > ANSWER_MAX)
        return vt_fail(err, VTOPO_IMPOSSIBLE,
                       "the answer would have %zu bytes, it can have %u",
                       answer->out->length, ANSWER_MAX);
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

/* Write one line: @value, or in its place @error where that says something. */
static int
write_line(const struct vw_cage_state *state, const struct vt_buf *value,
           const struct vtopo_error *error)
{
    vt_autoerror struct vtopo_error problem = VTOPO_ERROR_INIT;
    vt_auto(vt_buf_clear) struct vt_buf line = VT_BUF_INIT;
    struct vt_json json = VT_JSON_INIT(&line);

    vt_json_open(&json, '{');
    add_state(&json, state);
    if (error->code != VTOPO_OK) {
        add_error(&json, error);
    } else {
        vt_json_key(&json, "answer");
        vt_buf_add(&line, value->data, value->length);
    }
    vt_json_close(&json, '}');
    vt_buf_add_char(&line, '\n');
    return line.failed ? -1
           : vt_write_all(STDOUT_FILENO, "the parent", line.data, line.length,
                          &problem);
}

/* Hear a question and answer it; false when there is none any more, or none
 * that can be heard.
 */
static bool
converse(const struct vw_cage_state *state, struct vw_message *message)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_auto(vt_buf_clear) struct vt_buf value = VT_BUF_INIT;
    struct vt_json answer = VT_JSON_INIT(&value);
    bool any = true;

    if (vw_message_receive(message, &any, &err) == 0 && any)
        (void)run(message, &answer, &err);
    if (any && write_line(state, &value, &err) < 0)
        _exit(EXIT_FAILURE);
    return any && message->length > 0;
}

/* Not on the stack, which the cage limits with all other memory. */
static struct vw_message message;

int
main(int argc, char **argv)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vw_cage_limits limits = VW_CAGE_LIMITS;
    struct vw_cage_state state = { .landlock = 0 };

    limits.no_sandbox = argc == 2 && strcmp(argv[1], "--no-sandbox") == 0;
    if (argc > 2 || (argc == 2 && !limits.no_sandbox)) {
        fputs("vtopo-worker is a part of vtopo, which starts it\n", stderr);
        return 2;
    }
    /* Names in images are UTF-8; the C library reads files to know it. */
    (void)setlocale(LC_CTYPE, "C.UTF-8");
    /* Whatever is asked, no cage is the answer. */
    if (vw_cage_enter(&limits, &state, &err) < 0)
        _exit(write_line(&state, &(struct vt_buf)VT_BUF_INIT, &err) < 0);
    while (converse(&state, &message))
        ;
    /* No exit handlers: nothing is buffered, and libraries may do in theirs
     * what the cage forbids.
     */
    _exit(EXIT_SUCCESS);
}
