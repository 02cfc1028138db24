# What the scripts of this folder share. To be sourced from a script that stands in the crate's
# folder.

# A step that cannot run here ends with this code: never in silence, never as a failure.
readonly SKIPPED=77

skip() { # why
    printf '\n*** SKIPPED: %s\n\n' "$*"
    exit "$SKIPPED"
}

fail() { # what
    printf '\n*** FAILED: %s\n\n' "$*" >&2
    exit 1
}

need_packages() { # installs the Debian packages that this machine lacks, or skips the step
    local missing=() package
    for package; do
        [[ $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) == 'install ok installed' ]] ||
            missing+=("$package")
    done
    ((${#missing[@]})) || return 0
    echo "installing: ${missing[*]}"
    # twice, for archives that vanish when somebody else's apt cleans up at the same moment
    install_packages "${missing[@]}" || install_packages "${missing[@]}" ||
        skip "cannot install ${missing[*]}"
}

install_packages() {
    apt-get -qq update || true # one broken source must not stop the others
    # --no-remove: rather skip than take something away from the machine
    DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends --no-remove \
        -o DPkg::Lock::Timeout=300 "$@" >/dev/null
}

copy_tree() { # the files that git knows or would know, to a fresh folder: no target/, no lock
    rm -rf "$1"
    mkdir -p "$1"
    # a CI job often runs as another user than the one who owns the clone
    git -c safe.directory='*' ls-files -z --cached --others --exclude-standard |
        while IFS= read -r -d '' file; do
            [[ ! -e $file ]] || printf '%s\0' "$file" # deleted, but not yet in the index
        done |
        tar --create --null --files-from=- | tar --extract --directory="$1"
}

readme_commands() { # the lines of the fenced block after `<!-- ci: $1 -->` in README.md
    awk -v marker="<!-- ci: $1 -->" '
        $0 == marker { armed = 1; next }
        armed && /^```/ { if (inside) exit; inside = 1; next }
        inside && /^cargo / { print }' README.md
}

library_features() { # all features of Cargo.toml but the command's, with commas
    awk '/^\[/ { inside = ($0 == "[features]"); next }
         inside && /^[a-z]/ && $1 != "cli" && $1 != "default" { print $1 }' Cargo.toml |
        paste -sd,
}
