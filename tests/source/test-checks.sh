#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# test-checks.sh SOURCE-DIR CC... - every source check can fail
#
# The golden runner of the CLI and the counting of results count as such.  Each
# check is given a small good tree, which must pass, and then that tree
# with one thing wrong, which must fail and say what.  Prints TAP.

set -u
unset CDPATH
source=$(realpath -- "${1:?SOURCE-DIR}") || exit 99
shift
checks=$source/tests/source
unset VTOPO_UPDATE_GOLDEN

work=$(mktemp -d) || exit 99
trap 'rm -rf -- "$work"' EXIT
tree=$work/tree
good=$work/good
number=0
failed=0

# result OK SENTENCE - one line of TAP, with what was said when it is wrong
result() {
    number=$((number + 1))
    if [ "$1" -eq 1 ]; then
        echo "ok $number - $2"
    else
        echo "not ok $number - $2"
        sed 's/^/# /' "$work/said"
        failed=1
    fi
}

# passes SENTENCE COMMAND...
passes() {
    sentence=$1
    shift
    ok=0
    "$@" >"$work/said" 2>&1 && ok=1
    result "$ok" "$sentence"
}

# fails SENTENCE EXPECTED-TEXT COMMAND...
fails() {
    sentence=$1
    expected=$2
    shift 2
    "$@" >"$work/said" 2>&1
    status=$?
    ok=0
    [ "$status" -eq 1 ] && grep -qF -- "$expected" "$work/said" && ok=1
    result "$ok" "$sentence"
    rm -rf -- "$tree"
    cp -R -- "$good" "$tree"
}

# Keep the tree as it is now: fails() goes back to it.
keep() {
    rm -rf -- "$good"
    cp -R -- "$tree" "$good"
}

# put FILE TEXT - a file in the tree
put() {
    mkdir -p -- "$(dirname -- "$tree/$1")"
    printf '%s\n' "$2" >"$tree/$1"
}

# ---------------------------------------------------------------- layers

check=$checks/check-layers.sh
put include/vtopo.h '#include <stddef.h>'
put lib/base/buf.h '#include "vtopo.h"'
put lib/plan/plan.h '#include "vtopo.h"'
put lib/plan/plan.c '#include "plan/plan.h"
#include "base/buf.h"
#include "plan.h"
#include <sys/stat.h>'
put lib/guest/lookup.c '#include <jansson.h>'
put worker/facts.c '#include "base/buf.h"'
put worker/disk-parts.h '#include <disk/disk.h>'
put worker/disk.c '#include "disk-parts.h"'
put worker/disk-write.c '#include "disk-parts.h"'
put tool/main.c '#include "plan/plan.h"'
put probe/probe.c '#include <stdint.h>'
keep
passes "layers: a good tree" "$check" "$tree"
put lib/guest/lookup.c '#include "plan/plan.h"'
fails "layers: a folder may not look down" \
      "lib/guest/lookup.c:1: plan/plan.h comes later than guest" \
      "$check" "$tree"
put lib/base/buf.h '#include "guest/lookup.h"'
put lib/guest/lookup.h ''
fails "layers: base may look at no other" "comes later than base" \
      "$check" "$tree"
put lib/stray.c ''
fails "layers: no file beside the layers" "lib holds the layers alone" \
      "$check" "$tree"
put lib/extra/x.c '#include "vtopo.h"'
fails "layers: no folder that is not in the list" \
      "lib holds the layers alone" "$check" "$tree"
put tool/main.c '#include "plan/missing.h"'
fails "layers: what is included exists" "plan/missing.h is not in lib" \
      "$check" "$tree"
put worker/facts.c '#include "plan/plan.h"'
fails "layers: the worker uses base alone" \
      "the worker may include base alone" "$check" "$tree"
put probe/probe.c '#include "vtopo.h"'
fails "layers: the probe stands alone" "the probe stands alone" \
      "$check" "$tree"
put include/vtopo.h '#include "base/buf.h"'
fails "layers: the public header stands alone" \
      "include may not include base/buf.h" "$check" "$tree"
put lib/plan/plan.c '#include <jansson.h>'
fails "layers: a library has one file" "belongs to a library that" \
      "$check" "$tree"
put worker/disk-write.c '#include <disk/disk.h>'
fails "layers: a library has one file, be it a header" \
      "belongs to a library that" "$check" "$tree"
put worker/facts.c '#include "disk-parts.h"'
fails "layers: the header of a library is for its part" \
      "worker/facts.c:1: worker/disk-parts.h brings in <disk>" \
      "$check" "$tree"
put worker/diskette.c '#include "disk-parts.h"'
fails "layers: a part ends where a word does" \
      "which is for worker/disk.c and worker/disk-*.c" "$check" "$tree"
put worker/disk-more.h '#include "disk-parts.h"'
fails "layers: no header hands a library on" \
      "which is for worker/disk.c and worker/disk-*.c" "$check" "$tree"
put worker/facts.h '#include <other/other.h>'
fails "layers: a header of a library says so" "must be a x-parts.h" \
      "$check" "$tree"
rm -rf -- "$tree"
mkdir "$tree"
fails "layers: an empty tree" "no sources" "$check" "$tree"
rm -rf -- "$tree"

# --------------------------------------------------------------- headers

check=$checks/check-headers.sh
put include/vtopo.h '#ifndef VTOPO_H
#define VTOPO_H
#include <stddef.h>
size_t vtopo_size(void);
#endif'
put lib/base/buf.h '#ifndef VT_BUF_H
#define VT_BUF_H
#include "vtopo.h"
static inline size_t vt_size(void) { return vtopo_size(); }
#endif'
keep
passes "headers: a good tree" "$check" "$tree" "$@"
put lib/base/buf.h 'extern size_t vt_size;'
fails "headers: one that needs another before it" \
      "lib/base/buf.h does not compile" "$check" "$tree" "$@"
put lib/base/buf.h 'struct vt_buf { int x; };'
fails "headers: one without a guard" \
      "lib/base/buf.h does not compile" "$check" "$tree" "$@"
put include/vtopo.h '_Static_assert(1, "not in C99");'
fails "headers: the public one must be C99" \
      "vtopo.h does not compile" "$check" "$tree" "$@"
put include/vtopo.h '#ifndef VTOPO_H
#define VTOPO_H
int vtopo_delete(int class);
#endif'
fails "headers: the public one must be C++" \
      "vtopo.h does not compile" "$check" "$tree" "$@"
rm -rf -- "$tree"

# --------------------------------------------------------------- symbols

check=$checks/check-symbols.sh

# build COMPILER... - make lib.so and lib.a of the tree's lib.c
# (shellcheck does not see through "fails ... symbols".)
# shellcheck disable=SC2317
build() {
    "$@" -w -fPIC -fvisibility=hidden -I"$tree" -shared \
         -o "$tree/lib.so" "$tree/lib.c" &&
    "$@" -w -fPIC -fvisibility=hidden -I"$tree" -c \
         -o "$tree/lib.o" "$tree/lib.c" &&
    rm -f -- "$tree/lib.a" && ar rc "$tree/lib.a" "$tree/lib.o"
}

# symbols COMPILER... - build the tree and check it
# shellcheck disable=SC2317
symbols() {
    build "$@" && "$check" "$tree/vtopo.h" "$tree/lib.so" "$tree/lib.a" "$@"
}

put vtopo.h '#define VTOPO_PUBLIC __attribute__((visibility("default")))
struct vtopo_x { int y; };
VTOPO_PUBLIC int vtopo_one(int x);
VTOPO_PUBLIC struct vtopo_x
vtopo_x(void (*call)(int));
VTOPO_PUBLIC const char *vtopo_name(int x)
    __attribute__((warn_unused_result));
int vtopo_undeclared(void);'
put lib.c '#include "vtopo.h"
int vtopo_one(int x) { return x; }
struct vtopo_x vtopo_x(void (*call)(int)) { return (struct vtopo_x) { 1 }; }
const char *const vt_names[] = { "a", "b" };
const char *vtopo_name(int x) { return vt_names[x]; }
static int helper(int x) { return x; }
int vt_shared(int x) { return helper(x); }'
keep

# more TEXT - add a line to lib.c
more() {
    printf '%s\n' "$1" >>"$tree/lib.c"
}

passes "symbols: a good library" symbols "$@"
echo 'VTOPO_PUBLIC int vtopo_missing(void);' >>"$tree/vtopo.h"
fails "symbols: a function that is declared and not there" \
      "vtopo_missing" symbols "$@"
more '__attribute__((visibility("default"))) int vtopo_two(void) { return 2; }'
fails "symbols: a function that is exported and not declared" \
      "vtopo_two" symbols "$@"
more '__attribute__((visibility("default"))) int two(void) { return 2; }'
fails "symbols: an export without the prefix" \
      "exported without the prefix" symbols "$@"
more 'int two(void) { return 2; }'
fails "symbols: a shared function without a prefix" \
      "not static, and without the prefix vt_" symbols "$@"
more 'int puts(const char *); int vt_say(void) { return puts("x"); }'
fails "symbols: a library that prints" "puts" symbols "$@"
more 'void exit(int); void vt_leave(void) { exit(1); }'
fails "symbols: a library that exits" "exit" symbols "$@"
more 'static int calls; int vt_count(void) { return ++calls; }'
fails "symbols: a library that remembers" \
      "state that outlives a call" symbols "$@"
more 'static int left = 5; int vt_count(void) { return --left; }'
fails "symbols: a library that remembers a value" \
      "state that outlives a call" symbols "$@"
rm -rf -- "$tree"

# ----------------------------------------------------------------- lists

check=$checks/check-lists.sh
put lib/meson.build "'base/buf.c',"
put meson.build "'tool/main.c', 'vtopo'"
put tests/meson.build "'num', 'layers'"
put lib/base/buf.c ''
put tool/main.c ''
put man/vtopo.pod ''
put tests/unit/test-num.c ''
put tests/fuzz/fuzz-num.c ''
put tests/source/check-layers.sh ''
keep
passes "lists: a good tree" "$check" "$tree"
for forgotten in lib/base/num.c tool/more.c man/vtopo-x.pod \
    tests/unit/test-x.c tests/fuzz/fuzz-x.c tests/source/check-x.sh; do
    put "$forgotten" ''
    fails "lists: $forgotten" "$forgotten is not in" "$check" "$tree"
done
rm -rf -- "$tree"

# -------------------------------------------------------------- licences

check=$checks/check-licences.sh
lesser='SPDX-License-Identifier: LGPL-2.1-or-later'
general='SPDX-License-Identifier: GPL-2.0-or-later'
put LICENSES/LGPL-2.1-or-later.txt 'GNU LESSER GENERAL PUBLIC LICENSE'
put LICENSES/GPL-2.0-or-later.txt 'GNU GENERAL PUBLIC LICENSE'
put lib/a.c "/* $lesser */"
put worker/a.c "/* $general */"
put scripts/run "#!/bin/sh
# $lesser"
put README.md 'no source'
put build/generated.c 'no source of ours'
keep
passes "licences: a good tree" "$check" "$tree"
put lib/a.c 'int x;'
fails "licences: a source that says nothing" "lib/a.c: says 'nothing'" \
      "$check" "$tree"
put lib/a.c "/* $general */"
fails "licences: the worker's licence outside it" "lib/a.c: says 'GPL-" \
      "$check" "$tree"
put worker/a.c "/* $lesser */"
fails "licences: the library's licence in the worker" \
      "worker/a.c: says 'LGPL-" "$check" "$tree"
put scripts/run '#!/bin/sh'
fails "licences: a script without a suffix" "scripts/run: says 'nothing'" \
      "$check" "$tree"
rm -- "$tree/LICENSES/GPL-2.0-or-later.txt"
fails "licences: a text that is missing" "LICENSES/GPL-2.0-or-later.txt" \
      "$check" "$tree"
rm -rf -- "$tree"

# ------------------------------------------------------------- documents

check=$checks/check-docs.sh
put program '#!/bin/sh
case $* in
    --help | help) printf "Commands:\n  shape      find a shape\n" ;;
    --version) echo "vtopo 1" ;;
    --list-commands) echo shape ;;
    "shape --help" | "help shape") echo "Usage: vtopo shape" ;;
    "shape --long-options") printf "%s\n" --vcpus=N --json --help ;;
    "shape --vcpus 2") printf "one\n\ntwo\n" ;;
    *) echo "vtopo: error: $*" >&2; exit 1 ;;
esac'
chmod +x "$tree/program"
put README.md 'Text.

```console
$ vtopo shape --vcpus 2
one

two
$ vtopo shape --vcpus 2 | \
  head -n 1
one
$ vtopo --frob
vtopo: error: --frob
```

```
vtopo run disk.qcow2
```'
put man/vtopo.pod '=head1 SEE ALSO

L<vtopo-shape(1)>'
put man/vtopo-shape.pod '=head1 NAME

vtopo-shape - find a shape

=head1 SYNOPSIS

=head1 DESCRIPTION

=head1 OPTIONS

=over 4

=item B<-n> I<N>, B<--vcpus> I<N>

Not the same as B<--cpus>.

=item B<--json>

=item B<--help>

=back

=head1 EXIT STATUS

=head1 EXAMPLES

An example:

 $ vtopo shape --vcpus 2
 one

 two

And one that is not run:

 vtopo shape --vcpus 3

=head1 SEE ALSO'
keep
page=$tree/man/vtopo-shape.pod

# edit FILE SED-SCRIPT
edit() {
    sed "$2" "$1" >"$work/edited" && cat "$work/edited" >"$1"
}

passes "docs: a good tree" "$check" "$tree/program" "$tree"
edit "$page" '/^=item B<--json>/d'
fails "docs: an option that the page lacks" "< --json" \
      "$check" "$tree/program" "$tree"
edit "$page" 's/B<--json>/B<--jsno>/'
fails "docs: an option that the program lacks" "> --jsno" \
      "$check" "$tree/program" "$tree"
edit "$page" 's/ - find a shape/ - find some shape/'
fails "docs: another summary" "NAME says 'find some shape'" \
      "$check" "$tree/program" "$tree"
edit "$page" '/EXIT STATUS/d'
fails "docs: a heading that is missing" "has no EXIT STATUS" \
      "$check" "$tree/program" "$tree"
rm -- "$page"
fails "docs: a page that is missing" "has no page man/vtopo-shape.pod" \
      "$check" "$tree/program" "$tree"
put man/vtopo-gone.pod '=head1 NAME'
fails "docs: a page without a command" "a command that does not exist" \
      "$check" "$tree/program" "$tree"
put man/vtopo.pod '=head1 SEE ALSO'
fails "docs: a page that the overview lacks" "does not name vtopo-shape(1)" \
      "$check" "$tree/program" "$tree"
edit "$page" 's/^ two/ three/'
fails "docs: an example that prints something else" \
      "man/vtopo-shape.pod:" "$check" "$tree/program" "$tree"
edit "$page" '/^ two/d'
fails "docs: an example that prints more" \
      "man/vtopo-shape.pod:" "$check" "$tree/program" "$tree"
edit "$tree/README.md" 's/error: --frob/error: frob/'
fails "docs: an example of the README" "README.md:" \
      "$check" "$tree/program" "$tree"
edit "$tree/program" 's/Usage: vtopo shape/&&&&&&&&/'
fails "docs: help that is too wide" "wider than 80 columns" \
      "$check" "$tree/program" "$tree"
edit "$tree/program" 's/echo "Usage: vtopo shape"/& >\&2/'
fails "docs: help on standard error" "writes to standard error" \
      "$check" "$tree/program" "$tree"
edit "$tree/program" 's/echo "Usage: vtopo shape"/&; exit 2/'
fails "docs: help that fails" "exits with 2" \
      "$check" "$tree/program" "$tree"
rm -rf -- "$tree"

# ---------------------------------------------------------- golden cases

check=$source/tests/cli/run-case.sh
# shellcheck disable=SC2016
put program '#!/bin/sh
cat
echo "<$1>"
echo problem >&2
exit 2'
chmod +x "$tree/program"
put case/cmd "'a b'"
put case/in 'given'
put case/out 'given
<a b>'
put case/err 'problem'
put case/status 2
keep
passes "cli: a good case" "$check" "$tree/program" "$tree/case"
put case/out 'given'
fails "cli: other output" "+<a b>" "$check" "$tree/program" "$tree/case"
put case/err 'trouble'
fails "cli: another error" "+problem" "$check" "$tree/program" "$tree/case"
put case/status 0
fails "cli: another status" "+2" "$check" "$tree/program" "$tree/case"
rm -- "$tree/case/in"
fails "cli: other input" "-given" "$check" "$tree/program" "$tree/case"
rm -- "$tree/case/err"
fails "cli: a file that is missing" "err" "$check" "$tree/program" "$tree/case"
put case/out 'old'
VTOPO_UPDATE_GOLDEN=1 "$check" "$tree/program" "$tree/case"
passes "cli: a case that was written anew" \
       "$check" "$tree/program" "$tree/case"

rm -rf -- "$tree"

# --------------------------------------------------------------- counting

# counts SENTENCE EXPECTED KIND STATUS TEXT
counts() {
    printf '%s\n' "$5" >"$work/log"
    "$source/scripts/count-results" "$3" "$work/log" "$4" \
        >"$work/said" 2>/dev/null
    ok=0
    [ "$(cat "$work/said")" = "$2" ] && ok=1
    result "$ok" "$1"
}

counts "count: lines of TAP" "2 0 0" tap 0 '1..2
ok 1 - a
# ok 7 - a remark
ok 2 - b'
counts "count: a line that failed" "1 1 0" tap 1 '1..2
ok 1
not ok 2'
counts "count: a line that failed, whatever the status" "1 1 0" tap 0 '1..2
ok 1
not ok 2'
counts "count: lines that never came" "1 2 0" tap 1 '1..3
ok 1'
counts "count: a failure without a line" "2 1 0" tap 1 'ok 1
ok 2
1..2'
counts "count: a line that was skipped" "1 0 1" tap 0 '1..2
ok 1 - a # SKIP no QEMU
ok 2'
counts "count: all skipped" "0 0 1" tap 77 '1..0 # SKIP no QEMU'
counts "count: skipped without a word" "0 0 1" tap 77 'no QEMU'
counts "count: nothing at all" "0 1 0" tap 0 ''
counts "count: no plan" "1 1 0" tap 0 'ok 1'
counts "count: a plan of nothing" "0 1 0" tap 0 '1..0'
counts "count: giving up" "1 1 0" tap 0 '1..1
ok 1
Bail out! no more'
counts "count: an expected failure" "1 0 1" tap 0 '1..2
ok 1
not ok 2 # TODO later'
counts "count: tests of meson" "4 2 1" meson 1 \
    '{"name": "a", "result": "OK", "stdout": "1..2\nok 1\nok 2\n"}
{"name": "b", "result": "OK"}
{"name": "c", "result": "FAIL", "stdout": "no"}
{"name": "d", "result": "ERROR", "stdout": "1..2\nok 1\nnot ok 2\n"}
{"name": "e", "result": "SKIP", "stdout": "no compiler"}'
counts "count: a test of meson that died" "1 1 0" meson 1 \
    '{"name": "a", "result": "ERROR", "stdout": "1..2\nok 1\n"}'
counts "count: a test of meson that took too long" "0 1 0" meson 1 \
    '{"name": "a", "result": "TIMEOUT"}'
counts "count: meson that died" "1 1 0" meson 2 '{"name": "a", "result": "OK"}'
counts "count: no tests at all" "0 1 0" meson 0 ''
counts "count: no log that can be read" "0 1 0" meson 0 'ERROR: no'

echo "1..$number"
exit "$failed"
