# Marks for terminals, from: sluice shell-init zsh
# OSC 133: A a prompt begins, B it has ended, C a command's output begins, D;N the
# command has ended with status N. OSC 7: the directory. Harmless anywhere else.
if [[ -o interactive && ${TERM-} != dumb ]]; then
  # First of the prompt's hooks: D, and the user's PS1 for those that follow.
  __sluice_before() {
    local st=$?
    if [[ -n ${__sluice_ran-} ]]; then
      printf '\e]133;D;%s\a' $st
    fi
    typeset -g __sluice_ran=
    if [[ -n ${__sluice_marked-} && $__sluice_marked == "${PS1-}" ]]; then
      PS1=$__sluice_plain
    fi
  }

  # Last of them: the directory, and the marks around whatever PS1 is by now.
  __sluice_after() {
    if [[ ${__sluice_pwd-} != "$PWD" ]]; then
      __sluice_encode
    fi
    printf '\e]7;file://%s%s\a' "${HOST-}" "$__sluice_url"
    typeset -g __sluice_plain=${PS1-}
    typeset -g __sluice_marked=$'%{\e]133;A\a%}'$__sluice_plain$'%{\e]133;B\a%}'
    PS1=$__sluice_marked
  }

  __sluice_preexec() {
    typeset -g __sluice_ran=1
    printf '\e]133;C\a'
  }

  # The directory as in a URL, byte by byte.
  __sluice_encode() {
    emulate -L zsh
    setopt no_multibyte
    local LC_ALL=C i c
    typeset -g __sluice_pwd=$PWD __sluice_url=
    for ((i = 1; i <= ${#PWD}; i++)); do
      c=$PWD[i]
      case $c in
      [a-zA-Z0-9/._~-]) ;;
      *) printf -v c '%%%02X' $((#c & 255)) ;;
      esac
      __sluice_url+=$c
    done
  }

  typeset -ga precmd_functions preexec_functions
  precmd_functions=(__sluice_before ${precmd_functions:#__sluice_*} __sluice_after)
  preexec_functions=(${preexec_functions:#__sluice_preexec} __sluice_preexec)
fi
