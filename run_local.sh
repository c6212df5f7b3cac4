#!/usr/bin/env bash
# Sets up on the first call, then: the main job (no argument), the tests (test), or any command of depesche.
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

case "${1-}" in
"")
    install ""
    exec "$venv/bin/python" -m pipeline ingest --input "$home/seeds/demo" --output "$home/out"
    ;;
test)
    shift
    install "[test]"
    cd "$home"
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
