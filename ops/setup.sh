#!/usr/bin/env bash
# Sets up everything a command of the Makefile needs; what is done already is not done again.
#   ops/setup.sh            to run Tocsin
#   ops/setup.sh --tests    to run its tests as well
set -euo pipefail
cd "$(dirname "$0")/.."
# With it every start of Airflow would compile everything again.
unset PYTHONDONTWRITEBYTECODE

UV_VERSION=0.13.9
# What each start of Airflow or Scrapy imports, compiled once instead of at the first start.
COMPILED="airflow alembic cadwyn fastapi kafka pydantic scrapy sqlalchemy starlette twisted uvicorn"

say() { printf 'setup: %s\n' "$*"; }
stop() { printf 'setup: %s\n' "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1 && "$1" "${2:---version}" >/dev/null 2>&1; }

digest() { { pwd; cat requirements.lock pyproject.toml ops/setup.sh; } | sha256sum | cut -c1-16; }

python_3_11() {
    local candidate
    for candidate in python3.11 python3 /usr/bin/python3.11; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    return 1
}

need_disk() {
    local needed=8 free
    [ "${UV_TORCH_BACKEND:-}" = cpu ] && needed=3
    free=$(($(df -Pk . | awk 'NR == 2 { print $4 }') / 1000000))
    [ "$free" -ge "$needed" ] || stop "Only $free GB are free at $PWD: free $needed GB" \
        "(3 GB suffice with UV_TORCH_BACKEND=cpu)."
}

# Debian packages, one "command-or-file package" a line; root on Debian gets what is missing.
need_packages() {
    local probe package missing=()
    while read -r probe package; do
        case $probe in
        '') ;;
        /*) [ -e "$probe" ] || missing+=("$package") ;;
        java) have java -version || missing+=("$package") ;;
        mvn) command -v mvn >/dev/null || missing+=("$package") ;;
        *) have "$probe" || missing+=("$package") ;;
        esac
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        stop "Missing on this machine: ${missing[*]} (these are Debian's names); install them."
    fi
    say "installing ${missing[*]}"
    mkdir -p .tools
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}"; } \
        >.tools/apt.log 2>&1 </dev/null || stop "apt-get could not install ${missing[*]}:" \
        "$(grep -m 1 '^E:' .tools/apt.log || tail -n 1 .tools/apt.log)"
}

# A mirror that pip was told of serves uv as well.
use_the_mirror_of_pip() {
    local index
    [ -z "${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-}" ] || return 0
    index=$("$1" -m pip config list 2>/dev/null |
        sed -n "s/^[^=]*[.]index-url='\(.*\)'$/\1/p" | tail -n 1)
    [ -z "$index" ] || export UV_DEFAULT_INDEX="$index"
}

# Into a folder of its own: works where pip may not touch the system's packages.
find_uv() {
    if have uv; then
        echo uv
        return
    fi
    [ -x .tools/bin/uv ] ||
        "$1" -m pip install --quiet --disable-pip-version-check --root-user-action=ignore \
            --target .tools "uv==$UV_VERSION" >&2 || return 1
    echo .tools/bin/uv
}

install_environment() {
    local python uv lock=requirements.lock
    python=$(python_3_11) || stop "Python 3.11 is missing: install it (Debian 12: apt-get" \
        "install python3 python3-pip)."
    need_disk
    have uv || "$python" -m pip --version >/dev/null 2>&1 ||
        need_packages <<<"/usr/lib/python3/dist-packages/pip python3-pip"
    use_the_mirror_of_pip "$python"
    uv=$(find_uv "$python") || stop "uv could not be installed: make a Python package index" \
        "reachable, or install uv."
    say "installing $(grep -c == "$lock") packages into .venv"
    "$uv" venv --quiet --allow-existing --no-python-downloads --python "$python" .venv
    if [ "${UV_TORCH_BACKEND:-}" = cpu ]; then
        lock=.venv/requirements-cpu.lock
        grep -vE '^(cuda|nvidia|triton)' requirements.lock >"$lock"
    fi
    "$uv" pip sync --quiet --python .venv "$lock" &&
        "$uv" pip install --quiet --python .venv --no-deps --editable . ||
        stop "The packages could not be installed: make a Python package index reachable."
    say "compiling what every start imports"
    local site folders=() name
    site=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    for name in $COMPILED; do folders+=("$site/$name"); done
    # What cannot be compiled now is compiled when it is first imported.
    .venv/bin/python -m compileall -q -j 0 "${folders[@]}" >/dev/null 2>&1 || true
}

fetch_kafka() {
    .venv/bin/python -m ops.jars --there && return
    need_packages <<<"mvn maven"
    say "fetching Kafka's jars through Maven"
    .venv/bin/python -m ops.jars
}

# Tests always run a Kafka of their own.
own_kafka() { [ -z "${TOCSIN_KAFKA_BOOTSTRAP:-}" ] || [ "${1:-}" = --tests ]; }

wanted_packages() {
    if own_kafka "$@"; then
        echo java openjdk-17-jre-headless
        [ -e "$stamp" ] || echo mvn maven
    fi
    if [ "${1:-}" = --tests ]; then
        echo chromium chromium
        echo /usr/share/fonts/truetype/liberation fonts-liberation
        echo /usr/share/fonts/opentype/noto fonts-noto-cjk
    fi
}

stamp=.venv/set-up-$(digest)
need_packages <<<"$(wanted_packages "$@")"
if [ ! -e "$stamp" ]; then
    install_environment
    rm -f .venv/set-up-*
    touch "$stamp"
fi
if own_kafka "$@"; then
    fetch_kafka
fi
