/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * bulk.c - answer a stream of JSON lines, one line for each (see bulk.h)
 *
 * Input is read in large blocks into one buffer that holds the longest line
 * and a block more; lines are answered where they lie.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "bulk.h"
#include "output.h"

#define READ_SIZE (256u * 1024u)
#define WRITE_SIZE (64u * 1024u)

/* The longest line with its carriage return, and a block behind it. */
#define INPUT_SIZE (BULK_LINE_MAX + 1 + READ_SIZE)

struct bulk {
    bulk_answer_fn answer;
    void *context;
    const char *path;
    int fd;
    char *input;                /* INPUT_SIZE bytes, and one that answers
                                 * may write behind a line; owned */
    size_t start;               /* of what is not yet answered */
    size_t scanned;             /* no newline stands before this */
    size_t end;                 /* of what was read */
    bool skipping;              /* inside a line that was refused already */
    struct vt_buf out;
};

static void
bulk_clear(struct bulk *bulk)
{
    if (bulk->fd > STDIN_FILENO)
        (void)close(bulk->fd);
    free(bulk->input);
    vt_buf_clear(&bulk->out);
}

static int
flush(struct bulk *bulk, struct vtopo_error *err)
{
    if (vt_buf_check(&bulk->out, err) < 0
        || vt_write_all(STDOUT_FILENO, "standard output", bulk->out.data,
                        bulk->out.length, err) < 0)
        return -1;
    bulk->out.length = 0;
    return 0;
}

static int
check_line(const char *line, size_t length, struct vtopo_error *err)
{
    if (length > BULK_LINE_MAX)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the line is longer than %u bytes", BULK_LINE_MAX);
    if (memchr(line, '\0', length) != NULL)
        return vt_fail(err, VTOPO_BAD_INPUT, "the line holds a zero byte");
    for (size_t i = 0; i < length; i++) {
        if (line[i] != ' ' && line[i] != '\t')
            return 0;
    }
    return vt_fail(err, VTOPO_BAD_INPUT, "the line is empty");
}

static void
answer_line(struct bulk *bulk, char *line, size_t length)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    size_t mark = bulk->out.length;

    if (length > 0 && line[length - 1] == '\r')
        length--;
    if (check_line(line, length, &err) < 0
        || bulk->answer(bulk->context, line, length, &bulk->out, &err) < 0) {
        bulk->out.length = mark;
        output_add_json_error(&bulk->out, &err);
    }
    vt_buf_add_char(&bulk->out, '\n');
}

/* Answer every whole line in the buffer, and the start of one that is too
 * long to wait for its end.
 */
static int
answer_lines(struct bulk *bulk, struct vtopo_error *err)
{
    char *newline;

    for (;;) {
        char *line = bulk->input + bulk->start;

        newline = memchr(bulk->input + bulk->scanned, '\n',
                         bulk->end - bulk->scanned);
        if (newline == NULL)
            break;
        if (!bulk->skipping)
            answer_line(bulk, line, (size_t)(newline - line));
        bulk->skipping = false;
        bulk->start = (size_t)(newline - bulk->input) + 1;
        bulk->scanned = bulk->start;
        if (bulk->out.length >= WRITE_SIZE && flush(bulk, err) < 0)
            return -1;
    }
    bulk->scanned = bulk->end;
    if (!bulk->skipping && bulk->end - bulk->start > BULK_LINE_MAX + 1) {
        answer_line(bulk, bulk->input + bulk->start, bulk->end - bulk->start);
        bulk->skipping = true;
    }
    if (bulk->skipping)
        bulk->start = bulk->end;
    return 0;
}

/* Read one block behind what is left over.  Answers leave first when the
 * input makes us wait.
 */
static int
read_block(struct bulk *bulk, bool *ret_end, struct vtopo_error *err)
{
    struct pollfd ready = { .fd = bulk->fd, .events = POLLIN };
    size_t rest = bulk->end - bulk->start;
    ssize_t got;

    if (rest > 0 && bulk->start > 0)
        memmove(bulk->input, bulk->input + bulk->start, rest);
    bulk->scanned -= bulk->start;
    bulk->end = rest;
    bulk->start = 0;

    if (poll(&ready, 1, 0) == 0 && flush(bulk, err) < 0)
        return -1;
    while ((got = read(bulk->fd, bulk->input + rest, READ_SIZE)) < 0) {
        if (errno == EAGAIN)
            (void)poll(&ready, 1, -1);
        else if (errno != EINTR)
            return vt_fail_errno(err, "cannot read '%s'", bulk->path);
    }
    bulk->end += (size_t)got;
    *ret_end = got == 0;
    return 0;
}

int
bulk_run(const char *path, bulk_answer_fn answer, void *context,
         struct vtopo_error *err)
{
    vt_auto(bulk_clear) struct bulk bulk = {
        .answer = answer, .context = context, .path = path,
        .fd = STDIN_FILENO,
    };
    bool end = false;

    if (strcmp(path, "-") == 0)
        bulk.path = "standard input";
    else
        bulk.fd = open(path, O_RDONLY | O_CLOEXEC);
    if (bulk.fd < 0)
        return vt_fail_errno(err, "cannot open '%s'", path);
    bulk.input = malloc(INPUT_SIZE + 1);
    if (bulk.input == NULL)
        return vt_fail_memory(err);

    while (!end) {
        if (read_block(&bulk, &end, err) < 0 || answer_lines(&bulk, err) < 0)
            return -1;
    }
    if (bulk.end > bulk.start)
        answer_line(&bulk, bulk.input + bulk.start, bulk.end - bulk.start);
    return flush(&bulk, err);
}
