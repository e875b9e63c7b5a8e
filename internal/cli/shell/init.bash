# Marks for terminals, from: sluice shell-init bash
# OSC 133: A a prompt begins, B it has ended, C a command's output begins, D;N the
# command has ended with status N. OSC 7: the directory. Harmless anywhere else.
if [[ $- == *i* && ${TERM-} != dumb && ${BASH_VERSINFO[0]} -ge 4 ]]; then
  # First of the prompt's commands: D, and the user's PS1 for those that follow.
  __sluice_before() {
    local status=$?
    if [[ -n ${__sluice_ran-}${__sluice_always-} ]]; then
      printf '\e]133;D;%s\a' "$status"
    fi
    __sluice_ran=
    if [[ ${__sluice_marked-} == "${PS1-}" ]]; then
      PS1=$__sluice_plain
    fi
    return "$status"
  }

  # Last of them: the directory, and the marks around whatever PS1 is by now.
  __sluice_after() {
    local status=$?
    if [[ ${__sluice_pwd-} != "$PWD" ]]; then
      __sluice_encode
    fi
    printf '\e]7;file://%s%s\a' "${HOSTNAME-}" "$__sluice_url"
    __sluice_plain=${PS1-}
    __sluice_marked='\[\e]133;A\a\]'$__sluice_plain'\[\e]133;B\a\]'
    PS1=$__sluice_marked
    return "$status"
  }

  # The directory as in a URL, byte by byte.
  __sluice_encode() {
    local LC_ALL=C i c n
    __sluice_pwd=$PWD __sluice_url=
    for ((i = 0; i < ${#PWD}; i++)); do
      c=${PWD:i:1}
      case $c in
      [a-zA-Z0-9/._~-]) ;;
      *)
        printf -v n %d "'$c"
        printf -v c %%%02X "$((n & 255))"
        ;;
      esac
      __sluice_url+=$c
    done
  }

  if [[ "${PROMPT_COMMAND[*]-}" != *__sluice_before* ]]; then
    if [[ "$(declare -p PROMPT_COMMAND 2>/dev/null)" == 'declare -a'* ]]; then
      PROMPT_COMMAND=(__sluice_before "${PROMPT_COMMAND[@]}" __sluice_after)
    else
      PROMPT_COMMAND="__sluice_before"$'\n'"${PROMPT_COMMAND-}"$'\n'"__sluice_after"
    fi
  fi

  # PS0 is shown when a command was read and before it runs. What is between
  # ${ and } shows nothing: it notes in this shell that there was a command.
  if [[ ${PS0-} != *'133;C'* ]]; then
    if shopt -q promptvars; then
      PS0=${PS0-}'${__sluice_url:$((__sluice_ran=1,0)):0}\e]133;C\a'
    else
      # It would be shown as it is: D comes after empty lines as well then.
      PS0=${PS0-}'\e]133;C\a' __sluice_always=1
    fi
  fi
fi
