# Finds a JDK that can build and run CogVideo4J. Sourced by ./cogvideo and .ci/run; bash 3.2 (macOS) suffices.

# Sets jdk to the home of a JDK 25 or newer and jdk_version to its version. Fails when there is none.
# What the user chose (JAVA_HOME, then java on the PATH) comes first, then the usual places.
find_jdk() {
  local on_path home
  if [[ -n ${JAVA_HOME:-} ]] && take_jdk "$JAVA_HOME" 25; then return 0; fi
  if on_path=$(command -v java); then
    on_path=$(readlink -f -- "$on_path" 2>/dev/null || printf '%s' "$on_path")
    if take_jdk "${on_path%/bin/java}" 25; then return 0; fi
  fi
  local places=(
    /usr/lib/jvm/* /usr/java/* /opt/java/* /opt/*jdk*
    "${SDKMAN_DIR:-${HOME:-}/.sdkman}"/candidates/java/* "${ASDF_DATA_DIR:-${HOME:-}/.asdf}"/installs/java/*
    "${HOME:-}"/.local/share/mise/installs/java/* "${HOME:-}"/.jdks/* "${HOME:-}"/.gradle/jdks/*
    /Library/Java/JavaVirtualMachines/*/Contents/Home "${HOME:-}"/Library/Java/JavaVirtualMachines/*/Contents/Home
    /opt/homebrew/opt/openjdk*/libexec/openjdk.jdk/Contents/Home
    /usr/local/opt/openjdk*/libexec/openjdk.jdk/Contents/Home
  )
  # The version that the project is tested with, before a newer one.
  for home in "${places[@]}"; do if take_jdk "$home" 25 25; then return 0; fi; done
  for home in "${places[@]}"; do if take_jdk "$home" 25; then return 0; fi; done
  if [[ -x /usr/libexec/java_home ]] && home=$(/usr/libexec/java_home -v 25+ 2>/dev/null); then
    if take_jdk "$home" 25; then return 0; fi
  fi
  return 1
}

# take_jdk HOME OLDEST [NEWEST]: takes HOME if it is a JDK, not only a runtime, of such a version. The version is read
# from the JDK's own release file, because starting a JVM to ask would cost more than everything else here.
take_jdk() {
  local home=$1 oldest=$2 newest=${3:-999} line version='' major
  [[ -x $home/bin/java && -x $home/bin/javac ]] || return 1
  if [[ -r $home/release ]]; then
    while IFS= read -r line || [[ -n $line ]]; do
      case $line in
        JAVA_RUNTIME_VERSION=*) version=${line#*=}; break ;;
        JAVA_VERSION=*) version=${line#*=} ;;
      esac
    done <"$home/release"
    version=${version//\"/}
  else
    version=$("$home/bin/javac" -version 2>/dev/null) || return 1
    version=${version#javac }
  fi
  major=${version%%[!0-9]*}
  [[ -n $major ]] && ((major >= oldest && major <= newest)) || return 1
  jdk=$home
  jdk_version=$version
}
