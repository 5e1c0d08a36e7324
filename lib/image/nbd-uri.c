/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * nbd-uri.c - NBD URIs, and the connection they stand for
 *
 * After the NBD URI specification of the NBD project.  Encrypted connections
 * (nbds) and vsock are not spoken; what is asked for is refused, never
 * silently weakened.
 */

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/utf8.h"
#include "image/internal.h"

/* Limits: of a URI, and of the time to connect. */
#define URI_MAX    8192u
#define CONNECT_MS 10000

void
vt_nbd_uri_clear(struct vt_nbd_uri *uri)
{
    free(uri->host);
    free(uri->port);
    free(uri->socket);
    free(uri->export_name);
    *uri = (struct vt_nbd_uri) { .host = NULL };
}

bool
vt_nbd_is_uri(const char *name)
{
    static const char *const schemes[] = {
        "nbd:", "nbds:", "nbd+unix:", "nbds+unix:", "nbd+vsock:",
        "nbds+vsock:",
    };

    for (size_t i = 0; i < VT_COUNT(schemes); i++) {
        if (strncasecmp(name, schemes[i], strlen(schemes[i])) == 0)
            return true;
    }
    return false;
}

/* ------------------------------------------------------------- parsing */

static int
hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The @size bytes at @text without their percent signs. */
static int
unescape(const char *text, size_t size, const char *what, char **ret_text,
         struct vtopo_error *err)
{
    vt_autofree char *plain = malloc(size + 1);
    size_t length = 0;

    if (plain == NULL)
        return vt_fail_memory(err);
    for (size_t i = 0; i < size; i++) {
        int high;
        int low;

        if (text[i] != '%') {
            plain[length++] = text[i];
            continue;
        }
        high = size - i > 2 ? hex(text[i + 1]) : -1;
        low = size - i > 2 ? hex(text[i + 2]) : -1;
        if (high < 0 || low < 0 || (high == 0 && low == 0))
            return vt_fail(err, VTOPO_BAD_INPUT,
                           "the %s of the NBD URI has a bad '%%'", what);
        plain[length++] = (char)(high * 16 + low);
        i += 2;
    }
    plain[length] = '\0';
    *ret_text = vt_steal(&plain);
    return 0;
}

/* "socket=PATH" among the "key=value&..." of a query. */
static int
take_query(const char *query, struct vt_nbd_uri *uri, struct vtopo_error *err)
{
    static const char key[] = "socket=";

    while (*query != '\0') {
        size_t length = strcspn(query, "&;");

        if (length < sizeof(key) - 1
            || strncmp(query, key, sizeof(key) - 1) != 0)
            return vt_fail(err, VTOPO_BAD_INPUT,
                           "the NBD URI asks for '%.*s', which is not known",
                           (int)(length > 64 ? 64 : length), query);
        free(uri->socket);
        uri->socket = NULL;
        if (unescape(query + sizeof(key) - 1, length - (sizeof(key) - 1),
                     "socket", &uri->socket, err) < 0)
            return -1;
        query += length;
        query += *query != '\0' ? 1 : 0;
    }
    return 0;
}

/* "host", "host:port", "[address]" or "[address]:port". */
static int
take_authority(const char *text, size_t size, struct vt_nbd_uri *uri,
               struct vtopo_error *err)
{
    const char *end = text + size;
    const char *host = text;
    const char *after;

    if (size > 0 && *text == '[') {
        host++;
        after = memchr(host, ']', size - 1);
        if (after == NULL)
            return vt_fail(err, VTOPO_BAD_INPUT,
                           "the NBD URI has '[' without ']'");
    } else {
        after = memchr(host, ':', size);
        after = after != NULL ? after : end;
    }
    if (memchr(text, '@', size) != NULL)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the NBD URI names a user, which NBD does not have");
    if (unescape(host, (size_t)(after - host), "host", &uri->host, err) < 0)
        return -1;
    after += after < end && *after == ']' ? 1 : 0;
    if (after < end && *after != ':')
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the NBD URI has '%c' behind the host", *after);
    after += after < end ? 1 : 0;
    uri->port = after < end ? strndup(after, (size_t)(end - after))
                            : strdup("10809");
    if (uri->port == NULL)
        return vt_fail_memory(err);
    if (strspn(uri->port, "0123456789") != strlen(uri->port)
        || strlen(uri->port) > 5)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the port of the NBD URI must be a number, not '%s'",
                       uri->port);
    return 0;
}

static int
check_uri(const struct vt_nbd_uri *uri, bool is_unix, struct vtopo_error *err)
{
    const char *name = uri->export_name;

    if (is_unix && (uri->socket == NULL || uri->socket[0] == '\0'))
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the NBD URI names no socket: '?socket=PATH' is "
                       "missing");
    if (!is_unix && uri->socket != NULL)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the NBD URI names a socket, but is not nbd+unix");
    if (!is_unix && (uri->host == NULL || uri->host[0] == '\0'))
        return vt_fail(err, VTOPO_BAD_INPUT, "the NBD URI names no host");
    while (*name != '\0') {
        size_t length = vt_utf8_length(name);

        if (length == 0)
            return vt_fail(err, VTOPO_BAD_INPUT,
                           "the export of the NBD URI is not UTF-8");
        name += length;
    }
    return 0;
}

int
vt_nbd_parse(const char *text, struct vt_nbd_uri *ret_uri,
             struct vtopo_error *err)
{
    vt_auto(vt_nbd_uri_clear) struct vt_nbd_uri uri = { .host = NULL };
    bool is_unix = strncasecmp(text, "nbd+unix://", 11) == 0;
    const char *at = text + (is_unix ? 11 : 6);
    size_t length;

    if (!is_unix && strncasecmp(text, "nbd://", 6) != 0) {
        (void)vt_fail(err, VTOPO_BAD_INPUT,
                      "'%.64s' is no NBD URI that can be opened", text);
        return vt_hint(err, "nbd://HOST[:PORT]/EXPORT and "
                       "nbd+unix:///EXPORT?socket=PATH can; for TLS let "
                       "'nbdfuse' or 'qemu-nbd' stand between");
    }
    if (strlen(text) > URI_MAX)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the NBD URI has more than %u characters", URI_MAX);
    length = strcspn(at, "/?#");
    if (is_unix && length != 0)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the NBD URI names a host, but is nbd+unix");
    if (!is_unix && take_authority(at, length, &uri, err) < 0)
        return -1;
    at += length;
    at += *at == '/' ? 1 : 0;
    length = strcspn(at, "?#");
    if (unescape(at, length, "export", &uri.export_name, err) < 0)
        return -1;
    at += length;
    if (*at == '#')
        return vt_fail(err, VTOPO_BAD_INPUT, "the NBD URI has a fragment");
    if ((*at == '?' && take_query(at + 1, &uri, err) < 0)
        || check_uri(&uri, is_unix, err) < 0)
        return -1;
    *ret_uri = uri;
    uri = (struct vt_nbd_uri) { .host = NULL };
    return 0;
}

/* ---------------------------------------------------------- connecting */

/* Wait no longer than CONNECT_MS for @fd, which does not block, to connect. */
static int
connect_in_time(int fd, const struct sockaddr *address, socklen_t size)
{
    struct pollfd item = { .fd = fd, .events = POLLOUT };
    socklen_t length = sizeof(int);
    int errnum = 0;
    int ready;

    if (connect(fd, address, size) == 0)
        return 0;
    if (errno != EINPROGRESS && errno != EINTR)
        return -1;
    do
        ready = poll(&item, 1, CONNECT_MS);
    while (ready < 0 && errno == EINTR);
    if (ready == 0)
        errno = ETIMEDOUT;
    if (ready <= 0
        || getsockopt(fd, SOL_SOCKET, SO_ERROR, &errnum, &length) < 0)
        return -1;
    errno = errnum;
    return errnum == 0 ? 0 : -1;
}

/* A socket that is connected to @address and waits, or -1 with errno. */
static int
open_connected(int family, const struct sockaddr *address, socklen_t size)
{
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int errnum;

    if (fd < 0)
        return -1;
    if (connect_in_time(fd, address, size) == 0 && fcntl(fd, F_SETFL, 0) == 0)
        return fd;
    errnum = errno;
    (void)close(fd);
    errno = errnum;
    return -1;
}

static int
connect_unix(const char *path, int *ret_fd, struct vtopo_error *err)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd;

    if (strlen(path) >= sizeof(address.sun_path))
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the path of a socket can have %zu bytes, not %zu",
                       sizeof(address.sun_path) - 1, strlen(path));
    (void)strcpy(address.sun_path, path);
    fd = open_connected(AF_UNIX, (const struct sockaddr *)&address,
                        sizeof(address));
    if (fd < 0)
        return vt_fail_errno(err, "cannot connect to the socket '%s'", path);
    *ret_fd = fd;
    return 0;
}

int
vt_nbd_connect(const struct vt_nbd_uri *uri, int *ret_fd,
               struct vtopo_error *err)
{
    const struct addrinfo wanted = {
        .ai_family = AF_UNSPEC,
        .ai_socktype = SOCK_STREAM,
    };
    struct addrinfo *found = NULL;
    int fd = -1;
    int rc;

    if (uri->host == NULL)
        return connect_unix(uri->socket, ret_fd, err);
    /* getaddrinfo() has error numbers of its own. */
    rc = getaddrinfo(uri->host, uri->port, &wanted, &found);
    if (rc != 0)
        return vt_fail(err, VTOPO_SYSTEM, "cannot find the host '%s': %s",
                       uri->host, gai_strerror(rc));
    for (const struct addrinfo *at = found; at != NULL && fd < 0;
         at = at->ai_next)
        fd = open_connected(at->ai_family, at->ai_addr, at->ai_addrlen);
    if (fd < 0) {
        (void)vt_fail_errno(err, "cannot connect to '%s' port %s", uri->host,
                            uri->port);
        freeaddrinfo(found);
        return -1;
    }
    freeaddrinfo(found);
    *ret_fd = fd;
    return 0;
}
