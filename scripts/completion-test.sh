#!/usr/bin/env bash
# Presses TAB in each shell that is installed: a command, an option, a value and a file have to be completed.
#
#   completion-test.sh FOLDER      the folder with cogvideo.bash, cogvideo.zsh and cogvideo.fish
set -euo pipefail
completion=$(cd -- "$1" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/cogvideo4j-complete.XXXXXX")
trap 'rm -rf -- "$work"' EXIT
cd -- "$work"
touch weights.pt

in_bash() {
  bash --norc --noprofile -c '
    source "$1"
    read -ra COMP_WORDS <<<"$2"
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMP_LINE=$2 COMP_POINT=${#2}
    spec=$(complete -p cogvideo)
    function=${spec#*-F }
    "${function%% *}" cogvideo "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
    if ((${#COMPREPLY[@]} == 0)) && [[ $spec == *" default "* || $spec == *-f\ * ]]; then
      compgen -f -- "${COMP_WORDS[COMP_CWORD]}" || true
    fi
    printf "%s\n" "${COMPREPLY[@]}"' - "$completion/cogvideo.bash" "$1" 2>/dev/null
}

in_fish() {
  HOME=$work XDG_CONFIG_HOME=$work XDG_DATA_HOME=$work fish -N -c 'source $argv[1]; complete -C $argv[2]' \
    "$completion/cogvideo.fish" "$1" | cut -f 1
}

# The functions of bash run in zsh; the line editor, which would press the key, needs a terminal.
in_zsh() {
  timeout 30 zsh -f -c '
    autoload -U +X compinit && compinit -u -D
    source "$1"
    COMP_WORDS=(${=2}) COMP_LINE=$2 COMP_POINT=${#2}
    setopt ksh_arrays
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    compopt() { :; }
    _complete_cogvideo cogvideo "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
    ((${#COMPREPLY[@]})) || COMPREPLY=(${COMP_WORDS[COMP_CWORD]}*(N)) # what "-o default" falls back to
    print -rl -- "${COMPREPLY[@]}"' - "$completion/cogvideo.zsh" "$1" </dev/null 2>/dev/null
}

for shell in bash zsh fish; do
  if ! command -v "$shell" >/dev/null; then
    echo "completion for $shell: not tried, it is not installed"
    continue
  fi
  while IFS='|' read -r typed wanted; do
    found=$("in_$shell" "$typed")
    grep -qxF -- "$wanted" <<<"$found" || {
      printf 'FAILED: %s completes "%s" to: %s\n' "$shell" "$typed" "$found" >&2
      exit 1
    }
  done <<'CASES'
cogvideo con|convert
cogvideo lora ext|extract
cogvideo convert --max-sh|--max-shard-size
cogvideo convert --dtype bf|bf16
cogvideo inspect wei|weights.pt
CASES
  echo "completion for $shell: commands, options, values and files"
done
