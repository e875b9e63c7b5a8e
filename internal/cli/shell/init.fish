# Marks for terminals, from: sluice shell-init fish
# OSC 133: A a prompt begins, B it has ended, C a command's output begins, D;N the
# command has ended with status N. OSC 7: the directory. Harmless anywhere else.
# From version 4 on fish sends them by itself.
if status is-interactive; and test "$TERM" != dumb; and string match -qr '^[0-3]\.' -- $version
    # The prompt is wrapped when it is first shown: the user's files have been read
    # by then, wherever in them this stands.
    function __sluice_wrap --on-event fish_prompt
        functions -q __sluice_prompt; and return
        functions -q fish_prompt; or return
        functions -c fish_prompt __sluice_prompt
        function fish_prompt
            # The user's prompt is to see the status of the command, not ours.
            set -l __sluice_status $status
            printf '\e]133;A\a'
            __sluice_return $__sluice_status
            __sluice_prompt
            printf '\e]133;B\a'
        end
    end

    function __sluice_return
        return $argv[1]
    end

    function __sluice_preexec --on-event fish_preexec
        printf '\e]133;C\a'
    end

    function __sluice_postexec --on-event fish_postexec
        printf '\e]133;D;%s\a' $status
    end

    function __sluice_pwd --on-variable PWD --on-event fish_prompt
        printf '\e]7;file://%s%s\a' $hostname (string escape --style=url -- $PWD)
    end
end
