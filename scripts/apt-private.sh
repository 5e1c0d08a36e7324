# shellcheck shell=sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# apt-private.sh - read by the scripts that fetch packages and install nothing
#
# Packages come through apt with a configuration of its own, and are unpacked
# below ${VTOPO_CACHE:-~/.cache/vtopo}.  Gives the words below; $cache is set
# by find_cache, $apt_dir by once, $uri by configure_apt.

# skip WHY - it cannot be had here
skip() {
    echo "${0##*/}: $*" >&2
    exit 77
}

# find_cache CHARACTERS - sets $cache, the name of which has none of these
find_cache() {
    cache=${VTOPO_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/vtopo}
    case $cache in
        /*) ;;
        *)  skip "the cache directory '$cache' must be an absolute path" ;;
    esac
    case $cache in
        *["$1"]*) skip "the cache directory '$cache' may hold none of $1" ;;
    esac
}

# once FOLDER STAMP COMMAND - run COMMAND to fill FOLDER, unless the file STAMP
# says that this was done; of several who ask at a time one does it, and the
# others wait
once() {
    [ ! -e "$2" ] || return 0
    for tool in apt-get apt-cache dpkg-deb flock; do
        command -v "$tool" >/dev/null || skip "needs $tool"
    done
    mkdir -p "$1" || skip "cannot write to $cache"

    exec 9>"$1/.lock"
    flock 9
    if [ ! -e "$2" ]; then
        apt_dir=$1/apt
        trap 'rm -rf "$apt_dir"' EXIT
        "$3"
        : >"$2"
    fi
    exec 9>&-
}

# The archive that this machine already takes its distribution from: the
# first source whose suite is no -updates, -security or third party's.
archive() {
    apt-get indextargets --format "\$(REPO_URI) \$(RELEASE) \$(COMPONENT)" |
        awk '$2 ~ /^[a-z]+$/ && $3 == "main" { print $1; exit }'
}

# configure_apt SUITE - prepare a private apt in $apt_dir that prefers SUITE.
# Who asks adds the sources, from $uri, and the list of what is installed.
configure_apt() {
    uri=$(archive)
    [ -n "$uri" ] || skip "apt on this machine names no archive to ask"

    rm -rf "$apt_dir"
    mkdir -p "$apt_dir/lists/partial" "$apt_dir/archives/partial" \
             "$apt_dir/parts"
    cat >"$apt_dir/apt.conf" <<END
Dir::Etc::SourceList "$apt_dir/sources.list";
Dir::Etc::SourceParts "$apt_dir/parts";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "$apt_dir/parts";
Dir::State "$apt_dir";
Dir::State::Lists "$apt_dir/lists";
Dir::State::Status "$apt_dir/status";
Dir::Cache "$apt_dir";
Dir::Cache::Archives "$apt_dir/archives";
Dir::Log "$apt_dir";
APT::Default-Release "$1";
APT::Install-Recommends "false";
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::Retries "2";
Acquire::http::Timeout "20";
Acquire::https::Timeout "20";
APT::Update::Error-Mode "any";
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Post-Invoke;
#clear DPkg::Pre-Install-Pkgs;
END
}

# unpack FOLDER - unpack every package that was fetched
unpack() {
    for deb in "$apt_dir"/archives/*.deb; do
        dpkg-deb -x "$deb" "$1" || skip "cannot unpack $deb"
    done
}
