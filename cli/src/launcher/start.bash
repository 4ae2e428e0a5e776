# How the program is started, from a checkout and from an unpacked distribution. Sourced by both launchers, which set
# java (the JVM), jar (the program), cache (where the JVM's cache of loaded classes is or will be) and flags (an array
# of further options for the JVM). bash 3.2 (macOS) suffices.

export COGVIDEO_LANG=${COGVIDEO_LANG:-${LC_ALL:-${LC_MESSAGES:-${LANG:-}}}}

# say ENGLISH CHINESE
say() {
  case $COGVIDEO_LANG in
    zh*) printf '%s\n' "$2" >&2 ;;
    *) printf '%s\n' "$1" >&2 ;;
  esac
}

# fail ENGLISH CHINESE: the environment is at fault, which is exit code 4 everywhere in this program.
fail() {
  say "error: $1" "错误：$2"
  exit 4
}

# The options that the program always has, and the cache of a server: all of a cache is in memory while the program runs,
# so a server has one of its own.
program_flags() {
  serve_cache=${cache%.aot}-serve.aot
  flags+=(-Xmx256m -XX:+UseSerialGC -XX:-UsePerfData)
  # For libtorch and FFmpeg: native code may be called, and the heap's size says nothing about what they may take.
  flags+=(--enable-native-access=ALL-UNNAMED -Dorg.bytedeco.javacpp.maxPhysicalBytes=0 -Dorg.bytedeco.javacpp.maxBytes=0)
  # Their remarks about versions are of no use to anyone: slf4j-nop drops them.
  flags+=(-Dorg.bytedeco.javacpp.logger=slf4j)
  # The tokenizer's library would report its use over the network otherwise.
  export OPT_OUT_TRACKING=true
}

# train FOLDER: lets the JVM record what it loads for the help and the main job, and for a server, which saves a good
# part of the time of later starts. FOLDER is for what the rehearsals write.
train() {
  local output=$1/rehearsal.$$
  rehearse "$cache" "$output"
  rehearse "$serve_cache" "$output/demo" "$output/served"
  rm -rf -- "$output" "$output.mp4" "$output.mp4.json"
}

# rehearse CACHE ARGUMENT...
rehearse() {
  local new=$1.$$
  if "$java" "${flags[@]}" -XX:AOTCacheOutput="$new" -cp "$jar" io.github.cogvideo4j.cli.AotTrainingRun "${@:2}" \
    </dev/null >/dev/null 2>&1 && [[ -s $new ]]; then
    mv -f -- "$new" "$1"
  else
    rm -f -- "$new"
    : >"$1"
  fi
}

# start_program ARGUMENT...: becomes the program.
start_program() {
  # Where the locale is not UTF-8 (bash counts two characters here), Java could neither open a file with a Chinese name
  # nor print it. An encoding that the user asked for by name stays, if the system has it.
  local probe=$'\xc3\xa9' terminals=
  if ((${#probe} != 1)); then
    case ${LC_ALL:-${LC_CTYPE:-${LANG:-}}} in
      '' | C | POSIX | *[Uu][Tt][Ff]8 | *[Uu][Tt][Ff]-8) export LC_ALL=C.UTF-8 ;;
      *)
        # What the system has not is plain ASCII to it.
        case $(locale charmap 2>/dev/null) in
          '' | ANSI_X3.4-1968 | US-ASCII | 646) export LC_ALL=C.UTF-8 ;;
        esac
        ;;
    esac
  fi

  # libtorch's threads wait a moment for the next operation before they sleep. Not long: the library of its large
  # products has threads of its own, which need the processors meanwhile.
  export GOMP_SPINCOUNT=${GOMP_SPINCOUNT:-5000}

  # A closed standard output would be the first file that Java opens. This one cannot be written either.
  if ! { : >&1; } 2>/dev/null; then exec 1</dev/null; fi
  if [[ -t 1 ]]; then terminals+=out,; fi
  if [[ -t 2 ]]; then terminals+=err,; fi
  flags+=("-Dcogvideo4j.terminal=$terminals")

  # A server stays for long and mostly waits: its heap grows to what it needs instead of having all of it from the start.
  if [[ ${1:-} == serve ]]; then
    flags+=(-Xms16m)
    cache=$serve_cache
  fi

  # The JVM logs to the standard output, among the results. A cache that does not fit is left unused, without a remark.
  flags+=(-Xlog:disable)
  # Most runs are short, and the loops that matter are hot at once: what is run a few hundred times is not worth compiling.
  flags+=(-XX:CompileThresholdScaling=3)
  if [[ -s $cache ]]; then flags+=("-XX:AOTCache=$cache"); fi

  # shellcheck disable=SC2086 # the options are meant to be split
  exec "$java" "${flags[@]}" ${COGVIDEO_JAVA_OPTS:-} -jar "$jar" "$@"
}
