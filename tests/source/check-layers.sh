#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# check-layers.sh SOURCE-DIR - hold the tree to its one-way data flow
#
# A folder of lib/ includes its own headers, vtopo.h, and those of folders
# above it in the list below.  tool/ includes any of lib/, worker/ its base
# only, probe/ nothing of ours.  A third-party library is included in one file,
# so that its conventions end there.  That file may be a header x-parts.h: then
# only the files x.c and x-*.c beside it include that.

set -u
cd -- "${1:?SOURCE-DIR}" || exit 99

layers="base topology guest image host plan config vm verdict report fleet"

# What every file may include: C, POSIX and Linux.
system="assert byteswap ctype dirent dlfcn elf endian errno fcntl fnmatch ftw
    getopt glob grp iconv inttypes langinfo libgen limits locale malloc math
    mntent netdb paths poll pthread pwd regex sched search semaphore setjmp
    signal spawn stdalign stdarg stdatomic stdbool stddef stdint stdio stdlib
    stdnoreturn string strings syslog termios threads time uchar unistd utime
    wchar"

trees=
for tree in include lib tool worker probe; do
    [ ! -d "$tree" ] || trees="$trees $tree"
done

# $trees is a list of plain words.
# shellcheck disable=SC2086
{
    find $trees -name '*.[chS]' | sed 's/^/file /'
    find $trees -name '*.[chS]' -exec grep -Hn \
        '^[[:space:]]*#[[:space:]]*include[[:space:]]' {} + |
        sed 's/^\([^:]*\):\([0-9]*\):[^<"]*\([<"]\)\([^>"]*\).*/\3 \1 \2 \4/'
} | awk -v layers="$layers" -v system_headers="$system" '
function complain(text) {
    print file ":" line ": " text
    failed = 1
}
function folder_of(path) {
    return path ~ /\// ? substr(path, 1, index(path, "/") - 1) : ""
}
function ours(header,    folder) {
    folder = folder_of(header)
    if (header == "vtopo.h") {
        if (place == "probe")
            complain("the probe stands alone, but includes vtopo.h")
        return
    }
    if (folder == "") {
        if (!((here "/" header) in exists))
            complain(header " is not in " here)
        uses++
        user[uses] = file
        user_line[uses] = line
        used[uses] = here "/" header
        return
    }
    if (!(("lib/" header) in exists))
        complain(header " is not in lib")
    else if (place == "include" || place == "probe")
        complain(place " may not include " header)
    else if (place == "worker" && folder != "base")
        complain("the worker may include base alone of lib, not " header)
    else if (place == "lib" && !(folder in rank))
        complain(folder " is not in the list of layers")
    else if (place == "lib" && rank[folder] > rank[layer])
        complain(header " comes later than " layer " in: " layers)
}
function theirs(header,    library) {
    if (header in is_system || header ~ /^(sys|linux|arpa|net|netinet)\//)
        return
    library = header ~ /\// ? folder_of(header) : header
    if (library in first && first[library] != file)
        complain("<" header "> belongs to a library that " first[library] \
                 " includes")
    else
        first[library] = file
    if (file ~ /\.h$/)
        wraps[file] = library
}
# A header that includes a library is for the files that share its stem.
function check_wraps(    i, stem) {
    for (file in wraps) {
        line = 1
        if (file !~ /-parts\.h$/)
            complain("a header of <" wraps[file] "> must be a x-parts.h")
    }
    for (i = 1; i <= uses; i++) {
        if (!(used[i] in wraps))
            continue
        stem = used[i]
        sub(/-parts\.h$/, "", stem)
        file = user[i]
        line = user_line[i]
        if (file != stem ".c" \
            && (substr(file, 1, length(stem) + 1) != stem "-" \
                || file !~ /\.c$/))
            complain(used[i] " brings in <" wraps[used[i]] ">, which is for " \
                     stem ".c and " stem "-*.c")
    }
}
BEGIN {
    n = split(layers, list, " ")
    for (i = 1; i <= n; i++)
        rank[list[i]] = i
    n = split(system_headers, list, " ")
    for (i = 1; i <= n; i++)
        is_system[list[i] ".h"] = 1
}
$1 == "file" {
    exists[$2] = 1
    if ($2 ~ /^lib\//) {
        split($2, part, "/")
        if (!(part[2] in rank)) {
            file = $2
            line = 1
            complain("lib holds the layers alone: " layers)
        }
    }
    next
}
{
    file = $2
    line = $3
    here = file
    sub(/\/[^\/]*$/, "", here)
    split(file, part, "/")
    place = part[1]
    layer = part[2]
    seen++
    if ($1 == "<")
        theirs($4)
    else
        ours($4)
}
END {
    check_wraps()
    if (!seen) {
        print "there are no sources here"
        failed = 1
    }
    exit failed
}'
