#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# check-libvirt.sh VTOPO [SCHEMA] - libvirt takes what we write for it
#
# What "vtopo plan --for libvirt" prints is put into the smallest domain there
# is and held against libvirt's own schema (Debian: libvirt0; xmllint is in
# libxml2-utils).  Where they are not installed, it says so and is skipped.
#
# Prints TAP.

set -u
vtopo=$(realpath -- "${1:?VTOPO}") || exit 99
schema=${2:-/usr/share/libvirt/schemas/domain.rng}
LC_ALL=C
export LC_ALL

skip() {
    echo "1..0 # SKIP $*"
    exit 0
}
command -v xmllint >/dev/null || skip "there is no xmllint"
[ -e "$schema" ] || skip "libvirt's schema is not installed: $schema"

work=$(mktemp -d) || exit 99
trap 'rm -rf -- "$work"' EXIT
number=0
failed=0

# domain - a domain around the elements on standard input
domain() {
    echo "<domain type='kvm'><name>n</name><memory>1048576</memory>"
    cat
    echo "</domain>"
}

# valid SENTENCE PLAN-OPTION...
valid() {
    number=$((number + 1))
    sentence=$1
    shift
    if "$vtopo" plan --for libvirt "$@" >"$work/elements" 2>"$work/err" &&
        domain <"$work/elements" >"$work/domain.xml" &&
        xmllint --noout --relaxng "$schema" "$work/domain.xml" 2>"$work/err"
    then
        echo "ok $number - $sentence"
    else
        echo "not ok $number - $sentence"
        sed 's/^/# /' "$work/err" "$work/elements"
        failed=1
    fi
}

# The schema must be able to say no.
echo "<vcpus>4</vcpus>" | domain >"$work/domain.xml"
number=$((number + 1))
if xmllint --noout --relaxng "$schema" "$work/domain.xml" 2>/dev/null; then
    echo "not ok $number - the schema refuses what is no domain"
    failed=1
else
    echo "ok $number - the schema refuses what is no domain"
fi

valid "a plain shape" --vcpus 8 --os win10
valid "one vCPU" --vcpus 1
valid "places for hot-add" --vcpus 4 --max-vcpus 16
valid "places left empty" --vcpus 6 --os winvista/business -m pc-q35-7.2
valid "an old machine type" --vcpus 4 -m pc-i440fx-2.12
valid "a CPU model" --vcpus 4 --cpu Skylake-Server-v1
valid "threads of an AMD model" --vcpus 8 --cpu EPYC --threads 2
valid "a name that XML has to escape" --vcpus 2 --cpu "a<b>&'c'" --vendor amd
valid "Arm" --vcpus 4 -m virt --arch aarch64
valid "POWER" --vcpus 8 -m pseries
valid "IBM Z" --vcpus 4 -m s390-ccw-virtio

echo "1..$number"
exit "$failed"
