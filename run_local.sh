#!/usr/bin/env bash
# Sets up on the first call, then: the main job (no argument), the tests (test; test --all-runners), or any command of depesche.
set -euo pipefail

home=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-python3}
venv=$home/.venv

install() {  # install EXTRA: once per change of setup.py
    local stamp="$venv/installed$1"
    if ! cmp -s "$home/setup.py" "$stamp"; then
        if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
            echo "Depesche needs Python 3.11 or newer; $python is older. Set PYTHON to a newer one." >&2
            exit 2
        fi
        echo "Setting up $venv (once, a minute or two) ..." >&2
        [ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
        "$venv/bin/python" -m pip install -qq --disable-pip-version-check --editable "$home$1"
        cp "$home/setup.py" "$stamp"
    fi
}

runners() {  # Prism and Flink's job server, of the releases that the code is tested with, into the environment
    local into="$venv/runners" beam
    mkdir -p "$into"
    beam=$("$venv/bin/python" -c 'import apache_beam; print(apache_beam.__version__)' 2>/dev/null)
    if [ ! -x "$into/prism" ] || [ "$(cat "$into/prism.version")" != "$beam" ]; then
        echo "Building Prism $beam (two minutes; needs Go) ..." >&2
        GOBIN="$into" go install "github.com/apache/beam/sdks/v2/go/cmd/prism@v$beam"
        echo "$beam" >"$into/prism.version"
    fi
    if ! cmp -s "$home/deploy/flink/job-server/pom.xml" "$into/pom.xml"; then
        echo "Building Flink's job server (three minutes; needs Maven and Java 17) ..." >&2
        mvn -q -B -f "$home/deploy/flink/job-server/pom.xml" -DbuildDirectory="$into/build" package
        mv "$into/build/flink-job-server.jar" "$into/flink-job-server.jar"
        rm -r "$into/build"
        cp "$home/deploy/flink/job-server/pom.xml" "$into/pom.xml"
    fi
}

case "${1-}" in
"")
    install ""
    exec "$venv/bin/python" -m pipeline ingest --input "$home/seeds/demo" --output "$home/out"
    ;;
test)
    shift
    install "[test]"
    cd "$home"
    if [ "${1-}" = --all-runners ]; then  # only the tests that need other runners, none of which may skip
        shift
        install "[test,gs]"
        runners
        export DEPESCHE_ALL_RUNNERS=1
        exec "$venv/bin/python" -m pytest tests/e2e/test_runners.py tests/e2e/test_flink_cluster.py \
            tests/e2e/test_flink_stream.py tests/e2e/test_object_stores.py tests/e2e/test_package.py "$@"
    fi
    echo "== ruff"
    "$venv/bin/ruff" check .
    "$venv/bin/ruff" format --check .
    echo "== mypy"
    "$venv/bin/mypy"
    echo "== pytest"
    exec "$venv/bin/python" -m pytest "$@"
    ;;
*)
    install ""
    exec "$venv/bin/python" -m pipeline "$@"
    ;;
esac
