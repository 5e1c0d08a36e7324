#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# libvirt.sh BUILD-DIR - the same verdicts through libvirt
#
# Starts a libvirtd of its own, with a socket of its own, and the stand-in guest
# as a domain under TCG.  Needs root, because libvirtd does.  Prints TAP.

# shellcheck source=tests/integration/tap.sh
. "$(dirname -- "$0")/tap.sh"

use_build "$@"
PATH=$PATH:/usr/sbin
need qemu-system-x86_64 libvirtd virtlogd virsh
if [ "$(id -u)" -ne 0 ]; then
    echo "1..0 # SKIP libvirtd needs root"
    exit 0
fi

# The daemon's QEMU may run as another user.
chmod 755 "$work"
cd -- "$work" || exit 99
cp -- "$build/probe/vtopo-probe.elf" probe
printf 'unix_sock_dir = "%s"\nauth_unix_rw = "none"\n' "$work" >libvirtd.conf
log=/run/libvirt/virtlogd-sock
# A socket may be left from a daemon that was killed: only an answer counts.
if ! answers $log; then
    rm -f -- $log
    serve $log virtlogd
fi
serve libvirt-sock libvirtd --config "$work/libvirtd.conf" --pid-file "$work/pid"
uri="qemu+unix:///system?socket=$work/libvirt-sock"
name=vtopo-test-$$

# domain VCPUS MORE - start it, $name
domain() {
    cat >domain.xml <<END
<domain type='qemu'>
  <name>$name</name>
  <memory unit='MiB'>64</memory>
  <vcpu>$1</vcpu>
  <os>
    <type arch='x86_64' machine='q35'>hvm</type>
    <kernel>$work/probe</kernel>
    <cmdline>licence=packages:2 arithmetic=cores-pow2</cmdline>
  </os>
  <features><acpi/><apic/></features>
  $2
</domain>
END
    virsh -q -c "$uri" create domain.xml >created 2>&1
    report $? "a domain starts" "$(cat created servers)"
}

domain 4 ''
said=$("$vtopo" verify --settle 1 --connect "$uri" --domain "$name" \
           --os win7/professional 2>&1)
[ $? -eq 2 ]
report $? "four sockets: wasted" "$said"
like '2 of 4 vCPUs were never started' "$said" "libvirt makes sockets of vCPUs"
virsh -q -c "$uri" suspend "$name" >suspended 2>&1
said=$("$vtopo" verify --settle 1 --connect "$uri" --domain "$name" 2>/dev/null)
[ $? -eq 1 ]
report $? "a paused one is not judged" "$said"
virsh -q -c "$uri" destroy "$name" >destroyed 2>&1

# What plan writes cures it.
"$vtopo" plan --vcpus 4 --os win7/professional --for libvirt |
    sed -n '/<cpu>/,/<\/cpu>/p' >cpu.xml
domain 4 "$(cat cpu.xml)"
said=$("$vtopo" verify --settle 1 --connect "$uri" --domain "$name" --json \
           2>/dev/null)
report $? "planned: all used" "$said"
like '"used":4.*"verdict":"all-used"' "$said" "and JSON says so"
virsh -q -c "$uri" destroy "$name" >destroyed 2>&1

said=$("$vtopo" verify --connect "$uri" --domain "$name" 2>&1)
like 'cannot find the domain' "$said" "a domain that is not there"
said=$("$vtopo" verify --connect "qemu+unix:///system?socket=$work/none" \
           --domain x 2>&1)
like 'cannot connect to libvirt' "$said" "a libvirt that is not there"

echo "1..$count"
